# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels, sentences about the API, diagnosis and quantities."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import missing_required_lib
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import api_credentials
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_address import api_address, tcp_problem
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_credentials import unread_kubeconfig
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_problem import api_problem
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.diagnosis import (
    belonging,
    diagnosis,
    log_ends,
    unready_containers,
    without_others,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import labels
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.resources import canonical, resources

REFUSED = (
    "HTTPSConnectionPool(host='127.0.0.1', port=6443): Max retries exceeded with url: /version (Caused by "
    "NewConnectionError(\"HTTPSConnection(host='127.0.0.1', port=6443): [Errno 111] Connection refused\"))"
)
KUBECONFIG = """
current-context: a
contexts: [{name: a, context: {cluster: one}}, {name: b, context: {cluster: two}}]
clusters: [{name: one, cluster: {server: "https://one:6443"}}, {name: two, cluster: {server: "https://two:6443"}}]
"""


def test_labels() -> None:
    assert labels("pgpool", "proxy", "hot", {"team": "x", "app.kubernetes.io/name": "lost"}) == {
        "team": "x",
        "app.kubernetes.io/name": "pgpool",
        "app.kubernetes.io/instance": "hot",
        "app.kubernetes.io/component": "proxy",
        "app.kubernetes.io/part-of": "pgha",
        "app.kubernetes.io/managed-by": "pgha.kubernetes",
    }


@pytest.mark.parametrize("value", ["", "a b", "-a", "a" * 64, None, 5])
def test_labels_refuse(value: Any) -> None:
    with pytest.raises(InputError, match=r"^label app\.kubernetes\.io/instance is "):
        labels("pgpool", "proxy", value)


@pytest.mark.parametrize(
    ("message", "auth", "words"),
    [
        (REFUSED, {}, ["at https://127.0.0.1:6443", "(connection refused)", "set pgha_k8s_auth", "K8S_AUTH_KUBE"]),
        (REFUSED, {"context": "c", "api_key": "canary"}, ["check pgha_k8s_auth (context 'c')"]),
        ("Failed to resolve 'nosuch'", {"host": "https://nosuch"}, ["https://nosuch", "not known to DNS"]),
        ("", {"host": "https://h"}, ["https://h", "does not answer in time"]),
        (
            "Could not create API client: Invalid kube-config file. No configuration found.",
            {},
            ["no usable kubeconfig"],
        ),
        ("Could not find or access '/x' on the Ansible Controller.", {"kubeconfig": "/x"}, ["'/x'"]),
        (
            "Could not create API client: [Errno 2] No such file or directory: '/ca.crt'",
            {"host": "https://h"},
            ["no usable kubeconfig ([Errno 2] No such file or directory: '/ca.crt')", "(host 'https://h')"],
        ),
        (
            'Could not create API client: while parsing\n  in "/home/me/config", line 1\nnothing',
            {},
            ['no usable kubeconfig (while parsing in "/home/me/config", line 1 nothing): set'],
        ),
        ("[Errno 13] Permission denied: '/x'", {}, ["no usable kubeconfig ([Errno 13] Permission denied: '/x'): set"]),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", {}, ["certificate is not trusted"]),
        ("401\nReason: Unauthorized", {}, ["(401)"]),
        ("something else\nand more", {}, ["something else: set"]),
    ],
)
def test_api_problem(message: str, auth: dict[str, str], words: list[str]) -> None:
    sentence = api_problem({"msg": message}, auth)
    assert all(word in sentence for word in words), sentence
    assert "canary" not in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("library", "also"),
    [
        ("kubernetes", ""),
        (
            "the Python package kubernetes and the collection kubernetes.core",
            ", `ansible-galaxy collection install kubernetes.core`",
        ),
    ],
)
def test_a_package_that_is_missing_is_no_fault_of_the_api(
    library: str, also: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/opt/a b/python3.13")
    sentence = api_problem({"msg": missing_required_lib(library)}, {"host": "https://h"})
    install = "pip install 'kubernetes>=24.2' jsonpatch 'cryptography>=44'"
    assert sentence == (
        f"the Kubernetes API cannot be asked, as the Python /opt/a b/python3.13 lacks {library}: "
        f"run `'/opt/a b/python3.13' -m {install}`{also}, or give another one in ansible_python_interpreter"
    )
    readme = Path(__file__).resolve().parents[4].joinpath("README.md").read_text(encoding="utf-8")
    assert f"`{install}`" in readme


@pytest.mark.parametrize(
    ("auth", "environment", "address"),
    [
        ({"host": "https://h"}, {}, "https://h"),
        ({}, {"K8S_AUTH_HOST": "https://h"}, "https://h"),
        ({"kubeconfig": "FILE"}, {}, "https://one:6443"),
        ({"kubeconfig": "FILE", "context": "b"}, {}, "https://two:6443"),
        ({}, {"K8S_AUTH_KUBECONFIG": "FILE", "K8S_AUTH_CONTEXT": "b"}, "https://two:6443"),
        ({"context": "b"}, {"KUBECONFIG": "/nonexistent:FILE"}, "https://two:6443"),
        ({"kubeconfig": "FILE", "context": "nope"}, {}, ""),
        ({"kubeconfig": "/nonexistent"}, {}, ""),
        ({"kubeconfig": "BROKEN"}, {}, ""),
    ],
)
def test_api_address(tmp_path: Path, auth: dict[str, str], environment: dict[str, str], address: str) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)
    (tmp_path / "broken").write_text("{[")

    def put(values: dict[str, str]) -> dict[str, str]:
        return {
            key: value.replace("FILE", str(tmp_path / "config")).replace("BROKEN", str(tmp_path / "broken"))
            for key, value in values.items()
        }

    assert api_address(put(auth), put(environment)) == address


