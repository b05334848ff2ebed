# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What postgres_cluster writes for backups and restores, against the schemas of the kinds."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import trust_as_template
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import patch_for, with_annotation
from program import program
from strict_schema import violations
from test_kubedb_manifests import ROOT, evaluate, manifests, plain, template

FIXTURES = ROOT / "tests/unit/fixtures/cloudnativepg"
# The operator's release manifest holds its schemas; it is large, and there once the images were built.
RELEASE = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "pgha/built/cloudnative-pg-operator/manifest.yaml"
)
[ANOTHER_ARCHIVE_BLOCK] = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/another_archive.yml").read_text())
ANOTHER_ARCHIVE = ANOTHER_ARCHIVE_BLOCK["block"]
WARNINGS = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/preflight_warn.yml").read_text())
FOUND = {"metrics": {"port": 9187, "port_name": "metrics", "selector": {}}}
STORE = {
    "endpoint": "https://s3.example.com",
    "bucket": "backups",
    "path": "production/eu/",
    "credentials_secret": "hot-postgres-backup",
}
WIDE: dict[str, dict[str, Any]] = {
    "least": {"bucket": "backups", "credentials_secret": "s3"},
    "usual": STORE,
    "by a role": {"bucket": "backups", "iam_role": True},
    "all": {
        **STORE,
        "region": "eu-central-1",
        "access_key": "id",
        "secret_key": "key",
        "ca_secret": "s3-ca",
        "ca_key": "tls.crt",
        "schedule": "*/30 * * * 1-5",
        "retention": "4w",
        "compression": "snappy",
        "encryption": "AES256",
    },
}


BY_PLUGIN = {**STORE, "method": "plugin"}
CHECKSUMS = [
    {"name": name, "value": "when_required"}
    for name in ("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION")
]


