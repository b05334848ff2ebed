# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter runbook_links, in templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    template = "{{ groups | pgha.kubernetes.runbook_links('https://wiki.example') }}"
    [group] = render(template, "groups: [{name: a, rules: [{alert: Down, expr: up}]}]")
    assert group["rules"][0]["annotations"]["runbook_url"] == "https://wiki.example/Down.md"


@pytest.mark.parametrize(
    ("variables", "message"), [("groups: {}", "give a list of groups"), ("groups: [{name: a}]", "a list of rules")]
)
def test_what_it_refuses(render: Callable[[str, str], Any], variables: str, message: str) -> None:
    with pytest.raises(AnsibleError, match=message):
        render("{{ groups | pgha.kubernetes.runbook_links('x') }}", variables)
