# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secret of KubeDB's superuser: what breaks standbys is refused, and no sentence has the password."""

from __future__ import annotations

from base64 import b64encode

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_cluster import superuser_problems

KEYS = {"username_key": "username", "password_key": "password"}


def secret(**data: str) -> dict[str, dict[str, str]]:
    return {"data": {key: b64encode(value.encode()).decode() for key, value in data.items()}}


def test_nothing_is_wrong() -> None:
    assert list(superuser_problems("hot-auth", [], KEYS)) == []
    assert list(superuser_problems("hot-auth", [secret(username="postgres", password="Ab9_.~!-")], KEYS)) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "this Secret has no username and no password"),
        ({"username": "postgres"}, "this Secret has no password"),
        ({"username": "boss", "password": "x"}, "its username is 'boss', and KubeDB's standbys log in as postgres"),
        ({"username": "postgres", "password": "sec'ret"}, "its password has other characters than letters"),
    ],
)
def test_what_is_refused(data: dict[str, str], words: str) -> None:
    (found,) = superuser_problems("hot-auth", [secret(**data)], KEYS)
    assert found.startswith("postgres_cluster_superuser.secret is 'hot-auth' (string): ")
    assert words in found
    assert "sec'ret" not in found


def test_another_password_is_not_taken_from_there() -> None:
    there = secret(username="postgres", password="one")
    assert list(superuser_problems("hot-auth", [there], KEYS, "one")) == []
    (found,) = superuser_problems("hot-auth", [there], KEYS, "Xq7.wanted")
    assert "rotate it as KubeDB does it" in found
    assert "Xq7.wanted" not in found
