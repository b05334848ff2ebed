# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks keep by set_stats of what they have done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

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
