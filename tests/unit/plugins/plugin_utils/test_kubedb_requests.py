# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to KubeDB: a name of its own for each, found again after an interruption, one at a time, its own words."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_requests, operations
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import kubedb
from program import program
from strict_schema import violations

ROOT = Path(__file__).resolve().parents[4]
OWN = ROOT / "tests/unit/fixtures/kubedb/postgresopsrequest-v1alpha1.yml"
PUBLISHED = program("molecule/kubedb_crds.py").PUBLISHED / "ops.kubedb.com_postgresopsrequests.yaml"
WANTED = {"instances": 5, "version": "18.3", "image": "", "allow_major_upgrade": True, "timeout": 600}
KINDS = ["restart", "scale", "upgrade", "rotate_password"]


def postgres(**spec: Any) -> dict[str, Any]:
    return {
        "kind": "Postgres",
        "metadata": {"name": "hot", "namespace": "demo", "uid": "u-1", "generation": 1},
        "spec": {
            "version": "17.9",
            "replicas": 3,
            "standbyMode": "Hot",
            "streamingMode": "Synchronous",
            "authSecret": {"kind": "Secret", "name": "hot-auth"},
            **spec,
        },
        "status": {"phase": "Ready", "observedGeneration": 1},
    }


def pods(primary: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "kind": "Pod",
            "metadata": {
                "name": f"hot-{number}",
                "labels": {
                    **kubedb.labels("hot"),
                    "kubedb.com/role": "primary" if number == primary else "standby",
                },
            },
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        for number in range(3)
    ]


def made(request: dict[str, Any], phase: str = "", number: int = 1, **conditions: str) -> dict[str, Any]:
    """Return a request as the API has it, after it was made and the operator has looked at it."""
    item = deepcopy(request)
    item["metadata"] |= {"uid": f"r-{number}", "creationTimestamp": f"2026-11-22T17:0{number}:00Z"}
    # What the API fills in from the schema.
    item["spec"].setdefault("maxRetries", 1)
    if "authentication" in item["spec"]:
        item["spec"]["authentication"]["secretRef"]["apiGroup"] = ""
    if phase:
        item["status"] = {
            "phase": phase,
            "conditions": [
                {"type": kind, "reason": kind, "status": str(kind != "Failed"), "message": text}
                for kind, text in conditions.items()
            ],
        }
    return item


def foreign(phase: str = "Progressing", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "PostgresOpsRequest",
        "metadata": {"name": "by-hand", "uid": "x", "creationTimestamp": "2026-11-22T16:00:00Z"},
        "spec": {"type": "Restart", "databaseRef": {"name": "hot"}, **spec},
        "status": {"phase": phase},
    }


def plan(operation: str, *requests: dict[str, Any], main: dict[str, Any] | None = None) -> dict[str, Any]:
    main = main or postgres()
    contract = kubedb.contract("hot", "demo", [main, *pods()])
    return operations.request_plan(contract, [main, *requests], operation, WANTED)


