# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which standby becomes the primary in a switchover, and whether everybody agrees on the roles afterwards."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.amount import amount
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import operation_problems

_RECOVERY = {"t": "standby", "f": "primary"}
_LABELS = {"primary": "primary", "replica": "standby", "standby": "standby"}
# Bytes of WAL that a standby may still have to receive. CloudNativePG gives the primary 60 s to stop
# (cluster.yml.j2), in which it sends the rest, then ends it all the same, and the rest is lost. In 60 s this much
# comes through 150 Mbit/s and onto a disk that takes 20 MB/s.
_MOST_UNRECEIVED = 1024**3


def switchover_plan(
    contract: Mapping[str, Any], answer: Mapping[str, Any], to: str = "", now: str = ""
) -> dict[str, Any]:
    """Say who becomes the primary, or why nobody can.

    :param contract: the PostgreSQL cluster
    :param answer: what `pod_exec` returned for pg_stat_replication on the primary, as CSV; `{}` if it was not asked
    :param to: the standby that is asked for; empty is the best one
    :param now: the time
    :returns: `problems` (sentences), `from` and `to`, `needed` (whether somebody has to be told), `standbys` (the
        best first, each with `name`, `state`, `sync_state`, `behind` (not replayed) and `unreceived`, in bytes, and
        `words`) and `patch` for the module patch_status
    """
    primary = next((item["name"] for item in contract["instances"] if item["role"] == "primary"), "")
    found = sorted(_standbys(contract, answer), key=_rank)
    chosen = to or contract.get("switching_to") or next((item["name"] for item in found if _is_fit(item)), "")
    needed = chosen not in (primary, contract.get("switching_to"))
    problems = list(operation_problems(contract, "switchover")) or list(_problems(contract, answer, found, primary, to))
    return {
        "problems": problems[:1],
        "from": primary,
        "to": chosen,
        "needed": needed and not problems,
        "standbys": found,
        "patch": operators.adapter(contract["operator"]).switchover(primary, chosen, now)
        if needed and not problems
        else {},
    }


