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
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import (
    backup_refusals,
    operation_problems,
    request_plan,
    restart_plan,
    scale_problems,
    upgrade_plan,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import (
    ADAPTERS,
    cloudnativepg,
    existing,
    kubedb,
    kubedb_v1alpha1,
)

ROOT = Path(__file__).resolve().parents[4]
FIXTURES = ROOT / "tests" / "unit" / "fixtures" / "cloudnativepg"
KNOWN = {
    "switchover",
    "restart",
    "scale",
    "upgrade",
    "hibernate",
    "rotate_password",
    "backup",
    "restore",
    "restore_drill",
}
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
    requests = getattr(adapter, "REQUESTS", frozenset())
    assert not adapter.OPERATIONS - KNOWN
    assert not requests - adapter.OPERATIONS
    assert not adapter.OPERATIONS & set(getattr(adapter, "REFUSALS", {}))
    needed = {
        "switchover": ["switchover"],
        "restart": ["restart", "restart_pending"],
        "upgrade": ["upgrade", "upgrade_pending", "upgrade_reads"],
        "backup": ["backup_refusals", "backup_plan", "backup_result"],
        "restore": ["restore_reads", "restore", "restore_progress"],
    }
    if requests:
        assert all(callable(getattr(adapter, f"request_{what}")) for what in ("reads", "plan", "verdict"))
    for operation, functions in needed.items():
        if operation in adapter.OPERATIONS and (operation not in requests or operation == "upgrade"):
            assert all(callable(getattr(adapter, function)) for function in functions)


def test_the_role_knows_for_each_operator_what_differs() -> None:
    constants = yaml.safe_load((ROOT / "roles/postgres_cluster/vars/main.yml").read_text(encoding="utf-8"))
    asked = {name for name, adapter in ADAPTERS.items() if adapter.OPERATIONS & {"switchover", "upgrade"}}
    stopping = {name for name, adapter in ADAPTERS.items() if "hibernate" in adapter.OPERATIONS}
    assert set(constants["__postgres_cluster_containers"]) == asked
    assert set(constants["__postgres_cluster_stop"]) == stopping
    for operation, table in (("backup", "backup_kinds"), ("restore", "recovery_kinds")):
        doing = {name for name, adapter in ADAPTERS.items() if operation in adapter.OPERATIONS}
        assert set(constants[f"__postgres_cluster_{table}"]) == doing


def test_a_restart() -> None:
    plan = restart_plan(contract(cluster()), [cluster(), pod("hot-postgres-1")], "now")
    assert (plan["problems"], plan["pending"]) == ([], [])
    assert plan["patch"] == {"metadata": {"annotations": {KEY: "now"}}}
    assert (plan["request"]["request"], plan["request"]["name"]) == ({}, "")


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
    for adapter in (cloudnativepg, kubedb):
        [problem] = operation(adapter.contract("hot", "demo", []))
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


@pytest.mark.parametrize(("told", "instances", "refused"), [(2, 2, False), (2, 1, True), (3, 2, True)])
def test_a_scale_down_that_was_stopped_goes_on(told: int, instances: int, refused: bool) -> None:
    found = cluster(name="failing_over")
    found["spec"]["instances"] = told
    assert bool(scale_problems(contract(found), instances)) is refused


IMAGE = "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie"
WANTED = {"version": "17", "image": IMAGE, "allow_major_upgrade": False, "timeout": 600}


def upgrade(image: str, name: str = "after_failover", **changes: Any) -> dict[str, Any]:
    found = cluster(name=name)
    found["spec"]["imageName"] = found["status"]["pgDataImageInfo"]["image"] = "r.io/postgresql:17.5-standard"
    return upgrade_plan(contract(found), [found], {**WANTED, "image": image, **changes})


def instance(name: str, image: str) -> dict[str, Any]:
    return {**pod(name), "spec": {"containers": [{"name": "postgres", "image": image}]}}


@pytest.mark.parametrize(
    ("image", "changes", "kind"),
    [
        ("r.io/postgresql:17.6-standard", {}, "minor"),
        ("r.io/postgresql:17.5-standard-trixie", {}, "minor"),
        ("other.io/postgresql:17", {}, "minor"),
        ("r.io/postgresql:18.0-standard", {"version": "18", "allow_major_upgrade": True}, "major"),
        ("r.io/postgresql@sha256:" + "0" * 64, {"version": "17"}, "minor"),
    ],
)
def test_an_upgrade(image: str, changes: dict[str, Any], kind: str) -> None:
    plan = upgrade(image, **changes)
    assert (plan["problems"], plan["kind"], plan["pending"]) == ([], kind, [])
    assert (plan["from"], plan["to"]) == ("r.io/postgresql:17.5-standard", image)


@pytest.mark.parametrize(
    ("image", "name", "changes", "sentence"),
    [
        ("r.io/postgresql:17.4-standard", "after_failover", {}, "r.io/postgresql:17.5-standard and cannot go back"),
        ("r.io/postgresql:16-standard", "after_failover", {"version": "16"}, "and cannot go back"),
        ("r.io/postgresql:18", "after_failover", {"version": "18"}, "set postgres_cluster_allow_major_upgrade to true"),
        ("r.io/postgresql:17.6", "failing_over", {}, "is not ready, and an upgrade would take away what is left"),
    ],
)
def test_an_upgrade_is_refused(image: str, name: str, changes: dict[str, Any], sentence: str) -> None:
    [problem] = upgrade(image, name, **changes)["problems"]
    assert sentence in problem


@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        ({"hot-postgres-1": "17.9 (Debian 17.9-1)", "hot-postgres-2": "17.11 (Debian 17.11-1)"}, "17.11"),
        ({"hot-postgres-1": "17.6", "hot-postgres-2": "18.1"}, "18.1"),
        ({"hot-postgres-1": "17.6 (Debian 17.6-1)", "hot-postgres-2": "no answer"}, ""),
        ({"hot-postgres-1": "17.5", "hot-postgres-2": "", "hot-postgres-3": "17beta1"}, ""),
        ({}, ""),
    ],
)
def test_an_instance_knows_its_minor_version_where_the_tag_does_not(versions: dict[str, str], newest: str) -> None:
    found, asked = cluster(), "r.io/postgresql:17.6-standard-trixie"
    found["spec"]["imageName"] = found["status"]["pgDataImageInfo"]["image"] = IMAGE
    problems = upgrade_plan(contract(found), [found], {**WANTED, "image": asked, "versions": versions})["problems"]
    sentence = (
        f"postgres_cluster_image is '{asked}' (string): the instance hot-postgres-2 runs {newest} and cannot go back; "
        f"give {newest} or a newer one"
    )
    assert problems == ([sentence] if newest else [])
    # Another image of the same major version, and a run after one in which it was written.
    for tag in ("r.io/postgresql:17", IMAGE):
        same = {**WANTED, "image": tag, "versions": {"hot-postgres-1": "17.11"}}
        assert upgrade_plan(contract(found), [found], same)["problems"] == []
    found["spec"]["imageName"] = asked
    assert upgrade_plan(contract(found), [found], {**WANTED, "image": asked, "versions": versions})["problems"] == []


