# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of drills, as templates use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

VARIABLES = """
catalogue: {pod: {does: a pod, needs: [shared]}}
contract: {operator: cloudnativepg, instances: [{name: pg-1, pod: pg-1, role: primary}]}
ledger: {ways: {pgpool_write: {gap: 1, gap_since: 0, acknowledged: 2, lost: 0, in_doubt: 0, failed: {}}}, problems: []}
"""


def test_drills_plan(render: Callable[[str, str], Any]) -> None:
    [one] = render("{{ ['pod'] | pgha.kubernetes.drills_plan(catalogue, contract, {'shared': true}) }}", VARIABLES)
    assert one == {"name": "pod", "does": "a pod", "needs": ["shared"], "prepares": False, "skipped": ""}


def test_drill_record_and_drills_table(render: Callable[[str, str], Any]) -> None:
    record = "(ledger | pgha.kubernetes.drill_record('pod', 0, contract, contract, [], {}))"
    assert render(f"{{{{ {record}.gaps }}}}", VARIABLES) == {"pgpool_write": 1}
    assert "| pod | 1 | 1.0 s |" in render(f"{{{{ [{record}] | pgha.kubernetes.drills_table }}}}", VARIABLES)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 'x' | pgha.kubernetes.drills_plan({}, {}, {}) }}", "give a list of names, not"),
        ("{{ ['x'] | pgha.kubernetes.drills_plan({}, {}, {}) }}", "there is no drill 'x'"),
        ("{{ 'x' | pgha.kubernetes.drill_record('', 0, {}, {}, [], {}) }}", "give what the clients saw, not"),
        ("{{ ledger | pgha.kubernetes.drill_record('', 0, contract, contract, [], {}, 'x') }}", "Prometheus did not"),
        ("{{ 'x' | pgha.kubernetes.drills_table }}", "give a list of records, not"),
    ],
)
def test_wrong_input(render: Callable[[str, str], Any], template: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        render(template, VARIABLES)