def role_views(
    contract: Mapping[str, Any],
    answers: Mapping[str, str],
    pods: Sequence[Mapping[str, Any]],
    nodes: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Compare what PostgreSQL, Kubernetes and Pgpool-II take each instance for.

    :param contract: the PostgreSQL cluster, with the roles as the operator has them
    :param answers: for each instance that was asked, by its name, what it said to `SELECT pg_is_in_recovery()`
    :param pods: the pods of the instances
    :param nodes: the rows of SHOW POOL_NODES; without them, Pgpool-II's view is left out
    :returns: `views` (`name`, `operator`, `postgresql`, `kubernetes`, `pgpool` of each) and `problems` (sentences)
    """
    said = {name: _RECOVERY.get(answer.strip(), "no answer") for name, answer in answers.items()}
    labels = {pod["metadata"]["name"]: pod["metadata"].get("labels") or {} for pod in pods}
    seen = {node["hostname"].partition(".")[0]: node.get("pg_role", "unknown") for node in nodes or []}
    views = []
    for item in contract["instances"]:
        view = {"name": item["name"], "operator": item["role"]}
        if item["name"] in said:
            view["postgresql"] = said[item["name"]]
        if item["pod"] in labels:
            label = labels[item["pod"]].get(contract["role_label"], "")
            view["kubernetes"] = _LABELS.get(label, label or "no label")
        if item["name"] in seen:
            view["pgpool"] = seen[item["name"]]
        views.append(view)
    return {"views": views, "problems": [sentence for view in views for sentence in _disagreements(view)]}


def _standbys(contract: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the standbys as the primary sees them in pg_stat_replication."""
    rows = {row["application_name"]: row for row in csv.DictReader(io.StringIO(answer.get("stdout") or ""))}
    for item in contract["instances"]:
        if item["role"] == "standby":
            row = rows.get(item["application_name"], {})
            standby = {
                "name": item["name"],
                "ready": item["ready"],
                "state": row.get("state", "not connected"),
                "sync_state": row.get("sync_state", ""),
                "behind": int(row.get("behind") or 0),
                "unreceived": int(row.get("unreceived") or 0),
            }
            yield {**standby, "words": _words(standby)}


def _is_fit(standby: Mapping[str, Any]) -> bool:
    return standby["ready"] and standby["state"] == "streaming"


def _lacks_wal(standby: Mapping[str, Any]) -> bool:
    """Tell whether WAL might be lost. To replay late what is on its disk makes the promotion longer, and no more."""
    return standby["unreceived"] > _MOST_UNRECEIVED


def _rank(standby: Mapping[str, Any]) -> tuple[bool, bool, bool, int, str]:
    """Rank those that stream, then those that have the WAL, that confirm commits, that are least behind."""
    confirms = standby["sync_state"] in ("sync", "quorum")
    return not _is_fit(standby), _lacks_wal(standby), not confirms, standby["behind"], standby["name"]


def _words(standby: Mapping[str, Any]) -> str:
    connected = [standby["sync_state"], f"{standby['behind']} bytes behind"] if standby["sync_state"] else []
    words = [standby["state"], *connected, *([] if standby["ready"] else ["not ready"])]
    return f"{standby['name']} ({', '.join(words)})"


def _problems(
    contract: Mapping[str, Any],
    answer: Mapping[str, Any],
    standbys: Sequence[Mapping[str, Any]],
    primary: str,
    to: str,
) -> Iterator[str]:
    names, moving = [item["name"] for item in contract["instances"]], contract.get("switching_to")
    shown = f"postgres_cluster_switchover_to is {to!r} (string)"
    fit = [item["name"] for item in standbys if _is_fit(item)]
    if to and to not in names:
        yield f"{shown}: the cluster has no such instance; give one of {', '.join(names) or 'those it will have'}"
    elif moving and (moving not in names or to not in ("", moving)):
        yield f"the primary moves from {primary} to {moving} now: wait until it has, then run this again"
    elif moving or to == primary:
        return  # what is asked for is being done, or is done
    elif not primary:
        yield f"the PostgreSQL cluster {contract['name']} has no primary: wait for the operator's failover"
    elif answer.get("rc", 1) != 0:
        why = " ".join(str(answer.get("stderr") or answer.get("msg") or "no answer").split())[:300]
        yield f"the primary {primary} does not answer ({why}): wait for the operator's failover"
    elif not fit:
        seen = ", ".join(item["words"] for item in standbys) or "there is none"
        yield f"no standby is ready and streams from the primary {primary}: {seen}; run this again when one does"
    elif to and to not in fit:
        [asked] = [item for item in standbys if item["name"] == to]
        yield (
            f"{shown}: it is no standby that is ready and streams, but {asked['words']}; "
            f"give one of {', '.join(fit)}, or leave it out for the best"
        )
    else:
        yield from _wal_problems(standbys, to)


def _wal_problems(standbys: Sequence[Mapping[str, Any]], to: str) -> Iterator[str]:
    """Yield that the standby which is asked for, or else the best, lacks too much WAL."""
    [chosen, *_others] = [item for item in standbys if to in ("", item["name"])]
    if _lacks_wal(chosen):
        who = f"postgres_cluster_switchover_to is {to!r} (string): it" if to else f"the best standby, {chosen['name']},"
        yield (
            f"{who} has still to receive {amount(chosen['unreceived'], 'bytes')} of WAL, and what it has not received "
            "when the operator's time for the primary to stop is over is lost; wait until it is less than "
            f"{amount(_MOST_UNRECEIVED, 'bytes')}, then run this again"
        )


def _disagreements(view: Mapping[str, Any]) -> Iterator[str]:
    by = {"postgresql": "PostgreSQL", "kubernetes": "Kubernetes' label", "pgpool": "Pgpool-II"}
    for key, name in by.items():
        # The instance that is primary is served by another backend: its own may be detached, and then is not asked.
        spare = key == "pgpool" and view["operator"] == "primary" and view.get(key) not in _LABELS
        if key in view and view[key] != view["operator"] and not spare:
            yield f"{view['name']} is {view['operator']} for the operator, and {view[key]} for {name}"
