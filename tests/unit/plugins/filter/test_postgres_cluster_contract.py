# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter postgres_cluster_contract. What it makes is tested with plugin_utils/operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_contract import (
    FilterModule,
    postgres_cluster_contract,
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"postgres_cluster_contract": postgres_cluster_contract}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="give a list of objects, not dict"):
        postgres_cluster_contract({}, "hot", "demo")


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match="operator is 'kubdb': give one of"):
        postgres_cluster_contract([], "hot", "demo", "kubdb")


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    objects:
      - kind: Cluster
        metadata: {name: hot}
        spec: {instances: 1, imageName: "r.io/p:{{ 17 }}"}
        status: {currentPrimary: hot-1, instanceNames: [hot-1], instancesStatus: {healthy: [hot-1]}}
    """
    made = render(
        "{{ objects | pgha.kubernetes.postgres_cluster_contract('hot', 'demo', 'cloudnativepg') }}", variables
    )
    assert (made["version"], made["instances"][0]["role"]) == ("17", "primary")
