# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which volumes are to grow, which of them the API would refuse to, and which would be of another class."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_volumes import (
    class_problems,
    growth_problems,
    growth_reads,
    size_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg

CLUSTER = Path(__file__).resolve().parents[2] / "fixtures/cloudnativepg/after_failover.json"
LEFT = {"spec": {"storage": {"resizeInUseVolumes": False}}}
WAL = {"spec": {"walStorage": {"size": "2Gi"}}}


def cluster(wal: str = "", left: bool | None = None, ours: bool = False) -> dict[str, Any]:
    """A Cluster with volumes of 1Gi.

    :param left: what it says of volumes that are there
    :param ours: whether it was applied with that
    """
    found = json.loads(CLUSTER.read_text(encoding="utf-8"))
    if wal:
        found["spec"]["walStorage"] = {"size": wal}
    if left is not None:
        found["spec"]["storage"]["resizeInUseVolumes"] = left
    if ours:
        key = "kubectl.kubernetes.io/last-applied-configuration"
        applied = json.loads(found["metadata"]["annotations"][key])
        applied["spec"]["storage"]["resizeInUseVolumes"] = left
        found["metadata"]["annotations"][key] = json.dumps(applied)
    return found


def wanted(size: str = "2Gi", overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    storage = {"size": size, "class": "standard"}
    return {"name": "hot-postgres", "namespace": "demo", "storage": storage, "overrides": overrides or {}}


def claim(size: str = "1Gi", storage_class: str = "standard", role: str = "PG_DATA") -> dict[str, Any]:
    spec = {"storageClassName": storage_class, "resources": {"requests": {"storage": size}}}
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "x", "labels": {"cnpg.io/pvcRole": role}},
        "spec": {key: value for key, value in spec.items() if value},
    }


def storage_class(name: str = "standard", **fields: Any) -> dict[str, Any]:
    return {"kind": "StorageClass", "metadata": {"name": name}, **fields}


@pytest.mark.parametrize(
    ("asked", "found", "reads"),
    [
        (wanted(), cluster(), True),
        (wanted("1025Mi"), cluster(), True),
        (wanted("1Gi"), cluster(), False),
        (wanted("1024Mi"), cluster(), False),
        (wanted("500Mi"), cluster(), False),  # which is refused without
        (wanted(), {}, False),
        (wanted("1Gi", WAL), cluster(wal="1Gi"), True),
        (wanted("1Gi", WAL), cluster(wal="2Gi"), False),
        (wanted("1Gi", WAL), cluster(), False),  # that volume is new
        (wanted("1Gi", {"spec": {"storage": {"size": "3Gi"}}}), cluster(), True),
        (wanted("2Gi", LEFT), cluster(), False),
        (wanted("1Gi", {"spec": {**LEFT["spec"], **WAL["spec"]}}), cluster(wal="1Gi"), False),
        (wanted("2Gi"), cluster(left=True), True),
        (wanted("1Gi"), cluster(left=True), False),
        # What this role wrote goes with the override; what somebody else wrote stays.
        (wanted("1Gi"), cluster(left=False, ours=True), True),
        (wanted("2Gi"), cluster(left=False), False),
        (wanted("2Gi", {"spec": "text"}), cluster(), True),
    ],
)
def test_asks_only_where_volumes_are_to_grow(asked: dict[str, Any], found: dict[str, Any], reads: bool) -> None:
    kinds = [item["kind"] for item in growth_reads(asked, found)]
    assert kinds == (["StorageClass", "PersistentVolumeClaim"] if reads else [])


def test_reads_the_claims_of_the_cluster() -> None:
    assert cloudnativepg.growth_reads(wanted(), [cluster()])[1] == {
        "api_version": "v1", "kind": "PersistentVolumeClaim", "namespace": "demo",
        "label_selectors": ["cnpg.io/cluster=hot-postgres"],
    }  # fmt: skip
    assert cloudnativepg.growth_reads(wanted(), []) == []


@pytest.mark.parametrize(
    ("asked", "objects", "words"),
    [
        (wanted(), [storage_class(), claim(), claim()], "their StorageClass 'standard' does not let them grow"),
        (wanted(), [storage_class(allowVolumeExpansion=False), claim()], "their StorageClass 'standard' does not"),
        (wanted(), [storage_class("other", allowVolumeExpansion=True), claim()], "their StorageClass 'standard'"),
        (wanted(), [storage_class(), claim(storage_class="")], "and they have no StorageClass"),
        (wanted(), [storage_class(allowVolumeExpansion=True), claim()], ""),
        (wanted(), [storage_class(), claim("2Gi")], ""),
        (wanted(), [storage_class(), claim(role="PG_WAL")], ""),
        (wanted("1Gi", LEFT), [storage_class(), claim()], ""),
    ],
)
def test_what_cannot_grow_is_refused_once(asked: dict[str, Any], objects: list[dict[str, Any]], words: str) -> None:
    found = list(growth_problems(asked, cluster(), objects))
    assert len(found) == bool(words)
    assert words in "".join(found)


def test_the_ways_out_are_named() -> None:
    [problem] = growth_problems(wanted("1Gi", WAL), cluster(wal="1Gi"), [storage_class(), claim(role="PG_WAL")])
    assert problem.startswith("postgres_cluster_overrides.spec.walStorage.size is '2Gi' (string): volumes of the")
    assert "set that in the StorageClass if its driver can do it, move the data to a new cluster with" in problem
    assert problem.endswith("postgres_cluster_overrides: {spec: {storage: {resizeInUseVolumes: false}}}")


