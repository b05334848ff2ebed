# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades and a stopped cluster: what is said in check mode, what is refused, what is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import WITH_STATS, Cluster, run_playbook, until
from test_runbooks import pod_ids

IMAGE = "ghcr.io/cloudnative-pg/postgresql"


class TestUpgradePgpool:
    def test_check_mode_says_which_pods_would_be_replaced(self, cluster: Cluster) -> None:
        before = cluster.pgpool_pods()
        run = run_playbook("upgrade_pgpool", "--check", variables={"pgpool_image": "ghcr.io/pgha/pgpool:4.7.9"})
        assert run.rc == 0, run.output
        assert f"Would replace the pods of {cluster.name}-pgpool" in run.said
        assert cluster.pgpool_pods() == before

    def test_an_image_below_the_cve_floor_is_refused(self) -> None:
        run = run_playbook("upgrade_pgpool", variables={"pgpool_image": "ghcr.io/pgha/pgpool:4.5.3"})
        assert (run.rc, run.changed) == (2, 0), run.output
        assert "CVE-2025-46801" in run.said

    def test_where_the_image_is_right_nothing_is_replaced(self, cluster: Cluster) -> None:
        before = cluster.pgpool_pods()
        run = run_playbook("upgrade_pgpool", environment=WITH_STATS)
        assert (run.rc, run.changed) == (0, 0), run.output
        found = run.stats["upgrade_pgpool"][cluster.name]
        assert (found["replaced"], found["from"]) == (0, found["to"])
        assert found["before"] == found["after"]
        assert set(found["after"]) == set(before)
        assert all(release.count(".") == 2 for release in found["after"].values())

    def test_another_image_replaces_all_pods(
        self, cluster: Cluster, stand_in_images: dict[str, str], say: Callable[[str], None]
    ) -> None:
        before, image = cluster.pgpool_pods(), stand_in_images["pgpool"]
        run = run_playbook("upgrade_pgpool", variables={"pgpool_image": image}, environment=WITH_STATS)
        assert run.rc == 0, run.output
        found = run.stats["upgrade_pgpool"][cluster.name]
        assert (found["replaced"], found["to"]) == (len(before), image)
        assert set(found["before"]) == set(before)
        assert set(found["after"]) == set(cluster.pgpool_pods())
        assert not set(before) & set(found["after"])
        assert {pod["status"] for pod in cluster.pool_nodes()} == {"up"}
        say(f"all pods of Pgpool-II replaced in {found['seconds']:.0f} s")
        back = run_playbook("pgpool")
        assert back.rc == 0, back.output


