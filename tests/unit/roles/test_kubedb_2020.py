# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/kubedb-2020 makes the system of 2020, name for name. docs/kubedb-2020.md says what differs."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import kubedb_v1alpha1 as adapter
from strict_schema import violations
from test_pgpool_pods import secret

ROOT = Path(__file__).parents[3]
INVENTORY = ROOT / "inventories/kubedb-2020"
PAGE = ROOT / "docs/kubedb-2020.md"
SCHEMA = ROOT / "tests/unit/fixtures/kubedb/postgres-v1alpha1.yml"


def load(path: Path) -> dict[str, Any]:
    return DataLoader().load(trust_as_template(path.read_text()))


def variables(role: str, **found: Any) -> dict[str, Any]:
    """What a host of the inventory gives to a role, and what the role's tasks find."""
    folder = ROOT / "roles" / role
    known: dict[str, Any] = {"inventory_hostname": "hot-postgres", "role_path": str(folder)}
    for path in (folder / "defaults/main.yml", folder / "vars/main.yml", *sorted(INVENTORY.glob("group_vars/*.yml"))):
        known |= load(path)
    return {**known, "ansible_search_path": [str(folder)], "__postgres_cluster_objects": [], **found}


def evaluate(role: str, text: str, **found: Any) -> Any:
    loader = DataLoader()
    loader.set_basedir(str(ROOT / "roles" / role))
    return Templar(loader=loader, variables=variables(role, **found)).template(
        trust_as_template(text), escape_backslashes=False
    )


def template(role: str, name: str, **found: Any) -> dict[str, Any]:
    return yaml.safe_load(str(evaluate(role, (ROOT / "roles" / role / "templates" / name).read_text(), **found)))


def contract() -> dict[str, Any]:
    """The cluster as the roles discover it, with its three pods."""
    pods = [
        {
            "kind": "Pod",
            "metadata": {
                "name": f"hot-postgres-{number}",
                "labels": {**adapter.labels("hot-postgres"), "kubedb.com/role": "replica" if number else "primary"},
            },
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        for number in range(3)
    ]
    cluster = template("postgres_cluster", "kubedb_v1alpha1/postgres.yml.j2")
    status = {"phase": "Running", "observedGeneration": "1$6211"}
    return adapter.contract("hot-postgres", "demo", [{**cluster, "status": status}, *pods])


def test_the_postgres_object() -> None:
    made = template("postgres_cluster", "kubedb_v1alpha1/postgres.yml.j2")
    assert (made["apiVersion"], made["kind"]) == ("kubedb.com/v1alpha1", "Postgres")
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("hot-postgres", "demo")
    assert made["spec"] == {
        "version": "11.2",
        "replicas": 3,
        "standbyMode": "Hot",
        "databaseSecret": {"secretName": "hot-postgres-auth"},
        "storageType": "Durable",
        "storage": {
            "storageClassName": "standard",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "2Gi"}},
        },
        "monitor": {"agent": "prometheus.io/builtin"},
    }
    assert list(violations(made, yaml.safe_load(SCHEMA.read_text()))) == []


def test_what_the_operator_makes_of_it() -> None:
    found = contract()
    assert (found["ready"], found["pending"]) == (True, [])
    assert [item["pod"] for item in found["instances"]] == [f"hot-postgres-{number}" for number in range(3)]
    assert [item["role"] for item in found["instances"]] == ["primary", "standby", "standby"]
    assert (found["primary_host"], found["standby_host"]) == (
        "hot-postgres.demo.svc",
        "hot-postgres-replicas.demo.svc",
    )
    assert (found["metrics"]["port"], found["metrics"]["port_name"]) == (56790, "prom-http")


def test_pgpool_has_two_backends_of_equal_weight() -> None:
    params = evaluate("pgpool", "{{ __pgpool_all_params }}", postgres_cluster_result=contract())
    hosts = {name: value for name, value in params.items() if name.startswith("backend_hostname")}
    assert hosts == {
        "backend_hostname0": "hot-postgres.demo.svc",
        "backend_hostname1": "hot-postgres-replicas.demo.svc",
    }
    assert (params["backend_port0"], params["backend_port1"]) == (5432, 5432)
    assert float(params["backend_weight0"]) == float(params["backend_weight1"])
    assert "ALWAYS_PRIMARY" in params["backend_flag0"]


def test_the_variables_are_right() -> None:
    role = "postgres_cluster"
    options = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text())
    names = [name for name in variables(role) if name.startswith((f"{role}_", "pgha_"))]
    given = {name: evaluate(role, "{{ " + name + " }}") for name in names}
    assert input_problems(given, options["argument_specs"]["main"]["options"], role) == []


