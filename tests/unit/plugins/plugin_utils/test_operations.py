# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runbooks ask of an operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import restart_plan, scale_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import ADAPTERS, cloudnativepg, existing

ROOT = Path(__file__).resolve().parents[4]
FIXTURES = ROOT / "tests" / "unit" / "fixtures" / "cloudnativepg"
KEY = "kubectl.kubernetes.io/restartedAt"


def cluster(restarted_at: str = "", name: str = "after_failover") -> dict[str, Any]:
    found = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    if restarted_at:
        found["metadata"]["annotations"][KEY] = restarted_at
    return found


def contract(found: dict[str, Any]) -> dict[str, Any]:
    return cloudnativepg.contract("hot-postgres", "demo", [found])


def pod(name: str, restarted_at: str = "", part: str = "instance") -> dict[str, Any]:
    labels = {"cnpg.io/cluster": "hot-postgres", "cnpg.io/podRole": part}
    return {"kind": "Pod", "metadata": {"name": name, "labels": labels, "annotations": {KEY: restarted_at}}}


@pytest.mark.parametrize("operator", ADAPTERS)
def test_each_adapter_says_what_its_operator_does(operator: str) -> None:
    adapter = ADAPTERS[operator]
    assert not adapter.OPERATIONS - {"switchover", "restart", "scale", "hibernate"}
    needed = {"switchover": ["switchover"], "restart": ["restart", "restart_pending"]}
    for operation, functions in needed.items():
        if operation in adapter.OPERATIONS:
            assert all(callable(getattr(adapter, function)) for function in functions)


def test_the_role_knows_where_psql_is_and_how_a_cluster_stops() -> None:
    constants = yaml.safe_load((ROOT / "roles/postgres_cluster/vars/main.yml").read_text(encoding="utf-8"))
    switching = {name for name, adapter in ADAPTERS.items() if "switchover" in adapter.OPERATIONS}
    stopping = {name for name, adapter in ADAPTERS.items() if "hibernate" in adapter.OPERATIONS}
    assert set(constants["__postgres_cluster_containers"]) == switching
    assert set(constants["__postgres_cluster_stop"]) == stopping


def test_a_restart() -> None:
    plan = restart_plan(contract(cluster()), [cluster(), pod("hot-postgres-1")], "now")
    assert plan == {"problems": [], "pending": [], "patch": {"metadata": {"annotations": {KEY: "now"}}}}


def test_a_restart_that_goes_on_is_not_begun_again() -> None:
    objects = [cluster("then"), pod("hot-postgres-1", "then"), pod("hot-postgres-2"), pod("job", part="other")]
    plan = restart_plan(contract(objects[0]), objects, "now")
    assert plan["pending"] == ["the instance hot-postgres-2 has not restarted yet"]
    assert plan["problems"] == []


def test_what_is_left_of_a_cluster_is_not_restarted() -> None:
    found = cluster(name="failing_over")
    [problem] = restart_plan(contract(found), [found], "now")["problems"]
    assert problem.startswith("the PostgreSQL cluster hot-postgres is not ready, and a restart would take away what is")


@pytest.mark.parametrize("operation", [lambda found: restart_plan(found, [], "now")["problems"],
                                       lambda found: scale_problems(found, 3)])  # fmt: skip
def test_what_nobody_can_do_is_refused(operation: Any) -> None:
    [problem] = operation(existing.contract("hot", "demo", []))
    assert problem.startswith("postgres_cluster_operator is 'existing' (string): this collection has no ")
    [problem] = operation(cloudnativepg.contract("hot", "demo", []))
    assert problem.startswith("postgres_cluster_name is 'hot' (string): there is no such PostgreSQL cluster in")


@pytest.mark.parametrize(
    ("instances", "name", "sentence"),
    [
        (3, "after_failover", ""),
        (2, "after_failover", ""),
        (5, "failing_over", ""),
        (2, "failing_over", "postgres_cluster_instances is 2 (integer): the cluster has 3 and is not ready"),
    ],
)
def test_scale(instances: int, name: str, sentence: str) -> None:
    problems = scale_problems(contract(cluster(name=name)), str(instances))
    assert len(problems) == bool(sentence)
    assert sentence in "".join(problems)
