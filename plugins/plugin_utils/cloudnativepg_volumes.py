# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the volumes of a cluster that CloudNativePG runs can become as they are wanted.

The operator asks the API for larger claims before it looks after pods (reconcileResources of cluster_controller.go,
persistentvolumeclaim/existing.go of 1.29). Where the API refuses that, it stops there, each time again: the cluster
goes on, and its status says that all is well, but no pod that is lost comes back. Nor can the size be taken back, as
its webhook lets none shrink.

A class it looks at where it makes a claim, and at no other time: another one is taken without a word, and volumes that
are lost or added later are of that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cluster_needs import default_class, shrink_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import applied_spec

# Of data and WAL: the key of the spec, and the label cnpg.io/pvcRole of the claims. For WAL the role has no variable.
_VOLUMES = (("storage", "PG_DATA"), ("walStorage", "PG_WAL"))


def growth_reads(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read where volumes are to grow or to have another class, else nothing.

    :param wanted: `name`, `namespace`, `storage` and `overrides` of the role's variables
    :param cluster: the Cluster, empty where there is none
    """
    growing, reclassed = list(_growing(wanted, cluster)), list(_reclassed(wanted, cluster))
    if not growing and not reclassed:
        return []
    selector = f"cnpg.io/cluster={wanted['name']}"
    # Without a class, it is the default one. Whoever names one need not be allowed to list them all.
    needs_all = bool(growing) or not all(asked for _variable, asked, _before, _role in reclassed)
    return [
        *([{"api_version": "storage.k8s.io/v1", "kind": "StorageClass"}] if needs_all else []),
        {
            "api_version": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": wanted["namespace"],
            "label_selectors": [selector],
        },
    ]


def growth_problems(
    wanted: Mapping[str, Any], cluster: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield which volumes cannot grow.

    :param objects: what `growth_reads` read. Of claims that are not there nothing is said.
    """
    classes = {item["metadata"]["name"]: item for item in objects if item.get("kind") == "StorageClass"}
    for variable, size, role in _growing(wanted, cluster):
        fixed: dict[str, str] = {}
        for name, has in _claims(objects, role):
            if _is_less(has, size) and (classes.get(name) or {}).get("allowVolumeExpansion") is not True:
                fixed.setdefault(name, has)
        for name, has in sorted(fixed.items()):
            why = f"their StorageClass {name!r} does not let them grow" if name else "they have no StorageClass"
            yield (
                f"{variable} is {size!r} (string): volumes of the cluster have {has}, and {why} (allowVolumeExpansion)"
                ", at which CloudNativePG would stop, and make no lost pod anew from then on; set that in the "
                "StorageClass if its driver can do it, move the data to a new cluster with another "
                "postgres_cluster_storage.class, or leave the volumes that there are as they are: "
                "postgres_cluster_overrides: {spec: {storage: {resizeInUseVolumes: false}}}"
            )


def size_problems(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[str]:
    """Yield which volumes would shrink."""
    for key, _role in _VOLUMES:
        variable, size = _given(wanted, key, "size", "size")
        yield from shrink_problems(variable, size, _part(cluster, "spec", key).get("size") or "")


def class_problems(
    wanted: Mapping[str, Any], cluster: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield which volumes would be of another class than those that there are.

    :param objects: what `growth_reads` read. Without claims, volumes are taken for what the Cluster says.
    """
    for variable, asked, before, role in _reclassed(wanted, cluster):
        found = {name for name, _size in _claims(objects, role)}
        has = sorted(found or {before})
        if has != [asked or default_class(objects)]:
            made = f"are of the class {', '.join(map(repr, has))}" if all(has) else "were made with no class named"
            give = f"give {has[0]!r}" if len(has) == 1 else f"leave it as it was, {before!r}"
            yield (
                f"{variable} is {asked!r} (string): the cluster's volumes {made} and cannot change it; {give}, or "
                "move the data to a new cluster"
            )


def _claims(objects: Sequence[Mapping[str, Any]], role: str) -> Iterator[tuple[str, str]]:
    """Yield StorageClass and size of the claims of a role. The API looks at the class that the claim itself names."""
    for item in objects:
        labels, spec = (item.get("metadata") or {}).get("labels") or {}, item.get("spec") or {}
        if item.get("kind") == "PersistentVolumeClaim" and labels.get("cnpg.io/pvcRole") == role:
            asked = (spec.get("resources") or {}).get("requests") or {}
            yield spec.get("storageClassName") or "", asked.get("storage") or ""


def _growing(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield variable, size and role of the claims, of volumes that the operator would make larger."""
    spec = cluster.get("spec") or {}
    overrides = _part(wanted.get("overrides"), "spec", "storage")
    # For all volumes it looks at that of the data alone (ShouldResizeInUseVolumes). What somebody else wrote stays.
    has = (spec.get("storage") or {}).get("resizeInUseVolumes")
    kept = None if "resizeInUseVolumes" in (applied_spec(cluster).get("storage") or {}) else has
    if overrides.get("resizeInUseVolumes", kept) is False:
        return
    for key, role in _VOLUMES:
        variable, size = _given(wanted, key, "size", "size")
        before = (spec.get(key) or {}).get("size")
        # Where they were left as they were and no longer are, their claims may be smaller than the spec.
        if size and before and (_is_less(before, size) or has is False):
            yield variable, size, role


def _reclassed(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield variable, class, the class before, and role of the claims, where the class of the spec would be another."""
    for key, role in _VOLUMES:
        variable, asked = _given(wanted, key, "storageClass", "class")
        volume = _part(cluster, "spec", key)
        before = volume.get("storageClass") or ""
        # What somebody else wrote stays.
        kept = "" if "storageClass" in _part(applied_spec(cluster), key) else before
        if volume and (asked or kept) != before:
            yield variable, asked, before, role


def _given(wanted: Mapping[str, Any], key: str, field: str, name: str) -> tuple[str, str]:
    """Return the variable that counts for a field of the spec, and its value. Overrides are merged last."""
    value = _part(wanted.get("overrides"), "spec", key).get(field) or ""
    if value or key != "storage":
        return f"postgres_cluster_overrides.spec.{key}.{field}", value
    return f"postgres_cluster_storage.{name}", wanted["storage"].get(name) or ""


def _part(item: Any, *keys: str) -> Mapping[str, Any]:
    """Return a mapping in others. What is none there is for the API to refuse."""
    for key in keys:
        item = item.get(key) if isinstance(item, Mapping) else None
    return item if isinstance(item, Mapping) else {}


def _is_less(size: str, other: str) -> bool:
    return (as_bytes(size) or 0) < (as_bytes(other) or 0)
