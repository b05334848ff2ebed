# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Pgpool-II would refuse of a PostgreSQL cluster is refused before that has new passwords or parameters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import tls_secrets
from test_postgres_cluster_unwell import NAMESPACE, ROOT, SECRETS, Run, cluster, secret
from test_refusals import evaluate

PLAYS = {name: (ROOT / f"playbooks/{name}.yml").read_text() for name in ("users", "scale", "upgrade_postgres", "wake")}
ROTATED = {"postgres_cluster_rotate_users": ["app"], "postgres_cluster_parameters": {"max_connections": 300}}
OVERRIDDEN = {"postgresql": {"parameters": {"max_connections": "80"}}}
TOO_MANY = " = 448 connections that Pgpool-II could open to one instance, and 300 max_connections of hot-postgres"
TOO_FEW = " = 192 connections that Pgpool-II could open to one instance, and 150 max_connections of hot-postgres"


def found() -> dict[str, Any]:
    """A cluster that takes 300 connections."""
    made = cluster()
    made["spec"]["postgresql"]["parameters"]["max_connections"] = "300"
    return made


def certificate(year: int) -> dict[str, Any]:
    """A Secret with a certificate that was made on the first day of a year."""
    made = tls_secrets({}, {}, ["hot-postgres-pgpool"], datetime(year, 1, 1, tzinfo=UTC))
    return {
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "shop-tls", "namespace": NAMESPACE},
        "data": made["server"],
    }


def role(*names: str, **variables: Any) -> list[dict[str, Any]]:
    """A play of roles, or of their entry points after a dot."""
    tasks = []
    for name in names:
        of, _, entry = name.partition(".")
        include = {"name": f"pgha.kubernetes.{of}", "tasks_from": entry or "main", "rolespec_validate": False}
        tasks.append({"name": f"Run {name}", "ansible.builtin.include_role": include, "vars": variables})
    return [{"hosts": "postgres_clusters", "gather_facts": False, "tasks": tasks}]


def users(folder: Path, *objects: dict[str, Any], **known: Any) -> Run:
    """Run users.yml."""
    for name in ("postgres_cluster", "pgpool"):
        (folder / f"{name}.yml").symlink_to(ROOT / f"playbooks/{name}.yml")
    return Run(folder, "users", found(), *SECRETS, *objects, **{**ROTATED, **known})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pgpool_repicas": 3}, "pgpool_repicas"),
        ({"pgpool_params": {"failover_command": "/x"}}, "failover_command"),
        ({"pgpool_replicas": 6}, TOO_MANY),
        ({"postgres_cluster_parameters": {"max_connections": 150}}, TOO_FEW),
        ({"pgpool_resources": {"limits": {"memory": "64Mi"}}}, "pgpool_resources.limits.memory is '64Mi'"),
        ({"pgpool_check_user": "chekc"}, "the user chekc has no Secret in the namespace demo"),
        ({"pgpool_tls": {"mode": "required", "secret": "shop-tls"}}, "there is no Secret shop-tls"),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_no_password_changes_where_pgpool_ii_would_refuse_it(
    tmp_path: Path, changes: dict[str, Any], words: str, arguments: list[str]
) -> None:
    run = users(tmp_path, arguments=arguments, **changes)
    assert words in run.said, run.output
    assert (run.rc, run.log, run.password("app")) == (2, [], "old")


def test_nor_with_a_certificate_that_has_ended(tmp_path: Path) -> None:
    run = users(tmp_path, certificate(2020), pgpool_tls={"mode": "required", "secret": "shop-tls"})
    assert "the Secret shop-tls: its certificate ended at" in run.said, run.output
    assert (run.rc, run.log) == (2, [])


def test_nor_with_a_secret_of_another_user_that_cannot_be_used(tmp_path: Path) -> None:
    run = users(tmp_path, secret("report", "blank "), postgres_cluster_users=[{"name": "report"}])
    assert "the Secret hot-postgres-report cannot be used: its password begins or ends with blanks" in run.said
    assert (run.rc, run.log) == (2, [])


