# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills: which can be run, what one came to, and the table of many."""

from __future__ import annotations

import csv
import io
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators, prometheus_answer
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.ledger import WORDS, failed_words

# What a drill may need, and what is said where it lacks. Whether it is there, `has` tells by its name, or COMPUTED.
NEEDS = {
    "container": "no container of PostgreSQL is known for the operator {operator}",
    "switchover": "this collection has no switchover for the operator {operator}",
    "standby": "the cluster has no standby",
    "pgpool_replicas": "Pgpool-II has one pod only (pgpool_replicas)",
    "shared": "it breaks what other PostgreSQL clusters share (drills_shared)",
    "operator": "no pods of the operator {operator} are found",
    "prometheus": "no pod is labelled app.kubernetes.io/name=prometheus",
    "node_engine": "the nodes are no containers of this machine (drills_node_engine)",
    "workers": "an instance runs on a node of the control plane, without which nothing can be told",
    "control_plane": "no node is labelled node-role.kubernetes.io/control-plane",
    "cluster_label": "no label is known by which the operator {operator} marks its objects",
    "certificate": "the operator {operator} keeps no certificate of which this collection knows",
    "other_user": "the operator {operator} manages no user beside the owner of the first database",
    "folders": "volumes are no folders of nodes (hostPath), in whose place a small file system could come",
}
COMPUTED: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    "switchover": lambda contract, _has: "switchover" in operators.adapter(contract["operator"]).OPERATIONS,
    "standby": lambda contract, _has: len(contract["instances"]) > 1,
    "pgpool_replicas": lambda _contract, has: int(has["pgpool_pods"]) > 1,
}

# The clients of the ledger, in the order of the columns.
WAYS = ("pgpool_write", "direct_write", "pgpool_read")

# Columns of the table, and what stands in each for the records of one drill.
COLUMNS = (
    "drill", "runs", "write gap", "directly", "read gap", "lost", "in doubt", "instances back",
    "Pgpool-II's backends back", "statements failed", "alerts", "`site.yml` after it", "on",
)  # fmt: skip


