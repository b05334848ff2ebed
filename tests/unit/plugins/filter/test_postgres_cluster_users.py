# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter postgres_cluster_users. What it makes is tested with plugin_utils/postgres_cluster_users.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_users import (
    FilterModule,
    postgres_cluster_users,
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"postgres_cluster_users": postgres_cluster_users}


def test_refuses_what_are_no_lists() -> None:
    with pytest.raises(AnsibleFilterError, match="users and databases must be lists"):
        postgres_cluster_users({}, [], "hot")


def test_renders(render: Callable[[str, str], Any]) -> None:
    template = (
        "{{ users | pgha.kubernetes.postgres_cluster_users([{'name': 'app'}], 'hot') | map(attribute='secret') }}"
    )
    assert render(template, "users: [{name: \"{{ 'report_ro' }}\"}]") == [
        "hot-report-ro",
        "hot-app",
        "hot-pgpool-check",
        "hot-pgha-monitor",
    ]
