# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters pgpool_files and pgpool_problems as templates use them; their logic has tests of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError

VARIABLES = """
contract:
  {name: hot, namespace: demo, exists: true, auth_method: md5, superuser_secret: null, max_connections: 100}
secrets:
  - {metadata: {name: hot-app}, type: kubernetes.io/basic-auth, data: {username: YXBw, password: b25l}}
generated: {key: k, pcp_password: p}
wanted: {replicas: 1, users: [app, monitor], params: {num_init_children: 10, max_pool: 1}}
"""


def test_files(render: Callable[[str, str], Any]) -> None:
    files = render("{{ secrets | pgha.kubernetes.pgpool_files(contract, generated=generated) }}", VARIABLES)
    assert sorted(files) == ["pcp.conf", "pcppass", "pgpoolkey", "pool_hba.conf", "pool_passwd"]
    assert files["pool_passwd"] == "app:md5b83606faf3d5cd6cda32851edbd1fda3\n"


def test_problems(render: Callable[[str, str], Any]) -> None:
    problems = render("{{ wanted | pgha.kubernetes.pgpool_problems(contract, secrets) }}", VARIABLES)
    assert [problem[:34] for problem in problems] == ["the user monitor has no Secret in "]


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ 'x' | pgha.kubernetes.pgpool_files(contract) }}", "give a list of Secrets, not"),
        (
            "{{ secrets | pgha.kubernetes.pgpool_files(contract, generated={}) }}",
            "pgha.kubernetes.pgpool_files: user 'pgpool'",
        ),
        ("{{ [] | pgha.kubernetes.pgpool_problems(contract) }}", "what is wanted must be a mapping, not"),
        ("{{ wanted | pgha.kubernetes.pgpool_problems([]) }}", "the contract must be a mapping, not"),
    ],
)
def test_refusals(render: Callable[[str, str], Any], template: str, sentence: str) -> None:
    with pytest.raises(AnsibleError, match=sentence):
        render(template, VARIABLES)
