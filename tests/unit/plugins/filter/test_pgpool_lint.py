# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_lint. What it finds is tested with plugin_utils/pgpool_lint.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError

TASKS = Path(__file__).resolve().parents[4] / "roles/pgpool/tasks/preflight.yml"
VARIABLES = """
known:
  params: {use_watchdog: true}
  base: {enable_pool_hba: true, reserved_connections: 1, connection_life_time: 600, relcache_expire: 300,
         pcp_listen_addresses: ""}
  topology: services
  replicas: 1
"""


def test_renders(render: Callable[[str, str], Any]) -> None:
    findings = render("{{ known | pgha.kubernetes.pgpool_lint }}", VARIABLES)
    assert [(finding["id"], finding["severity"]) for finding in findings] == [
        ("watchdog", "refuse"),
        ("single-replica", "warn"),
    ]
    assert findings[0]["message"].startswith("pgpool_params.use_watchdog is true (boolean): ")


def test_allows(render: Callable[[str, str], Any]) -> None:
    assert render("{{ known | pgha.kubernetes.pgpool_lint(['watchdog', 'single-replica']) }}", VARIABLES) == []


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ [] | pgha.kubernetes.pgpool_lint }}", "pgha.kubernetes.pgpool_lint: a dict is right, not list"),
        ("{{ known | pgha.kubernetes.pgpool_lint('watchdog') }}", "allow has to be a list, not str"),
        ("{{ known | pgha.kubernetes.pgpool_lint(allow=['dog']) }}", r"did you mean watchdog\?"),
    ],
)
def test_refusals(render: Callable[[str, str], Any], template: str, sentence: str) -> None:
    with pytest.raises(AnsibleError, match=sentence):
        render(template, VARIABLES)


def test_the_role_hands_over_all_that_the_linter_knows(render: Callable[[str, str], Any]) -> None:
    block = next(task for task in yaml.safe_load(TASKS.read_text()) if "block" in task)
    variables = """
      __pgpool_base_params: {enable_pool_hba: true, reserved_connections: 1, connection_life_time: 600,
                             relcache_expire: 300, pcp_listen_addresses: ""}
      pgpool_load_balance: {preset: bounded}
      pgpool_params: {delay_threshold: 0}
      pgpool_topology: services
      pgpool_replicas: "1"
      pgpool_image: "pgpool:4.6.0"
      pgpool_hba_rules: ["local all all trust"]
      pgpool_check_user: postgres
      pgpool_monitor_user: postgres
      pgpool_lint_allow: [hba-trust-on-socket]
    """
    findings = render(block["vars"]["__pgpool_findings"], variables)
    assert [finding["id"] for finding in findings] == [
        "check-user-superuser",
        "check-user-superuser",
        "image-below-cve-floor",
        "single-replica",
    ]
