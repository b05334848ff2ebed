# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter resources. What it makes is tested with plugin_utils/resources.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.resources import FilterModule, resources


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"resources": resources}


def test_refuses_what_is_no_mapping() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.resources: give a mapping, not list"):
        resources([])


def test_tells_why() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^pgha\.kubernetes\.resources: limits\.cpu is 'many': give a Kubernetes quantity"
    ):
        resources({"limits": {"cpu": "many"}})


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = "{asked: {requests: {cpu: 0.5, memory: \"{{ '1024' ~ 'Mi' }}\"}}}"
    assert render("{{ asked | pgha.kubernetes.resources }}", variables) == {
        "requests": {"cpu": "500m", "memory": "1Gi"}
    }
