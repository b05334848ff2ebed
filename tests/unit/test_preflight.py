# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight.yml by itself, as before the first site.yml: an operator that is not there yet is no fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

PLAYBOOK = Path(__file__).resolve().parents[2] / "playbooks/preflight.yml"
KUBERNETES, POSTGRES = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))


def evaluate(variables: dict[str, Any], expression: str, **known: Any) -> Any:
    given = DataLoader().load(trust_as_template(yaml.safe_dump(variables)))
    templar = Templar(loader=DataLoader(), variables={**given, **known})
    return templar.template(trust_as_template(expression))


def checked(operator: str, installed: str) -> dict[str, Any]:
    """Return the variables of a Kubernetes cluster whose operator's preflight has run."""
    return {f"__{operator}_checked": "place", f"__{operator}_status": {"installed": installed}}


TWO = {
    "staging-k8s": {**checked("cloudnativepg", ""), "pgha_k8s_auth": {"context": "staging"}},
    "live-k8s": {**checked("cloudnativepg", "1.29.2"), "pgha_k8s_auth": {"context": "live"}},
}


@pytest.mark.parametrize(
    ("kubernetes", "known", "follows"),
    [
        pytest.param({"k8s": checked("cloudnativepg", "")}, {}, True, id="none yet"),
        pytest.param({"k8s": checked("cloudnativepg", "1.29.2")}, {}, False, id="one that has to be ready"),
        pytest.param({"k8s": {}}, {}, False, id="not in the limit"),
        pytest.param({}, {}, False, id="no Kubernetes cluster"),
        pytest.param(
            {"k8s": checked("cloudnativepg", "1.29.2")}, {"__pgha_installs_operator": True}, True, id="site.yml"
        ),
        pytest.param({"k8s": {}}, {"__pgha_installs_operator": True}, False, id="site.yml, not in the limit"),
        pytest.param({"k8s": checked("kubedb", "")}, {"pgha_operator": "kubedb"}, True, id="KubeDB"),
        pytest.param({"k8s": checked("kubedb", "")}, {}, False, id="another operator"),
        pytest.param({"k8s": {}}, {"pgha_operator": "existing"}, False, id="no operator"),
        pytest.param(TWO, {"pgha_k8s_auth": {"context": "live"}}, False, id="none yet on another one"),
        pytest.param(TWO, {"pgha_k8s_auth": {"context": "staging"}}, True, id="there already on another one"),
        pytest.param(TWO, {"pgha_k8s_auth": {"context": "live", "api_key": "least"}}, True, id="with other rights"),
    ],
)
def test_an_operator_follows_where_it_is_not_there_and_its_preflight_has_run(
    kubernetes: dict[str, Any], known: dict[str, Any], follows: bool
) -> None:
    groups = {"kubernetes_clusters": list(kubernetes)} if kubernetes else {}
    expression = "{{ postgres_cluster_operator_follows }}"
    variables = POSTGRES["tasks"][0]["vars"]
    assert evaluate(variables, expression, groups=groups, hostvars=kubernetes, **known) is follows


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (checked("cloudnativepg", ""), True),
        (checked("cloudnativepg", "1.29.2"), False),
        ({**checked("kubedb", ""), "pgha_operator": "kubedb"}, True),
        ({"pgha_operator": "existing"}, False),
    ],
)
def test_it_says_that_the_operator_is_yet_to_be_installed(known: dict[str, Any], said: bool) -> None:
    [task] = [task for task in KUBERNETES["tasks"] if "yet to be installed" in task["name"]]
    assert evaluate(KUBERNETES["vars"], "{{ " + task["when"] + " }}", **known) is said
