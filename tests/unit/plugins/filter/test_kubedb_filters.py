# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters behind users and the superuser of KubeDB, as templates call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_superuser_problems import kubedb_superuser_problems
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_old_jobs import postgres_cluster_old_jobs
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_secret_versions import (
    postgres_cluster_secret_versions,
)
from ansible_collections.pgha.kubernetes.plugins.filter.postgres_cluster_sql import postgres_cluster_sql


def test_sql(render: Callable[[str, str], Any]) -> None:
    variables = "{users: [{name: app}], databases: [{name: app}]}"
    users = "users | pgha.kubernetes.postgres_cluster_users(databases, 'hot')"
    found = render(f"{{{{ {users} | pgha.kubernetes.postgres_cluster_sql(databases) }}}}", variables)
    assert 'ALTER DATABASE "app" OWNER TO "app";' in found


def test_old_jobs(render: Callable[[str, str], Any]) -> None:
    variables = "{jobs: [{metadata: {name: a, namespace: demo}}, {metadata: {name: b, namespace: demo}}]}"
    found = render("{{ jobs | pgha.kubernetes.postgres_cluster_old_jobs('b') }}", variables)
    assert [item["metadata"]["name"] for item in found] == ["a"]


def test_versions(render: Callable[[str, str], Any]) -> None:
    variables = "{read: [{metadata: {name: a, resourceVersion: '7'}}]}"
    found = render("{{ read | pgha.kubernetes.postgres_cluster_secret_versions([], ['a']) }}", variables)
    assert found == {"a": "7"}


def test_superuser(render: Callable[[str, str], Any]) -> None:
    variables = "{secrets: [{data: {u: Ym9zcw==, p: eA==}}], keys: {username_key: u, password_key: p}}"
    (found,) = render("{{ secrets | pgha.kubernetes.kubedb_superuser_problems('hot-auth', keys) }}", variables)
    assert "its u is 'boss'" in found


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: postgres_cluster_sql({}, []), "users and databases must be lists"),
        (lambda: postgres_cluster_old_jobs({}, "a"), "give a list of Jobs, not dict"),
        (lambda: postgres_cluster_secret_versions([], [], "a"), "give lists"),
        (lambda: kubedb_superuser_problems({}, "a", {}), "give a list of Secrets, not dict"),
    ],
)
def test_what_is_no_list_is_refused(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        call()
