# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No variable has the name of a fact, which would hide it for the rest of the run, in other playbooks, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
SET_FACT = "ansible.builtin.set_fact"
# What these are given wins over facts.
INCLUDES = {"ansible.builtin.include_tasks", "ansible.builtin.include_role"}


def parts_of(given: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield plays, blocks and tasks, those within others as well."""
    for one in given:
        yield one
        for part in PARTS:
            yield from parts_of(one.get(part) or [])


def names_of(files: dict[str, Any]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return in which files names are facts, and in which ones they are variables over which facts win."""
    facts, variables = defaultdict(set), defaultdict(set)
    for path, content in files.items():
        if isinstance(content, dict):  # defaults and vars of a role
            for name in content:
                variables[name].add(path)
            continue
        for one in parts_of(content or []):
            for name in [one["register"]] if "register" in one else []:
                facts[name].add(path)
            for name in one.get(SET_FACT, {}):
                facts[name].add(path)
            if not INCLUDES & set(one):
                for name in one.get("vars", {}):
                    variables[name].add(path)
    return facts, variables


def test_no_variable_has_the_name_of_a_fact() -> None:
    paths = [path for folder in ("roles/*/tasks", "roles/*/handlers", "roles/*/vars", "roles/*/defaults", "playbooks")
             for path in sorted(ROOT.glob(f"{folder}/*.yml"))]  # fmt: skip
    facts, variables = names_of(
        {str(path.relative_to(ROOT)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}
    )
    assert len(facts) > 100 < len(variables)
    both = {name: (sorted(facts[name]), sorted(variables[name])) for name in sorted(set(facts) & set(variables))}
    assert both == {}


def test_a_name_that_is_both_is_found_wherever_it_is() -> None:
    read = {"ansible.builtin.command": "true"}
    tasks = [
        {
            "block": [{**read, "register": "a"}, {SET_FACT: {"b": 1}}],
            "vars": {"c": 1},
            "rescue": [{**read, "vars": {"d": 1}}],
        },
        {"ansible.builtin.include_tasks": "other.yml", "vars": {"e": 1}},
    ]
    facts, variables = names_of(
        {"tasks": tasks, "play": [{"hosts": "all", "vars": {"f": 1}, "tasks": tasks}], "vars": {"g": 1}}
    )
    assert (sorted(facts), sorted(variables)) == (["a", "b"], ["c", "d", "f", "g"])
