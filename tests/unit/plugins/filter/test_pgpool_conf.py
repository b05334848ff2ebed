# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_conf. What it makes is tested with plugin_utils/pgpool_conf.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.pgpool_conf import FilterModule, pgpool_conf

SECRET = "hunter2-S3cret"


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"pgpool_conf": pgpool_conf}


@pytest.mark.parametrize(("parameters", "kind"), [([], "list"), ("port", "str"), (None, "NoneType")])
def test_refuses_what_is_no_dict(parameters: object, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        pgpool_conf(parameters)
    assert str(caught.value) == f"pgha.kubernetes.pgpool_conf: a dict is right, not {kind}"


def test_tells_why_without_the_secret() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^pgha\.kubernetes\.pgpool_conf: sr_check_password holds a"
    ) as caught:
        pgpool_conf({"sr_check_password": SECRET + "'"})
    assert SECRET not in str(caught.value)


def test_hands_the_release_on() -> None:
    with pytest.raises(AnsibleFilterError, match=r"work_dir is new in Pgpool-II 4.7; 4.6.1 would ignore it"):
        pgpool_conf({"work_dir": "/run/pgpool"}, version="4.6.1")


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    check: pw
    parameters: {port: 9999, ssl: false, sr_check_password: "{{ check }}", log_line_prefix: "pid=%p "}
    """
    assert render("{{ parameters | pgha.kubernetes.pgpool_conf }}", variables) == (
        "port = '9999'\nssl = 'off'\nsr_check_password = 'pw'\nlog_line_prefix = 'pid=%p '\n"
    )


def test_names_types_as_the_user_knows_them(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(AnsibleError, match=r"port is 80 \(int\); right would be a whole number from 1024 to 65535"):
        render("{{ parameters | pgha.kubernetes.pgpool_conf }}", "parameters: {port: 80}")
    with pytest.raises(AnsibleError, match=r"ssl is 'maybe' \(str\); right would be true or false"):
        render("{{ parameters | pgha.kubernetes.pgpool_conf }}", "parameters: {ssl: maybe}")
