# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cloudnativepg_manifest_problem. What it says is tested with plugin_utils/cloudnativepg_operator.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.filter.cloudnativepg_manifest_problem import (
    FilterModule,
    cloudnativepg_manifest_problem,
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"cloudnativepg_manifest_problem": cloudnativepg_manifest_problem}


def test_renders(render: Callable[[str, str], Any]) -> None:
    template = "{{ [] | pgha.kubernetes.cloudnativepg_manifest_problem('1.29.2', where) }}"
    assert render(template, "where: \"{{ '/x' }}\"").startswith(
        "cloudnativepg_manifest is '/x' (string): it cannot be read"
    )
