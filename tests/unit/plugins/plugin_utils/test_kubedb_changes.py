# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a Postgres object that is there would break."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import ANNOTATION
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_changes import change_problems, requests_left


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


def configuration(text: str) -> dict[str, Any]:
    return {"configuration": {"inline": {"user.conf": text}}}


def resources(cpu: str) -> dict[str, Any]:
    containers = [{"name": "postgres", "resources": {"requests": {"cpu": cpu}}}]
    return {"podTemplate": {"spec": {"containers": containers}}}


def issuer(name: str) -> dict[str, Any]:
    return {"sslMode": "verify-full", "tls": {"issuerRef": {"name": name}}}


def applied(there: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a cluster that was applied with `spec`, and is as `there` now."""
    cluster = postgres(**(spec if there is None else there))
    return {**cluster, "metadata": {"name": "hot", "annotations": {ANNOTATION: json.dumps(postgres(**spec))}}}


def left(wanted: dict[str, Any], there: dict[str, Any]) -> list[str]:
    return list(requests_left(postgres(**wanted), [there]))


@pytest.mark.parametrize(
    ("wanted", "before", "variable", "kind"),
    [
        (configuration("a"), configuration("b"), "postgres_cluster_parameters", "Reconfigure"),
        (resources("2"), resources("1"), "postgres_cluster_resources", "VerticalScaling"),
        (resources("2"), {}, "postgres_cluster_resources", "VerticalScaling"),
        ({}, resources("1"), "postgres_cluster_resources", "VerticalScaling"),
        (issuer("a"), {}, "postgres_cluster_kubedb.issuer", "ReconfigureTLS"),
        ({}, issuer("a"), "postgres_cluster_kubedb.issuer", "ReconfigureTLS"),
    ],
)
def test_what_takes_a_request_is_said(wanted: dict[str, Any], before: dict[str, Any], variable: str, kind: str) -> None:
    [found] = left(wanted, applied(**before))
    assert found.startswith(f"{variable} is not what hot was applied with: this run writes it into the Postgres object")
    assert f"by a {kind} of PostgresOpsRequest" in found


def test_what_takes_no_request() -> None:
    everything = configuration("a") | resources("1") | issuer("a")
    other = configuration("b") | resources("2") | issuer("b")
    assert left(everything, applied(**everything)) == []
    assert left(everything, applied({**everything, "replicas": 3}, **other)) == []  # a request has done it
    assert left(everything, applied({**other, "halted": True}, **other)) == []
    assert left(everything, postgres(**other)) == []
    assert list(requests_left(postgres(**everything), [])) == []
