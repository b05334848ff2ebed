# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout with two backends, the primary's Service and the standbys', and an entry point that the role mounts."""

from __future__ import annotations

from typing import Any

import yaml
from conftest import ROOT, Cluster, run_playbook

[PLAY] = yaml.safe_load((ROOT / "molecule/services/converge.yml").read_text(encoding="utf-8"))
AS_CONVERGED: dict[str, Any] = PLAY["vars"]


def test_two_backends(cluster: Cluster) -> None:
    nodes = cluster.pool_nodes()
    assert [node["hostname"].partition(".")[0] for node in nodes] == [f"{cluster.name}-rw", f"{cluster.name}-ro"]
    assert [node["role"] for node in nodes] == ["primary", "standby"]
    assert [node["status"] for node in nodes] == ["up", "up"]


def test_writes_reach_the_primary_and_reads_a_standby(cluster: Cluster) -> None:
    cluster.sql("CREATE TABLE IF NOT EXISTS kept (id int PRIMARY KEY, word text)")
    cluster.sql("INSERT INTO kept VALUES (2, 'services') ON CONFLICT (id) DO UPDATE SET word = excluded.word")
    nodes, servers = cluster.read_many(1000)
    assert {read_only for _server, read_only in servers} == {"on"}, servers
    assert [int(node["reads"]) for node in nodes] == [0, 1000]


def test_sessions_use_more_than_one_standby(cluster: Cluster) -> None:
    # Each child of Pgpool-II keeps its connection, which kube-proxy gave to either standby.
    servers: set[str] = set()
    for _session in range(40):
        servers |= {server for server, _read_only in cluster.read_many(5)[1]}
        if len(servers) == 2:
            break
    assert len(servers) == 2


def test_the_mounted_entry_point_started_it(cluster: Cluster) -> None:
    for pod in cluster.pgpool_pods():
        assert cluster.host(pod, "pgpool").run("id -u").stdout.strip() == "10070"
    run = run_playbook("reload", variables=AS_CONVERGED)
    assert run.rc == 0, run.output


def test_its_query_cache_forgets_what_is_written(cluster: Cluster) -> None:
    """Without the exporter, too, as an image that has none."""
    params = {"memory_cache_enabled": True, "memqcache_expire": 600}
    variables = {**AS_CONVERGED, "pgpool_params": params, "pgpool_exporter": {"enabled": False}}
    run = run_playbook("pgpool", variables=variables)
    assert run.rc == 0, run.output
    name, address = next(iter(cluster.pgpool_pods().items()))
    [pod] = cluster.get("pod", name)
    assert [container["name"] for container in pod["spec"]["containers"]] == ["pgpool"]

    cluster.sql("UPDATE kept SET word = 'before' WHERE id = 2", address=address)
    for _time in range(2):
        assert cluster.sql("SELECT word FROM kept WHERE id = 2", address=address) == [{"word": "before"}]
    [cache] = cluster.sql("SHOW POOL_CACHE", address=address)
    assert int(cache["num_cache_hits"]) > 0, cache
    cluster.sql("UPDATE kept SET word = 'after' WHERE id = 2", address=address)
    assert cluster.sql("SELECT word FROM kept WHERE id = 2", address=address) == [{"word": "after"}]

    run = run_playbook("pgpool", variables=AS_CONVERGED)
    assert run.rc == 0, run.output


def test_verify_finds_nothing_wrong() -> None:
    run = run_playbook("verify", variables=AS_CONVERGED)
    assert run.rc == 0, run.output
    assert run.changed == 0
