# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PostgreSQL cluster is like now and was like lately, for the report of `status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.line_chart import last_value
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.prometheus_answer import Series, series

_SEVERITIES = ("critical", "warning")
# Labels of an alert that do not say what it is about.
_COMMON = {
    "__name__",
    "alertname",
    "alertstate",
    "severity",
    "namespace",
    "cluster",
    "service",
    "job",
    "node",
    "instance",
}
# Seconds in which a pod that got ready is found, is scraped, and has its series recorded: with a Prometheus that takes
# its time, a minute each.
_FOUND_WITHIN = 180


def status_report(
    contract: Mapping[str, Any],
    now: str,
    lately: str,
    charts: Sequence[Mapping[str, Any]],
    span: Mapping[str, Any],
    runbooks: str = "",
    pgpool: Mapping[str, Any] | None = None,
    pgpool_pods: Sequence[Mapping[str, Any]] = (),
    pgpool_name: str = "",
    pgpool_unread: str = "",
    operator_problems: Sequence[str] = (),
) -> dict[str, Any]:
    """Put together what the API and Prometheus say.

    :param contract: the PostgreSQL cluster
    :param now: what `promtool query instant --format=json` printed; what is about other clusters is left out
    :param lately: what `promtool query range --format=json` printed; the same
    :param charts: of each its `title`, `unit`, `record` (a metric), `line` (the label that names a line), and the
        `limit` of an alert (`pgha:limit:<limit>`), if there is one
    :param span: `from` and `until` (seconds since 1970) and `step` (seconds)
    :param runbooks: where the pages `<alert>.md` are
    :param pgpool: the Deployment of Pgpool-II, if there is one
    :param pgpool_pods: its pods
    :param pgpool_name: how the Deployment is called that there should be; empty where there should be none
    :param pgpool_unread: why Deployment or pods could not be read; empty where they could
    :param operator_problems: what is wrong with the operator, as sentences
    :returns: `name`, `namespace`, `operator`, `version`, `phase`, `from`, `until`, `problems` (sentences, empty if all
        is well), `reasons` (none yet: what Kubernetes says is read where something is wrong), `notes` (none yet),
        `instances`, `backends`, `pods` (of Pgpool-II), `alerts` and `charts`
    :raises InputError: an answer is none of Prometheus
    """
    seen, drawn = _Seen(_own(series(now), contract)), _own(series(lately), contract)
    instances = [_instance(told, seen) for told in contract["instances"]]
    report = {
        **{key: contract[key] for key in ("name", "namespace", "operator", "version", "phase")},
        "from": int(span["from"]),
        "until": int(span["until"]),
        "instances": instances,
        "backends": _backends(seen),
        "pods": _pods(seen),
        "alerts": sorted(_alerts(seen, contract, runbooks), key=_urgency),
        "charts": [_chart(told, drawn, seen, span) for told in charts],
    }
    lacking: list[str] = []
    if pgpool_unread and pgpool_name:
        lacking = [f"Deployment and pods of Pgpool-II ({pgpool_name}) could not be read: {pgpool_unread}"]
    elif pgpool_name and not pgpool:
        lacking = [f"there is no Deployment {pgpool_name} of Pgpool-II"]
    if pgpool:
        lacking += [*_missing(pgpool), *_unscraped(pgpool, pgpool_pods, report)]
    problems = [*operator_problems, *_problems(contract, report, seen), *lacking]
    return {**report, "problems": problems, "reasons": [], "notes": []}


def _own(found: Sequence[Series], contract: Mapping[str, Any]) -> list[Series]:
    """Leave out what is about other clusters. Limits are all clusters'; of some alerts, the cluster is not known."""
    where, name = contract["namespace"], contract["name"]
    return [
        one
        for one in found
        if one.labels.get("__name__", "").startswith("pgha:limit:")
        or (one.labels.get("namespace") == where and one.labels.get("cluster", name) == name)
    ]


def _missing(pgpool: Mapping[str, Any]) -> Iterator[str]:
    """Yield that pods are missing: Prometheus knows of those that are there alone."""
    wanted = (pgpool.get("spec") or {}).get("replicas") or 0
    ready = (pgpool.get("status") or {}).get("readyReplicas") or 0
    if ready < wanted:
        yield f"Pgpool-II has {ready} of {wanted} pods that are ready ({pgpool['metadata']['name']})"


