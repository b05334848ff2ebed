# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter api_problem. What it makes is tested with plugin_utils/api_problem.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.api_problem import FilterModule, api_problem


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"api_problem": api_problem}


def test_refuses_what_is_no_result() -> None:
    with pytest.raises(AnsibleFilterError, match="give what a task registered, not str"):
        api_problem("x")


def test_looks_itself_where_the_result_says_nothing() -> None:
    sentence = api_problem({"failed": False}, {"host": "https://127.0.0.1:1", "api_key": "canary"})
    assert sentence == (
        "the Kubernetes API at https://127.0.0.1:1 cannot be used, nothing listens there (connection refused): "
        "check pgha_k8s_auth (host 'https://127.0.0.1:1')"
    )


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = "{result: {msg: \"{{ '401 Unauthorized' }}\"}, auth: {context: kind-pgha}}"
    assert render("{{ result | pgha.kubernetes.api_problem(auth) }}", variables) == (
        "the Kubernetes API cannot be used, it does not accept the credentials (401): "
        "check pgha_k8s_auth (context 'kind-pgha')"
    )
