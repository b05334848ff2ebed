# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parameters leave a file that PostgreSQL can read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_parameters import plain_parameter_problems


@pytest.mark.parametrize(
    "name", ["work_mem", "pg_stat_statements.max", "DateStyle", "datestyle", "INTERVALSTYLE", "Timezone", "_x.y$1"]
)
def test_names_that_can_be(name: str) -> None:
    assert list(plain_parameter_problems({name: 1})) == []


@pytest.mark.parametrize("name", ["", "work mem", "work_mem = '1'\nport", "1st", "größe", "a-b", 5, True, "work_mem\n"])
def test_names_that_cannot_be(name: Any) -> None:
    [found] = plain_parameter_problems({name: 1})
    assert found.startswith(f"postgres_cluster_parameters has {name!r} (mapping): give the name of a parameter")


@pytest.mark.parametrize("name", ["MAX_CONNECTIONS", "Password_Encryption", "pg_stat_statements.Max", "Date_Style"])
def test_names_in_another_case(name: str) -> None:
    """PostgreSQL takes the last one in its file, and capitals come first there."""
    [found] = plain_parameter_problems({name: 1})
    assert found.startswith(f"postgres_cluster_parameters.{name} has capitals: write it as {name.lower()}, as")


def test_names_that_come_twice() -> None:
    [found] = plain_parameter_problems({"TimeZone": "UTC", "work_mem": "8MB", "timezone": "UTC"})
    assert found.startswith("postgres_cluster_parameters.timezone is there as TimeZone, too: give one of them")


@pytest.mark.parametrize(
    "value",
    ["", "8MB", 5, 0.5, True, "it's", "''", '"$user", public', "größe", r"a\\", r"\\'", r"C:\temp", "a\tb", r"\d'"],
)
def test_values_that_can_be(value: Any) -> None:
    assert list(plain_parameter_problems({"x.y": value})) == []


@pytest.mark.parametrize("value", ["a\nb", "a\n", "\r", "\0", "\x7f", "\x85", "\u2028"])
def test_values_of_more_than_a_line(value: str) -> None:
    [found] = plain_parameter_problems({"x.y": value})
    assert found.startswith(f"postgres_cluster_parameters.x.y is {value!r} (string): give it on one line")


@pytest.mark.parametrize("value", ["\\", "a\\\\\\", r"it\'s", r"\''", r"\\\'"])
def test_values_that_would_not_end(value: str) -> None:
    [found] = plain_parameter_problems({"x.y": value})
    assert found.startswith(f"postgres_cluster_parameters.x.y is {value!r} (string): write each backslash of it twice")
    assert list(plain_parameter_problems({"x.y": value.replace("\\", "\\\\")})) == []
    assert list(plain_parameter_problems({"x.y": value}, doubles_backslashes=True)) == []


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_no_plain_values(value: Any) -> None:
    [found] = plain_parameter_problems({"x": value})
    assert found == "postgres_cluster_parameters.x is no plain value: give a string, a number or a boolean"
