# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""backup.yml and restore.yml with KubeDB: the order, the objects, what is said. The stand-in moves no data.

Its name has it run after the module that makes the cluster, and after the requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, time_limit, until
from kubedb_stand_in import KubeDB, play, running_system, written

STAND_IN = "stand-in.pgha.kubernetes"
NEW = "restored-postgres"
# Of the object store there is only the name.
SECRETS = {
    "kept-s3": ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    "kept-restic": ["RESTIC_PASSWORD"],
}
BACKUP = {
    "endpoint": "https://s3.example.com",
    "bucket": "backups",
    "credentials_secret": "kept-s3",
    "encryption_secret": "kept-restic",
}
ONE = {"postgres_cluster_instances": 1, "postgres_cluster_synchronous": {"number": 0}}


@pytest.fixture(scope="module")
def kubedb() -> Iterator[KubeDB]:
    with running_system() as made:
        where = f"--namespace={made.namespace}"
        for name, keys in SECRETS.items():
            made.kubectl(where, "create", "secret", "generic", name, *(f"--from-literal={key}=x" for key in keys))
        yield made
        made.kubectl(where, "delete", "secrets", "--ignore-not-found", *SECRETS)


@pytest.fixture(scope="module")
def run(kubedb: KubeDB) -> Callable[..., Run]:
    """Run a playbook on the cluster with backups, and with the version that the runbooks before may have brought."""
    [postgres] = kubedb.get("postgreses.kubedb.com", kubedb.name)
    kept = {"postgres_cluster_version": postgres["spec"]["version"], "postgres_cluster_backup": BACKUP}

    def with_backups(name: str, *arguments: str, more: tuple[Path, ...] = (), **variables: Any) -> Run:
        return play(name, *arguments, more=more, variables={**kept, **variables})

    return with_backups


@pytest.fixture(scope="module")
def run_new(run: Callable[..., Run]) -> Callable[..., Run]:
    """Run a playbook on the host that is made from the backups."""
    inventory = written("restored.json", json.dumps({"postgres_clusters": {"hosts": {NEW: ONE}}}))

    def on_new(name: str, *arguments: str, restore: dict[str, Any] | None = None, **variables: Any) -> Run:
        asked = {"source": "kept-postgres", "pgpool": False, **(restore or {})}
        given = {**variables, **({} if restore is None else {"postgres_cluster_restore": asked})}
        return run(name, f"--limit={NEW}", *arguments, more=(inventory,), **given)

    return on_new


def sessions(kubedb: KubeDB) -> dict[str, str]:
    """Return the phase of each BackupSession."""
    found = kubedb.get("backupsessions.core.kubestash.com")
    return {item["metadata"]["name"]: (item.get("status") or {}).get("phase", "") for item in found}


def annotate(kubedb: KubeDB, key: str, value: str) -> None:
    where = [f"--namespace={kubedb.namespace}", "annotate", "--overwrite", "postgreses.kubedb.com", kubedb.name]
    kubedb.kubectl(*where, f"{STAND_IN}/{key}={value}")


def postgres(kubedb: KubeDB, name: str) -> dict[str, Any]:
    [found] = kubedb.get("postgreses.kubedb.com", name)
    return found


def test_a_backup_before_site_has_set_them_up_is_refused(kubedb: KubeDB, run: Callable[..., Run]) -> None:
    refused = run("backup")
    assert refused.rc != 0
    assert "has no backups yet: run site.yml first" in refused.said
    assert sessions(kubedb) == {}


def test_site_sets_backups_up(kubedb: KubeDB, run: Callable[..., Run]) -> None:
    made = run("site")
    assert made.rc == 0, made.output
    kind = "backupconfigurations.core.kubestash.com"
    until(
        lambda: [item for item in kubedb.get(kind) if item["metadata"]["name"] == f"{kubedb.name}-backup-config"],
        time_limit(60, 300),
        "the archiver has its BackupConfiguration",
    )
    again = run("site")
    assert (again.rc, again.changed) == (0, 0), again.output


def test_a_restore_without_a_base_backup_is_refused(run_new: Callable[..., Run]) -> None:
    refused = run_new("restore", restore={})
    assert refused.rc != 0
    assert "it has no base backup that has completed; make one by backup.yml" in refused.said


def test_check_mode_makes_none(kubedb: KubeDB, run: Callable[..., Run]) -> None:
    checked = run("backup", "--check")
    assert checked.rc == 0, checked.output
    assert "Would make a base backup of kept-postgres in s3://backups/" in checked.said
    assert sessions(kubedb) == {}


def test_a_backup(kubedb: KubeDB, run: Callable[..., Run], say: Callable[[str], None]) -> None:
    made = run("backup")
    assert made.rc == 0, made.output
    say(f"backup.yml took {made.seconds:.0f} s")
    [(name, phase)] = sessions(kubedb).items()
    assert phase == "Succeeded"
    assert f"{name} has completed" in made.said
    snapshot = f"kept-postgres-full-{name.rpartition('-')[2]}"
    assert f"{snapshot} in the Repository kept-postgres-full" in made.said


