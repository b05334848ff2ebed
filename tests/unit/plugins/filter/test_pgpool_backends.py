# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_backends. What it makes is tested with plugin_utils/pgpool_topology.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pgpool_backends import FilterModule, pgpool_backends

CONTRACT = """
contract:
  name: pg
  primary_host: pg-rw
  port: 5432
  standby_host: pg-ro
  instances:
    - {name: pg-2, host: pg-2.demo.svc, role: standby, ready: true, application_name: pg-2}
    - {name: pg-1, host: pg-1.demo.svc, role: primary, ready: true, application_name: pg-1}
"""


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pgpool_backends": pgpool_backends}


@pytest.mark.parametrize(("contract", "kind"), [([], "list"), ("pg", "str"), (None, "NoneType")])
def test_refuses_what_is_no_dict(contract: object, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        pgpool_backends(contract)
    assert str(caught.value) == f"pgha.kubernetes.pgpool_backends: a dict is right, not {kind}"


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.pgpool_backends: cluster 'pg' has no port"):
        pgpool_backends({"name": "pg"})


def test_renders(render: Callable[[str, str], Any]) -> None:
    parameters = render("{{ contract | pgha.kubernetes.pgpool_backends }}", CONTRACT)
    assert [parameters[f"backend_hostname{number}"] for number in range(3)] == [
        "pg-rw",
        "pg-1.demo.svc",
        "pg-2.demo.svc",
    ]


def test_renders_with_all_arguments(render: Callable[[str, str], Any]) -> None:
    template = (
        "{{ contract | pgha.kubernetes.pgpool_backends(topology='services', primary_weight=0, standby_weight=2)"
        " | combine({'sr_check_user': 'check'}) | pgha.kubernetes.pgpool_params }}"
    )
    variables = {variable["name"]: variable["value"] for variable in render(template, CONTRACT)}
    assert variables["PGPOOL_PARAMS_BACKEND_HOSTNAME1"] == "pg-ro"
    assert variables["PGPOOL_PARAMS_BACKEND_WEIGHT0"] == "0"
    assert variables["PGPOOL_PARAMS_BACKEND_WEIGHT1"] == "2"
    assert variables["PGPOOL_PARAMS_SR_CHECK_USER"] == "check"