@pytest.mark.parametrize(
    ("objects", "changes"),
    [
        ([], {}),
        ([], {"pgpool_check_user": "checks", "postgres_cluster_users": [{"name": "checks"}]}),
        # One that cannot be used, and gets another password.
        ([secret("report", "blank ")], {"postgres_cluster_users": [{"name": "report", "password": "right"}]}),
        ([certificate(datetime.now(tz=UTC).year)], {"pgpool_tls": {"mode": "required", "secret": "shop-tls"}}),
        ([], {"pgpool_replicas": 6, "postgres_cluster_parameters": {"max_connections": 500}}),
        ([], {"pgpool_replicas": 6, "pgpool_state": "absent"}),
    ],
    ids=["as it is", "a user to come", "a Secret to change", "a certificate", "more of both", "no Pgpool-II"],
)
def test_what_pgpool_ii_can_take_up_goes_on(
    tmp_path: Path, objects: list[dict[str, Any]], changes: dict[str, Any]
) -> None:
    run = Run(tmp_path, role("pgpool.preflight_cluster"), found(), *SECRETS, *objects, **{**ROTATED, **changes})
    assert run.rc == 0, run.output


def test_a_cluster_that_has_no_instance_is_not_judged(tmp_path: Path) -> None:
    stopped = found()
    stopped["status"].update(instanceNames=[], instancesStatus={})
    run = Run(tmp_path, role("pgpool.preflight_cluster"), stopped, pgpool_replicas=6, refused={"Secret": "asked"})
    assert run.rc == 0, run.output


def test_one_that_is_of_another_host_is_not(tmp_path: Path) -> None:
    """What this run writes is another cluster."""
    run = Run(tmp_path, role("pgpool.preflight_cluster"), found(), pgpool_replicas=6, pgpool_postgres_name="other")
    assert run.rc == 0, run.output


@pytest.mark.parametrize(("wanted", "words"), [({"max_connections": 150}, TOO_FEW), ({}, "")])
def test_preflight_yml_knows_how_many_connections_there_are_to_be(
    tmp_path: Path, wanted: dict[str, int], words: str
) -> None:
    run = Run(tmp_path, "preflight", found(), *SECRETS, postgres_cluster_parameters=wanted)
    assert (run.rc, run.log) == (2 if words else 0, []), run.output
    assert words in run.said
    # What the preflight of the one role has read, that of the other does not read again.
    assert run.output.count("TASK [pgha.kubernetes.postgres_cluster : Read | Read the cluster]") == 1


@pytest.mark.parametrize(
    ("operator", "known", "connections"),
    [
        ("cloudnativepg", {}, 300),
        ("cloudnativepg", {"postgres_cluster_parameters": {"max_connections": 150}}, 150),
        ("cloudnativepg", {"postgres_cluster_overrides": {"spec": OVERRIDDEN}}, "80"),
        ("kubedb", {"postgres_cluster_parameters": {"max_connections": 150}}, 150),
        ("kubedb", {"postgres_cluster_overrides": {"spec": {"configuration": {"inline": {"user.conf": ""}}}}}, ""),
        ("kubedb", {"postgres_cluster_overrides": {"spec": {"configSecret": {"name": "own"}}}}, ""),
        ("kubedb_v1alpha1", {"postgres_cluster_parameters": {}}, 70),
        ("kubedb_v1alpha1", {"postgres_cluster_overrides": {"spec": {"configSource": {"configMap": {}}}}}, ""),
    ],
)  # fmt: skip
def test_an_operator_takes_them_from_where_it_is_told(operator: str, known: dict[str, Any], connections: Any) -> None:
    tasks = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/foresee.yml").read_text())
    [keep] = [task for task in tasks if "Keep" in task["name"]]
    given = {
        "postgres_cluster_operator": operator,
        "__postgres_cluster_is_checked": True,
        "__postgres_cluster_found": {"exists": True, "max_connections": 70},
    }
    contract = keep["ansible.builtin.set_fact"]["__postgres_cluster_foreseen"]["contract"]
    made = evaluate("postgres_cluster", keep, contract, **given, **known)
    assert made == {"exists": True, "max_connections": connections}


HOSTS = {"primary_host": "pg-1.example", "standby_host": "pg-2.example"}
OLD = {**HOSTS, "superuser_secret": {"name": "old"}, "max_connections": 100}
NEW = {**HOSTS, "superuser_secret": {"name": "new"}}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({**NEW, "max_connections": 300}, ""),
        (NEW, ""),
        ({**NEW, "max_connections": 100}, "and 100 max_connections of hot-postgres"),
        ({**HOSTS, "superuser_secret": {"name": "newer"}}, "the user postgres has no Secret in the namespace demo"),
    ],
)
def test_what_something_else_made_is_judged_as_it_is_described_now(
    tmp_path: Path, told: dict[str, Any], words: str
) -> None:
    """And not as an earlier run wrote that down."""
    before = {
        "kind": "ConfigMap",
        "metadata": {"name": "hot-postgres-contract", "namespace": NAMESPACE},
        "data": {"contract.json": json.dumps(OLD)},
    }
    superuser = secret("postgres") | {"type": "Opaque", "metadata": {"name": "new", "namespace": NAMESPACE}}
    run = Run(
        tmp_path, role("pgpool.preflight_cluster"), before, *SECRETS, superuser, pgha_operator="existing",
        postgres_cluster_existing=told, pgpool_topology="services", pgpool_check_user="postgres",
        pgpool_lint_allow=["check-user-superuser"], postgres_cluster_users=[],
    )  # fmt: skip
    assert (run.rc, run.log) == (2 if words else 0, []), run.output
    assert words in run.said, run.output


