# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters unready_containers and log_ends. What they make is tested with plugin_utils/diagnosis.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter import log_ends, unready_containers


@pytest.mark.parametrize("plugin", [log_ends, unready_containers])
def test_is_offered_by_its_name_and_refuses_what_is_no_list(plugin: Any) -> None:
    [(name, function)] = plugin.FilterModule().filters().items()
    assert name == plugin.__name__.rpartition(".")[2]
    with pytest.raises(AnsibleFilterError, match="not dict"):
        function({})


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    pods:
      - kind: Pod
        metadata: {name: hot-1}
        status: {containerStatuses: [{name: db, containerID: x, ready: false}]}
      - kind: Pod
        metadata: {name: hot-eu-1, labels: {cnpg.io/cluster: hot-eu}}
        status: {containerStatuses: [{name: db, containerID: x, ready: false}]}
    results:
      - {which: {pod: hot-1, container: db}, log: "It broke.\n"}
      - {which: {pod: hot-2, container: db}, msg: it cannot be read}
    """
    assert render("{{ pods | pgha.kubernetes.unready_containers('hot-', cluster='hot') }}", variables) == [
        {"pod": "hot-1", "container": "db"}
    ]
    assert render("{{ results | pgha.kubernetes.log_ends(loop_var='which') }}", variables) == [
        "pod hot-1, container db logged last:",
        "  It broke.",
    ]
