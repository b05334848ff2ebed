# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter service_names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.service_names import FilterModule, service_names


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"service_names": service_names}


def test_renders_each_name_once(render: Callable[[str, str], Any]) -> None:
    names = render("{{ 'pg' | pgha.kubernetes.service_names('demo', more) }}", "more: [db.example.org, pg.demo]")
    assert names == ["pg", "pg.demo", "pg.demo.svc", "pg.demo.svc.cluster.local", "db.example.org"]


def test_refuses_what_is_no_text() -> None:
    with pytest.raises(AnsibleFilterError, match="a text is right, not list"):
        service_names(["pg"], "demo")
