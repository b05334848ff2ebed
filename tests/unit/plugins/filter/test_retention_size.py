# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter retention_size: how much of its volume Prometheus may fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.retention_size import FilterModule, retention_size


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"retention_size": retention_size}


@pytest.mark.parametrize(
    ("volume", "kept"),
    [
        ("10Gi", "8192MB"),
        ("1Gi", "819MB"),
        ("0.5Ti", "419430MB"),
        # Kubernetes' M and G are powers of 1000, Prometheus' MB is one of 1024.
        ("500M", "381MB"),
        ("50G", "38146MB"),
        (10737418240, "8192MB"),
        # 0 would be no limit.
        ("1Mi", "1MB"),
    ],
)
def test_four_fifths_in_prometheus_units(volume: Any, kept: str) -> None:
    assert retention_size(volume) == kept


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.retention_size: the size is 'big': give a "):
        retention_size("big")


def test_renders(render: Callable[[str, str], Any]) -> None:
    assert render("{{ size | pgha.kubernetes.retention_size }}", "{size: \"{{ '10' ~ 'Gi' }}\"}") == "8192MB"