def _unscraped(
    pgpool: Mapping[str, Any], pods: Sequence[Mapping[str, Any]], report: Mapping[str, Any]
) -> Iterator[str]:
    """Yield that Prometheus does not know pods that it should have found by now: nothing else is said of them."""
    template = (pgpool.get("spec") or {}).get("template") or {}
    if all(one.get("name") != "exporter" for one in (template.get("spec") or {}).get("containers") or []):
        return
    ready = {pod["metadata"]["name"] for pod in pods if _is_ready_since(pod, report["until"] - _FOUND_WITHIN)}
    known = ready & {pod["name"] for pod in report["pods"]}
    if len(known) < len(ready):
        yield f"Prometheus knows {len(known)} of {len(ready)} pods of Pgpool-II"


def _is_ready_since(pod: Mapping[str, Any], moment: float) -> bool:
    """Whether a pod was ready at a moment and has been since. One that ends is not scraped, and is not to be."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    return any(
        one.get("type") == "Ready" and one.get("status") == "True" and _seconds(one.get("lastTransitionTime")) <= moment
        for one in (pod.get("status") or {}).get("conditions") or []
    )


def _seconds(time: Any) -> float:
    """Return a time of the API in seconds since 1970; one that is not told is long ago."""
    return datetime.fromisoformat(str(time)).timestamp() if time else 0


class _Seen:
    """The series of one moment, by name."""

    def __init__(self, found: Sequence[Series]) -> None:
        self._found = found

    def of(self, name: str, **labels: str) -> list[Series]:
        """Return the series of a name that have these labels."""
        return [
            one
            for one in self._found
            if one.labels.get("__name__") == name and all(one.labels.get(key) == labels[key] for key in labels)
        ]

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of a series; the largest, where there are several."""
        return max((one.last for one in self.of(name, **labels)), default=None)

    def total(self, name: str, **labels: str) -> float | None:
        """Return the values of all series together."""
        found = self.of(name, **labels)
        return sum(one.last for one in found) if found else None


def _instance(told: Mapping[str, Any], seen: _Seen) -> dict[str, Any]:
    pod = told.get("pod") or told["name"]
    recovers = seen.value("pgha:instance:in_recovery", pod=pod)
    backends = [one for one in seen.of("pgha:pgpool_backend:attached") if _pod_of(one.labels) == pod]
    # Backend 0 leads to the primary, whichever instance that is.
    hosts = {one.labels.get("hostname") for one in seen.of("pgpool2_pool_nodes_status", node_id="0") if recovers == 0}
    reads = [
        one.last
        for one in seen.of("pgha:pgpool_backend:reads:rate5m")
        if _pod_of(one.labels) == pod or one.labels.get("hostname") in hosts
    ]
    return {
        "name": told["name"],
        "role": told["role"],
        "ready": bool(told["ready"]),
        "says": "unknown" if recovers is None else "standby" if recovers else "primary",
        "up": _truth(seen.value("pgha:target:up", pod=pod)),
        "lag_bytes": seen.value("pgha:standby:lag_bytes", pod=pod),
        "lag_seconds": seen.value("pgha:standby:lag_seconds", pod=pod),
        "attached": int(max(one.last for one in backends)) if backends else None,
        "reads": sum(reads) if reads else None,
    }


def _pod_of(backend: Mapping[str, Any]) -> str:
    """Return the name of the pod that a backend's host name leads to, where each instance has a Service of its name."""
    return backend.get("hostname", "").partition(".")[0]


def _truth(value: float | None) -> bool | None:
    return None if value is None else value == 1


def _backends(seen: _Seen) -> list[dict[str, Any]]:
    """Return what the pods of Pgpool-II say of each backend."""
    found: dict[tuple[str, str], list[Series]] = {}
    for one in seen.of("pgpool2_pool_nodes_status"):
        found.setdefault((one.labels.get("node_id", ""), one.labels.get("hostname", "")), []).append(one)
    return [
        {
            "node_id": node,
            "hostname": host,
            "attached": sum(one.last == 1 for one in views),
            "views": len(views),
            "role": _views(views, "pg_role"),
            "replication_state": _views(views, "replication_state"),
            "weight": seen.value("pgpool2_pool_nodes_lb_weight", node_id=node, hostname=host),
            "delay": seen.value("pgpool2_pool_nodes_replication_delay", node_id=node, hostname=host),
            # Each Pgpool-II has a series of its own, of all its pods.
            "reads": seen.total("pgha:pgpool_backend:reads:rate5m", hostname=host),
        }
        for (node, host), views in sorted(found.items(), key=lambda item: (len(item[0][0]), item[0]))
    ]


def _views(views: Sequence[Series], label: str) -> str:
    """Return what a label says; where pods differ, all of it."""
    return " / ".join(sorted({one.labels.get(label, "") for one in views} - {""}))


