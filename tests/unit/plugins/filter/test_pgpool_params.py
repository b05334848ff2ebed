# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_params. What it makes is tested with plugin_utils/pgpool_conf.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pgpool_params import FilterModule, pgpool_params

SECRET = "hunter2-S3cret"


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pgpool_params": pgpool_params}


@pytest.mark.parametrize(("parameters", "kind"), [([], "list"), ("port", "str"), (None, "NoneType")])
def test_refuses_what_is_no_dict(parameters: object, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        pgpool_params(parameters)
    assert str(caught.value) == f"pgha.kubernetes.pgpool_params: a dict is right, not {kind}"


def test_tells_why_without_the_secret() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^pgha\.kubernetes\.pgpool_params: sr_check_password is a s"
    ) as caught:
        pgpool_params({"sr_check_password": SECRET})
    assert SECRET not in str(caught.value)


def test_hands_the_release_on() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"log_backend_messages is new in Pgpool-II 4.6; 4.5.7 would ignore it"
    ):
        pgpool_params({"log_backend_messages": "terse"}, version="4.5.7")


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = (
        "parameters: {num_init_children: 32, load_balance_mode: true, delay_threshold: 1MB, backend_weight0: 0.5}"
    )
    assert render("{{ parameters | pgha.kubernetes.pgpool_params(version='4.6.1') }}", variables) == [
        {"name": "PGPOOL_PARAMS_NUM_INIT_CHILDREN", "value": "32"},
        {"name": "PGPOOL_PARAMS_LOAD_BALANCE_MODE", "value": "on"},
        {"name": "PGPOOL_PARAMS_DELAY_THRESHOLD", "value": "1MB"},
        {"name": "PGPOOL_PARAMS_BACKEND_WEIGHT0", "value": "0.5"},
    ]