class TestUpgradePostgres:
    @pytest.mark.parametrize(
        ("variables", "sentence"),
        [
            (
                {"postgres_cluster_image": f"{IMAGE}:16-standard", "postgres_cluster_version": 16},
                "and cannot go back; give a newer one",
            ),
            ({"postgres_cluster_image": f"{IMAGE}:17.0-standard-trixie"}, "and cannot go back; give 17."),
            (
                {"postgres_cluster_image": f"{IMAGE}:18-standard", "postgres_cluster_version": 18},
                "set postgres_cluster_allow_major_upgrade to true if you want it",
            ),
        ],
        ids=["older", "older minor", "major"],
    )
    def test_it_is_refused(self, cluster: Cluster, variables: dict[str, str | int], sentence: str) -> None:
        before = pod_ids(cluster)
        run = run_playbook("upgrade_postgres", variables=variables)
        assert (run.rc, run.changed) == (2, 0), run.output
        assert sentence in run.said
        assert pod_ids(cluster) == before

    def test_check_mode_says_what_would_be_done(self, cluster: Cluster) -> None:
        before = pod_ids(cluster)
        variables = {"postgres_cluster_image": f"{IMAGE}:17.99-standard"}
        run = run_playbook("upgrade_postgres", "--check", variables=variables)
        assert run.rc == 0, run.output
        assert f"Would bring {cluster.name} from" in run.said
        assert "a minor upgrade" in run.said
        assert pod_ids(cluster) == before

    def test_where_the_version_is_right_nothing_restarts(self, cluster: Cluster) -> None:
        before = pod_ids(cluster)
        run = run_playbook("upgrade_postgres", environment=WITH_STATS)
        assert (run.rc, run.changed) == (0, 0), run.output
        found = run.stats["upgrade_postgres"][cluster.name]
        assert (found["kind"], found["before"]) == ("none", found["after"])
        assert set(found["after"]) == set(cluster.instances())
        assert pod_ids(cluster) == before

    def test_another_image_is_rolled_out(
        self, cluster: Cluster, stand_in_images: dict[str, str], say: Callable[[str], None]
    ) -> None:
        before, image = pod_ids(cluster), stand_in_images["postgresql"]
        cluster.sql("DROP TABLE IF EXISTS upgraded; CREATE TABLE upgraded AS SELECT 1 AS n")
        run = run_playbook(
            "upgrade_postgres", variables={"postgres_cluster_image": image}, environment=WITH_STATS, timeout=900
        )
        assert run.rc == 0, run.output
        found = run.stats["upgrade_postgres"][cluster.name]
        assert (found["kind"], found["to"]) == ("minor", image)
        assert set(found["after"]) == set(cluster.instances()) == set(before)
        assert not set(before.values()) & set(pod_ids(cluster).values())
        assert cluster.sql("SELECT n FROM upgraded") == [{"n": "1"}]
        say(f"all instances have the other image after {found['seconds']:.0f} s")
        # As its page says: upgrade_postgres.yml does not go back, site.yml does.
        older = {"postgres_cluster_image": f"{IMAGE}:17.5-standard-trixie"}
        refused = run_playbook("upgrade_postgres", variables=older)
        assert (refused.rc, refused.changed) == (2, 0), refused.output
        back = run_playbook("site", timeout=900)
        assert back.rc == 0, back.output
        assert cluster.sql("SELECT n FROM upgraded") == [{"n": "1"}]
        cluster.sql("DROP TABLE upgraded")


class TestHibernate:
    def test_without_the_name_nothing_stops(self, cluster: Cluster) -> None:
        before = pod_ids(cluster)
        run = run_playbook("hibernate")
        assert (run.rc, run.changed) == (2, 0), run.output
        assert f"give -e hibernate_confirm={cluster.name}" in run.said
        assert pod_ids(cluster) == before

    def test_check_mode_says_what_would_stop(self, cluster: Cluster) -> None:
        before = pod_ids(cluster)
        run = run_playbook("hibernate", "--check")
        assert run.rc == 0, run.output
        assert f"Would stop the instances of {cluster.name}" in run.said
        assert pod_ids(cluster) == before

    def test_it_stops_and_starts_with_its_rows(self, cluster: Cluster, say: Callable[[str], None]) -> None:
        cluster.sql("CREATE TABLE IF NOT EXISTS kept (n int)")
        cluster.sql("INSERT INTO kept VALUES (1)")
        rows = cluster.sql("SELECT count(*) AS n FROM kept")
        try:
            run = run_playbook("hibernate", variables={"hibernate_confirm": cluster.name}, environment=WITH_STATS)
            assert run.rc == 0, run.output
            assert run.stats["hibernate"][cluster.name]["changed"]
            until(lambda: pod_ids(cluster) == {}, 60, "no instance is left")
            again = run_playbook("hibernate", variables={"hibernate_confirm": cluster.name})
            assert (again.rc, again.changed) == (0, 0), again.output
            asked = run_playbook("wake", "--check")
            assert asked.rc == 0, asked.output
            assert f"Would start {cluster.name}" in asked.said
            assert pod_ids(cluster) == {}
        finally:
            woken = run_playbook("wake", timeout=900, environment=WITH_STATS)
        assert woken.rc == 0, woken.output
        assert woken.stats["wake"][cluster.name]["changed"]
        assert cluster.sql("SELECT count(*) AS n FROM kept") == rows
        say(f"stopped in {run.seconds:.0f} s, started and used again in {woken.seconds:.0f} s")
        cluster.sql("DROP TABLE kept")
        again = run_playbook("wake")
        assert (again.rc, again.changed) == (0, 0), again.output
