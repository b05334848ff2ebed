# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database users of a PostgreSQL cluster and their Secrets, one per user."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

# Users that the collection itself logs in with. They read statistics, nothing else.
SYSTEM_USERS: tuple[dict[str, Any], ...] = (
    {"name": "pgpool_check", "roles": ["pg_monitor"]},  # Pgpool-II's health and replication checks
    {"name": "pgha_monitor", "roles": ["pg_monitor"]},  # the exporters
)

# The superuser that initdb makes.
SUPERUSER = "postgres"

_FLAGS = ("superuser", "createdb", "createrole", "replication")


def secret_name(cluster: str, user: str) -> str:
    """Return the name of the Secret that holds a user's password."""
    return f"{cluster}-{user.replace('_', '-')}"


def owner_of(database: Mapping[str, Any]) -> str:
    """Return the owner of a database: by default the user of the same name."""
    return database.get("owner") or database["name"]


def all_users(
    users: Sequence[Mapping[str, Any]], databases: Sequence[Mapping[str, Any]], cluster: str, system: bool = True
) -> list[dict[str, Any]]:
    """List every user that the cluster has to have, or must not have, once, with all keys filled in.

    Those that were asked for, then the owners of databases, then the collection's own. An entry with the name of an
    owner or of one of the collection's own users adds to it.

    :param system: whether to add the owners and the collection's own users
    """
    merged: dict[str, dict[str, Any]] = {user["name"]: dict(user) for user in users}
    if system:
        for database in databases:
            merged.setdefault(owner_of(database), {})
        for own in SYSTEM_USERS:
            given = merged.setdefault(own["name"], {})
            given["roles"] = [*own["roles"], *(role for role in given.get("roles", []) if role not in own["roles"])]
    return [_filled_in(name, user, cluster) for name, user in merged.items()]


def _filled_in(name: str, user: Mapping[str, Any], cluster: str) -> dict[str, Any]:
    full: dict[str, Any] = {
        "name": name,
        "state": user.get("state") or "present",
        "secret": secret_name(cluster, name),
        "roles": [str(role) for role in user.get("roles") or []],
        "connection_limit": int(user.get("connection_limit", -1)),
    }
    for flag in _FLAGS:
        full[flag] = _is_true(user.get(flag, False))
    # Whether there is no more to it than that it logs in.
    full["plain"] = not full["roles"] and full["connection_limit"] == -1 and not any(full[flag] for flag in _FLAGS)
    if user.get("password") is not None:
        full["password"] = user["password"]
    return full


def _is_true(value: Any) -> bool:
    return str(value).lower() in ("true", "yes", "on", "1", "t", "y")


def secrets_to_write(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    rotate: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Say which Secrets have to be written, and with what.

    A Secret that exists keeps its password, unless the user's entry gives another one or asks for a new one.

    :param users: as `all_users` returns them
    :param existing: the Secrets of the namespace
    :param labels: the labels that each of them must have
    :param rotate: names of users who get a new password
    :returns: a dict for each Secret to write: `secret`, `name` (the user's), `new`, and either `password`, or
        `generate` (true where it needs a password and none is given), or neither, where the password stays
    """
    found = {secret["metadata"]["name"]: secret for secret in existing}
    plan = []
    for user in users:
        if user.get("state") == "absent":
            continue
        secret = found.get(user["secret"])
        entry: dict[str, Any] = {"secret": user["secret"], "name": user["name"], "new": secret is None}
        password = _decoded(secret, "password")
        if user.get("password") is not None:
            if password != user["password"]:
                entry["password"] = user["password"]
        elif not password or user["name"] in rotate:
            entry["generate"] = True
        if "password" in entry or "generate" in entry or not _is_labelled(secret, labels, user["name"]):
            plan.append(entry)
    return plan


def secrets_to_delete(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    superuser: str = "",
) -> list[str]:
    """Return the names of the Secrets of users that must not be there, and of the superuser's old ones.

    :param users: as `all_users` returns them
    :param existing: the Secrets of the namespace
    :param labels: the labels of the cluster's own; others are left alone
    :param superuser: the name of the superuser's Secret
    """
    gone = {user["secret"]: user["name"] for user in users if user.get("state") == "absent"}
    return [
        secret["metadata"]["name"]
        for secret in existing
        if secret["metadata"]["name"] in gone and _is_labelled(secret, labels, gone[secret["metadata"]["name"]])
    ] + _outdated(existing, labels, superuser)


def _outdated(existing: Sequence[Mapping[str, Any]], labels: Mapping[str, str], superuser: str) -> list[str]:
    """Return the superuser's Secrets older than the one that counts. A newer one may be on its way to be that."""
    made = {item["metadata"]["name"]: item["metadata"].get("creationTimestamp") or "" for item in existing}
    return [
        item["metadata"]["name"]
        for item in existing
        if _is_labelled(item, labels, SUPERUSER) and made[item["metadata"]["name"]] < made.get(superuser, "")
    ]


def secret_versions(
    read: Sequence[Mapping[str, Any]], written: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> dict[str, str]:
    """Return which version of each Secret there is. It changes with the password, and says nothing of it.

    :param read: Secrets as they were read
    :param written: those that were written since
    :param names: the Secrets to look at
    """
    versions = {item["metadata"]["name"]: item["metadata"].get("resourceVersion", "") for item in [*read, *written]}
    return {name: versions[name] for name in names if name in versions}


def _decoded(secret: Mapping[str, Any] | None, key: str) -> str | None:
    encoded = ((secret or {}).get("data") or {}).get(key)
    return None if encoded is None else b64decode(encoded).decode(errors="replace")


def _is_labelled(secret: Mapping[str, Any] | None, labels: Mapping[str, str], user: str) -> bool:
    """Tell whether a Secret says whose it is, so that it is found, and whose password it holds."""
    has = ((secret or {}).get("metadata") or {}).get("labels") or {}
    return all(has.get(key) == value for key, value in labels.items()) and _decoded(secret, "username") == user
