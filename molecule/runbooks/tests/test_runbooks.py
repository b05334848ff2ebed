# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbooks on a cluster that runs: each says in check mode what it would do, does it, and says what it did."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import WITH_STATS, Cluster, run_playbook, time_limit, until


def pod_ids(cluster: Cluster) -> dict[str, str]:
    """Return the instances' pods, and which ones they are: another pod of the same name has another id."""
    found = cluster.get("pods", f"--selector=cnpg.io/cluster={cluster.name},cnpg.io/podRole=instance")
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in found}


def recovery(cluster: Cluster) -> dict[str, str]:
    """Return what each instance says itself: `f` is a primary."""
    return {name: cluster.on_instance("SELECT pg_is_in_recovery()", name) for name in cluster.instances()}


def streaming(cluster: Cluster, primary: str) -> int:
    return cluster.on_instance("SELECT state FROM pg_stat_replication", primary).split().count("streaming")


def backends(cluster: Cluster, address: str) -> dict[str, str]:
    """Return what one pod of Pgpool-II takes each of its backends for.

    The primary's Service is the primary by its flag, and is not asked (health_check_period0).
    """
    return {
        name: node["role"] if name == f"{cluster.name}-rw" else node["pg_role"]
        for node in cluster.pool_nodes(address)
        for name in [node["hostname"].partition(".")[0]]
    }


def pgpool_restarts(cluster: Cluster) -> dict[str, tuple[str, int]]:
    return cluster.restarts(f"app.kubernetes.io/instance={cluster.name}-pgpool")


class TestSwitchover:
    def test_check_mode_says_who_would_become_the_primary(self, cluster: Cluster) -> None:
        primary = cluster.primary()
        run = run_playbook("switchover", "--check")
        assert run.rc == 0, run.output
        assert f"the primary of {cluster.name} in place of {primary}" in run.said
        assert cluster.primary() == primary
        assert cluster.get("jobs") == []

    @pytest.mark.parametrize("named", [False, True], ids=["best", "named"])
    def test_another_primary(self, cluster: Cluster, named: bool, say: Callable[[str], None]) -> None:
        old, wanted = cluster.primary(), cluster.instances("replica")[-1]
        variables = {"postgres_cluster_switchover_to": wanted} if named else {}

        run = run_playbook("switchover", variables=variables, environment=WITH_STATS)

        assert run.rc == 0, run.output
        new = cluster.primary()
        assert new != old
        assert not named or new == wanted
        assert recovery(cluster) == {name: "f" if name == new else "t" for name in cluster.instances()}
        for address in cluster.pgpool_pods().values():
            roles = backends(cluster, address)
            assert (roles[f"{cluster.name}-rw"], roles[old]) == ("primary", "standby")
        found = run.stats["switchover"][cluster.name]
        ledger = found["ledger"]
        assert (found["from"], found["to"], found["changed"]) == (old, new, True)
        assert {view["name"]: (view["postgresql"], view["kubernetes"]) for view in found["views"]} == {
            name: ("primary",) * 2 if name == new else ("standby",) * 2 for name in cluster.instances()
        }
        assert {view["pgpool"] for view in found["views"] if view["name"] != new} == {"standby"}
        assert ledger["moved"]
        assert ledger["acknowledged"] > 10
        assert ledger["lost"] == 0
        assert 0 < ledger["gap"] < time_limit(3, 30)
        say(f"switchover from {old} to {new}: {ledger['summary']}; the operator had it after {found['seconds']} s")

    def test_the_client_leaves_nothing(self, cluster: Cluster) -> None:
        assert cluster.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgha_%'") == []
        until(lambda: cluster.get("jobs") == [], 30, "no Job is left")

    def test_who_is_the_primary_stays_it(self, cluster: Cluster) -> None:
        primary = cluster.primary()
        run = run_playbook("switchover", variables={"postgres_cluster_switchover_to": primary})
        assert (run.rc, run.changed) == (0, 0), run.output
        assert cluster.primary() == primary

    def test_an_instance_that_is_none_is_refused(self, cluster: Cluster) -> None:
        run = run_playbook("switchover", variables={"postgres_cluster_switchover_to": "nobody"})
        assert (run.rc, run.changed) == (2, 0)
        assert (
            "postgres_cluster_switchover_to is 'nobody' (string): the cluster has no such instance"
            in run.said.replace("''", "'")
        )


class TestWithoutStandbys:
    """CloudNativePG's fence stops PostgreSQL in the pods of all standbys."""

    @pytest.fixture(autouse=True)
    def fence(self, cluster: Cluster) -> Iterator[None]:
        primary, standbys = cluster.primary(), cluster.instances("replica")
        cluster.fence(*standbys)
        try:
            until(lambda: streaming(cluster, primary) == 0, 60, "no standby streams")
            yield
        finally:
            cluster.fence()
        until(lambda: streaming(cluster, primary) == len(standbys), 180, "all standbys stream again")
        # The operator's condition, for which `kubectl wait` could wait, still is that of before.
        until(lambda: ready(cluster), 120, "the operator knows that they are there")

    @pytest.mark.parametrize(
        ("playbook", "variables", "sentence"),
        [
            ("switchover", {}, "no standby is ready and streams from the primary hot-postgres-"),
            (
                "restart",
                {},
                "the PostgreSQL cluster hot-postgres is not ready, and a restart would take away what is left",
            ),
            (
                "scale",
                {"postgres_cluster_instances": 2},
                "postgres_cluster_instances is 2 (integer): the cluster has 3",
            ),
        ],
        ids=["switchover", "restart", "scale"],
    )
    def test_it_is_refused(self, cluster: Cluster, playbook: str, variables: dict[str, int], sentence: str) -> None:
        primary, before = cluster.primary(), pod_ids(cluster)
        if playbook != "switchover":
            until(lambda: not ready(cluster), 60, "the operator knows that instances are away")
        run = run_playbook(playbook, variables=variables)
        assert (run.rc, run.changed) == (2, 0), run.output
        assert sentence in run.said
        assert (cluster.primary(), pod_ids(cluster)) == (primary, before)


