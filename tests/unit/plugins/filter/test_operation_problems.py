# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what an operator does not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.operation_problems import operation_problems


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    contract = "{contract: {name: hot, namespace: demo, operator: existing, exists: true}}"
    found = render("{{ contract | pgha.kubernetes.operation_problems('hibernate') }}", contract)
    assert found == [
        "postgres_cluster_operator is 'existing' (string): this collection has no hibernate for it; do it with "
        "whatever runs the cluster"
    ]


@pytest.mark.parametrize(
    ("contract", "message"), [("hot", "give a mapping, not str"), ({"operator": "mine"}, "operator is 'mine'")]
)
def test_wrong_input(contract: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        operation_problems(contract, "scale")