def test_an_upgrade_that_was_written_is_waited_for() -> None:
    found = cluster()
    found["spec"]["imageName"] = IMAGE
    pods = [instance("hot-postgres-1", IMAGE), instance("hot-postgres-2", "r.io/old:17")]
    plan = upgrade_plan(contract(found), [found, *pods], WANTED)
    assert (plan["kind"], plan["problems"]) == ("none", [])
    assert plan["pending"] == [
        "the instance hot-postgres-2 still runs r.io/old:17",
        "1 of 3 instances are not there",
    ]
    pods = [instance(f"hot-postgres-{number}", IMAGE) for number in (1, 2, 3)]
    assert upgrade_plan(contract(found), [found, *pods], WANTED)["pending"] == []


@pytest.mark.parametrize(
    ("operator", "operation", "words"),
    [
        (kubedb, "switchover", "no switchover for it; KubeDB has none, and its ForceFailOver promotes a standby what"),
        (kubedb_v1alpha1, "restart", "this collection has no restart for it; do it with whatever runs the cluster"),
        (kubedb_v1alpha1, "upgrade", "this collection has no upgrade for it"),
        (cloudnativepg, "rotate_password", "CloudNativePG makes the superuser's Secret itself"),
    ],
)
def test_what_an_operator_does_not_do_is_refused_in_one_sentence(operator: Any, operation: str, words: str) -> None:
    [problem] = request_plan(operator.contract("hot", "demo", []), [], operation, {"timeout": 600})["problems"]
    assert words in problem
    assert "\n" not in problem


