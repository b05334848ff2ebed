# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus sees."""

from __future__ import annotations

from conftest import Cluster, until


def test_each_instance_and_each_pgpool_pod_is_up(cluster: Cluster) -> None:
    wanted = {*cluster.instances(), *cluster.pgpool_pods()}
    assert len(wanted) == 5

    def up() -> bool:
        series = cluster.promql('up{job=~"postgres|pgpool"}')
        return {one["metric"]["pod"] for one in series if one["value"][1] == "1"} == wanted

    until(up, 60, f"up is 1 for {wanted}")


def test_reads_are_counted(cluster: Cluster) -> None:
    def reads() -> float:
        return sum(float(one["value"][1]) for one in cluster.promql("pgpool2_pool_nodes_select_cnt"))

    before = until(lambda: (reads(),), 30, "Pgpool-II's counters are there")[0]
    cluster.read_many(100)
    until(lambda: reads() >= before + 100, 30, "the counters have grown by the reads")


def test_pgpool_s_metrics_have_the_names_of_pgpool2_exporter(cluster: Cluster) -> None:
    names = {one["metric"]["__name__"] for one in cluster.promql('{__name__=~"pgpool2_.+"}')}
    assert {"pgpool2_frontend_total", "pgpool2_pool_nodes_status", "pgpool2_pool_nodes_replication_delay"} <= names


def test_postgresql_s_metrics_are_there(cluster: Cluster) -> None:
    assert len(cluster.promql("cnpg_collector_up == 1")) == 3
