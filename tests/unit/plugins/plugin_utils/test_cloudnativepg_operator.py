# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's release manifest, and what of it is there."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_operator import (
    manifest_problem,
    manifests,
    status,
    to_remove,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

IMAGE = "ghcr.io/cloudnative-pg/cloudnative-pg:1.29.2"
# The shape of the release manifest, one of each kind, in its order.
MANIFEST: list[dict[str, Any] | None] = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cnpg-system"}},
    {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "clusters.x"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "cnpg-manager", "namespace": "cnpg-system"}},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "cnpg-manager"}},
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "cnpg-manager-rolebinding"},
        "subjects": [{"kind": "ServiceAccount", "name": "cnpg-manager", "namespace": "cnpg-system"}],
    },
    None,
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cnpg-controller-manager", "namespace": "cnpg-system"},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": "cloudnative-pg"}},
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "manager",
                            "image": IMAGE,
                            "imagePullPolicy": "Always",
                            "env": [{"name": "OPERATOR_IMAGE_NAME", "value": IMAGE}, {"name": "OTHER", "value": "x"}],
                            "resources": {"limits": {"cpu": "100m"}},
                        }
                    ]
                }
            },
        },
    },
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "cnpg"},
        "webhooks": [{"clientConfig": {"service": {"name": "cnpg-webhook-service", "namespace": "cnpg-system"}}}],
    },
]


def made(**changes: Any) -> dict[str, dict[str, Any]]:
    return {
        item["kind"]: item for item in manifests(MANIFEST, "1.29.2", changes.pop("namespace", "cnpg-system"), **changes)
    }


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["spec"]["template"]["spec"]["containers"][0]


def test_the_deployment_comes_last() -> None:
    assert next(iter(made())) == "Namespace"
    assert list(made())[-1] == "Deployment"
    assert list(made()).index("ValidatingWebhookConfiguration") < list(made()).index("Deployment")


def test_the_input_stays_as_it_is() -> None:
    before = copy.deepcopy(MANIFEST)
    made(namespace="other", image="r.io/x:1.29.2", resources={}, overrides={"spec": {"replicas": 2}}, fingerprint="abc")
    assert before == MANIFEST


def test_defaults() -> None:
    assert container(made()["Deployment"])["image"] == IMAGE
    assert container(made()["Deployment"])["imagePullPolicy"] == "IfNotPresent"
    assert container(made()["Deployment"])["resources"] == {"limits": {"cpu": "100m"}}
    assert "annotations" not in made()["Deployment"]["metadata"]


def test_another_namespace_everywhere() -> None:
    assert "cnpg-system" not in str(made(namespace="operators"))
    assert made(namespace="operators")["Namespace"]["metadata"]["name"] == "operators"


def test_image_resources_overrides_and_fingerprint() -> None:
    deployment = made(
        image="r.io/x:1.29.2",
        resources={"requests": {"cpu": "1"}},
        environment={"STANDBY_TCP_USER_TIMEOUT": 2000, "OTHER": "y"},
        overrides={"spec": {"replicas": 2}, "metadata": {"labels": {"a": "b"}}},
        fingerprint="abc",
    )["Deployment"]
    assert container(deployment)["image"] == "r.io/x:1.29.2"
    assert container(deployment)["env"][0]["value"] == "r.io/x:1.29.2"
    assert container(deployment)["env"][1:] == [
        {"name": "OTHER", "value": "y"},
        {"name": "STANDBY_TCP_USER_TIMEOUT", "value": "2000"},
    ]
    assert container(deployment)["resources"] == {"requests": {"cpu": "1"}}
    assert deployment["spec"]["replicas"] == 2
    assert deployment["metadata"]["labels"] == {"a": "b"}
    # The seal of before goes.
    assert deployment["metadata"]["annotations"] == {"pgha.kubernetes/applied": "abc", "pgha.kubernetes/seal": ""}


