# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter recovery_end, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_recovery_end(render: Callable[[str, str], Any]) -> None:
    result = render("{{ log | pgha.kubernetes.recovery_end }}", "log: 'LOG:  redo done at 0/7000028'")
    assert (result["lsn"], result["unanswered"]) == ("0/7000028", "")
    variables = 'log: ""\nsidecar: "{\\"msg\\": \\"wal-restore command failed\\", \\"error\\": \\"EOF\\"}"'
    assert render("{{ log | pgha.kubernetes.recovery_end(sidecar) }}", variables)["unanswered"] == "EOF"


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give the log as text, not list"):
        render("{{ [1] | pgha.kubernetes.recovery_end }}", "{}")
