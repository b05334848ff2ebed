# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of KubeDB: which session is asked for, what is refused, and what KubeStash says became of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operations
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import kubedb

NOW = "2026-11-25T21:04:05Z"
CONTRACT = {"operator": "kubedb", "name": "hot", "namespace": "demo", "exists": True}
POSTGRES: dict[str, Any] = {
    "kind": "Postgres",
    "metadata": {"name": "hot"},
    "spec": {"archiver": {"ref": {"name": "hot", "namespace": "demo"}}},
}


def configuration(phase: str = "Ready", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "BackupConfiguration",
        "metadata": {"name": "hot-backup-config", "uid": "c-1"},
        "spec": {
            "sessions": [
                {"name": "manifest-backup", "repositories": [{"name": "hot-manifest"}]},
                {"name": "full-backup", "repositories": [{"name": "hot-full"}]},
            ],
            **spec,
        },
        "status": {
            "phase": phase,
            "conditions": [{"type": "BackendsReady", "status": str(phase == "Ready"), "message": "no such bucket"}],
        },
    }


def session(phase: str = "", ours: bool = True, name: str = "hot-1", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "BackupSession",
        "metadata": {
            "name": name,
            "creationTimestamp": "2026-11-25T21:00:00Z",
            "labels": {"pgha.kubernetes/cluster": "hot"} if ours else {},
        },
        "spec": {"invoker": {"name": "hot-backup-config"}, "session": "full-backup", **spec},
        "status": {"phase": phase} if phase else {},
    }


def refusals(*objects: dict[str, Any]) -> list[str]:
    return operations.backup_refusals(CONTRACT, [POSTGRES, *objects])


def test_what_is_read() -> None:
    assert [(item["kind"], item.get("name")) for item in kubedb.backup_reads("hot", "demo")] == [
        ("BackupConfiguration", "hot-backup-config"),
        ("BackupSession", None),
    ]


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([], "the BackupConfiguration hot-backup-config, by which base backups of hot are made, is not there"),
        ([configuration("NotReady")], "is NotReady (no such bucket): mend that first"),
        ([configuration(paused=True)], "is paused: take that back"),
        (
            [configuration(sessions=[{"name": "other"}])],
            "no session that writes to the Repository hot-full (sessions: other)",
        ),
        (
            [configuration(), session("Running", ours=False)],
            "the BackupSession hot-1 is Running, and KubeStash makes one base backup of hot at a time: wait",
        ),
    ],
)
def test_refused(objects: list[dict[str, Any]], said: str) -> None:
    [problem] = refusals(*objects)
    assert said in problem


def test_a_cluster_without_an_archiver_has_no_backups() -> None:
    bare = {**POSTGRES, "spec": {}}
    [problem] = operations.backup_refusals(CONTRACT, [bare, configuration()])
    assert "run site.yml first" in problem
    paused = {**POSTGRES, "spec": {"archiver": {**POSTGRES["spec"]["archiver"], "pause": True}}}
    [problem] = operations.backup_refusals(CONTRACT, [paused, configuration()])
    assert "WAL of hot is not archived" in problem


def test_not_refused() -> None:
    assert refusals(configuration()) == []
    # One that was asked for by a run that was stopped, one that has ended, one of another session.
    assert refusals(configuration(), session("Running")) == []
    assert refusals(configuration(), session("Failed", ours=False)) == []
    assert refusals(configuration(), session("Running", ours=False, session="manifest-backup")) == []


def test_each_has_a_name_of_its_own() -> None:
    plan = kubedb.backup_plan("hot", [POSTGRES, configuration(), session("Succeeded")], NOW)
    assert plan == {
        "name": "hot-1795640645",
        "going": "",
        "configuration": {"name": "hot-backup-config", "uid": "c-1"},
        "session": "full-backup",
    }


def test_the_longest_name_is_still_a_label() -> None:
    assert len(kubedb.backup_plan("h" * 50, [], NOW)["name"]) <= 63


