# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cloudnativepg_status. What it makes is tested with plugin_utils/cloudnativepg_operator.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.cloudnativepg_status import FilterModule, cloudnativepg_status


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"cloudnativepg_status": cloudnativepg_status}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="give a list of Deployments, not dict"):
        cloudnativepg_status({}, "1.29.2", "cnpg-system")


def test_renders(render: Callable[[str, str], Any]) -> None:
    assert render("{{ [] | pgha.kubernetes.cloudnativepg_status('1.29.2', 'cnpg-system') }}", "{}")["installed"] == ""
