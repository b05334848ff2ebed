# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores: what is refused, what the new cluster is made with, and what the log of a recovery says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_restore import (
    backup_plan,
    backup_refusals,
    backup_result,
    progress,
    restore,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import recovery_end, restore_checks

BACKUP = {"endpoint": "http://minio:9000", "bucket": "backups", "credentials_secret": "s3"}
STORE = {
    "destinationPath": "s3://backups/",
    "endpointURL": "http://minio:9000",
    "s3Credentials": {
        "accessKeyId": {"name": "s3", "key": "ACCESS_KEY_ID"},
        "secretAccessKey": {"name": "s3", "key": "ACCESS_SECRET_KEY"},
    },
}
CHECKSUMS = {
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
}
SECRET = {"kind": "Secret", "metadata": {"name": "s3"}, "data": {"ACCESS_KEY_ID": "eA==", "ACCESS_SECRET_KEY": "eQ=="}}
SOURCE: dict[str, Any] = {
    "kind": "Cluster",
    "metadata": {"name": "old"},
    "spec": {
        "bootstrap": {"initdb": {"database": "app", "owner": "app"}},
        "backup": {"barmanObjectStore": STORE},
    },
    "status": {
        "lastSuccessfulBackup": "2026-11-25T20:00:00Z",
        "firstRecoverabilityPoint": "2026-11-25T20:00:00Z",
        "pgDataImageInfo": {"majorVersion": 17},
    },
}
MADE = {
    "kind": "Backup",
    "metadata": {"name": "old-1"},
    "spec": {"cluster": {"name": "old"}},
    "status": {"phase": "completed", "backupId": "20261125T200000"},
}


def wanted(**asked: Any) -> dict[str, Any]:
    return {
        "name": "new",
        "namespace": "demo",
        "version": "17",
        "image": "ghcr.io/cloudnative-pg/postgresql:17-system-trixie",
        "databases": [{"name": "app", "owner": "app"}],
        "backup": BACKUP,
        "restore": {"source": "old", **asked},
        "now": "2026-11-25T21:04:05Z",
        "secrets_read": True,
    }


def plan(asked: dict[str, Any], sources: tuple[Any, ...] = (SOURCE, MADE), **changes: Any) -> dict[str, Any]:
    return restore({**wanted(**asked), **changes}, [SECRET], sources)


def test_the_newest() -> None:
    made = plan({})
    assert made["problems"] == []
    assert made["origin"] == {
        "bootstrap": {"recovery": {"source": "old", "database": "app", "owner": "app", "secret": {"name": "new-app"}}},
        "database": "app",
        "owner": "app",
        "external_clusters": [{"name": "old", "barmanObjectStore": {**STORE, "serverName": "old"}}],
        # Never the folder of the source.
        "server_name": "new-20261125210405",
        "major": "17",
        "kept": {},
        "destination": "",
        "moved_from": "",
        "due": "",
        "env": CHECKSUMS,
    }
    assert made["secrets"] == {"s3": ["ACCESS_KEY_ID", "ACCESS_SECRET_KEY"]}
    assert made["words"] == "old (s3://backups/old) as its newest backup and all archived WAL make it"


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ({"target_time": "2026-11-25 21:00:00.5+00:00"}, {"targetTime": "2026-11-25T21:00:00.5+00:00"}),
        ({"target_lsn": "0/5000060"}, {"targetLSN": "0/5000060"}),
        ({"target_xid": 740, "backup": "old-1"}, {"targetXID": "740", "backupID": "20261125T200000"}),
        ({"target_name": "a", "backup": "20261125T200000"}, {"targetName": "a", "backupID": "20261125T200000"}),
        ({"backup": "old-1"}, {"targetImmediate": True, "backupID": "20261125T200000"}),
        ({"backup": "old-1", "all_wal": "false"}, {"targetImmediate": True, "backupID": "20261125T200000"}),
        ({"backup": "old-1", "all_wal": True}, {"backupID": "20261125T200000"}),
        ({"backup": "old-1", "all_wal": "yes", "timeline": 2}, {"backupID": "20261125T200000", "targetTLI": "2"}),
        ({"target_lsn": "0/5", "exclusive": "false"}, {"targetLSN": "0/5"}),
        (
            {"target_lsn": "0/5", "exclusive": True, "timeline": 2},
            {"targetLSN": "0/5", "exclusive": True, "targetTLI": "2"},
        ),
    ],
)
def test_targets(asked: dict[str, Any], target: dict[str, Any]) -> None:
    made = plan(asked)
    assert made["problems"] == []
    assert made["origin"]["bootstrap"]["recovery"]["recoveryTarget"] == target


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"all_wal": True}, "as its newest backup and all archived WAL make it"),
        ({"backup": "old-1"}, "as the backup old-1 has it"),
        ({"backup": "old-1", "all_wal": True}, "as the backup old-1 and all archived WAL make it"),
        ({"backup": "old-1", "target_lsn": "0/5"}, "up to the place in the WAL 0/5, from the backup old-1"),
    ],
)
def test_what_is_restored_in_words(asked: dict[str, Any], said: str) -> None:
    assert plan(asked)["words"] == f"old (s3://backups/old) {said}"
    assert ("recoveryTarget" in plan(asked)["origin"]["bootstrap"]["recovery"]) is ("backup" in asked)


