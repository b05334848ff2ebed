# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter labels. What it makes is tested with plugin_utils/labels.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.labels import FilterModule, labels


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"labels": labels}


def test_tells_why() -> None:
    with pytest.raises(
        AnsibleFilterError,
        match=r"^pgha\.kubernetes\.labels: label app\.kubernetes\.io/component is 'a b': give 1 to 63",
    ):
        labels("pgpool", "a b", "hot")


def test_renders(render: Callable[[str, str], Any]) -> None:
    assert render(
        "{{ 'pgpool' | pgha.kubernetes.labels('proxy', name, {'team': name}) }}", "name: \"{{ 'hot' }}\""
    ) == {
        "team": "hot",
        "app.kubernetes.io/name": "pgpool",
        "app.kubernetes.io/instance": "hot",
        "app.kubernetes.io/component": "proxy",
        "app.kubernetes.io/part-of": "pgha",
        "app.kubernetes.io/managed-by": "pgha.kubernetes",
    }
