# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups of a PostgreSQL cluster go: what is said of it, what is wrong with that, and what Barman is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_operator import WITHOUT_BUILT_IN, version_of
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import is_true

# What is not said of `postgres_cluster_backup`.
DEFAULTS: dict[str, Any] = {
    "method": "built_in",
    "endpoint": "",
    "path": "",
    "region": "",
    "env": {},
    "credentials_secret": "",
    "iam_role": False,
    "access_key": "ACCESS_KEY_ID",
    "secret_key": "ACCESS_SECRET_KEY",
    "ca_secret": "",
    "ca_key": "ca.crt",
    "schedule": "0 2 * * *",
    "retention": "30d",
    "compression": "gzip",
    "encryption": "",
    "encryption_secret": "",
}
REGION = "AWS_DEFAULT_REGION"
# Since boto3 1.36 a checksum is sent with each upload, which stores that are not AWS's may refuse
# (`x-amz-content-sha256 must be …`, `SignatureDoesNotMatch`). AWS's own wants one where objects are locked.
_CHECKSUMS = {"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}
_AWS = re.compile(r"https?://([^/]*\.)?amazonaws\.com(\.cn)?(:[0-9]+)?(/.*)?", re.IGNORECASE)
PLUGIN = "barman-cloud.cloudnative-pg.io"
PLUGIN_CRD = "objectstores.barmancloud.cnpg.io"
# Keys that KubeStash wants, whatever the Secret is called.
KUBESTASH_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
RESTIC_KEY = "RESTIC_PASSWORD"


def with_defaults(backup: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of backups, and what is not said."""
    return {**DEFAULTS, **backup}


def barman_object_store(backup: Mapping[str, Any], server_name: str = "") -> dict[str, Any]:
    """Return Barman's configuration of an object store, as a Cluster and an ObjectStore of CloudNativePG have it.

    :param backup: `postgres_cluster_backup`
    :param server_name: the folder of a cluster in it; empty is the one that is named after the cluster
    """
    asked = with_defaults(backup)
    algorithms = {key: asked[key] for key in ("compression", "encryption") if asked[key]}
    store: dict[str, Any] = {
        "destinationPath": "/".join(["s3:/", str(asked["bucket"]), *_folders(asked)]),
        "s3Credentials": {"inheritFromIAMRole": True}
        if is_true(asked["iam_role"])
        else {
            "accessKeyId": {"name": asked["credentials_secret"], "key": asked["access_key"]},
            "secretAccessKey": {"name": asked["credentials_secret"], "key": asked["secret_key"]},
        },
    }
    if algorithms:
        store |= {"data": dict(algorithms), "wal": dict(algorithms)}
    if asked["endpoint"]:
        store["endpointURL"] = asked["endpoint"]
    if asked["ca_secret"]:
        store["endpointCA"] = {"name": asked["ca_secret"], "key": asked["ca_key"]}
    if server_name:
        store["serverName"] = server_name
    return store


def barman_environment(backup: Mapping[str, Any], origin: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment in which Barman runs, by name. What has an empty text is left out.

    :param backup: `postgres_cluster_backup`; nothing where there are no backups
    :param origin: what a cluster that was made from backups has, which what is said of its own goes over
    """
    asked = with_defaults(backup)
    region = {REGION: str(asked["region"])} if asked["region"] else {}
    given = {str(name): str(value) for name, value in asked["env"].items()}
    all_names = {**(origin or {}), **region, **checksums(str(asked["endpoint"])), **given}
    return {name: value for name, value in sorted(all_names.items()) if value}


def checksums(endpoint: str) -> dict[str, str]:
    """Return what makes AWS's programs work with an object store that is not AWS's."""
    return dict(_CHECKSUMS) if endpoint and not _AWS.fullmatch(endpoint) else {}


def destination(store: Mapping[str, Any]) -> str:
    """Say where an object store is, by Barman's configuration of it or by the status of a Backup; in one line."""
    path, endpoint = (str(store.get(key) or "").rstrip("/") for key in ("destinationPath", "endpointURL"))
    return f"{path} at {endpoint}" if endpoint else path


def _folders(asked: Mapping[str, Any]) -> list[str]:
    return [part for part in str(asked["path"]).split("/") if part]


def backup_checks(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong between the variables of backups. Each of them alone is right by then."""
    backup = variables.get("postgres_cluster_backup") or {}
    operator = variables.get("postgres_cluster_operator", "cloudnativepg")
    by_plugin = operator == "cloudnativepg" and (not backup or with_defaults(backup)["method"] == "plugin")
    if variables.get("postgres_cluster_object_store_overrides") and not by_plugin:
        yield (
            "postgres_cluster_object_store_overrides is a mapping: leave it empty, as there is an ObjectStore with the "
            "method plugin of CloudNativePG alone"
        )
    if not backup:
        return
    if operator not in ("cloudnativepg", "kubedb"):
        yield (
            f"postgres_cluster_backup is a mapping: leave it empty, as the operator is {operator!r} and this "
            "collection has no backup for it; do it with whatever runs the cluster"
        )
        return
    if backup.get("ca_secret") and not str(backup.get("endpoint", "")).startswith("https://"):
        yield (
            f"postgres_cluster_backup.ca_secret is {backup['ca_secret']!r} (string): give an endpoint that starts with "
            "https://, or leave the CA out"
        )
    yield from _credentials_checks(backup)
    if operator == "kubedb":
        yield from _kubedb_checks(backup)
    else:
        yield from _cloudnativepg_checks(backup)
        image = str(variables.get("postgres_cluster_image") or "")
        yield from image_problems("postgres_cluster_image", image, with_defaults(backup)["method"])


def _credentials_checks(backup: Mapping[str, Any]) -> Iterator[str]:
    secret = backup.get("credentials_secret") or ""
    if not secret and not is_true(backup.get("iam_role")):
        yield (
            "postgres_cluster_backup.credentials_secret is missing: give the Secret that lets in to the bucket, or, "
            "with CloudNativePG on AWS, iam_role: true"
        )
    elif secret and is_true(backup.get("iam_role")):
        yield (
            f"postgres_cluster_backup.credentials_secret is {secret!r} (string): leave it out, as iam_role is true, or "
            "the other way round"
        )


def _cloudnativepg_checks(backup: Mapping[str, Any]) -> Iterator[str]:
    if backup.get("encryption_secret"):
        yield (
            f"postgres_cluster_backup.encryption_secret is {backup['encryption_secret']!r} (string): leave it out, as "
            "it is KubeDB's; with CloudNativePG give encryption AES256 or aws:kms, by which the object store encrypts"
        )


def _kubedb_checks(backup: Mapping[str, Any]) -> Iterator[str]:
    if is_true(backup.get("iam_role")):
        yield "postgres_cluster_backup.iam_role is true (boolean): give credentials_secret, as KubeStash gets no role"
    if backup.get("env"):
        yield "postgres_cluster_backup.env is a mapping: leave it out, as KubeStash runs in an environment of its own"
    for key in ("method", "access_key", "secret_key", "compression", "encryption", "ca_secret"):
        if backup.get(key):
            yield (
                f"postgres_cluster_backup.{key} is {backup[key]!r} (string): leave it out, as KubeStash decides that "
                f"itself; it reads the keys {' and '.join(KUBESTASH_KEYS)} of the Secret"
            )
    if not backup.get("encryption_secret"):
        yield (
            "postgres_cluster_backup.encryption_secret is missing: give the Secret whose key "
            f"{RESTIC_KEY} encrypts the backups, as KubeStash makes none without"
        )


def wanted_keys(backup: Mapping[str, Any], operator: str) -> dict[str, list[str]]:
    """Return which keys of which Secrets backups need."""
    asked = with_defaults(backup)
    if operator == "kubedb":
        return {asked["credentials_secret"]: list(KUBESTASH_KEYS), asked["encryption_secret"]: [RESTIC_KEY]}
    keys: dict[str, list[str]] = {}
    if not is_true(asked["iam_role"]):
        keys[asked["credentials_secret"]] = [asked["access_key"], asked["secret_key"]]
    if asked["ca_secret"]:
        keys.setdefault(asked["ca_secret"], []).append(asked["ca_key"])
    return keys


def backup_problems(
    backup: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], operator: str, namespace: str
) -> list[str]:
    """Say why backups cannot be made of what is there, as sentences.

    :param backup: `postgres_cluster_backup`
    :param objects: the Secrets that it names, the operator's Deployment, and the plugin's CRD, as far as they exist
    """
    if not backup:
        return []
    problems = list(secret_problems(wanted_keys(backup, operator), objects, namespace, "postgres_cluster_backup"))
    if operator == "cloudnativepg":
        problems += _operator_problems(with_defaults(backup)["method"], objects)
    return problems


def secret_problems(
    wanted: Mapping[str, Sequence[str]], objects: Sequence[Mapping[str, Any]], namespace: str, variable: str
) -> Iterator[str]:
    """Yield which Secrets are missing, or lack a key or a value."""
    found = {item["metadata"]["name"]: item.get("data") or {} for item in objects if item.get("kind") == "Secret"}
    for name, keys in wanted.items():
        missing = [key for key in keys if not found.get(name, {}).get(key)]
        if name not in found:
            yield (
                f"{variable} names the Secret {name!r}: the namespace {namespace} has none of that name; make it, with "
                f"the keys {' and '.join(keys)}, and run this again"
            )
        elif missing:
            yield (
                f"{variable} names the Secret {name!r}: it lacks {' and '.join(missing)}; add that, or name the keys "
                "that it has"
            )


def _operator_problems(method: str, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if method == "plugin":
        if not any(item.get("kind") == "CustomResourceDefinition" for item in objects):
            yield (
                "postgres_cluster_backup.method is 'plugin' (string): the Kubernetes cluster has no Barman Cloud "
                f"plugin (no {PLUGIN_CRD}); install it, or give built_in where the operator is older than 1.31"
            )
        return
    version = _operator_version(objects)
    if version and version >= WITHOUT_BUILT_IN:
        yield (
            "postgres_cluster_backup.method is 'built_in' (string): CloudNativePG has no object stores of its own from "
            f"1.31 on, and {'.'.join(map(str, version))} is there; give plugin, and install the Barman Cloud plugin"
        )


def _operator_version(objects: Sequence[Mapping[str, Any]]) -> tuple[int, int] | None:
    """Return the operator's version; nothing where neither its image nor its labels say it."""
    for item in objects:
        if item.get("kind") == "Deployment":
            match = re.match(r"v?([0-9]+)\.([0-9]+)", version_of(item))
            return (int(match[1]), int(match[2])) if match else None
    return None


def image_problems(variable: str, image: str, method: str) -> Iterator[str]:
    """Yield that an image lacks Barman's programs, as far as its tag says it."""
    if method == "built_in" and re.search(r":([^/:]*-)?(minimal|standard)(-[^/:]*)?$", image.partition("@")[0]):
        yield (
            f"{variable} is {image!r} (string): such images have no Barman, which built_in backups and restores need; "
            "give one that has, such as ghcr.io/cloudnative-pg/postgresql:17-system-trixie"
        )
