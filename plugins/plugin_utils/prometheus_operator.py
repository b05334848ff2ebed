# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role monitoring gives to a Prometheus Operator, and which Prometheus of its takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

_KEYS = {"source_labels": "sourceLabels", "target_label": "targetLabel"}
_SELECTORS = ("serviceMonitorSelector", "podMonitorSelector", "ruleSelector")


def monitor_relabelings(job: Mapping[str, Any], services: bool) -> list[dict[str, Any]]:
    """Return the steps of a ServiceMonitor or a PodMonitor that label targets as a scrape config does.

    :param job: an entry of Prometheus' `scrape_configs`
    :param services: they are for a ServiceMonitor, not for a PodMonitor
    :raises InputError: it is no entry of `scrape_configs`
    """
    steps = job.get("relabel_configs") if isinstance(job, Mapping) else None
    if not isinstance(steps, (list, tuple)) or not job.get("job_name"):
        raise InputError("it has to be an entry of scrape_configs, with job_name and relabel_configs")
    # The operator may discover by Endpoints, which have no EndpointSlice's name. By it, steps tell Services from pods.
    slices = {"sourceLabels": ["__meta_kubernetes_service_name"], "targetLabel": "__meta_kubernetes_endpointslice_name"}
    return [
        *([slices] if services else []),
        *({_KEYS.get(key, key): value for key, value in step.items()} for step in steps),
        # The operator's own labels: with them, each port of a pod would be a target of its own.
        {"action": "labeldrop", "regex": "container|endpoint"},
        {"targetLabel": "job", "replacement": job["job_name"]},
    ]


def watching(
    objects: Sequence[Mapping[str, Any]], labels: Mapping[str, str], namespace: str, watched: Sequence[str] = ()
) -> dict[str, Any]:
    """Say which Prometheus takes monitors and rules with these labels in this namespace.

    :param objects: objects of the kind Prometheus, and the Namespace
    :param labels: what the monitors and rules are labelled with
    :param namespace: where they are
    :param watched: the namespaces in which they look for targets; none is all
    :returns: `found` (of each its `namespace`, the `selector` of its pods and the `path` of its API) and `problem` (a
        sentence; empty if one is found)
    """
    known: Mapping[str, str] = {}
    for item in objects:
        if item.get("kind") == "Namespace" and item["metadata"]["name"] == namespace:
            known = item["metadata"].get("labels") or {}
    candidates = [item for item in objects if item.get("kind") == "Prometheus"]
    taking = [
        item for item in candidates if all(_takes(item, selector, labels, namespace, known) for selector in _SELECTORS)
    ]
    found = [
        {
            "namespace": item["metadata"]["namespace"],
            "selector": {"operator.prometheus.io/name": item["metadata"]["name"]},
            "path": ((item.get("spec") or {}).get("routePrefix") or "/").rstrip("/"),
        }
        for item in taking
        if set(watched) == {namespace} or not _confinement(item)
    ]
    if found:
        return {"found": found, "problem": ""}
    if taking:
        confined = "; ".join(
            f"{item['metadata']['namespace']}/{item['metadata']['name']} has {_confinement(item)}" for item in taking
        )
        return {
            "found": [],
            "problem": "no Prometheus that takes the monitors and rules has targets of another namespace than theirs: "
            f"{confined}; monitoring_namespace is {namespace!r}, monitoring_watched_namespaces is {list(watched)!r}: "
            "set both to the namespace of the PostgreSQL clusters, and to no other",
        }
    if not candidates:
        return {"found": [], "problem": "no object of the kind Prometheus is there for the operator to run"}
    asked = "; ".join(
        f"{item['metadata']['namespace']}/{item['metadata']['name']} asks for "
        + ", ".join(f"{selector} {_said(item, selector)}" for selector in _SELECTORS)
        for item in candidates
    )
    return {
        "found": [],
        "problem": f"no Prometheus takes what is in the namespace {namespace} with the labels {dict(labels)}: {asked};"
        " set monitoring_operator_labels and monitoring_namespace to what one of them asks for",
    }


def _confinement(item: Mapping[str, Any]) -> str:
    """Return what of a Prometheus takes all targets, or the label of all series, to be of the monitors' namespace."""
    spec = item.get("spec") or {}
    if spec.get("ignoreNamespaceSelectors"):
        return "ignoreNamespaceSelectors: true"
    # Somebody may have excluded the monitors and rules from it.
    excluded = spec.get("excludedFromEnforcement") or spec.get("prometheusRulesExcludedFromEnforce")
    enforced = spec.get("enforcedNamespaceLabel") == "namespace" and not excluded
    return "enforcedNamespaceLabel: namespace" if enforced else ""


def _said(item: Mapping[str, Any], selector: str) -> str:
    spec = item.get("spec") or {}
    where = spec.get(selector.replace("Selector", "NamespaceSelector"))
    wanted = spec.get(selector)
    return f"{'nothing' if wanted is None else dict(wanted)} in {'its own namespace' if where is None else dict(where)}"


def _takes(
    item: Mapping[str, Any], selector: str, labels: Mapping[str, str], namespace: str, known: Mapping[str, str]
) -> bool:
    """Tell whether a Prometheus selects objects by a selector and the one of namespaces that belongs to it."""
    spec = item.get("spec") or {}
    where = spec.get(selector.replace("Selector", "NamespaceSelector"))
    there = item["metadata"]["namespace"] == namespace if where is None else _matches(where, known)
    wanted = spec.get(selector)
    return there and wanted is not None and _matches(wanted, labels)


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether a label selector of Kubernetes selects these labels."""
    if any(labels.get(name) != value for name, value in (selector.get("matchLabels") or {}).items()):
        return False
    tests = {
        "In": lambda value, values: value in values,
        "NotIn": lambda value, values: value not in values,
        "Exists": lambda value, _values: value is not None,
        "DoesNotExist": lambda value, _values: value is None,
    }
    return all(
        tests[one["operator"]](labels.get(one["key"]), one.get("values") or [])
        for one in selector.get("matchExpressions") or []
    )
