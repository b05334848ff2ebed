# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""teardown.yml keeps an operator for its own PostgreSQL clusters, and Prometheus for those of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 trusts every text
    trust_as_template = str

PLAYBOOK = Path(__file__).resolve().parents[2] / "playbooks/teardown.yml"
PLAY = yaml.safe_load(PLAYBOOK.read_text())[-1]
# What it looks for, in its order.
KINDS = ["cnpg pod", "Cluster", "Deployment", "kubedb pod", "Postgres", "pod of 2020"]


def evaluate(name: str, operator: str, there: list[str]) -> Any:
    results = [{"resources": [{"metadata": {"name": kind}}] if kind in there else []} for kind in KINDS]
    variables = {
        **DataLoader().load(trust_as_template(yaml.safe_dump(PLAY["vars"]))),
        "pgha_operator": operator,
        "__teardown_found": {"results": results},
    }
    templar = Templar(loader=DataLoader(), variables=variables)
    return templar.template(trust_as_template("{{ " + name + " | list }}"))


def test_the_kinds_are_in_this_order() -> None:
    kinds = [(item["kind"], item.get("labels", [""])[0]) for item in PLAY["tasks"][0]["loop"]]
    assert kinds == [
        ("Pod", "cnpg.io/podRole=instance"),
        ("Cluster", ""),
        ("Deployment", "app.kubernetes.io/name=cloudnative-pg"),
        ("Pod", "app.kubernetes.io/name=postgreses.kubedb.com"),
        ("Postgres", ""),
        ("Pod", "kubedb.com/kind=Postgres"),
    ]


@pytest.mark.parametrize(
    ("operator", "there", "left"),
    [
        ("cloudnativepg", ["Cluster", "Postgres"], ["Cluster"]),
        ("cloudnativepg", ["Postgres"], []),
        ("kubedb", ["Cluster", "Postgres"], ["Postgres"]),
        ("kubedb", ["Cluster"], []),
        ("kubedb_v1alpha1", [], []),
    ],
)
def test_an_operator_stays_for_its_own_clusters(operator: str, there: list[str], left: list[str]) -> None:
    assert evaluate("__teardown_left", operator, there) == left


@pytest.mark.parametrize("pod", ["cnpg pod", "kubedb pod", "pod of 2020"])
def test_prometheus_stays_for_whatever_runs(pod: str) -> None:
    assert evaluate("__teardown_running", "kubedb", [pod]) == [pod]
    assert evaluate("__teardown_running", "kubedb", ["Cluster", "Postgres"]) == []
