# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PostgreSQL cluster needs of Kubernetes, whichever operator runs it: a namespace, and volumes that stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes

# Kubernetes takes the older one, too (IsDefaultAnnotation of pkg/volume/util/storageclass.go).
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def storage_class_problems(wanted: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield why volumes of the wanted class cannot be made.

    :param objects: the StorageClasses, among others
    """
    classes = [item["metadata"] for item in objects if item.get("kind") == "StorageClass"]
    names = ", ".join(sorted(item["name"] for item in classes)) or "none"
    asked = wanted["storage"].get("class") or ""
    if asked:
        if asked not in [item["name"] for item in classes]:
            yield (
                f"postgres_cluster_storage.class is {asked!r} (string): the Kubernetes cluster has no such "
                f"StorageClass; give one of those it has: {names}"
            )
    elif not default_class(objects):
        yield (
            "postgres_cluster_storage.class is empty (string): the Kubernetes cluster has no default StorageClass; "
            f"give one of those it has: {names}"
        )


def default_class(objects: Sequence[Mapping[str, Any]]) -> str:
    """Name the StorageClass of claims that name none: of several that are marked, the newest. Nothing without one."""
    marked = [
        item["metadata"]
        for item in objects
        if item.get("kind") == "StorageClass"
        and any((item["metadata"].get("annotations") or {}).get(name) == "true" for name in _DEFAULT_CLASS)
    ]
    return max(marked, key=lambda item: item.get("creationTimestamp") or "")["name"] if marked else ""


def namespace_problems(wanted: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield why nothing can be made in the namespace.

    :param objects: the namespace, among others, if it is there
    """
    name = wanted["namespace"]
    found = [item for item in objects if item.get("kind") == "Namespace" and item["metadata"]["name"] == name]
    if found and (found[0].get("status") or {}).get("phase") == "Terminating":
        yield (
            f"postgres_cluster_namespace is {name!r} (string): this namespace is being deleted; "
            "wait until it is gone, or give another one"
        )
    if not found and not wanted["create_namespace"]:
        yield (
            f"postgres_cluster_namespace is {name!r} (string): there is no such namespace and "
            "postgres_cluster_create_namespace is false; make it, or give one that exists"
        )


def shrink_problems(variable: str, asked: str, size: str) -> Iterator[str]:
    """Yield that volumes would shrink.

    :param variable: the one that says the size which is `asked` for
    :param size: the size that they have
    """
    if size and asked and (as_bytes(size) or 0) > (as_bytes(asked) or 0):
        yield (
            f"{variable} is {asked!r} (string): the cluster has {size} and volumes cannot shrink; give {size} or more"
        )


def volume_problems(wanted: Mapping[str, Any], size: str, storage_class: str) -> Iterator[str]:
    """Yield why the volumes of a cluster cannot become as wanted.

    :param size: the size that they have
    :param storage_class: the class that they have
    """
    yield from shrink_problems("postgres_cluster_storage.size", wanted["storage"].get("size") or "", size)
    asked = wanted["storage"].get("class") or ""
    if asked and storage_class and asked != storage_class:
        yield (
            f"postgres_cluster_storage.class is {asked!r} (string): the cluster's volumes are of the class "
            f"{storage_class!r} and cannot change it; give that one"
        )


def major_upgrade_problems(wanted: Mapping[str, Any], running: str) -> Iterator[str]:
    """Yield that a major upgrade was not asked for.

    :param wanted: `version`, which is another major version, and `allow_major_upgrade`
    :param running: the major version that runs
    """
    if not wanted["allow_major_upgrade"]:
        yield (
            f"postgres_cluster_version is {str(wanted['version'])!r} (string): the cluster runs PostgreSQL {running}, "
            "and a major upgrade stops it for a while; set postgres_cluster_allow_major_upgrade to true if you want it"
        )


def deletion_problems(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[str]:
    """Yield that a cluster is on its way out."""
    if (cluster.get("metadata") or {}).get("deletionTimestamp"):
        yield (
            f"postgres_cluster_name is {wanted['name']!r} (string): this cluster is being deleted; "
            "wait until it is gone, then run this again"
        )
