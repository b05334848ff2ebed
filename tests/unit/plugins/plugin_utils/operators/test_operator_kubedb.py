# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter of KubeDB, with objects as its documentation describes them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import kubedb as adapter

LABELS = {"app.kubernetes.io/name": "postgreses.kubedb.com", "app.kubernetes.io/instance": "hot"}
WANTED: dict[str, Any] = {
    "name": "hot",
    "namespace": "demo",
    "create_namespace": True,
    "version": "17.9",
    "instances": 3,
    "storage": {"size": "10Gi", "class": "standard"},
    "operator_follows": False,
    "api_found": True,
}
NAMESPACE = {"kind": "Namespace", "metadata": {"name": "demo"}, "status": {"phase": "Active"}}
STANDARD = {"kind": "StorageClass", "metadata": {"name": "standard"}}
PROVISIONER = {
    "kind": "StatefulSet",
    "metadata": {"name": "kubedb-kubedb-provisioner", "namespace": "kubedb"},
    "status": {"readyReplicas": 1},
}
CATALOG = [
    {"kind": "PostgresVersion", "metadata": {"name": name}, "spec": {"deprecated": name == "17.2"}}
    for name in ("17.9", "9.6", "17.10", "17.2")
]
NEEDED = [NAMESPACE, STANDARD, PROVISIONER, *CATALOG]


def postgres(phase: str = "Ready", status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "kind": "Postgres",
        "metadata": {"name": "hot", "generation": 2, "annotations": {"pgha.kubernetes/database": "app"}},
        "spec": {
            "version": "17.9",
            "replicas": 3,
            "clientAuthMode": "scram",
            "authSecret": {"kind": "Secret", "name": "hot-auth"},
            "streamingMode": "Synchronous",
            "synchronousReplicationConfig": {"mode": "Any", "numSyncReplicas": 1},
            "configuration": {"inline": {"user.conf": "jit = 'off'\nmax_connections = '200'\n"}},
            "storage": {"storageClassName": "standard", "resources": {"requests": {"storage": "10Gi"}}},
            "monitor": {"agent": "prometheus.io/builtin", "prometheus": {"exporter": {"port": 56790}}},
            **spec,
        },
        "status": {"phase": phase, "observedGeneration": 2} if status is None else status,
    }


def pod(number: int, role: str = "standby", ready: bool = True) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": f"hot-{number}", "labels": {**LABELS, "kubedb.com/role": role}},
        "spec": {"containers": [{"name": "pg-coordinator", "image": "c"}, {"name": "postgres", "image": "r.io/p:17"}]},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


PODS = [pod(2), pod(0), pod(1, "primary")]


def job(**status: Any) -> dict[str, Any]:
    labels = {"pgha.kubernetes/cluster": "hot", "app.kubernetes.io/component": "users"}
    return {"kind": "Job", "metadata": {"name": "hot-users-1", "labels": labels}, "status": status}


def contract(*objects: dict[str, Any]) -> dict[str, Any]:
    return adapter.contract("hot", "demo", objects)


def problems(current: list[dict[str, Any]], needed: list[dict[str, Any]], **changes: Any) -> list[str]:
    return list(adapter.problems({**WANTED, **changes}, current, needed))


def inputs(**changes: Any) -> list[str]:
    given = {"version": "17.9", "storage": {"size": "10Gi"}, **changes}
    return list(adapter.input_problems({f"postgres_cluster_{name}": value for name, value in given.items()}))


def test_reads_the_object_and_its_pods() -> None:
    assert adapter.reads("hot", "demo") == [
        {"api_version": "kubedb.com/v1", "kind": "Postgres", "name": "hot", "namespace": "demo"},
        {
            "api_version": "v1",
            "kind": "Pod",
            "namespace": "demo",
            "label_selectors": [f"{key}={value}" for key, value in LABELS.items()],
        },
    ]
    assert [item["kind"] for item in adapter.database_reads("hot", "demo")] == ["Job", "Pod"]
    kinds = [item["kind"] for item in adapter.prerequisites("demo")]
    assert kinds == ["Namespace", "StorageClass", "StatefulSet", "PostgresVersion"]
    [pods] = adapter.operator_reads()
    assert pods["kind"] == "Pod"
    assert pods["label_selectors"] == ["app.kubernetes.io/name in (kubedb-provisioner,kubedb-ops-manager)"]


def test_absent() -> None:
    found = contract()
    assert (found["exists"], found["ready"], found["phase"], found["instances"]) == (False, False, "", [])
    assert found["pending"] == ["it does not exist"]
    assert (found["max_connections"], found["superuser_secret"], found["metrics"]) == (None, None, None)


