# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter diagnosis. What it makes is tested with plugin_utils/diagnosis.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.diagnosis import FilterModule, diagnosis


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"diagnosis": diagnosis}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="give a list of objects, not dict"):
        diagnosis({})


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    pods:
      - kind: Pod
        metadata: {name: "{{ 'hot-1' }}"}
        status: {containerStatuses: [{name: db, state: {waiting: {reason: ErrImagePull, message: no such image}}}]}
    """
    assert render("{{ pods | pgha.kubernetes.diagnosis('hot-') }}", variables) == [
        "pod hot-1, container db: ErrImagePull no such image"
    ]
