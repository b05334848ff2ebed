# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter backup_makers, as templates use it, with the adapters behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.filter.backup_makers import backup_makers

BY_PLUGIN = {"plugins": [{"name": "barman-cloud.cloudnative-pg.io"}]}


def cluster(kind: str, **spec: Any) -> list[dict[str, Any]]:
    return [{"kind": kind, "metadata": {"name": "pg"}, "spec": spec}]


def test_backup_makers(render: Callable[[str, str], Any]) -> None:
    variables = "objects: [{kind: Cluster, metadata: {name: pg}, spec: {backup: {barmanObjectStore: {}}}}]"
    result = render("{{ objects | pgha.kubernetes.backup_makers('pg', 'demo') }}", variables)
    assert result == [
        {
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "ScheduledBackup",
            "metadata": {"name": "pg", "namespace": "demo"},
        }
    ]


@pytest.mark.parametrize(
    ("operator", "objects", "kinds"),
    [
        ("cloudnativepg", cluster("Cluster", **BY_PLUGIN), ["ScheduledBackup"]),
        ("cloudnativepg", cluster("Cluster"), []),
        ("kubedb", cluster("Postgres", archiver={"ref": {"name": "pg"}}), ["BackupConfiguration", "PostgresArchiver"]),
        ("kubedb", cluster("Postgres", archiver={"ref": {"name": "of-another"}}), []),
        ("kubedb", [], []),
        ("existing", [], []),
    ],
)
def test_each_operator(operator: str, objects: list[dict[str, Any]], kinds: list[str]) -> None:
    assert [item["kind"] for item in backup_makers(objects, "pg", "demo", operator)] == kinds


def test_wrong_input(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a list, not str"):
        render("{{ 'x' | pgha.kubernetes.backup_makers('pg', 'demo') }}", "{}")
    with pytest.raises(Exception, match="operator is 'x'"):
        render("{{ [] | pgha.kubernetes.backup_makers('pg', 'demo', 'x') }}", "{}")
