# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup, a table that is dropped, a cluster as it was before that, and a drill: with a real MinIO.

The tests run in their order: each goes on with what the one before it left.
"""

from __future__ import annotations

import json
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import conftest
import pytest
import yaml
from conftest import (
    INVENTORIES,
    ROOT,
    WITH_STATS,
    Cluster,
    Run,
    deployer_kubeconfig,
    lent,
    until,
)

# `make limits` restores 1 GB.
ROWS = 16_000_000 if os.environ.get("PGHA_BENCH") else 1000
# With these rights, a backup is made and restored, and with those a drill (deploy/rbac/README.md).
RIGHTS = [("", "deployer"), ("", "lookup"), ("backup-test", "postgres"), ("backup-test", "backup")]
DRILL_RIGHTS = [("", "deployer"), ("", "lookup"), ("", "restore-drill")]
IMAGE = "ghcr.io/cloudnative-pg/postgresql:17-system-trixie"
LIMIT = ("--limit", "saved")
RESTORED = ("--limit", "restored")

run_playbook = partial(conftest.run_playbook, inventories=[*INVENTORIES, ROOT / "molecule/backup/inventory"])


@pytest.fixture(scope="module")
def saved() -> Cluster:
    return Cluster(name="saved", namespace="backup-test")


@pytest.fixture(scope="module")
def restored() -> Cluster:
    return Cluster(name="restored", namespace="backup-test")


@pytest.fixture(scope="module")
def before_the_drop() -> dict[str, str]:
    return {}


@pytest.fixture
def as_deployer(saved: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Yield the variables with which a playbook runs with some rights and no other, RIGHTS where a test names none."""
    files = getattr(request, "param", RIGHTS)
    with lent(saved, *files):
        yield {
            "pgha_k8s_auth": {"kubeconfig": deployer_kubeconfig(saved, tmp_path)},
            "postgres_cluster_create_namespace": False,
        }


@pytest.fixture(scope="module", autouse=True)
def gone_afterwards() -> Iterator[None]:
    """Leave the cluster as the next scenario expects it."""
    yield
    Cluster().kubectl("delete", "namespace", "backup-test", "object-store", "--ignore-not-found", "--timeout=170s")


def passed(run: Run) -> Run:
    assert run.rc == 0, run.output
    return run


def restore_variables(**asked: Any) -> dict[str, Any]:
    return {"postgres_cluster_restore": {"source": "saved", "query": "SELECT count(*) FROM goods", **asked}}


def test_wal_reaches_the_object_store(saved: Cluster) -> None:
    def archived() -> bool:
        [cluster] = saved.get("clusters.postgresql.cnpg.io", saved.name)
        conditions = {item["type"]: item["status"] for item in cluster["status"]["conditions"]}
        return conditions.get("ContinuousArchiving") == "True"

    until(archived, 120, "WAL is archived")


def in_the_bucket(saved: Cluster, script: str) -> str:
    """Run Python in an instance, with `s3` as the user of the bucket, and return what it prints."""
    client = (
        "import sys, boto3\n"
        "s3 = boto3.client('s3', endpoint_url='http://minio.object-store.svc:9000', region_name='us-east-1',\n"
        "  aws_access_key_id='backup', aws_secret_access_key=sys.stdin.read())\n"
    )
    [secret] = saved.get("secrets", "hot-postgres-backup")
    password = b64decode(secret["data"]["ACCESS_SECRET_KEY"]).decode()
    where = [f"--namespace={saved.namespace}", "exec", "--stdin", saved.primary(), "--container=postgres", "--"]
    return saved.kubectl(*where, "python3", "-c", client + script, text=password)


def test_the_user_of_the_bucket_may_use_nothing_else(saved: Cluster) -> None:
    tries = "try:\n  s3.create_bucket(Bucket='another')\nexcept Exception as exc:\n  print(exc)\n"
    assert "AccessDenied" in in_the_bucket(saved, "s3.list_objects_v2(Bucket='backups')\n" + tries)


def test_backups_are_made_by_the_schedule(saved: Cluster, say: Callable[[str], None]) -> None:
    def completed() -> set[str]:
        selector = f"cnpg.io/scheduled-backup={saved.name}"
        found = saved.get("backups.postgresql.cnpg.io", f"--selector={selector}")
        return {item["metadata"]["name"] for item in found if item.get("status", {}).get("phase") == "completed"}

    first = until(completed, 180, "the first one is made at once")
    # A mapping that is given replaces the inventory's.
    store = yaml.safe_load((ROOT / "molecule/backup/inventory/group_vars/backed_up.yml").read_text())
    often = {**store["postgres_cluster_backup"], "schedule": "* * * * *"}
    passed(run_playbook("postgres_cluster", *LIMIT, variables={"postgres_cluster_backup": often}))
    began = time.monotonic()
    until(lambda: completed() - first, 180, "another one is made within a minute")
    say(f"a backup by the schedule of each minute after {time.monotonic() - began:.0f} s")
    passed(run_playbook("postgres_cluster", *LIMIT))


