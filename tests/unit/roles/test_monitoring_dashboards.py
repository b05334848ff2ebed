# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboards: they are what their page says, Prometheus reads their queries, and each metric in them exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_monitoring_operator import objects
from test_monitoring_rules import ROLE, ROOT, without_a_job

sys.path.insert(0, str(ROOT / "tools"))
import dashboards as generator

SHIPPED = {path.stem: path for path in sorted((ROLE / "files/dashboards").glob("*.json"))}
DASHBOARDS: dict[str, dict[str, Any]] = {name: json.loads(path.read_text()) for name, path in SHIPPED.items()}
PANELS = [(name, panel) for name, board in DASHBOARDS.items() for panel in board["panels"] if panel["type"] != "row"]
QUERIES = [(f"{name}: {panel['title']}", target["expr"]) for name, panel in PANELS for target in panel["targets"]]
CHOSEN = {"$__rate_interval": "1m", "$namespace": "demo", "$cluster": "pg", "$pod": "pg-1|pg-2"}
METRIC = re.compile(r"\b(?:pgha:[a-z0-9_:]+|(?:pgpool2|cnpg|kubelet)_[a-z0-9_]+|ALERTS|up\b)")


def asked(expression: str) -> str:
    """A query as Grafana sends it."""
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    return expression


def test_what_is_shipped_is_what_the_page_says() -> None:
    made = {told["name"]: generator.text(told) for told in generator.source()}
    assert {name: path.read_text() for name, path in SHIPPED.items()} == made


def test_prometheus_reads_each_query(promtool: str, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": asked(query)} for number, (_where, query) in enumerate(QUERIES)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = subprocess.run([promtool, "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[f"{where}, {n}" for n, (where, _) in enumerate(QUERIES)])
def test_each_metric_exists(where: str, query: str) -> None:
    page = (ROOT / "docs/metrics.md").read_text()
    named = METRIC.findall(query)
    assert named
    assert [name for name in named if f"`{name}`" not in page] == []
    assert "HERE" not in query
    assert set(re.findall(r"\$\w+", query)) <= set(CHOSEN)


def test_each_selector_names_the_job() -> None:
    assert [found for _where, query in QUERIES for found in without_a_job(query)] == []


def test_alerts_are_those_of_clusters() -> None:
    asked_for = {query[query.index("ALERTS{") :].partition("}")[0] for _where, query in QUERIES if "ALERTS{" in query}
    assert asked_for == {
        'ALERTS{namespace="$namespace", cluster="$cluster"',
        'ALERTS{namespace="$namespace", cluster="$cluster", alertstate="firing"',
        'ALERTS{namespace=~"$namespace", cluster!=""',
        'ALERTS{namespace=~"$namespace", cluster!="", alertstate="firing"',
    }
    [ask] = [
        task["vars"]["__monitoring_alerts_query"]
        for task in yaml.safe_load((ROLE / "tasks/alerts.yml").read_text())[1]["block"]
        if "vars" in task
    ]
    assert 'cluster="{{ __monitoring_alerts_name }}"}' in ask


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_do_not_overlap_and_have_numbers_of_their_own(name: str) -> None:
    board = DASHBOARDS[name]
    places = [panel["gridPos"] for panel in board["panels"]]
    taken = [
        (column, line)
        for place in places
        for column in range(place["x"], place["x"] + place["w"])
        for line in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(column for column, _line in taken) < generator.COLUMNS
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[f"{name}: {panel['title']}" for name, panel in PANELS])
def test_lines_are_named_after_labels_that_there_are(name: str, panel: dict[str, Any]) -> None:
    kept = r"sum|max|min|count"
    for target in panel["targets"]:
        grouped = re.search(rf"^(?:{kept}) by \(([a-z_, ]+)\)", target["expr"])
        if grouped:
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= set(grouped[1].split(", "))
        if re.match(rf"(?:{kept})\(", target["expr"]):
            assert "{{" not in target["legendFormat"]


def test_limits_are_those_of_the_alerts() -> None:
    drawn = {name for _where, query in QUERIES for name in re.findall(r"pgha:limit:\w+", query)}
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    assert drawn
    assert {name.replace("pgha:limit:", "monitoring_alert_") for name in drawn} <= set(defaults)


@pytest.mark.parametrize("flavor", ["prometheus", "prometheus_operator"])
def test_the_role_makes_config_maps_that_grafana_finds(flavor: str) -> None:
    found = objects(
        monitoring_flavor=flavor,
        monitoring_operator_labels={},
        monitoring_dashboards=True,
        monitoring_dashboards_namespace="grafana",
        monitoring_dashboards_annotations={"grafana_folder": "Databases"},
    )
    maps = [item for item in found if item["kind"] == "ConfigMap" and item["metadata"]["name"] in DASHBOARDS]
    assert [item["metadata"]["name"] for item in maps] == list(DASHBOARDS)
    for item in maps:
        name = item["metadata"]["name"]
        assert item["metadata"]["namespace"] == "grafana"
        assert item["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert item["metadata"]["annotations"] == {"grafana_folder": "Databases"}
        assert json.loads(item["data"][f"{name}.json"]) == DASHBOARDS[name]
    assert found[-1]["kind"] == ("Deployment" if flavor == "prometheus" else "PrometheusRule")


def test_there_are_none_unless_asked_and_then_beside_prometheus() -> None:
    def maps(**variables: Any) -> list[dict[str, Any]]:
        return [item for item in objects(**variables) if item["kind"] == "ConfigMap"]

    assert maps() == []
    assert {item["metadata"]["namespace"] for item in maps(monitoring_dashboards=True)} == {"monitoring"}