def published() -> dict[str, Any]:
    if not PUBLISHED.is_file():
        pytest.skip(f"KubeDB's published schema is not at {PUBLISHED}")
    [version] = yaml.safe_load(PUBLISHED.read_text())["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]


def own() -> dict[str, Any]:
    return yaml.safe_load(OWN.read_text())


@pytest.mark.parametrize("schema", [own, published])
@pytest.mark.parametrize("operation", KINDS)
def test_each_request_is_what_kubedb_takes(operation: str, schema: Any) -> None:
    assert list(violations(plan(operation)["request"], schema())) == []


@pytest.mark.parametrize("schema", [own, published])
def test_what_is_wrong_is_seen(schema: Any) -> None:
    wrong = plan("scale")["request"]
    wrong["spec"]["horizontalScaling"]["replicas"] = "5"
    wrong["spec"]["horizontalScaling"]["members"] = 5
    assert sorted(violations(wrong, schema())) == [
        ".spec.horizontalScaling.members is not known",
        ".spec.horizontalScaling.replicas: '5' is not of the type integer",
    ]


@pytest.mark.parametrize(
    ("operation", "spec"),
    [
        ("restart", {"type": "Restart"}),
        (
            "scale",
            {
                "type": "HorizontalScaling",
                "horizontalScaling": {"replicas": 5, "standbyMode": "Hot", "streamingMode": "Synchronous"},
            },
        ),
        ("upgrade", {"type": "UpdateVersion", "updateVersion": {"targetVersion": "18.3"}}),
    ],
)
def test_what_is_asked_for(operation: str, spec: dict[str, Any]) -> None:
    request = plan(operation)["request"]
    assert request["spec"] == {"databaseRef": {"name": "hot"}, "apply": "IfReady", "timeout": "600s", **spec}
    assert request["metadata"]["labels"]["pgha.kubernetes/cluster"] == "hot"


@pytest.mark.parametrize(("spec", "mode"), [({}, "Synchronous"), ({"streamingMode": None}, "Asynchronous")])
def test_the_streaming_mode_is_the_clusters(spec: dict[str, Any], mode: str) -> None:
    """Left out, KubeDB would make a synchronous cluster asynchronous."""
    request = plan("scale", main=postgres(**spec))["request"]
    assert request["spec"]["horizontalScaling"]["streamingMode"] == mode


def test_a_new_password_is_in_a_new_secret() -> None:
    first = plan("rotate_password")
    name = first["request"]["spec"]["authentication"]["secretRef"]["name"]
    assert first["secret"] == name
    assert name.startswith("hot-auth-")
    again = plan("rotate_password", made(first["request"], "Successful"))
    assert again["secret"] not in ("hot-auth", name)


@pytest.mark.parametrize("operation", KINDS)
def test_a_run_that_was_stopped_finds_its_own_request(operation: str) -> None:
    first = plan(operation)
    assert plan(operation)["request"] == first["request"]  # stopped before it was made: the same name
    for phase in ("", "Pending", "Progressing", "Approved", "WaitingForApproval"):
        again = plan(operation, made(first["request"], phase))
        assert (again["problems"], again["request"]) == ([], {})
        assert (again["name"], again["secret"]) == (first["name"], first["secret"])
        assert again["going"].endswith(f"is {phase or 'not begun'}")


@pytest.mark.parametrize("operation", KINDS)
@pytest.mark.parametrize("phase", ["Successful", "Failed", "Denied", "Skipped"])
def test_after_one_that_has_ended_another_name_is_taken(operation: str, phase: str) -> None:
    names = [plan(operation)["name"]]
    requests: list[dict[str, Any]] = []
    for number in range(1, 4):
        requests.append(made(plan(operation, *requests)["request"], phase, number))
        names.append(plan(operation, *requests)["name"])
    assert len(set(names)) == 4
    assert all(len(name) <= 63 and name.startswith(f"hot-{operation.replace('_', '-')}-") for name in names)


def test_two_clusters_of_one_name_have_other_requests() -> None:
    other = postgres()
    other["metadata"]["uid"] = "u-2"
    assert plan("restart", main=other)["name"] != plan("restart")["name"]


@pytest.mark.parametrize("operation", ["scale", "upgrade", "rotate_password"])
def test_while_another_goes_on_it_is_refused(operation: str) -> None:
    [problem] = plan(operation, foreign())["problems"]
    assert problem == (
        "the PostgresOpsRequest by-hand (Restart) is Progressing, and KubeDB does one thing at a time to hot: wait "
        "until it has ended, then run this again"
    )
    assert plan(operation, foreign())["request"] == {}


def test_one_that_waits_for_approval_says_so() -> None:
    [problem] = plan("scale", foreign("WaitingForApproval"))["problems"]
    assert "approve it or delete it, then run this again" in problem


def test_who_scales_to_something_else_is_another() -> None:
    five = made(plan("scale")["request"], "Progressing")
    contract = kubedb.contract("hot", "demo", [postgres(), *pods()])
    again = operations.request_plan(contract, [postgres(), five], "scale", {**WANTED, "instances": 7})
    assert "(HorizontalScaling) is Progressing" in again["problems"][0]


def test_a_restart_by_somebody_else_is_waited_for() -> None:
    assert plan("restart", foreign())["name"] == "by-hand"


@pytest.mark.parametrize("type_", ["UpdateVersion", "HorizontalScaling", "VolumeExpansion"])
def test_what_is_no_restart_is_not_waited_for_as_one(type_: str) -> None:
    """Or it would be told, at its end, that all instances had restarted."""
    found = plan("restart", foreign(type=type_))
    assert f"by-hand ({type_}) is Progressing" in found["problems"][0]
    assert (found["request"], found["going"]) == ({}, "")


def test_a_rotation_by_somebody_else_is_not_ours() -> None:
    """The password would be in a Secret that this run does not know."""
    assert plan("rotate_password", foreign(type="RotateAuth"))["problems"]


@pytest.mark.parametrize("item", [foreign("Successful"), {**foreign(), "spec": {"databaseRef": {"name": "other"}}}])
def test_what_has_ended_or_is_of_another_cluster_is_in_nobodys_way(item: dict[str, Any]) -> None:
    assert plan("upgrade", item)["problems"] == []


def test_nothing_is_asked_for_where_the_number_is_right() -> None:
    found = plan("scale", foreign(), main=postgres(replicas=5))
    assert (found["problems"], found["request"], found["name"]) == ([], {}, "")


def test_a_cluster_that_is_not_ready_is_left_alone() -> None:
    main = {**postgres(), "status": {"phase": "Critical", "observedGeneration": 1}}
    for operation in KINDS:
        found = plan(operation, main=main)
        assert "the PostgreSQL cluster hot is not ready" in found["problems"][0]
        assert found["request"] == {}


def test_the_last_three_that_have_ended_stay() -> None:
    requests: list[dict[str, Any]] = []
    for number in range(1, 6):
        phase = "Failed" if number == 1 else "Successful"
        requests.append(made(plan("restart", *requests)["request"], phase, number))
    found = plan("restart", *reversed(requests), foreign("Successful"))
    assert [item["metadata"]["name"] for item in found["old"]] == [item["metadata"]["name"] for item in requests[:2]]
    assert found["old"][0]["metadata"]["namespace"] == "demo"


@pytest.mark.parametrize(
    ("phase", "conditions", "words"),
    [
        ("Failed", {"Restart": "started", "Failed": "pod hot-1\n is not evicted"}, ": pod hot-1 is not evicted"),
        ("Denied", {"Denied": "not in this window"}, ": not in this window"),
        ("Skipped", {"Progressing": "started"}, ": started"),
        ("Failed", {}, "is Failed"),
    ],
)
def test_the_operators_own_words_are_shown(phase: str, conditions: dict[str, str], words: str) -> None:
    request = made(plan("restart")["request"], phase, **conditions)
    found = kubedb_requests.verdict([request], request["metadata"]["name"])
    assert (found["ended"], found["successful"]) == (True, False)
    assert found["words"].startswith(f"the PostgresOpsRequest {request['metadata']['name']} (Restart) is {phase}")
    assert found["words"].endswith(words)


def test_success_is_success_though_a_pod_was_not_ready_at_first() -> None:
    request = made(plan("restart")["request"], "Successful", Failed="check pod ready", Successful="restarted all")
    found = kubedb_requests.verdict([request], request["metadata"]["name"])
    assert (found["ended"], found["successful"]) == (True, True)
    assert found["words"].endswith("is Successful: restarted all")


@pytest.mark.parametrize("phase", ["", "Pending", "Progressing", "WaitingForApproval", "Approved"])
def test_what_goes_on_has_not_ended(phase: str) -> None:
    request = made(plan("restart")["request"], phase, Restart="waits")
    assert not kubedb_requests.verdict([request], request["metadata"]["name"])["ended"]


def test_one_that_is_gone() -> None:
    found = kubedb_requests.verdict([], "hot-restart-1")
    assert (found["ended"], found["words"]) == (False, "there is no PostgresOpsRequest hot-restart-1 any longer")


def test_long_words_are_cut() -> None:
    request = made(plan("restart")["request"], "Failed", Failed="x" * 5000)
    assert len(kubedb_requests.verdict([request], request["metadata"]["name"])["words"]) < 1700


# What a restart and another version make of it.


def test_a_restart_is_a_request() -> None:
    contract = kubedb.contract("hot", "demo", [postgres(), *pods()])
    found = operations.restart_plan(contract, [postgres(), *pods()], "now", 300)
    assert (found["problems"], found["pending"], found["patch"]) == ([], [], {})
    assert found["request"]["request"]["spec"]["timeout"] == "300s"
    again = operations.restart_plan(contract, [postgres(), made(found["request"]["request"], "Progressing")], "now")
    assert again["pending"] == [again["request"]["going"]]
    assert again["request"]["name"] == found["request"]["name"]


def version(name: str, allow: list[str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "kind": "PostgresVersion",
        "metadata": {"name": name},
        "spec": {
            "version": name.partition("-")[0],
            "distribution": "Official",
            "db": {"image": f"r.io/postgres:{name}", "baseOS": "bookworm" if "bookworm" in name else "alpine"},
            **({"updateConstraints": {"allowlist": allow}} if allow else {}),
            **spec,
        },
    }


CATALOG = [
    version("17.4", ["< 18"]),
    version("17.5"),
    version("17.8", deprecated=True),
    version("17.9", [">= 17.9"], updateConstraints={"allowlist": [">= 17.9, < 18.9"], "denylist": ["18.2"]}),
    version("18.2"),
    version("18.3"),
    version("18.3-bookworm"),
    version("18.3-timescaledb", distribution="TimescaleDB"),
    version("18.9"),
]


def upgrade(target: str, running: str = "17.9", *requests: dict[str, Any], **changes: Any) -> dict[str, Any]:
    main = postgres(version=running)
    contract = kubedb.contract("hot", "demo", [main, *pods()])
    return operations.upgrade_plan(contract, [main, *CATALOG, *requests], {**WANTED, "version": target, **changes})


def test_a_version_is_asked_for() -> None:
    found = upgrade("18.3")
    assert (found["problems"], found["kind"], found["from"], found["to"]) == ([], "major", "17.9", "18.3")
    assert found["request"]["request"]["spec"]["updateVersion"] == {"targetVersion": "18.3"}
    assert upgrade("17.9", "17.5", allow_major_upgrade=False)["kind"] == "minor"


def test_nothing_is_asked_for_where_the_version_is_right() -> None:
    found = upgrade("17.9")
    assert (found["problems"], found["kind"], found["request"]["name"]) == ([], "none", "")


def test_an_upgrade_that_goes_on_is_waited_for() -> None:
    first = upgrade("18.3")["request"]
    again = upgrade("18.3", "17.9", made(first["request"], "Progressing"))
    assert (again["problems"], again["request"]["name"], again["request"]["request"]) == ([], first["name"], {})
    assert len(again["pending"]) == 1


@pytest.mark.parametrize(
    ("target", "running", "changes", "sentence"),
    [
        ("17.5", "17.9", {}, "the cluster runs 17.9 and cannot go back"),
        ("17.1", "17.4", {}, "it has no PostgresVersion in the Kubernetes cluster; give one of those it has"),
        ("17.8", "17.4", {}, "it is deprecated in the Kubernetes cluster"),
        ("18.3-bookworm", "17.9", {}, "its base system is bookworm, and KubeDB does not change the cluster's"),
        ("18.3-timescaledb", "17.9", {}, "its distribution is TimescaleDB, and KubeDB does not change the cluster's"),
        ("18.9", "17.9", {}, "KubeDB does not update 17.9 to it (allowlist: >= 17.9, < 18.9; denylist: 18.2)"),
        ("18.2", "17.9", {}, "KubeDB does not update 17.9 to it"),
        ("18.3", "17.4", {}, "KubeDB does not update 17.4 to it (allowlist: < 18)"),
        ("18.3", "17.9", {"allow_major_upgrade": False}, "set postgres_cluster_allow_major_upgrade to true"),
    ],
)
def test_a_version_is_refused(target: str, running: str, changes: dict[str, Any], sentence: str) -> None:
    [problem] = upgrade(target, running, **changes)["problems"]
    assert problem.startswith(f"postgres_cluster_version is '{target}' (string): ")
    assert sentence in problem


@pytest.mark.parametrize(
    ("allow", "deny", "fits"),
    [
        ([], [], True),
        ([">= 17.9"], [], True),
        (["> 18.3"], [], False),
        (["16.1", ">= 18"], [], True),
        ([">= 17.9, < 18"], [], False),
        (["~17.9 || ^18"], [], True),  # not judged here: the operator is
        (["v18.3"], [], True),
        ([">= 17"], ["!= 18.2"], False),
    ],
)
def test_the_catalogs_rules(allow: list[str], deny: list[str], fits: bool) -> None:
    assert kubedb_requests.allowed("18.3", {"allowlist": allow, "denylist": deny}) is fits


@pytest.mark.parametrize(("synchronous", "refused"), [(True, False), (False, True)])
def test_the_primary_goes_only_where_nothing_is_lost(synchronous: bool, refused: bool) -> None:
    main = postgres() if synchronous else postgres(streamingMode="Asynchronous")
    contract = kubedb.contract("hot", "demo", [main, *pods(primary=2)])
    assert bool(operations.scale_problems(contract, 1)) is refused


def test_a_scale_down_of_which_the_operator_knows_is_not_refused() -> None:
    contract = kubedb.contract("hot", "demo", [postgres(replicas=1), *pods(primary=0)])
    assert (len(contract["instances"]), contract["ready"]) == (3, False)
    assert operations.scale_problems(contract, 1) == []
