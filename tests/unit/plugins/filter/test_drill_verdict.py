# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter drill_verdict, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_drill_verdict(render: Callable[[str, str], Any]) -> None:
    result = render("{{ {'before': {}, 'after': {}} | pgha.kubernetes.drill_verdict({}) }}", "{}")
    assert (len(result["problems"]), result["tables"]) == (1, 0)


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give mappings, not str"):
        render("{{ 'x' | pgha.kubernetes.drill_verdict({}) }}", "{}")
