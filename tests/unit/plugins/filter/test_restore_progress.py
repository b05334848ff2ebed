# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter restore_progress, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_restore_progress(render: Callable[[str, str], Any]) -> None:
    result = render("{{ pods | pgha.kubernetes.restore_progress }}", "pods: []")
    assert (result["done"], result["failed"], result["pod"]) == (False, False, "")
    variables = "objects: [{kind: Postgres, status: {phase: DataRestoring}}]"
    result = render("{{ objects | pgha.kubernetes.restore_progress('kubedb') }}", variables)
    assert (result["done"], result["waits"], result["words"]) == (False, True, "DataRestoring")


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a list, not str"):
        render("{{ 'x' | pgha.kubernetes.restore_progress }}", "{}")
