# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter backup_result, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_backup_result(render: Callable[[str, str], Any]) -> None:
    variables = "backup: {status: {phase: failed, error: no bucket}}"
    result = render("{{ backup | pgha.kubernetes.backup_result }}", variables)
    assert (result["done"], result["problem"]) == (True, "failed: no bucket")
    result = render("{{ {'status': {'phase': 'Succeeded'}} | pgha.kubernetes.backup_result('kubedb', []) }}", "{}")
    assert (result["done"], result["problem"]) == (True, "")


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a mapping, not str"):
        render("{{ 'x' | pgha.kubernetes.backup_result }}", "{}")
