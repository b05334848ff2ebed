# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook in check mode ends with a change where the run would make one, and says which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
KILLED, SKIPPED = {"name": "operator_killed", "skipped": ""}, {"name": "node_paused", "skipped": "it has no node"}


def tasks_in(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield tasks, those of blocks as well."""
    for task in tasks:
        yield task
        yield from tasks_in(task.get("block", []))


@pytest.mark.parametrize(
    ("path", "name", "known", "would"),
    [
        ("pgpool/tasks/take_up.yml", "Take up | Say what a run would do", {"__pgpool_problems": []}, True),
        (
            "postgres_cluster/tasks/backup.yml",
            "Backup | Say what is done",
            {"__postgres_cluster_backup_plan": {"going": ""}},
            True,
        ),
        # That one is waited for.
        (
            "postgres_cluster/tasks/backup.yml",
            "Backup | Say what is done",
            {"__postgres_cluster_backup_plan": {"going": "one"}},
            False,
        ),
        ("postgres_cluster/tasks/restore_drill.yml", "Restore drill | Say what is done", {}, True),
        ("drills/tasks/main.yml", "Say what is done", {"__drills_plan": [KILLED, SKIPPED]}, True),
        ("drills/tasks/main.yml", "Say what is done", {"__drills_plan": [SKIPPED]}, False),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_a_run_would_change_counts_in_check_mode_alone(
    render: Callable[[str, str], Any], path: str, name: str, known: dict[str, Any], would: bool, check: bool
) -> None:
    """In a run, what is told here is done by tasks that count themselves."""
    [told] = [
        task for task in tasks_in(yaml.safe_load((ROLES / path).read_text(encoding="utf-8"))) if task["name"] == name
    ]
    given = yaml.safe_dump({**known, "ansible_check_mode": check})
    counts = [told.get("when", "true"), told.get("changed_when", "false")]
    assert all(render("{{ " + str(condition) + " }}", given) for condition in counts) is (would and check)
