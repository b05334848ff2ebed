# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Prometheus of the real operator scrapes our targets with our labels and loads our rules. In this order."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from conftest import ROOT, Cluster, run_playbook, until

API = "/api/v1/namespaces/observed/services/prometheus-operated:9090/proxy/api/v1"
FLAVOR: dict[str, Any] = {
    "monitoring_flavor": "prometheus_operator",
    "monitoring_operator_labels": {"release": "tests"},
}
DEFINITIONS = "alertmanagerconfigs alertmanagers podmonitors probes prometheusagents prometheuses prometheusrules"
DEFINITIONS += " scrapeconfigs servicemonitors thanosrulers"


def api(cluster: Cluster, path: str, **query: str) -> Any:
    """Return the data of an answer of the operator's Prometheus."""
    asked = f"?{urllib.parse.urlencode(query)}" if query else ""
    return json.loads(cluster.kubectl("get", "--raw", f"{API}/{path}{asked}"))["data"]


def series(cluster: Cluster, expression: str) -> list[dict[str, Any]]:
    return api(cluster, "query", query=expression)["result"]


@pytest.fixture(scope="module", autouse=True)
def _operator(cluster: Cluster) -> Iterator[None]:
    """Remove the operator afterwards, as it is no part of the collection."""
    yield
    cluster.kubectl("delete", "namespace", "observed")
    where = ["--namespace=default", "--ignore-not-found"]
    cluster.kubectl("delete", *where, "deployment,service,serviceaccount", "prometheus-operator")
    cluster.kubectl("delete", "clusterrole,clusterrolebinding", "prometheus-operator", "observer", "--ignore-not-found")
    names = [f"{name}.monitoring.coreos.com" for name in DEFINITIONS.split()]
    cluster.kubectl("delete", "customresourcedefinitions", *names, "--ignore-not-found")


def test_it_scrapes_each_pod_once_with_the_labels_that_rules_read(cluster: Cluster) -> None:
    wanted = {
        *((pod, "postgres", f"{cluster.name}-stats") for pod in cluster.instances()),
        *((pod, "pgpool", f"{cluster.name}-pgpool-stats") for pod in cluster.pgpool_pods()),
    }
    assert len(wanted) == 5

    def up() -> bool:
        found = [one["metric"] for one in series(cluster, 'up{cluster!=""} == 1')]
        seen = sorted((one["pod"], one["job"], one["service"]) for one in found)
        assert seen == sorted(wanted)
        return all(one["namespace"] == cluster.namespace and one["cluster"] == cluster.name for one in found)

    until(up, 180, f"up is 1 for {wanted}")
    roles = {one["metric"]["pod"]: one["metric"]["role"] for one in series(cluster, 'up{job="postgres"}')}
    assert sorted(roles.values()) == ["primary", "replica", "replica"]


def test_it_has_loaded_all_rules_and_evaluates_them(cluster: Cluster) -> None:
    files = sorted((ROOT / "roles/monitoring/files/rules").glob("*.yml"))
    written = {
        group["name"]: len(group["rules"]) for path in files for group in yaml.safe_load(path.read_text())["groups"]
    }

    def loaded() -> bool:
        groups = {group["name"]: group["rules"] for group in api(cluster, "rules")["groups"]}
        assert {name: len(rules) for name, rules in groups.items() if name != "pgha-limits"} == written
        rules = [rule for found in groups.values() for rule in found]
        assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
        return True

    until(loaded, 180, "all rules are there, and none in error")
    until(lambda: len(series(cluster, "pgha:instance:in_recovery")) == 3, 60, "what is recorded is there")
    firing = [one["metric"]["alertname"] for one in series(cluster, 'ALERTS{alertstate="firing"}')]
    assert firing == []


def test_a_second_run_changes_nothing() -> None:
    run = run_playbook("monitoring", variables=FLAVOR)
    assert (run.rc, run.changed) == (0, 0), run.output


def test_verify_asks_it_and_status_reports_from_it(cluster: Cluster, tmp_path: Any) -> None:
    run = run_playbook("verify", "--tags=monitoring", variables=FLAVOR)
    assert run.rc == 0, run.output
    run = run_playbook("status", variables={**FLAVOR, "monitoring_status_folder": str(tmp_path)})
    assert run.rc == 0, run.output
    found = json.loads((tmp_path / f"{cluster.name}.json").read_text())
    assert sorted(one["says"] for one in found["instances"]) == ["primary", "standby", "standby"]


def test_the_own_prometheus_went_and_comes_back_with_the_flavor(cluster: Cluster) -> None:
    own = ("get", "deployment", "prometheus", "--namespace=monitoring", "--ignore-not-found", "--output=name")
    theirs = ("get", "servicemonitors,podmonitors,prometheusrules", "--namespace=monitoring", "--output=name")
    assert cluster.kubectl(*own) == ""
    assert len(cluster.kubectl(*theirs).split()) == 4
    run = run_playbook("monitoring")
    assert run.rc == 0, run.output
    assert cluster.kubectl(*own) != ""
    assert cluster.kubectl(*theirs) == ""
    again = run_playbook("monitoring")
    assert (again.rc, again.changed) == (0, 0), again.output