def _pods(seen: _Seen) -> list[dict[str, Any]]:
    pods = []
    for one in seen.of("pgha:target:up", job="pgpool"):
        pod = one.labels.get("pod", "")
        used = [used.last for used in seen.of("pgpool2_frontend_used", pod=pod)]
        pods.append(
            {
                "name": pod,
                "up": one.last == 1,
                "answers": _truth(seen.value("pgpool2_up", pod=pod)),
                "children": seen.value("pgpool2_frontend_total", pod=pod),
                "children_used": sum(used) if used else None,
                "children_used_ratio": seen.value("pgha:pgpool:children_used_ratio", pod=pod),
            }
        )
    return sorted(pods, key=lambda pod: pod["name"])


def _alerts(seen: _Seen, contract: Mapping[str, Any], runbooks: str) -> Iterator[dict[str, Any]]:
    pods = [told.get("pod") or told["name"] for told in contract["instances"]]
    volumes = {claim for pod in pods for claim in (pod, f"{pod}-wal", f"data-{pod}")}
    for one in seen.of("ALERTS"):
        labels = one.labels
        if not labels.get("cluster") and labels.get("persistentvolumeclaim") not in volumes:
            continue
        about = {key: value for key, value in labels.items() if key not in _COMMON and value}
        yield {
            "alert": labels.get("alertname", ""),
            "severity": labels.get("severity", ""),
            "state": labels.get("alertstate", ""),
            "about": ", ".join(f"{key} {about[key]}" for key in sorted(about)),
            "runbook_url": f"{runbooks.rstrip('/')}/{labels.get('alertname', '')}.md" if runbooks else "",
        }


def _urgency(alert: Mapping[str, Any]) -> tuple[bool, int, str, str]:
    """Rank what fires before what is pending, and what is critical before the rest."""
    known = alert["severity"] in _SEVERITIES
    rank = _SEVERITIES.index(alert["severity"]) if known else len(_SEVERITIES)
    return alert["state"] != "firing", rank, alert["alert"], alert["about"]


def _chart(told: Mapping[str, Any], lately: Sequence[Series], seen: _Seen, span: Mapping[str, Any]) -> dict[str, Any]:
    lines = [
        {
            "name": one.labels.get(told["line"]) or told["title"],
            "points": [list(sample) for sample in one.samples],
            "last": last_value(one.samples, float(span["until"]), float(span["step"])),
        }
        for one in lately
        if one.labels.get("__name__") == told["record"]
    ]
    return {
        "title": told["title"],
        "unit": told["unit"],
        "from": int(span["from"]),
        "until": int(span["until"]),
        "step": int(span["step"]),
        "limit": seen.value(f"pgha:limit:{told['limit']}") if told.get("limit") else None,
        "lines": sorted(lines, key=lambda line: line["name"]),
    }


def _problems(contract: Mapping[str, Any], report: Mapping[str, Any], seen: _Seen) -> Iterator[str]:
    yield from contract["pending"]
    for one in report["instances"]:
        if one["up"] is None:
            yield f"Prometheus does not know the instance {one['name']}"
        elif not one["up"]:
            yield f"Prometheus cannot scrape the instance {one['name']}"
    primaries = [one["name"] for one in report["instances"] if one["says"] == "primary"]
    # Where the cluster follows another one, the operator labels a standby as primary.
    follows = seen.value("pgha:cluster:replica_mode") == 1
    if len(primaries) > 1:
        yield f"PostgreSQL says that {' and '.join(primaries)} are primaries"
    elif not primaries and not follows and any(one["says"] != "unknown" for one in report["instances"]):
        yield "no instance is primary"
    for one in seen.of("pgha:instance:role_disagreement"):
        if one.last == 1 and not follows:
            yield f"{one.labels.get('pod', '')} is not what {one.labels.get('view', '')} takes it for"
    for one in seen.of("pgha:standby:streams"):
        if one.last == 0:
            yield f"the standby {one.labels.get('pod', '')} has no connection to its primary"
    for one in report["backends"]:
        # The primary has an address of its own: without its other one, nothing is missing.
        if one["attached"] < one["views"] and _pod_of(one) not in primaries:
            yield (
                f"the backend {one['node_id']} ({one['hostname']}) is attached in {one['attached']} of {one['views']}"
                " pods of Pgpool-II"
            )
    for one in report["pods"]:
        if not one["up"] or one["answers"] is False:
            yield f"the pod {one['name']} of Pgpool-II does not answer"
    for one in report["alerts"]:
        if one["state"] == "firing":
            yield f"{one['alert']} fires ({one['severity']}){': ' + one['about'] if one['about'] else ''}"
