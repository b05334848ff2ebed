# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters about two logins of a user. What they say is tested with plugin_utils/postgres_cluster_logins.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_logins import (
    FilterModule,
    postgres_cluster_logins,
)

USERS = """
users:
  - {name: app, secret: hot-app, second: "{{ 'app_2' }}", login_secret: hot-app-login, state: present}
  - {name: app_2, secret: hot-app-2, first: app, login_secret: hot-app-login, state: present}
"""


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"postgres_cluster_logins": postgres_cluster_logins}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="users and Secrets must be lists"):
        postgres_cluster_logins([], {})


@pytest.mark.parametrize(("what", "shown"), [("states", ["app_2"]), ("write", []), ("pending", [])])
def test_renders(render: Callable[[str, str], Any], what: str, shown: list[str]) -> None:
    template = f"{{{{ users | pgha.kubernetes.postgres_cluster_logins([], '{what}') | map(attribute='other') }}}}"
    assert render(template, USERS) == shown


def test_renders_what_is_there(render: Callable[[str, str], Any]) -> None:
    secrets = """
secrets:
  - metadata: {name: hot-app, labels: {a: "{{ 'b' }}"}}
    data: {username: YXBw, password: eA==}
  - metadata: {name: hot-app-2, labels: {a: b}, annotations: {pgha.kubernetes/rotation: "1"}}
    data: {username: YXBwXzI=, password: eQ==}
  - metadata: {name: hot-app-login, labels: {a: b, pgha.kubernetes/login: "true"}}
    data: {username: YXBw, password: eA==}
"""
    write = "pgha.kubernetes.postgres_cluster_logins(secrets, 'write', labels={'a': 'b'}"
    assert render(f"{{{{ users | {write}) }}}}", USERS + secrets) == []
    (entry,) = render(f"{{{{ users | {write}, seen=['app_2'], now='2026-11-25T10:00:00Z') }}}}", USERS + secrets)
    assert (entry["name"], entry["data"]) == ("app_2", {"username": "YXBwXzI=", "password": "eQ=="})
    (pending,) = render("{{ users | pgha.kubernetes.postgres_cluster_logins(secrets, 'pending') }}", USERS + secrets)
    assert pending["metadata"]["name"] == "hot-app-2"
