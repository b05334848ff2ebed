# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter of KubeDB's open-source releases, with objects as v0.13.0-rc.0 wrote them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import kubedb_v1alpha1 as adapter

LABELS = {"kubedb.com/kind": "Postgres", "kubedb.com/name": "hot-postgres"}
WANTED: dict[str, Any] = {
    "name": "hot-postgres",
    "namespace": "demo",
    "create_namespace": True,
    "version": "11.2",
    "instances": 3,
    "storage": {"size": "2Gi", "class": "standard"},
    "operator_follows": False,
    "api_found": True,
}
NAMESPACE = {"kind": "Namespace", "metadata": {"name": "demo"}, "status": {"phase": "Active"}}
STANDARD = {"kind": "StorageClass", "metadata": {"name": "standard"}}


def postgres(phase: str = "Running", observed: str = "4$6211", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "Postgres",
        "metadata": {"name": "hot-postgres", "generation": 4, "annotations": {"pgha.kubernetes/database": "app"}},
        "spec": {
            "version": "11.2",
            "replicas": 3,
            "databaseSecret": {"secretName": "hot-postgres-auth"},
            "storage": {"storageClassName": "standard", "resources": {"requests": {"storage": "2Gi"}}},
            "monitor": {"agent": "prometheus.io/builtin", "prometheus": {"port": 56790}},
            **spec,
        },
        "status": {"phase": phase, "observedGeneration": observed} if phase else {},
    }


def pod(number: int, role: str = "replica") -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": f"hot-postgres-{number}", "labels": {**LABELS, "kubedb.com/role": role}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


PODS = [pod(0, "primary"), pod(1), pod(2)]


def contract(*objects: dict[str, Any]) -> dict[str, Any]:
    return adapter.contract("hot-postgres", "demo", objects)


def problems(current: list[dict[str, Any]], needed: list[dict[str, Any]], **changes: Any) -> list[str]:
    return list(adapter.problems({**WANTED, **changes}, current, needed))


def test_reads_the_object_and_its_pods() -> None:
    first, second = adapter.reads("hot-postgres", "demo")
    assert (first["api_version"], first["kind"]) == ("kubedb.com/v1alpha1", "Postgres")
    assert second["label_selectors"] == ["kubedb.com/kind=Postgres", "kubedb.com/name=hot-postgres"]


def test_the_contract_of_2020() -> None:
    found = contract(postgres(), *PODS)
    assert (found["ready"], found["pending"], found["phase"], found["version"]) == (True, [], "Running", "11")
    assert (found["primary_host"], found["standby_host"]) == ("hot-postgres.demo.svc", "hot-postgres-replicas.demo.svc")
    assert [item["role"] for item in found["instances"]] == ["primary", "standby", "standby"]
    assert found["instances"][1]["selector"] == {**LABELS, "statefulset.kubernetes.io/pod-name": "hot-postgres-1"}
    assert found["superuser_secret"] == {
        "name": "hot-postgres-auth",
        "username_key": "POSTGRES_USER",
        "password_key": "POSTGRES_PASSWORD",
    }
    assert found["metrics"] == {"port": 56790, "port_name": "prom-http", "selector": LABELS}
    assert (found["auth_method"], found["tls"], found["synchronous"]) == ("md5", {"enabled": False}, None)
    assert (found["max_connections"], found["databases"]) == (100, ["app"])


def test_absent() -> None:
    found = contract()
    assert (found["exists"], found["pending"], found["superuser_secret"]) == (False, ["it does not exist"], None)


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ([postgres("")], "the operator has not started on it"),
        ([postgres("Creating")], "Creating"),
        ([postgres(observed="3$6211")], "the operator has not seen the newest change yet"),
        ([postgres(), pod(0), pod(1), pod(2)], "one instance has to be the primary, now it is none"),
        ([postgres(), pod(0, "primary"), pod(1)], "2 of 3 instances are ready"),
    ],
)
def test_pending(objects: list[dict[str, Any]], words: str) -> None:
    (found,) = contract(*objects)["pending"]
    assert words in found


def test_why_it_failed() -> None:
    cluster = postgres("Failed")
    cluster["status"]["reason"] = "selfLink was empty, can't make reference"
    assert contract(cluster)["pending"] == ["Failed (selfLink was empty, can't make reference)"]


def test_details_of_the_contract() -> None:
    found = contract(postgres(configSource={"configMap": {"name": "x"}}, databaseSecret=None, monitor=None))
    assert (found["max_connections"], found["metrics"]) == (None, None)
    assert found["superuser_secret"]["name"] == "hot-postgres-auth"


def test_nothing_is_wrong() -> None:
    assert problems([], [NAMESPACE, STANDARD]) == []
    assert problems([postgres(), *PODS], []) == []
    assert problems([postgres(), *PODS], [], instances=2) == []


def test_problems_of_a_new_cluster() -> None:
    (found,) = problems([], [NAMESPACE, STANDARD], api_found=False)
    assert "does not install releases that are past their end" in found


@pytest.mark.parametrize(
    ("objects", "changes", "words"),
    [
        ([postgres()], {"storage": {"size": "4Gi"}}, "cannot change it; give that one"),
        ([postgres()], {"storage": {"size": "1Gi"}}, "volumes cannot shrink"),
        ([postgres()], {"version": "11.1"}, "move the data to a new cluster"),
        (
            [postgres(), pod(0), pod(1), pod(2, "primary")],
            {"instances": 2},
            "hot-postgres-2 would go, and it is the primary; give 3",
        ),
    ],
)
def test_problems_of_a_change(objects: list[dict[str, Any]], changes: dict[str, Any], words: str) -> None:
    (found,) = problems(objects, [], **changes)
    assert words in found


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"synchronous": {"number": 1}}, "these releases of KubeDB replicate asynchronously"),
        ({"kubedb": {"client_auth": "md5"}}, "postgres_cluster_kubedb is a mapping: leave it empty"),
        ({"state": "absent"}, "postgres_cluster_keep_data is true (boolean): give false"),
        ({"superuser": {"password": "a b"}}, "postgres_cluster_superuser.password"),
    ],
)
def test_what_these_releases_cannot_do(variables: dict[str, Any], words: str) -> None:
    (found,) = adapter.input_problems({f"postgres_cluster_{name}": value for name, value in variables.items()})
    assert words in found


def test_what_these_releases_can_do() -> None:
    assert list(adapter.input_problems({"postgres_cluster_synchronous": {"number": 0}})) == []
    absent = {"postgres_cluster_state": "absent", "postgres_cluster_keep_data": False}
    assert list(adapter.input_problems(absent)) == []
    assert list(adapter.parameter_problems({})) == []
    assert "spec.configSource" in next(adapter.parameter_problems({"jit": True}))
