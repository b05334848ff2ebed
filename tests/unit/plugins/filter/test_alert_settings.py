# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter alert_settings, in templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError

GROUPS = """
groups:
  - name: a
    rules:
      - {record: b, expr: up}
      - {alert: Down, expr: up == 0, for: 1m, labels: {severity: critical, team: x}}
      - {alert: Slow, expr: b > 1}
"""


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    told = "told: {Down: {for: 5m, severity: warning}, Slow: {enabled: false}}"
    [group] = render("{{ groups | pgha.kubernetes.alert_settings(told) }}", GROUPS + told)
    assert group["rules"] == [
        {"record": "b", "expr": "up"},
        {"alert": "Down", "expr": "up == 0", "for": "5m", "labels": {"severity": "warning", "team": "x"}},
    ]


@pytest.mark.parametrize(
    ("told", "message"),
    [("told: []", "give a list of groups"), ("told: {Gone: {}}", "no alert Gone: give one of Down, Slow")],
)
def test_what_it_refuses(render: Callable[[str, str], Any], told: str, message: str) -> None:
    with pytest.raises(AnsibleError, match=message):
        render("{{ groups | pgha.kubernetes.alert_settings(told) }}", GROUPS + told)
