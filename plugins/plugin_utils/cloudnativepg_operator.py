# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CloudNativePG operator: its release manifest as this collection applies it, and what of it is there."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

NAME = "cnpg-controller-manager"
# Says what was applied: inputs that differ from it have to be applied again.
FINGERPRINT = "pgha.kubernetes/applied"
# What the objects were after that, as the module `checksums` tells it: one that differs was changed by somebody. Empty
# until the operator works.
SEAL = "pgha.kubernetes/seal"

# By which OLM says whose Deployment it is, such as `cloudnative-pg.v1.29.2`, and anybody which version of it that is.
# The images that OLM runs have digests, and no tags.
_OLM_OWNER = "olm.owner"
_VERSION_LABEL = "app.kubernetes.io/version"

# The first release without object stores of its own (release notes of 1.29.2 and 1.30.0, #11083). Where a Cluster has
# none, each WAL segment counts as archived (internalRun() of archiver.go), so nobody would hear of it.
WITHOUT_BUILT_IN = (1, 31)

# By which its pods agree on the one that leads: nobody deletes it with them.
LEASE = {
    "apiVersion": "coordination.k8s.io/v1",
    "kind": "Lease",
    "metadata": {"name": "db9c8771.cnpg.io", "namespace": "cnpg-system"},
}

# The Deployment comes last: where it has the fingerprint, everything else was applied before it,
# also when a run was killed half-way.
_ORDER = (
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "Role",
    "ClusterRoleBinding",
    "RoleBinding",
    "ConfigMap",
    "Service",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "Deployment",
)


