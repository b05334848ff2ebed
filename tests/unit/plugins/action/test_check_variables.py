# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action check_variables: all variables of the role and of the collection, templated, and no others."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import filter_loader
from ansible_collections.pgha.kubernetes.plugins.action import check_variables

ROLES = Path(__file__).resolve().parents[4] / "roles"


@pytest.fixture(autouse=True)
def not_ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})


def check(role: str, apart_from: list[str] | None = None, **variables: Any) -> dict[str, Any]:
    made = check_variables.ActionModule.__new__(check_variables.ActionModule)
    made._task = SimpleNamespace(args={"role": role, "apart_from": apart_from or []})
    made._templar = SimpleNamespace(
        template=lambda value: value.replace("{{ two }}", "2") if value == "{{ two }}" else value
    )
    return made.run(task_vars={"role_path": str(ROLES / role), **variables})


def test_what_is_right_is_no_change() -> None:
    result = check("pgpool", pgpool_replicas="{{ two }}", pgha_namespace="demo")
    assert result.pop("digest")
    assert result == {"changed": False}


def test_each_problem_is_a_line() -> None:
    result = check("pgpool", pgpool_replicas="many", pgpool_replica=2, pgha_namespace="Not A Name", monitoring_port="x")
    assert result["failed"]
    lines = result["msg"].splitlines()
    assert {line.partition(" ")[0] for line in lines} == {"pgha_namespace", "pgpool_replica", "pgpool_replicas"}


def test_a_context_is_refused_where_the_environment_says_where_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with AWX' credential for one Kubernetes cluster, which would have each job write to that one."""
    assert not check("pgpool", pgha_k8s_auth={"context": "live"})["changed"]
    monkeypatch.setenv("K8S_AUTH_HOST", "https://api.example.com:6443")
    monkeypatch.setenv("K8S_AUTH_API_KEY", "token")
    result = check("pgpool", pgha_k8s_auth={"context": "live"})
    assert result["msg"].startswith("pgha_k8s_auth.context is 'live' (string): it would be ignored")


def test_a_digest_tells_variables_from_others_without_what_they_are() -> None:
    auth = {"host": "https://api.example.com:6443", "api_key": "secret-token"}
    one = check("postgres_cluster", postgres_cluster_name="a", postgres_cluster_k8s_auth=auth)
    assert "secret-token" not in str(one)
    same = {
        "postgres_cluster_k8s_auth": dict(auth),
        "postgres_cluster_name": "a",
        "postgres_cluster_result": {"name": "a"},
    }
    assert check("postgres_cluster", pgha_namespace="demo", **same) == one
    follows = check(
        "postgres_cluster", ["postgres_cluster_operator_follows"], postgres_cluster_operator_follows=True, **same
    )
    assert follows == one
    others = [
        {"postgres_cluster_name": "b"},
        {"postgres_cluster_version": "18"},
        {"postgres_cluster_operator_follows": True},
        {"postgres_cluster_k8s_auth": {**auth, "host": "https://other.example.com:6443"}},
    ]
    assert len({check("postgres_cluster", **{**same, **other})["digest"] for other in others} | {one["digest"]}) == 5


@pytest.mark.parametrize("role", ["cloudnativepg", "monitoring", "pgpool", "postgres_cluster"])
def test_each_role_that_uses_it_has_options(role: str) -> None:
    assert f"{role}_k8s_auth" in check_variables.options(str(ROLES / role))


def test_filters_are_there_before_ansible_forks() -> None:
    """Otherwise each task would load all of them anew."""
    folder = ROLES.parent / "plugins" / "filter"
    loaded = {Path(path).name for path in filter_loader._module_cache}
    assert {path.name for path in folder.glob("[a-z]*.py")} <= loaded
