# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pool_hba. What it makes is tested with plugin_utils/pgpool_conf.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pool_hba import FilterModule, pool_hba


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pool_hba": pool_hba}


@pytest.mark.parametrize(("rules", "kind"), [({}, "dict"), ("local all all trust", "str"), (None, "NoneType")])
def test_refuses_what_is_no_list(rules: object, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        pool_hba(rules)
    assert str(caught.value) == f"pgha.kubernetes.pool_hba: a list is right, not {kind}"


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.pool_hba: rule 1 of pool_hba: method 'password'"):
        pool_hba(["host all all all password"])


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    rules:
      - {type: local, method: trust}
      - {type: hostssl, database: [shop, stock], user: app, address: 10.0.0.0/8, method: scram-sha-256}
    """
    assert render("{{ rules | pgha.kubernetes.pool_hba }}", variables) == (
        "# TYPE   DATABASE    USER  ADDRESS     METHOD         OPTIONS\n"
        "local    all         all               trust\n"
        "hostssl  shop,stock  app   10.0.0.0/8  scram-sha-256\n"
    )
