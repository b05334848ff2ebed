# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pool_passwd. What it makes is tested with plugin_utils/pool_passwd.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pool_passwd import FilterModule, pool_passwd

SECRET = "hunter2-S3cret"


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pool_passwd": pool_passwd}


def test_hands_its_arguments_on() -> None:
    assert pool_passwd([{"name": "app", "password": "foo"}], "aes", "secret") == ["app:AESspLxkQKd0MsKGnf8RHukyA=="]


@pytest.mark.parametrize(("users", "kind"), [("app", "str"), (None, "NoneType"), (5, "int")])
def test_refuses_what_is_no_collection_of_users(users: object, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        pool_passwd(users)
    assert str(caught.value) == f"pgha.kubernetes.pool_passwd: a dict or a list is right, not {kind}"


def test_tells_why_without_the_password() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^pgha\.kubernetes\.pool_passwd: user 'app': the password "
    ) as caught:
        pool_passwd({"app": SECRET + "\n"})
    assert SECRET not in str(caught.value)


def test_renders(render: Callable[[str, str], Any]) -> None:
    lines = render("{{ {'app': 'secret', 'bi': 'p:w'} | pgha.kubernetes.pool_passwd }}", "{}")
    assert lines == ["app:md56a422f785c9e20873908ce25d1736ae2", "bi:md54d50ce8abc175a20dc5e5da0a3f0cbe6"]


def test_renders_templates_in_variables(render: Callable[[str, str], Any]) -> None:
    template = "{{ users | pgha.kubernetes.pool_passwd(method='aes', key=pgpool_key) }}"
    variables = """
    pgpool_key: secret
    app_password: foo
    users:
      - {name: app, password: "{{ app_password }}"}
      - {name: "{{ 'legacy' }}", password: "{{ app_password * 8 }}", method: text}
    """
    assert render(template, variables) == ["app:AESspLxkQKd0MsKGnf8RHukyA==", "legacy:TEXTfoofoofoofoofoofoofoofoo"]


def test_renders_no_password_into_an_error(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(AnsibleError, match="the password holds a line break") as caught:
        render("{{ users | pgha.kubernetes.pool_passwd }}", f'users: {{app: "{SECRET}\\n"}}')
    assert SECRET not in str(caught.value)
