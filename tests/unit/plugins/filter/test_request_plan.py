# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says which request is made of an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.request_plan import request_plan

VARIABLES = """
contract: {name: hot, namespace: demo, operator: kubedb, exists: true, ready: true, pending: []}
objects:
  - {kind: Postgres, metadata: {name: hot, namespace: demo, uid: u}, spec: {replicas: 3}}
"""


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    call = "pgha.kubernetes.request_plan(objects, 'scale', {'instances': 5, 'timeout': 60})"
    found = render(f"{{{{ contract | {call} }}}}", VARIABLES)
    assert found["problems"] == []
    assert found["request"]["metadata"]["name"] == found["name"]
    assert found["request"]["spec"]["horizontalScaling"]["replicas"] == 5


@pytest.mark.parametrize(
    ("contract", "message"), [("hot", "give a mapping, not str"), ({"operator": "mine"}, "operator is 'mine'")]
)
def test_wrong_input(contract: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        request_plan(contract, [], "scale", {})