@pytest.mark.parametrize("operation", ["backup", "restore_drill"])
def test_a_cluster_that_is_stopped_makes_no_backup(operation: str) -> None:
    found = cluster()
    found["spec"]["backup"] = {"barmanObjectStore": {}}
    assert backup_refusals(contract(found), [found], operation) == []
    # CloudNativePG makes none of one that is to stop either, whether it has begun or not.
    found["metadata"]["annotations"]["cnpg.io/hibernation"] = "on"
    [problem] = backup_refusals(contract(found), [found], operation)
    assert problem.startswith("postgres_cluster_name is 'hot-postgres' (string): that PostgreSQL cluster is to stop, ")
    assert problem.endswith("take that back by wake.yml first")
    found["status"]["conditions"].append({"type": "cnpg.io/hibernation", "status": "True", "reason": "Hibernated"})
    [problem] = backup_refusals(contract(found), [found], operation)
    assert problem.startswith("postgres_cluster_name is 'hot-postgres' (string): that PostgreSQL cluster is stopped, ")
    assert problem.endswith("start it by wake.yml first")


def test_what_is_not_ready_is_stopped_by_an_operator_that_does_so_at_once() -> None:
    """KubeDB does. CloudNativePG would do it whenever the cluster is ready again."""
    found = contract(cluster(name="failing_over"))
    [problem] = operation_problems(found, "hibernate")
    assert problem.startswith(
        "the PostgreSQL cluster hot-postgres is not ready, and the operator would stop it whenever"
    )
    assert problem.endswith("Failing over (Failing over from hot-postgres-1 to hot-postgres-2)): mend that first"), (
        problem
    )
    assert list(operation_problems({**found, "hibernated": True}, "hibernate")) == []
    assert list(operation_problems({**found, "operator": "kubedb"}, "hibernate")) == []
    # What is to stop, or has, is started as it is.
    assert list(operation_problems(found, "wake")) == []
    [problem] = operation_problems(existing.contract("hot", "demo", []), "wake")
    assert "this collection has no wake for it" in problem


@pytest.mark.parametrize(("instances", "refused"), [(2, True), (3, False), (5, False)])
def test_the_old_kubedb_does_not_remove_the_primary(instances: int, refused: bool) -> None:
    labels = kubedb_v1alpha1.labels("hot")
    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": f"hot-{number}", "labels": {**labels, "kubedb.com/role": role}},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        for number, role in enumerate(("replica", "replica", "primary"))
    ]
    main = {
        "kind": "Postgres",
        "metadata": {"name": "hot", "generation": 1},
        "spec": {"version": "11.2", "replicas": 3},
        "status": {"phase": "Running", "observedGeneration": "1$2"},
    }
    problems = scale_problems(kubedb_v1alpha1.contract("hot", "demo", [main, *pods]), instances)
    assert len(problems) == refused
    assert not refused or "hot-2 would go, and it is the primary" in problems[0]
