# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a Postgres object that is there would break."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_changes import change_problems


def postgres(**spec: Any) -> dict[str, Any]:
    return {"kind": "Postgres", "metadata": {"name": "hot"}, "spec": {"version": "17.9", **spec}}


def problems(wanted: dict[str, Any], *there: dict[str, Any]) -> list[str]:
    return list(change_problems(wanted, there))


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({"clientAuthMode": "scram"}, {"clientAuthMode": "scram"}),
        ({"clientAuthMode": "md5"}, {}),
        ({"clientAuthMode": "scram"}, {"version": "18.2"}),
    ],
)
def test_the_same_way_to_log_in(wanted: dict[str, Any], there: dict[str, Any]) -> None:
    assert problems(postgres(**wanted), postgres(**there)) == []


@pytest.mark.parametrize(
    ("wanted", "there", "now"),
    [
        ("md5", {"clientAuthMode": "scram"}, "scram"),
        ("scram", {"clientAuthMode": "md5"}, "md5"),
        ("scram", {}, "md5"),  # made by hand, with KubeDB's own default
        ("scram", {"clientAuthMode": "cert"}, "cert"),
    ],
)
def test_another_way_to_log_in_locks_out(wanted: str, there: dict[str, Any], now: str) -> None:
    [found] = problems(postgres(clientAuthMode=wanted), postgres(**there))
    assert found.startswith(
        f"postgres_cluster_kubedb.client_auth is {wanted!r} (string): the cluster has {now!r} and keeps its passwords"
    )


def test_a_new_cluster_has_what_it_likes() -> None:
    other = {**postgres(clientAuthMode="md5"), "metadata": {"name": "other"}}
    assert problems(postgres(clientAuthMode="scram"), other) == []