def drills_plan(
    names: Sequence[str],
    catalogue: Mapping[str, Mapping[str, Any]],
    contract: Mapping[str, Any],
    has: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Say which drills are run, and why the others are not.

    :param names: those that are wanted
    :param catalogue: all that there are, each with what it `does` and `needs`
    :param contract: the PostgreSQL cluster
    :param has: what else there is, or is allowed
    :returns: `name`, `does`, `needs`, `prepares` (whether it has tasks before and after the clients) and `skipped` (the
        reason, or nothing) of each
    """
    unknown = [name for name in names if name not in catalogue]
    if unknown:
        raise InputError(f"there is no drill {unknown[0]!r}: give one of {', '.join(catalogue)}")
    plan = []
    for name in names:
        needs = catalogue[name].get("needs") or []
        lacks = [NEEDS[need] for need in needs if not _is_met(need, contract, has)]
        reason = lacks[0].format(operator=contract["operator"]) if lacks else ""
        prepares = bool(catalogue[name].get("prepares"))
        plan.append(
            {"name": name, "does": catalogue[name]["does"], "needs": needs, "prepares": prepares, "skipped": reason}
        )
    return plan


def _is_met(need: str, contract: Mapping[str, Any], has: Mapping[str, Any]) -> bool:
    computed = COMPUTED.get(need)
    return computed(contract, has) if computed else bool(has[need])


def drill_record(
    ledger: Mapping[str, Any],
    name: str,
    began: float,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    pods: Sequence[Mapping[str, Any]],
    pool_nodes: Mapping[str, str],
    alerts: str | None,
    note: str = "",
) -> dict[str, Any]:
    """Say what a drill came to.

    :param ledger: what the clients saw
    :param began: when it began, in seconds since 1970
    :param before: the PostgreSQL cluster before, and `after`
    :param pods: the pods of the namespace, afterwards
    :param pool_nodes: what each pod of Pgpool-II answers to SHOW POOL_NODES, afterwards; empty where none was asked
    :param alerts: what promtool printed of the alerts that fired meanwhile, or None where nobody was asked
    :param note: what this drill alone has to say
    """
    ways, old, new = ledger["ways"], _primary(before), _primary(after)
    instances = {instance["pod"] for instance in after["instances"]}
    silent = {pod: answer for pod, answer in pool_nodes.items() if not _says_backends(answer)}
    told = {pod: answer for pod, answer in pool_nodes.items() if pod not in silent}
    changes = [at for answer in told.values() for at in _status_changes(answer)]
    record = {
        "name": name,
        "at": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
        "gaps": {way: seen["gap"] for way, seen in ways.items()},
        "lost": sum(seen["lost"] for seen in ways.values()),
        "in_doubt": sum(seen["in_doubt"] for seen in ways.values()),
        "acknowledged": sum(seen["acknowledged"] for way, seen in ways.items() if not way.endswith("_read")),
        "failed": {way: seen["failed"] for way, seen in ways.items()},
        "instances_back": _since(began, (_ready(pod) for pod in pods if pod["metadata"]["name"] in instances)),
        "backends_back": _since(began, changes) if told and not silent else None,
        "primary": {"from": old, "to": new},
        "parts": _parts(after, ways["pgpool_write"]) if old != new else {},
        "alerts": None if alerts is None else _alerts(alerts),
        "note": note,
        "problems": [f"{name}: {problem}" for problem in [*ledger["problems"], *_away(told), *_silent(silent)]],
    }
    return {**record, "summary": _summary(record)}


def drills_table(records: Sequence[Mapping[str, Any]], plan: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return a table of what drills came to, a row for each that was run or skipped; seconds as median / worst.

    What only some of the runs know has their number with it.
    """
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_row(name, [one for one in records if one["name"] == name]) for name in _names(records)]
    rows += [
        (one["name"], "0", f"skipped: {one['skipped']}", *[""] * (len(COLUMNS) - 3)) for one in plan if one["skipped"]
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def days(records: Iterable[Mapping[str, Any]]) -> str:
    """Return the day of drills, or the first and the last one, and with which operator, where that is known."""
    known = list(records)
    found = sorted({record["at"][:10] for record in known})
    images = sorted({record.get("operator", "") for record in known})
    # The name and the tag of each image.
    programs = [image.partition("@")[0].rpartition("/")[2].replace(":", " ") for image in images]
    said = " to ".join(dict.fromkeys([found[0], found[-1]]))
    return f"{said}, with {' and '.join(programs)}" if all(images) else said


def _names(records: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(record["name"] for record in records))


def _row(name: str, records: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    failed: Counter[str] = Counter()
    for record in records:
        for way, states in record["failed"].items():
            failed.update(states if way.startswith("pgpool_") else {})
    known = [record["alerts"] for record in records if record["alerts"] is not None]
    changed = [record["site_changed"] for record in records if "site_changed" in record]
    return (
        name,
        str(len(records)),
        *(_seconds([record["gaps"].get(way) for record in records]) for way in WAYS),
        str(sum(record["lost"] for record in records)),
        str(sum(record["in_doubt"] for record in records)),
        _seconds([record["instances_back"] for record in records]),
        _seconds([record["backends_back"] for record in records]),
        failed_words(failed),
        _of_those_known(", ".join(sorted({one for alerts in known for one in alerts})) or "none", known, records),
        "failed" if any(record.get("site_failed") for record in records) else _changed(changed),
        days(records),
    )


def _seconds(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(known) > 1:
        said = f"{statistics.median(known):.1f} / {max(known):.1f} s"
    else:
        said = "".join(f"{value:.1f} s" for value in known)
    return _of_those_known(said, known, values)


def _of_those_known(said: str, known: Sequence[Any], of: Sequence[Any]) -> str:
    """Say something with how many runs know it, where not all do."""
    if not known:
        return "not known"
    return said if len(known) == len(of) else f"{said} ({len(known)} of {len(of)} known)"


def _changed(counts: Sequence[int]) -> str:
    return f"changed={max(counts)}" if counts else "not run"


def _summary(record: Mapping[str, Any]) -> str:
    """Say it in sentences."""
    gaps = ", ".join(f"{seconds:.2f} s no {WORDS[way]}" for way, seconds in record["gaps"].items())
    parts = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in record["parts"].items())
    old, new = record["primary"]["from"], record["primary"]["to"]
    moved = f" {new} became the primary{f' ({parts})' if parts else ''}." if old != new else ""
    alerts = "not known" if record["alerts"] is None else ", ".join(record["alerts"]) or "none"
    back = record["backends_back"]
    backends = "when is not known" if back is None else f"after {back:.1f} s"
    return (
        f"{record['name']}: {gaps}.{moved} {record['acknowledged']} writes were acknowledged, {record['lost']} of them "
        f"are lost, {record['in_doubt']} in doubt. All instances were back after {record['instances_back']:.1f} s, as "
        f"backends of Pgpool-II {backends}. Alerts: {alerts}. {record['note']}".rstrip()
    )


def _alerts(answer: str) -> list[str]:
    return sorted({one.labels["alertname"] for one in prometheus_answer.series(answer)})


def _primary(contract: Mapping[str, Any]) -> str:
    return next((item["name"] for item in contract["instances"] if item["role"] == "primary"), "")


def _parts(after: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, float]:
    """Tell apart what the gap is made of, where the operator tells when it chose and when it promoted.

    The gap begins with the last write that was acknowledged: the playbook noted its time some seconds before it broke
    anything. A switchover is chosen before that, and so is not detected at all. Where the longest gap is not the one in
    which an instance was promoted, it has no such parts.
    """
    times = after.get("primary_times") or {}
    if not times.get("chosen") or not times.get("promoted"):
        return {}
    chosen, promoted = max(_time(times["chosen"]), seen["gap_since"]), _time(times["promoted"])
    served = seen["gap_since"] + seen["gap"]
    if not seen["gap_since"] <= chosen <= promoted <= served:
        return {}
    steps = {"detection": chosen - seen["gap_since"], "promotion": promoted - chosen, "routing": served - promoted}
    return {name: round(seconds, 2) for name, seconds in steps.items()}


def _since(began: float, times: Iterable[float]) -> float:
    """Return how long after the beginning the last of these times was; those before it do not count."""
    return round(max([0.0, *(at - began for at in times)]), 1)


def _ready(pod: Mapping[str, Any]) -> float:
    for condition in pod["status"].get("conditions") or []:
        if condition["type"] == "Ready":
            return _time(condition["lastTransitionTime"])
    return 0.0


def _says_backends(answer: str) -> bool:
    return "node_id" in (csv.DictReader(io.StringIO(answer)).fieldnames or [])


def _silent(answers: Mapping[str, str]) -> list[str]:
    """List the pods of Pgpool-II that answer no SQL. When their backends were back, nobody knows."""
    return [
        f"{pod} does not say which backends it has: {' '.join(answer.split())[:300] or 'no answer'}"
        for pod, answer in answers.items()
    ]


def _away(pool_nodes: Mapping[str, str]) -> list[str]:
    """List what Pgpool-II has not taken back. The primary's own backend may stay away, as backend 0 serves it."""
    return [
        f"{pod} has not taken {row['hostname']} back"
        for pod, answer in pool_nodes.items()
        for row in csv.DictReader(io.StringIO(answer))
        if row.get("status") == "down" and row.get("pg_role") != "primary"
    ]


def _status_changes(answer: str) -> list[float]:
    """Return when Pgpool-II last changed its mind about each backend, in its pod's clock, which is UTC."""
    found = []
    for row in csv.DictReader(io.StringIO(answer)):
        changed = (row.get("last_status_change") or "").strip()
        if changed:
            found.append(_time(changed.replace(" ", "T") + "Z"))
    return found


def _time(text: str) -> float:
    """Return the seconds since 1970 of a time as Kubernetes writes it."""
    return datetime.fromisoformat(text).timestamp()
