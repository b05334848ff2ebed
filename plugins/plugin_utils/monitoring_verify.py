# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Prometheus scrapes each pod that it should, and sees roles that agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.prometheus_answer import series


def verdict(objects: Sequence[Mapping[str, Any]], answer: str) -> dict[str, Any]:
    """Compare what Prometheus says with the pods behind the Services that ask to be scraped.

    :param objects: Services and EndpointSlices
    :param answer: what `promtool query instant --format=json` printed for `up`, and for metrics such as `pgpool2_up`
        that say whether an exporter reaches what it watches; and `pgha:instance:role_disagreement`
    :returns: `problems` (sentences, empty if all is well) `targets` (`namespace`, `service`, `pod`, `up`) and `table`
    :raises InputError: the answer is none of Prometheus
    """
    values = _values(answer)
    targets = [
        {
            "namespace": namespace,
            "service": service,
            "pod": pod,
            "up": values.get((namespace, service, pod), {}).get("up"),
        }
        for namespace, service, pod in _expected(objects)
    ]
    problems = [] if targets else ["no Service asks to be scraped, or none of them has a pod"]
    for target in targets:
        name = f"pod {target['pod']} of the Service {target['namespace']}/{target['service']}"
        if target["up"] is None:
            problems.append(f"Prometheus does not scrape {name}")
        elif target["up"] != 1:
            problems.append(f"Prometheus cannot scrape {name} (up is {target['up']:g})")
        else:
            seen = values[target["namespace"], target["service"], target["pod"]]
            problems += [
                f"the exporter in {name} says {metric} {seen[metric]:g}" for metric in sorted(seen) if seen[metric] != 1
            ]
    pods = {(target["namespace"], target["pod"]) for target in targets}
    for one in series(answer):
        where = (one.labels.get("namespace", ""), one.labels.get("pod", ""))
        if one.labels.get("__name__") == "pgha:instance:role_disagreement" and one.last == 1 and where in pods:
            view = one.labels.get("view", "")
            problems.append(f"PostgreSQL in pod {'/'.join(where)} is not what {view} takes it for")
    return {"problems": problems, "targets": targets, "table": _table(targets)}


def _table(targets: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        ("up", "namespace", "service", "pod"),
        *(
            ("-" if row["up"] is None else f"{row['up']:g}", row["namespace"], row["service"], row["pod"])
            for row in targets
        ),
    ]
    widths = [max(len(row[index]) for row in rows) for index in range(4)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _expected(objects: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """List namespace, Service and pod of all that asks to be scraped."""
    asking = {
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for item in objects
        if item.get("kind") == "Service"
        and (item["metadata"].get("annotations") or {}).get("prometheus.io/scrape") == "true"
    }
    found = set()
    for item in objects:
        if item.get("kind") != "EndpointSlice":
            continue
        metadata = item["metadata"]
        service = (metadata.get("labels") or {}).get("kubernetes.io/service-name", "")
        if (metadata["namespace"], service) in asking:
            for endpoint in item.get("endpoints") or []:
                reference = endpoint.get("targetRef") or {}
                # The scrape config drops what is on its way out.
                if reference.get("kind") == "Pod" and not (endpoint.get("conditions") or {}).get("terminating"):
                    found.add((metadata["namespace"], service, reference["name"]))
    return sorted(found)


def _values(answer: str) -> dict[tuple[str, str, str], dict[str, float]]:
    """Return the metrics by namespace, Service and pod."""
    values: dict[tuple[str, str, str], dict[str, float]] = {}
    for one in series(answer):
        key = (one.labels.get("namespace", ""), one.labels.get("service", ""), one.labels.get("pod", ""))
        values.setdefault(key, {})[one.labels.get("__name__", "up")] = one.last
    return values
