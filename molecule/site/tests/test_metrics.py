# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus sees."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
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


@pytest.mark.parametrize(
    "name",
    [
        "pgpool2_frontend_total",
        "pgpool2_frontend_used",
        "pgpool2_pool_nodes_status",
        "pgpool2_pool_nodes_replication_delay",
        "pgpool2_pool_nodes_select_cnt",
        "pgpool2_pool_cache_cache_hit_ratio",
        "pgpool2_pool_cache_num_cache_entries",
        "pgpool2_pool_cache_num_hash_entries",
        "pgpool2_pool_cache_used_hash_entries",
    ],
)
def test_each_metric_of_the_talk_is_there_for_each_pod(cluster: Cluster, name: str) -> None:
    pods = set(cluster.pgpool_pods())
    labels = {"namespace", "service", "pod", "cluster", "instance", "job"}

    def there() -> bool:
        series = [one["metric"] for one in cluster.promql(name)]
        assert [one for one in series if not labels <= set(one)] == []
        return {one["pod"] for one in series} == pods

    until(there, 30, f"{name} is there for {pods}")


@pytest.mark.parametrize(("kind", "backend"), [("select", "standby"), ("insert", "primary"), ("ddl", "primary")])
def test_counters_of_statements_move(cluster: Cluster, kind: str, backend: str) -> None:
    query = f'sum(pgpool2_pool_backend_stats_{kind}_cnt{{role="{backend}"}})'

    def count() -> float:
        return float(cluster.promql(query)[0]["value"][1])

    before = until(lambda: (count(),), 30, "the counters are there")[0]
    cluster.sql("CREATE TABLE metrics_move (n int)")
    try:
        cluster.sql("INSERT INTO metrics_move VALUES (1)")
        cluster.read_many(100)
        until(lambda: count() > before, 30, f"{kind}_cnt of the {backend} has grown")
    finally:
        cluster.sql("DROP TABLE metrics_move")


def test_a_client_is_counted_while_it_is_there(cluster: Cluster) -> None:
    query = 'sum(pgpool2_frontend_used{username="app", database="app"}) or vector(0)'

    def clients() -> float:
        return float(cluster.promql(query)[0]["value"][1])

    # Those of the tests before are counted until the next scrape.
    until(lambda: clients() == 0, 60, "no child serves the user app")
    command = f"echo 'SELECT 1; \\! sleep 15' | {cluster.psql_command()}"
    with ThreadPoolExecutor(1) as background:
        client = background.submit(cluster.client().run, command)
        until(lambda: clients() > 0, 30, "a child serves the user app")
        assert client.result().rc == 0


def test_postgresql_s_metrics_are_there(cluster: Cluster) -> None:
    assert len(cluster.promql("cnpg_collector_up == 1")) == 3