def backup(name: str, stopped: str, **status: Any) -> dict[str, Any]:
    place = {"destinationPath": "s3://backups/", "endpointURL": "http://minio:9000", "serverName": "old"}
    told = {**place, "majorVersion": 17, **status}
    return {**MADE, "metadata": {"name": name}, "status": {**MADE["status"], "stoppedAt": stopped, **told}}


UPGRADED = {
    **SOURCE,
    "metadata": {"name": "old", "uid": "ab12cd34-1"},
    "spec": {**SOURCE["spec"], "backup": {"barmanObjectStore": {**STORE, "serverName": "old-ab12cd34-18"}}},
    "status": {
        "lastSuccessfulBackup": "2026-11-25T20:30:00Z",
        "firstRecoverabilityPoint": "2026-11-25T20:30:00Z",
        "pgDataImageInfo": {"majorVersion": 18},
    },
}
BEFORE = backup("old-before", "2026-11-25T19:00:00Z", endLSN="0/A000000")
AFTER = backup("old-after", "2026-11-25T20:30:00Z", endLSN="0/B000000", majorVersion=18, serverName="old-ab12cd34-18")


@pytest.mark.parametrize(
    ("asked", "version", "folder"),
    [
        ({}, "18", "old-ab12cd34-18"),
        ({"backup": "old-before"}, "17", "old"),
        ({"target_time": "2026-11-25T20:00:00Z"}, "17.6", "old"),
        ({"target_time": "2026-11-25T20:45:00Z"}, "18", "old-ab12cd34-18"),
        ({"target_lsn": "0/AFFFFFF"}, "17", "old"),
        ({"target_lsn": "1/1"}, "18", "old-ab12cd34-18"),
        ({"server_name": "mine"}, "18", "mine"),
    ],
)
def test_a_backup_of_before_a_major_upgrade(asked: dict[str, Any], version: str, folder: str) -> None:
    made = plan(asked, (UPGRADED, BEFORE, AFTER), version=version)
    assert made["problems"] == []
    assert made["origin"]["external_clusters"][0]["barmanObjectStore"]["serverName"] == folder
    other = "18" if version.startswith("17") else "17"
    [problem] = plan(asked, (UPGRADED, BEFORE, AFTER), version=other)["problems"]
    assert problem.startswith(f"postgres_cluster_version is '{other}' (string): the backup old-")
    assert f"is of PostgreSQL {version[:2]}; give {version[:2]}" in problem


@pytest.mark.parametrize(("version", "folder"), [("17", "old"), ("18", "old-ab12cd34-18")])
def test_the_plugin_does_not_say_the_folder_of_a_backup(version: str, folder: str) -> None:
    both = json.dumps({"17": "old", "18": "old-ab12cd34-18"})
    parameters = {"barmanObjectName": "old", "serverName": "old-ab12cd34-18"}
    source = {
        **UPGRADED,
        "metadata": {"name": "old", "annotations": {"pgha.kubernetes/archives": both}},
        "spec": {**SOURCE["spec"], "plugins": [{"name": "barman-cloud.cloudnative-pg.io", "parameters": parameters}]},
    }
    made = backup(
        "old-1", "2026-11-25T20:00:00Z", majorVersion=int(version), destinationPath="", endpointURL="", serverName=""
    )
    planned = plan({}, (source, made), version=version)
    assert planned["problems"] == []
    [external] = planned["origin"]["external_clusters"]
    assert external["plugin"]["parameters"]["serverName"] == folder


def test_a_target_before_each_backup_is_not_called_a_source_without_any() -> None:
    """The plugin does not write into the Cluster what is in the object store."""
    source = {**SOURCE, "status": {}}
    assert plan({"target_time": "2026-11-25T18:00:00Z"}, (source, BEFORE))["problems"] == []
    [problem] = plan({"target_time": "2026-11-25T18:00:00Z"}, (source,))["problems"]
    assert "it has no backup that has completed" in problem


BY_THE_PLUGIN: dict[str, Any] = {
    **SOURCE,
    "metadata": {"name": "old", "annotations": {"pgha.kubernetes/destination": "s3://backups at http://minio:9000"}},
    "spec": {"plugins": [{"name": "barman-cloud.cloudnative-pg.io", "parameters": {"barmanObjectName": "old"}}]},
}


