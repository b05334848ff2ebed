# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody deletes or edits of the operator and of Prometheus, `site.yml` finds and mends.

The drills do that with the objects of PostgreSQL and of Pgpool-II.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Cluster, run_playbook

# Of each kind what is edited: a field that a playbook sets, as what somebody adds is nobody's to take away. Of a
# mapping it is the value of a key.
EDITS: dict[str, tuple[str, Any]] = {
    "ServiceAccount": ("/metadata/labels", "by-hand"),
    "ConfigMap": ("/data", "edited: by hand"),
    "Service": ("/spec/selector", "by-hand"),
    "Deployment": ("/spec/template/spec/containers/0/args", ["edited", "by hand"]),
    "ClusterRole": ("/rules", []),
    "ClusterRoleBinding": ("/subjects", []),
    "MutatingWebhookConfiguration": ("/webhooks/0/failurePolicy", "Ignore"),
    "ValidatingWebhookConfiguration": ("/webhooks/0/failurePolicy", "Ignore"),
    "CustomResourceDefinition": ("/spec/versions/0/schema/openAPIV3Schema/description", "edited by hand"),
}


def through(cluster: Cluster, verb: str, objects: list[dict[str, Any]], *arguments: str) -> str:
    """Have kubectl do something with objects."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    return cluster.kubectl(verb, "--filename=-", *arguments, text=text)


def read(cluster: Cluster, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return json.loads(through(cluster, "get", objects, "--output=json"))["items"]


def held(item: dict[str, Any]) -> Any:
    """What an object holds, less what changes by itself."""

    def settled(value: Any) -> Any:
        if isinstance(value, dict):
            left_out = ("caBundle", "clusterIP", "clusterIPs")
            return {key: settled(inner) for key, inner in value.items() if key not in left_out}
        return [settled(inner) for inner in value] if isinstance(value, list) else value

    kept = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    return settled({**kept, "labels": item["metadata"].get("labels", {})})


def name_of(item: dict[str, Any]) -> str:
    return f"{item['kind']} {item['metadata']['name']}"


def is_ours(item: dict[str, Any]) -> bool:
    """Whether it is of Prometheus, which has our labels, and not of the operator."""
    return item["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "pgha.kubernetes"


@pytest.fixture(scope="module")
def managed(cluster: Cluster) -> list[dict[str, Any]]:
    """What site.yml made of the operator and of Prometheus, as it is."""
    ours = "--selector=app.kubernetes.io/managed-by=pgha.kubernetes"
    prometheus = Cluster(namespace="monitoring").get("serviceaccounts,configmaps,services,deployments", ours)
    everywhere = cluster.get("clusterroles,clusterrolebindings", ours)
    [operator] = Cluster(namespace="cnpg-system").get("deployments")
    sealed = json.loads(operator["metadata"]["annotations"]["pgha.kubernetes/seal"])
    found = read(cluster, [*sealed, *prometheus, *everywhere])
    assert len(found) > 25
    return found


def test_what_is_deleted_is_made_again(cluster: Cluster, managed: list[dict[str, Any]]) -> None:
    # With the definitions of kinds, the PostgreSQL clusters would go.
    gone = [item for item in managed if item["kind"] != "CustomResourceDefinition"]
    through(cluster, "delete", gone, "--timeout=120s")
    run = run_playbook("site")
    assert run.rc == 0, run.output
    uids = {item["metadata"]["uid"] for item in gone}
    made = read(cluster, gone)
    assert [name_of(item) for item in made if item["metadata"]["uid"] in uids] == []
    assert [name_of(was) for was, now in zip(gone, made, strict=True) if held(was) != held(now)] == []


def test_then_there_is_nothing_left_to_do() -> None:
    run = run_playbook("site")
    assert (run.rc, run.changed) == (0, 0), run.output
    assert "is not what was applied" not in run.said


def test_one_role_alone_is_missed(cluster: Cluster) -> None:
    """The Deployment, on which it stands what was applied, is as it was."""
    cluster.kubectl("delete", "clusterrole", "cnpg-manager")
    run = run_playbook("site")
    assert run.rc == 0, run.output
    assert "of which this is not what was applied: ClusterRole cnpg-manager." in run.said
    assert cluster.get("clusterroles", "cnpg-manager")[0]["rules"]


def edit(cluster: Cluster, item: dict[str, Any]) -> None:
    path, value = EDITS[item["kind"]]
    there: Any = item
    for step in path.strip("/").split("/"):
        there = there[int(step) if isinstance(there, list) else step]
    if isinstance(there, dict):
        path = f"{path}/{min(there).replace('~', '~0').replace('/', '~1')}"
    where = [f"--namespace={item['metadata']['namespace']}"] if "namespace" in item["metadata"] else []
    group = item["apiVersion"].rpartition("/")[0]
    kind = f"{item['kind']}.{item['apiVersion'].rpartition('/')[2]}.{group}" if group else item["kind"]
    patch = json.dumps([{"op": "replace", "path": path, "value": value}])
    cluster.kubectl(*where, "patch", kind, item["metadata"]["name"], "--type=json", f"--patch={patch}")


def test_what_is_edited_is_mended(cluster: Cluster, managed: list[dict[str, Any]]) -> None:
    # One object has nothing that could be edited: the operator's ServiceAccount has no labels.
    editable = [item for item in managed if item["kind"] != "ServiceAccount" or "labels" in item["metadata"]]
    assert len(editable) >= len(managed) - 1
    before = read(cluster, editable)
    for item in before:
        edit(cluster, item)
    edited = read(cluster, editable)
    assert [name_of(was) for was, now in zip(before, edited, strict=True) if held(was) == held(now)] == []

    run = run_playbook("cloudnativepg", "--check")
    assert run.rc == 0, run.output
    # Each by itself, as one of them has all applied.
    told = run.said.partition("this is not what was applied: ")[2].partition(" TASK [")[0]
    named = told.strip(" .'\"").split(", ")
    assert sorted(named) == sorted(name_of(item) for item in before if not is_ours(item))
    run = run_playbook("site")
    assert run.rc == 0, run.output
    mended = read(cluster, editable)
    left = [name_of(was) for was, now in zip(before, mended, strict=True) if held(was) != held(now)]
    assert left == []


def test_and_then_all_is_well() -> None:
    run = run_playbook("site")
    assert (run.rc, run.changed) == (0, 0), run.output
    run = run_playbook("verify")
    assert run.rc == 0, run.output
