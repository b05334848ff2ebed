# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what another version of PostgreSQL comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.upgrade_plan import upgrade_plan

VARIABLES = """
contract: {name: hot, namespace: demo, operator: cloudnativepg, exists: true, ready: true, pending: [], version: "17"}
objects:
  - {kind: Cluster, metadata: {name: hot}, spec: {imageName: "r.io/p:17.5", instances: 3}}
wanted: {version: "17", image: "r.io/p:17.6", allow_major_upgrade: false, timeout: 60}
"""


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    found = render("{{ contract | pgha.kubernetes.upgrade_plan(objects, wanted) }}", VARIABLES)
    assert {key: found[key] for key in ("problems", "kind", "from", "to", "pending")} == {
        "problems": [],
        "kind": "minor",
        "from": "r.io/p:17.5",
        "to": "r.io/p:17.6",
        "pending": [],
    }


@pytest.mark.parametrize(
    ("contract", "message"), [("hot", "give a mapping, not str"), ({"operator": "mine"}, "operator is 'mine'")]
)
def test_wrong_input(contract: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        upgrade_plan(contract, [], {})
