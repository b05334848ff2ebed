# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters behind users and the superuser of KubeDB, as templates call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_change_problems import kubedb_change_problems
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_license_problems import kubedb_license_problems
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_pending import kubedb_pending
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_refusal import kubedb_refusal
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_status import kubedb_status
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_superuser_problems import kubedb_superuser_problems
from ansible_collections.pgha.kubernetes.plugins.filter.kubedb_values import kubedb_values
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


def test_changes(render: Callable[[str, str], Any]) -> None:
    postgres = "kind: Postgres, metadata: {name: hot}, spec: {clientAuthMode"
    variables = f"{{wanted: {{{postgres}: md5}}}}, there: [{{{postgres}: scram}}}}]}}"
    (found,) = render("{{ wanted | pgha.kubernetes.kubedb_change_problems(there) }}", variables)
    assert "the cluster has 'scram'" in found
    assert render("{{ wanted | pgha.kubernetes.kubedb_change_problems(there, what='requests') }}", variables) == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: postgres_cluster_sql({}, []), "users and databases must be lists"),
        (lambda: postgres_cluster_old_jobs({}, "a"), "give a list of Jobs, not dict"),
        (lambda: postgres_cluster_secret_versions([], [], "a"), "give lists"),
        (lambda: kubedb_superuser_problems({}, "a", {}), "give a list of Secrets, not dict"),
        (lambda: kubedb_change_problems({}, {}), "give a Postgres object and a list of objects"),
        (lambda: kubedb_change_problems({}, [], "all"), "what is 'all': give problems or requests"),
    ],
)
def test_what_is_no_list_is_refused(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        call()


def test_the_operators_filters(render: Callable[[str, str], Any]) -> None:
    values = render("{{ 's' | pgha.kubernetes.kubedb_values('registry.example') }}", "{}")
    assert values["global"]["registryFQDN"] == "registry.example"
    same = "{{ {'chart': 'kubedb-v1', 'status': 'deployed', 'values': {}} | pgha.kubernetes.kubedb_status('v1', {}) }}"
    found = render(same, "{}")
    assert (found["installed"], found["current"]) == ("v1", True)
    assert render("{{ [] | pgha.kubernetes.kubedb_pending('PlacementPolicy') }}", "{}") == [
        "there is no such PlacementPolicy yet"
    ]
    (found,) = render("{{ '' | pgha.kubernetes.kubedb_license_problems('kubedb_license', 'uid-1') }}", "{}")
    assert "request one for the cluster uid-1" in found
    assert render("{{ '' | pgha.kubernetes.kubedb_license_problems('kubedb_license', 'uid-1', days=30) }}", "{}") == []
    events = "{events: [{kind: Event, reason: License Verification Failed}]}"
    assert "for the cluster uid-1" in render("{{ events | pgha.kubernetes.kubedb_refusal('uid-1') }}", events)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kubedb_values({}), "give a Secret's name, not dict"),
        (lambda: kubedb_status([], "v1", {}), "give a mapping, not list"),
        (lambda: kubedb_status({"status": "pending-install"}, "v1", {}), "that is no time"),
        (lambda: kubedb_pending({}, "Pod"), "give a list of objects, not dict"),
        (lambda: kubedb_license_problems({}, "a", "b"), "give a text, not dict"),
        (lambda: kubedb_refusal({}, "uid-1"), "give a list of Events, not dict"),
    ],
)
def test_what_is_of_another_type_is_refused(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        call()
