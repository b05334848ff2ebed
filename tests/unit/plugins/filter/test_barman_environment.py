# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter barman_environment, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_barman_environment(render: Callable[[str, str], Any]) -> None:
    variables = "backup: {bucket: b12, region: 1}"
    result = render("{{ backup | pgha.kubernetes.barman_environment({'HTTPS_PROXY': 'x'}) }}", variables)
    assert result == {"HTTPS_PROXY": "x", "AWS_DEFAULT_REGION": "1"}


@pytest.mark.parametrize("values", ["'x'", "{}, 'x'"])
def test_wrong_type(render: Callable[[str, str], Any], values: str) -> None:
    backup, _comma, origin = values.partition(", ")
    with pytest.raises(Exception, match="give mappings, not str"):
        render(f"{{{{ {backup} | pgha.kubernetes.barman_environment({origin}) }}}}", "{}")
