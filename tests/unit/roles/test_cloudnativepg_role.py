# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What postgres_cluster writes, deletes, reads and asks where CloudNativePG runs the cluster."""

from __future__ import annotations

import json
from typing import Any

import yaml
from test_kubedb_manifests import ROLE, evaluate, manifests, plain

FOUND = {"metrics": {"port": 9187, "port_name": "metrics", "selector": {}}}
KNOWN = {"operator": "cloudnativepg", "__postgres_cluster_found": FOUND}


def made(**changes: Any) -> list[dict[str, Any]]:
    return json.loads(json.dumps(plain(manifests(**{**KNOWN, **changes}))))


def roles_of(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    (cluster,) = [item for item in objects if item["kind"] == "Cluster"]
    return {role["name"]: role for role in cluster["spec"]["managed"]["roles"]}


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


def test_a_restore_without_an_answer_to_its_query_is_not_good() -> None:
    check = yaml.safe_load((ROLE / "tasks/restore_check.yml").read_text())[-1]
    restored = {"answer": ""}

    def verdict(query: str, answer: dict[str, Any]) -> tuple[bool, str]:
        known = {
            **KNOWN,
            "postgres_cluster_restore": {"source": "old", "query": query},
            "__postgres_cluster_restored": restored,
            "__postgres_cluster_answer": answer,
        }
        asked = check["ansible.builtin.assert"]
        good = all(evaluate("{{ " + each + " }}", **known) for each in asked["that"])
        return good, evaluate(asked["fail_msg"], **known)

    assert verdict("SELECT 1", {"rc": 0, "stdout": "1"})[0]
    assert verdict("", {"skipped": True})[0]
    good, said = verdict("SELECT 1", {"failed": False, "msg": "Failed to execute on pod new-1"})
    assert (good, said) == (
        False,
        "hot-postgres is there, and does not answer SELECT 1 as expected: Failed to execute on pod new-1",
    )
    assert verdict("SELECT x", {"rc": 1, "stderr": "no x", "msg": "m"}) == (
        False,
        "hot-postgres is there, and does not answer SELECT x as expected: no x",
    )
