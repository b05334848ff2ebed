# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What postgres_cluster writes, deletes, reads and asks where CloudNativePG runs the cluster."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
import yaml
from test_kubedb_manifests import ROLE, evaluate, manifests, plain

FOUND = {"metrics": {"port": 9187, "port_name": "metrics", "selector": {}}}
KNOWN = {"operator": "cloudnativepg", "__postgres_cluster_found": FOUND}


def made(**changes: Any) -> list[dict[str, Any]]:
    return json.loads(json.dumps(plain(manifests(**{**KNOWN, **changes}))))


def roles_of(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    (cluster,) = [item for item in objects if item["kind"] == "Cluster"]
    return {role["name"]: role for role in cluster["spec"]["managed"]["roles"]}


def operator_problems(operator: str, *answers: dict[str, Any]) -> list[str]:
    """What tasks/operator.yml says where the API answers so."""
    kept = yaml.safe_load((ROLE / "tasks/operator.yml").read_text())[-1]["ansible.builtin.set_fact"]
    known = {"operator": operator, "__postgres_cluster_operator_seen": {"results": list(answers)}}
    return evaluate(kept["__postgres_cluster_operator_problems"], **known)


def runs_as(name: str, **status: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "cnpg-system", "name": name}, "status": status}


def test_an_operator_without_a_pod_is_told() -> None:
    away, there = runs_as("cnpg-controller-manager", replicas=2), runs_as("of-shops", availableReplicas=1)
    assert operator_problems("cloudnativepg", {"resources": [there]}) == []
    assert operator_problems("cloudnativepg", {"resources": [away, there]}) == []
    assert operator_problems("cloudnativepg", {"resources": [away]}) == [
        "no pod of the operator is available (Deployment cnpg-system/cnpg-controller-manager): until one is, nobody "
        "replaces a primary that fails, renews certificates or begins scheduled backups"
    ]
    [said] = operator_problems("kubedb", {"resources": []})
    assert "(there is no StatefulSet labelled app.kubernetes.io/name=kubedb-provisioner): until one is, nobody" in said
    assert said.endswith("often it is the licence that has expired")


def test_an_operator_that_may_not_be_looked_at_is_no_fault() -> None:
    assert operator_problems("cloudnativepg", {"failed": False, "msg": "403 Forbidden"}) == []
    # Of an operator that nobody knows there is nothing to read.
    assert operator_problems("existing") == []
    assert operator_problems("kubedb_v1alpha1") == []


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        ({"resources": [runs_as("a"), runs_as("b", availableReplicas=1)]}, True),
        ({"resources": [runs_as("a", availableReplicas=0)]}, False),
        ({"resources": []}, False),
        ({"msg": "403 Forbidden"}, True),
    ],
)
def test_an_operator_that_is_replaced_is_waited_for(answer: dict[str, Any], ends: bool) -> None:
    read = yaml.safe_load((ROLE / "tasks/operator.yml").read_text())[0]
    assert evaluate("{{ " + read["until"] + " }}", __postgres_cluster_operator_seen=answer) is ends


def test_the_owner_of_the_first_database_is_managed_with_and_without_privileges() -> None:
    plain_one = roles_of(made(postgres_cluster_users=[{"name": "app"}]))
    assert list(plain_one) == ["app", "pgpool_check", "pgha_monitor"]
    assert plain_one["app"] == {
        "name": "app",
        "ensure": "present",
        "login": True,
        "inherit": True,
        "connectionLimit": -1,
        "passwordSecret": {"name": "hot-postgres-app"},
    }
    assert roles_of(made(postgres_cluster_users=[{"name": "app", "superuser": True}]))["app"]["superuser"] is True


@pytest.mark.parametrize(("instances", "kept"), [(1, False), ("1", False), (2, True), (3, True)])
def test_a_budget_keeps_no_single_instance_on_its_node(instances: Any, kept: bool) -> None:
    [cluster] = [item for item in made(postgres_cluster_instances=instances) if item["kind"] == "Cluster"]
    assert cluster["spec"]["enablePDB"] is kept


def warning(of: str) -> dict[str, Any]:
    tasks = yaml.safe_load((ROLE / "tasks/preflight_warn.yml").read_text())
    [task] = [task for task in tasks if of in task["when"]]
    return task


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, []),
        ({"idle_in_transaction_session_timeout": 0, "idle_session_timeout": "0s"}, []),
        ({"statement_timeout": "30s", "transaction_timeout": "1h"}, []),
        ({"idle_in_transaction_session_timeout": "10min"}, ["idle_in_transaction_session_timeout"]),
        ({"idle_session_timeout": 600000}, ["idle_session_timeout"]),
    ],
)
@pytest.mark.parametrize("where", ["parameters", "overrides"])
def test_what_ends_busy_sessions_is_warned_of(parameters: dict[str, Any], names: list[str], where: str) -> None:
    overrides = {"postgres_cluster_overrides": {"spec": {"postgresql": {"parameters": parameters}}}}
    known = {**KNOWN, **({"postgres_cluster_parameters": parameters} if where == "parameters" else overrides)}
    task = warning("__postgres_cluster_idle_timeouts")
    assert evaluate("{{ __postgres_cluster_idle_timeouts }}", **known) == names
    assert evaluate(f"{{{{ {task['when']} }}}}", **known) is bool(names)
    if names:
        assert f"{names[0]} of PostgreSQL ends" in evaluate(task["ansible.builtin.debug"]["msg"][0], **known)


