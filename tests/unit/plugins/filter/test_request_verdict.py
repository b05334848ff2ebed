# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what became of a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.request_verdict import request_verdict

VARIABLES = """
requests:
  - metadata: {name: a}
    spec: {type: Restart}
    status: {phase: Failed, conditions: [{type: Failed, status: "False", message: no room}]}
"""


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    found = render("{{ requests | pgha.kubernetes.request_verdict('a', 'kubedb') }}", VARIABLES)
    assert found == {
        "ended": True,
        "successful": False,
        "words": "the PostgresOpsRequest a (Restart) is Failed: no room",
    }


@pytest.mark.parametrize(
    ("requests", "operator", "message"),
    [({}, "kubedb", "give a list of objects, not dict"), ([], "mine", "operator is 'mine'")],
)
def test_wrong_input(requests: Any, operator: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        request_verdict(requests, "a", operator)