@pytest.mark.parametrize("source", [SOURCE, BY_THE_PLUGIN, None])
@pytest.mark.parametrize("place", [{"destinationPath": "s3://before"}, {"endpointURL": "http://first:9000"}])
def test_a_backup_in_another_object_store_says_where(source: dict[str, Any] | None, place: dict[str, str]) -> None:
    credentials = {"accessKeyId": {"name": "s3", "key": "ACCESS_KEY_ID"}}
    told = {**place, "s3Credentials": credentials, "serverName": "first", "endpointCA": {"name": "s3", "key": "ca"}}
    moved = backup("old-1", "2026-11-25T20:00:00Z", **told)
    later = backup("old-2", "2026-11-25T20:30:00Z")
    sources = [item for item in (source, moved, later) if item]
    for asked in ({"backup": "old-1"}, {"target_time": "2026-11-25T20:15:00Z"}):
        made = plan(asked, tuple(sources))
        [external] = made["origin"]["external_clusters"]
        usual = {"destinationPath": "s3://backups/", "endpointURL": "http://minio:9000"}
        assert external["barmanObjectStore"] == {**usual, **told}
        assert made["secrets"] == {"s3": ["ACCESS_KEY_ID", "ca"]}
    # The folder is that of the object store of now, where it is given.
    [external] = plan({"backup": "old-1", "server_name": "x"}, tuple(sources))["origin"]["external_clusters"]
    parameters = external.get("barmanObjectStore") or external["plugin"]["parameters"]
    assert parameters["serverName"] == "x"
    assert parameters.get("destinationPath", "s3://backups").rstrip("/") == "s3://backups"
    assert plan({}, tuple(sources))["problems"] == []


@pytest.mark.parametrize("source", [SOURCE, BY_THE_PLUGIN])
def test_what_is_not_in_the_object_store_of_now_is_not_called_the_newest(source: dict[str, Any]) -> None:
    sources = (source, backup("old-1", "2026-11-25T20:00:00Z", destinationPath="s3://before"))
    [problem] = plan({}, sources)["problems"]
    assert "its newest backup that has completed, old-1, is in s3://before/old, and its WAL goes to " in problem
    assert "s3://backups at http://minio:9000 by now; make a base backup by backup.yml" in problem
    [problem] = plan({"backup": "old-1", "all_wal": True}, sources)["problems"]
    assert ": the backup old-1 is in s3://before/old, and its WAL goes to s3://backups at " in problem
    for asked in ({"backup": "old-1"}, {"target_time": "2026-11-25T20:15:00Z"}, {"server_name": "old"}):
        assert plan(asked, sources)["problems"] == []


def test_a_source_with_a_folder_of_its_own_is_read_from_there() -> None:
    """In the folder of its name there may be what another cluster of that name had before."""
    own = {"backup": {"barmanObjectStore": {**STORE, "serverName": "old-20260101000000"}}}
    source = {**SOURCE, "spec": {**SOURCE["spec"], **own}}
    [external] = plan({}, (source, MADE))["origin"]["external_clusters"]
    assert external["barmanObjectStore"]["serverName"] == "old-20260101000000"


@pytest.mark.parametrize(("version", "folder"), [("17", "old"), ("18", "old-ab12cd34-18")])
def test_where_no_backup_says_the_folder_it_is_that_of_the_version(version: str, folder: str) -> None:
    both = json.dumps({"17": "old", "18": "old-ab12cd34-18"})
    source = {**UPGRADED, "metadata": {"name": "old", "annotations": {"pgha.kubernetes/archives": both}}}
    [external] = plan({}, (source, MADE), version=version)["origin"]["external_clusters"]
    assert external["barmanObjectStore"]["serverName"] == folder


@pytest.mark.parametrize(("asked", "folder"), [({}, "old"), ({"server_name": "old-2"}, "old-2")])
def test_a_source_that_is_gone_comes_back_through_the_plugin(asked: dict[str, str], folder: str) -> None:
    made = plan(asked, (), backup={**BACKUP, "method": "plugin"})
    assert made["problems"] == []
    assert made["origin"]["external_clusters"] == [
        {
            "name": "old",
            "plugin": {
                "name": "barman-cloud.cloudnative-pg.io",
                "parameters": {"barmanObjectName": "new", "serverName": folder},
            },
        }
    ]


def test_a_backup_of_another_cluster_is_none() -> None:
    other = {**MADE, "metadata": {"name": "other-1"}, "spec": {"cluster": {"name": "other"}}}
    [problem] = plan({"backup": "other-1"}, (SOURCE, MADE, other))["problems"]
    assert problem.startswith("postgres_cluster_restore.backup is 'other-1' (string): there is no such Backup")
    assert "(old-1)" in problem


def test_the_source_may_be_gone() -> None:
    made = plan({"server_name": "old-20260101000000"}, ())
    assert made["problems"] == []
    [external] = made["origin"]["external_clusters"]
    assert external["barmanObjectStore"]["serverName"] == "old-20260101000000"
    assert external["barmanObjectStore"]["destinationPath"] == "s3://backups"


def test_the_region_is_that_of_the_backups() -> None:
    env = [{"name": "TZ", "value": "UTC"}, {"name": "AWS_DEFAULT_REGION", "value": "eu-north-1"}]
    source = {**SOURCE, "spec": {**SOURCE["spec"], "env": env}}
    made = plan({}, (source, MADE), backup={})
    assert made["origin"]["env"] == {**CHECKSUMS, "AWS_DEFAULT_REGION": "eu-north-1"}
    gone = plan({}, (), backup={**BACKUP, "region": "eu-south-1"})
    assert gone["origin"]["env"] == {**CHECKSUMS, "AWS_DEFAULT_REGION": "eu-south-1"}
    # Later runs keep it, as another environment restarts the instances.
    spec = {"bootstrap": made["origin"]["bootstrap"], "env": env}
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": spec})}
    there = {"kind": "Cluster", "metadata": {"name": "new", "annotations": annotations}, "spec": spec}
    assert cloudnativepg.origin("new", [there], [{"name": "app"}])["env"] == {"AWS_DEFAULT_REGION": "eu-north-1"}
    spec["bootstrap"] = {"initdb": {"database": "app", "owner": "app"}}
    annotations["kubectl.kubernetes.io/last-applied-configuration"] = json.dumps({"spec": spec})
    assert cloudnativepg.origin("new", [there], [{"name": "app"}])["env"] == {}


