# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Prometheus Operator makes of the role's monitors: the targets and labels that the own Prometheus has.

`generated` does what the operator does with a monitor (generateServiceMonitorConfig and generatePodMonitorConfig of
pkg/prometheus/promcfg.go): steps of its own, and then those of the monitor.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from test_monitoring_discovery import CNPG, PGPOOL, POD, SERVICE, configuration, endpoint, pod, relabel
from test_monitoring_rules import GROUPS, ROLE, trust_as_template

LABELS = {"release": "stack"}


def objects(**variables: Any) -> list[dict[str, Any]]:
    """The manifests of the flavor prometheus_operator."""
    loader = DataLoader()
    loader.set_basedir(str(ROLE))
    known: dict[str, Any] = {"role_path": str(ROLE), "ansible_search_path": [str(ROLE)]}
    for name in ("defaults", "vars"):
        known |= loader.load(trust_as_template((ROLE / name / "main.yml").read_text()))
    known |= {"monitoring_flavor": "prometheus_operator", "monitoring_operator_labels": LABELS, **variables}
    return Templar(loader=loader, variables=known).template(trust_as_template("{{ __monitoring_manifests }}"))


MONITORS = [item for item in objects() if item["kind"].endswith("Monitor")]


def step(source: str, target: str, regex: str = "(.*)", **more: str) -> dict[str, Any]:
    return {"source_labels": source.split(), "target_label": target, "regex": regex, **more}


def generated(monitor: dict[str, Any], slices: bool = True) -> dict[str, Any]:
    """The job that the operator makes of a monitor."""
    spec, metadata = monitor["spec"], monitor["metadata"]
    [endpoints] = spec.get("endpoints") or spec["podMetricsEndpoints"]
    assert set(endpoints) == {"interval", "relabelings"}
    kind = "endpointslice" if slices else "endpoint"
    target = f"__meta_kubernetes_{kind}_address_target_kind __meta_kubernetes_{kind}_address_target_name"
    own = [step("job", "__tmp_prometheus_job_name")]
    if monitor["kind"] == "ServiceMonitor":
        own += [
            step(target, "node", "Node;(.*)", replacement="${1}"),
            step(target, "pod", "Pod;(.*)", replacement="${1}"),
            step("__meta_kubernetes_service_name", "service"),
            step("__meta_kubernetes_service_name", "job", replacement="${1}"),
        ]
    else:
        own += [{"target_label": "job", "replacement": f"{metadata['namespace']}/{metadata['name']}"}]
    own += [
        step("__meta_kubernetes_namespace", "namespace"),
        step(f"{POD}name", "pod"),
        step(f"{POD}container_name", "container"),
        {"source_labels": [f"{POD}phase"], "regex": "(Failed|Succeeded)", "action": "drop"},
    ]
    keys = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    theirs = [{keys.get(key, key): value for key, value in one.items()} for one in endpoints["relabelings"]]
    return {"relabel_configs": own + theirs}


def of_the_operator(target: dict[str, str], slices: bool = True) -> list[dict[str, str]]:
    """The targets that come of one that is discovered; each kind of monitor discovers its own."""
    target = {"job": "the name that the operator gives", **target}
    kind = "ServiceMonitor" if f"{SERVICE}name" in target else "PodMonitor"
    if not slices:
        target = {name: value for name, value in target.items() if "endpointslice" not in name}
    found = (relabel(generated(one, slices), target) for one in MONITORS if one["kind"] == kind)
    return [labels for labels in found if labels]


def of_our_own(target: dict[str, str]) -> list[dict[str, str]]:
    found = []
    for job in configuration()["scrape_configs"]:
        labels = relabel(job, {"job": job["job_name"], **target})
        if labels:
            found.append(labels)
    return found


BASE = {"__meta_kubernetes_namespace": "demo", f"{POD}container_name": "c", f"{POD}phase": "Running"}
KUBEDB = {
    "app_kubernetes_io_name": "postgreses.kubedb.com",
    "app_kubernetes_io_instance": "hot",
    "kubedb_com_role": "standby",
}
TARGETS = {
    "pgpool": (PGPOOL, 1),
    "pgpool of the talk": (endpoint("pgpool-stats"), 1),
    "pgpool without the annotation": ({**PGPOOL, f"{SERVICE}annotation_prometheus_io_scrape": "false"}, 0),
    "cloudnativepg": (pod("metrics", 9187, **CNPG), 1),
    "its other port": (pod("postgresql", 5432, **CNPG), 0),
    "kubedb": (pod("metrics", 56790, **KUBEDB), 1),
    "another pod": (pod("metrics", 9187, app="other"), 0),
    "the Service of an operator's pod": (
        {
            **endpoint("hot-stats", "9187", app_kubernetes_io_name="postgresql"),
            f"{POD}label_cnpg_io_podRole": "instance",
            f"{POD}container_port_name": "metrics",
        },
        0,
    ),
    "a cluster of no operator": (
        endpoint("old-metrics", "9187", app_kubernetes_io_name="postgresql", app_kubernetes_io_instance="old"),
        1,
    ),
}


@pytest.mark.parametrize("slices", [True, False], ids=["endpointslices", "endpoints"])
@pytest.mark.parametrize("name", TARGETS)
def test_targets_and_their_labels_are_the_same(name: str, slices: bool) -> None:
    target, count = TARGETS[name]
    own = of_our_own({**BASE, **target})
    assert len(own) == count
    assert of_the_operator({**BASE, **target}, slices) == own


def test_the_labels_are_those_that_rules_read() -> None:
    [labels] = of_the_operator({**BASE, **pod("metrics", 9187, **CNPG)})
    assert {name: labels[name] for name in ("job", "namespace", "cluster", "service", "pod", "role")} == {
        "job": "postgres",
        "namespace": "demo",
        "cluster": "hot",
        "service": "hot-stats",
        "pod": "hot-1",
        "role": "primary",
    }


def test_there_is_no_prometheus_and_the_rules_are_the_same() -> None:
    kinds = [item["kind"] for item in objects(monitoring_create_namespace=False)]
    assert kinds == ["ServiceMonitor", "ServiceMonitor", "PodMonitor", "PrometheusRule"]
    [rules] = [item for item in objects() if item["kind"] == "PrometheusRule"]
    assert rules["spec"] == {"groups": GROUPS}


def test_each_has_the_labels_that_selectors_ask_for() -> None:
    for item in objects(monitoring_create_namespace=False):
        assert item["metadata"]["namespace"] == "monitoring"
        assert item["metadata"]["labels"].items() >= {**LABELS, "app.kubernetes.io/part-of": "pgha"}.items()


def test_all_namespaces_or_those_that_are_named() -> None:
    named = [
        item["spec"]["namespaceSelector"]
        for item in objects(monitoring_watched_namespaces=["demo", "demo"])
        if "namespaceSelector" in item.get("spec", {})
    ]
    assert [one["spec"]["namespaceSelector"] for one in MONITORS] == [{"any": True}] * 3
    assert named == [{"matchNames": ["demo"]}] * 3


def test_more_jobs_of_the_own_prometheus_do_not_matter() -> None:
    more = [{"job_name": "mine", "static_configs": [{"targets": ["a:1"]}]}]
    found = objects(monitoring_extra_scrape_configs=more)
    assert [item for item in found if item["kind"].endswith("Monitor")] == MONITORS


def test_without_the_flavor_there_is_none_of_it() -> None:
    found = objects(monitoring_flavor="prometheus")
    assert "Deployment" in {item["kind"] for item in found}
    assert [item["kind"] for item in found if "monitoring.coreos.com" in item["apiVersion"]] == []