def test_what_is_in_the_bucket_is_encrypted(saved: Cluster) -> None:
    script = (
        "keys = [one['Key'] for one in s3.list_objects_v2(Bucket='backups', Prefix='test/saved/')['Contents']]\n"
        "how = {s3.head_object(Bucket='backups', Key=key).get('ServerSideEncryption') for key in keys}\n"
        "kinds = {key.split('/')[2] for key in keys}\n"
        "print(sorted(kinds), how)\n"
    )
    assert in_the_bucket(saved, script).strip() == "['base', 'wals'] {'AES256'}"


def test_check_mode_makes_no_backup(saved: Cluster) -> None:
    before = len(saved.get("backups.postgresql.cnpg.io"))
    assert passed(run_playbook("backup", *LIMIT, "--check")).changed == 1
    assert len(saved.get("backups.postgresql.cnpg.io")) == before


def test_a_backup_now(
    saved: Cluster, as_deployer: dict[str, Any], before_the_drop: dict[str, str], say: Callable[[str], None]
) -> None:
    saved.on_instance(
        f"CREATE TABLE goods AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, {ROWS}) AS g"
    )
    saved.on_instance("GRANT SELECT ON goods TO app")
    run = passed(run_playbook("backup", *LIMIT, variables=as_deployer, environment=WITH_STATS, timeout=1800))
    result = run.stats["backup"]["saved"]
    assert result["archive"] == "s3://backups/test/saved"
    assert result["id"]
    assert result["end_lsn"]
    before_the_drop["backup"] = result["name"]
    say(f"backup: {result['seconds']} s")


def test_a_drop_after_the_backup(saved: Cluster, before_the_drop: dict[str, str]) -> None:
    # After the backup, so that recovery has to replay WAL.
    saved.on_instance("UPDATE goods SET name = 'changed' WHERE id <= 10")
    time.sleep(1.5)
    before_the_drop["time"] = saved.on_instance(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    )
    time.sleep(1.5)
    saved.on_instance("DROP TABLE goods")
    segment = saved.on_instance("SELECT pg_walfile_name(pg_switch_wal())")

    def archived() -> bool:
        return saved.on_instance("SELECT last_archived_wal FROM pg_stat_archiver") >= segment

    until(archived, 120, "the WAL with the drop is archived")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"source": "nobody", "target_time": "2026-01-01T00:00:00Z", "target_lsn": "0/5"},
            "give one of them, where recovery ends",
        ),
        ({"target_time": "2099-01-01T00:00:00Z"}, "that is still to come"),
        ({"backup": "nothing"}, "there is no such Backup that has completed"),
        ({"target_time": "yesterday"}, "give a time with its zone, in quotes"),
    ],
)
def test_refused_before_anything_is_written(restored: Cluster, asked: dict[str, Any], message: str) -> None:
    run = run_playbook("restore", *RESTORED, variables=restore_variables(**asked))
    assert run.rc != 0
    assert message in run.output.replace("\n", " ")
    assert run.changed == 0
    assert restored.get("clusters.postgresql.cnpg.io", f"--field-selector=metadata.name={restored.name}") == []


def test_nothing_is_restored_over_a_cluster_that_is_there() -> None:
    run = run_playbook("restore", *LIMIT, variables=restore_variables(source="other"))
    assert run.rc != 0
    assert "nothing is restored over one that is there" in run.said


def test_check_mode_restores_nothing(restored: Cluster, before_the_drop: dict[str, str]) -> None:
    asked = restore_variables(target_time=before_the_drop["time"])
    passed(run_playbook("restore", *RESTORED, "--check", variables=asked))
    assert restored.get("clusters.postgresql.cnpg.io", f"--field-selector=metadata.name={restored.name}") == []


def test_restored_to_before_the_drop(
    saved: Cluster,
    restored: Cluster,
    as_deployer: dict[str, Any],
    before_the_drop: dict[str, str],
    say: Callable[[str], None],
) -> None:
    source = saved.get("clusters.postgresql.cnpg.io", saved.name)[0]["spec"]
    asked = as_deployer | restore_variables(target_time=before_the_drop["time"], expect=str(ROWS))
    run = passed(run_playbook("restore", *RESTORED, variables=asked, environment=WITH_STATS, timeout=1200))
    result = run.stats["restore"]["restored"]
    assert result["answer"] == str(ROWS)
    assert result["newest_transaction"] < before_the_drop["time"].replace("T", " ")
    size = restored.on_instance("SELECT pg_size_pretty(pg_database_size('app'))")
    say(f"restore of {size}: {result['seconds']} s, newest {result['newest_transaction']}, stopped {result['stopped']}")
    assert restored.on_instance("SELECT count(*) FROM goods WHERE name = 'changed'") == "10"
    # The source is as it was.
    assert saved.get("clusters.postgresql.cnpg.io", saved.name)[0]["spec"] == source
    assert saved.on_instance("SELECT to_regclass('goods') IS NULL") == "t"


