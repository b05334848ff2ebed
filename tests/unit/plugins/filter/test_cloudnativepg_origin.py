# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cloudnativepg_origin. What it makes is tested with plugin_utils/operators/cloudnativepg.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.cloudnativepg_origin import FilterModule, cloudnativepg_origin


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"cloudnativepg_origin": cloudnativepg_origin}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="objects and databases must be lists"):
        cloudnativepg_origin({}, "hot", [])


def test_renders(render: Callable[[str, str], Any]) -> None:
    template = "{{ [] | pgha.kubernetes.cloudnativepg_origin('hot', databases) }}"
    assert render(template, "databases: [{name: \"{{ 'app' }}\"}]")["owner"] == "app"
