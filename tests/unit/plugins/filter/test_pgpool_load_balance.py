# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_load_balance. What it makes is tested with plugin_utils/pgpool_load_balance.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pgpool_load_balance import FilterModule, pgpool_load_balance

ASKED = """
asked:
  preset: strict
  after_write: off
  databases: {reports: standby, mixed: {prefer: standby, share: 0.3}}
"""


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pgpool_load_balance": pgpool_load_balance}


def test_refuses_what_is_no_dict() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.pgpool_load_balance: a dict is right, not str$"):
        pgpool_load_balance("strict")


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.pgpool_load_balance: preset is 'loose'"):
        pgpool_load_balance({"preset": "loose"})


def test_renders_to_variables_of_the_environment(render: Callable[[str, str], Any]) -> None:
    template = "{{ asked | pgha.kubernetes.pgpool_load_balance(topology='services') | pgha.kubernetes.pgpool_params }}"
    variables = {variable["name"]: variable["value"] for variable in render(template, ASKED)}
    assert variables == {
        "PGPOOL_PARAMS_STATEMENT_LEVEL_LOAD_BALANCE": "on",
        "PGPOOL_PARAMS_DISABLE_LOAD_BALANCE_ON_WRITE": "off",
        "PGPOOL_PARAMS_DATABASE_REDIRECT_PREFERENCE_LIST": "reports:standby,mixed:standby(0.3),.*:primary",
    }
