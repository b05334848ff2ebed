# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the report, in templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError

CHART = (
    "chart: {title: <b>, unit: count, from: 0, until: 60, step: 15, limit: null, lines: [{name: a, points: [[0, 1]]}]}"
)
CONTRACT = (
    "contract: {name: pg, namespace: demo, operator: existing, version: '', phase: '', pending: [], instances: []}"
)


def test_amount(render: Callable[[str, str], Any]) -> None:
    assert (
        render("{{ 1536 | pgha.kubernetes.amount('bytes') }} {{ none | pgha.kubernetes.amount }}", "{}") == "1.5 KiB -"
    )


def test_line_chart(render: Callable[[str, str], Any]) -> None:
    picture = render("{{ chart | pgha.kubernetes.line_chart }}", CHART)
    assert picture.startswith("<svg ")
    assert "&lt;b&gt;" in picture


def test_status_report(render: Callable[[str, str], Any]) -> None:
    span = "{'from': 0, 'until': 60, 'step': 15}"
    found = render(f"{{{{ contract | pgha.kubernetes.status_report('[]', '[]', [], {span}) }}}}", CONTRACT)
    assert (found["name"], found["problems"], found["charts"]) == ("pg", [], [])


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 1 | pgha.kubernetes.amount('miles') }}", "unit is 'miles': give one of bytes, seconds"),
        ("{{ 'x' | pgha.kubernetes.amount }}", "give a number, not 'x'"),
        ("{{ [1] | pgha.kubernetes.line_chart }}", "give a mapping, not"),
        ("{{ {} | pgha.kubernetes.line_chart }}", "no chart with title, unit"),
        ("{{ 'x' | pgha.kubernetes.status_report('', '', [], {}) }}", "give the contract of a cluster, not"),
        (
            "{{ contract | pgha.kubernetes.status_report('no', '', [], {}) }}",
            "did not answer with a list of series: no",
        ),
    ],
)
def test_what_they_refuse(render: Callable[[str, str], Any], template: str, message: str) -> None:
    with pytest.raises(AnsibleError, match=message):
        render(template, CONTRACT)