@pytest.mark.parametrize(
    ("tls", "data", "words"),
    [
        ({"ca_key": "root.pem"}, {"root.pem": "eA=="}, ""),
        ({}, {"ca.crt": "eA=="}, ""),
        ({"enabled": False}, None, ""),
        ({}, None, "has no Secret of that name, with the key 'ca.crt'"),
        ({}, {"root.pem": "eA=="}, "has that Secret, without the key 'ca.crt'"),
        ({"ca_key": "root.pem"}, {"root.pem": ""}, "has that Secret, without the key 'root.pem'"),
        ({"ca_secret": "pg/ca"}, {"ca.crt": "eA=="}, "is 'pg/ca' (string): give a DNS label"),
    ],
)
def test_a_ca_that_is_not_there_is_refused_before_anything_is_written(
    tmp_path: Path, tls: dict[str, Any], data: dict[str, str] | None, words: str
) -> None:
    there = {"kind": "Secret", "metadata": {"name": "pg-ca", "namespace": NAMESPACE}, "data": data}
    run = Run(
        tmp_path, role("postgres_cluster" if words else "postgres_cluster.preflight"), *([there] if data else []),
        {"kind": "Namespace", "metadata": {"name": NAMESPACE}}, pgha_operator="existing", postgres_cluster_users=[],
        postgres_cluster_existing={**HOSTS, "tls": {"enabled": True, "ca_secret": "pg-ca", **tls}},
    )  # fmt: skip
    assert (run.rc, run.log) == (2 if words else 0, []), run.output
    assert words in run.said, run.output
    assert ("postgres_cluster_existing.tls.ca_secret is 'pg" in run.said) is bool(words)


@pytest.mark.parametrize("name", ["scale", "upgrade_postgres", "wake"])
def test_so_do_the_playbooks_that_plan_before_they_write(name: str) -> None:
    entries = [task["ansible.builtin.include_role"]["tasks_from"] for task in yaml.safe_load(PLAYS[name])[0]["tasks"]]
    assert entries == [entries[0], "preflight_cluster"]
    assert entries[0].endswith("_plan")


@pytest.mark.parametrize("name", PLAYS)
def test_what_is_of_pgpool_ii_can_be_skipped_by_its_tag(name: str) -> None:
    """That of an import is in the playbook which it imports."""
    found = [
        play.get("tags", []) + task.get("tags", [])
        for play in yaml.safe_load(PLAYS[name])
        for task in play.get("tasks", [])
        if task.get("ansible.builtin.include_role", {}).get("name") == "pgha.kubernetes.pgpool"
    ]
    assert found
    assert [tags for tags in found if "pgpool" not in tags] == []


def test_what_the_plan_has_read_is_not_read_again(tmp_path: Path) -> None:
    plan = role("postgres_cluster.scale_plan", "pgpool.preflight_cluster")
    run = Run(tmp_path, plan, found(), *SECRETS, pgpool_replicas=6, postgres_cluster_parameters={})
    assert (run.rc, TOO_MANY in run.said) == (2, True), run.output
    assert "Preflight | Read" not in run.output


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pgpool_replicas": 6}, TOO_MANY),
        ({"pgpool_resources": {"limits": {"memory": "64Mi"}}}, "pgpool_resources.limits.memory is '64Mi'"),
        ({"pgpool_tls": {"mode": "required", "secret": "shop-tls"}}, "there is no Secret shop-tls"),
    ],
)
def test_check_mode_refuses_what_a_run_would(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    run = Run(tmp_path, role("pgpool"), found(), *SECRETS, arguments=["--check"], **changes)
    assert (run.rc, words in run.said) == (2, True), run.output


def test_check_mode_does_not_miss_what_a_run_would_make(tmp_path: Path) -> None:
    run = Run(tmp_path, role("pgpool"), found(), secret("app"), arguments=["--check"])
    assert run.rc == 0, run.output
    assert "Would put Pgpool-II" in run.said
    assert "the user pgpool_check has no Secret" in run.said