def test_ready() -> None:
    assert contract(postgres(), *PODS) == {
        "name": "hot",
        "namespace": "demo",
        "operator": "kubedb",
        "exists": True,
        "ready": True,
        "phase": "Ready",
        "pending": [],
        "version": "17",
        "image": "r.io/p:17",
        "image_pull_secrets": [],
        "primary_host": "hot.demo.svc",
        "standby_host": "hot-standby.demo.svc",
        "port": 5432,
        "instances": [
            {
                "name": f"hot-{number}",
                "pod": f"hot-{number}",
                "host": f"hot-{number}.demo.svc",
                "role": "primary" if number == 1 else "standby",
                "ready": True,
                "application_name": f"hot-{number}",
                "selector": {**LABELS, "statefulset.kubernetes.io/pod-name": f"hot-{number}"},
                "needs_service": True,
            }
            for number in (0, 1, 2)
        ],
        "instances_wanted": 3,
        "switching_to": "",
        "hibernated": False,
        "hibernation_asked": False,
        "primary_times": {},
        "passwords": {},
        "superuser_secret": {"name": "hot-auth", "username_key": "username", "password_key": "password"},
        "auth_method": "scram-sha-256",
        "tls": {"enabled": False},
        "metrics": {"port": 56790, "port_name": "metrics", "selector": LABELS},
        "role_label": "kubedb.com/role",
        "synchronous": {"method": "any", "number": 1},
        "max_connections": 200,
        "databases": ["app"],
    }


def test_which_secrets_let_in_to_the_image() -> None:
    let_in = {"spec": {"imagePullSecrets": [{"name": "of-postgres"}]}}
    assert contract(postgres(podTemplate=let_in))["image_pull_secrets"] == [{"name": "of-postgres"}]
    assert contract()["image_pull_secrets"] == []


def test_pods_of_others_are_no_instances() -> None:
    arbiter, of_other, unlabelled = pod(0), pod(0), pod(0)
    arbiter["metadata"]["name"] = "hot-arbiter-0"
    of_other["metadata"]["name"] = "hot-2-0"
    unlabelled["metadata"]["labels"] = {}
    assert contract(postgres(), arbiter, of_other, unlabelled)["instances"] == []


@pytest.mark.parametrize(
    ("objects", "pending"),
    [
        ([postgres(status={})], ["the operator has not started on it"]),
        ([postgres("Provisioning")], ["Provisioning"]),
        (
            [postgres(status={"phase": "Ready", "observedGeneration": 1})],
            ["the operator has not seen the newest change yet"],
        ),
        (
            [
                postgres(
                    status={
                        "phase": "NotReady",
                        "observedGeneration": 2,
                        "conditions": [
                            {"type": "Provisioned", "status": "True", "message": "well"},
                            {"type": "AcceptingConnection", "status": "False", "message": "no connection"},
                        ],
                    }
                )
            ],
            ["NotReady (no connection)"],
        ),
        ([postgres(), pod(0, "primary"), pod(1), pod(2, ready=False)], ["2 of 3 instances are ready"]),
        ([postgres(), pod(0, "primary"), pod(1)], ["2 of 3 instances are ready"]),
        (
            [postgres(), *PODS, pod(3)],
            ["4 of 3 instances are ready, and there are 4"],
        ),
        ([postgres(), pod(0), pod(1), pod(2)], ["one instance has to be the primary, now it is none"]),
        (
            [postgres(), pod(0, "primary"), pod(1, "primary"), pod(2)],
            ["one instance has to be the primary, now it is hot-0, hot-1"],
        ),
        ([postgres(), *PODS, job()], ["users and databases are not yet what they have to be"]),
        ([postgres(), *PODS, job(succeeded=1)], []),
        (
            [postgres(), *PODS, job(conditions=[{"type": "Failed", "status": "True", "message": "deadline"}])],
            ["users and databases cannot be brought to what they have to be: deadline"],
        ),
    ],
)
def test_pending(objects: list[dict[str, Any]], pending: list[str]) -> None:
    assert contract(*objects)["pending"] == pending


@pytest.mark.parametrize(
    ("spec", "field", "value"),
    [
        ({"clientAuthMode": "md5"}, "auth_method", "md5"),
        ({"clientAuthMode": ""}, "auth_method", "md5"),
        ({"clientAuthMode": "", "version": "18.2-bookworm"}, "auth_method", "scram-sha-256"),
        ({"version": "18.2-bookworm"}, "version", "18"),
        ({"streamingMode": "Asynchronous"}, "synchronous", None),
        ({"synchronousReplicationConfig": None}, "synchronous", {"method": "any", "number": 1}),
        ({"configuration": None}, "max_connections", 100),
        ({"configuration": {"tuning": {"maxConnections": 300}}}, "max_connections", 300),
        ({"configuration": {"secretName": "x"}}, "max_connections", None),
        ({"authSecret": None}, "superuser_secret", {"name": "hot-auth", **adapter.SUPERUSER_KEYS}),
        ({"tls": {"issuerRef": {}}}, "tls", {"enabled": True, "ca_secret": "hot-server-cert", "ca_key": "ca.crt"}),
        (
            {"tls": {"certificates": [{"alias": "server", "secretName": "own"}]}},
            "tls",
            {"enabled": True, "ca_secret": "own", "ca_key": "ca.crt"},
        ),
        ({"monitor": None}, "metrics", None),
    ],
)
def test_details_of_the_contract(spec: dict[str, Any], field: str, value: Any) -> None:
    assert contract(postgres(**spec), *PODS)[field] == value


