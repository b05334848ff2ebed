# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relabelings of monitors, and which Prometheus takes them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.prometheus_operator import monitor_relabelings, watching

LABELS = {"release": "stack", "app.kubernetes.io/part-of": "pgha"}
NAMESPACE = {"kind": "Namespace", "metadata": {"name": "monitoring", "labels": {"team": "dba"}}}
SELECTORS = ("serviceMonitorSelector", "podMonitorSelector", "ruleSelector")


def prometheus(selector: Any, where: Any = None, namespace: str = "monitoring", **spec: Any) -> dict[str, Any]:
    every = dict.fromkeys(SELECTORS, selector)
    places = {name.replace("Selector", "NamespaceSelector"): where for name in SELECTORS if where is not None}
    return {
        "kind": "Prometheus",
        "metadata": {"name": "k8s", "namespace": namespace},
        "spec": {**every, **places, **spec},
    }


@pytest.mark.parametrize(
    ("item", "takes"),
    [
        (prometheus({}), True),
        (prometheus(None), False),
        (prometheus({"matchLabels": {"release": "stack"}}), True),
        (prometheus({"matchLabels": {"release": "other"}}), False),
        (prometheus({}, ruleSelector={"matchLabels": {"release": "other"}}), False),
        (prometheus({"matchExpressions": [{"key": "release", "operator": "In", "values": ["stack"]}]}), True),
        (prometheus({"matchExpressions": [{"key": "release", "operator": "NotIn", "values": ["stack"]}]}), False),
        (prometheus({"matchExpressions": [{"key": "release", "operator": "Exists"}]}), True),
        (prometheus({"matchExpressions": [{"key": "release", "operator": "DoesNotExist"}]}), False),
        (prometheus({}, namespace="elsewhere"), False),
        (prometheus({}, {}, namespace="elsewhere"), True),
        (prometheus({}, {"matchLabels": {"team": "dba"}}, namespace="elsewhere"), True),
        (prometheus({}, {"matchLabels": {"team": "web"}}, namespace="elsewhere"), False),
    ],
)
def test_which_prometheus_takes_them(item: dict[str, Any], takes: bool) -> None:
    result = watching([item, NAMESPACE], LABELS, "monitoring")
    assert bool(result["found"]) == takes
    assert bool(result["problem"]) != takes


CONFINED = {"ignoreNamespaceSelectors": True, "enforcedNamespaceLabel": "namespace"}
EXCLUDED = {"excludedFromEnforcement": [{"group": "monitoring.coreos.com", "resource": "servicemonitors"}]}


@pytest.mark.parametrize(
    ("spec", "watched", "problem"),
    [
        ({}, [], ""),
        ({}, ["demo"], ""),
        # As OpenShift's for user workloads.
        (CONFINED, [], "monitoring/k8s has ignoreNamespaceSelectors: true;"),
        (CONFINED, ["demo"], "monitoring_watched_namespaces is ['demo']: set both to"),
        (CONFINED, ["demo", "monitoring"], "monitoring/k8s has ignoreNamespaceSelectors: true;"),
        (CONFINED, ["monitoring"], ""),
        ({"enforcedNamespaceLabel": "namespace"}, ["demo"], "monitoring/k8s has enforcedNamespaceLabel: namespace;"),
        # The series keep the namespace that they are of.
        ({"enforcedNamespaceLabel": "tenant"}, ["demo"], ""),
        ({"enforcedNamespaceLabel": "namespace", **EXCLUDED}, ["demo"], ""),
    ],
)
def test_one_that_sees_its_monitors_namespace_alone(spec: dict[str, Any], watched: list[str], problem: str) -> None:
    result = watching([prometheus({}, **spec), NAMESPACE], LABELS, "monitoring", watched)
    assert problem in result["problem"]
    assert bool(result["found"]) == (not problem) == (not result["problem"])


def test_one_that_sees_other_namespaces_is_asked() -> None:
    other = prometheus({}, {}, namespace="elsewhere", **CONFINED)
    result = watching([other, prometheus({}), NAMESPACE], LABELS, "monitoring", ["demo"])
    assert [one["namespace"] for one in result["found"]] == ["monitoring"]


def test_what_is_found_says_where_to_ask() -> None:
    result = watching([prometheus({}, routePrefix="/prom/"), NAMESPACE], LABELS, "monitoring")
    assert result["found"] == [
        {"namespace": "monitoring", "selector": {"operator.prometheus.io/name": "k8s"}, "path": "/prom"}
    ]


def test_the_problem_says_what_is_asked_for() -> None:
    problem = watching([prometheus({"matchLabels": {"release": "x"}})], LABELS, "monitoring")["problem"]
    assert "k8s asks for serviceMonitorSelector {'matchLabels': {'release': 'x'}} in its own namespace" in problem
    assert "set monitoring_operator_labels" in problem
    assert "no object of the kind Prometheus" in watching([NAMESPACE], LABELS, "monitoring")["problem"]


def test_relabelings_have_the_operator_s_names() -> None:
    job = {"job_name": "j", "relabel_configs": [{"source_labels": ["a"], "regex": "x", "target_label": "b"}]}
    pods = monitor_relabelings(job, False)
    assert pods[0] == {"sourceLabels": ["a"], "regex": "x", "targetLabel": "b"}
    assert pods[-1] == {"targetLabel": "job", "replacement": "j"}
    assert monitor_relabelings(job, True)[1:] == pods


@pytest.mark.parametrize("job", [{}, {"job_name": "j"}, {"relabel_configs": []}, "j"])
def test_what_is_no_scrape_config_is_refused(job: Any) -> None:
    with pytest.raises(InputError, match="an entry of scrape_configs"):
        monitor_relabelings(job, True)
