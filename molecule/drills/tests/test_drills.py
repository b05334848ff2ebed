# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills are refused where they are not allowed, and else say what clients saw; site.yml then finds nothing to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import WITH_STATS, Cluster, run_playbook, time_limit, until


def test_a_cluster_that_is_not_marked_is_refused(cluster: Cluster) -> None:
    before = cluster.instances()
    run = run_playbook("drill", variables={"pgha_drills_allowed": False})
    assert (run.rc, run.changed) == (2, 0)
    assert "pgha_drills_allowed is false (boolean) for hot-postgres" in run.said
    assert cluster.instances() == before


def test_a_drill_that_nobody_knows_is_refused() -> None:
    run = run_playbook("drill", variables={"drills_names": ["earthquake"]})
    assert (run.rc, run.changed) == (2, 0)
    assert "drills_names[0] is" in run.output


def test_check_mode_says_what_would_be_run_and_what_not(cluster: Cluster) -> None:
    primary = cluster.primary()
    run = run_playbook("drill", "--check", variables={"drills_names": ["primary_pod_deleted", "operator_killed"]})
    assert (run.rc, run.changed) == (0, 1), run.output
    said = run.said
    assert "primary_pod_deleted: the pod of the primary is deleted" in said
    assert "operator_killed: skipped, as it breaks what other PostgreSQL clusters share (drills_shared)" in said
    assert cluster.primary() == primary


@pytest.mark.parametrize(
    "name",
    [
        "primary_pod_deleted", "postmaster_killed", "pgpool_pod_killed", "standby_lagging", "standby_hung",
        "objects_edited", "certificate_expired",
    ],
)  # fmt: skip
def test_a_drill(cluster: Cluster, name: str, say: Callable[[str], None]) -> None:
    run = run_playbook("drill", variables={"drills_names": [name], "drills_hold": 15}, environment=WITH_STATS)
    assert run.rc == 0, run.output
    [record] = run.stats["drills"][cluster.name]["records"]
    say(record["summary"])
    assert record["name"] == name
    assert record["acknowledged"] > 20
    assert record["lost"] == 0
    assert record["gaps"]["pgpool_read"] > 0
    assert record["gaps"]["pgpool_write"] <= time_limit(15, loaded=60)
    assert name != "primary_pod_deleted" or record["primary"]["from"] != record["primary"]["to"]
    assert record["alerts"] is not None

    again = run_playbook("site")
    assert again.rc == 0, again.output
    assert again.changed == 0, again.output


def test_the_clients_leave_nothing(cluster: Cluster) -> None:
    assert cluster.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgha_%'") == []
    until(lambda: cluster.get("jobs") == [], 30, "no Job is left")
