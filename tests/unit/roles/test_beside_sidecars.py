# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods in which something puts a sidecar, as a service mesh does: our own container is meant, and its end counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from test_switchover_tasks import AWAY, DELETED, LEDGER, NOTHING, answers, calls, facts, run, with_blocks

ROLES = Path(__file__).resolve().parents[3] / "roles"
MODULES = ("pgha.kubernetes.pod_exec", "pgha.kubernetes.read_log")
TASKS = [
    (f"{path.parts[-3]}/{path.name}", task)
    for path in sorted(ROLES.glob("*/tasks/*.yml"))
    for task in with_blocks(yaml.safe_load(path.read_text(encoding="utf-8")))
]

RUNNING: dict[str, Any] = {"running": {}}
PROXY = {"name": "istio-proxy", "state": RUNNING}


def ended(code: int) -> dict[str, Any]:
    return {"terminated": {"exitCode": code}}


def pod(state: dict[str, Any], name: str = "verify", **metadata: Any) -> dict[str, Any]:
    """A pod of a Job, of which the sidecar is the first container and goes on."""
    statuses = [PROXY, {"name": name, "state": state}]
    return {"metadata": {"name": "x", **metadata}, "status": {"phase": "Running", "containerStatuses": statuses}}


def jobs(**status: Any) -> dict[str, Any]:
    return {"resources": [{"status": status}]}


def pods(*found: dict[str, Any]) -> dict[str, Any]:
    return {"resources": list(found)}


ACTIVE = jobs(active=1)
FAILED = jobs(conditions=[{"type": "Failed"}])
GOES = pods(pod(RUNNING))
EVICTED = pods({"metadata": {"name": "x"}, "status": {"phase": "Failed"}})
DELETING = pods(pod(ended(137), deletionTimestamp="2026-01-01T00:00:00Z"))


@pytest.mark.parametrize("module", MODULES)
def test_each_task_names_the_container_that_it_means(module: str) -> None:
    """Without one, the API refuses the log of a pod that has several, and a command runs in the first one."""
    asked = {f"{path}: {task['name']}": task[module].get("container") for path, task in TASKS if module in task}
    assert asked
    assert [name for name, container in asked.items() if not container] == []


def test_the_jobs_have_the_containers_that_are_named() -> None:
    files = (
        "pgpool/job_log.yml", "pgpool/ledger_start.yml", "pgpool/ledger_end.yml", "drills/drill_connection_storm.yml",
    )  # fmt: skip
    named = {task[module]["container"] for path, task in TASKS if path in files for module in MODULES if module in task}
    assert named == {"verify"}
    for path, name in (
        ("pgpool/templates/job.yml.j2", "verify"),
        ("postgres_cluster/templates/users-job.yml.j2", "users"),
    ):
        assert f"\n        - name: {name}\n          image:" in (ROLES / path).read_text(encoding="utf-8")


def read_log(folder: Path, job: list[dict[str, Any]], found: list[dict[str, Any]], log: dict[str, Any]) -> Any:
    """Run job_log.yml: what the Job, its pods and their log are, at each look."""
    instead = {
        "Until its pod is there, or it has ended": answers(folder, "job", *job),
        "Until its program has ended, well or not, or its pod is gone": answers(folder, "pods", *found),
        "pgha.kubernetes.read_log": answers(folder, "log", log),
    }
    return run(folder, "pgpool", "job_log.yml", instead, **LEDGER, __pgpool_job_name="pg-pgpool-verify-1")


@pytest.mark.parametrize(
    ("job", "found", "looks"),
    [
        ([jobs(), ACTIVE], [pods(pod(ended(0)))], (2, 1)),
        # One that did not end well has said why.
        ([ACTIVE], [pods(pod(ended(1)))], (1, 1)),
        ([ACTIVE], [AWAY, pods(pod({"waiting": {}})), GOES, GOES, pods(pod(ended(0)))], (1, 5)),
        ([FAILED], [EVICTED], (1, 1)),
        # Its time was up: what it printed by then is not all.
        ([ACTIVE], [DELETING, pods()], (1, 2)),
        ([jobs(), FAILED], [pods()], (2, 1)),
    ],
)
def test_a_job_has_ended_when_its_own_container_has(
    tmp_path: Path, job: list[dict[str, Any]], found: list[dict[str, Any]], looks: tuple[int, int]
) -> None:
    done = read_log(tmp_path, job, found, {"log": "x"})
    assert done.returncode == 0, done.stdout
    assert (calls(tmp_path, "job"), calls(tmp_path, "pods")) == looks


