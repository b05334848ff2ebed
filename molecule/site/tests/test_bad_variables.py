# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that cannot work are refused before any write, in one message: which one, what it is, what is right."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from conftest import Run, run_playbook


class Case(NamedTuple):
    """Variables, what the message has to hold, and what the output may not."""

    variables: dict[str, Any]
    words: Sequence[str]
    hidden: str = ""


CASES = {
    "wrong type": Case(
        {"postgres_cluster_instances": "three"},
        ["postgres_cluster_instances is 'three' (string)", "whole number from 1"],
    ),
    "unknown key": Case(
        {"postgres_cluster_storage": {"size": "1Gi", "klass": "standard"}},
        ["postgres_cluster_storage.klass is not known", "did you mean class?"],
    ),
    "unknown name with a role's prefix": Case(
        {"pgpool_replicaz": 3}, ["pgpool_replicaz is not a variable", "did you mean pgpool_replicas?"]
    ),
    "unknown name with the collection's prefix": Case(
        {"pgha_namspace": "demo"}, ["pgha_namspace is not a variable", "did you mean pgha_namespace?"]
    ),
    "no replicas": Case({"pgpool_replicas": 0}, ["pgpool_replicas is 0 (integer)", "whole number from 1"]),
    "dangerous parameter": Case(
        {"pgpool_params": {"failover_on_backend_error": True}},
        ["pgpool_params.failover_on_backend_error is true (boolean)", "failover-on-backend-error in pgpool_lint_allow"],
    ),
    "size in words": Case(
        {"postgres_cluster_storage": {"size": "2 gigs"}},
        ["postgres_cluster_storage.size is '2 gigs' (string)", "quantity such as 10Gi"],
    ),
    "empty password": Case(
        {"postgres_cluster_users": [{"name": "app", "password": ""}]},
        ["postgres_cluster_users[0].password is empty (string)", "leave it out to have one generated"],
    ),
    "password that cannot work": Case(
        {"postgres_cluster_users": [{"name": "app", "password": "hidden\nword"}]},
        ["postgres_cluster_users[0].password is a value that is not shown (string)", "without control characters"],
        hidden="hidden",
    ),
    "missing StorageClass": Case(
        {"postgres_cluster_name": "fresh", "postgres_cluster_storage": {"size": "1Gi", "class": "fast"}},
        ["postgres_cluster_storage.class is 'fast' (string)", "no such StorageClass", "standard"],
    ),
    "API that does not answer": Case(
        {"pgha_k8s_auth": {"host": "https://127.0.0.1:1", "api_key": "hidden-token"}},
        ["the Kubernetes API at https://127.0.0.1:1 cannot be used", "connection refused", "pgha_k8s_auth"],
        hidden="hidden-token",
    ),
    "context that would be ignored": Case(
        {"pgha_k8s_auth": {"host": "https://127.0.0.1:1", "api_key": "hidden-token", "context": "live"}},
        ["pgha_k8s_auth.context is 'live' (string)", "it would be ignored"],
        hidden="hidden-token",
    ),
    "no kubeconfig": Case(
        {"pgha_k8s_auth": {"kubeconfig": "/nowhere/kubeconfig"}},
        ["the Kubernetes API cannot be reached", "/nowhere/kubeconfig", "pgha_k8s_auth"],
    ),
    "name that is no DNS label": Case(
        {"postgres_cluster_name": "Hot_Postgres"},
        ["postgres_cluster_name is 'Hot_Postgres' (string)", "DNS label"],
    ),
    "unknown operator": Case(
        {"pgha_operator": "kubebd"}, ["pgha_operator is 'kubebd' (string)", "give one of cloudnativepg"]
    ),
    "two at once": Case(
        {"pgpool_replicas": "many", "pgpool_topology": "ring"},
        ["pgpool_replicas is 'many' (string)", "pgpool_topology is 'ring' (string)", "per_instance, services"],
    ),
}


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    """site.yml with each of them, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        started = {name: pool.submit(run_playbook, "site", variables=case.variables) for name, case in CASES.items()}
        return {name: run.result() for name, run in started.items()}


@pytest.mark.parametrize("name", CASES)
def test_refused(runs: dict[str, Run], name: str) -> None:
    run, case = runs[name], CASES[name]
    assert run.rc != 0
    assert run.changed == 0
    messages = run.output.split("fatal: [")[1:]
    assert len(messages) == 1, run.output
    shown = " ".join(messages[0].replace("''", "'").split())
    assert [word for word in case.words if word not in shown] == [], run.output
    assert "Task failed" not in shown
    assert not case.hidden or case.hidden not in run.output
