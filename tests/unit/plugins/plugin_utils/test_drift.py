# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits that drills make by hand."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drift import FIELDS, drift_edits


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "demo", "uid": "1"}, **more}


@pytest.mark.parametrize(
    ("given", "field", "patch"),
    [
        (
            item("Service", spec={"selector": {"a": "b", "app.kubernetes.io/instance": "x"}}),
            "spec.selector.app.kubernetes.io/instance",
            {"spec": {"selector": {"app.kubernetes.io/instance": "edited-by-a-drill"}}},
        ),
        (
            item("Service", spec={"selector": {"b": "1", "a": "2"}}),
            "spec.selector.a",
            {"spec": {"selector": {"a": "edited-by-a-drill"}}},
        ),
        (item("Deployment", spec={"replicas": 2}), "spec.replicas", {"spec": {"replicas": 3}}),
        (item("PodDisruptionBudget", spec={"minAvailable": 1}), "spec.minAvailable", {"spec": {"minAvailable": 2}}),
        (
            item("Secret", data={"key": "a", "pool_passwd": "Yg=="}),
            "data.pool_passwd",
            {"data": {"pool_passwd": "ZWRpdGVkIGJ5IGEgZHJpbGw="}},
        ),
        (item("ConfigMap", data={"key": "a"}), "data.key", {"data": {"key": "edited-by-a-drill"}}),
        (item("Cluster", spec={"stopDelay": 180}), "spec.stopDelay", {"spec": {"stopDelay": 181}}),
    ],
)
def test_one_field_is_edited(given: dict[str, Any], field: str, patch: dict[str, Any]) -> None:
    [edit] = drift_edits([given])
    whom = {"apiVersion": "v1", "kind": given["kind"], "metadata": {"name": "x", "namespace": "demo"}}
    assert edit["patch"] == {**whom, **patch}
    assert (edit["was"]["object"], edit["was"]["field"]) == (f"{given['kind']} x", field)


def test_what_was_is_alike_before_and_afterwards_and_tells_no_secret() -> None:
    secret = item("Secret", data={"pool_passwd": "c2VjcmV0"})
    [before], [after] = drift_edits([secret]), drift_edits([{**secret, "status": {}}])
    assert before["was"] == after["was"]
    assert "c2VjcmV0" not in str(before)
    [other] = drift_edits([item("Secret", data={"pool_passwd": "b3RoZXI="})])
    assert other["was"] != before["was"]


@pytest.mark.parametrize(
    "given",
    [
        item("Pod", spec={}),
        item("Secret", type="kubernetes.io/tls", data={"tls.crt": "a"}),
        item("Service", spec={}),
        item("ConfigMap", data={}),
    ],
)
def test_what_has_no_such_field_is_left_alone(given: dict[str, Any]) -> None:
    assert drift_edits([given]) == []


def test_each_field_has_keys() -> None:
    assert all(len(path) > 1 for path in FIELDS.values())