def made(backup: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    result = plain(
        manifests(operator="cloudnativepg", postgres_cluster_backup=backup, __postgres_cluster_found=FOUND, **changes)
    )
    return json.loads(json.dumps(result))


KUBESTASH: dict[str, dict[str, Any]] = {
    "least": {"bucket": "backups", "credentials_secret": "s3", "encryption_secret": "restic"},
    "all": {**STORE, "region": "eu-central-1", "retention": "6m", "encryption_secret": "restic"},
}
# Where the schemas are that KubeDB and KubeStash publish, by kind.
PUBLISHED = {
    "BackupStorage": "backupstorages.storage.kubestash.com.yaml",
    "RetentionPolicy": "retentionpolicies.storage.kubestash.com.yaml",
    "PostgresArchiver": "archiver.kubedb.com_postgresarchivers.yaml",
    "BackupConfiguration": "backupconfigurations.core.kubestash.com.yaml",
    "BackupSession": "backupsessions.core.kubestash.com.yaml",
    "Postgres": "kubedb.com_postgreses.yaml",
}
ARCHIVER = {
    "recoveryTimestamp": "2026-11-25T21:04:05Z",
    "fullDBRepository": {"name": "old-full", "namespace": "demo"},
    "manifestRepository": {"name": "old-manifest", "namespace": "demo"},
    "encryptionSecret": {"name": "restic", "namespace": "demo"},
}


def published(item: dict[str, Any]) -> dict[str, Any]:
    file = program("molecule/kubedb_crds.py").PUBLISHED / PUBLISHED[item["kind"]]
    if not file.is_file():
        pytest.skip(f"the published schema is not at {file}")
    versions = yaml.safe_load(file.read_text())["spec"]["versions"]
    version = item["apiVersion"].rpartition("/")[2]
    return next(one["schema"]["openAPIV3Schema"] for one in versions if one["name"] == version)


def own(item: dict[str, Any]) -> dict[str, Any]:
    version = item["apiVersion"].rpartition("/")[2]
    return yaml.safe_load((ROOT / f"tests/unit/fixtures/kubedb/{item['kind'].lower()}-{version}.yml").read_text())


def by_kubedb(backup: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    return json.loads(json.dumps(plain(manifests(operator="kubedb", postgres_cluster_backup=backup, **changes))))


def restored_by_kubedb() -> list[dict[str, Any]]:
    """Return what the role writes for a cluster that is made from backups."""
    origin = {"init": {"archiver": ARCHIVER}}
    return by_kubedb(KUBESTASH["least"], __postgres_cluster_restore_plan={"origin": origin})


def backup_session() -> dict[str, Any]:
    """Return what asks for a backup now."""
    plan = {
        "name": "hot-postgres-1795640645",
        "configuration": {"name": "hot-postgres-backup-config", "uid": "1234"},
        "session": "full-backup",
    }
    known = {
        "operator": "kubedb",
        "postgres_cluster_backup": KUBESTASH["least"],
        "__postgres_cluster_backup_plan": plan,
    }
    return json.loads(json.dumps(plain(template("kubedb/backup-session.yml.j2", **known))))


def all_by_kubedb(backup: dict[str, Any]) -> list[dict[str, Any]]:
    return [*by_kubedb(backup), backup_session()]


@pytest.mark.parametrize("schema_of", [own, published])
@pytest.mark.parametrize("kind", PUBLISHED)
@pytest.mark.parametrize("backup", KUBESTASH.values(), ids=KUBESTASH)
def test_the_objects_are_what_kubedb_and_kubestash_take(
    kind: str, backup: dict[str, Any], schema_of: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    item = of_kind(kind, all_by_kubedb(backup))
    assert list(violations(item, schema_of(item))) == []


@pytest.mark.parametrize("schema_of", [own, published])
@pytest.mark.parametrize("kind", PUBLISHED)
def test_a_misspelt_field_is_seen(kind: str, schema_of: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    item = of_kind(kind, all_by_kubedb(KUBESTASH["all"]))
    item["spec"]["misspelt"] = 1
    assert list(violations(item, schema_of(item))) == [".spec.misspelt is not known"]


@pytest.mark.parametrize("schema_of", [own, published])
def test_a_restored_cluster_of_kubedb(schema_of: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    postgres = of_kind("Postgres", restored_by_kubedb())
    assert postgres["spec"]["init"] == {"archiver": ARCHIVER}
    # Its own backups are its own.
    assert postgres["spec"]["archiver"]["ref"]["name"] == "hot-postgres"
    assert list(violations(postgres, schema_of(postgres))) == []
    postgres["spec"]["init"]["archiver"]["misspelt"] = 1
    assert list(violations(postgres, schema_of(postgres))) == [".spec.init.archiver.misspelt is not known"]


def test_a_later_run_of_kubedb_s_keeps_init() -> None:
    """Init cannot be changed from then on: with what KubeDB added to it, nothing is to be written."""
    [wanted] = [item for item in restored_by_kubedb() if item["kind"] == "Postgres"]
    there = with_annotation(wanted)
    there = {**there, "spec": {**wanted["spec"], "init": {"archiver": ARCHIVER, "initialized": True}}}
    [again] = [
        item for item in by_kubedb(KUBESTASH["least"], __postgres_cluster_objects=[there]) if item["kind"] == "Postgres"
    ]
    assert again["spec"]["init"] == wanted["spec"]["init"]
    assert patch_for(again, there) == {}


def test_kubedb_recovers_before_the_job_that_makes_users_begins() -> None:
    kinds = [
        item["kind"]
        for item in evaluate(
            "{{ __postgres_cluster_main_manifests }}", operator="kubedb", postgres_cluster_backup=KUBESTASH["least"]
        )
    ]
    assert kinds == ["BackupStorage", "RetentionPolicy", "PostgresArchiver", "Postgres"]


def test_the_backup_of_kubedb_s_that_is_asked_for() -> None:
    item = backup_session()
    assert item["metadata"]["labels"]["pgha.kubernetes/cluster"] == "hot-postgres"
    [owner] = item["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("BackupConfiguration", "hot-postgres-backup-config", "1234")
    assert item["spec"] == {
        "invoker": {
            "apiGroup": "core.kubestash.com",
            "kind": "BackupConfiguration",
            "name": "hot-postgres-backup-config",
        },
        "session": "full-backup",
        "retryLeft": 0,
    }


def test_kubedb_gets_them_in_the_order_that_it_wants() -> None:
    objects = by_kubedb(KUBESTASH["all"])
    kinds = [item["kind"] for item in objects]
    assert kinds == [
        "BackupStorage",
        "RetentionPolicy",
        "PostgresArchiver",
        "Postgres",
        "ConfigMap",
        "Job",
        "BackupConfiguration",
    ]
    postgres, archiver = of_kind("Postgres", objects), of_kind("PostgresArchiver", objects)
    selector = archiver["spec"]["databases"]["selector"]["matchLabels"]
    assert selector.items() <= postgres["metadata"]["labels"].items()
    assert postgres["spec"]["archiver"] == {"ref": {"name": "hot-postgres", "namespace": "demo"}}
    # Months, not minutes.
    assert of_kind("RetentionPolicy", objects)["spec"]["maxRetentionPeriod"] == "6mo"


def test_names_that_yaml_makes_numbers_of_stay_texts() -> None:
    numbers = {"path": "2026", "region": "1"}
    store = of_kind("BackupStorage", by_kubedb({**KUBESTASH["least"], **numbers}))["spec"]["storage"]["s3"]
    assert (store["prefix"], store["region"]) == ("2026", "1")
    for region in ("1", 1):
        cluster = of_kind("Cluster", made({**WIDE["least"], "region": region, "env": {"N": 2}}))
        assert cluster["spec"]["env"] == [{"name": "AWS_DEFAULT_REGION", "value": "1"}, {"name": "N", "value": "2"}]


def of_kind(kind: str, objects: list[dict[str, Any]]) -> dict[str, Any]:
    [found] = [item for item in objects if item["kind"] == kind]
    return found


def schema(kind: str) -> dict[str, Any]:
    if kind == "ObjectStore":
        return yaml.safe_load((FIXTURES / "objectstore.yml").read_text())
    if not RELEASE.is_file():
        pytest.skip(
            f"the operator's manifest is not at {RELEASE}: make demo or make test build it where nothing is pulled"
        )
    for item in yaml.load_all(RELEASE.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if item and item["kind"] == "CustomResourceDefinition" and item["spec"]["names"]["kind"] == kind:
            return item["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", ["Cluster", "ScheduledBackup"])
@pytest.mark.parametrize("method", ["built_in", "plugin"])
def test_the_objects_are_what_the_operator_publishes(kind: str, method: str) -> None:
    of = schema(kind)
    for backup in WIDE.values():
        assert list(violations(of_kind(kind, made({**backup, "method": method})), of)) == []


@pytest.mark.parametrize("backup", WIDE.values(), ids=WIDE)
def test_the_object_store_is_what_the_plugin_documents(backup: dict[str, Any]) -> None:
    assert list(violations(of_kind("ObjectStore", made({**backup, "method": "plugin"})), schema("ObjectStore"))) == []


def test_what_is_wrong_is_seen() -> None:
    wrong = of_kind("ObjectStore", made({**STORE, "method": "plugin"}))
    wrong["spec"]["configuration"]["serverName"] = "x"
    assert list(violations(wrong, schema("ObjectStore"))) == [".spec.configuration.serverName is not known"]


def test_built_in() -> None:
    cluster = of_kind("Cluster", made(STORE))
    assert cluster["spec"]["imageName"].endswith(":17-system-trixie")
    assert cluster["spec"]["backup"] == {
        "retentionPolicy": "30d",
        "barmanObjectStore": {
            "destinationPath": "s3://backups/production/eu",
            "endpointURL": "https://s3.example.com",
            "s3Credentials": {
                "accessKeyId": {"name": "hot-postgres-backup", "key": "ACCESS_KEY_ID"},
                "secretAccessKey": {"name": "hot-postgres-backup", "key": "ACCESS_SECRET_KEY"},
            },
            "data": {"compression": "gzip"},
            "wal": {"compression": "gzip"},
        },
    }
    assert {"plugins", "externalClusters"} & set(cluster["spec"]) == set()
    assert cluster["spec"]["env"] == CHECKSUMS
    assert "env" not in of_kind("Cluster", made(WIDE["least"]))["spec"]
    assert of_kind("ScheduledBackup", made(STORE))["spec"] == {
        "cluster": {"name": "hot-postgres"},
        "schedule": "0 0 2 * * *",
        "immediate": True,
        "backupOwnerReference": "cluster",
        "method": "barmanObjectStore",
    }


def test_plugin() -> None:
    objects = made({**WIDE["all"], "method": "plugin"})
    # What the Cluster refers to comes first.
    assert [item["kind"] for item in objects] == ["ObjectStore", "Cluster", "ScheduledBackup", "Service"]
    cluster = of_kind("Cluster", objects)
    assert cluster["spec"]["imageName"].endswith(":17-standard-trixie")
    assert cluster["spec"]["plugins"] == [
        {
            "name": "barman-cloud.cloudnative-pg.io",
            "enabled": True,
            "isWALArchiver": True,
            "parameters": {"barmanObjectName": "hot-postgres"},
        }
    ]
    assert {"backup", "env"} & set(cluster["spec"]) == set()
    store = of_kind("ObjectStore", objects)["spec"]
    region = {"name": "AWS_DEFAULT_REGION", "value": "eu-central-1"}
    assert store["instanceSidecarConfiguration"] == {"env": [region, *CHECKSUMS]}
    assert store["configuration"]["endpointCA"] == {"name": "s3-ca", "key": "tls.crt"}
    assert store["configuration"]["wal"] == {"compression": "snappy", "encryption": "AES256"}


def test_overrides_of_the_plugin_s_object_store() -> None:
    resources = {"limits": {"cpu": "1", "memory": "512Mi"}}
    configuration = {"destinationPath": "s3://other/", "wal": {"maxParallel": 4}}
    overrides = {
        "spec": {"configuration": configuration, "instanceSidecarConfiguration": {"resources": resources}},
    }
    objects = made(BY_PLUGIN, postgres_cluster_object_store_overrides=overrides)
    assert [item["kind"] for item in objects] == ["ObjectStore", "Cluster", "ScheduledBackup", "Service"]
    store = objects[0]
    assert store["spec"]["instanceSidecarConfiguration"] == {"env": CHECKSUMS, "resources": resources}
    assert store["spec"]["configuration"]["wal"] == {"compression": "gzip", "maxParallel": 4}
    assert list(violations(store, schema("ObjectStore"))) == []
    place = "s3://other at https://s3.example.com"
    assert objects[1]["metadata"]["annotations"]["pgha.kubernetes/destination"] == place


def test_without_backups_nothing_is_said_of_them() -> None:
    objects = made({})
    assert [item["kind"] for item in objects] == ["Cluster", "Service"]
    assert {"backup", "plugins", "monitoring", "externalClusters", "env"} & set(objects[0]["spec"]) == set()


RECOVERY = {"source": "old", "database": "app", "owner": "app", "secret": {"name": "new-app"}}


@pytest.mark.parametrize("restored", [False, True])
def test_overrides_of_how_it_is_made_are_for_a_cluster_without_a_source(restored: bool) -> None:
    origin = {
        "bootstrap": {"recovery": RECOVERY},
        "server_name": "",
        "major": "17",
        "kept": {},
        "external_clusters": [],
    }
    plan = {"origin": {**origin, "database": "app", "owner": "app"}} if restored else {}
    bootstrap = {"initdb": {"locale": "C.UTF-8"}, **({"recovery": {"owner": "other"}} if restored else {})}
    overrides = {"spec": {"bootstrap": bootstrap, "logLevel": "debug"}}
    spec = made({}, postgres_cluster_overrides=overrides, __postgres_cluster_restore_plan=plan)[0]["spec"]
    assert spec["logLevel"] == "debug"
    if restored:
        assert spec["bootstrap"] == {"recovery": {**RECOVERY, "owner": "other"}}
    else:
        assert spec["bootstrap"]["initdb"]["locale"] == "C.UTF-8"


def test_initdb_is_told_what_the_operator_publishes() -> None:
    asked = {
        "encoding": "UTF8",
        "locale": "C",
        "locale_provider": "icu",
        "collate": "C",
        "ctype": "C",
        "icu_locale": "de-DE",
        "builtin_locale": "C.UTF-8",
        "wal_segment_size": "64",
    }
    cluster = of_kind("Cluster", made({}, postgres_cluster_initdb=asked))
    assert len(cluster["spec"]["bootstrap"]["initdb"]) == len(asked) + 4
    assert list(violations(cluster, schema("Cluster"))) == []


@pytest.mark.parametrize(("method", "kind"), [("built_in", "barmanObjectStore"), ("plugin", "plugin")])
def test_a_restored_cluster_has_a_folder_of_its_own(method: str, kind: str) -> None:
    origin = {
        "bootstrap": {"recovery": {"source": "old", "database": "app", "owner": "app", "secret": {"name": "new-app"}}},
        "database": "app",
        "owner": "app",
        "external_clusters": [{"name": "old", kind: {}}],
        "server_name": "hot-postgres-20261125210405",
        "major": "17",
        "kept": {},
    }
    cluster = of_kind("Cluster", made({**STORE, "method": method}, __postgres_cluster_restore_plan={"origin": origin}))
    assert cluster["spec"]["bootstrap"] == origin["bootstrap"]
    assert cluster["spec"]["externalClusters"] == origin["external_clusters"]
    if method == "plugin":
        assert cluster["spec"]["plugins"][0]["parameters"]["serverName"] == origin["server_name"]
    else:
        assert cluster["spec"]["backup"]["barmanObjectStore"]["serverName"] == origin["server_name"]


def folder(cluster: dict[str, Any]) -> str | None:
    spec = cluster["spec"]
    of_plugin = [plugin["parameters"].get("serverName") for plugin in spec.get("plugins", [])]
    return [*of_plugin, spec.get("backup", {}).get("barmanObjectStore", {}).get("serverName")][0]


def archives(cluster: dict[str, Any]) -> Any:
    return json.loads(cluster["metadata"]["annotations"].get("pgha.kubernetes/archives", "null"))


@pytest.mark.parametrize("method", ["built_in", "plugin"])
def test_a_cluster_keeps_where_its_backups_are(method: str) -> None:
    backup = {**STORE, "method": method}
    first = of_kind("Cluster", made(backup))
    assert (folder(first), archives(first)) == (None, {"17": "hot-postgres"})

    def again(item: dict[str, Any], backups: dict[str, Any], running: int = 17) -> dict[str, Any]:
        """Return what is written of a cluster that was applied as this."""
        status = {"pgDataImageInfo": {"majorVersion": running}}
        there = {**with_annotation(item), "status": status}
        there["metadata"] = {**there["metadata"], "uid": "ab12cd34-5678"}
        return of_kind("Cluster", made(backups, __postgres_cluster_objects=[there]))

    assert again(first, backup) == first
    off = again(first, {})
    assert (folder(off), archives(off)) == (None, {"17": "hot-postgres"})
    assert again(off, backup) == first
    upgraded = again(first, backup, running=18)
    both = {"17": "hot-postgres", "18": "hot-postgres-ab12cd34-18"}
    assert (folder(upgraded), archives(upgraded)) == ("hot-postgres-ab12cd34-18", both)
    assert again(upgraded, backup, running=18) == upgraded
    never = of_kind("Cluster", made({}))
    assert archives(never) is None
    later = again(never, backup)
    own = ("hot-postgres-ab12cd34-17", {"17": "hot-postgres-ab12cd34-17"})
    assert (folder(later), archives(later)) == own
    # In another object store, and while backups are off before that.
    place = "pgha.kubernetes/destination"
    assert first["metadata"]["annotations"][place] == "s3://backups/production/eu at https://s3.example.com"
    assert off["metadata"]["annotations"][place] == first["metadata"]["annotations"][place]
    assert place not in never["metadata"]["annotations"]
    for before in (first, off, upgraded):
        moved = again(before, {**backup, "bucket": "other"})
        assert (folder(moved), archives(moved)) == own
        assert moved["metadata"]["annotations"][place] == "s3://other/production/eu at https://s3.example.com"
        assert again(moved, {**backup, "bucket": "other"}) == moved


@pytest.mark.parametrize(
    ("changes", "another"),
    [
        ({}, False),
        ({"postgres_cluster_version": "18"}, True),
        ({"postgres_cluster_version": 18.1}, True),
        ({"postgres_cluster_version": "18", "postgres_cluster_backup": {}}, False),
        ({"postgres_cluster_version": "18", "operator": "kubedb"}, False),
        # The run before was killed once PostgreSQL was another.
        ({"postgres_cluster_version": "18", "running": 18}, True),
        # Into another object store, but not through another door.
        ({"postgres_cluster_backup": {**STORE, "path": "other"}}, True),
        ({"postgres_cluster_backup": {**STORE, "endpoint": "https://other"}}, True),
        ({"postgres_cluster_backup": {**STORE, "credentials_secret": "other", "region": "x"}}, False),
    ],
)
def test_a_base_backup_is_made_of_what_begins_in_another_folder(changes: dict[str, Any], another: bool) -> None:
    given = {"operator": "cloudnativepg", "postgres_cluster_backup": STORE, "running": 17, **changes}
    item = with_annotation(of_kind("Cluster", made(STORE)))
    there = {**item, "status": {"pgDataImageInfo": {"majorVersion": given.pop("running")}}}
    found = {**FOUND, "exists": True}
    expression = "{{ __postgres_cluster_is_another_archive }}"
    assert evaluate(expression, __postgres_cluster_objects=[there], __postgres_cluster_found=found, **given) is another


DUE = "pgha.kubernetes/base-backup-due"


@pytest.mark.parametrize("method", ["built_in", "plugin"])
@pytest.mark.parametrize("change", ["another bucket", "another major version"])
def test_a_base_backup_is_due_until_one_has_completed(method: str, change: str) -> None:
    backup = {**STORE, "method": method}
    running = 18 if change == "another major version" else 17
    goes_to = {**backup, "bucket": "other"} if running == 17 else backup
    first = of_kind("Cluster", made(backup))
    assert DUE not in first["metadata"]["annotations"]

    def again(
        item: dict[str, Any],
        backups: dict[str, Any],
        expression: str = "__postgres_cluster_is_another_archive",
        **more: Any,
    ) -> tuple[dict[str, Any], bool]:
        """Return what is written of a cluster that was applied as this, and whether a base backup comes after it."""
        there = {**with_annotation(item), "status": {"pgDataImageInfo": {"majorVersion": running}}}
        there["metadata"] = {**there["metadata"], "uid": "ab12cd34-5678"}
        known = {"postgres_cluster_version": str(running), "__postgres_cluster_objects": [there], **more}
        found = {**FOUND, "exists": True}
        given = {"operator": "cloudnativepg", "postgres_cluster_backup": backups, "__postgres_cluster_found": found}
        due = evaluate("{{ " + expression + " }}", **given, **known)
        return of_kind("Cluster", made(backups, **known)), due

    def saying(item: dict[str, Any], task: dict[str, Any]) -> bool:
        return again(item, goes_to, expression=task["when"])[1]

    other, due = again(first, goes_to)
    place = f"s3://{goes_to['bucket']}/production/eu at https://s3.example.com"
    assert due
    assert other["metadata"]["annotations"][DUE] == f"hot-postgres-ab12cd34-{running} in {place}"
    # That run was stopped, or its backup failed: the same one writes nothing, makes it, and says so before.
    assert again(other, goes_to) == (other, True)
    [says] = [task for task in WARNINGS if task["name"].endswith("Say that a base backup is due")]
    assert saying(first, says) == (change == "another major version")
    assert saying(other, says) is True
    # It has completed: the mark goes, and stays away.
    [task] = [task for task in ANOTHER_ARCHIVE if task["name"].endswith("Take away the mark that one is due")]
    assert ANOTHER_ARCHIVE[-2]["ansible.builtin.include_tasks"] == "backup.yml"
    assert (ANOTHER_ARCHIVE[-1], task["pgha.kubernetes.apply"]["definition"]) == (
        task,
        "{{ __postgres_cluster_main_manifests }}",
    )
    after, _ = again(other, goes_to, **task["vars"])
    assert patch_for(after, with_annotation(other))["metadata"]["annotations"][DUE] is None
    assert after["spec"] == other["spec"]
    assert again(after, goes_to) == (after, False)
    # So it does where backups are switched off, as the first one of those that come back is made at once.
    off, due = again(other, {})
    assert (DUE in off["metadata"]["annotations"], due) == (False, False)
    assert again(off, goes_to) == (after, False)
    # Back to the first place, where WAL has a gap by now.
    first_place = backup if change == "another bucket" else {**backup, "bucket": "third"}
    back, due = again(other, first_place)
    assert due
    assert f" in s3://{first_place['bucket']}/production/eu at " in back["metadata"]["annotations"][DUE]


def test_a_cluster_that_had_its_base_backup_long_ago_has_none_due() -> None:
    """Also one that has the annotations of another place by now."""
    there = {**with_annotation(of_kind("Cluster", made(STORE))), "status": {"pgDataImageInfo": {"majorVersion": 17}}}
    there["metadata"]["annotations"] |= {
        "pgha.kubernetes/archives": json.dumps({"17": "hot-postgres-ab12cd34-17"}),
        "pgha.kubernetes/destination": "s3://backups/production/eu at https://s3.example.com",
    }
    known = {"__postgres_cluster_objects": [there], "__postgres_cluster_found": {**FOUND, "exists": True}}
    given = {"operator": "cloudnativepg", "postgres_cluster_backup": STORE, **known}
    assert evaluate("{{ __postgres_cluster_base_backup_due }}", **given) == ""
    assert evaluate("{{ __postgres_cluster_is_another_archive }}", **given) is False


VERSION = "pgha.kubernetes/credentials-version"


def read_for_backups(version: str, of_ca: str = "7") -> dict[str, Any]:
    """Return what the preflight has read, as its task registers it."""
    names = {STORE["credentials_secret"]: version, "s3-ca": of_ca}
    secrets = [{"kind": "Secret", "metadata": {"name": name, "resourceVersion": at}} for name, at in names.items()]
    operator = {"kind": "Deployment", "metadata": {"name": "cnpg-controller-manager", "resourceVersion": "9"}}
    results = [{"resources": [secrets[0]]}, {"resources": [secrets[1]]}, {"resources": [operator]}]
    return {"__postgres_cluster_backup_needs": {"results": results}}


def test_a_cluster_changes_with_the_secret_of_its_object_store() -> None:
    """Else the instances would go on with a key that has ended, until something else changes their Cluster."""
    task = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/preflight_backup.yml").read_text())[0]
    assert task["register"] in read_for_backups("1")
    first, same, other = (of_kind("Cluster", made(STORE, **read_for_backups(version))) for version in ("1", "1", "2"))
    assert first["metadata"]["annotations"][VERSION] == "1"
    assert same == first
    assert patch_for(other, with_annotation(first))["metadata"]["annotations"][VERSION] == "2"
    assert other["spec"] == first["spec"]


def test_and_with_that_of_its_ca_where_it_has_one() -> None:
    store = {**STORE, "ca_secret": "s3-ca"}
    made_with = [of_kind("Cluster", made(store, **read_for_backups("1", of_ca))) for of_ca in ("7", "8")]
    assert [cluster["metadata"]["annotations"][VERSION] for cluster in made_with] == ["1-7", "1-8"]


@pytest.mark.parametrize("backup", [{}, BY_PLUGIN, WIDE["by a role"]])
def test_whoever_reads_that_secret_each_time_or_has_none_is_not_changed_with_it(backup: dict[str, Any]) -> None:
    cluster = of_kind("Cluster", made(backup, **read_for_backups("1")))
    assert VERSION not in cluster["metadata"]["annotations"]


def test_overrides_of_the_object_store_are_part_of_where_it_is() -> None:
    overrides = {"spec": {"backup": {"barmanObjectStore": {"destinationPath": "s3://other/"}}}}
    cluster = of_kind("Cluster", made(STORE, postgres_cluster_overrides=overrides))
    place = "s3://other at https://s3.example.com"
    assert cluster["metadata"]["annotations"]["pgha.kubernetes/destination"] == place


def test_a_restored_cluster_has_the_region_of_the_backups_that_it_reads() -> None:
    origin = {"bootstrap": {}, "database": "app", "external_clusters": [], "env": {"AWS_DEFAULT_REGION": "eu-north-1"}}
    origin |= {"server_name": "", "major": "17", "kept": {}}
    plan = {"origin": origin}
    for backup, region, more in (
        ({}, "eu-north-1", []),
        (BY_PLUGIN, "eu-north-1", []),
        (STORE, "eu-north-1", CHECKSUMS),
        (WIDE["all"], "eu-central-1", CHECKSUMS),
    ):
        cluster = of_kind("Cluster", made(backup, __postgres_cluster_restore_plan=plan))
        assert cluster["spec"]["env"] == [{"name": "AWS_DEFAULT_REGION", "value": region}, *more]


def test_what_is_read_for_backups_is_no_more_than_needed() -> None:
    reads = evaluate(
        "{{ __postgres_cluster_backup_reads }}", operator="cloudnativepg", postgres_cluster_backup=WIDE["all"]
    )
    assert [(item["kind"], item.get("name")) for item in reads] == [
        ("Secret", "hot-postgres-backup"),
        ("Secret", "s3-ca"),
        ("Deployment", None),
    ]


def test_the_backup_that_is_asked_for_goes_with_its_cluster() -> None:
    known = {
        "operator": "cloudnativepg",
        "postgres_cluster_backup": STORE,
        "__postgres_cluster_backup_name": "hot-postgres-20261125210405",
        "__postgres_cluster_uid_found": "1234",
    }
    item = json.loads(json.dumps(plain(template("cloudnativepg/backup.yml.j2", **known))))
    [owner] = item["metadata"]["ownerReferences"]
    assert owner == {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "hot-postgres", "uid": "1234"}
    assert list(violations(item, schema("Backup"))) == []


def test_the_proof_of_a_restore_is_a_query_that_answers_with_constants() -> None:
    known = {
        "operator": "cloudnativepg",
        "postgres_cluster_backup": STORE,
        "__postgres_cluster_drill": {"compared": 5, "rows": 1000},
        "__postgres_cluster_drill_seconds": "39.5",
        "__postgres_cluster_uid_found": "1234",
    }
    item = template("cloudnativepg/drill-metrics.yml.j2", **known)
    queries = yaml.safe_load(item["data"]["queries"])["pgha_restore_drill"]
    assert re.fullmatch(
        r"SELECT [0-9]{10} AS proven_timestamp_seconds, 39.5 AS restore_seconds, 5 AS tables, 1000 AS rows",
        queries["query"],
    )
    names = [name for metric in queries["metrics"] for name in metric]
    assert names == ["proven_timestamp_seconds", "restore_seconds", "tables", "rows"]
    # The Cluster names it.
    cluster = of_kind("Cluster", made(STORE))
    named = cluster["spec"]["monitoring"]["customQueriesConfigMap"]
    assert {"name": item["metadata"]["name"], "key": "queries"} in named


@pytest.mark.parametrize(("namespace", "free"), [("demo", True), ("other", False), (None, False)])
def test_a_drill_deletes_the_namespace_of_a_drill_of_its_own(namespace: str | None, free: bool) -> None:
    labels = {"pgha.kubernetes/drill": namespace, "pgha.kubernetes/cluster": "hot-postgres"} if namespace else {}
    [task] = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/restore_drill_refuse.yml").read_text())
    found = {"resources": [{"metadata": {"labels": {"kubernetes.io/metadata.name": "x", **labels}}}]}
    known = {"operator": "cloudnativepg", "__postgres_cluster_drill_found": found}
    has = evaluate(task["vars"]["__postgres_cluster_has"], **known)
    judge = f"{{{{ {task['ansible.builtin.assert']['that']} }}}}"
    assert evaluate(judge, **known, __postgres_cluster_has=has) is free


def test_the_namespace_of_a_drill_gets_copies_of_the_secrets() -> None:
    secret = {"metadata": {"name": "s3", "uid": "1"}, "type": "Opaque", "data": {"key": "eA=="}}
    found = {"results": [{"resources": [secret]}, {"resources": []}]}
    known = {"operator": "cloudnativepg", "__postgres_cluster_drill_secrets": found}
    [copy] = template("drill-secrets.yml.j2", **known)
    assert copy["metadata"] == {"name": "s3", "namespace": "hot-postgres-drill"}
    assert copy["data"] == {"key": "eA=="}


def test_what_is_known_of_a_restored_cluster() -> None:
    known = {
        "operator": "cloudnativepg",
        "postgres_cluster_restore": {"source": "old", "source_namespace": "other"},
        "__postgres_cluster_restore_began": "0",
        "__postgres_cluster_restore_plan": {"words": "old as it was"},
        "__postgres_cluster_restore_end": {
            "newest": "then",
            "stopped": "",
            "lsn": "0/7",
            "timeline": 2,
            "log_read": True,
        },
    }
    reads = evaluate("{{ __postgres_cluster_source_reads }}", **known)
    assert [(item["kind"], item["namespace"]) for item in reads] == [("Cluster", "other"), ("Backup", "other")]
    now = evaluate("{{ __postgres_cluster_restored_now | to_json }}", **known)
    assert json.loads(now)["newest_transaction"] == "then"
    before = "{{ __postgres_cluster_restored_before is mapping }}"
    assert evaluate(before, **known) is False
    cluster = {"metadata": {"annotations": {"pgha.kubernetes/restored": now}}}
    assert evaluate(before, **known, __postgres_cluster_objects=[cluster]) is True
    assert evaluate(before, **known, __postgres_cluster_objects=[{"metadata": {}}]) is False


def test_what_a_drill_asks() -> None:
    known = {"operator": "cloudnativepg", "__postgres_cluster_drill_lsn": "0/5000060"}
    assert "pg_walfile_name('0/5000060')" in evaluate("{{ __postgres_cluster_drill_archived_sql }}", **known)
    # What was written is read of all tables before the first one is counted.
    assert "n_tup_ins" in evaluate("{{ __postgres_cluster_drill_tables_sql }}", **known)


@pytest.mark.parametrize(
    ("operator", "before", "leavers"),
    [
        ("cloudnativepg", STORE, ["ScheduledBackup"]),
        ("cloudnativepg", {**STORE, "method": "plugin"}, ["ScheduledBackup"]),
        ("kubedb", KUBESTASH["least"], ["BackupConfiguration", "PostgresArchiver"]),
    ],
)
def test_what_makes_backups_goes_where_there_are_to_be_none(
    operator: str, before: dict[str, Any], leavers: list[str]
) -> None:
    def going(objects: list[dict[str, Any]], backup: dict[str, Any], **changes: Any) -> list[str]:
        known = {"__postgres_cluster_objects": objects, "postgres_cluster_backup": backup, **changes}
        kinds = "{{ __postgres_cluster_backup_leavers | map(attribute='kind') | list }}"
        return evaluate(kinds, operator=operator, **known)

    objects = made(before) if operator == "cloudnativepg" else by_kubedb(before)
    assert going(objects, {}) == leavers
    assert going(objects, before) == []
    # Once the main object has none, there is nothing to look for.
    assert going(made({}) if operator == "cloudnativepg" else by_kubedb({}), {}) == []


def test_backups_that_overrides_ask_for_stay() -> None:
    overrides = {"spec": {"backup": {"barmanObjectStore": {"destinationPath": "s3://own"}}}}
    known = {"__postgres_cluster_objects": made(STORE), "postgres_cluster_overrides": overrides}
    assert evaluate("{{ __postgres_cluster_backup_leavers }}", operator="cloudnativepg", **known) == []


def test_what_makes_backups_goes_before_the_evidence_does() -> None:
    tasks = [task["name"] for task in yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/apply.yml").read_text())]
    off = "Apply | Take back what makes backups, where there are to be none any longer"
    assert tasks.index(off) < tasks.index("Apply | Apply the manifests")


@pytest.mark.parametrize(
    ("changes", "goes"),
    [
        ({}, ["ScheduledBackup"]),
        ({"postgres_cluster_backup": BY_PLUGIN}, ["ScheduledBackup"]),
        # It has met that of a cluster that is there, whose base backups go on.
        ({"__postgres_cluster_found": {**FOUND, "exists": True}}, []),
        # Nothing is written to take its place.
        ({"postgres_cluster_backup": {}}, []),
        ({"operator": "kubedb", "postgres_cluster_backup": KUBESTASH["least"]}, []),
    ],
)
def test_what_made_backups_of_a_cluster_that_is_gone_makes_none_of_the_new_one(
    changes: dict[str, Any], goes: list[str]
) -> None:
    """CloudNativePG makes a base backup at once for a ScheduledBackup that it has not met, which outlives a Cluster."""
    tasks = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/apply.yml").read_text())
    files = [task.get("ansible.builtin.include_tasks") for task in tasks]
    begins = tasks[files.index("backup_anew.yml")]
    assert tasks.index(begins) < [task["name"] for task in tasks].index("Apply | Apply the manifests")
    refuses, task = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/backup_anew.yml").read_text())
    # One that something else made, of another cluster, is refused before anything of that name is deleted.
    assert (refuses["check_mode"], refuses["changed_when"]) == (True, False)
    assert refuses["pgha.kubernetes.apply"]["only_own"] is True
    assert task["ansible.builtin.include_tasks"] == "backup_off.yml"
    known = {"operator": "cloudnativepg", "postgres_cluster_backup": STORE, **changes}
    known = {"__postgres_cluster_found": {**FOUND, "exists": False}, **known}
    runs = evaluate("{{ " + begins["when"] + " }}", **known)
    gone = evaluate(task["vars"]["__postgres_cluster_backup_leavers"], **known) if runs else []
    assert [item["kind"] for item in gone] == goes
    refusable = evaluate(refuses["pgha.kubernetes.apply"]["definition"], **known) if runs else []
    assert [item["kind"] for item in refusable] == goes
    # What is applied instead asks for one at once.
    asks = [item["spec"]["immediate"] for item in made(STORE) if item["kind"] in goes]
    assert asks == [True for _kind in goes]


def test_parameters_are_waited_for_before_the_cluster_is_read_anew_for_another_archive() -> None:
    """That there are other ones is seen by what the cluster was before."""
    main = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/main.yml").read_text())
    [block] = [task["block"] for task in main if "block" in task]
    files = [task.get("ansible.builtin.include_tasks") for task in block]
    assert files.index("apply.yml") < files.index("parameters.yml") < files.index("another_archive.yml")


@pytest.mark.parametrize("replaced", [[], ["app"]])
def test_a_base_backup_that_is_due_does_not_come_between_postgresql_and_pgpool(replaced: list[str]) -> None:
    """Where users get new passwords, and the object store lets nobody in, Pgpool-II would keep the old ones."""
    main = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/main.yml").read_text())
    [block] = [task["block"] for task in main if "block" in task]
    begins, says = (
        next(task for task in block if task["name"].startswith(name)) for name in ("Begin", "Say that the next")
    )
    annotations = {DUE: "hot-postgres in s3://backups at https://s3.example.com"}
    there = {"kind": "Cluster", "metadata": {"name": "hot-postgres", "annotations": annotations}, "spec": {}}
    known = {
        "operator": "cloudnativepg",
        "postgres_cluster_backup": STORE,
        "postgres_cluster_state": "present",
        "ansible_check_mode": False,
        "__postgres_cluster_found": {**FOUND, "exists": True},
        "__postgres_cluster_objects": [there],
        "__postgres_cluster_replaced": replaced,
    }
    assert evaluate("{{ " + begins["when"] + " }}", **known) is not bool(replaced)
    assert evaluate("{{ " + says["when"] + " }}", **known) is bool(replaced)
    rescue = ANOTHER_ARCHIVE_BLOCK["rescue"][0]["ansible.builtin.fail"]["msg"]
    failed = {"ansible_failed_result": {"msg": "WAL is not archived"}, "__postgres_cluster_plan": []}
    assert "WAL is not archived\nWhere a run before this one" in evaluate(
        rescue, **known | failed | {"__postgres_cluster_replaced": []}
    )


def drill_tasks(file: str) -> list[dict[str, Any]]:
    return yaml.safe_load((ROOT / f"roles/postgres_cluster/tasks/{file}.yml").read_text())


def own_of_a_drill() -> dict[str, Any]:
    """What extra variables are looked for: as what the drill gives, and as what it is compared with."""
    tasks = drill_tasks("restore_drill")
    [check] = [task for task in tasks if "restore_drill_variables.yml" in task.values()]
    [kept] = [fact for task in tasks if (fact := task.get("ansible.builtin.set_fact", {}).get(OWN))]
    assert check["vars"] == kept
    names = [task["name"] for task in tasks]
    assert names.index(check["name"]) < names.index("Restore drill | Take the namespace")
    return check["vars"]


OWN = "__postgres_cluster_drill_own"


def test_a_drill_looks_for_extra_variables_in_place_of_all_that_it_gives() -> None:
    given = drill_tasks("restore_drill_restore")[-1]["vars"]
    # The place in the WAL is known later.
    del given["postgres_cluster_restore"]["target_lsn"]
    # The role's own are left out, which nobody gives.
    assert {name: value for name, value in given.items() if not name.startswith("__")} == own_of_a_drill()


def spec_in_a_drill(**inventory: Any) -> dict[str, Any]:
    """Return the spec of the Cluster that a drill makes, of what the inventory says."""
    text = (ROOT / "roles/postgres_cluster/tasks/restore_drill_restore.yml").read_text()
    given = DataLoader().load(trust_as_template(text))[-1]["vars"]
    source = {"name": "hot-postgres", "namespace": "demo", "image": "r.io/p:17"}
    known = {"operator": "cloudnativepg", "__postgres_cluster_drill_source": source, "__postgres_cluster_found": FOUND}
    origin = {"bootstrap": {"recovery": RECOVERY}, "database": "app", "owner": "app", "server_name": "", "major": "17"}
    plan = {"origin": {**origin, "external_clusters": [{"name": "old", "barmanObjectStore": {}}]}}
    known |= {"__postgres_cluster_drill_lsn": "0/5", "__postgres_cluster_restore_plan": plan}
    objects = plain(manifests(**{**known, **inventory, **given}))
    return json.loads(json.dumps(objects))[0]["spec"]


WITH_CRON = {"postgresql": {"shared_preload_libraries": ["pg_cron"], "parameters": {"work_mem": "8MB"}}}
WORKERS = {"max_logical_replication_workers": 8}


@pytest.mark.parametrize(
    "inventory",
    [
        {},
        {"postgres_cluster_parameters": {**WORKERS, "cron.launch_active_jobs": True}},
        {"postgres_cluster_overrides": {"spec": {"postgresql": {"parameters": WORKERS}}}},
        {"postgres_cluster_overrides": {"spec": WITH_CRON}, "postgres_cluster_parameters": WORKERS},
    ],
)
def test_a_drill_takes_nothing_from_the_publishers_of_its_source(inventory: dict[str, Any]) -> None:
    """A subscription of the copy would take the slot of the source, which never gets what went there."""
    postgresql = spec_in_a_drill(**inventory)["postgresql"]
    quiet = {"max_logical_replication_workers": "0", "cron.launch_active_jobs": "off"}
    assert quiet.items() <= postgresql["parameters"].items()
    # All else is as the inventory has it: a library may have to be there to read the data.
    given = inventory.get("postgres_cluster_overrides", {}).get("spec", {}).get("postgresql", {})
    assert postgresql.get("shared_preload_libraries") == given.get("shared_preload_libraries")
    assert postgresql["parameters"].get("work_mem") == given.get("parameters", {}).get("work_mem")


def test_a_drill_makes_no_backups_whatever_overrides_say_of_them() -> None:
    """What tunes the object store of the source would be all that there is of one."""
    archiver = {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}
    backups = {"backup": {"barmanObjectStore": {"wal": {"maxParallel": 8}}}, "plugins": [archiver]}
    labels = {"metadata": {"labels": {"team": "shop"}}}
    overrides = {**labels, "spec": {**backups, "logLevel": "debug", **WITH_CRON}}
    spec = spec_in_a_drill(postgres_cluster_overrides=overrides, postgres_cluster_backup=STORE)
    assert {"backup", "plugins"} & set(spec) == set()
    assert spec["logLevel"] == "debug"
    assert spec["postgresql"]["shared_preload_libraries"] == ["pg_cron"]
    assert spec["bootstrap"] == {"recovery": RECOVERY}


def test_a_drill_has_certificates_of_its_own() -> None:
    """The Secrets of those of its source are in another namespace, and the operator makes nothing without them."""
    own = {"serverCASecret": "company-ca", "serverTLSSecret": "hot-tls"}
    spec = spec_in_a_drill(postgres_cluster_overrides={"spec": {"certificates": own, "logLevel": "debug"}})
    assert ("certificates" in spec, spec["logLevel"]) == (False, "debug")


SUBSCRIBER = {"kind": "Cluster", "metadata": {"name": "old"}}


@pytest.mark.parametrize(
    ("asked", "sources", "parameters", "warned"),
    [
        ({}, [SUBSCRIBER], {}, True),
        ({}, [SUBSCRIBER], WORKERS, True),
        ({}, [SUBSCRIBER], {"max_logical_replication_workers": 0}, False),
        ({}, [], {}, False),
        ({}, [{"kind": "Backup", "metadata": {"name": "old"}}], {}, False),
        # What has the name of one that is lost is the new one.
        ({"source": "hot-postgres"}, [{"kind": "Cluster", "metadata": {"name": "hot-postgres"}}], {}, False),
        ({"source": "hot-postgres", "source_namespace": "other"}, [], {}, False),
    ],
)
def test_a_restore_beside_its_source_warns_of_what_comes_with_the_data(
    asked: dict[str, str], sources: list[dict[str, Any]], parameters: dict[str, Any], warned: bool
) -> None:
    tasks = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/restore_plan.yml").read_text())
    [warning] = [task for task in tasks if "__postgres_cluster_restore_is_beside" in str(task.get("when"))]
    known = {
        "operator": "cloudnativepg",
        "postgres_cluster_restore": {"source": "old", **asked},
        "postgres_cluster_parameters": parameters,
        "__postgres_cluster_sources": sources,
        "__postgres_cluster_restore_plan": {"resumed": False},
    }
    assert evaluate(f"{{{{ {warning['when']} }}}}", **known) is warned
    resumed = {**known, "__postgres_cluster_restore_plan": {"resumed": True}}
    assert evaluate(f"{{{{ {warning['when']} }}}}", **resumed) is False
    assert "WARNING: " in warning["ansible.builtin.debug"]["msg"][0]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({}, ""),
        ({"postgres_cluster_instances": "1", "postgres_cluster_create_namespace": False}, ""),
        ({"postgres_cluster_image": "r.io/p:17"}, ""),
        (
            {"postgres_cluster_backup": STORE},
            f"postgres_cluster_backup is {json.dumps(STORE)} (mapping) among the extra variables, which win over what "
            "a drill gives the cluster that it restores ({}); take it out of them, and give it in the inventory",
        ),
        ({"postgres_cluster_instances": 3}, "postgres_cluster_instances is 3 (integer) among the extra variables,"),
        (
            {"postgres_cluster_restore": {"source": "other"}},
            'postgres_cluster_restore is {"source": "other"} (mapping)',
        ),
    ],
)
def test_a_drill_refuses_extra_variables_in_place_of_its_own(tmp_path: Path, extra: dict[str, Any], said: str) -> None:
    own = own_of_a_drill()
    file = str(ROOT / "roles/postgres_cluster/tasks/restore_drill_variables.yml")
    play = {
        "name": "Look for extra variables",
        "hosts": "all",
        "gather_facts": False,
        "vars": {
            # What the inventory says, which the drill does not go by.
            "postgres_cluster_instances": 3,
            "postgres_cluster_backup": STORE,
            "postgres_cluster_drill_namespace": "hot-postgres-drill",
            "postgres_cluster_drill_timeout": 3600,
            "__postgres_cluster_drill_source": {"name": "hot-postgres", "namespace": "demo", "image": "r.io/p:17"},
        },
        "tasks": [
            {"name": "Keep it", "ansible.builtin.set_fact": {OWN: own}},
            {"name": "Look for them", "ansible.builtin.include_tasks": file, "vars": own},
        ],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    done = subprocess.run(
        ["ansible-playbook", "--inventory=localhost,", "--connection=local", f"--extra-vars={json.dumps(extra)}",
         str(tmp_path / "play.yml")],
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode != 0) == bool(said), done.stdout
    assert json.dumps(said)[1:-1] in done.stdout
