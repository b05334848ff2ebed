# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of many PostgreSQL clusters on one page: which are well, which are not and why, which cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WELL, WRONG, UNKNOWN = "well", "to look at", "not known"
# What needs somebody comes first.
_ORDER = (UNKNOWN, WRONG, WELL)


def fleet_report(hosts: Sequence[str], reports: Sequence[Mapping[str, Any]], failures: Sequence[str]) -> dict[str, Any]:
    """Put reports together.

    :param hosts: the hosts of the inventory that the run is for
    :param reports: of each what `status_report` made; empty where there is none
    :param failures: of each why there is none
    :returns: `until` (seconds since 1970, the newest), `counts` (by state) and `clusters`, of each its `host`, `name`,
        `namespace`, `version`, `state`, `problems` (sentences), `reasons` (what Kubernetes says of its pods and
        volumes), `primary`, `instances` and `ready` (how many), `lag_bytes` (of the farthest standby;
        not known where that of one is not),
        `children_used_ratio` (of the fullest pod), `reads` and `page` (the file of its own report)
    """
    clusters = [_cluster(host, report, failure) for host, report, failure in zip(hosts, reports, failures, strict=True)]
    return {
        "until": max((int(report["until"]) for report in reports if report), default=0),
        "counts": {state: sum(one["state"] == state for one in clusters) for state in (WELL, WRONG, UNKNOWN)},
        "clusters": sorted(clusters, key=lambda one: (_ORDER.index(one["state"]), one["host"])),
    }


def _cluster(host: str, report: Mapping[str, Any], failure: str) -> dict[str, Any]:
    if not report or failure:
        told = " ".join(str(failure).split()) or "no report was made of it"
        state = {"name": host, "state": UNKNOWN, "problems": [told], "reasons": [], "page": ""}
        return {"host": host, **state, **_facts({})}
    return {
        "host": host,
        "name": report["name"],
        "state": WRONG if report["problems"] else WELL,
        "problems": list(report["problems"]),
        "reasons": list(report["reasons"]),
        "page": f"{host}.html",
        **_facts(report),
    }


def _facts(report: Mapping[str, Any]) -> dict[str, Any]:
    instances = report.get("instances") or []
    lags = [one["lag_bytes"] for one in instances if one["says"] != "primary"]
    # Where pods number their backends differently, a host is there several times, each time with all its reads.
    hosts = {one["hostname"]: one["reads"] for one in report.get("backends") or []}
    reads = [each for each in hosts.values() if each is not None]
    return {
        "namespace": report.get("namespace", ""),
        "version": report.get("version", ""),
        "primary": ", ".join(one["name"] for one in instances if one["says"] == "primary"),
        "instances": len(instances),
        "ready": sum(bool(one["ready"]) for one in instances),
        # One that has no connection to its primary has none, and may be the farthest.
        "lag_bytes": None if None in lags else max(lags, default=None),
        "children_used_ratio": _largest(report.get("pods") or [], "children_used_ratio"),
        "reads": sum(reads) if reads else None,
    }


def _largest(items: Sequence[Mapping[str, Any]], key: str) -> float | None:
    return max((one[key] for one in items if one.get(key) is not None), default=None)
