# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users' texts in manifests, whatever characters they have: each place of each template, and what roles make."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import test_cloudnativepg_role as cloudnativepg
import test_kubedb_manifests as kubedb
import test_monitoring_operator as monitoring
import test_pgpool_pods as pgpool
import yaml

ROLES = Path(__file__).parents[3] / "roles"
TEMPLATES = sorted(ROLES.glob("*/templates/**/*.yml.j2"))
# What YAML and JSON do not agree on, or YAML refuses as it is.
TEXT = "🔥 🐘 \x85 \x7f \u2028 'a' \"b\" \\ud83d"
PLACE = re.compile(r"\{\{(?:(?!\}\}).)*\| pgha\.kubernetes\.yaml_value \}\}", re.DOTALL)


def texts(value: Any) -> Iterator[Any]:
    """The texts in a value."""
    if isinstance(value, dict):
        yield from texts([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield value


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROLES)))
def test_each_place_of_a_template_is_read_back(path: Path, render: Callable[[str, str], Any]) -> None:
    template = path.read_text(encoding="utf-8")
    written = render("{{ text | pgha.kubernetes.yaml_value }}", yaml.safe_dump({"text": TEXT}))
    for place in PLACE.finditer(template):
        before = template[template.rindex("\n", 0, place.start()) + 1 : place.start()]
        after = template[place.end() : template.index("\n", place.end())]
        before, after = (re.sub(r"\{\{.*?\}\}", "x", part) for part in (before, after))
        line = textwrap.dedent(before + written + after)
        for loader in (yaml.CSafeLoader, yaml.SafeLoader):
            assert TEXT in texts(yaml.load(line, Loader=loader)), line


def test_no_template_writes_a_value_as_json() -> None:
    assert [path.name for path in TEMPLATES if re.search(r"\bto_(?:nice_)?json\b[^|}]*\}\}", path.read_text())] == []
    assert sum(len(PLACE.findall(path.read_text())) for path in TEMPLATES) > 150


@pytest.mark.parametrize("operator", ["cloudnativepg", "kubedb"])
def test_a_postgresql_cluster_has_the_texts_that_it_was_given(operator: str) -> None:
    make = {"cloudnativepg": cloudnativepg.made, "kubedb": kubedb.manifests}[operator]
    made = make(
        postgres_cluster_databases=[{"name": "app"}, {"name": TEXT, "owner": "app"}],
        postgres_cluster_parameters={"search_path": TEXT},
    )
    if operator == "kubedb":
        [postgres] = (item for item in made if item["kind"] == "Postgres")
        configuration = postgres["spec"]["configuration"]["inline"]["user.conf"]
        doubled = TEXT.replace("'", "''")
        assert f"\nsearch_path = '{doubled}'\n" in configuration
    else:
        [cluster] = (item for item in made if item["kind"] == "Cluster")
        assert cluster["spec"]["postgresql"]["parameters"]["search_path"] == TEXT
        assert TEXT in [item["spec"]["name"] for item in made if item["kind"] == "Database"]


def test_pgpool_has_the_annotations_that_it_was_given() -> None:
    annotations = {"note": TEXT}
    service = pgpool.evaluate(
        "{{ lookup('ansible.builtin.template', path) | from_yaml }}",
        path=str(ROLES / "pgpool/templates/service.yml.j2"),
        pgpool_service={"type": "ClusterIP", "annotations": annotations},
    )
    assert service["metadata"]["annotations"] == annotations


@pytest.mark.parametrize("flavor", ["prometheus_operator", "prometheus"])
def test_prometheus_has_the_rules_that_it_was_given(flavor: str) -> None:
    rule = {"alert": "Ours", "expr": "up == 0", "annotations": {"summary": TEXT}}
    made = monitoring.objects(
        monitoring_flavor=flavor,
        monitoring_extra_rule_groups=[{"name": "ours", "rules": [rule]}],
        monitoring_alertmanager={"addresses": ["a:9093"], "options": {"basic_auth": {"username": TEXT}}},
        monitoring_extra_scrape_configs=[{"job_name": TEXT.replace("\u2028", "")}],
        monitoring_external_labels={"ours": TEXT},
        monitoring_remote_write=[{"url": "https://a", "name": TEXT}],
    )
    if flavor == "prometheus":
        [data] = (item["data"] for item in made if item["kind"] == "ConfigMap" and "rules.yml" in item["data"])
        groups = yaml.safe_load(data["rules.yml"])["groups"]
        assert TEXT in texts(yaml.safe_load(data["prometheus.yml"])["alerting"])
        assert TEXT.replace("\u2028", "") in texts(yaml.safe_load(data["prometheus.yml"])["scrape_configs"])
        assert yaml.safe_load(data["prometheus.yml"])["global"]["external_labels"] == {"ours": TEXT}
        assert yaml.safe_load(data["prometheus.yml"])["remote_write"] == [{"url": "https://a", "name": TEXT}]
    else:
        [groups] = (item["spec"]["groups"] for item in made if item["kind"] == "PrometheusRule")
    assert groups[-1] == {"name": "ours", "rules": [rule]}
