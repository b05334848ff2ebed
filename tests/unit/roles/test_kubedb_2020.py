# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/kubedb-2020 makes the system of 2020, name for name. docs/kubedb-2020.md says what differs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import kubedb_v1alpha1 as adapter
from strict_schema import violations

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 trusts every text
    trust_as_template = str

ROOT = Path(__file__).parents[3]
INVENTORY = ROOT / "inventories/kubedb-2020"
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


def test_the_superusers_secret() -> None:
    secret = template("postgres_cluster", "superuser-secret.yml.j2")
    assert (secret["type"], secret["metadata"]["name"], secret["metadata"]["namespace"]) == (
        "Opaque",
        "hot-postgres-auth",
        "demo",
    )
    postgres = base64.b64encode(b"postgres").decode()
    assert secret["data"] == {"POSTGRES_USER": postgres, "POSTGRES_PASSWORD": postgres}


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


def test_the_services_of_pgpool() -> None:
    found = {"postgres_cluster_result": contract()}
    service, stats = (template("pgpool", name, **found) for name in ("service.yml.j2", "stats_service.yml.j2"))
    assert (service["metadata"]["name"], service["metadata"]["namespace"]) == ("pgpool", "demo")
    assert [(port["port"], port["protocol"]) for port in service["spec"]["ports"]] == [(9999, "TCP")]
    assert (stats["metadata"]["name"], stats["metadata"]["namespace"]) == ("pgpool-stats", "demo")
    assert [(port["port"], port["protocol"]) for port in stats["spec"]["ports"]] == [(9719, "TCP")]
    assert stats["metadata"]["annotations"] == {
        "prometheus.io/path": "/metrics",
        "prometheus.io/port": "9719",
        "prometheus.io/scrape": "true",
    }


def test_one_pgpool() -> None:
    assert evaluate("pgpool", "{{ [pgpool_name, pgpool_replicas] }}") == ["pgpool", 1]


def test_prometheus() -> None:
    service = template("monitoring", "service.yml.j2")
    assert (service["metadata"]["name"], service["metadata"]["namespace"]) == ("prometheus", "monitoring")
    assert [(port["port"], port["protocol"]) for port in service["spec"]["ports"]] == [(9090, "TCP")]
    assert evaluate("monitoring", "{{ monitoring_scrape_interval }}") == "5s"


def test_the_variables_are_right() -> None:
    role = "postgres_cluster"
    options = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text())
    names = [name for name in variables(role) if name.startswith((f"{role}_", "pgha_"))]
    given = {name: evaluate(role, "{{ " + name + " }}") for name in names}
    assert input_problems(given, options["argument_specs"]["main"]["options"], role) == []