def test_the_users_have_the_passwords_of_the_new_cluster(restored: Cluster) -> None:
    # Through Pgpool-II, with the password of the Secret restored-app.
    assert restored.sql("SELECT count(*) AS count FROM goods") == [{"count": str(ROWS)}]


def folder(of: Cluster) -> str:
    """Return the folder of its backups in the bucket, where it has not the name of the cluster."""
    [cluster] = of.get("clusters.postgresql.cnpg.io", of.name)
    return cluster["spec"].get("backup", {}).get("barmanObjectStore", {}).get("serverName", "")


def test_it_archives_into_a_folder_of_its_own(restored: Cluster) -> None:
    own = folder(restored)
    assert own.startswith("restored-")
    # Also where there are no backups for a while.
    passed(run_playbook("postgres_cluster", *RESTORED, variables={"postgres_cluster_backup": {}}))
    assert folder(restored) == ""
    passed(run_playbook("postgres_cluster", *RESTORED))
    assert folder(restored) == own


@pytest.mark.parametrize("name", ["postgres_cluster", "pgpool"])
def test_site_yml_changes_nothing_afterwards(name: str) -> None:
    for arguments in ((), ("--check",)):
        run = passed(run_playbook(name, *RESTORED, *arguments))
        assert run.changed == 0, run.output


def test_the_same_restore_again_changes_nothing(before_the_drop: dict[str, str]) -> None:
    asked = restore_variables(target_time=before_the_drop["time"], expect=str(ROWS))
    run = passed(run_playbook("restore", *RESTORED, variables=asked, environment=WITH_STATS))
    assert run.changed == 0, run.output
    assert run.stats["restore"]["restored"]["resumed"] is True


def test_an_answer_that_was_not_expected_fails(before_the_drop: dict[str, str]) -> None:
    run = run_playbook(
        "restore", *RESTORED, variables=restore_variables(target_time=before_the_drop["time"], expect="7")
    )
    assert run.rc != 0
    assert "(expected: 7)" in run.said


def restored_as(name: str, more: dict[str, Any] | None = None, **asked: Any) -> tuple[Run, Cluster]:
    """Restore under another name, and without Pgpool-II."""
    restore = {"source": "saved", "pgpool": False, **asked}
    variables = {"postgres_cluster_name": name, "postgres_cluster_restore": restore, **(more or {})}
    run = passed(run_playbook("restore", *RESTORED, variables=variables, environment=WITH_STATS, timeout=1200))
    return run, Cluster(name=name, namespace="backup-test")


def test_the_newest_state_and_backups_that_come_later() -> None:
    gone = "SELECT to_regclass('goods') IS NULL"
    # Without backups, the image would be one without Barman.
    none = {"postgres_cluster_backup": {}, "postgres_cluster_image": IMAGE}
    run, made = restored_as("restored-newest", none, query=gone, expect="t")
    assert run.stats["restore"]["restored"]["answer"] == "t"
    assert made.on_instance(gone) == "t"
    named = {"postgres_cluster_name": made.name}
    passed(run_playbook("postgres_cluster", *RESTORED, variables=named))
    run = passed(run_playbook("backup", *RESTORED, variables=named, environment=WITH_STATS, timeout=900))
    # Not into the folder of its name, where a cluster that was deleted may have left some.
    assert folder(made).startswith("restored-newest-")
    assert run.stats["backup"]["restored"]["archive"] == f"s3://backups/test/{folder(made)}"
    assert passed(run_playbook("postgres_cluster", *RESTORED, variables=named)).changed == 0
    made.kubectl("--namespace=backup-test", "delete", "clusters.postgresql.cnpg.io", made.name)


def test_a_named_backup_and_without_a_query_the_rows_of_each_table(before_the_drop: dict[str, str]) -> None:
    run, made = restored_as("restored-backup", backup=before_the_drop["backup"])
    tables = run.stats["restore"]["restored"]["tables"]
    assert tables == [{"table": "public.goods", "counted": True, "rows": ROWS}]
    assert f"Tables of its first database: 1, with {ROWS} rows." in run.said
    # Before the change of ten rows, which came after the backup.
    assert made.on_instance("SELECT count(*), count(*) FILTER (WHERE name = 'changed') FROM goods") == f"{ROWS}|0"
    made.kubectl("--namespace=backup-test", "delete", "clusters.postgresql.cnpg.io", made.name)


