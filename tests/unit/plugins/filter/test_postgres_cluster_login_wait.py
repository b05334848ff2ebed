# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters about two logins of a user. What they say is tested with plugin_utils/postgres_cluster_logins.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_login_wait import (
    FilterModule,
    postgres_cluster_login_wait,
)

USERS = """
users:
  - {name: app, secret: hot-app, second: "{{ 'app_2' }}", login_secret: hot-app-login, state: present}
  - {name: app_2, secret: hot-app-2, first: app, login_secret: hot-app-login, state: present}
"""


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"postgres_cluster_login_wait": postgres_cluster_login_wait}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="give lists"):
        postgres_cluster_login_wait([], [], "app", 120, 0)


def test_renders(render: Callable[[str, str], Any]) -> None:
    annotations = "{'pgha.kubernetes/switched': '1970-01-01T00:01:40Z'}"
    secrets = f"[{{'metadata': {{'name': 'hot-app-login', 'annotations': {annotations}}}}}]"
    wait = "pgha.kubernetes.postgres_cluster_login_wait"
    assert render(f"{{{{ users | {wait}({secrets}, ['app'], '120', 130.2) }}}}", USERS) == 90
