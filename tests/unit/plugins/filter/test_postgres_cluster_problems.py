# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter postgres_cluster_problems. What it makes is tested with plugin_utils/operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_problems import (
    FilterModule,
    postgres_cluster_problems,
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"postgres_cluster_problems": postgres_cluster_problems}


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match="operator is 'kubdb': give one of"):
        postgres_cluster_problems({}, [], [], "kubdb")


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    wanted:
      {name: hot, namespace: "{{ 'demo' }}", create_namespace: false, operator_follows: true, storage: {class: fast}}
    """
    found = render("{{ wanted | pgha.kubernetes.postgres_cluster_problems([], [], 'cloudnativepg') }}", variables)
    assert [sentence.partition(" ")[0] for sentence in found] == [
        "postgres_cluster_storage.class",
        "postgres_cluster_namespace",
    ]
