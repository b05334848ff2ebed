# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pcp_conf. What it makes is tested with plugin_utils/pool_passwd.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pcp_conf import FilterModule, pcp_conf

SECRET = "hunter2-S3cret"
CONF = "pcp:5ebe2294ecd0e0f08eab7690d2a6ee69\n"


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pcp_conf": pcp_conf}


@pytest.mark.parametrize(("users", "kind"), [("pcp", "str"), (None, "NoneType"), (5, "int")])
def test_refuses_what_is_no_collection_of_users(users: object, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        pcp_conf(users)
    assert str(caught.value) == f"pgha.kubernetes.pcp_conf: a dict or a list is right, not {kind}"


def test_tells_why_without_the_password() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.pcp_conf: user 'a:b': ") as caught:
        pcp_conf({"a:b": SECRET})
    assert SECRET not in str(caught.value)


def test_renders(render: Callable[[str, str], Any]) -> None:
    assert (
        render("{{ users | pgha.kubernetes.pcp_conf }}", "{password: secret, users: {pcp: '{{ password }}'}}") == CONF
    )
    assert render("{{ users | pgha.kubernetes.pcp_conf }}", "users: [{name: pcp, password: secret}]") == CONF