@pytest.mark.parametrize(
    ("changes", "makers"),
    [
        ({}, ["maker"]),
        ({"postgres_cluster_version": 16.4}, ["maker"]),
        ({"postgres_cluster_version": "15"}, []),
        ({"operator": "kubedb", "postgres_cluster_version": "17.9"}, []),
    ],
)
def test_who_loses_the_roles_that_it_makes(changes: dict[str, Any], makers: list[str]) -> None:
    users = [
        {"name": "app", "createrole": "no"},
        {"name": "maker", "createrole": "yes", "overlap": True},
        {"name": "boss", "createrole": True, "superuser": True},
        {"name": "gone", "createrole": True, "state": "absent"},
    ]
    task = warning("__postgres_cluster_role_makers")
    known = {**KNOWN, "postgres_cluster_users": users, **changes}
    assert evaluate("{{ __postgres_cluster_role_makers }}", **known) == makers
    assert evaluate(f"{{{{ {task['when']} }}}}", **known) is bool(makers)
    if makers:
        assert "gives maker of the roles" in evaluate(task["ansible.builtin.debug"]["msg"][0], **known)


def test_databases_are_deleted_after_their_cluster() -> None:
    databases = [{"name": "app"}, {"name": "shop", "owner": "app"}]
    known = {**KNOWN, "postgres_cluster_databases": databases}
    kinds = "{{ __postgres_cluster_deletions | map(attribute='kind') | list }}"
    assert evaluate(kinds, **known, __postgres_cluster_api_found=True) == ["Service", "Cluster", "Database"]
    assert evaluate(kinds, **known, __postgres_cluster_api_found=False) == ["Service"]


def test_a_parameter_that_is_removed_is_looked_for_in_the_operator_s_file_alone() -> None:
    """Initdb writes shared_buffers and others into postgresql.conf, where they stay."""
    known = {**KNOWN, "__postgres_cluster_other_parameters": {"shared_buffers": None, "work_mem": "8MB"}}
    sql = evaluate("{{ __postgres_cluster_parameters_sql }}", **known)
    assert sql.count("FROM pg_file_settings AS file") == sql.count("file.sourcefile LIKE '%/custom.conf'") == 2


def test_a_parameter_whose_name_is_written_in_another_case_is_not_removed() -> None:
    def cluster(**parameters: str) -> dict[str, Any]:
        return {"kind": "Cluster", "spec": {"postgresql": {"parameters": parameters}}}

    after = cluster(work_mem="8MB", TimeZone="UTC", max_connections="300")
    known = {
        **KNOWN,
        "__postgres_cluster_objects": [cluster(Work_Mem="8MB", timezone="UTC", Jit="off", max_connections="300")],
        "__postgres_cluster_applied": {"result": {"results": [{"result": after}]}},
    }
    other = {"jit": None, "work_mem": "8MB", "TimeZone": "UTC"}
    assert evaluate("{{ __postgres_cluster_other_parameters }}", **known) == other


def test_each_database_is_waited_for_but_the_one_that_came_with_the_cluster() -> None:
    cluster = {
        "kind": "Cluster",
        "metadata": {"name": "hot-postgres"},
        "spec": {"bootstrap": {"initdb": {"database": "old", "owner": "app"}}},
    }
    kinds = "{{ __postgres_cluster_more_reads | map(attribute='kind') | list }}"
    for objects, databases, wanted in (
        ([], ["app"], []),
        ([], ["app", "shop"], ["Database"]),
        ([cluster], ["app"], ["Database"]),
        ([cluster], ["old"], []),
    ):
        known = {**KNOWN, "postgres_cluster_databases": [{"name": name} for name in databases]}
        assert evaluate(kinds, **known, __postgres_cluster_objects=objects) == wanted


def test_a_user_s_secret_is_read_whatever_its_type_is() -> None:
    (read, *_) = yaml.safe_load((ROLE / "tasks/users.yml").read_text())
    # Helm's, of which there is one for each release that was ever installed, are no user's.
    assert read["pgha.kubernetes.read"]["field_selectors"] == ["type!=helm.sh/release.v1"]


def test_the_time_to_wait_for_is_told_in_seconds_since_1970() -> None:
    """now(utc=true) has no zone, so that its timestamp is right in UTC alone."""
    text = (ROLE / "tasks/users.yml").read_text()
    assert "now().timestamp()" in text
    assert "utc" not in text