@pytest.mark.parametrize(("phase", "words"), [("", "not begun"), ("Pending", "Pending"), ("Running", "Running")])
def test_one_of_ours_that_goes_on_is_waited_for(phase: str, words: str) -> None:
    plan = kubedb.backup_plan("hot", [configuration(), session(phase)], NOW)
    assert (plan["name"], plan["going"]) == ("hot-1", f"the BackupSession hot-1 is {words}")


def snapshot(**component: Any) -> dict[str, Any]:
    return {
        "kind": "Snapshot",
        "metadata": {"name": "hot-full-1"},
        "spec": {"repository": "hot-full", "backupSession": "hot-1"},
        "status": {
            "phase": "Succeeded",
            "size": "12 MiB",
            "snapshotTime": "2026-11-25T21:00:30Z",
            "components": {"dump": component},
        },
    }


def test_what_became_of_it() -> None:
    done = session("Succeeded")
    done["status"] |= {
        "duration": "41s",
        "conditions": [
            {"type": "SnapshotsEnsured", "status": "True", "lastTransitionTime": "2026-11-25T21:00:02Z"},
            {"type": "MetricsPushed", "status": "True", "lastTransitionTime": "2026-11-25T21:00:41Z"},
        ],
    }
    other = {**snapshot(), "spec": {"repository": "hot-full", "backupSession": "another"}}
    found = kubedb.backup_result(done, [snapshot(), other])
    assert (found["done"], found["problem"]) == (True, "")
    assert found["result"] == {
        "name": "hot-1",
        "began": "2026-11-25T21:00:00Z",
        "ended": "2026-11-25T21:00:41Z",
        "duration": "41s",
        "session": "full-backup",
        "snapshots": [
            {
                "name": "hot-full-1",
                "repository": "hot-full",
                "phase": "Succeeded",
                "size": "12 MiB",
                "time": "2026-11-25T21:00:30Z",
            }
        ],
    }
    assert "Snapshots hot-full-1 in the Repository hot-full (12 MiB)" in found["words"]


def test_snapshots_that_cannot_be_read_are_those_that_the_session_lists() -> None:
    done = session("Succeeded")
    done["status"]["snapshots"] = [{"name": "hot-full-1", "repository": "hot-full", "phase": "Succeeded"}]
    [found] = kubedb.backup_result(done)["result"]["snapshots"]
    assert (found["name"], found["repository"], found["size"]) == ("hot-full-1", "hot-full", "")


@pytest.mark.parametrize(
    ("phase", "condition", "error", "problem"),
    [
        (
            "Failed",
            {"type": "BackupExecutorEnsured", "status": "False", "message": "no such addon"},
            "",
            "Failed: no such addon",
        ),
        (
            "Failed",
            {"type": "MetricsPushed", "status": "True"},
            "restic:  wrong password",
            "Failed: restic: wrong password",
        ),
        (
            "Skipped",
            {"type": "BackupSkipped", "status": "True", "message": "another BackupSession is running"},
            "",
            "Skipped: another BackupSession is running",
        ),
    ],
)
def test_its_own_words(phase: str, condition: dict[str, str], error: str, problem: str) -> None:
    ended = session(phase)
    ended["status"]["conditions"] = [condition]
    found = kubedb.backup_result(ended, [snapshot(error=error)])
    assert (found["done"], found["problem"]) == (True, problem)


def test_a_retention_policy_that_failed_is_said() -> None:
    ended = session("Failed")
    ended["status"]["retentionPolicy"] = [{"phase": "FailedToApply", "error": "locked"}]
    assert kubedb.backup_result(ended)["problem"] == "Failed: locked"


def test_one_that_goes_on_says_its_phase() -> None:
    assert kubedb.backup_result({})["problem"] == "not started"
    found = kubedb.backup_result(session("Running"))
    assert (found["done"], found["problem"], found["result"]["ended"]) == (False, "Running", "")
