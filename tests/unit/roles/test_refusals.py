# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks refuse, wait for and take for their own, by the conditions that stand in them. Nothing asks an API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg

ROLES = Path(__file__).resolve().parents[3] / "roles"
ASSERT, INCLUDE, DELETE, EXEC = (
    "ansible.builtin.assert", "ansible.builtin.include_tasks", "kubernetes.core.k8s", "pgha.kubernetes.pod_exec",
)  # fmt: skip


def tasks(role: str, file: str) -> list[dict[str, Any]]:
    """The tasks of a file, those of blocks among them, in their order."""

    def within(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for task in listed:
            yield task
            for part in ("block", "rescue", "always"):
                yield from within(task.get(part, []))

    return list(within(yaml.safe_load((ROLES / role / "tasks" / f"{file}.yml").read_text(encoding="utf-8"))))


def task(role: str, file: str, words: str) -> dict[str, Any]:
    (one,) = [one for one in tasks(role, file) if one["name"].endswith(words)]
    return one


def evaluate(role: str, one: dict[str, Any], text: str, **known: Any) -> Any:
    """Render a text with the defaults and constants of a role, and a task's own variables."""
    loader = DataLoader()
    variables: dict[str, Any] = {"inventory_hostname": "hot", "pgha_namespace": "demo", "ansible_check_mode": False}
    for name in ("defaults", "vars"):
        variables |= loader.load(trust_as_template((ROLES / role / name / "main.yml").read_text(encoding="utf-8")))
    variables |= loader.load(trust_as_template(yaml.safe_dump(one.get("vars", {})))) or {}
    templar = Templar(loader=loader, variables={**variables, **known})
    return templar.template(trust_as_template(text), escape_backslashes=False)


def goes_on(role: str, one: dict[str, Any], key: str = "that", **known: Any) -> bool:
    """Whether the condition of a task holds: that of an assertion, its `until`, `when` or `failed_when`."""
    condition = one[ASSERT]["that"] if key == "that" else one[key]
    assert isinstance(condition, str)
    return evaluate(role, one, "{{ " + condition + " }}", **known)


def comes_before(role: str, file: str, first: str, then: str) -> bool:
    names = [one["name"] for one in tasks(role, file)]
    return names.index(task(role, file, first)["name"]) < names.index(task(role, file, then)["name"])


# An operator goes with its CRDs, and each cluster of each team with them.


@pytest.mark.parametrize(
    ("role", "words", "found", "first_deletion"),
    [
        ("cloudnativepg", "while it runs clusters", "__cloudnativepg_clusters", "Delete what the release manifest has"),
        ("kubedb", "Refuse while there are any", "__kubedb_clusters", "Remove the chart"),
    ],
)  # fmt: skip
def test_an_operator_that_runs_clusters_is_not_removed(role: str, words: str, found: str, first_deletion: str) -> None:
    refusal = task(role, "absent", words)
    there = [{"metadata": {"namespace": "shop", "name": "orders", "uid": "1"}}]
    assert goes_on(role, refusal, **{found: {"resources": []}}) is True
    assert goes_on(role, refusal, **{found: {"resources": there}}) is False
    said = evaluate(role, refusal, refusal[ASSERT]["fail_msg"], **{found: {"resources": there}})
    assert "the operator still runs these PostgreSQL clusters: shop/orders;" in said
    assert "when" not in refusal
    assert comes_before(role, "absent", words, first_deletion)


@pytest.mark.parametrize(
    ("status", "state", "taken"),
    [
        ({"foreign": "", "newer": False}, "present", True),
        # Of CloudNativePG there is an operator that something else installed.
        ({"foreign": "ops/cnpg", "current": True, "available": True}, "present", True),
        ({"foreign": "ops/cnpg", "current": False, "available": True}, "present", False),
        ({"foreign": "ops/cnpg", "current": True, "available": False}, "present", False),
        ({"foreign": "ops/cnpg", "current": True, "available": True}, "absent", False),
        # It cannot read what a newer one has written.
        ({"foreign": "", "newer": True}, "present", False),
        ({"foreign": "", "newer": True}, "absent", True),
    ],
)
def test_an_operator_of_others_stays_and_none_goes_back(status: dict[str, Any], state: str, taken: bool) -> None:
    known = {
        "__cloudnativepg_status": {
            "newer": False,
            "current": False,
            "available": False,
            "installed": "1.30.0",
            "elsewhere": "",
            **status,
        },
        "cloudnativepg_state": state,
    }
    words = ("Check that no other operator is in the way", "Check that the operator does not go back")
    refusals = [task("cloudnativepg", "preflight", name) for name in words]
    assert all(goes_on("cloudnativepg", one, **known) for one in refusals) is taken
    assert not any("when" in one for one in refusals)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_operator_does_not_move_to_another_namespace(state: str) -> None:
    refusal = task("cloudnativepg", "preflight", "Check that no other operator is in the way")
    there = {"foreign": "cnpg-system/cnpg", "elsewhere": "cnpg-system", "current": True, "available": True}
    known = {
        "cloudnativepg_state": state, "cloudnativepg_namespace": "operators", "__cloudnativepg_status": there,
    }  # fmt: skip
    assert goes_on("cloudnativepg", refusal, **known) is False
    assert evaluate("cloudnativepg", refusal, refusal[ASSERT]["fail_msg"], **known) == (
        "cloudnativepg_namespace is operators: the operator of this collection is in cnpg-system and does not move; "
        "give that"
    )


@pytest.mark.parametrize(
    ("installed", "environment", "words"),
    [
        ("1.29.1", {}, "all clusters at once (cloudnativepg_environment: CLUSTERS_ROLLOUT_DELAY)."),
        ("1.29.1", {"CLUSTERS_ROLLOUT_DELAY": "0"}, "all clusters at once"),
        ("1.29.1", {"CLUSTERS_ROLLOUT_DELAY": 300}, "and those of another cluster no sooner than 300 s later"),
        (
            "1.29.1",
            {"CLUSTERS_ROLLOUT_DELAY": 300},
            "(CLUSTERS_ROLLOUT_DELAY); runs on a cluster wait for its turn (postgres_cluster_wait_timeout).",
        ),
        ("1.29.1", {"ENABLE_INSTANCE_MANAGER_INPLACE_UPDATES": "true"}, ""),
        ("1.29.2", {}, ""),
        ("", {}, ""),
    ],
)
def test_what_another_version_restarts_is_said(installed: str, environment: dict[str, Any], words: str) -> None:
    said = task("cloudnativepg", "install", "Say what is applied, and why")
    known = {
        "__cloudnativepg_status": {"installed": installed, "drifted": []},
        "cloudnativepg_version": "1.29.2",
        "cloudnativepg_environment": environment,
        "ansible_check_mode": True,
    }
    text = evaluate("cloudnativepg", said, said["ansible.builtin.debug"]["msg"], **known)
    assert f"now there is {installed or 'no operator'}." in text
    assert ("The instances of each PostgreSQL cluster that it runs restart one by one" in text) is bool(words)
    assert words in text


def test_a_minor_version_that_is_left_out_is_refused() -> None:
    refusal = task("cloudnativepg", "preflight_upgrade", "no minor version is left out")

    def known(first: str) -> dict[str, Any]:
        status = {"installed": "1.29.2", "next_minor": first}
        return {"__cloudnativepg_status": status, "cloudnativepg_version": "1.31.0"}

    assert goes_on("cloudnativepg", refusal, **known("")) is True
    assert goes_on("cloudnativepg", refusal, **known("1.30")) is False
    assert evaluate("cloudnativepg", refusal, refusal[ASSERT]["fail_msg"], **known("1.30")) == (
        "cloudnativepg_version is 1.31.0: the operator is 1.29.2 and goes up one minor version after the other; give "
        "the newest release of 1.30 first"
    )


def cluster_of(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": name}, "spec": spec}


def test_backups_that_the_operator_makes_itself_are_not_ended() -> None:
    refusal = task("cloudnativepg", "preflight_upgrade", "no backups would end")
    fine = [
        cluster_of("none"),
        cluster_of("by-plugin", plugins=[{"name": "barman-cloud.cloudnative-pg.io"}]),
        cluster_of("by-snapshot", backup={"volumeSnapshot": {}}),
    ]
    known = {"__cloudnativepg_backed_up": {"resources": fine}, "cloudnativepg_version": "1.31.0"}
    assert goes_on("cloudnativepg", refusal, **known) is True
    stores = [cluster_of(name, backup={"barmanObjectStore": {"destinationPath": "s3://x"}}) for name in ("a", "b")]
    known["__cloudnativepg_backed_up"] = {"resources": [*fine, *stores]}
    assert goes_on("cloudnativepg", refusal, **known) is False
    said = evaluate("cloudnativepg", refusal, refusal[ASSERT]["fail_msg"], **known)
    assert "cloudnativepg_version is 1.31.0, from which CloudNativePG cannot go back" in said
    assert "the backups of these PostgreSQL clusters go: shop/a, shop/b; give these the Barman Cloud plugin" in said


@pytest.mark.parametrize(
    ("installed", "answer", "told"),
    [
        ("1.30.1", {"failed": False, "api_found": True}, True),
        ("", {"failed": False, "api_found": False}, True),
        # As at the start of the API, though there are clusters.
        ("1.30.1", {"failed": False, "api_found": False}, False),
        ("", {"failed": True, "msg": "clusters is forbidden"}, False),
    ],
)
def test_backups_that_cannot_be_looked_for_are_no_reason_to_go_on(
    installed: str, answer: dict[str, Any], told: bool
) -> None:
    known = {"__cloudnativepg_status": {"installed": installed}, "__cloudnativepg_backed_up": answer}
    read = task("cloudnativepg", "preflight_upgrade", "Look for PostgreSQL clusters")
    assert goes_on("cloudnativepg", read, "until", **known) is told
    assert "failed_when" not in read
    refusal = task("cloudnativepg", "preflight_upgrade", "Refuse where it cannot be told")
    said = evaluate(
        "cloudnativepg", refusal, refusal["ansible.builtin.fail"]["msg"], ansible_failed_result={"msg": "forbidden"}
    )
    assert "cannot be told (forbidden): run this again once `kubectl get clusters.postgresql.cnpg.io" in said


@pytest.mark.parametrize(
    ("state", "current", "asked"), [("present", False, True), ("present", True, False), ("absent", False, False)]
)
def test_what_a_newer_operator_ends_is_looked_at_before_it_comes(state: str, current: bool, asked: bool) -> None:
    step = task("cloudnativepg", "preflight", "Check what a newer operator ends")
    assert step[INCLUDE] == "preflight_upgrade.yml"
    known = {"__cloudnativepg_status": {"current": current}, "cloudnativepg_state": state}
    assert goes_on("cloudnativepg", step, "when", **known) is asked
    looked = [one for one in tasks("cloudnativepg", "preflight_upgrade") if "ends_built_in" in str(one.get("when"))]
    assert len(looked) == 2


@pytest.mark.parametrize(
    ("installed", "by_hand", "words"),
    [
        ("1.30.0", False, "it must be available), or set cloudnativepg_version to what it is"),
        (
            "1.30.0",
            True,
            "set cloudnativepg_version to what it is; to have it taken over, kubectl --namespace=cnpg-system annotate "
            "deployment cnpg pgha.kubernetes/applied=",
        ),
        # No version that could be given would be that of one that says none.
        (
            "",
            False,
            "or say which version it is, as neither the tag of its image nor its labels do: kubectl --namespace=ops "
            "label deployment cnpg app.kubernetes.io/version=<its version>",
        ),
    ],
)
def test_the_remedy_for_an_operator_of_others_is_one(installed: str, by_hand: bool, words: str) -> None:
    refusal = task("cloudnativepg", "preflight", "Check that no other operator is in the way")
    known = {
        "foreign": "ops/cnpg", "installed": installed, "current": False, "available": True, "by_hand": by_hand,
        "elsewhere": "",
    }  # fmt: skip
    said = evaluate("cloudnativepg", refusal, refusal[ASSERT]["fail_msg"], __cloudnativepg_status=known)
    assert said.endswith(words)
    assert f"the operator {installed or 'of an unknown version'} as Deployment ops/cnpg;" in said


# A host may have two of one kind in a run: of each it is looked at what is there.

ONE = {"host": "https://one.example.com:6443", "api_key": "secret-token"}
OTHER = {**ONE, "host": "https://other.example.com:6443"}


@pytest.mark.parametrize(
    ("role", "files"),
    [("cloudnativepg", ["main"]), ("kubedb", ["main"]), ("monitoring", ["main", "verify", "alerts", "status"])],
)
def test_each_operator_and_each_prometheus_is_checked(role: str, files: list[str]) -> None:
    remember = task(role, "preflight", "Remember for which this was done")
    first = {f"{role}_k8s_auth": ONE}
    fact = f"__{role}_checked"
    kept = {fact: evaluate(role, remember, remember["ansible.builtin.set_fact"][fact], **first)}
    assert len(kept[fact]) == 64
    others = [{f"{role}_k8s_auth": OTHER}, {f"{role}_namespace": "other"}, {f"{role}_state": "absent"}]
    for file in files:
        check = tasks(role, file)[0]
        assert goes_on(role, check, "when", **first)
        assert not goes_on(role, check, "when", **first, **kept)
        assert all(goes_on(role, check, "when", **{**first, **kept, **other}) for other in others)


def test_each_postgresql_cluster_is_checked_and_each_time_its_variables() -> None:
    variables, check = tasks("postgres_cluster", "main")[:2]
    assert variables == {"name": "Check the variables", "ansible.builtin.import_tasks": "variables.yml"}
    assert task("postgres_cluster", "variables", "Check the variables")["register"] == "__postgres_cluster_variables"
    known = {
        "__postgres_cluster_variables": {"digest": "one"},
        "postgres_cluster_k8s_auth": {"host": "https://a", "api_key": "of now"},
    }
    remember = task("postgres_cluster", "preflight", "Remember what was checked")["ansible.builtin.set_fact"]
    seen = evaluate("postgres_cluster", {}, remember["__postgres_cluster_checked"], **known)
    later = {"__postgres_cluster_checked": seen}
    for more, again in (
        ({}, True),
        (later, False),
        ({**later, "postgres_cluster_k8s_auth": {"host": "https://a", "api_key": "of a moment later"}}, False),
        ({**later, "postgres_cluster_k8s_auth": {"host": "https://b", "api_key": "of now"}}, True),
        ({**later, "__postgres_cluster_variables": {"digest": "other"}}, True),
    ):
        assert goes_on("postgres_cluster", check, "when", **{**known, **more}) is again


def test_a_restore_keeps_its_plan_whatever_a_variable_says_the_second_time() -> None:
    """Without it the cluster would be made empty, by initdb."""
    make = task("postgres_cluster", "restore", "Make the cluster, its users and databases")
    _variables, check = tasks("postgres_cluster", "main")[:2]
    known = {"__postgres_cluster_variables": {"digest": "a time later"}, "__postgres_cluster_checked": "a time"}
    assert goes_on("postgres_cluster", check, "when", **known)
    assert not goes_on("postgres_cluster", check, "when", **known, **make["vars"])


def test_nothing_of_one_postgresql_cluster_is_taken_for_another_ones() -> None:
    """What the tasks of a restore and of users keep is read where it is there."""
    assert comes_before("postgres_cluster", "preflight", "Forget another cluster", "Find the cluster")
    kept = task("postgres_cluster", "forget", "what users there were")["ansible.builtin.set_fact"]
    secret = {"kind": "Secret", "metadata": {"name": "a-app", "labels": {"pgha.kubernetes/superuser": "a"}}}
    earlier = {
        "__postgres_cluster_objects": [],
        "__postgres_cluster_found": {"exists": True},
        "__postgres_cluster_restore_plan": {"origin": {"bootstrap": {"recovery": {}}, "server_name": "1"}},
        "__postgres_cluster_superuser_found": {"resources": [secret]},
        "__postgres_cluster_secrets": {"resources": [secret]},
        "__postgres_cluster_written": {"result": {"results": [{"result": secret}]}},
        "__postgres_cluster_plan": [],
        "__postgres_cluster_replaced": ["app"],
    }  # fmt: skip
    for read in ("origin", "superuser_unlabelled", "all_secrets", "written_secrets", "left"):
        text = "{{ __postgres_cluster_" + read + " }}"
        new = evaluate(
            "postgres_cluster", {}, text, __postgres_cluster_objects=[], __postgres_cluster_found={"exists": True}
        )
        assert evaluate("postgres_cluster", {}, text, **earlier) != new, read
        assert evaluate("postgres_cluster", {}, text, **{**earlier, **kept}) == new, read


def test_a_request_that_check_mode_does_not_make_is_of_one_cluster() -> None:
    for file, words in (("upgrade_plan", "Plan it"), ("scale_plan", "Keep what was there")):
        text = task("postgres_cluster", file, words)["ansible.builtin.set_fact"]["__postgres_cluster_planned"]
        planned = evaluate("postgres_cluster", {}, text, __postgres_cluster_variables={"digest": "one"})
        assert list(planned.values()) == [file.removesuffix("_plan")]
        for digest, said in (("one", file.removesuffix("_plan")), ("other", "")):
            known = {
                "__postgres_cluster_planned": planned,
                "__postgres_cluster_variables": {"digest": digest},
                "__postgres_cluster_api_found": True,
                "ansible_check_mode": True,
            }
            assert evaluate("postgres_cluster", {}, "{{ __postgres_cluster_wanted.operation }}", **known) == said


def test_pgpool_knows_a_postgresql_cluster_by_its_api_too() -> None:
    read = task("pgpool", "discover_cluster", "Read the cluster")
    known = {"postgres_cluster_result": {"name": "hot", "pending": []}}
    of = evaluate(
        "postgres_cluster",
        {},
        "{{ __postgres_cluster_place }}",
        postgres_cluster_name="hot",
        postgres_cluster_k8s_auth=ONE,
    )
    assert len(of) == 64
    for file, words in (
        ("discover", "Keep the result"),
        ("apply", "Keep the result"),
        ("rotate_superuser", "Take what"),
    ):
        facts = next(one for one in tasks("postgres_cluster", file) if words in one["name"])["ansible.builtin.set_fact"]
        assert facts["__postgres_cluster_result_of"] == "{{ __postgres_cluster_place }}"
    given = {"pgpool_postgres_name": "hot", "__postgres_cluster_result_of": of, **known}
    assert not goes_on("pgpool", read, "when", **given, pgpool_k8s_auth=ONE)
    assert goes_on("pgpool", read, "when", **given, pgpool_k8s_auth=OTHER)
    pending = {"postgres_cluster_result": {"name": "hot", "pending": ["x"]}}
    assert goes_on("pgpool", read, "when", **{**given, **pending}, pgpool_k8s_auth=ONE)
    # What a run would change is in no answer of the API.
    assert not goes_on("pgpool", read, "when", **{**given, **pending}, pgpool_k8s_auth=ONE, ansible_check_mode=True)
    assert goes_on("pgpool", read, "when", pgpool_postgres_name="hot", pgpool_k8s_auth=ONE)


# Of several PostgreSQL clusters in one namespace, one is taken away.


def test_what_goes_by_its_labels_is_of_this_cluster_alone() -> None:
    own = {"pgha.kubernetes/cluster=hot", "pgha.kubernetes/superuser=hot"}
    deleting = [one for one in tasks("postgres_cluster", "delete_kept") if DELETE in one]
    assert len(deleting) == 3
    for one in deleting:
        assert one[DELETE]["delete_all"] is True
        labels = evaluate("postgres_cluster", one, "{{ asked }}", asked=trusted(one[DELETE].get("label_selectors", [])))
        assert own & set(labels), one["name"]
        assert one[DELETE]["namespace"] == "{{ postgres_cluster_namespace }}"


@pytest.mark.parametrize(
    ("role", "file", "words", "known"),
    [
        ("postgres_cluster", "users_job", "Read the Jobs", {}),
        ("pgpool", "absent", "and another Pgpool-II that uses them", {"__pgpool_kind": {"component": "instance"}}),
        ("pgpool", "absent", "Find its Secrets", {}),
    ],
)
def test_so_is_what_is_looked_for_to_be_deleted(role: str, file: str, words: str, known: dict[str, Any]) -> None:
    one = task(role, file, words)
    labels = one["pgha.kubernetes.read"]["label_selectors"]
    given = {"pgpool_postgres_name": "hot", **known}
    found = evaluate(role, one, "{{ asked }}", **given, asked=trusted(labels, **given, role=role))
    assert {"pgha.kubernetes/cluster=hot", "app.kubernetes.io/instance=hot-pgpool"} & set(found)
    if role == "pgpool":
        assert "app.kubernetes.io/managed-by=pgha.kubernetes" in found


def trusted(labels: Any, role: str = "postgres_cluster", **known: Any) -> list[str]:
    """Render the selectors of a task, one or all of which may be templates."""
    listed = labels if isinstance(labels, list) else evaluate(role, {}, labels, **known)
    return [evaluate(role, {}, str(label), **known) for label in listed]


# A backup that was restored, and what came of it.


def test_a_restore_that_differs_is_no_proof() -> None:
    refusal = task("postgres_cluster", "restore_drill_make", "Refuse to call that proven")
    assert goes_on("postgres_cluster", refusal, __postgres_cluster_drill={"problems": []}) is True
    assert goes_on("postgres_cluster", refusal, __postgres_cluster_drill={"problems": ["t differs"]}) is False
    assert "when" not in refusal
    assert comes_before("postgres_cluster", "restore_drill_make", "Refuse to call that proven", "Leave the proof")


@pytest.mark.parametrize(
    ("answer", "over"), [({"stdout": "t\n"}, True), ({"stdout": "f\n"}, False), ({"stdout": ""}, False), ({}, False)]
)
def test_a_drill_restores_what_is_archived(answer: dict[str, Any], over: bool) -> None:
    wait = task("postgres_cluster", "restore_drill_source", "Wait until it is archived")
    assert goes_on("postgres_cluster", wait, "until", __postgres_cluster_drill_archived=answer) is over


def test_of_two_drills_that_take_one_namespace_the_second_leaves_it_alone() -> None:
    """Both may have found it free. It is looked at once more when it is there, and nothing of it is deleted then."""
    listed = tasks("postgres_cluster", "restore_drill_take")
    made = next(number for number, one in enumerate(listed) if "pgha.kubernetes.apply" in one)
    said, read, refuse = listed[made + 1 :]
    assert "ansible.builtin.fail" in said
    assert read["pgha.kubernetes.read"]["kind"] == "Namespace"
    assert read["register"] == "__postgres_cluster_drill_found"
    assert refuse[INCLUDE] == "restore_drill_refuse.yml"
    assert not {"when", "ignore_errors", "failed_when"} & set(refuse)
    # It is deleted at the end of what comes after that, and of nothing before.
    names = [one.get(INCLUDE) for one in tasks("postgres_cluster", "restore_drill")]
    assert names.index("restore_drill_take.yml") < names.index("restore_drill_make.yml")


def test_a_namespace_that_a_policy_refuses_is_named_by_its_variable() -> None:
    """A drill gives it no labels but its own."""
    made, *_ = tasks("postgres_cluster", "restore_drill_take")[1:]
    assert made["rescue"][0]["name"].endswith("Say why there is none")
    assert "pgha.kubernetes.apply" in made["block"][0]
    said = evaluate(
        "postgres_cluster", {}, made["rescue"][0]["ansible.builtin.fail"]["msg"],
        ansible_failed_result={"msg": "you must provide labels: {'owner'}"},
    )  # fmt: skip
    assert said.startswith("postgres_cluster_drill_namespace is 'hot-drill' (string): this namespace cannot be made.")
    assert said.rstrip().endswith("you must provide labels: {'owner'}")


@pytest.mark.parametrize("done", [True, False])
def test_a_recovery_that_has_not_ended_is_no_restore(done: bool) -> None:
    refusal = task("postgres_cluster", "restore_wait", "Say why it has failed, or that it goes on")
    assert refusal[INCLUDE] == "explain.yml"
    assert goes_on("postgres_cluster", refusal, "when", __postgres_cluster_recovery={"done": done}) is not done


def said_of_a_recovery(drill: bool = False, **known: Any) -> str:
    """What is said of one that is not done, without the reasons, which come in between."""
    words = task("postgres_cluster", "restore_wait", "Say why it has failed, or that it goes on")["vars"]
    own = task("postgres_cluster", "restore_drill_restore", "| Restore")["vars"] if drill else {}
    known = {
        **{name: value for name, value in own.items() if name.startswith("__postgres_cluster_restore_")},
        "__postgres_cluster_restore_end": {"problem": "", "unanswered": ""},
        "__postgres_cluster_restore_plan": {"words": "shop"},
        "postgres_cluster_restore": {"timeout": 60},
        **known,
    }
    texts = [words["__postgres_cluster_first"], *words["__postgres_cluster_left"]]
    return " ".join(evaluate("postgres_cluster", {}, text, **known) for text in texts)


IS_ON = {"done": False, "failed": False, "runs": True, "words": "", "waits": False}
SHORT = "recovery ended before configured recovery target was reached"
LIMIT = "60 s (postgres_cluster_restore.timeout"
NEXT, NO_WAL, ON = "remove it before the next try", "archive has no WAL with a commit", "What was begun goes on"
LARGER = "a larger"


@pytest.mark.parametrize(
    ("recovery", "problem", "drill", "words", "nots"),
    [
        # It is only slow, and to remove it would throw away what it has done.
        ({}, "", False, ["hot is not made yet of shop:", f"{LIMIT}). What was begun goes on"], [NEXT, NO_WAL]),
        ({}, "", False, ["which waits for it, with a larger postgres_cluster_restore.timeout."], [NEXT]),
        ({}, "no answer", False, [f"{LIMIT}); its log says: no answer. What was begun goes on"], [NEXT]),
        ({"waits": True, "words": "Provisioning"}, "", False, [
            f", it is Provisioning. It may be that the {NO_WAL}", "give an earlier target. What was begun goes on",
        ], [NEXT]),
        ({"failed": True}, SHORT, False, [f"hot could not be made of shop: {SHORT}. The {NO_WAL}", NEXT], [ON, LIMIT]),
        ({"failed": True}, "", False, ["of shop: its log does not say why. What was made of hot stays"], [ON, LIMIT]),
        # A drill deletes its namespace, whatever comes of it.
        ({}, "", True, ["(postgres_cluster_drill_timeout). The drill removes what it has made; the next"], [ON, NEXT]),
        ({"failed": True}, "", True, ["does not say why. The drill removes what it has made."], [ON, NEXT]),
        # Where none runs, more time would bring nothing.
        ({"runs": False}, "", False, [f"not begun within {LIMIT}). {ON} once nothing is in its way"], [NEXT, LARGER]),
        ({"runs": False}, "", True, [
            "has not begun within 60 s (postgres_cluster_drill_timeout). The drill removes what it has made.",
        ], [ON, NEXT, LARGER]),
    ],
)  # fmt: skip
def test_what_a_recovery_that_is_only_slow_has_done_is_not_to_be_removed(
    recovery: dict[str, Any], problem: str, drill: bool, words: list[str], nots: list[str]
) -> None:
    end = {"problem": problem, "unanswered": ""}
    said = said_of_a_recovery(
        drill, __postgres_cluster_recovery={**IS_ON, **recovery}, __postgres_cluster_restore_end=end
    )
    assert [one for one in words if one not in said] == [], said
    assert [one for one in nots if one in said] == [], said


def test_a_target_that_was_not_reached_as_the_object_store_was_away_asks_for_no_commit() -> None:
    end = {"problem": SHORT, "unanswered": "000000010000000000000006: no answer"}
    failed = {**IS_ON, "failed": True, "runs": False}
    said = said_of_a_recovery(__postgres_cluster_recovery=failed, __postgres_cluster_restore_end=end)
    assert "did not say whether it has 000000010000000000000006: no answer. What was made of hot stays" in said
    assert NO_WAL not in said


FAILURE = json.dumps({"msg": "wal-restore command failed", "error": "away"})


@pytest.mark.parametrize(
    ("logs", "unanswered", "read"),
    [
        ([], "", False),
        ([{"log": FAILURE}], "away", True),
        ([{"msg": "no answer"}], "", False),
        ([{"log": ""}, {"log": FAILURE}], "away", True),
        ([{"log": ""}, {"msg": "no such container"}], "", False),
        ([{"msg": "no answer"}, {"log": FAILURE}], "away", False),
        # Where another container fetches, this one says nothing of a file that it does not name, whatever that says.
        ([{"log": FAILURE}, {"log": ""}], "", True),
        ([{"log": FAILURE}, {"msg": "no answer"}], "", False),
    ],
)
def test_what_a_recovery_says_is_kept_of_as_many_containers_as_there_are(
    logs: list[dict[str, str]], unanswered: str, read: bool
) -> None:
    keep = task("postgres_cluster", "restore_wait", "Keep what it says")
    end = keep["ansible.builtin.set_fact"]["__postgres_cluster_restore_end"]
    kept = evaluate("postgres_cluster", keep, end, __postgres_cluster_recovery_logs={"results": logs})
    assert (kept["unanswered"], kept["log_read"]) == (unanswered, read)
    known = {
        "__postgres_cluster_restore_end": kept,
        "__postgres_cluster_restore_plan": {"words": "shop"},
        "__postgres_cluster_restore_began": "0",
        "postgres_cluster_restore": {"source": "shop"},
    }
    assert evaluate("postgres_cluster", {}, "{{ __postgres_cluster_restored_now }}", **known)["log_read"] is read


def test_a_log_of_a_recovery_that_is_not_read_at_once_is_asked_for_again() -> None:
    """It goes soon, with the Job that recovered."""
    read = task("postgres_cluster", "restore_wait", "Read the log of the recovery, and of what fetches its WAL")
    assert read["retries"] == 3
    for answer, ends in (({"log": ""}, True), ({"msg": "no answer"}, False), ({"msg": "no", "status": 500}, False)):
        # What `failed_when` says is no failure has not been read.
        given = {"__postgres_cluster_recovery_logs": {**answer, "failed": False}}
        assert goes_on("postgres_cluster", read, "until", **given) is ends


@pytest.mark.parametrize(
    ("restore", "restored", "says"),
    [
        ({}, {"log_read": False}, True),
        ({}, {"log_read": True}, False),
        # As an older run has written it down.
        ({}, {}, False),
        ({"backup": "b-1"}, {"log_read": False}, False),
        ({"backup": "b-1", "all_wal": True}, {"log_read": False}, True),
        ({"target_time": "2026-11-25T21:04:05Z"}, {"log_read": False}, False),
        ({"target_time": ""}, {"log_read": False}, True),
    ],
)
@pytest.mark.parametrize("operator", ["cloudnativepg", "kubedb"])
def test_a_restore_whose_log_was_not_read_says_that_it_may_lack_wal(
    operator: str, restore: dict[str, Any], restored: dict[str, Any], says: bool
) -> None:
    """PostgreSQL takes an object store that does not answer for the end of the archive."""
    [play, *_] = yaml.safe_load((ROLES.parent / "playbooks/restore.yml").read_text(encoding="utf-8"))
    [last] = [one for one in play["tasks"] if "block" in one]
    message = last["block"][0]["ansible.builtin.debug"]["msg"]
    ended = {"what": "shop", "seconds": 1, "newest_transaction": "", "stopped": "", "lsn": "", "tables": []}
    known = {
        "postgres_cluster_result": {"name": "hot", "operator": operator},
        "postgres_cluster_restore": {"source": "shop", **restore},
        "__postgres_cluster_restored": {**ended, **restored},
        "__postgres_cluster_restore_is_new": True,
    }
    said = evaluate("postgres_cluster", last, message, **known)
    assert ("nobody knows whether all archived WAL is in it" in said) is (says and operator == "cloudnativepg")
    page = (ROLES.parent / "docs/runbooks/restore.md").read_text(encoding="utf-8")
    assert "**All archived WAL?**" in page
    assert "`log_read` is `false`" in page


ENDED = {
    "newest": "then",
    "stopped": "",
    "lsn": "0/5000090",
    "timeline": 2,
    "problem": "",
    "unanswered": "",
    "log_read": True,
}
UNANSWERED = {**ENDED, "unanswered": "6: away"}
BEFORE = {"what": "shop as it was", "lsn": "0/4", "unanswered": "4: away"}


@pytest.mark.parametrize(
    ("end", "before", "words"),
    [
        (UNANSWERED, None, "hot is made of shop, but maybe not of all of it: recovery ended at 0/5000090, and the "
         "object store did not say whether it has 6: away. What was archived after that may be missing. What was made "
         "of hot stays"),
        (ENDED, None, ""),
        # The log is gone by the next run, and what has been written down stays true.
        (ENDED, BEFORE, "hot is made of shop as it was, but maybe not of all of it: recovery ended at 0/4, and "
         "the object store did not say whether it has 4: away."),
        (UNANSWERED, {"what": "shop", "lsn": "0/9"}, ""),
    ],
)  # fmt: skip
def test_a_recovery_that_ended_without_an_answer_of_the_object_store_is_no_restore(
    end: dict[str, Any], before: dict[str, Any] | None, words: str
) -> None:
    """PostgreSQL takes it for the end of the archive, and nothing else would tell that rows are missing."""
    includes = task("postgres_cluster", "restore_wait", "Refuse what ended before the archive may have")
    known = {
        "__postgres_cluster_restore_end": end,
        "__postgres_cluster_restored_before": before,
        "__postgres_cluster_restore_plan": {"words": "shop"},
        "__postgres_cluster_restore_began": "0",
        "postgres_cluster_restore": {"source": "shop"},
    }
    assert includes[INCLUDE] == "restore_unanswered.yml"
    assert goes_on("postgres_cluster", includes, "when", **known) is bool(words)
    if not words:
        return
    write, refuse = tasks("postgres_cluster", "restore_unanswered")
    assert words in evaluate("postgres_cluster", {}, refuse["ansible.builtin.fail"]["msg"], **known)
    assert goes_on("postgres_cluster", write, "when", **known) is (before is None)
    written = evaluate("postgres_cluster", {}, write[DELETE]["definition"], **known)["metadata"]["annotations"]
    kept = json.loads(written["pgha.kubernetes/restored"])
    assert (kept["unanswered"], kept["lsn"]) == (end["unanswered"], end["lsn"]) if before is None else kept == before


# Logins, and what lets them in.


def test_applications_get_no_login_that_was_not_seen_to_work() -> None:
    refusal = task("postgres_cluster", "logins_switch", "Refuse a login that was not seen to work")
    known = {"__postgres_cluster_switch_problems": ["shop_2 was not seen"]}
    assert goes_on("postgres_cluster", {**refusal, "vars": {}}, **known) is False
    assert goes_on("postgres_cluster", {**refusal, "vars": {}}, __postgres_cluster_switch_problems=[]) is True
    assert refusal["when"] == "not ansible_check_mode"
    # What this run has seen is what counts, and the Secrets as they are now.
    asked = refusal["vars"]["__postgres_cluster_switch_problems"]
    assert "__postgres_cluster_secrets_now.resources" in asked
    assert "seen=__postgres_cluster_seen_logins" in asked
    first, then = "Refuse a login that was not seen to work", "Write the Secrets with the login of now"
    assert comes_before("postgres_cluster", "logins_switch", first, then)


@pytest.mark.parametrize(("seconds", "check", "waits"), [(90, False, True), (0, False, False), (90, True, False)])
def test_the_login_before_is_not_taken_away_from_applications_that_still_have_it(
    seconds: int, check: bool, waits: bool
) -> None:
    wait = task("postgres_cluster", "users", "Wait until applications have the login that the last rotation brought")
    known = {"__postgres_cluster_login_wait": seconds, "ansible_check_mode": check}
    assert goes_on("postgres_cluster", {**wait, "vars": {}}, "when", **known) is waits
    assert wait["ansible.builtin.wait_for"] == {"timeout": "{{ __postgres_cluster_login_wait | int }}"}
    assert comes_before("postgres_cluster", "users", wait["name"], "Users | Write the Secrets")


@pytest.mark.parametrize(("answer", "fails"), [({"rc": 0}, False), ({"rc": 1}, True), ({"msg": "no answer"}, True)])
def test_files_that_a_pod_did_not_take_up_are_not_remembered(answer: dict[str, Any], fails: bool) -> None:
    """Else the next run would not try again, and that pod would keep passwords that PostgreSQL has no longer."""
    reload = task("pgpool", "reload", "Make Pgpool-II take up its files")
    assert goes_on("pgpool", reload, "failed_when", __pgpool_reloaded=answer) is fails
    # One that gave no answer is asked again.
    assert goes_on("pgpool", reload, "until", __pgpool_reloaded=answer) is ("rc" in answer)
    assert "ignore_errors" not in reload
    assert comes_before("pgpool", "reload", reload["name"], "Remember what all pods have taken up")


@pytest.mark.parametrize(
    ("secret", "data"), [({}, {}), ({"metadata": {}, "data": {"pool_passwd": "b2xk"}}, {"pool_passwd": "b2xk"})]
)
def test_pgpools_secret_is_written_where_nothing_else_has_written_it_since_it_was_read(
    secret: dict[str, Any], data: dict[str, str]
) -> None:
    """Else a run that has read passwords of before would put them back after a rotation."""
    write = task("pgpool", "secret", "Write them where they differ")
    expected = write["pgha.kubernetes.apply"]["expect"]["data"]
    assert evaluate("pgpool", {}, expected, __pgpool_own_secret=secret) == data
    # What is expected was read right before, so that no run meets what it has written itself.
    for file in ("main", "take_up"):
        includes = [one[INCLUDE] for one in tasks("pgpool", file) if INCLUDE in one]
        assert includes.count("secret.yml") == includes.count("discover.yml") == 1
        assert includes.index("discover.yml") < includes.index("secret.yml")


@pytest.mark.parametrize(
    ("answer", "fails", "refuses"),
    [
        ({"changed": True}, False, False),
        ({"skipped": True}, False, False),
        ({"failed": True, "msg": "forbidden"}, True, False),  # and is tried again
        ({"failed": True, "changed_meanwhile": True}, False, True),  # no_log would hide why
    ],
)
def test_what_was_written_meanwhile_is_said_where_it_is_shown(
    answer: dict[str, Any], fails: bool, refuses: bool
) -> None:
    write = task("pgpool", "secret", "Write them where they differ")
    assert goes_on("pgpool", write, "failed_when", __pgpool_written=answer) is fails
    refusal = task("pgpool", "secret", "Refuse to write over what was written meanwhile")
    assert goes_on("pgpool", refusal, __pgpool_written=answer) is not refuses
    assert "no_log" not in refusal
    assert comes_before("pgpool", "secret", write["name"], refusal["name"])


@pytest.mark.parametrize("problems", [[], ["it has no tls.key"]])
def test_a_certificate_that_cannot_be_used_is_refused_before_pods_mount_it(problems: list[str]) -> None:
    refusal = task("pgpool", "tls", "Refuse a certificate that cannot be used")
    assert goes_on("pgpool", {**refusal, "vars": {}}, __pgpool_tls_problems=problems) is (not problems)
    # In check mode, one that cert-manager would make is not there yet.
    for own, asked, check, looked in (
        (False, True, False, True), (False, False, True, True), (True, False, False, False), (False, True, True, False)
    ):  # fmt: skip
        known = {"__pgpool_tls_is_own": own, "__pgpool_tls_is_asked": asked, "ansible_check_mode": check}
        assert goes_on("pgpool", {**refusal, "vars": {}}, "when", **known) is looked


# Runbooks.


def test_what_a_switchover_was_decided_on_is_looked_at_once_more() -> None:
    """Else one that was decided on before a failover would undo it, and promote an instance that has fallen behind."""
    one = task("postgres_cluster", "switchover", "Tell the operator")
    patch = cloudnativepg.switchover("hot-1", "hot-2", "2026-11-28T07:00:00.000000Z")
    given = one["pgha.kubernetes.patch_status"]
    passed = {"status": "status", "unless": "unless", "expect": "expect", "labels": "then_label"}
    assert set(passed) == set(patch)
    known = {"__postgres_cluster_switchover": {"patch": patch}}
    for key, argument in passed.items():
        assert evaluate("postgres_cluster", {}, given[argument], **known) == patch[key]


@pytest.mark.parametrize("said", ["", "there are 2 prepared transactions, which pg_upgrade refuses: commit them"])
def test_what_pg_upgrade_refuses_is_refused_before_instances_stop(said: str) -> None:
    refusal = task("postgres_cluster", "upgrade_checks", "Refuse what it would refuse")
    answers = {"results": [{"stdout": f"{said}\n"}]}
    assert goes_on("postgres_cluster", refusal, __postgres_cluster_upgrade_checks=answers) is (not said)
    # That PostgreSQL does not answer ends the run, too.
    [ask] = [one for one in tasks("postgres_cluster", "upgrade_checks") if EXEC in one]
    assert not {"failed_when", "ignore_errors"} & set(ask)
    assert "__postgres_cluster_upgrade_sql" in ask[EXEC]["command"]


@pytest.mark.parametrize(("answer", "fails"), [
    ({"rc": 0}, False),
    ({"rc": 124}, True),
    ({"rc": 1, "stderr": "no space left"}, True),
    ({"msg": "no answer"}, True),
])  # fmt: skip
def test_a_primary_that_would_be_killed_as_it_stops_is_not_upgraded(answer: dict[str, Any], fails: bool) -> None:
    """pg_upgrade refuses a volume that was not shut down cleanly."""
    asks = tasks("postgres_cluster", "upgrade_checks")[-1]
    assert asks[INCLUDE] == "checkpoint.yml"
    assert "when" not in asks
    primary = [{"role": "standby", "pod": "hot-1"}, {"role": "primary", "pod": "hot-2"}]
    pod = asks["vars"]["__postgres_cluster_checkpoint_pod"]
    assert evaluate("postgres_cluster", {}, pod, postgres_cluster_result={"instances": primary}) == "hot-2"
    block, one, *_ = tasks("postgres_cluster", "checkpoint")
    given = {**one, "vars": {**block["vars"], **asks["vars"]}}
    assert goes_on("postgres_cluster", given, "failed_when", __postgres_cluster_checkpoint=answer) is fails


@pytest.mark.parametrize(
    ("kind", "pending", "asks"),
    [("major", [], True), ("minor", [], False), ("none", [], False), ("major", ["goes on"], False)],
)
def test_it_is_asked_before_a_major_upgrade(kind: str, pending: list[str], asks: bool) -> None:
    one = task("postgres_cluster", "upgrade_plan", "Ask the primary what pg_upgrade would refuse")
    upgrade = {"kind": kind, "pending": pending}
    assert goes_on("postgres_cluster", one, "when", __postgres_cluster_upgrade=upgrade) is asks
    assert one[INCLUDE] == "upgrade_checks.yml"


@pytest.mark.parametrize(("said", "well"), [("17.11 (Debian 17.11-1.pgdg13+1)", False), ("17.6", True)])
def test_no_instance_is_taken_back_to_an_older_minor_version(said: str, well: bool) -> None:
    """The tag of the default image does not say which one they run."""
    refusal = task("postgres_cluster", "upgrade_plan", "Refuse to take an instance back")
    main = {"kind": "Cluster", "metadata": {"name": "hot"}, "spec": {"imageName": "r.io/p:17-standard-trixie"}}
    known = {
        "postgres_cluster_result": cloudnativepg.contract("hot", "demo", [main]) | {"ready": True, "version": "17"},
        "postgres_cluster_image": "r.io/p:17.6-standard-trixie",
        "__postgres_cluster_read": {"results": [{"resources": [main]}]},
        "__postgres_cluster_versions": {"hot-1": said},
    }
    assert goes_on("postgres_cluster", refusal, **known) is well
    assert comes_before("postgres_cluster", "upgrade_plan", "Ask each instance for its version", refusal["name"])


@pytest.mark.parametrize(("image", "well"), [("r.io/pgpool:4.7", True), ("r.io/pgpool:4.6", False)])
def test_a_pod_with_the_old_image_is_no_upgrade(image: str, well: bool) -> None:
    refusal = task("pgpool", "upgraded", "Check that each pod has the image")
    pod = {"metadata": {"name": "hot-1"}, "spec": {"containers": [{"name": "pgpool", "image": image}]}}
    known = {"__pgpool_pods": {"resources": [pod]}, "__pgpool_pod_names": ["hot-1"], "pgpool_image": "r.io/pgpool:4.7"}
    assert goes_on("pgpool", refusal, **known) is well


@pytest.mark.parametrize("problems", [[], ["hot-pgpool is not scraped"]])
@pytest.mark.parametrize(
    ("role", "file", "result"),
    [("monitoring", "verify", "monitoring_verify_result"), ("pgpool", "verify", "pgpool_verify_result")],
)
def test_verify_fails_where_something_is_wrong(role: str, file: str, result: str, problems: list[str]) -> None:
    refusal = task(role, file, "Check that all is as it should be")
    assert goes_on(role, refusal, **{result: {"problems": problems}}) is (not problems)


def test_verify_looks_for_pods_once_more_after_the_job() -> None:
    assert task("pgpool", "verify", "Judge it")[INCLUDE] == "verify_judge.yml"
    assert comes_before("pgpool", "verify", "Use it", "Judge it")
    assert comes_before("pgpool", "verify", "Judge it", "Look for the operator")
    before = task("pgpool", "verify", "Find the pods to which the Service leads")
    after = task("pgpool", "verify_judge", "Find the pods to which the Service leads now")
    assert before["pgha.kubernetes.read"] == after["pgha.kubernetes.read"]
    judged = task("pgpool", "verify_judge", "Judge what it printed")["ansible.builtin.set_fact"]["pgpool_verify_result"]
    assert "gone=__pgpool_pods_gone" in judged


def test_verify_tells_what_is_wrong_with_the_operator_too() -> None:
    added = task("pgpool", "verify_operator", "Add what is wrong with it")
    known = {"pgpool_verify_result": {"problems": ["a"], "reads": 3}, "__pgpool_verify_asker": "shop-1"}
    for told, problems in (({"__postgres_cluster_operator_problems": ["b"]}, ["a", "b"]), ({}, ["a"])):
        result = added["ansible.builtin.set_fact"]["pgpool_verify_result"]
        found = evaluate("pgpool", added, result, hostvars={"shop-1": told}, **known)
        assert found == {"problems": problems, "reads": 3}
    assert task("pgpool", "verify", "Look for the operator")[INCLUDE] == "verify_operator.yml"
    assert comes_before("pgpool", "verify", "Use it", "Look for the operator")
    assert comes_before("pgpool", "verify", "Look for the operator", "Keep the result")


@pytest.mark.parametrize(
    ("given", "alike"),
    [
        ({"inventory_hostname": "another", "pgpool_postgres_name": "another"}, True),
        ({"pgpool_operator": "kubedb"}, False),
        ({"pgpool_k8s_auth": {"context": "west"}}, False),
        ({"pgpool_k8s_auth": {"context": "east", "api_key": "secret-token"}}, False),
        ({"inventory_hostname": "another", "ansible_connection": "ssh"}, False),
    ],
)
def test_who_has_the_same_operator_asks_for_it_once(given: dict[str, Any], alike: bool) -> None:
    east = {"pgpool_k8s_auth": {"context": "east"}, "ansible_connection": "local"}
    group = "{{ __pgpool_verify_group }}"
    assert (evaluate("pgpool", {}, group, **east) == evaluate("pgpool", {}, group, **{**east, **given})) is alike
    asks = task("pgpool", "verify_operator", "Look for it")
    for host in ("shop-1", "shop-2"):
        known = {"inventory_hostname": host, "__pgpool_verify_asker": "shop-1"}
        assert goes_on("pgpool", asks, "when", **known) is (host == "shop-1")


@pytest.mark.parametrize(
    ("given", "has"), [({}, True), ({"pgpool_state": ""}, True), ({"pgpool_state": "absent"}, False)]
)
def test_drills_need_pgpool(given: dict[str, str], has: bool) -> None:
    refusal = task("drills", "preflight", "Refuse a cluster without Pgpool-II")
    assert goes_on("drills", refusal, **given) is has


@pytest.mark.parametrize(
    ("result", "seen"),
    [
        ({"users": ["app", "app_2"]}, ["app", "app_2"]),
        ({"users": []}, []),
        # PostgreSQL has its password, and there is nothing else to log in through.
        ({"users": [], "state": "absent"}, ["app_2"]),
        (None, []),
    ],
)
def test_a_login_takes_the_place_of_another_without_pgpool_too(result: dict[str, Any] | None, seen: list[str]) -> None:
    [*_, play] = yaml.safe_load((ROLES.parent / "playbooks/rotate_password.yml").read_text(encoding="utf-8"))
    [switch] = play["tasks"]
    known = {"__postgres_cluster_logins": [{"name": "app", "now": "app", "other": "app_2"}]}
    if result is not None:
        known["pgpool_verify_result"] = result
    assert evaluate("pgpool", switch, "{{ __postgres_cluster_seen_logins }}", **known) == seen


def test_drills_that_are_all_skipped_tell_why() -> None:
    """Such a run is green, and nothing else would say to a machine that nothing was tried."""
    keep = task("drills", "main", "Keep the plan")
    [run] = [one for one in tasks("drills", "main") if keep in one.get("block", [])]
    assert run["when"] == "not ansible_check_mode"
    assert "when" not in keep
    assert comes_before("drills", "main", "Keep the plan", "Run one after the other")
    plan = [{"name": "node_paused", "does": "it is frozen", "skipped": "drills_shared is false"}]
    known = {"__drills_records": [], "__drills_plan": plan}
    data = keep["ansible.builtin.set_stats"]["data"]
    assert evaluate("drills", keep, data, **known) == {"drills": {"hot": {"records": [], "plan": plan}}}
    # What is kept after each drill takes its place.
    after = task("drills", "record", "Keep the result")["ansible.builtin.set_stats"]["data"]
    assert after == data


def test_drills_fail_where_one_did() -> None:
    refusal = task("drills", "main", "Check that all went well")
    records = [{"problems": []}, {"problems": ["2 writes were lost"]}]
    assert goes_on("drills", refusal, __drills_records=records) is False
    assert goes_on("drills", refusal, __drills_records=records[:1]) is True


# With another pgpool_name there are two, and one of them gets no passwords any longer.


@pytest.mark.parametrize(
    ("read", "named"),
    [
        (["hot-pgpool", "before", "older"], "before, older. New passwords"),
        (["hot-pgpool"], ""),
        ([], ""),
        (None, ""),  # it was not looked for, or could not be
    ],
)
def test_another_pgpool_ii_of_the_cluster_is_named(read: list[str] | None, named: str) -> None:
    says = task("pgpool", "deploy", "Say that there is another one")
    found = {"skipped": True} if read is None else {"resources": [{"metadata": {"name": name}} for name in read]}
    known = {
        "pgpool_postgres_name": "hot", "pgpool_postgres_namespace": "demo", "pgpool_name": "hot-pgpool",
        "__pgpool_alike": found,
    }  # fmt: skip
    assert goes_on("pgpool", says, "when", **known) is bool(named)
    if named:
        said = evaluate("pgpool", says, says["ansible.builtin.debug"]["msg"], **known)
        assert f"has another Pgpool-II in the namespace demo: {named}" in said
        assert said.endswith("with --limit=hot -e pgpool_name=before -e pgpool_state=absent.")


@pytest.mark.parametrize(("method", "asked"), [("create", True), ("patch", False), ("unchanged", False)])
def test_it_is_looked_for_where_this_one_is_new_alone(method: str, asked: bool) -> None:
    look = task("pgpool", "deploy", "Look for another Pgpool-II of the cluster")
    results = [{"method": "create"}, {"method": method}]  # the Deployment is the last one
    assert goes_on("pgpool", look, "when", __pgpool_applied={"result": {"results": results}}) is asked
    assert comes_before("pgpool", "deploy", "Say that there is another one", "Wait for the pods")