def test_it_has_not_while_that_runs(tmp_path: Path) -> None:
    done = read_log(tmp_path, [ACTIVE], [GOES], {"log": "x"})
    assert done.returncode == 2
    assert not (tmp_path / "log.calls").exists()


@pytest.mark.parametrize(("state", "well"), [(RUNNING, True), (ended(0), False)])
def test_clients_of_a_drill_that_ended_too_soon_are_noticed_beside_a_sidecar(
    tmp_path: Path, state: dict[str, Any], well: bool
) -> None:
    known = {
        **LEDGER,
        "__pgpool_job_name": "pg-pgpool-ledger-1",
        "__pgpool_ledger_wanted": {"until": "told", "seconds": 180, "limit": "drills_timeout"},
    }
    instead = {
        "Find its pod": answers(tmp_path, "found", pods(pod(state))),
        "Tell it to end": answers(tmp_path, "told", {"rc": 0}),
        "Until its pod is there, or it has ended": answers(tmp_path, "job", ACTIVE),
        "Until its program has ended, well or not, or its pod is gone": answers(tmp_path, "pods", pods(pod(ended(0)))),
        "pgha.kubernetes.read_log": answers(tmp_path, "log", facts("10.0.0.1")),
        "pgha.kubernetes.read": answers(tmp_path, "explain", pods()),
        "kubernetes.core.k8s": answers(tmp_path, "delete", DELETED),
    }
    done = run(tmp_path, "pgpool", "ledger_end.yml", instead, **known)
    assert done.returncode == (0 if well else 2), done.stdout
    assert (tmp_path / "told.calls").exists() is well
    assert ("its clients ended before they were told to" in done.stdout) is not well


def make_users(folder: Path, found: list[dict[str, Any]], job: dict[str, Any]) -> Any:
    """Run users_job_end.yml: what the Job is, and its pods at each look."""
    instead = {
        "Until its pod is there, or it has ended": answers(folder, "job", job),
        "Until its program has ended, well or not, or its pods are gone": answers(folder, "pods", *found),
        "kubernetes.core.k8s": answers(folder, "mark", {"result": {}}),
        "pgha.kubernetes.read": NOTHING,
    }
    known = {
        "postgres_cluster_namespace": "demo",
        "postgres_cluster_wait_timeout": 8,
        "__postgres_cluster_job": "pg-users-1",
    }
    return run(folder, "postgres_cluster", "users_job_end.yml", instead, **known)


def users(state: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    """What a look at the pods of the Job that makes users finds."""
    one = pod(state, "users")
    one["status"]["containerStatuses"] = [*others, one["status"]["containerStatuses"][1]]
    return pods(one)


@pytest.mark.parametrize(
    ("found", "job", "looks", "marked", "well"),
    [
        ([users(RUNNING, PROXY), users(ended(0), PROXY)], ACTIVE, 2, True, True),
        # The Job ends by itself, or has another pod try it again.
        ([users(ended(0))], ACTIVE, 1, False, True),
        ([users(ended(0), {"name": "istio-proxy", "state": ended(0)})], ACTIVE, 1, False, True),
        ([users(ended(3))], ACTIVE, 1, False, True),
        ([EVICTED], ACTIVE, 1, False, True),
        ([pods()], FAILED, 1, False, True),
        # It does neither.
        ([users(ended(3), PROXY)], ACTIVE, 1, False, False),
    ],
)
def test_a_job_that_makes_users_is_marked_as_done_beside_a_sidecar(
    tmp_path: Path, found: list[dict[str, Any]], job: dict[str, Any], looks: int, marked: bool, well: bool
) -> None:
    done = make_users(tmp_path, found, job)
    assert done.returncode == (0 if well else 2), done.stdout
    assert calls(tmp_path, "pods") == looks
    assert (tmp_path / "mark.calls").exists() is marked
