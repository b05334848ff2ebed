# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters about two logins of a user. What they say is tested with plugin_utils/postgres_cluster_logins.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_login_problems import (
    FilterModule,
    postgres_cluster_login_problems,
)

USERS = """
users:
  - {name: app, secret: hot-app, second: "{{ 'app_2' }}", login_secret: hot-app-login, state: present}
  - {name: app_2, secret: hot-app-2, first: app, login_secret: hot-app-login, state: present}
"""


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"postgres_cluster_login_problems": postgres_cluster_login_problems}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="users and Secrets must be lists"):
        postgres_cluster_login_problems({}, [])


def test_renders(render: Callable[[str, str], Any]) -> None:
    secrets = "[{'metadata': {'name': 'hot-app-login'}}]"
    (problem,) = render(f"{{{{ users | pgha.kubernetes.postgres_cluster_login_problems({secrets}) }}}}", USERS)
    assert problem.startswith("the Secret hot-app-login is not of this collection")
    template = f"{{{{ users | pgha.kubernetes.postgres_cluster_login_problems({secrets}, then=[], seen=[]) }}}}"
    assert render(template, USERS) == []
