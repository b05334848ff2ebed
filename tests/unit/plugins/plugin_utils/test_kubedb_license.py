# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A licence that lets no operator run has a message of its own for each reason, and none has the licence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_license
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import make_ca, make_server
from cryptography import x509

NOW = datetime.now(UTC)
CLUSTER = "2b5e9d1c-7f3a-4c5e-9a1b-000000000001"
OTHER = "2b5e9d1c-7f3a-4c5e-9a1b-000000000002"
SOURCE = "kubedb_license.file is 'x' (path)"


def licence(*names: str, made: datetime = NOW) -> str:
    """A certificate of the shape that AppsCode gives, of our own making."""
    return make_server(list(names), make_ca("ours", made), made)[0]


def problems(text: str) -> list[str]:
    return list(kubedb_license.license_problems(text, SOURCE, CLUSTER, NOW))


def test_nothing_is_wrong() -> None:
    assert problems(licence(CLUSTER)) == []
    assert problems(licence("other.example", CLUSTER)) == []
    assert problems("\n" + licence(CLUSTER) + "\n\n") == []


def test_one_for_all_clusters() -> None:
    assert problems(licence("*.example.org")) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no licence, and KubeDB's operator ends without one; request one for the cluster " + CLUSTER),
        (" \n", "there is no licence"),
        ("hunter2", "this is no licence, which begins with -----BEGIN CERTIFICATE-----"),
        ("-----BEGIN CERTIFICATE-----\nhunter2", "this is no licence"),
        (
            "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----",
            "this is a certificate that cannot be read, so it is no licence",
        ),
        (licence(OTHER), f"for the cluster {OTHER}, not for this one; request one for the cluster {CLUSTER}"),
        (licence(CLUSTER, made=NOW - timedelta(days=900)), "this licence expired at "),
        (licence(CLUSTER, made=NOW + timedelta(days=3)), "this licence starts at "),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    (found,) = problems(text)
    assert found.startswith(SOURCE + ": ")
    assert words in found
    assert "hunter2" not in found


def test_expired_and_of_another_cluster_are_both_said() -> None:
    assert len(problems(licence(OTHER, made=NOW - timedelta(days=900)))) == 2


@pytest.mark.parametrize(("days", "warned"), [(31, False), (29, True), (1, True), (0, False), (-1, False)])
def test_one_that_expires_soon_is_warned_of(days: int, warned: bool) -> None:
    """One that has expired is refused."""
    text = licence(CLUSTER)
    end = x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc
    found = list(kubedb_license.license_warnings(text, SOURCE, CLUSTER, 30, end - timedelta(days=days)))
    assert len(found) == warned
    for said in found:
        assert said.startswith(f"{SOURCE}: this licence expires at {end:%Y-%m-%d}")
        assert f"request one for the cluster {CLUSTER}" in said


@pytest.mark.parametrize("text", ["", "hunter2", licence(OTHER)])
def test_of_one_that_is_refused_nothing_is_said_beside(text: str) -> None:
    assert list(kubedb_license.license_warnings(text, SOURCE, CLUSTER, 10000, NOW)) == []


def test_without_cryptography_the_form_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubedb_license, "HAS_CRYPTOGRAPHY", False)
    assert problems(licence(OTHER)) == []
    assert "this is no licence" in problems("hunter2")[0]
