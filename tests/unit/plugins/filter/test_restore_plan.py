# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter restore_plan, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_restore_plan(render: Callable[[str, str], Any]) -> None:
    variables = """wanted: {name: new, namespace: demo, version: "17", image: "x:17", databases: [{name: app}],
      backup: {}, restore: {source: old}, now: "2026-11-25T21:04:05Z"}"""
    result = render("{{ wanted | pgha.kubernetes.restore_plan([], []) }}", variables)
    assert "the namespace demo has no such cluster" in result["problems"][0]


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a mapping, not str"):
        render("{{ 'x' | pgha.kubernetes.restore_plan([], []) }}", "{}")
