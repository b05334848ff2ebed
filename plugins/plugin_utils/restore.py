# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new PostgreSQL cluster from the backups of another: what is asked for, and how recovery ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import last_applied
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import is_true

TARGETS = ("target_time", "target_lsn", "target_xid", "target_name")
WITHOUT_END = "recovery ended before configured recovery target was reached"

_STOPPED = re.compile(r"recovery stopping (.+)")
_NEWEST = re.compile(r"last completed transaction was at log time (.+)")
_REDONE = re.compile(r"redo done at ([0-9A-F]+/[0-9A-F]+)")
_TIMELINE = re.compile(r"selected new timeline ID: ([0-9]+)")
# What became of a file that PostgreSQL asked for: in the words of PostgreSQL, of CloudNativePG's wal-restore, of Barman
# Cloud's library in that or in the plugin's sidecar, and of Barman's program, which is restore_command itself with
# CloudNativePG up to 1.30.0.
_ANSWERED = re.compile(
    r"restored log file \"([^\"]+)\"|Restored WAL file|WAL file not found in the recovery object store"
)
_UNANSWERED = re.compile(
    r"Failed restoring WAL file|wal-restore command failed|Barman cloud WAL restore exception: (.+)"
)


def restore_checks(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong between the variables of a restore. Each of them alone is right by then."""
    restore = variables.get("postgres_cluster_restore") or {}
    if not restore:
        return
    given = [name for name in TARGETS if restore.get(name)]
    if len(given) > 1:
        yield f"postgres_cluster_restore has {' and '.join(given)} (mapping): give one of them, where recovery ends"
    if is_true(restore.get("exclusive")) and not given:
        yield "postgres_cluster_restore.exclusive is true (boolean): give the target before which recovery ends, too"
    if is_true(restore.get("all_wal")) and given:
        yield (
            f"postgres_cluster_restore has all_wal and {given[0]} (mapping): give one of them, as recovery ends with "
            "the archived WAL or at the target"
        )
    if restore.get("expect") is not None and not restore.get("query"):
        yield "postgres_cluster_restore.expect is given without a query: give postgres_cluster_restore.query, too"
    # With CloudNativePG the plan finds out whether that cluster is gone; KubeDB's archive has the name of its cluster.
    if variables.get("postgres_cluster_operator", "cloudnativepg") != "cloudnativepg" and is_own(
        variables.get("postgres_cluster_name"), variables.get("postgres_cluster_namespace"), restore
    ):
        yield (
            f"postgres_cluster_restore.source is {restore['source']!r} (string): that is the cluster itself, and a "
            "restore makes a new one; run it for a host of another name, or with another postgres_cluster_name"
        )


def is_own(name: Any, namespace: Any, restore: Mapping[str, Any]) -> bool:
    """Tell whether a cluster is to be made from backups of its own: one that is lost, under the name that it had."""
    return (restore.get("source"), restore.get("source_namespace") or namespace) == (name, namespace)


def recovery_end(log: str, sidecar: str = "") -> dict[str, Any]:
    """Say how PostgreSQL ended a recovery, by its log.

    :param log: lines of JSON, as CloudNativePG writes them, or plain ones
    :param sidecar: the log of what fetches the WAL, where that is another container
    :returns: `newest` (the time of the newest transaction that is there), `stopped` (where recovery stopped, if it was
        told to), `lsn` and `timeline` at its end, `problem` (the last thing that went wrong, if something did), and
        `unanswered` (a file of which nobody knows whether it is in the archive, as the object store did not say so,
        and why)
    """
    end: dict[str, Any] = {"newest": "", "stopped": "", "lsn": "", "timeline": None, "problem": ""}
    end["unanswered"] = _unanswered(log, sidecar)
    for severity, message in _messages(log):
        for key, pattern in (("stopped", _STOPPED), ("newest", _NEWEST), ("lsn", _REDONE), ("timeline", _TIMELINE)):
            match = pattern.search(message)
            if match:
                end[key] = int(match[1]) if key == "timeline" else match[1].strip()
        # Whoever connects before it is up is told so.
        if severity in ("FATAL", "PANIC", "error") and "the database system is" not in message:
            end["problem"] = message if end["problem"] != WITHOUT_END else end["problem"]
    return end


def _unanswered(log: str, sidecar: str) -> str:
    """Return the file that recovery went on or ended without, though the object store did not say that it has none.

    CloudNativePG tells PostgreSQL of each failure what it tells it of a file that is not there, and PostgreSQL takes
    that for the end of the archive, or of a timeline. What it asks for again counts by the last answer. What it asks
    for after the redo is the name of its new timeline, and the last segment once more.

    Where the plugin fetches, what the other container says without a name is no answer: it asks the store of the new
    cluster for each file that the plugin has not found, and fails.
    """
    failed: dict[str, str] = {}
    fetching = [(*line, True) for line in _timed(sidecar or log)]
    beside = [(*line, False) for line in _timed(log)] if sidecar else []
    for _time, message, item, fetches in sorted([*beside, *fetching], key=itemgetter(0)):
        answer, failure = _ANSWERED.search(message), _UNANSWERED.search(message)
        name = item.get("walName") or ""
        if _REDONE.search(message):
            break
        if _STOPPED.search(message):
            # All up to the target is there, whatever it has read ahead; but maybe along another timeline.
            failed = {known: words for known, words in failed.items() if known.endswith(".history")}
        if failure and (name or fetches):
            failed[name] = str(item.get("error") or failure[1] or message)
        elif answer:
            # Where a failure does not say of which file it is, it was of one that was asked for before this one.
            for known in (answer[1] or name, ""):
                failed.pop(known, None)
    return next((f"{known}: {words}" for known, words in failed.items() if known), failed.get("", ""))


def _timed(log: str) -> Iterator[tuple[float, str, dict[str, Any]]]:
    time = 0.0
    for line in log.split("\n"):
        item = _json(line) or {"msg": line}
        with suppress(ValueError):  # without a time, it is of that of the line before
            time = datetime.fromisoformat(str(item.get("ts"))).timestamp()
        record = item.get("record")
        yield time, str((record if isinstance(record, dict) else {}).get("message") or item.get("msg") or ""), item


def _json(line: str) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}


def _messages(log: str) -> Iterator[tuple[str, str]]:
    # str.splitlines() would split a record at U+0085 and others as well, and half of it is no JSON.
    for line in log.split("\n"):
        item = _json(line)
        if not item:
            plain = re.search(r"\b(LOG|FATAL|PANIC):\s+(.*)", line)
            yield (plain[1], plain[2]) if plain else ("", line)
        elif isinstance(item.get("record"), dict):
            yield item["record"].get("error_severity", ""), item["record"].get("message", "")
        else:
            said = [str(item[key]) for key in ("msg", "error", "err") if item.get(key)]
            yield str(item.get("level", "")), ": ".join(said)


def named(objects: Sequence[Mapping[str, Any]], kind: str, name: str) -> Mapping[str, Any]:
    """Return an object by its kind and name, or nothing."""
    for item in objects:
        if item.get("kind") == kind and (item.get("metadata") or {}).get("name") == name:
            return item
    return {}


def annotation(item: Mapping[str, Any], key: str) -> str:
    """Return an annotation of an object, or an empty text where it has none of that name."""
    return ((item.get("metadata") or {}).get("annotations") or {}).get(key) or ""


def applied_spec(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the spec that an object was applied with; the API adds to the one that it has."""
    return last_applied(item).get("spec") or {}


def is_there(wanted: Mapping[str, Any]) -> str:
    """Say that the new cluster is there, and is none of this restore."""
    return (
        f"postgres_cluster_name is {wanted['name']!r} (string): the namespace {wanted['namespace']} has that cluster, "
        "and nothing is restored over one that is there; run this for another name, or delete it by teardown.yml with "
        "teardown_keep_data=false first"
    )
