# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapter for PostgreSQL clusters that something else made.

Nothing in the API says what such a cluster is, so the role postgres_cluster writes down what
`postgres_cluster_existing` says, in the ConfigMap `<name>-contract`. Whoever needs the cluster reads it there.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import is_true

KEY = "contract.json"
RESERVED_SECRETS = frozenset({"-pgpool"})
OWN_OBJECTS = frozenset({"", "-stats"})
OLDEST_VERSION = 0

# What an instance is, nothing but the description says: Prometheus finds the annotated Service of the metrics.
INSTANCE_LABELS: dict[str, Any] = {}

# Whatever made the cluster does all of that.
OPERATIONS: frozenset[str] = frozenset()


def is_reserved_role(name: str) -> bool:  # noqa: ARG001 - adapters are called alike
    """Tell that no name is reserved: the users are there already."""
    return False


def parameter_problems(parameters: Mapping[str, Any]) -> Iterator[str]:  # noqa: ARG001 - adapters are called alike
    """Yield nothing: parameters are not ours to set, so none is wrong."""
    yield from ()


def input_problems(variables: Mapping[str, Any]) -> Iterator[str]:  # noqa: ARG001 - adapters are called alike
    """Yield nothing: what the cluster is made with is not ours to set."""
    yield from ()


def reads(name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read for the contract."""
    return [{"api_version": "v1", "kind": "ConfigMap", "name": f"{name}-contract", "namespace": namespace}]


def database_reads(name: str, namespace: str) -> list[dict[str, Any]]:  # noqa: ARG001 - adapters are called alike
    """Say nothing: the databases are there already."""
    return []


def contract(name: str, namespace: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the contract as the user described the cluster, with the defaults of a plain PostgreSQL."""
    found = [
        item
        for item in objects
        if item.get("kind") == "ConfigMap" and (item.get("metadata") or {}).get("name") == f"{name}-contract"
    ]
    told = json.loads((found[0].get("data") or {}).get(KEY, "{}")) if found else {}
    secret = told.get("superuser_secret") or {}
    return {
        "name": name,
        "namespace": namespace,
        "operator": "existing",
        "exists": bool(found),
        "ready": bool(found),
        "phase": "Described" if found else "",
        "pending": [] if found else ["it is not described"],
        "version": str(told.get("version", "")),
        "image": told.get("image", ""),
        "image_pull_secrets": [],
        "primary_host": told.get("primary_host", ""),
        "standby_host": told.get("standby_host") or told.get("primary_host", ""),
        "port": int(told.get("port", 5432)),
        "instances": [_instance(item) for item in told.get("instances") or []],
        "instances_wanted": len(told.get("instances") or []),
        "switching_to": "",
        "hibernated": False,
        "hibernation_asked": False,
        "primary_times": {},
        "superuser_secret": {
            "name": secret["name"],
            "username_key": secret.get("username_key", "username"),
            "password_key": secret.get("password_key", "password"),
        }
        if secret
        else None,
        "auth_method": told.get("auth_method", "scram-sha-256"),
        "tls": _tls(told.get("tls") or {}),
        "metrics": told.get("metrics") or None,
        "role_label": told.get("role_label", ""),
        "synchronous": told.get("synchronous") or None,
        "max_connections": told.get("max_connections"),
        "databases": list(told.get("databases") or []),
        "passwords": {},
    }


def prerequisites(namespace: str) -> list[dict[str, Any]]:
    """Say that the namespace is needed, as the description and the users' Secrets are written there."""
    return [{"api_version": "v1", "kind": "Namespace", "name": namespace}]


def problems(
    wanted: Mapping[str, Any],
    current: Sequence[Mapping[str, Any]],
    prerequisites: Sequence[Mapping[str, Any]],  # pylint: disable=redefined-outer-name
) -> Iterator[str]:
    """Yield why the description cannot be written."""
    if not current and not prerequisites and not wanted["create_namespace"]:
        yield (
            f"postgres_cluster_namespace is {wanted['namespace']!r} (string): there is no such namespace and "
            "postgres_cluster_create_namespace is false; make it, or give one that exists"
        )


def _instance(told: Mapping[str, Any]) -> dict[str, Any]:
    name = told.get("name") or _short(told["host"])
    return {
        "name": name,
        "pod": told.get("pod", ""),
        "host": told["host"],
        "role": told.get("role", "standby"),
        "ready": True,
        "application_name": told.get("application_name") or name,
        "selector": dict(told.get("selector") or {}),
        "needs_service": bool(told.get("selector")),
    }


def _tls(told: Mapping[str, Any]) -> dict[str, Any]:
    # `false` may have come as text.
    tls = {**told, "enabled": is_true(told.get("enabled"))}
    return {**tls, "ca_key": tls.get("ca_key") or "ca.crt"} if tls.get("ca_secret") else tls


def _short(host: str) -> str:
    """Return the first part of a name in DNS, or the whole of an address."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.partition(".")[0]