def test_pods_of_the_operator_go_to_different_nodes() -> None:
    made_of_one, made_of_two = (made(replicas=replicas)["Deployment"]["spec"] for replicas in (1, 2))
    assert made_of_one["replicas"] == 1
    assert "topologySpreadConstraints" not in made_of_one["template"]["spec"]
    assert made_of_two["replicas"] == 2
    [spread] = made_of_two["template"]["spec"]["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "DoNotSchedule")
    assert spread["labelSelector"] == made_of_two["selector"]
    assert made_of_two["strategy"]["rollingUpdate"]["maxUnavailable"] == 1


@pytest.mark.parametrize("documents", [[], [MANIFEST[0]], MANIFEST[:5], [*MANIFEST, MANIFEST[6]]])
def test_refuses_what_is_no_release_manifest(documents: list[Any]) -> None:
    with pytest.raises(InputError, match=r"^cloudnativepg_manifest is no release manifest of CloudNativePG: give one"):
        manifests(documents, "1.29.2", "cnpg-system")


def test_refuses_another_version() -> None:
    with pytest.raises(
        InputError, match=r"holds CloudNativePG 1\.29\.2, cloudnativepg_version is '1\.30\.0': give two"
    ):
        manifests(MANIFEST, "1.30.0", "cnpg-system")


def test_removes_in_reverse_and_keeps_the_namespace() -> None:
    kinds = [item["kind"] for item in to_remove(MANIFEST, "cnpg-system")]
    assert (kinds[0], kinds[-1]) == ("Deployment", "Lease")
    assert "Namespace" not in kinds
    assert len(kinds) == len([item for item in MANIFEST if item])
    other = to_remove(MANIFEST, "shared")
    assert {item["metadata"].get("namespace") for item in other} == {None, "shared"}
    assert all(set(item) == {"apiVersion", "kind", "metadata"} for item in other)


def deployment(**changes: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": changes.get("name", "cnpg-controller-manager"),
            "namespace": changes.get("namespace", "cnpg-system"),
            "generation": 2,
            "annotations": changes.get("annotations", {"pgha.kubernetes/applied": "abc"}),
            "labels": {"app.kubernetes.io/name": "cloudnative-pg", **changes.get("labels", {})},
        },
        "spec": {
            "replicas": changes.get("replicas", 2),
            "template": {"spec": {"containers": [{"image": changes.get("image", IMAGE)}]}},
        },
        "status": {
            "availableReplicas": changes.get("available", 2),
            "replicas": changes.get("all", 2),
            "updatedReplicas": 2,
            "observedGeneration": changes.get("observed", 2),
        },
    }


