# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New clusters of KubeDB from the backups of another: a Postgres object with `init.archiver`.

KubeDB restores the newest base backup before a time, and the WAL up to that time. It looks at `init` once, and refuses
a change of it from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import RESTIC_KEY, secret_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import kind_of
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_backup import (
    STORAGE,
    SUCCEEDED,
    full_repository,
    is_ready,
    state,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_cluster import major
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_requests import message
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import is_true
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import applied_spec, is_there, named

# What else can be asked for, and why KubeDB cannot do it.
_BY_TIME = "as KubeDB restores to a time alone (target_time)"
_REFUSED = {
    "backup": f"{_BY_TIME} and chooses the backup before it",
    "all_wal": f"{_BY_TIME} and chooses the backup before it",
    "target_lsn": _BY_TIME,
    "target_xid": _BY_TIME,
    "target_name": _BY_TIME,
    "exclusive": _BY_TIME,
    "timeline": _BY_TIME,
    "server_name": "as KubeDB finds backups by the Repository that is named after the source",
}
_WITH_DATA = frozenset({"Ready", "Critical"})


def manifest_repository(cluster: str) -> str:
    """Return the name of the Repository that holds a cluster's manifests."""
    return f"{cluster}-manifest"


def reads(api_version: str, source: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read of the source: it may be gone, its Repository may not.

    :param api_version: that of the Postgres object
    """
    return [
        {"api_version": api_version, "kind": "Postgres", "name": source, "namespace": namespace},
        {"api_version": STORAGE, "kind": "Repository", "name": full_repository(source), "namespace": namespace},
        {"api_version": STORAGE, "kind": "Snapshot", "namespace": namespace},
    ]


def input_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of `postgres_cluster_restore` KubeDB cannot do."""
    asked = variables.get("postgres_cluster_restore") or {}
    for key, why in _REFUSED.items():
        given = is_true(asked.get(key)) if key in ("all_wal", "exclusive") else asked.get(key)
        if given:
            kind = kind_of(asked[key])
            value = str(asked[key]).lower() if kind == "boolean" else repr(asked[key])
            yield f"postgres_cluster_restore.{key} is {value} ({kind}): leave it out, {why}"
    where = asked.get("source_namespace")
    if where and where != variables.get("postgres_cluster_namespace"):
        yield (
            f"postgres_cluster_restore.source_namespace is {where!r} (string): leave it out and restore into that "
            "namespace, as the BackupStorage that this collection makes lets no other one in"
        )
    time = asked.get("target_time")
    if time and _time(time).microsecond:
        yield (
            f"postgres_cluster_restore.target_time is {time!r} (string): give whole seconds, as KubeDB keeps no part "
            "of one"
        )


def init(
    name: str, objects: Sequence[Mapping[str, Any]], restored: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Return `init` of a Postgres object: what one that exists was applied with, as KubeDB takes no other.

    :param objects: what `reads` of the adapter read
    :param restored: `origin` of a restore, for a cluster that does not exist
    """
    cluster = named(objects, "Postgres", name)
    if cluster:
        return applied_spec(cluster).get("init") or {}
    return (restored or {}).get("init") or {}


def restore(
    wanted: Mapping[str, Any], current: Sequence[Mapping[str, Any]], sources: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Say how a new Postgres comes from the backups of another, or why it cannot.

    :param wanted: `name`, `namespace`, `version`, `backup`, `restore` of the role's inputs, and `now`, the time
    :param current: the new Postgres, if it is there, and Secrets of its namespace, once `secrets` was read
    :param sources: the source's Postgres and Repository, if they are there, and the Snapshots of its namespace
    :returns: `problems`, `resumed` (it is there, from this very restore), `origin` (`init` of its spec), `secrets`
        (which keys of which Secrets are read) and `words`
    """
    asked, namespace = wanted["restore"], wanted["namespace"]
    source = asked["source"]
    existing = named(current, "Postgres", wanted["name"])
    repository = named(sources, "Repository", full_repository(source))
    target = _written(_time(asked["target_time"])) if asked.get("target_time") else _newest(source, sources)
    key = (repository.get("spec") or {}).get("encryptionSecret") or {}
    secret = {
        "name": key.get("name") or (wanted.get("backup") or {}).get("encryption_secret") or "",
        "namespace": key.get("namespace") or namespace,
    }
    archiver = {
        "recoveryTimestamp": target,
        "fullDBRepository": {"name": full_repository(source), "namespace": namespace},
        "manifestRepository": {"name": manifest_repository(source), "namespace": namespace},
        **({"encryptionSecret": secret} if secret["name"] else {}),
    }
    has = applied_spec(existing).get("init") or {}
    resumed = _is_same(has.get("archiver") or {}, archiver, asked)
    if existing and not resumed:
        problems = [is_there(wanted)]
    else:
        problems = [] if resumed else list(_problems(wanted, current, sources, archiver))
    at = (has["archiver"] if resumed else archiver)["recoveryTimestamp"]
    return {
        "problems": problems,
        "resumed": resumed,
        "origin": {"init": has if resumed else {"archiver": archiver}},
        "secrets": _keys(secret, namespace),
        "words": f"{source} (Repository {namespace}/{full_repository(source)}) as it was at {at}",
    }


def _is_same(has: Mapping[str, Any], archiver: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Tell whether a Postgres was made by this very restore. The newest was another time then."""
    keys = ["fullDBRepository", *(["recoveryTimestamp"] if asked.get("target_time") else [])]
    return bool(has) and all(has.get(key) == archiver[key] for key in keys)


def _problems(
    wanted: Mapping[str, Any],
    current: Sequence[Mapping[str, Any]],
    sources: Sequence[Mapping[str, Any]],
    archiver: Mapping[str, Any],
) -> Iterator[str]:
    source = wanted["restore"]["source"]
    shown = f"postgres_cluster_restore.source is {source!r} (string)"
    repository = named(sources, "Repository", full_repository(source))
    if not repository:
        yield (
            f"{shown}: the namespace {wanted['namespace']} has no Repository {full_repository(source)}, which KubeDB "
            "makes for base backups of a cluster with an archiver; name a cluster that has one"
        )
        return
    if not is_ready(repository):
        yield f"{shown}: its Repository {full_repository(source)} is {state(repository)}; mend that"
    times = _base_backups(source, sources)
    if not times:
        yield f"{shown}: it has no base backup that has completed; make one by backup.yml"
    else:
        yield from _time_problems(wanted, times, _newest(source, sources), archiver["recoveryTimestamp"])
    yield from _version_problems(wanted, named(sources, "Postgres", source))
    if wanted.get("secrets_read"):
        keys = _keys(archiver.get("encryptionSecret") or {}, wanted["namespace"])
        yield from secret_problems(keys, current, wanted["namespace"], f"the Repository {full_repository(source)}")


def _time_problems(wanted: Mapping[str, Any], backups: Sequence[str], newest: str, target: str) -> Iterator[str]:
    asked = wanted["restore"].get("target_time")
    if not target:
        yield (
            "postgres_cluster_restore.target_time is missing: KubeDB restores to a time alone, and KubeStash does not "
            f"say up to when WAL of {wanted['restore']['source']} is archived; give a time"
        )
        return
    shown = f"postgres_cluster_restore.target_time is {asked or target!r} (string)"
    oldest = min(backups)
    if _time(target) > _time(wanted["now"]):
        yield f"{shown}: that is still to come; give a time before {wanted['now']}"
    elif oldest and _time(target) < _time(oldest):
        yield f"{shown}: the oldest base backup that is kept is of {oldest}; give a time after that"
    elif newest and _time(target) > _time(newest):
        yield (
            f"{shown}: WAL of the source is archived up to {newest}, and KubeDB would wait for what comes after; give "
            "an earlier time, or commit something there, run SELECT pg_switch_wal() in a transaction of its own, and "
            "run this again once that is archived"
        )


def _version_problems(wanted: Mapping[str, Any], source: Mapping[str, Any]) -> Iterator[str]:
    has = (source.get("spec") or {}).get("version")
    if has and major(has) != major(wanted["version"]):
        yield (
            f"postgres_cluster_version is {str(wanted['version'])!r} (string): the backups of "
            f"{wanted['restore']['source']} are of PostgreSQL {major(has)}; give {has}"
        )


def _keys(secret: Mapping[str, Any], namespace: str) -> dict[str, list[str]]:
    return {secret["name"]: [RESTIC_KEY]} if secret.get("name") and secret["namespace"] == namespace else {}


def _snapshots(source: str, sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        item
        for item in sources
        if item.get("kind") == "Snapshot" and ((item.get("spec") or {}).get("appRef") or {}).get("name") == source
    ]


def _base_backups(source: str, sources: Sequence[Mapping[str, Any]]) -> list[str]:
    """List of when the base backups are that have completed; empty for one of which that is not known."""
    return [
        item["status"].get("snapshotTime") or ""
        for item in _snapshots(source, sources)
        if item["spec"].get("repository") == full_repository(source)
        and (item.get("status") or {}).get("phase") == SUCCEEDED
    ]


def _newest(source: str, sources: Sequence[Mapping[str, Any]]) -> str:
    """Return up to when WAL is archived, as the Snapshot of the archiver's sidecar says it; empty where none does."""
    ends = []
    for item in _snapshots(source, sources):
        for part in ((item.get("status") or {}).get("components") or {}).values():
            try:
                ends.append(_time((part.get("logStats") or {}).get("end") or ""))
            except ValueError:
                continue
    return _written(max(ends)) if ends else ""


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _written(time: datetime) -> str:
    """Return a time as KubeDB's webhook writes it, so that it does not differ from what was applied."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def progress(objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say how far the recovery of a new Postgres is, by its status.

    :returns: `done` (the data is there), `failed`, `runs` (it is under way, for all that is known), `pod`, `container`
        and `sidecar` (no log is KubeDB's word on it), `words` (KubeDB's own) and `waits` (it may be for WAL that is not
        archived yet)
    """
    status = next((item.get("status") or {} for item in objects if item.get("kind") == "Postgres"), {})
    restored = next((item for item in status.get("conditions") or [] if item["type"] == "DataRestored"), {})
    failed = restored.get("status") == "False" and "fail" in str(restored.get("reason")).lower()
    done = status.get("phase") in _WITH_DATA or restored.get("status") == "True"
    said = " ".join(str(restored.get("message") or message({"status": status})).split())
    return {
        "done": done,
        "failed": failed and not done,
        "runs": not done and not failed,
        "pod": "",
        "container": "",
        "sidecar": "",
        "words": f"{status.get('phase') or 'not begun'}{f' ({said})' if said else ''}",
        "waits": not done and not failed,
    }