OBJECTS: dict[str, tuple[str, str]] = {
    "Postgres": ("postgres_cluster", "kubedb_v1alpha1/postgres.yml.j2"),
    "Secret": ("postgres_cluster", "superuser-secret.yml.j2"),
    "pgpool Deployment": ("pgpool", "deployment.yml.j2"),
    "pgpool Service": ("pgpool", "service.yml.j2"),
    "pgpool-stats Service": ("pgpool", "stats_service.yml.j2"),
    "prometheus ConfigMap": ("monitoring", "config_map.yml.j2"),
    "prometheus Deployment": ("monitoring", "deployment.yml.j2"),
    "prometheus Service": ("monitoring", "service.yml.j2"),
}
BASE64 = base64.b64encode(b"postgres").decode()
POD, PROMETHEUS = "spec.template.spec.containers[pgpool].", "spec.template.spec.containers[prometheus]."
FROM_SECRET = {"valueFrom": {"secretKeyRef": {"name": "hot-postgres-auth"}}}
# Each field that the description of 2020 gives, its value there, and the row of docs/kubedb-2020.md if it differs here.
TALK: list[tuple[str, str, Any, str]] = [
    ("Secret", "metadata.name", "hot-postgres-auth", ""),
    ("Secret", "metadata.namespace", "demo", ""),
    ("Secret", "type", "Opaque", ""),
    ("Secret", "data", {"POSTGRES_USER": BASE64, "POSTGRES_PASSWORD": BASE64}, ""),
    ("Postgres", "apiVersion", "kubedb.com/v1alpha1", ""),
    ("Postgres", "metadata.name", "hot-postgres", ""),
    ("Postgres", "metadata.namespace", "demo", ""),
    ("Postgres", "metadata.labels", None, "labels of the Postgres object, and an annotation"),
    ("Postgres", "spec.version", "11.2", ""),
    ("Postgres", "spec.replicas", 3, ""),
    ("Postgres", "spec.standbyMode", "Hot", ""),
    ("Postgres", "spec.databaseSecret.secretName", "hot-postgres-auth", ""),
    ("Postgres", "spec.storageType", "Durable", ""),
    ("Postgres", "spec.storage.storageClassName", "standard", ""),
    ("Postgres", "spec.storage.accessModes", ["ReadWriteOnce"], ""),
    ("Postgres", "spec.storage.resources.requests.storage", "2Gi", ""),
    ("Postgres", "spec.monitor.agent", "prometheus.io/builtin", ""),
    ("pgpool Deployment", "apiVersion", "apps/v1", ""),
    ("pgpool Deployment", "metadata.name", "pgpool", ""),
    ("pgpool Deployment", "metadata.namespace", "demo", ""),
    ("pgpool Deployment", "spec.replicas", 1, ""),
    ("pgpool Deployment", "spec.template.metadata.labels", {"app": "pgpool"}, "labels and selector of `pgpool`"),
    ("pgpool Deployment", "spec.selector.matchLabels", {"app": "pgpool"}, "labels and selector of `pgpool`"),
    ("pgpool Deployment", f"{POD}name", "pgpool", ""),
    ("pgpool Deployment", f"{POD}image", "pgpool/pgpool:4.1", "image of Pgpool-II"),
    ("pgpool Deployment", f"{POD}env[POSTGRES_USER]", FROM_SECRET, "passwords in Pgpool-II's pod"),
    ("pgpool Deployment", f"{POD}env[POSTGRES_PASSWORD]", FROM_SECRET, "passwords in Pgpool-II's pod"),
    (
        "pgpool Deployment",
        f"{POD}env[PGPOOL_PARAMS_BACKEND_HOSTNAME0].value",
        "hot-postgres",
        "host names of the backends",
    ),
    (
        "pgpool Deployment",
        f"{POD}env[PGPOOL_PARAMS_BACKEND_HOSTNAME1].value",
        "hot-postgres-replicas",
        "host names of the backends",
    ),
    ("pgpool Deployment", f"{POD}env[PGPOOL_PARAMS_BACKEND_PORT0].value", "5432", ""),
    ("pgpool Deployment", f"{POD}env[PGPOOL_PARAMS_BACKEND_PORT1].value", "5432", ""),
    (
        "pgpool Deployment",
        f"{POD}env[PGPOOL_PARAMS_NUM_INIT_CHILDREN].value",
        "100",
        "`num_init_children` x `max_pool`",
    ),
    ("pgpool Deployment", f"{POD}env[PGPOOL_PARAMS_MAX_POOL].value", "2", "`num_init_children` x `max_pool`"),
    ("pgpool Deployment", "spec.template.spec.containers[1].name", "pgpool-stats", "image of the exporter"),
    (
        "pgpool Deployment",
        "spec.template.spec.containers[1].image",
        "pgpool/pgpool2_exporter:1.0",
        "image of the exporter",
    ),
    ("pgpool Service", "metadata.name", "pgpool", ""),
    ("pgpool Service", "metadata.namespace", "demo", ""),
    ("pgpool Service", "spec.selector", {"app": "pgpool"}, "labels and selector of `pgpool`"),
    ("pgpool Service", "spec.ports[0].port", 9999, ""),
    ("pgpool Service", "spec.ports[0].protocol", "TCP", ""),
    ("pgpool-stats Service", "metadata.name", "pgpool-stats", ""),
    ("pgpool-stats Service", "metadata.namespace", "demo", ""),
    (
        "pgpool-stats Service",
        "metadata.annotations",
        {"prometheus.io/path": "/metrics", "prometheus.io/port": "9719", "prometheus.io/scrape": "true"},
        "",
    ),
    ("pgpool-stats Service", "spec.selector", {"app": "pgpool"}, "labels and selector of `pgpool`"),
    ("pgpool-stats Service", "spec.ports[0].port", 9719, ""),
    ("pgpool-stats Service", "spec.ports[0].protocol", "TCP", ""),
    ("pgpool-stats Service", "spec.ports[0].targetPort", 9719, "target port of `pgpool-stats`"),
    ("prometheus ConfigMap", "metadata.namespace", "monitoring", ""),
    ("prometheus ConfigMap", "metadata.name", "prometheus-config", "ConfigMap `prometheus-config`"),
    ("prometheus ConfigMap", "metadata.labels", {"app": "prometheus-demo"}, "labels and selector of `prometheus`"),
    ("prometheus Deployment", "metadata.name", "prometheus", ""),
    ("prometheus Deployment", "metadata.namespace", "monitoring", ""),
    ("prometheus Deployment", "metadata.labels", {"app": "prometheus-demo"}, "labels and selector of `prometheus`"),
    (
        "prometheus Deployment",
        "spec.selector.matchLabels",
        {"app": "prometheus"},
        "labels and selector of `prometheus`",
    ),
    ("prometheus Deployment", "spec.replicas", 1, ""),
    ("prometheus Deployment", "spec.template.spec.serviceAccountName", "prometheus", ""),
    ("prometheus Deployment", f"{PROMETHEUS}image", "prom/prometheus:v2.5.0", "image of Prometheus"),
    ("prometheus Deployment", f"{PROMETHEUS}args[0]", "--config.file=/etc/prometheus/prometheus.yml", ""),
    ("prometheus Deployment", f"{PROMETHEUS}ports[0].containerPort", 9090, ""),
    ("prometheus Deployment", f"{PROMETHEUS}volumeMounts[0].mountPath", "/etc/prometheus", ""),
    ("prometheus Deployment", f"{PROMETHEUS}volumeMounts[1].mountPath", "/prometheus", ""),
    ("prometheus Deployment", "spec.template.spec.volumes[1].emptyDir", {}, ""),
    (
        "prometheus Deployment",
        "spec.template.spec.volumes[0].configMap.name",
        "prometheus-config",
        "ConfigMap `prometheus-config`",
    ),
    ("prometheus Service", "metadata.name", "prometheus", ""),
    ("prometheus Service", "metadata.namespace", "monitoring", ""),
    ("prometheus Service", "spec.selector", {"app": "prometheus"}, "labels and selector of `prometheus`"),
    ("prometheus Service", "spec.ports[0].port", 9090, ""),
    ("prometheus Service", "spec.ports[0].protocol", "TCP", ""),
    ("prometheus.yml", "global.scrape_interval", "5s", ""),
    ("prometheus.yml", "global.evaluation_interval", "5s", ""),
    ("prometheus.yml", "scrape_configs[0].job_name", "pgpool", ""),
    ("prometheus.yml", "scrape_configs[0].kubernetes_sd_configs[0].role", "endpoints", "discovery by Prometheus"),
    ("prometheus.yml", "scrape_configs[0].honor_labels", True, "`honor_labels`"),
    ("prometheus.yml", "scrape_configs[1].job_name", "kubedb-databases", "job `kubedb-databases` of Prometheus"),
]


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    found = {
        "postgres_cluster_result": contract(),
        "__pgpool_secrets": [secret("pgpool_check"), secret("pgha_monitor")],
        "__pgpool_files": {"pool_passwd": "", "pgpoolkey": "", "restart": ""},
    }
    made = {name: template(role, file, **found) for name, (role, file) in OBJECTS.items()}
    return {**made, "prometheus.yml": yaml.safe_load(made["prometheus ConfigMap"]["data"]["prometheus.yml"])}


def at(value: Any, path: str) -> Any:
    """Return what is at a path; in brackets is the place in a list, or the name of what is in it. None: nothing."""
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list):
            named = {str(item["name"]): item for item in value if isinstance(item, dict) and "name" in item}
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else named.get(part)
        else:
            value = (value or {}).get(part)
    return value


@pytest.mark.parametrize(("name", "path", "value", "row"), TALK, ids=[f"{item[0]} {item[1]}" for item in TALK])
def test_each_field_is_that_of_2020_or_has_a_reason(
    objects: dict[str, Any], name: str, path: str, value: Any, row: str
) -> None:
    made = at(objects[name], path)
    if not row:
        assert made == value
        return
    assert made != value, "it is as it was in 2020: the row is wrong"
    rows = {
        line.split("|")[1].strip(): line.split("|") for line in PAGE.read_text().splitlines() if line.count("|") == 5
    }
    assert row in rows
    assert rows[row][4].strip(), "there is no reason"