NONE: dict[str, Any] = {"foreign": "", "elsewhere": "", "sealed": [], "drifted": []}


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        ([], {**NONE, "installed": "", "image": "", "current": False, "available": False}),
        ([deployment()], {**NONE, "installed": "1.29.2", "image": IMAGE, "current": True, "available": True}),
        ([deployment(annotations={"pgha.kubernetes/applied": "other"})], {"current": False, "available": True}),
        ([deployment(replicas=0)], {"current": False, "available": False}),
        ([deployment(annotations=None)], {"current": True, "foreign": "cnpg-system/cnpg-controller-manager"}),
        (
            [deployment(annotations=None, image="x:1.28.0")],
            {"installed": "1.28.0", "current": False, "foreign": "cnpg-system/cnpg-controller-manager"},
        ),
        # As a user gives it over to this collection.
        (
            [deployment(annotations={"pgha.kubernetes/applied": ""}, image="x:1.28.0")],
            {"current": False, "foreign": "", "newer": False},
        ),
        ([deployment(annotations={"pgha.kubernetes/applied": "abc"}, image="x:1.29.3")], {"newer": True}),
        ([deployment(annotations={"pgha.kubernetes/applied": "abc"}, image="x:1.100.0")], {"newer": True}),
        ([deployment(annotations={"pgha.kubernetes/applied": "abc"}, image="x:latest")], {"newer": False}),
        ([deployment(observed=1)], {"available": False}),
        ([deployment(available=1)], {"available": True}),
        ([deployment(available=0)], {"available": False}),
        ([deployment(all=3)], {"available": False}),
        ([deployment(namespace="other")], {"foreign": "other/cnpg-controller-manager", "elsewhere": "other"}),
        (
            [deployment(namespace="other", annotations=None)],
            {"current": True, "foreign": "other/cnpg-controller-manager", "elsewhere": ""},
        ),
        ([deployment(namespace="other", name="cnpg-helm")], {"foreign": "other/cnpg-helm", "elsewhere": ""}),
        ([deployment(name="cnpg-helm", image="x:1.28.0")], {"current": False, "foreign": "cnpg-system/cnpg-helm"}),
        ([deployment(namespace="other"), deployment()], {"foreign": "", "elsewhere": ""}),
    ],
)
def test_status(deployments: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    found = status(deployments, "1.29.2", "cnpg-system", "abc")
    assert {key: found[key] for key in expected} == expected


DIGEST = "ghcr.io/cloudnative-pg/cloudnative-pg@sha256:29a260e74652a6ba0422cd95e2c7871443bcd5ff32404784689544ef9a551f7b"
OLM, LABEL = "olm.owner", "app.kubernetes.io/version"


@pytest.mark.parametrize(
    ("image", "labels", "installed"),
    [
        # As OLM installs it.
        (DIGEST, {OLM: "cloudnative-pg.v1.29.2", LABEL: "1.0.0"}, "1.29.2"),
        (DIGEST, {OLM: "cloudnative-pg.v1.30.0-rc1"}, "1.30.0-rc1"),
        # As somebody else's chart or pipeline does.
        (DIGEST, {LABEL: "1.29.2"}, "1.29.2"),
        (DIGEST, {LABEL: "v1.29.2", OLM: "pgs"}, "1.29.2"),
        ("registry:5000/cnpg:main", {LABEL: "1.29.2"}, "1.29.2"),
        # What the tag says holds: that is what runs.
        ("registry:5000/cnpg:1.29.1", {OLM: "cloudnative-pg.v1.29.2"}, "1.29.1"),
        ("registry:5000/cnpg:main", {}, "main"),
        (DIGEST, {}, ""),
    ],
)
def test_the_version_where_the_image_has_none(image: str, labels: dict[str, str], installed: str) -> None:
    there = deployment(name="cnpg", annotations=None, image=image, labels=labels)
    found = status([there], "1.29.2", "cnpg-system")
    assert (found["installed"], found["current"]) == (installed, installed == "1.29.2")
    del there["metadata"]["labels"]
    assert status([there], "1.29.2", "cnpg-system")["current"] is False


@pytest.mark.parametrize(
    ("changes", "by_hand"),
    [
        ({}, False),
        ({"annotations": None}, True),
        ({"annotations": None, "labels": {OLM: "cloudnative-pg.v1.29.1"}}, False),
        ({"annotations": None, "namespace": "other"}, False),
        ({"annotations": None, "name": "cnpg-helm"}, False),
    ],
)
def test_what_may_be_taken_over(changes: dict[str, Any], by_hand: bool) -> None:
    assert status([deployment(**changes)], "1.29.2", "cnpg-system", "abc")["by_hand"] is by_hand


@pytest.mark.parametrize("wanted", ["1.30.0-rc1", "1.29.2-rc1", "main"])
def test_a_candidate_is_not_taken_for_older(wanted: str) -> None:
    assert status([deployment()], wanted, "cnpg-system", "abc")["newer"] is False


@pytest.mark.parametrize(
    ("installed", "wanted", "first"),
    [
        ("1.29.2", "1.29.9", ""),
        ("1.29.2", "1.30.0", ""),
        ("1.29.2", "1.30.0-rc1", ""),
        ("1.29.2", "1.31.0", "1.30"),
        ("1.29.2", "1.33.0-rc1", "1.30"),
        ("1.31.0", "1.29.2", ""),
        # Nobody knows which is the last minor version of a major one.
        ("1.29.2", "2.4.0", ""),
        # What cannot be told is not refused.
        ("main", "1.31.0", ""),
        ("1", "1.31.0", ""),
        ("1.29.2", "main", ""),
    ],
)
def test_the_minor_version_that_comes_first(installed: str, wanted: str, first: str) -> None:
    assert status([deployment(image=f"x:{installed}")], wanted, "cnpg-system", "abc")["next_minor"] == first


@pytest.mark.parametrize(
    ("installed", "wanted", "ends"),
    [
        ("1.29.2", "1.30.0", False),
        ("1.30.1", "1.31.0", True),
        ("1.30.1", "1.31.0-rc1", True),
        ("1.30.1", "2.0.0", True),
        ("1.31.0", "1.31.1", False),
        # It may be older.
        ("main", "1.31.0", True),
        ("main", "1.30.0", False),
        ("1.30.1", "main", False),
    ],
)
def test_whether_the_operator_s_own_backups_would_end(installed: str, wanted: str, ends: bool) -> None:
    assert status([deployment(image=f"x:{installed}")], wanted, "cnpg-system", "abc")["ends_built_in"] is ends


@pytest.mark.parametrize(("wanted", "ends"), [("1.30.0", False), ("1.31.0", True)])
def test_clusters_of_an_operator_that_is_gone_have_backups_too(wanted: str, ends: bool) -> None:
    found = status([], wanted, "cnpg-system", "abc")
    assert (found["ends_built_in"], found["next_minor"]) == (ends, "")


def seal(*checksums: str | None) -> list[dict[str, Any]]:
    kinds = ("ServiceAccount", "Service")
    return [
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": "cnpg"}, "checksum": checksum}
        for kind, checksum in zip(kinds, checksums, strict=True)
    ]


def sealed(text: str) -> dict[str, Any]:
    return deployment(annotations={"pgha.kubernetes/applied": "abc", "pgha.kubernetes/seal": text})


@pytest.mark.parametrize(
    ("now", "drifted"),
    [
        (seal("a", "b"), []),
        (seal("a", "c"), ["Service cnpg"]),
        (seal("", "b"), ["ServiceAccount cnpg"]),
        # What may not be read cannot be told.
        (seal(None, "b"), []),
    ],
)
def test_what_somebody_changed(now: list[dict[str, Any]], drifted: list[str]) -> None:
    found = status([sealed(json.dumps(seal("a", "b")))], "1.29.2", "cnpg-system", "abc", now)
    assert found["sealed"] == seal("a", "b")
    assert (found["drifted"], found["current"]) == (drifted, not drifted)


def test_the_seal_of_what_is_not_wanted_any_more_says_nothing() -> None:
    """As where a run with other variables was killed half-way."""
    found = status([sealed(json.dumps(seal("a", "b")))], "1.29.2", "cnpg-system", "another", seal("a", "c"))
    assert (found["sealed"], found["drifted"], found["current"]) == ([], [], False)


@pytest.mark.parametrize(
    "there", [deployment(), *map(sealed, ["", "[]", "null", "7", "[7]", '[{"kind": "Service"}]', '["a"]'])]
)
def test_without_what_the_seal_should_say_everything_is_applied(there: dict[str, Any]) -> None:
    found = status([there], "1.29.2", "cnpg-system", "abc", [])
    assert (found["sealed"], found["drifted"], found["current"]) == ([], [], False)
    assert status([there], "1.29.2", "cnpg-system", "abc")["current"]


def test_one_of_somebody_else_has_none() -> None:
    other = sealed(json.dumps(seal("a", "b")))
    other["metadata"]["namespace"] = "other"
    found = status([other], "1.29.2", "cnpg-system", "abc", [])
    assert (found["sealed"], found["current"]) == ([], True)


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        (MANIFEST, ""),
        ([], "cloudnativepg_manifest is '/x' (string): it cannot be read; give an address"),
        ([None], "it cannot be read"),
        (["a page that is no YAML mapping"], "is no release manifest"),
        ([{"kind": "List"}], "is no release manifest"),
    ],
)
def test_manifest_problem(documents: list[Any], words: str) -> None:
    found = manifest_problem(documents, "1.29.2", "/x")
    assert words in found
    assert bool(found) == bool(words)
    assert "holds CloudNativePG 1.29.2" in manifest_problem(MANIFEST, "1.30.0", "/x")
