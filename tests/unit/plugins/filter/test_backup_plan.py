# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter backup_plan, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_backup_plan(render: Callable[[str, str], Any]) -> None:
    variables = "contract: {operator: cloudnativepg, name: pg}"
    result = render("{{ contract | pgha.kubernetes.backup_plan([], '2026-11-25T21:04:05Z') }}", variables)
    assert result == {"name": "pg-20261125210405", "going": ""}


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a mapping, not str"):
        render("{{ 'x' | pgha.kubernetes.backup_plan([], '') }}", "{}")