def test_nothing_is_wrong() -> None:
    assert problems([], NEEDED) == []
    assert problems([postgres()], []) == []
    assert problems([], [STANDARD], operator_follows=True, api_found=False) == []


@pytest.mark.parametrize(
    ("needed", "changes", "words"),
    [
        (NEEDED, {"api_found": False}, "has no such operator (no API kubedb.com/v1); install it with the playbook"),
        ([NAMESPACE, STANDARD, *CATALOG], {}, "none labelled app.kubernetes.io/name=kubedb-provisioner"),
        (
            [NAMESPACE, STANDARD, {**PROVISIONER, "status": {}}, *CATALOG],
            {},
            "(kubedb/kubedb-kubedb-provisioner); install it with the playbook pgha.kubernetes.kubedb, which says",
        ),
        (NEEDED, {"version": "17.1"}, "has no PostgresVersion in the Kubernetes cluster; give one of those"),
        (NEEDED, {"version": "17.1"}, "it has: 9.6, 17.9, 17.10"),
        (NEEDED, {"version": "17.2"}, "is deprecated"),
        (NEEDED, {"storage": {"class": "fast"}}, "postgres_cluster_storage.class is 'fast'"),
        (
            [STANDARD, PROVISIONER, *CATALOG],
            {"create_namespace": False},
            "postgres_cluster_create_namespace is false",
        ),
    ],
)
def test_problems_of_a_new_cluster(needed: list[dict[str, Any]], changes: dict[str, Any], words: str) -> None:
    (found,) = problems([], needed, **changes)
    assert words in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"storage": {"size": "1Gi"}}, "volumes cannot shrink"),
        ({"storage": {"size": "20Gi"}}, "PostgresOpsRequest (VolumeExpansion)"),
        ({"storage": {"size": "10Gi", "class": "fast"}}, "of the class 'standard'"),
        ({"version": "18.2"}, "the cluster has 17.9, and only upgrade_postgres.yml changes that; give 17.9, or run it"),
        ({"instances": 5}, "the cluster has 3, and only scale.yml changes that; give 3, or run it"),
        ({"superuser_secret": "own"}, "postgres_cluster_superuser.secret is 'own' (string): the cluster has hot-auth"),
    ],
)
def test_problems_of_a_change(changes: dict[str, Any], words: str) -> None:
    (found,) = problems([postgres()], [], **changes)
    assert words in found


@pytest.mark.parametrize(
    ("operation", "changes"), [("scale", {"instances": 5}), ("upgrade", {"version": "18.2"}), ("", {})]
)
def test_what_a_request_changes_is_no_problem_of_the_run_that_makes_it(operation: str, changes: dict[str, Any]) -> None:
    assert problems([postgres()], [], operation=operation, **changes) == []
    assert problems([postgres()], [], operation=operation, superuser_secret="hot-auth", **changes) == []


def test_hibernated() -> None:
    found = contract(postgres(halted=True))
    assert (found["hibernated"], found["hibernation_asked"]) == (True, True)


def test_a_cluster_that_is_being_deleted() -> None:
    cluster = postgres()
    cluster["metadata"]["deletionTimestamp"] = "2026-11-22T17:00:00Z"
    assert "this cluster is being deleted" in problems([cluster], [])[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instances": 4}, "postgres_cluster_instances is 4 (integer): give an odd number"),
        ({"synchronous": {"data_durability": "preferred"}}, "give required"),
        ({"version": "17"}, "postgres_cluster_version is '17' (string): give the name of a PostgresVersion"),
        ({"storage": {"size": "1Gi"}}, "postgres_cluster_kubedb.wal_keep_size is 1536 (integer)"),
        ({"superuser": {"password": "pa'ss"}}, "postgres_cluster_superuser.password is a value that is not shown"),
    ],
)
def test_what_kubedb_cannot_do(changes: dict[str, Any], words: str) -> None:
    (found,) = inputs(**changes)
    assert words in found
    assert "pa'ss" not in found


def test_what_kubedb_can_do() -> None:
    assert inputs() == []
    assert inputs(storage={"size": "1Gi"}, kubedb={"wal_keep_size": 512}, instances=1) == []
    assert inputs(superuser={"password": "Ab9_.~!-"}) == []


def test_parameters() -> None:
    assert list(adapter.parameter_problems({"work_mem": "8MB", "jit": False})) == []
    assert "KubeDB sets it itself" in next(adapter.parameter_problems({"hot_standby": True}))
    [found] = adapter.parameter_problems({"Password_Encryption": "md5"})
    assert found == "postgres_cluster_parameters.Password_Encryption cannot be set: remove it, KubeDB sets it itself"
    assert "is no plain value" in next(adapter.parameter_problems({"work_mem": ["8MB"]}))
    assert "write each backslash of it twice" in next(adapter.parameter_problems({"log_line_prefix": "\\"}))


@pytest.mark.parametrize(("name", "reserved"), [("postgres", True), ("pg_x", True), ("pgha_monitor", False)])
def test_reserved_roles(name: str, reserved: bool) -> None:
    assert adapter.is_reserved_role(name) is reserved
