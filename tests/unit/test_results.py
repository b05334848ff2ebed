# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks keep by set_stats of what they have done."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import all_users, secrets_to_write

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
PARTS = ("tasks", "block", "rescue", "always")


def tasks_of(given: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the tasks of plays and blocks in their order, those of imported playbooks among them."""
    for one in given:
        imported = one.get("ansible.builtin.import_playbook", "{{")
        if "{{" not in imported:
            path = PLAYBOOKS / imported
            yield from tasks_of(yaml.safe_load(path.read_text(encoding="utf-8")))
        inner = [task for part in PARTS for task in one.get(part, [])]
        yield from tasks_of(inner) if inner else [one]


def test_what_a_run_has_done_is_kept_before_it_is_checked() -> None:
    """The check may fail, also for another host, and another run has nothing left to do that it could tell."""
    with_both = {}
    for path in PLAYBOOKS.glob("*.yml"):
        order = []
        for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
            if "ansible.builtin.set_stats" in task:
                order.append("keep")
            if task.get("ansible.builtin.include_role", {}).get("tasks_from") == "verify":
                order.append("verify")
        if set(order) == {"keep", "verify"}:
            with_both[path.stem] = order[0]
    names = ["restore", "rotate_password", "scale", "switchover", "upgrade_pgpool", "upgrade_postgres", "users", "wake"]
    assert with_both == dict.fromkeys(sorted(names), "keep")


LABELS = {"app.kubernetes.io/managed-by": "pgha.kubernetes"}


def secret(cluster_user: str, password: str, **metadata: Any) -> dict[str, Any]:
    """Return the Secret of a user of the cluster `hot`, as the API returns it."""
    labels = {**LABELS, "pgha.kubernetes/user": cluster_user}
    data = {"username": cluster_user, "password": base64.b64encode(password.encode()).decode()}
    return {"metadata": {"name": f"hot-{cluster_user}", "labels": labels, **metadata}, "data": data}


def applied(method: str, kind: str, name: str) -> dict[str, Any]:
    return {"method": method, "result": {"kind": kind, "metadata": {"name": name}}}


@pytest.mark.parametrize(
    ("written", "superuser", "its"),
    [
        ([], None, []),
        # KubeDB's superuser, of a new cluster.
        ([applied("create", "Secret", "hot-auth")], None, ["hot-auth"]),
        # A rotation makes another one, in another Secret; what a run before has made is not of this one.
        ([], [applied("create", "Secret", "hot-auth-2")], ["hot-auth-2"]),
        ([], [applied("unchanged", "Secret", "hot-auth-2")], []),
    ],
)
def test_secrets_written_are_those_with_another_password(
    render: Callable[[str, str], Any],
    written: list[dict[str, Any]],
    superuser: list[dict[str, Any]] | None,
    its: list[str],
) -> None:
    asked = [{"name": "new"}, {"name": "given", "password": "then"}, {"name": "rotated"}, {"name": "label"},
             {"name": "overlap", "overlap": True}, {"name": "same"}]  # fmt: skip
    existing = [
        *(secret(name, "now") for name in ("given", "rotated", "overlap", "same")),
        secret("label", "n", labels={}),
    ]
    plan = secrets_to_write(all_users(asked, [], "hot", system=False), existing, LABELS, ["rotated"])
    # The password of these stays.
    assert {"hot-label", "hot-overlap"} < {entry["secret"] for entry in plan}
    results = [
        applied("create", "Namespace", "demo"),
        *(applied("create" if entry["new"] else "patch", "Secret", entry["secret"]) for entry in plan),
        *written,
    ]
    plays = yaml.safe_load((PLAYBOOKS / "users.yml").read_text(encoding="utf-8"))
    [keep] = [task for task in tasks_of(plays) if "ansible.builtin.set_stats" in task]
    known: dict[str, Any] = {
        "__postgres_cluster_plan": plan,
        "__postgres_cluster_written": {"result": {"results": results}},
    }
    if superuser is not None:
        known["__postgres_cluster_superuser_written"] = {"result": {"results": superuser}}
    found = render("{{ __users_result.secrets_written }}", yaml.safe_dump({**keep["vars"], **known}))
    assert sorted(found) == sorted(["hot-given", "hot-new", "hot-overlap-2", "hot-rotated", *its])


@pytest.mark.parametrize(
    "known", [{}, {"__postgres_cluster_plan": None, "__postgres_cluster_written": {"skipped": True}}]
)
def test_no_secret_is_written_where_none_differs(render: Callable[[str, str], Any], known: dict[str, Any]) -> None:
    plays = yaml.safe_load((PLAYBOOKS / "users.yml").read_text(encoding="utf-8"))
    [keep] = [task for task in tasks_of(plays) if "ansible.builtin.set_stats" in task]
    assert render("{{ __users_result.secrets_written }}", yaml.safe_dump({**keep["vars"], **known})) == []