def test_check_mode_makes_no_drill(saved: Cluster) -> None:
    assert passed(run_playbook("restore_drill", *LIMIT, "--check")).changed == 1
    assert "saved-drill" not in {item["metadata"]["name"] for item in saved.get("namespaces", everywhere=True)}


@pytest.mark.parametrize("as_deployer", [DRILL_RIGHTS], indirect=True, ids=["with the rights for it alone"])
def test_a_drill_proves_it_and_leaves_a_metric(
    saved: Cluster, as_deployer: dict[str, Any], say: Callable[[str], None]
) -> None:
    saved.on_instance("CREATE TABLE more AS SELECT g AS id FROM generate_series(1, 500) AS g")
    run = passed(run_playbook("restore_drill", *LIMIT, variables=as_deployer, environment=WITH_STATS, timeout=1200))
    result = run.stats["restore_drill"]["saved"]
    assert (result["compared"], result["rows"], result["moving"]) == (1, 500, [])
    say(f"drill: {result['seconds']} s, restore {result['restore_seconds']} s")
    names = {item["metadata"]["name"] for item in saved.get("namespaces", everywhere=True)}
    assert "saved-drill" not in names

    def metric() -> list[dict[str, Any]]:
        return saved.promql('cnpg_pgha_restore_drill_proven_timestamp_seconds{namespace="backup-test"}')

    [found] = until(metric, 120, "Prometheus has the time of the proof")
    assert time.time() - float(found["value"][1]) < 600


def test_a_second_run_changes_nothing() -> None:
    run = passed(run_playbook("postgres_cluster", *LIMIT))
    assert run.changed == 0, run.output


def test_another_key_of_the_object_store_is_taken_up_by_a_run(saved: Cluster) -> None:
    [secret] = saved.get("secrets", "hot-postgres-backup")
    good = secret["data"]["ACCESS_SECRET_KEY"]

    def given(key: str) -> None:
        patch = json.dumps({"data": {"ACCESS_SECRET_KEY": key}})
        saved.kubectl("--namespace=backup-test", "patch", "secrets", "hot-postgres-backup", f"--patch={patch}")
        assert passed(run_playbook("postgres_cluster", *LIMIT)).changed == 1

    def failures() -> int:
        return int(saved.on_instance("SELECT failed_count FROM pg_stat_archiver"))

    before = failures()
    # Nothing but the run changes the Cluster: the operator does not look at that Secret.
    given(b64encode(b"revoked").decode())
    segment = saved.on_instance("SELECT pg_walfile_name(pg_switch_wal())")
    until(lambda: failures() > before, 120, "the object store refuses the key")
    given(good)
    until(lambda: saved.on_instance("SELECT last_archived_wal FROM pg_stat_archiver") >= segment, 120, "it is archived")
    assert passed(run_playbook("postgres_cluster", *LIMIT)).changed == 0


def test_a_cluster_that_is_lost_comes_back_under_its_name(saved: Cluster) -> None:
    saved.on_instance("CREATE TABLE kept AS SELECT g AS id FROM generate_series(1, 700) AS g")
    segment = saved.on_instance("SELECT pg_walfile_name(pg_switch_wal())")
    until(lambda: saved.on_instance("SELECT last_archived_wal FROM pg_stat_archiver") >= segment, 120, "it is archived")
    # What is left is the bucket, and the ScheduledBackup, which nothing owns.
    delete = ["--namespace=backup-test", "delete", "--ignore-not-found"]
    saved.kubectl(*delete, "clusters.postgresql.cnpg.io", saved.name)
    saved.kubectl(*delete, "backups.postgresql.cnpg.io", "--all")
    until(lambda: not saved.get("pods", "--selector=cnpg.io/cluster=saved"), 120, "its pods are gone")
    asked = restore_variables(query="SELECT count(*) FROM kept", expect="700", pgpool=False)
    passed(run_playbook("restore", *LIMIT, variables=asked, timeout=1200))
    own = folder(saved)
    assert own.startswith("saved-")

    def begun() -> bool:
        found = saved.get("backups.postgresql.cnpg.io", f"--selector=cnpg.io/scheduled-backup={saved.name}")
        made = [item.get("status", {}) for item in found]
        return any((one.get("phase"), one.get("serverName")) == ("completed", own) for one in made)

    until(begun, 180, "a base backup is made in its folder at once")
    assert passed(run_playbook("postgres_cluster", *LIMIT)).changed == 0


def test_a_backup_that_fails_says_why(saved: Cluster) -> None:
    saved.kubectl("--namespace=object-store", "scale", "deployment", "minio", "--replicas=0")
    run = run_playbook("backup", *LIMIT, variables={"postgres_cluster_backup_timeout": 90}, timeout=900)
    assert run.rc != 0
    said = run.said
    assert "has not completed" in said or "is not archived" in said
