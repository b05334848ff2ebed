# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter postgres_cluster_reads. What it makes is tested with plugin_utils/operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_reads import (
    FilterModule,
    postgres_cluster_reads,
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"postgres_cluster_reads": postgres_cluster_reads}


def test_tells_why() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^pgha\.kubernetes\.postgres_cluster_reads: operator is 'kubdb': give one of"
    ):
        postgres_cluster_reads("hot", "demo", "kubdb")


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        ("cluster", ["Cluster"]),
        ("prerequisites", ["Namespace", "StorageClass", "Deployment"]),
        ("operator", ["Pod"]),
        ("databases", ["Database"]),
    ],
)
def test_renders(render: Callable[[str, str], Any], what: str, kinds: list[str]) -> None:
    template = f"{{{{ name | pgha.kubernetes.postgres_cluster_reads('demo', 'cloudnativepg', what='{what}') }}}}"
    assert [item["kind"] for item in render(template, "name: hot")] == kinds


@pytest.mark.parametrize(("operator", "kinds"), [("cloudnativepg", ["StorageClass", "PersistentVolumeClaim"]),
                                                 ("kubedb", [])])  # fmt: skip
def test_what_tells_whether_volumes_can_grow(operator: str, kinds: list[str]) -> None:
    wanted = {"name": "hot", "namespace": "demo", "storage": {"size": "2Gi"}}
    current = [{"kind": "Cluster", "metadata": {"name": "hot"}, "spec": {"storage": {"size": "1Gi"}}}]
    found = postgres_cluster_reads("hot", "demo", operator, "growth", wanted, current)
    assert [item["kind"] for item in found] == kinds