def ready(cluster: Cluster) -> bool:
    [found] = cluster.get("clusters.postgresql.cnpg.io", cluster.name)
    return found["status"].get("readyInstances") == found["spec"]["instances"]


class TestRestart:
    def test_check_mode_says_what_would_restart(self, cluster: Cluster) -> None:
        before = pod_ids(cluster)
        run = run_playbook("restart", "--check")
        assert run.rc == 0, run.output
        assert f"Would restart the standbys of {cluster.name} one by one" in run.said
        assert pod_ids(cluster) == before

    def test_all_instances_restart(self, cluster: Cluster, say: Callable[[str], None]) -> None:
        before = pod_ids(cluster)
        run = run_playbook("restart", timeout=900, environment=WITH_STATS)
        assert run.rc == 0, run.output
        after = pod_ids(cluster)
        assert after.keys() == before.keys()
        assert not set(after.values()) & set(before.values())
        found = run.stats["restart"][cluster.name]
        assert (found["primary"], found["resumed"]) == (cluster.primary(), False)
        say(f"all instances restarted in {found['seconds']} s")


class TestReload:
    def test_check_mode_reloads_nothing(self, cluster: Cluster) -> None:
        run = run_playbook("reload", "--check")
        assert (run.rc, run.changed) == (0, 1), run.output
        assert f"Would have each ready pod of {cluster.name}-pgpool take up its files." in run.said

    def test_each_pod_takes_up_its_files(self, cluster: Cluster) -> None:
        before = pgpool_restarts(cluster)
        run = run_playbook("reload", environment=WITH_STATS)
        assert run.rc == 0, run.output
        found = run.stats["reload"][cluster.name]
        assert (sorted(found["pods"]), found["files_changed"]) == (sorted(cluster.pgpool_pods()), False)
        assert pgpool_restarts(cluster) == before

    def test_where_there_is_no_pod_it_is_refused(self) -> None:
        run = run_playbook("reload", variables={"pgpool_name": "nobody"})
        assert (run.rc, run.changed) == (2, 0)
        assert "no pod of it is ready in the namespace demo" in run.said


class TestScale:
    def test_fewer_than_commits_wait_for_is_refused(self) -> None:
        run = run_playbook("scale", variables={"postgres_cluster_instances": 1})
        assert (run.rc, run.changed) == (2, 0)
        assert (
            "postgres_cluster_synchronous.number is 1 (integer): give less than postgres_cluster_instances" in run.said
        )

    def test_check_mode_says_what_would_come(self, cluster: Cluster) -> None:
        before = cluster.instances()
        run = run_playbook("scale", "--check", variables={"postgres_cluster_instances": 4})
        assert run.rc == 0, run.output
        assert f"Would bring {cluster.name} from {len(before)} to 4 instances" in run.said
        assert cluster.instances() == before

    @pytest.mark.parametrize("instances", [4, 3])
    def test_pgpool_and_prometheus_follow(self, cluster: Cluster, instances: int) -> None:
        run = run_playbook(
            "scale", variables={"postgres_cluster_instances": instances}, timeout=900, environment=WITH_STATS
        )
        assert run.rc == 0, run.output
        assert len(cluster.instances()) == instances
        found = run.stats["scale"][cluster.name]
        assert (found["from"], found["to"]) == (7 - instances, instances)
        assert len(found["added" if instances == 4 else "removed"]) == 1
        for address in cluster.pgpool_pods().values():
            until(
                lambda address=address: list(backends(cluster, address).values()).count("standby") == instances - 1,
                60,
                "each standby is a backend",
            )
        until(lambda: len(cluster.promql("cnpg_collector_up == 1")) == instances, 60, "each is scraped")


class TestDiagnose:
    def test_check_mode_writes_no_archive(self, tmp_path: Path) -> None:
        run = run_playbook("diagnose", "--check", variables={"diagnose_directory": str(tmp_path)})
        assert run.rc == 0, run.output
        assert "Would write" in run.said
        assert list(tmp_path.iterdir()) == []

    def test_one_archive_without_secrets(self, cluster: Cluster, tmp_path: Path) -> None:
        run = run_playbook("diagnose", variables={"diagnose_directory": str(tmp_path)}, environment=WITH_STATS)
        assert run.rc == 0, run.output
        [path] = tmp_path.iterdir()
        assert run.stats["diagnose"][cluster.name] == {"path": str(path), "size": path.stat().st_size}
        with tarfile.open(path) as archive:
            names = archive.getnames()
            texts = {name.partition("/")[2]: archive.extractfile(name).read().decode() for name in names}
        for pod in cluster.instances():
            assert texts[f"logs/{cluster.namespace}/{pod}/postgres.log"]
        for pod in cluster.pgpool_pods():
            assert texts[f"pool_nodes/{pod}.csv"].startswith("node_id,hostname")
        assert texts["pg_stat_replication.csv"].count("streaming") == len(cluster.instances()) - 1
        assert f'"name": "{cluster.name}"' in texts["objects/Cluster.json"]
        assert "objects/Secret.json" not in texts
        everything = run.output + "".join(texts.values())
        assert [user for user, password in cluster.users().items() if password in everything] == []

    def test_a_folder_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        run = run_playbook("diagnose", variables={"diagnose_directory": str(tmp_path / "nowhere")})
        assert run.rc == 2
        assert "make it, or give another one" in run.said