def test_the_object_store_is_reached_as_the_source_reaches_it() -> None:
    given = [
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("TZ", "UTC"),
        ("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported"),
    ]
    env = [{"name": name, "value": value} for name, value in given]
    env.append({"name": "AWS_SESSION_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "token"}}})
    source = {**SOURCE, "spec": {**SOURCE["spec"], "env": env}}
    reached = {**CHECKSUMS, **dict(given)}
    del reached["TZ"]
    assert plan({}, (source, MADE), backup={})["origin"]["env"] == reached
    # The one that is restored by a run that was stopped keeps what it has.
    applied = json.dumps({"spec": {"env": [{"name": "AWS_X", "value": "1"}]}})
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    there = {"kind": "Cluster", "metadata": {"name": "new", "annotations": annotations}}
    again = restore({**wanted(), "backup": {}}, [there, SECRET], (source, MADE))
    assert again["origin"]["env"] == {**reached, "AWS_X": "1"}


def test_through_the_plugin() -> None:
    plugins = [
        {"name": "barman-cloud.cloudnative-pg.io", "parameters": {"barmanObjectName": "store", "serverName": "old-2"}}
    ]
    source = {**SOURCE, "spec": {"plugins": plugins}}
    made = plan({}, (source, MADE), backup={**BACKUP, "method": "plugin"})
    assert made["problems"] == []
    assert made["origin"]["external_clusters"] == [{"name": "old", "plugin": plugins[0]}]
    assert plan({"source_namespace": "other"}, (source, MADE))["problems"] == [
        "postgres_cluster_restore.source is 'old' (string): its ObjectStore is in the namespace other; restore into "
        "that one, or make one here"
    ]


@pytest.mark.parametrize(
    ("asked", "changes", "sources", "said"),
    [
        ({}, {"backup": {}}, (), "the namespace demo has no such cluster, and postgres_cluster_backup is empty"),
        (
            {"backup": "old-2"},
            {},
            (SOURCE, MADE),
            "is 'old-2' (string): there is no such Backup that has completed; give one of those there are (old-1)",
        ),
        ({"target_time": "2026-11-25T22:00:00Z"}, {}, (SOURCE, MADE), "that is still to come"),
        ({"target_time": "2026-11-25T22:00:00Z"}, {}, (MADE,), "that is still to come"),
        ({"target_time": "2026-11-25T22:00:00Z", "source": "new"}, {}, (), "that is still to come"),
        (
            {"target_time": "2026-11-25T19:00:00Z"},
            {},
            (SOURCE, MADE),
            "the oldest backup that is kept ended at 2026-11-25T20:00:00Z",
        ),
        ({}, {"version": "18"}, (SOURCE, MADE), "the backups of old are of PostgreSQL 17; give 17"),
        (
            {},
            {"databases": [{"name": "other", "owner": "app"}]},
            (SOURCE, MADE),
            "the first one of old is 'app' of 'app'",
        ),
        ({}, {"image": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie"}, (SOURCE, MADE), "have no Barman"),
        ({}, {}, ({**SOURCE, "status": {}},), "it has no backup that has completed; make one by backup.yml"),
    ],
)
def test_refused(asked: dict[str, Any], changes: dict[str, Any], sources: tuple[Any, ...], said: str) -> None:
    [problem] = plan(asked, sources, **changes)["problems"]
    assert said in problem


def test_secrets_that_are_not_there() -> None:
    [problem] = restore(wanted(), [], [SOURCE, MADE])["problems"]
    assert problem.startswith("the store of old names the Secret 's3': the namespace demo has none of that name")
    half = {**SECRET, "data": {"ACCESS_KEY_ID": "eA=="}}
    [problem] = restore(wanted(), [half], [SOURCE, MADE])["problems"]
    assert "it lacks ACCESS_SECRET_KEY" in problem


def cluster_of(made: dict[str, Any]) -> dict[str, Any]:
    store = {**STORE, "serverName": made["origin"]["server_name"]}
    spec = {
        "bootstrap": made["origin"]["bootstrap"],
        "externalClusters": made["origin"]["external_clusters"],
        "backup": {"barmanObjectStore": store},
        "env": [{"name": name, "value": value} for name, value in made["origin"]["env"].items()],
    }
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": spec})}
    return {"kind": "Cluster", "metadata": {"name": "new", "annotations": applied}, "spec": spec}


def test_a_cluster_that_is_there_is_not_restored_over() -> None:
    other = {"kind": "Cluster", "metadata": {"name": "new"}, "spec": {"bootstrap": {"initdb": {}}}}
    [problem] = restore(wanted(), [other, SECRET], [SOURCE, MADE])["problems"]
    assert "nothing is restored over one that is there" in problem
    made = cluster_of(plan({"target_lsn": "0/5"}))
    assert restore(wanted(), [made, SECRET], [SOURCE, MADE])["problems"] != []


def test_the_same_restore_goes_on_and_keeps_its_folder() -> None:
    made = cluster_of(plan({"target_lsn": "0/5"}))
    later = restore({**wanted(target_lsn="0/5"), "now": "2026-11-26T00:00:00Z"}, [made], [SOURCE, MADE])
    assert (later["problems"], later["resumed"]) == ([], True)
    assert later["origin"]["server_name"] == "new-20261125210405"


def found(annotations: dict[str, Any], running: int | None = 17, place: str = "", **spec: Any) -> dict[str, Any]:
    told = {
        **({"pgha.kubernetes/destination": place} if place else {}),
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": spec}),
        **({"pgha.kubernetes/archives": json.dumps(annotations)} if annotations else {}),
    }
    status = {"pgDataImageInfo": {"majorVersion": running}} if running else {}
    return {
        "kind": "Cluster",
        "metadata": {"name": "hot", "uid": "ab12cd34-5678-90ab", "annotations": told},
        "spec": spec,
        "status": status,
    }


ARCHIVING = {"backup": {"barmanObjectStore": STORE}}
IN_ANOTHER = {"backup": {"barmanObjectStore": {**STORE, "serverName": "hot-1"}}}
BY_PLUGIN = {"plugins": [{"name": "barman-cloud.cloudnative-pg.io", "parameters": {"serverName": "hot-2"}}]}


@pytest.mark.parametrize(
    ("cluster", "folder", "kept"),
    [
        # It is not there yet: the operator finds out whether the folder of its name is free.
        (None, "", {}),
        (found({}, **ARCHIVING), "", {"17": "hot"}),
        (found({}, **IN_ANOTHER), "hot-1", {"17": "hot-1"}),
        (found({}, **BY_PLUGIN), "hot-2", {"17": "hot-2"}),
        # Backups that come later: the folder of its name may be that of a cluster that was there before it.
        (found({}), "hot-ab12cd34-17", {}),
        (found({}, running=None), "hot-ab12cd34-17", {}),
        # Backups were off for a while.
        (found({"17": "hot-1"}), "hot-1", {"17": "hot-1"}),
        (found({"17": "hot"}), "", {"17": "hot"}),
        # What ran before the upgrade goes on in its folder until PostgreSQL is another.
        (found({"16": "hot"}, running=16, **ARCHIVING), "", {"16": "hot"}),
        (found({"16": "hot"}, **ARCHIVING), "hot-ab12cd34-17", {"16": "hot"}),
        (found({"16": "hot", "17": "hot-3"}, **IN_ANOTHER), "hot-3", {"16": "hot", "17": "hot-3"}),
    ],
)
def test_no_cluster_has_its_backups_where_those_of_another_may_be(
    cluster: dict[str, Any] | None, folder: str, kept: dict[str, str]
) -> None:
    told = cloudnativepg.origin("hot", [cluster] if cluster else [], [{"name": "app"}], version="17.6")
    assert (told["server_name"], told["kept"]) == (folder, kept)


NOW = "s3://backups at http://minio:9000"


@pytest.mark.parametrize(
    ("cluster", "store", "folder", "moved_from"),
    [
        (found({}, **ARCHIVING), STORE, "", ""),
        (found({}, **ARCHIVING), {**STORE, "destinationPath": "s3://backups"}, "", ""),
        # What lets in is no other place.
        (found({}, **ARCHIVING), {**STORE, "s3Credentials": {"inheritFromIAMRole": True}, "endpointCA": {}}, "", ""),
        (found({}, **ARCHIVING), {}, "", ""),
        (found({}, **ARCHIVING), {**STORE, "destinationPath": "s3://other"}, "hot-ab12cd34-17", NOW),
        (found({}, **ARCHIVING), {**STORE, "endpointURL": "https://other:9000"}, "hot-ab12cd34-17", NOW),
        (found({}, **IN_ANOTHER), {**STORE, "destinationPath": "s3://other"}, "hot-ab12cd34-17", NOW),
        (found({"16": "hot"}, running=16, **ARCHIVING), {"destinationPath": "s3://other"}, "hot-ab12cd34-16", NOW),
        # Known by what was written down: with the plugin, after backups were off, where the same has another name.
        (found({"17": "hot"}, place=NOW, **BY_PLUGIN), STORE, "", ""),
        (found({"17": "hot"}, place=NOW, **BY_PLUGIN), {"destinationPath": "s3://other"}, "hot-ab12cd34-17", NOW),
        (found({"17": "hot"}, place=NOW), STORE, "", ""),
        (found({"17": "hot"}, place=NOW), {"destinationPath": "s3://other"}, "hot-ab12cd34-17", ""),
        (found({"17": "hot"}, place="s3://other", **ARCHIVING), {"destinationPath": "s3://other/"}, "", ""),
        # Nothing was written down, and with the plugin the Cluster does not say it.
        (found({"17": "hot"}, **BY_PLUGIN), {"destinationPath": "s3://other"}, "", ""),
    ],
)
def test_in_another_object_store_is_a_folder_that_nobody_else_has(
    cluster: dict[str, Any], store: dict[str, Any], folder: str, moved_from: str
) -> None:
    told = cloudnativepg.origin("hot", [cluster], [{"name": "app"}], version="17.6", store=store)
    assert (told["server_name"], told["moved_from"]) == (folder, moved_from)
    # Folders of other major versions are in the object store of before.
    assert told["kept"] == {} or folder == ""


def test_site_yml_keeps_what_a_restored_cluster_was_made_with() -> None:
    made = plan({"target_lsn": "0/5"})
    kept = cloudnativepg.origin("new", [cluster_of(made)], [{"name": "another"}], version="17.6")
    place = {"destination": "s3://backups at http://minio:9000"}
    assert kept == {**made["origin"], "kept": {"17": "new-20261125210405"}, **place}
    assert cloudnativepg.origin("new", [], [{"name": "app"}], made["origin"]) == made["origin"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target_lsn": "0/5", "target_time": "x"}, ["has target_time and target_lsn (mapping): give one of them"]),
        ({"exclusive": True}, ["exclusive is true (boolean): give the target"]),
        ({"exclusive": "false"}, []),
        ({"all_wal": True, "target_time": "x"}, ["has all_wal and target_time (mapping): give one of them, as"]),
        ({"all_wal": "no", "target_time": "x"}, []),
        ({"all_wal": True, "backup": "b"}, []),
        ({"expect": "1"}, ["give postgres_cluster_restore.query, too"]),
        ({"source": "new"}, []),
        ({"target_xid": 5, "backup": "b", "query": "SELECT 1", "expect": "1"}, []),
    ],
)
def test_variables(given: dict[str, Any], said: list[str]) -> None:
    variables = {
        "postgres_cluster_name": "new",
        "postgres_cluster_namespace": "demo",
        "postgres_cluster_restore": {"source": "old", **given},
    }
    problems = list(restore_checks(variables))
    assert len(problems) == len(said)
    assert all(part in problem for part, problem in zip(said, problems, strict=True))
    assert list(restore_checks({})) == []


@pytest.mark.parametrize(
    ("operator", "given", "said"),
    [
        ("cloudnativepg", {}, []),
        ("kubedb", {}, ["that is the cluster itself"]),
        ("kubedb", {"source_namespace": "other"}, []),
    ],
)
def test_a_name_of_before_is_for_cloudnativepg(operator: str, given: dict[str, Any], said: list[str]) -> None:
    variables = {
        "postgres_cluster_name": "new",
        "postgres_cluster_namespace": "demo",
        "postgres_cluster_operator": operator,
        "postgres_cluster_restore": {"source": "new", **given},
    }
    problems = list(restore_checks(variables))
    assert len(problems) == len(said)
    assert all(part in problem for part, problem in zip(said, problems, strict=True))


def test_a_cluster_that_is_lost_comes_back_under_its_name() -> None:
    asked = wanted(source="new")
    made = restore(asked, [SECRET], [])
    assert made["problems"] == []
    assert made["origin"]["external_clusters"][0]["barmanObjectStore"]["serverName"] == "new"
    assert made["origin"]["server_name"] == "new-20261125210405"
    there = cluster_of(made)
    # The same again, with backups of its own meanwhile: the source that is read is the new one.
    later = {**asked, "now": "2026-11-25T22:00:00Z"}
    again = restore(later, [SECRET, there], [there, {**MADE, "spec": {"cluster": {"name": "new"}}}])
    assert (again["problems"], again["resumed"]) == ([], True)
    assert again["origin"]["server_name"] == "new-20261125210405"
    # Lost once more, with a Backup that is left: it is in the folder that the Backup says.
    later = backup("new-1", "2026-11-25T22:00:00Z", serverName="new-20261125210405")
    later["spec"] = {"cluster": {"name": "new"}}
    lost = restore(asked, [SECRET], [later])
    assert lost["origin"]["external_clusters"][0]["barmanObjectStore"]["serverName"] == "new-20261125210405"
    assert restore(asked, [SECRET, there], [there, later])["resumed"] is True
    [problem] = restore({**asked, "version": "16"}, [SECRET], [later])["problems"]
    assert "the backup new-1 of new is of PostgreSQL 17" in problem
    # One that is not lost stays as it is.
    lives = {**SOURCE, "metadata": {"name": "new"}}
    [problem] = restore(asked, [SECRET, lives], [lives, MADE])["problems"]
    assert "nothing is restored over one that is there" in problem


@pytest.mark.parametrize("target", ["target_xid", "target_name"])
def test_cloudnativepg_begins_with_a_backup_that_is_named_where_none_can_be_chosen(target: str) -> None:
    [problem] = cloudnativepg.input_problems({"postgres_cluster_restore": {"source": "old", target: "7"}})
    assert problem.startswith("postgres_cluster_restore.backup is missing: name the backup to begin with")
    assert not list(cloudnativepg.input_problems({"postgres_cluster_restore": {target: "7", "backup": "b"}}))


def record(severity: str, message: str) -> str:
    return json.dumps({"level": "info", "msg": "record", "record": {"error_severity": severity, "message": message}})


def test_the_log_of_a_recovery() -> None:
    log = "\n".join(
        [
            json.dumps({"level": "info", "msg": "Recovering existing backup"}),
            record("FATAL", "the database system is starting up"),
            record("LOG", "recovery stopping before commit of transaction 740, time 2026-11-25 21:00:01.5+00"),
            record("LOG", "redo done at 0/7000028 system usage: CPU"),
            record("LOG", "last completed transaction was at log time 2026-11-25 20:59:58.1+00"),
            record("LOG", "selected new timeline ID: 2"),
        ]
    )
    assert recovery_end(log) == {
        "newest": "2026-11-25 20:59:58.1+00",
        "stopped": "before commit of transaction 740, time 2026-11-25 21:00:01.5+00",
        "lsn": "0/7000028",
        "timeline": 2,
        "problem": "",
        "unanswered": "",
    }


def said(second: float, message: str, name: str = "", **more: str) -> str:
    """Return a line of CloudNativePG's wal-restore, or of its plugin."""
    of_file = {"walName": name} if name else {}
    time = f"2026-11-25T21:00:{second:06.3f}Z".replace(".000Z", "Z")
    return json.dumps({"level": "info", "ts": time, "msg": message, **of_file, **more})


def by_postgresql(second: float, message: str) -> str:
    return json.dumps({**json.loads(said(second, "record")), "record": {"error_severity": "LOG", "message": message}})


CUT_OFF = {"error": "connectivity failure while executing barman-cloud-wal-restore, retrying: connectivity failure"}
FIVE, SIX = (f"00000001000000000000000{number}" for number in (5, 6))
HISTORY = "00000003.history"
FAILED, COMMAND = "Failed restoring WAL file (Postgres might retry)", "wal-restore command failed"
GOT, HAS_NONE = "Restored WAL file", "WAL file not found in the recovery object store"


def recovery(*asked: str) -> list[str]:
    """Return the log of a recovery, with what comes after segment 5 and, each time, after the redo."""
    return [
        said(1, HAS_NONE, "00000002.history"),
        said(2, GOT, FIVE),
        by_postgresql(2.1, f'restored log file "{FIVE}" from archive'),
        *asked,
        by_postgresql(5, "redo done at 0/5000090 system usage: CPU"),
        said(6, GOT, FIVE),
        by_postgresql(6.1, f'restored log file "{FIVE}" from archive'),
        said(7, HAS_NONE, "00000002.history"),
        by_postgresql(8, "selected new timeline ID: 2"),
    ]


@pytest.mark.parametrize(
    ("asked", "unanswered"),
    [
        ([said(3, HAS_NONE, SIX), said(4, HAS_NONE, SIX)], ""),
        (
            [said(3, FAILED, SIX, **CUT_OFF), said(3, COMMAND, **CUT_OFF), said(4, FAILED, SIX, **CUT_OFF)],
            f"{SIX}: {CUT_OFF['error']}",
        ),
        # The last answer counts. PostgreSQL asks twice.
        ([said(3, FAILED, SIX, **CUT_OFF), said(3, COMMAND, **CUT_OFF), said(4, HAS_NONE, SIX)], ""),
        ([said(3, HAS_NONE, SIX), said(4, FAILED, SIX, **CUT_OFF)], f"{SIX}: {CUT_OFF['error']}"),
        # Without its history, recovery goes along another timeline.
        ([said(0, FAILED, HISTORY, **CUT_OFF), said(4, HAS_NONE, SIX)], f"{HISTORY}: {CUT_OFF['error']}"),
        # What it had read ahead when it reached its target took nothing away.
        ([said(3, FAILED, SIX, **CUT_OFF), by_postgresql(4, 'recovery stopping at restore point "drill"')], ""),
        (
            [said(0, FAILED, HISTORY, **CUT_OFF), by_postgresql(4, "recovery stopping after reaching consistency")],
            f"{HISTORY}: {CUT_OFF['error']}",
        ),
        # Before it knows of which file.
        ([said(3, COMMAND, error="failed to get cluster: EOF")], "failed to get cluster: EOF"),
        ([said(1.5, COMMAND, error="failed to get cluster: EOF"), said(4, HAS_NONE, SIX)], ""),
        # By Barman's program alone.
        (
            [said(3, "2026-11-25 21:00:03,1 [71] ERROR: Barman cloud WAL restore exception: Could not connect")],
            "Could not connect",
        ),
    ],
)  # fmt: skip
def test_a_file_of_which_the_object_store_did_not_say_whether_it_is_there(asked: list[str], unanswered: str) -> None:
    lines = recovery(*asked)
    assert recovery_end("\n".join(lines))["unanswered"] == unanswered
    assert recovery_end("\n".join(lines))["problem"] == ""
    # With the plugin, two containers say it, each in its order.
    own, of_plugin = ([line for line in lines if ("record" in json.loads(line)) is kind] for kind in (True, False))
    assert recovery_end("\n".join(own), "\n".join(of_plugin))["unanswered"] == unanswered


def test_where_the_plugin_fetches_only_its_own_answers_count() -> None:
    """CloudNativePG asks the new cluster's own store then, too, which has nothing of it."""
    sidecar = [said(2, GOT, FIVE), said(3, HAS_NONE, SIX)]
    own = [said(3.5, COMMAND, error="failed to get envs: not found"), by_postgresql(5, "redo done at 0/5000090")]
    assert recovery_end("\n".join(own), "\n".join(sidecar))["unanswered"] == ""
    assert recovery_end("\n".join([*sidecar, *own]))["unanswered"] == "failed to get envs: not found"
    cut_off = "\n".join([*sidecar, said(4, FAILED, SIX, **CUT_OFF)])
    assert recovery_end("\n".join(own), cut_off)["unanswered"] == f"{SIX}: {CUT_OFF['error']}"


def test_what_fails_after_the_redo_took_nothing_away() -> None:
    lines = [*recovery(said(4, HAS_NONE, SIX)), said(9, FAILED, "00000002.history", **CUT_OFF)]
    assert recovery_end("\n".join(lines))["unanswered"] == ""
    assert recovery_end("ERROR: Barman cloud WAL restore exception: no\nLOG:  redo done at 0/5")["unanswered"] == "no"


def test_why_a_recovery_failed() -> None:
    ended = "recovery ended before configured recovery target was reached"
    lines = [record("FATAL", ended), json.dumps({"level": "error", "msg": "restore error", "error": "exit status 1"})]
    assert recovery_end("\n".join(lines))["problem"] == ended
    assert recovery_end(lines[1])["problem"] == "restore error: exit status 1"
    assert recovery_end("2026-11-25 FATAL:  out of luck")["problem"] == "out of luck"
    assert recovery_end("")["problem"] == ""


def test_a_record_of_a_recovery_ends_at_a_newline_alone() -> None:
    line = json.dumps({"record": {"error_severity": "FATAL", "message": "no \x85role"}}, ensure_ascii=False)
    assert recovery_end(f"{line}\r\n")["problem"] == "no \x85role"


def pod(name: str, phase: str, **labels: str) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": name, "labels": {f"cnpg.io/{k}": v for k, v in labels.items()}},
        "status": {"phase": phase},
    }


def test_progress() -> None:
    running, failed, ended = (
        pod(f"new-1-full-recovery-{phase}", phase, jobRole="full-recovery")
        for phase in ("Running", "Failed", "Succeeded")
    )
    instance = pod("new-1", "Running", podRole="instance")
    silent = {"runs": False, "sidecar": "", "words": "", "waits": False}
    assert progress([]) == {"done": False, "failed": False, "pod": "", "container": "", **silent}
    assert (progress([running])["done"], progress([running])["failed"]) == (False, False)
    # One whose image cannot be pulled is pending.
    waiting = pod("new-1-full-recovery-x", "Pending", jobRole="full-recovery")
    assert (progress([running])["runs"], progress([waiting])["runs"]) == (True, False)
    # Kubernetes tries again.
    assert (progress([running, failed])["failed"], progress([running, failed])["pod"]) == (
        False,
        running["metadata"]["name"],
    )
    assert progress([failed]) == {
        "done": False,
        "failed": True,
        "pod": failed["metadata"]["name"],
        "container": "full-recovery",
        **silent,
    }
    assert progress([failed, ended]) == {
        "done": True,
        "failed": False,
        "pod": ended["metadata"]["name"],
        "container": "full-recovery",
        **silent,
    }
    assert progress([instance]) == {"done": True, "failed": False, "pod": "", "container": "", **silent}
    by_plugin = {**ended, "spec": {"initContainers": [{"name": "bootstrap"}, {"name": "plugin-barman-cloud"}]}}
    assert progress([by_plugin])["sidecar"] == "plugin-barman-cloud"
    assert progress([{**ended, "spec": {"containers": [{"name": "full-recovery"}]}}])["sidecar"] == ""


def test_what_became_of_a_backup() -> None:
    assert backup_result({})["phase"] == "not started"
    failed = {"metadata": {"name": "b"}, "status": {"phase": "failed", "error": "no bucket", "commandError": "exit 4"}}
    assert (backup_result(failed)["done"], backup_result(failed)["problem"]) == (True, "failed: no bucket: exit 4")
    done = {
        "metadata": {"name": "b"},
        "status": {"phase": "completed", "destinationPath": "s3://b/", "serverName": "old", "beginLSN": "0/2"},
    }
    assert (backup_result(done)["problem"], backup_result(done)["result"]["archive"]) == ("", "s3://b/old")
    assert backup_result(done)["words"].endswith("WAL from 0/2 to , in s3://b/old")


def test_each_backup_has_a_name_of_its_own() -> None:
    assert backup_plan("old", [], "2026-11-25T21:04:05Z") == {"name": "old-20261125210405", "going": ""}


def test_backups_that_are_refused() -> None:
    assert backup_refusals("old", [SOURCE]) == []
    [problem] = backup_refusals("old", [{**SOURCE, "spec": {}}])
    assert "run site.yml first" in problem
    condition = {"type": "ContinuousArchiving", "status": "False", "message": "no such bucket"}
    assert backup_refusals("old", [{**SOURCE, "status": {"conditions": [condition]}}]) == [
        "WAL of old is not archived: no such bucket"
    ]
