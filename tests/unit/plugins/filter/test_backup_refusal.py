# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter backup_refusal, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_backup_refusal(render: Callable[[str, str], Any]) -> None:
    variables = "contract: {operator: existing, name: pg, namespace: demo, exists: true}"
    [problem] = render("{{ contract | pgha.kubernetes.backup_refusal([]) }}", variables)
    assert "this collection has no backup for it" in problem


def test_a_drill_is_another_matter(render: Callable[[str, str], Any]) -> None:
    variables = "contract: {operator: kubedb, name: pg, namespace: demo, exists: true}"
    [problem] = render("{{ contract | pgha.kubernetes.backup_refusal([], 'restore_drill') }}", variables)
    assert "this collection has no restore_drill for it; a drill compares" in problem


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a mapping, not str"):
        render("{{ 'x' | pgha.kubernetes.backup_refusal([]) }}", "{}")