IN_A_POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", "KUBECONFIG": "/k"}


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which a pod has the token of its account."""
    monkeypatch.setattr(api_credentials, "ACCOUNT", tmp_path)
    for name in ("token", "ca.crt"):
        (tmp_path / name).write_text("canary")
    return tmp_path


@pytest.mark.parametrize(
    ("auth", "environment", "address"),
    [
        ({}, {}, "https://10.96.0.1:443"),
        ({}, {"KUBERNETES_SERVICE_HOST": "fd00::1"}, "https://[fd00::1]:443"),
        ({"host": "https://h"}, {}, "https://h"),
        ({"kubeconfig": "FILE"}, {}, "https://one:6443"),
        ({}, {"K8S_AUTH_CONTEXT": "b", "KUBECONFIG": "FILE"}, "https://two:6443"),
        ({}, {"KUBERNETES_SERVICE_PORT": "", "KUBECONFIG": "FILE"}, "https://one:6443"),
    ],
)
@pytest.mark.usefixtures("account")
def test_api_address_in_a_pod(tmp_path: Path, auth: dict[str, str], environment: dict[str, str], address: str) -> None:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    auth, environment = (
        {key: value.replace("FILE", str(file)) for key, value in values.items()} for values in (auth, environment)
    )
    assert api_address(auth, {**IN_A_POD, **environment}) == address


def test_tcp_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert tcp_problem(f"https://127.0.0.1:{port}") == ""
    assert "refused" in tcp_problem(f"https://127.0.0.1:{port}")
    assert tcp_problem("https://") != ""


def test_diagnosis() -> None:
    objects = [
        {
            "kind": "Pod",
            "metadata": {"name": "hot-1"},
            "status": {
                "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes: Insufficient cpu"}],
                "containerStatuses": [
                    {"name": "ready", "ready": True, "state": {"running": {}}},
                    {"name": "slow", "ready": False, "state": {"running": {}}},
                    {
                        "name": "bad",
                        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
                        "lastState": {"terminated": {"exitCode": 3}},
                    },
                    {"name": "early", "state": {"waiting": {"reason": "PodInitializing"}}},
                ],
            },
        },
        {
            "kind": "Pod",
            "metadata": {"name": "other-1"},
            "status": {"containerStatuses": [{"name": "x", "state": {"running": {}}}]},
        },
        {"kind": "PersistentVolumeClaim", "metadata": {"name": "hot-1"}, "status": {"phase": "Pending"}},
        {"kind": "PersistentVolumeClaim", "metadata": {"name": "hot-2"}, "status": {"phase": "Bound"}},
        {
            "kind": "Deployment",
            "metadata": {"name": "hot-x"},
            "status": {
                "conditions": [
                    {"type": "Available", "status": "False", "message": "no minimum availability"},
                    {"type": "Progressing", "status": "True", "message": "fine"},
                    {"type": "ReplicaFailure", "status": "True", "message": "quota"},
                ]
            },
        },
        *(
            {
                "kind": "Event",
                "type": kind,
                "metadata": {},
                "involvedObject": {"kind": "Pod", "name": name},
                "reason": "R",
                "message": message,
                "lastTimestamp": time,
            }
            for kind, name, message, time in [
                *(("Warning", "hot-1", f"{second}.", f"2026-01-01T00:00:0{second}Z") for second in (1, 4, 6, 2, 5, 3)),
                ("Normal", "hot-1", "fine", "2026-01-01T00:00:09Z"),
                ("Warning", "other-1", "theirs", "2026-01-01T00:00:09Z"),
            ]
        ),
    ]
    assert diagnosis(objects, "hot") == [
        "pod hot-1 has no node: 0/3 nodes: Insufficient cpu",
        "pod hot-1, container slow: runs, is not ready",
        "pod hot-1, container bad: CrashLoopBackOff back-off 10s (ended with exit code 3)",
        "volume claim hot-1 is Pending (class none)",
        "deployment hot-x: no minimum availability",
        "deployment hot-x: quota",
        *(f"Pod hot-1: R: {second}." for second in (2, 3, 4, 5, 6)),
    ]
    assert diagnosis([]) == []


NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
UNHEARD = (
    "pod shop-2 on the node worker-2 is not ready although its containers were when last heard of: "
    "the node does not answer"
)
DUE = "2026-11-29T09:58:59Z"
OVERDUE = f"pod shop-2 was to be deleted by {DUE}, and the node worker-2 has not confirmed it"


def on_worker_2(metadata: dict[str, Any] | None = None, gates: Any = None, **status: Any) -> dict[str, Any]:
    """A pod as its node told of it last, which the node lifecycle controller took for not ready since."""
    containers = [{"name": "postgres", "ready": True, "state": {"running": {}}}]
    prepared = [{"name": "prepare", "ready": False, "state": {"terminated": {"exitCode": 0}}}]
    return {
        "kind": "Pod",
        "metadata": {"name": "shop-2", "ownerReferences": [{"kind": "Cluster"}], **(metadata or {})},
        "spec": {"nodeName": "worker-2", "readinessGates": gates},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False"}],
            "initContainerStatuses": prepared,
            "containerStatuses": containers,
            **status,
        },
    }


EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "low on memory", "containerStatuses": []}
REPLACED = {"ownerReferences": [{"kind": "ReplicaSet"}]}


@pytest.mark.parametrize(
    ("pod", "said"),
    [
        (on_worker_2(), [UNHEARD]),
        (on_worker_2(conditions=[{"type": "Ready", "status": "True"}]), []),
        (on_worker_2(gates=[{"conditionType": "example.com/passed"}]), []),
        (on_worker_2(containerStatuses=[]), []),
        (on_worker_2({"deletionTimestamp": DUE}), [OVERDUE]),
        (on_worker_2({"deletionTimestamp": "2026-11-29T09:59:01Z"}), [UNHEARD]),
        (on_worker_2({"deletionTimestamp": "2026-11-29T10:03:00Z"}, conditions=[]), []),
        (on_worker_2(**EVICTED), ["pod shop-2 ended: Evicted: low on memory"]),
        (on_worker_2(**{**EVICTED, "message": ""}), ["pod shop-2 ended: Evicted"]),
        (on_worker_2({"deletionTimestamp": DUE}, phase="Succeeded"), []),
        (on_worker_2(phase="Failed"), []),
        (on_worker_2(REPLACED, **EVICTED), []),
    ],
    ids=["unheard of", "ready", "gates", "no container", "late", "a little late", "in time", "evicted", "no message",
         "ended well", "ended by itself", "replaced"],
)  # fmt: skip
def test_what_becomes_of_a_pod_whose_node_is_lost(pod: dict[str, Any], said: list[str]) -> None:
    assert diagnosis([pod], "shop-", now=NOW) == said


def test_without_the_time_no_deletion_is_late() -> None:
    assert diagnosis([on_worker_2({"deletionTimestamp": DUE})]) == [UNHEARD]


def test_warnings_about_the_operators_object_itself() -> None:
    warnings = [
        {"kind": "Event", "type": "Warning", "metadata": {}, "involvedObject": {"kind": kind, "name": name},
         "reason": "SecretNotFound", "message": "own-ca"}
        for kind, name in [("Cluster", "hot"), ("Pod", "hot-1"), ("Cluster", "hotter"), ("Cluster", "cold")]
    ]  # fmt: skip
    about = ["Cluster hot: SecretNotFound: own-ca", "Pod hot-1: SecretNotFound: own-ca"]
    assert sorted(diagnosis(warnings, "hot-", itself="hot")) == about
    assert diagnosis(warnings, "hot-") == about[1:]


def labelled(kind: str, called: str, **labels: str) -> dict[str, Any]:
    """Something of which its labels tell whose it is: cnpg, ours, instance and so on."""
    keys = {"cnpg": "cnpg.io/cluster", "ours": "pgha.kubernetes/cluster", "name": "app.kubernetes.io/name",
            "instance": "app.kubernetes.io/instance", "kubedb": "kubedb.com/name"}  # fmt: skip
    metadata = {"name": called, "labels": {keys[key]: value for key, value in labels.items()}}
    return {"kind": kind, "metadata": metadata}


def event(kind: str, name: str) -> dict[str, Any]:
    return {"kind": "Event", "metadata": {}, "involvedObject": {"kind": kind, "name": name}}


@pytest.mark.parametrize(
    "labels",
    [{"cnpg": "shop-eu"}, {"ours": "shop-eu", "instance": "shop"}, {"kubedb": "shop-eu"},
     {"instance": "shop-eu", "name": "postgreses.kubedb.com"}],
    ids=["CloudNativePG", "ours", "KubeDB until 2021", "KubeDB"],
)  # fmt: skip
def test_what_another_cluster_owns_is_left_out(labels: dict[str, str]) -> None:
    theirs = [
        labelled("Pod", "shop-eu-1", **labels),
        # The cluster itself, what is gone, and what is not read.
        *(event(*of) for of in [("Pod", "shop-eu-1"), ("Cluster", "shop-eu"), ("Pod", "shop-eu-9"),
                                ("ReplicaSet", "shop-eu-pgpool-6d")]),
    ]  # fmt: skip
    ours = [
        labelled("Pod", "shop-1", **{key: value.replace("shop-eu", "shop") for key, value in labels.items()}),
        *(event(*of) for of in [("Pod", "shop-1"), ("Cluster", "shop"), ("Job", "shop-2-join")]),
    ]
    assert without_others([*theirs, *ours], "shop") == ours
    assert without_others([*theirs, *ours], "shop-eu") == theirs


def test_what_says_nothing_of_a_cluster_is_kept() -> None:
    """Its instance may be anything; and a cluster may be named as the Pgpool-II of another."""
    pgpool = labelled("Pod", "shop-pgpool-6d-x", ours="shop", instance="shop-pgpool", name="pgpool")
    deployment = labelled("Deployment", "shop-pgpool", ours="shop", instance="shop-pgpool", name="pgpool")
    other = labelled("Pod", "shop-pgpool-1", cnpg="shop-pgpool")
    kept = [
        pgpool,
        deployment,
        labelled("Pod", "shop-backup-x", instance="shop-backup"),
        {"kind": "Pod", "metadata": {"name": "shop-x", "labels": None}},
        event("ReplicaSet", "shop-pgpool-6d"),
        event("Pod", "shop-backup-x"),
    ]
    assert without_others([*kept, other, event("Pod", "shop-pgpool-1")], "shop") == kept


def test_only_labels_of_owners_tell_what_belongs_to_one() -> None:
    """All that CloudNativePG makes has the value `postgresql` in one, and a cluster may have that name."""
    theirs = labelled("Pod", "shop-1", cnpg="shop", instance="shop", name="postgresql")
    mine = labelled("Pod", "postgresql-1", cnpg="postgresql", instance="postgresql", name="postgresql")
    objects = [theirs, mine, event("Pod", "shop-1"), event("Pod", "postgresql-1")]
    assert belonging(objects, ["postgresql", "postgresql-pgpool"]) == [mine, event("Pod", "postgresql-1")]
    for key in ("cnpg", "ours", "instance", "kubedb"):
        one = labelled("PersistentVolumeClaim", "x", **{key: "hot"})
        assert belonging([one], ["hot"]) == [one]
    foreign = {"kind": "Pod", "metadata": {"name": "pod-0", "labels": {"cluster-name": "hot"}}}
    objects = [foreign, event("Pod", "pod-0")]
    assert (belonging(objects, ["hot"]), belonging(objects, ["hot", "pod-0"])) == ([], objects)


def statuses(**by_name: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "containerID": f"containerd://{name}", **status} for name, status in by_name.items()]


def test_containers_whose_logs_may_say_why() -> None:
    failed, well = ({"state": {"terminated": {"exitCode": code}}} for code in (1, 0))
    pods = [
        {"kind": "Event", "metadata": {"name": "hot-1"}},
        {
            "kind": "Pod",
            "metadata": {"name": "hot-1"},
            "status": {
                "initContainerStatuses": statuses(prepare=failed, before=well),
                "containerStatuses": [*statuses(db={"ready": False}, good={"ready": True}), {"name": "no-image"}],
            },
        },
        {"kind": "Pod", "metadata": {"name": "cold-1"}, "status": {"containerStatuses": statuses(db={"ready": False})}},
        {"kind": "Pod", "metadata": {"name": "hot-new"}},
    ]
    assert unready_containers(pods, "hot-") == [
        {"pod": "hot-1", "container": "prepare"},
        {"pod": "hot-1", "container": "db"},
    ]


def test_the_ends_of_logs() -> None:
    record = {"error_severity": "FATAL", "message": "no room for it"}
    log = "\n".join([
        *(f"line {number}" for number in range(9)),
        json.dumps({"level": "error", "msg": "cannot start", "error": "exit status 1"}),
        json.dumps({"logger": "postgres", "msg": "record", "record": record}),
        "[1]",
        "CREATE ROLE x PASSWORD 'geheim'",
        "",
    ])  # fmt: skip
    said = log_ends([
        {"pod": "hot-1", "container": "db", "log": log},
        {"pod": "hot-2", "container": "db", "log": ""},
    ])  # fmt: skip
    assert said[:5] == [
        "pod hot-1, container db logged last:",
        "  line 8",
        "  cannot start: exit status 1",
        "  FATAL: no room for it",
        "  [1]",
    ]
    assert len(said) == 6
    assert "geheim" not in said[5]
    assert said[5].startswith("  CREATE ROLE x PASSWORD '")


def test_a_record_of_a_log_ends_at_a_newline_alone() -> None:
    log = json.dumps({"record": {"error_severity": "FATAL", "message": "no \x85role"}}, ensure_ascii=False)
    assert log_ends([{"pod": "hot-1", "container": "db", "log": f"{log}\n"}])[1:] == ["  FATAL: no \x85role"]


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        (0.5, "500m"),
        ("0.5", "500m"),
        ("500m", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        (2, "2"),
        ("1000", "1k"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1000Mi", "1000Mi"),
        ("1000M", "1G"),
        ("0", "0"),
        ("0Gi", "0"),
        ("0.0001", "1m"),
        ("250u", "1m"),
        ("1e3", "1k"),
        ("5e-1", "500m"),
    ],
)
def test_canonical(asked: Any, written: str) -> None:
    assert canonical(asked) == written
    assert canonical(written) == written


def test_resources() -> None:
    assert resources({"requests": {"cpu": 0.1, "memory": "1024Mi"}, "limits": {}}) == {
        "requests": {"cpu": "100m", "memory": "1Gi"},
        "limits": {},
    }
    with pytest.raises(InputError, match=r"^limits\.memory is '2 gigs': give a Kubernetes quantity"):
        resources({"limits": {"memory": "2 gigs"}})


HOST_AND_KEY = {"K8S_AUTH_HOST": "https://h", "K8S_AUTH_API_KEY": "canary"}


@pytest.mark.parametrize(
    ("variables", "environment", "beginnings"),
    [
        ({"pgha_k8s_auth": {"context": "live"}}, HOST_AND_KEY, ["pgha_k8s_auth.context is 'live' (string): "]),
        ({"pgha_k8s_auth": {"kubeconfig": "/k"}}, HOST_AND_KEY, ["pgha_k8s_auth.kubeconfig is '/k' (string): "]),
        (
            {"pgha_k8s_auth": {"context": "live"}, "demo_k8s_auth": {"context": "live"}},
            HOST_AND_KEY,
            ["pgha_k8s_auth.context is 'live' (string): "],
        ),
        (
            {"pgha_k8s_auth": {}, "demo_k8s_auth": {"context": "a", "kubeconfig": "/k"}},
            HOST_AND_KEY,
            ["demo_k8s_auth.context is 'a' (string): ", "demo_k8s_auth.kubeconfig is '/k' (string): "],
        ),
        (
            {"pgha_k8s_auth": {"context": "live", "host": "https://h", "api_key": "canary"}},
            {},
            ["pgha_k8s_auth.context is 'live' (string): "],
        ),
        (
            {"pgha_k8s_auth": {"context": "live", "host": "https://h"}},
            {"K8S_AUTH_API_KEY": "canary"},
            ["pgha_k8s_auth.context is 'live' (string): "],
        ),
        # With a kubeconfig, the context chooses. An address alone is another one for what the context has.
        ({"pgha_k8s_auth": {"context": "live"}}, {"K8S_AUTH_KUBECONFIG": "/k"}, []),
        ({"pgha_k8s_auth": {"context": "live"}}, {"K8S_AUTH_HOST": "https://h", "K8S_AUTH_API_KEY": ""}, []),
        ({"pgha_k8s_auth": {"context": "live", "host": "https://h"}}, {}, []),
        ({"pgha_k8s_auth": {"context": ""}}, HOST_AND_KEY, []),
        ({"pgha_k8s_auth": {"context": "live"}, "demo_k8s_auth": {}}, HOST_AND_KEY, []),
        ({}, HOST_AND_KEY, []),
    ],
)
def test_a_context_that_would_be_ignored_is_refused(
    variables: dict[str, Any], environment: dict[str, str], beginnings: list[str]
) -> None:
    problems = list(unread_kubeconfig(variables, "demo", environment))
    assert len(problems) == len(beginnings)
    for problem, beginning in zip(problems, beginnings, strict=True):
        assert problem.startswith(beginning)
        assert "canary" not in problem


def test_a_context_that_would_be_ignored_says_what_wins() -> None:
    [problem] = unread_kubeconfig({"pgha_k8s_auth": {"context": "live"}}, "demo", HOST_AND_KEY)
    assert "with the environment's K8S_AUTH_HOST and the environment's K8S_AUTH_API_KEY;" in problem


@pytest.mark.parametrize("variables", [{"pgha_k8s_auth": {}}, {"demo_k8s_auth": {"validate_certs": False}}])
@pytest.mark.parametrize("more", [{}, {"K8S_AUTH_HOST": "https://h"}, {"K8S_AUTH_USERNAME": "u"}])
@pytest.mark.usefixtures("account")
def test_a_kubeconfig_that_a_pod_would_not_read_is_refused(variables: dict[str, Any], more: dict[str, str]) -> None:
    """kubernetes.core takes the account of the pod before KUBECONFIG, unlike kubectl."""
    [problem] = unread_kubeconfig(variables, "demo", {**IN_A_POD, **more})
    assert problem.startswith("the environment's KUBECONFIG is '/k' (string): it would be ignored, as the account of ")
    assert "give K8S_AUTH_KUBECONFIG or pgha_k8s_auth.kubeconfig in its place" in problem


@pytest.mark.parametrize(
    ("auth", "environment"),
    [
        ({"kubeconfig": "/k"}, {}),
        ({"context": "live"}, {}),
        ({"host": "https://h", "api_key": "canary"}, {}),
        # As the credential types of awx/ have it: AWX runs its jobs in pods.
        ({}, {**HOST_AND_KEY, "K8S_AUTH_SSL_CA_CERT": "/c", "K8S_AUTH_VERIFY_SSL": "true"}),
        ({}, {"K8S_AUTH_KUBECONFIG": "/k"}),
        ({"context": "live"}, {"K8S_AUTH_KUBECONFIG": "/k"}),
        ({}, {"K8S_AUTH_HOST": "https://h", "K8S_AUTH_USERNAME": "u", "K8S_AUTH_PASSWORD": "canary"}),
        ({}, {"K8S_AUTH_HOST": "https://h", "K8S_AUTH_CERT_FILE": "/c", "K8S_AUTH_KEY_FILE": "/k"}),
        ({}, {"KUBECONFIG": ""}),
        ({}, {"KUBERNETES_SERVICE_HOST": ""}),
    ],
)
@pytest.mark.usefixtures("account")
def test_what_a_pod_is_told_itself_is_taken(auth: dict[str, str], environment: dict[str, str]) -> None:
    assert list(unread_kubeconfig({"pgha_k8s_auth": auth}, "demo", {**IN_A_POD, **environment})) == []


def test_without_an_account_a_pod_reads_its_kubeconfig(account: Path) -> None:
    (account / "token").unlink()
    assert list(unread_kubeconfig({"pgha_k8s_auth": {}}, "demo", IN_A_POD)) == []


@pytest.mark.usefixtures("account")
def test_what_has_no_connection_of_its_own_is_told_nothing() -> None:
    assert list(unread_kubeconfig({"pgha_secure_logging": True}, "kind_cluster", IN_A_POD)) == []
