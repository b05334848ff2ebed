# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of `verify`, as templates use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_pgpool_verdict(render: Callable[[str, str], Any]) -> None:
    result = render("{{ log | pgha.kubernetes.pgpool_verdict('2', topology='services') }}", r'log: "end\tok\n"')
    assert result["problems"] == [
        "there is no user whose login could be tried",
        "Pgpool-II did not answer SHOW POOL_NODES",
    ]


def test_pgpool_logins(render: Callable[[str, str], Any]) -> None:
    secrets = "secrets: [{metadata: {name: pg-app}, type: kubernetes.io/basic-auth}]"
    result = render("{{ secrets | pgha.kubernetes.pgpool_logins({}) }}", secrets)
    assert result == [{"secret": "pg-app", "username_key": "username", "password_key": "password"}]


def test_scrape_verdict_says_that_there_was_no_answer(render: Callable[[str, str], Any]) -> None:
    result = render("{{ [] | pgha.kubernetes.scrape_verdict('') }}", "{}")
    assert result == {
        "problems": ["Prometheus did not answer with a list of series: no output"],
        "targets": [],
        "table": "",
    }


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ [1] | pgha.kubernetes.pgpool_verdict(2) }}", "give the log as text, not"),
        ("{{ 'x' | pgha.kubernetes.pgpool_logins({}) }}", "give a list of Secrets, not"),
        ("{{ 'x' | pgha.kubernetes.scrape_verdict('[]') }}", "give a list of objects, not"),
    ],
)
def test_wrong_types(render: Callable[[str, str], Any], template: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        render(template, "{}")
