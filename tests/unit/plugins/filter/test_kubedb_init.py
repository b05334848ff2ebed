# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter kubedb_init, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_kubedb_init(render: Callable[[str, str], Any]) -> None:
    variables = "origin: {init: {archiver: {recoveryTimestamp: '2026-11-25T21:04:05Z'}}}"
    result = render("{{ [] | pgha.kubernetes.kubedb_init('pg', origin) }}", variables)
    assert result == {"archiver": {"recoveryTimestamp": "2026-11-25T21:04:05Z"}}
    assert render("{{ [] | pgha.kubernetes.kubedb_init('pg') }}", "{}") == {}


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a list, not str"):
        render("{{ 'x' | pgha.kubernetes.kubedb_init('pg') }}", "{}")
