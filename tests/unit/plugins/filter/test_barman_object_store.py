# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter barman_object_store, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_barman_object_store(render: Callable[[str, str], Any]) -> None:
    variables = "backup: {bucket: b12, credentials_secret: s3}"
    result = render("{{ backup | pgha.kubernetes.barman_object_store('old') }}", variables)
    assert (result["destinationPath"], result["serverName"]) == ("s3://b12", "old")


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a mapping, not str"):
        render("{{ 'x' | pgha.kubernetes.barman_object_store }}", "{}")
