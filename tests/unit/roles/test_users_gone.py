# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords of users that are to be dropped: none is lost before PostgreSQL says that its user is gone."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_kubedb_manifests import evaluate
from test_switchover_tasks import CLUSTER, NOTHING, answers, calls, load, run

GONE, STAYS, AWAY = {"rc": 0, "stdout": "\n"}, {"rc": 0, "stdout": "old\n"}, {"msg": "the pod is restarting"}
SAYS_WHY = {"ansible.builtin.fail": {"msg": "why: {{ __postgres_cluster_first }}"}}
DROPS_NONE = {"ansible.builtin.fail": {"msg": "the user old cannot be dropped: it owns something"}}


def drop(
    folder: Path, operator_says: dict[str, Any], *given: dict[str, Any], **known: Any
) -> subprocess.CompletedProcess[str]:
    """Run users_gone.yml: what PostgreSQL answers at each look, and what the operator's word comes to meanwhile."""
    instead = {
        "pgha.kubernetes.pod_exec": answers(folder, "asked", *given),
        "Hear what the operator says by now": operator_says,
        "Say who stays": SAYS_WHY,
        "Delete the Secrets": {"ansible.builtin.debug": {"msg": "the Secrets are deleted"}},
    }
    known = {
        **CLUSTER,
        "postgres_cluster_wait_timeout": 6,
        "postgres_cluster_secure_logging": False,
        "__postgres_cluster_gone_users": ["old"],
        "__postgres_cluster_gone_users_sql": "SELECT",
        **known,
    }
    return run(folder, "postgres_cluster", "users_gone.yml", instead, **known)


@pytest.mark.parametrize(
    ("given", "number"),
    [([GONE], 1), ([STAYS, GONE], 2), ([AWAY, STAYS, GONE], 3), ([STAYS] * 4 + [GONE], 5), ([AWAY] * 5 + [GONE], 6)],
)
def test_secrets_go_once_postgresql_has_no_such_user(tmp_path: Path, given: list[dict[str, Any]], number: int) -> None:
    """Whatever the operator's word of before this run is, and where the instance restarts meanwhile."""
    done = drop(tmp_path, NOTHING, *given)
    assert done.returncode == 0, done.stdout
    assert calls(tmp_path, "asked") == number
    assert "the Secrets are deleted" in done.stdout


def test_a_user_that_stays_keeps_its_password(tmp_path: Path) -> None:
    done = drop(tmp_path, NOTHING, STAYS)
    assert done.returncode == 2
    assert "the Secrets are deleted" not in done.stdout
    said = "PostgreSQL did not say within 6 s (postgres_cluster_wait_timeout) that these users are gone, so their"
    assert said in done.stdout
    assert "Secrets stay: old." in done.stdout


def test_why_postgresql_does_not_answer_is_said(tmp_path: Path) -> None:
    done = drop(tmp_path, NOTHING, AWAY)
    assert done.returncode == 2
    assert "Secrets stay: old. the pod is restarting" in done.stdout
    assert "the Secrets are deleted" not in done.stdout


def test_what_the_operator_says_by_now_ends_the_run(tmp_path: Path) -> None:
    """It is not asked for as long as postgres_cluster_wait_timeout, then."""
    done = drop(tmp_path, DROPS_NONE, STAYS)
    assert done.returncode == 2
    assert "the user old cannot be dropped" in done.stdout
    assert "Ask PostgreSQL again" not in done.stdout
    assert "the Secrets are deleted" not in done.stdout


def test_nothing_is_asked_of_who_is_no_user(tmp_path: Path) -> None:
    """As old Secrets of the superuser, which KubeDB has."""
    done = drop(tmp_path, NOTHING, STAYS, __postgres_cluster_gone_users=[])
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "asked.calls").exists()
    assert "the Secrets are deleted" in done.stdout


def secret(user: str) -> dict[str, Any]:
    own = evaluate("{{ __postgres_cluster_secret_labels }}", operator="cloudnativepg")
    data = {"username": base64.b64encode(user.encode()).decode()}
    return {"kind": "Secret", "metadata": {"name": f"hot-postgres-{user}", "labels": own}, "data": data}


@pytest.mark.parametrize(
    ("operator", "there", "asked"),
    [
        ("cloudnativepg", ["old", "app"], ["old"]),
        # The run after it.
        ("cloudnativepg", ["app"], []),
        ("kubedb", ["old", "app"], []),
    ],
)
def test_who_is_asked_for(operator: str, there: list[str], asked: list[str]) -> None:
    users = [{"name": "app"}, {"name": "old", "state": "absent"}, {"name": "it's", "state": "absent"}]
    known = {
        "operator": operator,
        "postgres_cluster_users": users,
        "__postgres_cluster_secrets": {"resources": [secret(user) for user in there]},
        "__postgres_cluster_written": {},
    }
    assert evaluate("{{ __postgres_cluster_gone_users }}", **known) == asked


def test_names_are_texts_of_sql() -> None:
    sql = evaluate("{{ __postgres_cluster_gone_users_sql }}", __postgres_cluster_gone_users=["old", "it's"])
    assert sql == "SELECT rolname FROM pg_roles WHERE rolname IN ('old', 'it''s')"


def test_secrets_are_deleted_last() -> None:
    assert load("postgres_cluster", "apply")[-1]["ansible.builtin.include_tasks"] == "users_gone.yml"
