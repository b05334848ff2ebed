# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to runbooks, and what the role monitoring says of groups of rules."""

from __future__ import annotations

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.alert_rules import runbook_links
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.monitoring_inputs import monitoring_checks


def test_each_alert_gets_its_page_and_the_rest_stays() -> None:
    groups = [
        {
            "name": "mine",
            "interval": "1m",
            "rules": [
                {"record": "a:b", "expr": "up"},
                {"alert": "Down", "expr": "up == 0", "annotations": {"summary": "{{ $value }}"}},
                {"alert": "Linked", "expr": "up", "annotations": {"runbook_url": "https://wiki.example/x"}},
            ],
        }
    ]
    [group] = runbook_links(groups, "https://wiki.example/")
    assert group == {
        "name": "mine",
        "interval": "1m",
        "rules": [
            {"record": "a:b", "expr": "up"},
            {
                "alert": "Down",
                "expr": "up == 0",
                "annotations": {"runbook_url": "https://wiki.example/Down.md", "summary": "{{ $value }}"},
            },
            {"alert": "Linked", "expr": "up", "annotations": {"runbook_url": "https://wiki.example/x"}},
        ],
    }


@pytest.mark.parametrize("group", [{"name": "x"}, {"name": "x", "rules": {}}, "x"])
def test_a_group_without_rules_is_refused(group: object) -> None:
    with pytest.raises(InputError, match="a list of rules"):
        runbook_links([group], "https://wiki.example")  # type: ignore[list-item]


def test_names_of_groups() -> None:
    groups = [{"name": "a"}, {"name": "a"}, {"name": "pgha-x"}, {}]
    assert list(monitoring_checks({"monitoring_extra_rule_groups": groups})) == [
        "monitoring_extra_rule_groups[1].name is 'a', as another group is: give each its own name",
        "monitoring_extra_rule_groups[2].name is 'pgha-x': names that start with pgha- are those of this collection;"
        " give another one",
        "monitoring_extra_rule_groups[3].name is missing: give the group a name",
    ]
    assert list(monitoring_checks({"monitoring_extra_rule_groups": [{"name": "a"}, {"name": "b"}]})) == []
    assert list(monitoring_checks({})) == []
