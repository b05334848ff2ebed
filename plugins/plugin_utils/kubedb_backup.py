# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of KubeDB's clusters: KubeStash makes one for each object BackupSession.

Of a cluster with an archiver, KubeDB itself makes the BackupConfiguration `<cluster>-backup-config`. The session of it
that writes to the Repository `<cluster>-full` makes base backups, with which each restore begins; so that is what is
asked for, as KubeStash's own command `trigger` does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_requests import message
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import CLUSTER_LABEL
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import named

CORE = "core.kubestash.com/v1alpha1"
STORAGE = "storage.kubestash.com/v1alpha1"
ARCHIVER = "archiver.kubedb.com/v1alpha1"
KIND = "BackupSession"
SUCCEEDED = "Succeeded"
ENDED = frozenset({SUCCEEDED, "Failed", "Skipped"})


def configuration_name(cluster: str) -> str:
    """Return the name of the BackupConfiguration that KubeDB makes for a cluster with an archiver."""
    return f"{cluster}-backup-config"


def full_repository(cluster: str) -> str:
    """Return the name of the Repository that holds a cluster's base backups."""
    return f"{cluster}-full"


def makers(name: str, objects: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Say what makes backups of a cluster with this collection's archiver.

    The BackupStorage is not among it, nor the RetentionPolicy: Repositories name them, and restores begin with these.
    """
    archiver = (named(objects, "Postgres", name).get("spec") or {}).get("archiver") or {}
    if (archiver.get("ref") or {}).get("name") != name:
        return []
    return [(CORE, "BackupConfiguration", f"{name}-logical"), (ARCHIVER, "PostgresArchiver", name)]


def reads(name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read to judge backups: sessions of somebody else may go on, too."""
    return [
        {
            "api_version": CORE,
            "kind": "BackupConfiguration",
            "name": configuration_name(name),
            "namespace": namespace,
        },
        {"api_version": CORE, "kind": KIND, "namespace": namespace},
    ]


def refusals(name: str, objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say why no base backup is made of a cluster as it is, as sentences."""
    archiver = (named(objects, "Postgres", name).get("spec") or {}).get("archiver") or {}
    if not archiver.get("ref"):
        return [f"the PostgreSQL cluster {name} has no backups yet: run site.yml first, which sets them up"]
    if archiver.get("pause"):
        return [f"WAL of {name} is not archived: its Postgres object says archiver.pause; take that back"]
    return list(_configuration_problems(name, objects)) or list(_others(name, objects))


def _configuration_problems(name: str, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    configuration = named(objects, "BackupConfiguration", configuration_name(name))
    shown = f"the BackupConfiguration {configuration_name(name)}, by which base backups of {name} are made,"
    if not configuration:
        yield (
            f"{shown} is not there: KubeDB makes it of the PostgresArchiver {name}, with KubeStash and its catalogue "
            "for KubeDB installed; look at both, then run this again"
        )
    elif configuration["spec"].get("paused"):
        yield f"{shown} is paused: take that back, then run this again"
    elif not is_ready(configuration):
        yield f"{shown} is {state(configuration)}: mend that first"
    elif not _session(name, configuration):
        has = ", ".join(item["name"] for item in configuration["spec"].get("sessions") or []) or "none"
        yield f"{shown} has no session that writes to the Repository {full_repository(name)} (sessions: {has})"


def is_ready(item: Mapping[str, Any]) -> bool:
    """Tell whether KubeStash calls an object of its own ready."""
    return phase(item) == "Ready"


def state(item: Mapping[str, Any]) -> str:
    """Return the phase of an object of KubeStash's, and its words on it."""
    now, said = phase(item) or "not looked at by KubeStash yet", message(item)
    return f"{now} ({said})" if said else now


def _session(name: str, configuration: Mapping[str, Any]) -> str:
    """Return the session of a BackupConfiguration that makes base backups."""
    for session in (configuration.get("spec") or {}).get("sessions") or []:
        if full_repository(name) in [item.get("name") for item in session.get("repositories") or []]:
            return session["name"]
    return ""


def _others(name: str, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield that a session of somebody else goes on: KubeStash would skip ours."""
    going = _going(name, objects)
    if going and not any(_is_ours(item, name) for item in going):
        yield (
            f"{_words(going[0])}, and KubeStash makes one base backup of {name} at a time: wait until it has ended, "
            "then run this again"
        )


def _going(name: str, objects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    session = _session(name, named(objects, "BackupConfiguration", configuration_name(name)))
    found = [
        item
        for item in objects
        if item.get("kind") == KIND
        and (item["spec"].get("invoker") or {}).get("name") == configuration_name(name)
        and item["spec"].get("session") == session
        and phase(item) not in ENDED
    ]
    return sorted(found, key=lambda item: item["metadata"].get("creationTimestamp") or "")


def _is_ours(item: Mapping[str, Any], cluster: str) -> bool:
    return (item["metadata"].get("labels") or {}).get(CLUSTER_LABEL) == cluster


def _words(item: Mapping[str, Any]) -> str:
    return f"the {KIND} {item['metadata']['name']} is {phase(item) or 'not begun'}"


def plan(name: str, objects: Sequence[Mapping[str, Any]], now: str) -> dict[str, Any]:
    """Say which BackupSession is made, or which one of ours goes on.

    :param now: the time, which tells this one from others
    :returns: `name`, `going` (a sentence, where it is there already), and what its template needs: `configuration`
        (`name` and `uid` of the BackupConfiguration) and `session`
    """
    configuration = named(objects, "BackupConfiguration", configuration_name(name))
    ours = [item for item in _going(name, objects) if _is_ours(item, name)]
    return {
        # KubeStash names Snapshots and labels Jobs after it: digits at its end, as its own have, and short.
        "name": ours[0]["metadata"]["name"] if ours else f"{name}-{int(datetime.fromisoformat(now).timestamp())}",
        "going": _words(ours[0]) if ours else "",
        "configuration": {
            "name": configuration_name(name),
            "uid": (configuration.get("metadata") or {}).get("uid", ""),
        },
        "session": _session(name, configuration),
    }


def phase(item: Mapping[str, Any]) -> str:
    """Return the phase of an object of KubeStash's; empty where it has not looked at it."""
    return (item.get("status") or {}).get("phase") or ""


def result(session: Mapping[str, Any], objects: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Say what became of a BackupSession.

    :param objects: Snapshots, those that it made among them
    :returns: `phase`, `done`, `problem` (KubeStash's words), `result` (as far as KubeStash tells it) and `words`
    """
    metadata, status = session.get("metadata") or {}, session.get("status") or {}
    now, name = phase(session) or "not started", metadata.get("name", "")
    made = [_snapshot(item) for item in objects if _made_by(item, name)]
    done = now in ENDED
    times = [item.get("lastTransitionTime") or "" for item in status.get("conditions") or []]
    found = {
        "name": name,
        "began": metadata.get("creationTimestamp", ""),
        "ended": max(times, default="") if done else "",
        "duration": status.get("duration", ""),
        "session": (session.get("spec") or {}).get("session", ""),
        "snapshots": made or [_listed(item) for item in status.get("snapshots") or []],
    }
    shown = ", ".join(
        f"{item['name']} in the Repository {item['repository']}" + (f" ({item['size']})" if item["size"] else "")
        for item in found["snapshots"]
    )
    return {
        "phase": now,
        "done": done,
        "problem": "" if now == SUCCEEDED else ": ".join([now, *_said(session, objects)]),
        "result": found,
        "words": f"{name} has completed: from {found['began']} to {found['ended']}, Snapshots {shown or 'not told'}",
    }


def _made_by(item: Mapping[str, Any], session: str) -> bool:
    return item.get("kind") == "Snapshot" and (item.get("spec") or {}).get("backupSession") == session


def _snapshot(item: Mapping[str, Any]) -> dict[str, str]:
    status = item.get("status") or {}
    return {
        "name": item["metadata"]["name"],
        "repository": item["spec"].get("repository", ""),
        "phase": status.get("phase", ""),
        "size": status.get("size", ""),
        "time": status.get("snapshotTime", ""),
    }


def _listed(item: Mapping[str, Any]) -> dict[str, str]:
    """Return what a BackupSession says of a Snapshot, where that is gone or cannot be read."""
    return {key: item.get(key, "") for key in ("name", "repository", "phase")} | {"size": "", "time": ""}


def _said(session: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return KubeStash's own words: of the session, of its Snapshots' parts, of the RetentionPolicy."""
    name = (session.get("metadata") or {}).get("name", "")
    parts = [
        part.get("error")
        for item in objects
        if _made_by(item, name)
        for part in ((item.get("status") or {}).get("components") or {}).values()
    ]
    kept = [item.get("error") for item in (session.get("status") or {}).get("retentionPolicy") or []]
    return list(dict.fromkeys(" ".join(text.split()) for text in [message(session), *parts, *kept] if text))
