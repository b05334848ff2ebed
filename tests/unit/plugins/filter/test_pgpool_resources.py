# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_resources. What it makes is tested with plugin_utils/pgpool_resources.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pgpool_resources import FilterModule, pgpool_resources


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pgpool_resources": pgpool_resources}


@pytest.mark.parametrize("arguments", [([], {}), ({}, "x")])
def test_refuses_what_is_no_dict(arguments: tuple) -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.pgpool_resources: a dict is right, not "):
        pgpool_resources(*arguments)


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.pgpool_resources: num_init_children is 'x'"):
        pgpool_resources({}, {"num_init_children": "x"})


def test_renders(render: Callable[[str, str], Any]) -> None:
    template = "{{ {} | pgha.kubernetes.pgpool_resources({'num_init_children': children, 'max_pool': 1}) }}"
    assert render(template, "children: 100") == {"requests": {"cpu": "50m", "memory": "416Mi"}}