@pytest.mark.parametrize(
    ("query", "counts", "answer", "said"),
    [
        ("SELECT 1", True, {"rc": 0, "stdout": "1"}, ""),
        ("", True, {"rc": 0, "stdout": "[]"}, ""),
        ("", False, {"skipped": True}, ""),
        (
            "SELECT 1",
            False,
            {"failed": False, "msg": "Failed to execute on pod new-1"},
            "does not answer SELECT 1 as expected: Failed to execute on pod new-1",
        ),
        ("SELECT x", True, {"rc": 1, "stderr": "no x", "msg": "m"}, "does not answer SELECT x as expected: no x"),
        ("SELECT 1", True, {}, "does not answer SELECT 1 as expected: nobody answers"),
        (
            "",
            True,
            {"rc": 1, "stderr": "invalid page"},
            "the rows of its tables cannot be counted (give a query, postgres_cluster_restore.query, to ask for "
            "something else): invalid page",
        ),
    ],
)
def test_a_restore_without_an_answer_is_not_good(query: str, counts: bool, answer: dict[str, Any], said: str) -> None:
    tasks = yaml.safe_load((ROLE / "tasks/restore_check.yml").read_text())
    [check] = [task for task in tasks if task["name"] == "Restore check | Refuse what cannot be asked"]
    known = {
        **KNOWN,
        "postgres_cluster_restore": {"source": "old", "query": query},
        "__postgres_cluster_counts_rows": counts,
        "__postgres_cluster_answer": answer,
    }
    asked = check["ansible.builtin.assert"]
    fine = not evaluate("{{ " + check["when"] + " }}", **known) or evaluate("{{ " + asked["that"] + " }}", **known)
    assert fine is (said == "")
    assert fine or evaluate(asked["fail_msg"], **known) == f"hot-postgres is there, and {said}"


@pytest.mark.parametrize(
    ("name", "taken"), [("app", "app"), ("a=b", "a=b"), ("My DB", "My DB"), ("it's", r"it\'s"), ("a\\b", r"a\\b")]
)
def test_a_database_s_name_is_no_connection_string(name: str, taken: str) -> None:
    """Libpq takes what has a `=` for one, and in one it takes a backslash before a quote and a backslash."""
    query = {"postgres_cluster_restore": {"source": "old", "query": "SELECT 1"}}
    known = {**KNOWN, **query, "postgres_cluster_databases": [{"name": name}], "__postgres_cluster_item": name}
    asking = [
        task
        for file in ("restore_check", "restore_drill_ask")
        for each in yaml.safe_load((ROLE / f"tasks/{file}.yml").read_text())
        for task in each.get("block", [each])
        if "pgha.kubernetes.pod_exec" in task and "loop" in task
    ]
    assert len(asking) == 2
    for task in asking:
        database = {each: evaluate(value, **known) for each, value in task["vars"].items()}
        words = shlex.split(evaluate(task["pgha.kubernetes.pod_exec"]["command"], **known, **database))
        assert [word for word in words if word.startswith("--dbname")] == [f"--dbname=dbname='{taken}'"]


def test_names_of_databases_are_asked_for_without_quotes_around_them() -> None:
    """As CSV, `a,b` has some. Of two formats, psql takes the last."""
    asking = yaml.safe_load((ROLE / "tasks/restore_drill_ask.yml").read_text())[0]["pgha.kubernetes.pod_exec"]
    words = shlex.split(evaluate(asking["command"], **KNOWN))
    assert words.index("--no-align") > words.index("--csv")
    assert "--tuples-only" in words


def test_parameters_of_overrides_are_those_that_are_wanted() -> None:
    wanted = yaml.safe_load((ROLE / "vars/main.yml").read_text())["__postgres_cluster_wanted"]
    given = {"postgres_cluster_parameters": {"work_mem": "8MB"}, "__postgres_cluster_parameters": {"jit": "off"}}
    assert evaluate(wanted["parameters"], **{**KNOWN, **given}) == {"jit": "off", "work_mem": "8MB"}
    overrides = {"spec": {"postgresql": {"parameters": {"work_mem": "9MB", "geqo": "off"}}}}
    assert evaluate(wanted["parameters"], **{**KNOWN, **given, "postgres_cluster_overrides": overrides}) == {
        "jit": "off",
        "work_mem": "9MB",
        "geqo": "off",
    }


def test_volumes_are_waited_for_also_where_a_run_before_has_deleted_the_cluster() -> None:
    waiting = yaml.safe_load((ROLE / "tasks/delete.yml").read_text())[-1]

    def waits(**known: Any) -> bool:
        return evaluate("{{ " + waiting["when"] + " }}", **{**KNOWN, "ansible_check_mode": False, **known})

    assert waits(__postgres_cluster_deleted={"changed": False})
    assert not waits(ansible_check_mode=True)
    assert not waits(operator="existing")
