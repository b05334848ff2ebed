# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of CloudNativePG's clusters, and new clusters from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import (
    PLUGIN,
    barman_environment,
    barman_object_store,
    checksums,
    destination,
    image_problems,
    secret_problems,
    with_defaults,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import (
    is_true,
    owner_of,
    secret_name,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import (
    annotation,
    applied_spec,
    is_own,
    is_there,
    named,
)

_TARGETS = {
    "target_time": "targetTime",
    "target_lsn": "targetLSN",
    "target_xid": "targetXID",
    "target_name": "targetName",
}
_BARMAN_ID = re.compile(r"[0-9]{8}T[0-9]{6}")
_API_VERSION = "postgresql.cnpg.io/v1"
# On the Cluster: in which folder of the object store the backups of each major version are, as JSON.
ARCHIVES = "pgha.kubernetes/archives"
# On the Cluster: where that object store is.
DESTINATION = "pgha.kubernetes/destination"
# On the Cluster, from the moment that it has another folder until there is a base backup in that: which folder it is.
BASE_BACKUP_DUE = "pgha.kubernetes/base-backup-due"
# What the status of a Backup says of its object store, in the words of a Cluster's.
_STORE_KEYS = (
    "destinationPath",
    "endpointURL",
    "endpointCA",
    "s3Credentials",
    "azureCredentials",
    "googleCredentials",
)
# The container of Barman's plugin in a pod (reconcilePodSpec() of its lifecycle.go).
_SIDECAR = "plugin-barman-cloud"
# Names of what the environment says of how an object store is reached.
_REACH = re.compile(r"AWS_.*|.*_proxy", re.IGNORECASE)


def input_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of `postgres_cluster_restore` CloudNativePG cannot do."""
    asked = variables.get("postgres_cluster_restore") or {}
    for name in ("target_xid", "target_name"):
        if asked.get(name) and not asked.get("backup"):
            yield (
                f"postgres_cluster_restore.backup is missing: name the backup to begin with, as none can be chosen by "
                f"{name} ({asked[name]}); it has to be older than that"
            )


def backup_plan(name: str, objects: Sequence[Mapping[str, Any]], now: str) -> dict[str, Any]:  # noqa: ARG001 - adapters are called alike
    """Say which Backup is made: a new one each time, as one that goes on holds up no other.

    :param now: the time, which tells it from others
    """
    return {"name": f"{name}-{_digits(now)}", "going": ""}


def backup_result(backup: Mapping[str, Any], objects: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:  # noqa: ARG001 - adapters are called alike
    """Say what became of a Backup: `phase`, `done`, `problem` (the operator's words), `result` and `words`."""
    status = backup.get("status") or {}
    phase = status.get("phase") or "not started"
    words = [str(status[key]) for key in ("error", "commandError") if status.get(key)]
    result = _made(backup)
    return {
        "phase": phase,
        "done": phase in ("completed", "failed"),
        "problem": "" if phase == "completed" else ": ".join([phase, *words]),
        "result": result,
        "words": (
            f"{result['name']} ({result['id']}) has completed: from {result['began']} to {result['ended']}, WAL from "
            f"{result['begin_lsn']} to {result['end_lsn']}, in {result['archive']}"
        ),
    }


def _made(backup: Mapping[str, Any]) -> dict[str, Any]:
    status = backup.get("status") or {}
    return {
        "name": (backup.get("metadata") or {}).get("name", ""),
        "id": status.get("backupId", ""),
        "began": status.get("startedAt", ""),
        "ended": status.get("stoppedAt", ""),
        "begin_lsn": status.get("beginLSN", ""),
        "end_lsn": status.get("endLSN", ""),
        "begin_wal": status.get("beginWal", ""),
        "end_wal": status.get("endWal", ""),
        "instance": (status.get("instanceID") or {}).get("podName", ""),
        "archive": "/".join(
            str(status[key]).rstrip("/") for key in ("destinationPath", "serverName") if status.get(key)
        ),
    }


def backup_makers(name: str, objects: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Say what makes backups of a Cluster that has some."""
    return [(_API_VERSION, "ScheduledBackup", name)] if _has_backups(named(objects, "Cluster", name)) else []


def _has_backups(cluster: Mapping[str, Any]) -> bool:
    spec = cluster.get("spec") or {}
    plugins = [item["name"] for item in spec.get("plugins") or []]
    return PLUGIN in plugins or "barmanObjectStore" in (spec.get("backup") or {})


def backup_refusals(name: str, objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say why no base backup is made of a Cluster as it is, as sentences."""
    cluster = named(objects, "Cluster", name)
    if not _has_backups(cluster):
        return [f"the PostgreSQL cluster {name} has no backups yet: run site.yml first, which sets them up"]
    return list(_archiving_problems(cluster))


def _archiving_problems(cluster: Mapping[str, Any]) -> Iterator[str]:
    for condition in (cluster.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "ContinuousArchiving" and condition.get("status") == "False":
            yield f"WAL of {cluster['metadata']['name']} is not archived: {condition.get('message', '')}"


def restore(
    wanted: Mapping[str, Any], current: Sequence[Mapping[str, Any]], sources: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Say how a new Cluster comes from the backups of another, or why it cannot.

    :param wanted: `name`, `namespace`, `version`, `image`, `databases`, `backup`, `restore` of the role's inputs, and
        `now`, the time
    :param current: the new Cluster, if it is there, and Secrets of its namespace, once `secrets` was read
    :param sources: the Cluster that the backups are of, if it is still there, and the Backups of its namespace
    :returns: `problems`, `resumed` (the Cluster is there, from this very restore), `origin` (as the adapter's `origin`
        returns it), `secrets` (which keys of which Secrets are read) and `words`
    """
    asked = wanted["restore"]
    # What has the name is the new one, of this restore or not: the lost one is known by its backups alone.
    own = is_own(wanted["name"], wanted["namespace"], asked)
    source: Mapping[str, Any] = {} if own else named(sources, "Cluster", asked["source"])
    existing = named(current, "Cluster", wanted["name"])
    owner = owner_of(wanted["databases"][0])
    backups = _backups(sources, asked["source"])
    if own and existing:  # some may be of the new one by now
        own_folder = _own_server(applied_spec(existing))
        backups = [item for item in backups if (item.get("status") or {}).get("serverName") != own_folder]
    used = _used(asked, backups)
    target, words, problems = _target(asked, backups)
    store = _store(wanted, source, used)
    recovery: dict[str, Any] = {
        "source": asked["source"],
        "database": wanted["databases"][0]["name"],
        "owner": owner,
        "secret": {"name": secret_name(wanted["name"], owner)},
        **({"recoveryTarget": target} if target else {}),
    }
    external = [{"name": asked["source"], **store}] if store else []
    applied = applied_spec(existing)
    resumed = bool(existing) and (applied.get("bootstrap"), applied.get("externalClusters")) == (
        {"recovery": recovery},
        external,
    )
    if existing and not resumed:
        problems = [is_there(wanted)]
    elif not resumed:
        problems += [*_source_problems(wanted, source, backups, used, store), *_secret_problems(wanted, current, store)]
    folder = f"{wanted['name']}-{_digits(wanted['now'])}" if wanted["backup"] else ""
    archive = archives(wanted["name"], existing, folder, str(wanted["version"]))
    return {
        "problems": problems,
        "resumed": resumed,
        "origin": {
            "bootstrap": {"recovery": recovery},
            "database": recovery["database"],
            "owner": owner,
            "external_clusters": external,
            **archive,
            "env": {**_environment(wanted, source, store), **own_environment(applied)},
        },
        "secrets": _keys(store),
        "words": f"{asked['source']} ({_place(store)}) {words}",
    }


def _digits(time: str) -> str:
    return re.sub(r"[^0-9]", "", time)[:14]


def _own_server(applied: Mapping[str, Any]) -> str:
    """Return the folder in the object store that a Cluster was given, where it is not named after the Cluster."""
    store = (applied.get("backup") or {}).get("barmanObjectStore") or {}
    for plugin in applied.get("plugins") or []:
        if plugin.get("name") == PLUGIN:
            return (plugin.get("parameters") or {}).get("serverName", "")
    return store.get("serverName", "")


def archives(name: str, cluster: Mapping[str, Any], restored: str, version: str, wanted: str = "") -> dict[str, Any]:
    """Say in which folder of the object store the backups of a Cluster are, or would be.

    Barman knows a cluster by its folder, and none of another system of PostgreSQL may be in it: its WAL has the same
    names. Only a Cluster that begins with backups finds out whether the folder of its name is free. So one that gets
    some later or in another place, and one of another major version, which pg_upgrade makes a system of its own, has
    a folder that no other Cluster can have had. What is known stays known while there are no backups.

    :param cluster: the Cluster, or nothing
    :param restored: the folder of a Cluster that is not there yet and is made from backups
    :param version: PostgreSQL's version of a Cluster that does not say which it runs
    :param wanted: the `destination` of the object store that is wanted; nothing where there are to be no backups
    :returns: `server_name`, empty where the folder has the name of the Cluster; `major`; `kept`, the folders there of
        which something is known, by major version; `destination`; `moved_from`, the one that a Cluster archives to
        until this is applied, if that is another one; and `due`, folder and object store where a base backup has to
        come first, as it is another folder than before, or became so in a run that did not end well
    """
    running = ((cluster.get("status") or {}).get("pgDataImageInfo") or {}).get("majorVersion")
    major = str(running or _major(version))
    applied, kept = applied_spec(cluster), _kept(cluster)
    if not kept and _has_backups({"spec": applied}):
        kept = {major: _own_server(applied) or name}
    place = _destination(cluster)
    moved_from = place if kept and wanted and wanted != place else ""
    if moved_from:
        kept = {}
    if major in kept:
        folder = kept[major]
    elif cluster:
        uid = str(cluster["metadata"].get("uid") or "").partition("-")[0]
        folder = "-".join([name, uid, *([major] if major else [])])
    else:
        folder = restored or name
    # The backups of one that had none for a while begin anyway.
    moved_from = moved_from if _has_backups({"spec": applied}) else ""
    upgraded = bool(kept) and major not in kept
    is_due = wanted and (moved_from or upgraded or annotation(cluster, BASE_BACKUP_DUE))
    return {
        "server_name": "" if folder == name else folder,
        "major": major,
        "kept": kept,
        "destination": wanted or place,
        "moved_from": moved_from,
        "due": f"{folder} in {wanted}" if is_due else "",
    }


def _destination(cluster: Mapping[str, Any]) -> str:
    """Return where the object store of a Cluster is, as far as it says so: the plugin has another object for it."""
    applied = (applied_spec(cluster).get("backup") or {}).get("barmanObjectStore") or {}
    return annotation(cluster, DESTINATION) or destination(applied)


def _kept(cluster: Mapping[str, Any]) -> dict[str, str]:
    return json.loads(annotation(cluster, ARCHIVES) or "{}")


def _major(version: Any) -> str:
    return str(version).partition(".")[0]


def own_environment(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return how a Cluster's spec says that object stores are reached; the plugin has it in its ObjectStore."""
    return {
        item["name"]: str(item["value"])
        for item in spec.get("env") or []
        if item.get("value") and _REACH.fullmatch(item["name"])
    }


def _store(wanted: Mapping[str, Any], source: Mapping[str, Any], used: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the backups are: the source's own word, or, where it is gone, the new cluster's variables.

    A Backup that is used and was made elsewhere says where, unless the folder is given. The folder is that of the
    Backup, or else of the version that is wanted: those of before a major upgrade are in another.
    """
    spec, name = source.get("spec") or {}, wanted["restore"]["source"]
    folder = wanted["restore"].get("server_name") or ""
    made = used.get("status") or {}
    if _is_elsewhere(wanted, source, used) and not folder:
        known = {key: made[key] for key in _STORE_KEYS if made.get(key)}
        return {"barmanObjectStore": {**known, "serverName": made.get("serverName") or name}}
    of_version = _kept(source).get(_major(wanted["version"]))
    for plugin in spec.get("plugins") or []:
        if plugin.get("name") == PLUGIN:
            has = plugin.get("parameters") or {}
            return _by_plugin(has.get("barmanObjectName", ""), folder or of_version or has.get("serverName") or name)
    own = (spec.get("backup") or {}).get("barmanObjectStore")
    if own:
        folder = folder or made.get("serverName") or of_version or own.get("serverName") or name
        return {"barmanObjectStore": {**own, "serverName": folder}}
    if not wanted["backup"]:
        return {}
    folder = folder or made.get("serverName") or ""
    if with_defaults(wanted["backup"])["method"] == "plugin":
        return _by_plugin(wanted["name"], folder or name)
    return {"barmanObjectStore": barman_object_store(wanted["backup"], folder or name)}


def _is_elsewhere(wanted: Mapping[str, Any], source: Mapping[str, Any], used: Mapping[str, Any]) -> bool:
    """Tell whether a Backup is in another object store than the source, or what is said of it, has now."""
    made, now = destination(used.get("status") or {}), _archives_to(source)
    if not now and wanted["backup"]:
        now = destination(barman_object_store(wanted["backup"]))
    return bool(made and now) and made != now


def _archives_to(source: Mapping[str, Any]) -> str:
    own = ((source.get("spec") or {}).get("backup") or {}).get("barmanObjectStore")
    return (destination(own) if own else _destination(source)) if _has_backups(source) else ""


def _environment(wanted: Mapping[str, Any], source: Mapping[str, Any], store: Mapping[str, Any]) -> dict[str, str]:
    """Return how the backups are reached. Of the plugin's, its ObjectStore says it."""
    if "plugin" in store:
        return {}
    endpoint = (store.get("barmanObjectStore") or {}).get("endpointURL") or ""
    return {
        **checksums(endpoint),
        **barman_environment(wanted["backup"]),
        **own_environment(source.get("spec") or {}),
    }


def _by_plugin(store: str, folder: str) -> dict[str, Any]:
    return {"plugin": {"name": PLUGIN, "parameters": {"barmanObjectName": store, "serverName": folder}}}


def _place(store: Mapping[str, Any]) -> str:
    own = store.get("barmanObjectStore")
    if own:
        return f"{own['destinationPath'].rstrip('/')}/{own['serverName']}"
    has = (store.get("plugin") or {}).get("parameters") or {}
    return f"ObjectStore {has['barmanObjectName']}, {has['serverName']}" if has else "no object store"


def _keys(store: Mapping[str, Any]) -> dict[str, list[str]]:
    own, keys = store.get("barmanObjectStore") or {}, {}
    credentials = own.get("s3Credentials") or {}
    for reference in [credentials.get("accessKeyId"), credentials.get("secretAccessKey"), own.get("endpointCA")]:
        if reference:
            keys.setdefault(reference["name"], []).append(reference["key"])
    return keys


def _backups(sources: Sequence[Mapping[str, Any]], source: str) -> list[Mapping[str, Any]]:
    """Return the Backups of one Cluster."""
    return [
        item
        for item in sources
        if item.get("kind") == "Backup" and (item["spec"].get("cluster") or {}).get("name") == source
    ]


def _used(asked: Mapping[str, Any], backups: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the Backup with which recovery begins: the named one, or the newest that ended before the target.

    Where that is not known, it is the operator who chooses: it does so alike, by what is in the object store.
    """
    if asked.get("backup"):
        ids = {(item.get("status") or {}).get("backupId"): item for item in backups}
        return named(backups, "Backup", asked["backup"]) or ids.get(asked["backup"]) or {}
    completed = _completed(backups)
    if asked.get("target_time"):
        end = _time(asked["target_time"])
        completed = [item for item in completed if item["status"].get("stoppedAt") and _stopped(item) <= end]
    elif asked.get("target_lsn"):
        place = _lsn(asked["target_lsn"])
        ended = [item for item in completed if item["status"].get("endLSN")]
        completed = [item for item in ended if _lsn(item["status"]["endLSN"]) <= place]
    timed = [item for item in completed if item["status"].get("stoppedAt")]
    return max(timed, key=_stopped, default={})


def _stopped(backup: Mapping[str, Any]) -> datetime:
    return _time(backup["status"]["stoppedAt"])


def _lsn(text: str) -> int:
    high, _slash, low = str(text).partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _target(asked: Mapping[str, Any], backups: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], str, list[str]]:
    """Return where recovery ends, as the API has it and in words, and why that cannot be."""
    target: dict[str, Any] = {}
    problems: list[str] = []
    if asked.get("backup"):
        found = named(backups, "Backup", asked["backup"])
        target["backupID"] = (found.get("status") or {}).get("backupId") or asked["backup"]
        if not _BARMAN_ID.fullmatch(target["backupID"]) or (found and backup_result(found)["problem"] != ""):
            names = sorted(item["metadata"]["name"] for item in _completed(backups))
            problems.append(
                f"postgres_cluster_restore.backup is {asked['backup']!r} (string): there is no such Backup that has "
                f"completed; give one of those there are ({', '.join(names) or '-'}), "
                "or the id that Barman gave it, such as 20261125T210405"
            )
    given = next((name for name in _TARGETS if asked.get(name)), "")
    if given:
        value = str(asked[given])
        target[_TARGETS[given]] = value.replace(" ", "T", 1) if given == "target_time" else value
    elif asked.get("backup") and not is_true(asked.get("all_wal")):
        target["targetImmediate"] = True
    if asked.get("timeline"):
        target["targetTLI"] = str(asked["timeline"])
    if is_true(asked.get("exclusive")):
        target["exclusive"] = True
    words = {
        "": "as its newest backup and all archived WAL make it",
        "target_time": "as it was at",
        "target_lsn": "up to the place in the WAL",
        "target_xid": "up to the transaction",
        "target_name": "up to the restore point",
    }[given] + (f" {asked[given]}" if given else "")
    if asked.get("backup") and given:
        words = f"{words}, from the backup {asked['backup']}"
    elif asked.get("backup"):
        ends = "has it" if "targetImmediate" in target else "and all archived WAL make it"
        words = f"as the backup {asked['backup']} {ends}"
    return target, words, problems


def _completed(backups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [item for item in backups if (item.get("status") or {}).get("phase") == "completed"]


def _source_problems(
    wanted: Mapping[str, Any],
    source: Mapping[str, Any],
    backups: Sequence[Mapping[str, Any]],
    used: Mapping[str, Any],
    store: Mapping[str, Any],
) -> Iterator[str]:
    asked = wanted["restore"]
    where = asked.get("source_namespace") or wanted["namespace"]
    shown = f"postgres_cluster_restore.source is {asked['source']!r} (string)"
    if not store:
        what = "that cluster has no backups" if source else f"the namespace {where} has no such cluster"
        yield f"{shown}: {what}, and postgres_cluster_backup is empty; say there where its backups are"
        return
    if "plugin" not in store:
        yield from image_problems("postgres_cluster_image", wanted["image"], "built_in")
    elif source and where != wanted["namespace"]:
        yield f"{shown}: its ObjectStore is in the namespace {where}; restore into that one, or make one here"
    status = source.get("status") or {}
    to_the_end = not any(asked.get(name) for name in ("server_name", *_TARGETS)) and (
        not asked.get("backup") or is_true(asked.get("all_wal"))
    )
    if _archives_to(source) and to_the_end and _is_elsewhere(wanted, source, used):
        name = used["metadata"]["name"]
        which = f"the backup {name}" if asked.get("backup") else f"its newest backup that has completed, {name},"
        yield (
            f"{shown}: {which} is in {_place(store)}, and "
            f"its WAL goes to {_archives_to(source)} by now; make a base backup by backup.yml, give a target_time of "
            "before the change, or, where that is the same object store under another name, the folder as server_name"
        )
    if not source:
        yield from _time_problems(asked, wanted["now"], "")
        yield from _version_problems(wanted, used, status)
        return
    if not _completed(backups) and not status.get("lastSuccessfulBackup"):
        yield f"{shown}: it has no backup that has completed; make one by backup.yml"
    # That is the oldest of the folder of now. Before a major upgrade, there was another.
    yield from _time_problems(asked, wanted["now"], "" if used else status.get("firstRecoverabilityPoint") or "")
    yield from _version_problems(wanted, used, status)
    made = next(iter((source["spec"].get("bootstrap") or {}).values()), None) or {}
    first = wanted["databases"][0]
    if made.get("database") and (made["database"], made.get("owner")) != (first["name"], owner_of(first)):
        yield (
            f"postgres_cluster_databases[0] is {first['name']!r} of {owner_of(first)!r} (mapping): the first one of "
            f"{asked['source']} is {made['database']!r} of {made.get('owner')!r}; give that one first"
        )


def _version_problems(wanted: Mapping[str, Any], used: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the files of a Backup, or else of the source, are of another major version."""
    major = str(
        (used.get("status") or {}).get("majorVersion")
        or (status.get("pgDataImageInfo") or {}).get("majorVersion")
        or ""
    )
    if major and major != _major(wanted["version"]):
        name = wanted["restore"]["source"]
        what = f"the backup {used['metadata']['name']} of {name} is" if used else f"the backups of {name} are"
        yield (
            f"postgres_cluster_version is {str(wanted['version'])!r} (string): {what} of PostgreSQL {major}; give "
            f"{major}, and an image of it"
        )


def _time_problems(asked: Mapping[str, Any], now: str, oldest: str) -> Iterator[str]:
    if not asked.get("target_time"):
        return
    shown = f"postgres_cluster_restore.target_time is {asked['target_time']!r} (string)"
    time = _time(asked["target_time"])
    if time > _time(now):
        yield f"{shown}: that is still to come; give a time before {now}"
    if oldest and time < _time(oldest):
        yield f"{shown}: the oldest backup that is kept ended at {oldest}; give a time after that"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _secret_problems(
    wanted: Mapping[str, Any], current: Sequence[Mapping[str, Any]], store: Mapping[str, Any]
) -> Iterator[str]:
    if wanted.get("secrets_read"):
        yield from secret_problems(
            _keys(store), current, wanted["namespace"], f"the store of {wanted['restore']['source']}"
        )


def restore_reads(source: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read of the source."""
    return [
        {"api_version": _API_VERSION, "kind": "Cluster", "name": source, "namespace": namespace},
        {"api_version": _API_VERSION, "kind": "Backup", "namespace": namespace},
    ]


def progress(pods: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say how far the recovery of a new Cluster is, by its pods.

    The operator deletes the Job that recovered, once all instances are there.

    :returns: `done` (the data is there), `failed` (the recovery ended, and not well), `runs` (one is under way), `pod`
        (the one that recovers or did: the one that failed, if one has), `container`, `sidecar` (the plugin's container,
        which fetches the WAL), `words` (none: the log has them) and `waits` (the operator never waits for WAL)
    """
    jobs = [item for item in pods if _labels(item).get("cnpg.io/jobRole") in ("full-recovery", "snapshot-recovery")]
    failed = [item for item in jobs if (item.get("status") or {}).get("phase") == "Failed"]
    ended = [item for item in jobs if (item.get("status") or {}).get("phase") == "Succeeded"]
    # Kubernetes tries again, and a second run may find it at that.
    tried = [item for item in jobs if item not in (*failed, *ended)]
    shown = next(iter([*ended, *tried, *failed]), {})
    return {
        "done": bool(ended) or any(_labels(item).get("cnpg.io/podRole") == "instance" for item in pods),
        "failed": bool(failed) and not ended and not tried,
        "runs": any((item.get("status") or {}).get("phase") == "Running" for item in tried),
        "pod": (shown.get("metadata") or {}).get("name", ""),
        "container": _labels(shown).get("cnpg.io/jobRole", ""),
        "sidecar": _SIDECAR if _SIDECAR in _containers(shown) else "",
        "words": "",
        "waits": False,
    }


def _containers(pod: Mapping[str, Any]) -> list[str]:
    spec = pod.get("spec") or {}
    return [item["name"] for key in ("initContainers", "containers") for item in spec.get(key) or []]


def _labels(item: Mapping[str, Any]) -> Mapping[str, str]:
    return (item.get("metadata") or {}).get("labels") or {}