@pytest.mark.parametrize(
    ("asked", "found", "words"),
    [
        (wanted("1Gi"), cluster(), ""),
        (wanted("500Mi"), cluster(), "postgres_cluster_storage.size is '500Mi' (string): the cluster has 1Gi and"),
        # Overrides are merged last, in the first run as in each that follows.
        (wanted("500Mi", {"spec": {"storage": {"size": "1Gi"}}}), cluster(), ""),
        (
            wanted("1Gi", {"spec": {"storage": {"size": "500Mi"}}}),
            cluster(),
            "postgres_cluster_overrides.spec.storage.size is '500Mi' (string): the cluster has 1Gi and volumes cannot",
        ),
        (wanted("1Gi", WAL), cluster(wal="3Gi"), "postgres_cluster_overrides.spec.walStorage.size is '2Gi' (string)"),
        (wanted("1Gi", WAL), cluster(wal="2Gi"), ""),
        (wanted("1Gi", WAL), cluster(), ""),
        (wanted("1Gi", {"spec": "text"}), cluster(), ""),
    ],
)
def test_what_would_shrink_is_refused_by_the_size_that_counts(
    asked: dict[str, Any], found: dict[str, Any], words: str
) -> None:
    problems = list(size_problems(asked, found))
    assert len(problems) == bool(words)
    assert words in "".join(problems)
    rest = {"version": "17", "image": found["spec"]["imageName"], "parameters": {}, "databases": [{"name": "app"}]}
    assert list(cloudnativepg.problems({**rest, **asked}, [found], [])) == problems


def of_class(name: str, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**wanted("1Gi", overrides), "storage": {"size": "1Gi", "class": name}}


def made_with(name: str, ours: bool = True) -> dict[str, Any]:
    """A Cluster that names this class, or none.

    :param ours: whether it was applied with that
    """
    found = cluster()
    key = "kubectl.kubernetes.io/last-applied-configuration"
    applied = json.loads(found["metadata"]["annotations"][key])
    for spec, is_there in ((found["spec"], True), (applied["spec"], ours)):
        spec["storage"] = {"size": "1Gi", **({"storageClass": name} if name and is_there else {})}
    found["metadata"]["annotations"][key] = json.dumps(applied)
    return found


def default(name: str, made: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    marked = {"storageclass.kubernetes.io/is-default-class": "true"}
    return storage_class(name) | {"metadata": {"name": name, "creationTimestamp": made, "annotations": marked}}


@pytest.mark.parametrize(
    ("asked", "found", "kinds"),
    [
        (of_class("standard"), made_with("standard"), []),
        (of_class(""), made_with(""), []),
        (of_class("fast"), {}, []),
        (of_class("fast"), made_with("standard"), ["PersistentVolumeClaim"]),
        (of_class("fast"), made_with(""), ["PersistentVolumeClaim"]),
        # Which class is the default one is to be known.
        (of_class(""), made_with("standard"), ["StorageClass", "PersistentVolumeClaim"]),
        (of_class(""), made_with("standard", ours=False), []),  # what somebody else wrote stays
        (of_class("", {"spec": {"storage": {"storageClass": "fast"}}}), made_with("fast"), []),
        (
            of_class("fast", {"spec": {"storage": {"storageClass": "slow"}}}),
            made_with("fast"),
            ["PersistentVolumeClaim"],
        ),
        (of_class("standard", {"spec": {"walStorage": {"storageClass": "fast"}}}), cluster(), []),
        (
            of_class("standard", {"spec": {"walStorage": {"storageClass": "fast"}}}),
            cluster(wal="1Gi"),
            ["PersistentVolumeClaim"],
        ),
    ],
)
def test_asks_where_volumes_are_to_have_another_class(
    asked: dict[str, Any], found: dict[str, Any], kinds: list[str]
) -> None:
    assert [item["kind"] for item in growth_reads(asked, found)] == kinds


@pytest.mark.parametrize(
    ("asked", "found", "objects", "words"),
    [
        (of_class("fast"), made_with(""), [claim(), claim()], "are of the class 'standard' and cannot change it; give"),
        (of_class("none"), made_with("standard"), [claim()], "postgres_cluster_storage.class is 'none' (string): the"),
        (of_class("fast"), made_with("standard"), [], "are of the class 'standard' and cannot change it; give 'stan"),
        (of_class("fast"), made_with(""), [], "volumes were made with no class named and cannot change it; give ''"),
        # What is there tells more than what a run before this one wrote.
        (of_class("standard"), made_with("none"), [claim()], ""),
        (of_class("standard"), made_with(""), [claim(), claim()], ""),
        (of_class("fast"), made_with(""), [claim(), claim(storage_class="fast")], "'fast', 'standard' and cannot"),
        (of_class("fast"), made_with(""), [claim(storage_class="fast"), claim(role="PG_WAL")], ""),
        (of_class(""), made_with("standard"), [claim(), default("standard"), storage_class("fast")], ""),
        (of_class(""), made_with("standard"), [claim(), default("fast"), storage_class()], "give 'standard', or move"),
        (of_class(""), made_with("standard"), [claim(), storage_class()], "postgres_cluster_storage.class is '' (str"),
        (
            of_class(""),
            made_with("standard"),
            [claim(), default("standard"), default("fast", "2026-02-01T00:00:00Z")],
            "of the class 'standard'",
        ),
        (
            of_class("standard", {"spec": {"storage": {"storageClass": "fast"}}}),
            made_with("standard"),
            [claim()],
            "postgres_cluster_overrides.spec.storage.storageClass is 'fast' (string)",
        ),
    ],
)
def test_another_class_than_that_of_the_volumes_is_refused(
    asked: dict[str, Any], found: dict[str, Any], objects: list[dict[str, Any]], words: str
) -> None:
    problems = list(class_problems(asked, found, objects))
    assert len(problems) == bool(words)
    assert words in "".join(problems)
