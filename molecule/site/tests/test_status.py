# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""status.yml writes a report that says what PostgreSQL, Pgpool-II and Prometheus say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Cluster, run_playbook, until


def test_it_reports_what_is_there(cluster: Cluster, tmp_path: Path) -> None:
    asked = {"monitoring_status_folder": str(tmp_path), "monitoring_status_minutes": 5}
    run = run_playbook("status", variables=asked)
    assert run.rc == 0, run.output
    assert run.changed == 0, run.recap
    found = json.loads((tmp_path / f"{cluster.name}.json").read_text())
    roles = {one["name"]: (one["role"], one["says"], one["attached"]) for one in found["instances"]}
    pods = len(cluster.pgpool_pods())
    assert sorted(roles) == [f"{cluster.name}-{number}" for number in (1, 2, 3)]
    assert sorted(roles.values()) == [("primary", "primary", pods), *[("standby", "standby", pods)] * 2]
    assert {one["name"] for one in found["pods"]} == set(cluster.pgpool_pods())
    assert [chart["title"] for chart in found["charts"] if not chart["lines"]] == []
    fleet = json.loads((tmp_path / "index.json").read_text())
    assert [(one["host"], one["page"]) for one in fleet["clusters"]] == [(cluster.name, f"{cluster.name}.html")]
    assert fleet["clusters"][0]["state"] == ("to look at" if found["problems"] else "well")
    page = (tmp_path / f"{cluster.name}.html").read_text()
    assert [name for name in (*roles, *cluster.pgpool_pods()) if name not in page] == []
    assert page.count("<svg") == len(found["charts"])


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    run = run_playbook("status", "--check", variables={"monitoring_status_folder": str(tmp_path)})
    assert (run.rc, run.changed) == (0, 0), run.output
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def no_room(cluster: Cluster) -> Iterator[Cluster]:
    """Let no pod start anywhere."""
    nodes = [node["metadata"]["name"] for node in cluster.get("nodes")]
    cluster.kubectl("cordon", *nodes)
    yield cluster
    cluster.kubectl("uncordon", *nodes)
    until(lambda: len(cluster.instances()) == 3, 180, "all instances are back")


def test_it_says_what_kubernetes_says_of_what_is_wrong(no_room: Cluster, tmp_path: Path) -> None:
    gone = min(set(no_room.instances()) - {no_room.primary()})

    def waits() -> bool:
        pods = no_room.get("pods", f"--field-selector=metadata.name={gone}")
        return any(pod["status"]["phase"] == "Pending" for pod in pods)

    no_room.kubectl(f"--namespace={no_room.namespace}", "delete", "pod", gone)
    until(waits, 120, f"{gone} waits for a node")
    run = run_playbook("status", variables={"monitoring_status_folder": str(tmp_path)})
    assert run.rc == 0, run.output
    [one] = json.loads((tmp_path / "index.json").read_text())["clusters"]
    assert one["problems"]
    assert [reason for reason in one["reasons"] if reason.startswith(f"pod {gone} has no node: ")]
    assert f"pod {gone} has no node: " in run.said
    assert f"pod {gone} has no node: " in (tmp_path / "index.html").read_text()


def test_a_cluster_that_cannot_be_asked_is_on_the_page_of_all(tmp_path: Path) -> None:
    asked = {"monitoring_status_folder": str(tmp_path), "monitoring_status_name": "not-there"}
    run = run_playbook("status", variables=asked)
    assert run.rc != 0
    assert "there is no such PostgreSQL cluster" in run.said
    [one] = json.loads((tmp_path / "index.json").read_text())["clusters"]
    assert one["state"] == "not known"
    assert "there is no such PostgreSQL cluster" in one["problems"][0]
    assert "there is no such PostgreSQL cluster" in (tmp_path / "index.html").read_text()