def manifests(
    documents: Sequence[Mapping[str, Any] | None],
    version: str,
    namespace: str,
    *,
    fingerprint: str = "",
    image: str = "",
    replicas: int = 1,
    resources: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return the release manifest as it is to be applied, in the order to do so.

    :param documents: the documents of the release manifest
    :param version: the version that it has to be of
    :param namespace: where the operator goes
    :param fingerprint: kept as an annotation of the Deployment
    :param image: the operator's image; empty for the manifest's
    :param replicas: pods of the operator, on different nodes; one of them leads
    :param resources: requests and limits of the operator; None for the manifest's
    :param environment: variables of the operator's container, over the manifest's: its configuration, by its names
    :param overrides: merged into the Deployment last
    """
    objects = [copy.deepcopy(_plain(document)) for document in documents if document]
    _check(objects, version)
    original = next(item["metadata"]["name"] for item in objects if item["kind"] == "Namespace")
    made = [_moved(item, original, namespace) for item in objects]
    for index, item in enumerate(made):
        if item["kind"] == "Deployment":
            made[index] = _merged(
                _deployment(item, fingerprint, image, replicas, resources, environment or {}), _plain(overrides or {})
            )
    return sorted(made, key=_rank)


def manifest_problem(documents: Sequence[Mapping[str, Any] | None], version: str, location: str) -> str:
    """Say what is wrong with a release manifest, in one sentence; nothing where it is right.

    :param documents: its documents; none where it could not be read
    :param version: the version that it has to be of
    :param location: where it was looked for
    """
    objects = [document for document in documents if document]
    if not objects:
        return (
            f"cloudnativepg_manifest is {location!r} (string): it cannot be read; give an address that this machine "
            f"reaches, or the path of a copy, of the release manifest of {version}"
        )
    try:
        _check(objects, version)
    except InputError as exc:
        return str(exc)
    return ""


def to_remove(documents: Sequence[Mapping[str, Any] | None], namespace: str) -> list[dict[str, Any]]:
    """Say what goes away with the operator, in the order to delete it: what the manifest has, and what it made itself.

    Its namespace may hold more than the operator, such as the Barman Cloud plugin or a user's Secret, so it stays. Its
    Secrets need not be named, as its Deployment is their owner.
    """
    objects = [_plain(document) for document in documents if document]
    made = [item for item in sorted(objects, key=_rank, reverse=True) if item["kind"] != "Namespace"]
    return [
        {
            "apiVersion": item["apiVersion"],
            "kind": item["kind"],
            "metadata": {
                "name": item["metadata"]["name"],
                **({"namespace": namespace} if item["metadata"].get("namespace") else {}),
            },
        }
        for item in [*made, LEASE]
    ]


def status(
    deployments: Sequence[Mapping[str, Any]],
    version: str,
    namespace: str,
    fingerprint: str = "",
    looked: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Say what is there of the operator.

    :param deployments: all Deployments labelled `app.kubernetes.io/name=cloudnative-pg`, of all namespaces
    :param looked: the objects of `sealed` with the checksums that they have now; None where nobody looked
    :returns: `installed` (its version, empty for none), `image`, `current` (as wanted), `available` (one of its pods
        runs), `newer` (than wanted), `next_minor` (the minor version that has to be there before the wanted one, else
        empty), `ends_built_in` (the wanted one has no object stores of its own, and what is there may have), `foreign`
        (`namespace/name` of one that this collection did not apply, else empty), `elsewhere` (the namespace where this
        collection applied it, if that is another one, else empty), `by_hand` (somebody may have applied the release
        manifest), `sealed` (what was applied, as the module `checksums` told it then), `drifted` (which of that
        somebody changed or deleted)
    """
    for deployment in sorted(deployments, key=lambda item: _is_ours(item, namespace), reverse=True):
        ours = _is_ours(deployment, namespace)
        metadata, spec, state = deployment["metadata"], deployment["spec"], deployment.get("status") or {}
        image = spec["template"]["spec"]["containers"][0]["image"]
        applied = (metadata.get("annotations") or {}).get(FINGERPRINT)
        installed = version_of(deployment)
        replicas = spec.get("replicas", 1)
        # What is not wanted any more is applied anyway, whatever became of it.
        seal = (metadata.get("annotations") or {}).get(SEAL) if ours and applied == fingerprint else ""
        sealed = _objects_of(seal or "")
        drifted = _drifted(sealed, looked or [])
        # One that was scaled to nothing, as by a drill that was killed, is brought back. One whose seal is empty, as a
        # run was killed before it was written, or gone, as somebody removed it, is applied again.
        whole = replicas > 0 and (looked is None or (bool(sealed) and not drifted))
        return {
            "installed": installed,
            "image": image,
            # Where something else put the wanted version there, it stays as it is.
            "current": applied == fingerprint and whole if ours else installed == version,
            "available": (
                replicas > 0
                # One leads, the others wait: with a node down, the operator is there.
                and state.get("availableReplicas", 0) > 0
                and state.get("updatedReplicas", 0) >= replicas
                and state.get("updatedReplicas", 0) >= state.get("replicas", 0)
                and state.get("observedGeneration", 0) >= metadata.get("generation", 0)
            ),
            "newer": _numbers(installed) > _numbers(version) > (),
            "next_minor": _next_minor(_numbers(installed), _numbers(version)),
            "ends_built_in": _numbers(installed) < WITHOUT_BUILT_IN <= _numbers(version),
            "foreign": "" if ours else f"{metadata['namespace']}/{metadata['name']}",
            "elsewhere": "" if ours or not _is_ours(deployment, metadata["namespace"]) else metadata["namespace"],
            # One of OLM's may have the same name, and would be put back by OLM.
            "by_hand": (
                not ours
                and (metadata["namespace"], metadata["name"]) == (namespace, NAME)
                and _OLM_OWNER not in (metadata.get("labels") or {})
            ),
            "sealed": sealed,
            "drifted": drifted,
        }
    return {
        "installed": "",
        "image": "",
        "current": False,
        "available": False,
        "newer": False,
        "next_minor": "",
        # Clusters outlive an operator that somebody deleted.
        "ends_built_in": _numbers(version) >= WITHOUT_BUILT_IN,
        "foreign": "",
        "elsewhere": "",
        "by_hand": False,
        "sealed": [],
        "drifted": [],
    }


def version_of(deployment: Mapping[str, Any]) -> str:
    """Return the version of an operator that is there: by the tag of its image, else by the labels of its Deployment.

    :returns: the version; what else the tag is, such as `main`, where nothing says it
    """
    tag = _version(deployment["spec"]["template"]["spec"]["containers"][0].get("image") or "")
    labels = (deployment.get("metadata") or {}).get("labels") or {}
    told = (tag, labels.get(_OLM_OWNER, "").partition(".v")[2], labels.get(_VERSION_LABEL, "").removeprefix("v"))
    return next((version for version in told if _numbers(version)), tag)


def _objects_of(seal: str) -> list[dict[str, Any]]:
    """Return what the annotation says; nothing where somebody made something else of it."""
    try:
        told = json.loads(seal)
        return [{**item, "metadata": {**item["metadata"]}, "checksum": str(item["checksum"])} for item in told]
    except (ValueError, TypeError, KeyError):
        return []


def _drifted(sealed: Sequence[Mapping[str, Any]], looked: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the objects whose checksum is another one. What may not be read cannot be told."""
    return [
        f"{was['kind']} {was['metadata']['name']}"
        for was, now in zip(sealed, looked, strict=False)  # where nobody looked, there are none
        if now["checksum"] is not None and now["checksum"] != was["checksum"]
    ]


def _is_ours(deployment: Mapping[str, Any], namespace: str) -> bool:
    """Tell whether this collection applied it: `kubectl apply` of the release manifest makes the same names."""
    metadata = deployment["metadata"]
    return (
        metadata["name"] == NAME
        and metadata["namespace"] == namespace
        and FINGERPRINT in (metadata.get("annotations") or {})
    )


def _check(objects: Sequence[Mapping[str, Any]], version: str) -> None:
    kinds = [item.get("kind") for item in objects if isinstance(item, Mapping)]
    images = [
        item["spec"]["template"]["spec"]["containers"][0]["image"]
        for item in objects
        if isinstance(item, Mapping) and item.get("kind") == "Deployment"
    ]
    if len(images) != 1 or "Namespace" not in kinds or "CustomResourceDefinition" not in kinds:
        raise InputError(
            "cloudnativepg_manifest is no release manifest of CloudNativePG: give one that has its Namespace, "
            "its CustomResourceDefinitions and its Deployment"
        )
    if _version(images[0]) != version:
        raise InputError(
            f"cloudnativepg_manifest holds CloudNativePG {_version(images[0]) or images[0]}, cloudnativepg_version is "
            f"{version!r}: give two that are the same"
        )


def _version(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _numbers(version: str) -> tuple[int, ...]:
    """Return what tells which of two versions is newer; a candidate is as its release, and what is none is nothing."""
    parts = version.partition("-")[0].split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def _next_minor(installed: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Return the minor version after the one that is there, where it is not yet the wanted one; else nothing."""
    if len(installed) < 2 or installed[:1] != wanted[:1] or wanted[1:2] <= (installed[1] + 1,):
        return ""
    return f"{installed[0]}.{installed[1] + 1}"


def _moved(item: dict[str, Any], original: str, namespace: str) -> dict[str, Any]:
    """Put an object, and what it says about objects of its namespace, into another namespace."""
    if item["kind"] == "Namespace":
        item["metadata"]["name"] = namespace
    elif item["metadata"].get("namespace") == original:
        item["metadata"]["namespace"] = namespace
    for reference in _references(item):
        if reference.get("namespace") == original:
            reference["namespace"] = namespace
    return item


def _references(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from item.get("subjects") or []
    for webhook in item.get("webhooks") or []:
        yield webhook["clientConfig"]["service"]


def _deployment(
    item: dict[str, Any],
    fingerprint: str,
    image: str,
    replicas: int,
    resources: Mapping[str, Any] | None,
    environment: Mapping[str, Any],
) -> dict[str, Any]:
    if fingerprint:
        item["metadata"].setdefault("annotations", {}).update({FINGERPRINT: fingerprint, SEAL: ""})
    item["spec"]["replicas"] = replicas
    pod = item["spec"]["template"]["spec"]
    if replicas > 1:
        # A pod that finds no node of its own for a while waits for one: put beside the first, it would stay there.
        pod["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": copy.deepcopy(item["spec"]["selector"]),
                "matchLabelKeys": ["pod-template-hash"],
            }
        ]
        # So that the pods of before go also where one of the new ones waits.
        item["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    container = pod["containers"][0]
    # The tag is pinned, so `Always` only costs: a registry that is away, or none at all, must not stop the operator.
    container["imagePullPolicy"] = "IfNotPresent"
    if resources is not None:
        container["resources"] = _plain(resources)
    if image:
        container["image"] = image
        # The operator gives this image to the instances' init containers.
        environment = {"OPERATOR_IMAGE_NAME": image, **environment}
    variables = {variable["name"]: variable for variable in container.get("env") or []}
    variables |= {name: {"name": name, "value": str(value)} for name, value in sorted(environment.items())}
    container["env"] = list(variables.values())
    return item


def _merged(base: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result


def _rank(item: Mapping[str, Any]) -> int:
    """Return the place of an object in the order to apply; kinds that are not known go before the Deployment."""
    return _ORDER.index(item["kind"]) if item["kind"] in _ORDER else len(_ORDER) - 2


def _plain(value: Any) -> Any:
    """Return plain containers of Python in place of Ansible's templated ones, which cannot be changed in place."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
