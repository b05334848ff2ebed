# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the adapters of KubeDB's releases, those of today and those of 2020, have in common."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cluster_needs import deletion_problems, volume_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes, as_int
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import SUPERUSER
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.users_sql import job_pending

ROLE_LABEL = "kubedb.com/role"
DATABASE_ANNOTATION = "pgha.kubernetes/database"
PORT = 5432
METRICS_PORT = 56790

# KubeDB's scripts log in as `postgres` whatever the Secret says, and paste its password into SQL and into connection
# strings as it is.
_SUPERUSER_PASSWORD = re.compile(r"[A-Za-z0-9_.~!-]+")
_CHARACTERS = "letters, digits and _ . ~ ! -"


def is_reserved_role(name: str) -> bool:
    """Tell whether PostgreSQL or KubeDB keeps a role of this name."""
    return name == SUPERUSER or name.startswith("pg_")


def reads(api_version: str, labels: Mapping[str, str], name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read for the contract: only the pods say which of them is the primary."""
    selectors = [f"{key}={value}" for key, value in labels.items()]
    return [
        {"api_version": api_version, "kind": "Postgres", "name": name, "namespace": namespace},
        {"api_version": "v1", "kind": "Pod", "namespace": namespace, "label_selectors": selectors},
    ]


def contract(
    name: str,
    namespace: str,
    objects: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    phase_pending: Callable[[Mapping[str, Any]], Iterator[str]],
) -> dict[str, Any]:
    """Return what the contracts have in common; the adapter adds what its release has of its own.

    :param labels: those of the pods
    :param phase_pending: yields what the status of the Postgres object says is not yet as wanted
    """
    cluster = postgres(name, objects)
    spec, status = cluster.get("spec") or {}, cluster.get("status") or {}
    found = instances(name, namespace, labels, objects)
    wanted = as_int(spec.get("replicas", 1)) or 1
    unready = [*phase_pending(cluster), *instances_pending(found, wanted)]
    return {
        "name": name,
        "namespace": namespace,
        "exists": bool(cluster),
        "ready": bool(cluster) and not unready,
        "phase": status.get("phase", "") or ("Not started" if cluster else ""),
        "pending": [*unready, *job_pending(name, objects)] if cluster else ["it does not exist"],
        "version": major(spec.get("version")),
        "image": image(name, objects),
        "image_pull_secrets": list(((spec.get("podTemplate") or {}).get("spec") or {}).get("imagePullSecrets") or []),
        "primary_host": f"{name}.{namespace}.svc",
        "port": PORT,
        "instances": found,
        "instances_wanted": wanted if cluster else 0,
        "switching_to": "",
        "hibernated": bool(spec.get("halted")),
        "hibernation_asked": bool(spec.get("halted")),
        "primary_times": {},
        "passwords": {},  # a Job brings them there
        "role_label": ROLE_LABEL,
        "databases": databases(cluster),
    }


def generation_pending(cluster: Mapping[str, Any], seen: int | None) -> Iterator[str]:
    """Yield that the status is that of an older spec.

    :param seen: the generation that the status is of
    """
    if (seen or 0) < (cluster.get("metadata") or {}).get("generation", 0):
        yield "the operator has not seen the newest change yet"


def change_problems(wanted: Mapping[str, Any], cluster: Mapping[str, Any], how: Mapping[str, str]) -> Iterator[str]:
    """Yield what of a cluster that exists cannot become as wanted.

    :param how: for `storage` and `version`, what KubeDB has instead, as the end of the sentence
    """
    spec = cluster.get("spec") or {}
    storage = spec.get("storage") or {}
    size = ((storage.get("resources") or {}).get("requests") or {}).get("storage") or ""
    asked = wanted["storage"].get("size")
    shrinks = list(volume_problems(wanted, size, storage.get("storageClassName") or ""))
    yield from shrinks
    if size and not shrinks and as_bytes(size) != as_bytes(asked):
        yield f"postgres_cluster_storage.size is {asked!r} (string): the cluster has {size}, and {how['storage']}"
    version, asked = str(spec.get("version")), str(wanted["version"])
    if version != asked and wanted.get("operation") != "upgrade":
        yield f"postgres_cluster_version is {asked!r} (string): the cluster has {version}, and {how['version']}"
    yield from deletion_problems(wanted, cluster)


def postgres(name: str, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the Postgres object of a cluster, empty if it is not there."""
    for item in objects:
        if item.get("kind") == "Postgres" and (item.get("metadata") or {}).get("name") == name:
            return item
    return {}


def instances(
    name: str, namespace: str, labels: Mapping[str, str], objects: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """List the instances by number, from the pods among the objects.

    :param labels: those that each of the pods has
    """
    found = {}
    for item in objects:
        has = (item.get("metadata") or {}).get("labels") or {}
        match = re.fullmatch(rf"{re.escape(name)}-([0-9]+)", (item.get("metadata") or {}).get("name") or "")
        if item.get("kind") == "Pod" and match and all(has.get(key) == value for key, value in labels.items()):
            found[int(match[1])] = item
    return [_instance(found[number], namespace, labels) for number in sorted(found)]


def _instance(pod: Mapping[str, Any], namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
    metadata, name = pod["metadata"], pod["metadata"]["name"]
    conditions = {item["type"]: item.get("status") for item in (pod.get("status") or {}).get("conditions") or []}
    return {
        "name": name,
        "pod": name,
        "host": f"{name}.{namespace}.svc",
        "role": "primary" if metadata["labels"].get(ROLE_LABEL) == "primary" else "standby",
        "ready": conditions.get("Ready") == "True" and not metadata.get("deletionTimestamp"),
        "application_name": name,
        "selector": {**labels, "statefulset.kubernetes.io/pod-name": name},
        "needs_service": True,
    }


def instances_pending(found: Sequence[Mapping[str, Any]], wanted: int) -> Iterator[str]:
    """Yield what the instances still lack. Where no pod was read, nothing is known of them."""
    if not found:
        return
    ready = sum(item["ready"] for item in found)
    if (ready, len(found)) != (wanted, wanted):
        yield f"{ready} of {wanted} instances are ready" + (
            f", and there are {len(found)}" if len(found) > wanted else ""
        )
    primaries = [item["name"] for item in found if item["role"] == "primary"]
    if len(primaries) != 1:
        yield f"one instance has to be the primary, now it is {', '.join(primaries) or 'none'}"


def image(name: str, objects: Sequence[Mapping[str, Any]]) -> str:
    """Return the image that the first instance runs, if its pod is among the objects."""
    for item in objects:
        if item.get("kind") == "Pod" and (item.get("metadata") or {}).get("name") == f"{name}-0":
            containers = (item.get("spec") or {}).get("containers") or []
            return next((one.get("image", "") for one in containers if one.get("name") == "postgres"), "")
    return ""


def primary_goes(found: Sequence[Mapping[str, Any]], left: int) -> Iterator[str]:
    """Yield that the primary would go: fewer instances take the pods of the highest numbers, whatever they are.

    :param found: the instances, as the contract has them
    :param left: how many stay
    """
    for item in found[left:]:
        if item["role"] == "primary":
            yield (
                f"postgres_cluster_instances is {left} (integer): {item['name']} would go, and it is the primary; "
                f"give {len(found)}, or move the primary to one of the first {left} pods first"
            )


def databases(cluster: Mapping[str, Any]) -> list[str]:
    """Return the first database, as the role wrote it down."""
    name = ((cluster.get("metadata") or {}).get("annotations") or {}).get(DATABASE_ANNOTATION)
    return [name] if name else []


def major(version: Any) -> str:
    """Return the major version that the name of a PostgresVersion stands for: that of `17.9-bookworm` is 17."""
    match = re.match(r"[0-9]+", str(version or ""))
    return match[0] if match else ""


def superuser_input_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the superuser cannot have the password that is given."""
    password = (variables.get("postgres_cluster_superuser") or {}).get("password")
    if password and not _SUPERUSER_PASSWORD.fullmatch(str(password)):
        yield (
            "postgres_cluster_superuser.password is a value that is not shown (string): give "
            f"{_CHARACTERS} alone, as KubeDB pastes it into SQL and connection strings as it is"
        )


def superuser_problems(
    name: str, secrets: Sequence[Mapping[str, Any]], keys: Mapping[str, str], password: str = ""
) -> Iterator[str]:
    """Yield why the Secret of the superuser, if it is there, cannot be used.

    :param name: its name
    :param secrets: the Secret, or nothing
    :param keys: `username_key` and `password_key`
    :param password: what the role was given
    """
    for secret in secrets:
        shown = f"postgres_cluster_superuser.secret is {name!r} (string)"
        data = {key: b64decode(value).decode(errors="replace") for key, value in (secret.get("data") or {}).items()}
        missing = [key for key in (keys["username_key"], keys["password_key"]) if not data.get(key)]
        if missing:
            yield f"{shown}: this Secret has no {' and no '.join(missing)}; add it, or delete the Secret for another"
            continue
        if data[keys["username_key"]] != SUPERUSER:
            yield (
                f"{shown}: its {keys['username_key']} is {data[keys['username_key']]!r}, and KubeDB's standbys log in "
                f"as {SUPERUSER} whatever it says; make it {SUPERUSER!r}"
            )
        if not _SUPERUSER_PASSWORD.fullmatch(data[keys["password_key"]]):
            yield (
                f"{shown}: its {keys['password_key']} has other characters than {_CHARACTERS}, and KubeDB pastes it "
                "into SQL and connection strings as it is; take one of these alone"
            )
        elif password and password != data[keys["password_key"]]:
            yield (
                f"{shown}: its {keys['password_key']} is not postgres_cluster_superuser.password, and PostgreSQL does "
                "not take another one from there; leave the variable out, and rotate it as KubeDB does it"
            )