def test_a_backup_that_fails_ends_the_run_with_the_operator_s_words(kubedb: KubeDB, run: Callable[..., Run]) -> None:
    words = "the stand-in was told to fail: no space left in the bucket"
    annotate(kubedb, "fail-next-backup", words)
    failed = run("backup")
    assert failed.rc != 0
    assert f"has not completed: Failed: {words}" in failed.said
    assert sorted(sessions(kubedb).values()) == ["Failed", "Succeeded"]


def test_one_that_goes_on_is_taken_up_by_the_next_run(kubedb: KubeDB, run: Callable[..., Run]) -> None:
    annotate(kubedb, "backup-seconds", "90")
    stopped = run("backup", postgres_cluster_backup_timeout=5)
    assert stopped.rc != 0
    assert "has not completed within 5 s (postgres_cluster_backup_timeout): Running" in stopped.said
    [name] = [name for name, phase in sessions(kubedb).items() if phase == "Running"]
    next_one = run("backup")
    assert next_one.rc == 0, next_one.output
    assert f"The BackupSession {name} is Running. This run waits for it, and makes no other." in next_one.said
    assert sorted(sessions(kubedb).values()) == ["Failed", "Succeeded", "Succeeded"]
    annotate(kubedb, "backup-seconds", "2")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"target_lsn": "0/5000060"}, "postgres_cluster_restore.target_lsn is '0/5000060' (string): leave it out"),
        ({"backup": "kept-postgres-1"}, "postgres_cluster_restore.backup is 'kept-postgres-1' (string): leave it out"),
        ({"target_time": "2020-05-01T00:00:00Z"}, "the oldest base backup that is kept is of"),
    ],
)
def test_what_cannot_be_restored_is_refused(
    kubedb: KubeDB, run_new: Callable[..., Run], asked: dict[str, str], words: str
) -> None:
    refused = run_new("restore", restore=asked)
    assert refused.rc != 0
    assert words in refused.said
    names = [item["metadata"]["name"] for item in kubedb.get("postgreses.kubedb.com")]
    assert names == [kubedb.name]


def test_a_restore(kubedb: KubeDB, run_new: Callable[..., Run], say: Callable[[str], None]) -> None:
    source = postgres(kubedb, kubedb.name)
    made = run_new("restore", restore={})
    assert made.rc == 0, made.output
    assert "Tables of its first database: " in made.said
    say(f"restore.yml took {made.seconds:.0f} s")
    new = postgres(kubedb, NEW)
    archiver = new["spec"]["init"]["archiver"]
    assert archiver["fullDBRepository"] == {"name": "kept-postgres-full", "namespace": kubedb.namespace}
    assert archiver["manifestRepository"]["name"] == "kept-postgres-manifest"
    assert archiver["encryptionSecret"]["name"] == "kept-restic"
    # The newest is up to when WAL is archived.
    assert datetime.fromisoformat(archiver["recoveryTimestamp"]) <= datetime.now(UTC)
    assert (new["spec"]["init"]["initialized"], new["status"]["phase"]) == (True, "Ready")
    written_down = json.loads(new["metadata"]["annotations"]["pgha.kubernetes/restored"])
    assert written_down["source"] == kubedb.name
    # Nothing is written to the source.
    assert postgres(kubedb, kubedb.name)["metadata"]["generation"] == source["metadata"]["generation"]


def test_the_same_restore_again_changes_nothing(run_new: Callable[..., Run]) -> None:
    again = run_new("restore", restore={"query": "SELECT 1", "expect": "1"})
    assert (again.rc, again.changed) == (0, 0), again.output
    assert f"Goes on with {NEW}" in again.said


def test_another_restore_over_it_is_refused(run_new: Callable[..., Run]) -> None:
    time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    refused = run_new("restore", restore={"target_time": time})
    assert refused.rc != 0
    assert "nothing is restored over one that is there" in refused.said


def test_a_later_run_keeps_what_it_was_made_from(kubedb: KubeDB, run_new: Callable[..., Run]) -> None:
    """With the part of site.yml that makes PostgreSQL clusters, as this one has no Pgpool-II."""
    before = postgres(kubedb, NEW)["spec"]
    kept = run_new("postgres_cluster")
    assert (kept.rc, kept.changed) == (0, 0), kept.output
    assert postgres(kubedb, NEW)["spec"] == before


def test_it_goes_with_its_data(kubedb: KubeDB, run_new: Callable[..., Run]) -> None:
    gone = run_new("teardown", teardown_confirm=NEW, teardown_keep_data=False)
    assert gone.rc == 0, gone.output
    names = [item["metadata"]["name"] for item in kubedb.get("postgreses.kubedb.com")]
    assert names == [kubedb.name]
