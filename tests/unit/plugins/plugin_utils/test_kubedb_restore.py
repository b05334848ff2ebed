# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores with KubeDB: what the new Postgres is made with, what is refused, and that it keeps that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_restore import init
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import kubedb
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import restore_checks

NEWEST = "2026-11-25T20:58:00Z"
SOURCE = {"kind": "Postgres", "metadata": {"name": "old"}, "spec": {"version": "17.9"}}
REPOSITORY: dict[str, Any] = {
    "kind": "Repository",
    "metadata": {"name": "old-full"},
    "spec": {"encryptionSecret": {"name": "restic", "namespace": "demo"}},
    "status": {"phase": "Ready"},
}
SECRET = {"kind": "Secret", "metadata": {"name": "restic"}, "data": {"RESTIC_PASSWORD": "eA=="}}


def snapshot(name: str, phase: str = "Succeeded", time: str = "", end: str = "", of: str = "old") -> dict[str, Any]:
    return {
        "kind": "Snapshot",
        "metadata": {"name": name},
        "spec": {"repository": f"{of}-full", "appRef": {"kind": "Postgres", "name": of}},
        "status": {"phase": phase, "snapshotTime": time, "components": {"wal": {"logStats": {"end": end}}}},
    }


BASE = snapshot("old-full-1", time="2026-11-25T20:00:00Z")
LATER = snapshot("old-full-2", time="2026-11-25T20:30:00Z")
WAL = snapshot("old-incremental", phase="Running", end=NEWEST)
OTHERS = snapshot("another-1", time="2026-11-20T20:00:00Z", end="2026-11-25T21:00:00Z", of="another")
SOURCES = (SOURCE, REPOSITORY, LATER, BASE, WAL, OTHERS)


def plan(sources: tuple[Any, ...] = SOURCES, current: tuple[Any, ...] = (SECRET,), **asked: Any) -> dict[str, Any]:
    version = asked.pop("version", "17.9")
    wanted = {
        "name": "new",
        "namespace": "demo",
        "version": version,
        "backup": {},
        "restore": {"source": "old", **asked},
        "now": "2026-11-25T21:04:05Z",
        "secrets_read": True,
    }
    return kubedb.restore(wanted, current, sources)


def postgres_of(made: dict[str, Any]) -> dict[str, Any]:
    """Return the object as it is after the restore: applied, and initialised by KubeDB."""
    applied = json.dumps({"spec": made["origin"]})
    return {
        "kind": "Postgres",
        "metadata": {
            "name": "new",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied},
        },
        "spec": {"init": {**made["origin"]["init"], "initialized": True}},
    }


def test_what_is_read() -> None:
    assert [(item["kind"], item.get("name")) for item in kubedb.restore_reads("old", "demo")] == [
        ("Postgres", "old"),
        ("Repository", "old-full"),
        ("Snapshot", None),
    ]


def test_a_point_in_time() -> None:
    made = plan(target_time="2026-11-25 21:45:05+01:00")
    assert (made["problems"], made["resumed"]) == ([], False)
    assert made["origin"] == {
        "init": {
            "archiver": {
                "recoveryTimestamp": "2026-11-25T20:45:05Z",
                "fullDBRepository": {"name": "old-full", "namespace": "demo"},
                "manifestRepository": {"name": "old-manifest", "namespace": "demo"},
                "encryptionSecret": {"name": "restic", "namespace": "demo"},
            }
        }
    }
    assert made["secrets"] == {"restic": ["RESTIC_PASSWORD"]}
    assert made["words"] == "old (Repository demo/old-full) as it was at 2026-11-25T20:45:05Z"


def test_the_newest_is_what_is_archived() -> None:
    made = plan()
    assert made["problems"] == []
    assert made["origin"]["init"]["archiver"]["recoveryTimestamp"] == NEWEST


def test_the_source_may_be_gone() -> None:
    assert plan(sources=SOURCES[1:])["problems"] == []


@pytest.mark.parametrize(
    ("sources", "asked", "said"),
    [
        ((SOURCE,), {}, "source is 'old' (string): the namespace demo has no Repository old-full"),
        (
            (SOURCE, {**REPOSITORY, "status": {"phase": "NotReady"}}, BASE, WAL),
            {},
            "source is 'old' (string): its Repository old-full is NotReady; mend that",
        ),
        ((SOURCE, REPOSITORY, WAL), {}, "it has no base backup that has completed; make one by backup.yml"),
        ((SOURCE, REPOSITORY, BASE), {}, "postgres_cluster_restore.target_time is missing: KubeDB restores to a time"),
        (
            (SOURCE, REPOSITORY, BASE, snapshot("old-incremental", end="000000010000000000000005")),
            {},
            "postgres_cluster_restore.target_time is missing",
        ),
        (SOURCES, {"target_time": "2026-11-25T21:05:00Z"}, "that is still to come"),
        (SOURCES, {"target_time": "2026-11-25T19:00:00Z"}, "is of 2026-11-25T20:00:00Z; give a time after that"),
        (SOURCES, {"target_time": "2026-11-25T21:00:00Z"}, f"WAL of the source is archived up to {NEWEST}"),
        (SOURCES, {"version": "16.13"}, "postgres_cluster_version is '16.13' (string): the backups of old are of"),
    ],
)
def test_refused(sources: tuple[Any, ...], asked: dict[str, Any], said: str) -> None:
    [problem] = plan(sources=sources, **asked)["problems"]
    assert said in problem


