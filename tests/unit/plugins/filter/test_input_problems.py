# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter input_problems. What it says is tested with plugin_utils/input_problems.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.input_problems import FilterModule, input_problems

ROLES = Path(__file__).resolve().parents[4] / "roles"


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"input_problems": input_problems}


def test_refuses_what_is_no_mapping() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^pgha\.kubernetes\.input_problems: the variables must be a mapping, not list"
    ):
        input_problems([], {}, "demo")
    with pytest.raises(AnsibleFilterError, match="options must be a mapping, not str"):
        input_problems({}, "", "demo")


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    demo_count: "{{ 'three' }}"
    given: {demo_count: "{{ demo_count }}", demo_users: [{name: "{{ demo_count }}", pasword: x}]}
    options:
      demo_count: {type: int}
      demo_users: {type: list, elements: dict, options: {name: {type: str}, password: {type: str, no_log: true}}}
    """
    assert render("{{ given | pgha.kubernetes.input_problems(options, 'demo') }}", variables) == [
        "demo_count is 'three' (string): give a whole number",
        "demo_users[0].pasword is not known: did you mean password?",
    ]


@pytest.mark.parametrize("role", ["cloudnativepg", "postgres_cluster"])
def test_accepts_the_plain_defaults_of_a_role(role: str) -> None:
    options = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"][
        "options"
    ]
    defaults = yaml.safe_load((ROLES / role / "defaults/main.yml").read_text())
    plain = {name: value for name, value in defaults.items() if "{{" not in str(value)}
    assert input_problems(plain, options, role) == []