def test_a_secret_that_is_not_there() -> None:
    [problem] = plan(current=())["problems"]
    assert "names the Secret 'restic': the namespace demo has none of that name" in problem


def test_a_cluster_that_is_there_is_not_restored_over() -> None:
    there = {"kind": "Postgres", "metadata": {"name": "new"}, "spec": {}}
    [problem] = plan(current=(there,))["problems"]
    assert "nothing is restored over one that is there" in problem
    [problem] = plan(current=(postgres_of(plan()),), source="another")["problems"]
    assert "nothing is restored over one that is there" in problem
    [problem] = plan(current=(postgres_of(plan()),), target_time="2026-11-25T20:45:05Z")["problems"]
    assert "nothing is restored over one that is there" in problem


def test_the_same_restore_goes_on() -> None:
    first = plan()
    later = snapshot("old-incremental", phase="Running", end="2026-11-25T21:03:00Z")
    again = plan(current=(postgres_of(first),), sources=(*SOURCES[:4], later))
    assert (again["problems"], again["resumed"], again["origin"]) == ([], True, first["origin"])
    assert again["words"].endswith(NEWEST)
    # Also where the source and its backups are gone by then.
    assert plan(current=(postgres_of(first),), sources=())["problems"] == []


def test_site_yml_keeps_what_a_restored_cluster_was_made_with() -> None:
    made = plan()
    assert init("new", [], made["origin"]) == made["origin"]["init"]
    assert init("new", [postgres_of(made)]) == made["origin"]["init"]
    assert init("new", [{"kind": "Postgres", "metadata": {"name": "new"}}], made["origin"]) == {}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"backup": "b"},
            "postgres_cluster_restore.backup is 'b' (string): leave it out, as KubeDB restores to a time",
        ),
        ({"target_lsn": "0/5"}, "postgres_cluster_restore.target_lsn is '0/5' (string): leave it out"),
        ({"target_xid": 5}, "postgres_cluster_restore.target_xid is 5 (integer): leave it out"),
        ({"target_name": "before"}, "postgres_cluster_restore.target_name is 'before' (string): leave it out"),
        ({"all_wal": True}, "postgres_cluster_restore.all_wal is true (boolean): leave it out"),
        ({"all_wal": "no"}, ""),
        ({"timeline": 2}, "postgres_cluster_restore.timeline is 2 (integer): leave it out"),
        (
            {"exclusive": True, "target_time": "2026-11-25T21:00:00Z"},
            "postgres_cluster_restore.exclusive is true (boolean): leave it out",
        ),
        ({"server_name": "old-1"}, "as KubeDB finds backups by the Repository that is named after the source"),
        ({"source_namespace": "other"}, "postgres_cluster_restore.source_namespace is 'other' (string): leave it out"),
        ({"target_time": "2026-11-25T21:00:00.5Z"}, "give whole seconds"),
        ({"target_time": "2026-11-25T21:00:00Z", "source_namespace": "demo"}, ""),
        ({"target_time": "2026-11-25T21:00:00Z", "exclusive": "false"}, ""),
    ],
)
def test_what_kubedb_cannot_do_is_one_sentence_that_names_the_variable(asked: dict[str, Any], said: str) -> None:
    variables = {
        "postgres_cluster_name": "new",
        "postgres_cluster_namespace": "demo",
        "postgres_cluster_operator": "kubedb",
        "postgres_cluster_version": "17.9",
        "postgres_cluster_restore": {"source": "old", **asked},
    }
    problems = [*restore_checks(variables), *kubedb.input_problems(variables)]
    assert len(problems) == bool(said)
    assert all(said in problem for problem in problems)


@pytest.mark.parametrize(
    ("status", "done", "failed", "words"),
    [
        ({}, False, False, "not begun"),
        ({"phase": "DataRestoring"}, False, False, "DataRestoring"),
        ({"phase": "Ready"}, True, False, "Ready"),
        ({"phase": "Provisioning", "conditions": [{"type": "DataRestored", "status": "True"}]}, True, False, None),
        (
            {
                "phase": "DataRestoring",
                "conditions": [
                    {
                        "type": "DataRestored",
                        "status": "False",
                        "reason": "FailedToRestoreData",
                        "message": "Failed to restore data\nby initializer",
                    }
                ],
            },
            False,
            True,
            "DataRestoring (Failed to restore data by initializer)",
        ),
    ],
)
def test_progress(status: dict[str, Any], done: bool, failed: bool, words: str | None) -> None:
    found = kubedb.restore_progress([{"kind": "Postgres", "status": status}])
    assert (found["done"], found["failed"], found["waits"]) == (done, failed, not done and not failed)
    assert found["runs"] is found["waits"]
    assert words is None or found["words"] == words
