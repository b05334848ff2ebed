# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database users of a PostgreSQL cluster and their Secrets, one per user."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import CLUSTER_LABEL, MANAGED_BY_LABEL

# Users that the collection itself logs in with. They read statistics, nothing else.
SYSTEM_USERS: tuple[dict[str, Any], ...] = (
    {"name": "pgpool_check", "roles": ["pg_monitor"]},  # Pgpool-II's health and replication checks
    {"name": "pgha_monitor", "roles": ["pg_monitor"]},  # the exporters
)

# The superuser that initdb makes.
SUPERUSER = "postgres"
# On a Secret that a rotation makes for the superuser: the cluster's name. Once it counts, it has the labels of users'.
SUPERUSER_LABEL = "pgha.kubernetes/superuser"
# A user with `overlap` has a second login, and a Secret with the login of now, which has this label.
LOGIN_LABEL = "pgha.kubernetes/login"
# On the Secret of the first login: that the second was made. So it is known that it has to go, once it is not wanted.
SECOND = "pgha.kubernetes/second-login"
# On the Secrets of both logins: the number of the rotation that made the password. On that with the login of now: the
# number of the last one that was brought to its end, and when.
ROTATION = "pgha.kubernetes/rotation"
SWITCHED = "pgha.kubernetes/switched"

# Keys of a user's Secret that may have the text of its password by chance.
_PLAIN_KEYS = frozenset({"username", "user", "password", "dbname", "host", "port"})

_FLAGS = ("superuser", "createdb", "createrole", "replication")


def secret_name(cluster: str, user: str) -> str:
    """Return the name of the Secret that holds a user's password."""
    return f"{cluster}-{user.replace('_', '-')}"


def second_name(user: str) -> str:
    """Return the name of the second login of a user with `overlap`."""
    return f"{user}_2"


def login_secret_name(cluster: str, user: str) -> str:
    """Return the name of the Secret with the login of now of a user with `overlap`."""
    return f"{secret_name(cluster, user)}-login"


def owner_of(database: Mapping[str, Any]) -> str:
    """Return the owner of a database: by default the user of the same name."""
    return database.get("owner") or database["name"]


def all_users(
    users: Sequence[Mapping[str, Any]],
    databases: Sequence[Mapping[str, Any]],
    cluster: str,
    system: bool = True,
    secrets: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """List every user that the cluster has to have, or must not have, once, with all keys filled in.

    Those that were asked for, then the owners of databases, then the collection's own. An entry with the name of an
    owner or of one of the collection's own users adds to it. The second login of a user comes right after the first,
    whose name is its `first`; the first has the name of the second as `second`.

    :param system: whether to add the owners and the collection's own users
    :param secrets: those that exist, which say whose second login has to go
    """
    merged: dict[str, dict[str, Any]] = {user["name"]: dict(user) for user in users}
    if system:
        for database in databases:
            merged.setdefault(owner_of(database), {})
        for own in SYSTEM_USERS:
            given = merged.setdefault(own["name"], {})
            given["roles"] = [*own["roles"], *(role for role in given.get("roles", []) if role not in own["roles"])]
    existing = {secret["metadata"]["name"]: secret for secret in secrets}
    full = []
    for name, user in merged.items():
        full.append(_filled_in(name, user, cluster))
        if second_name(name) not in merged and (
            is_true(user.get("overlap")) or _annotation(existing, full[-1], SECOND)
        ):
            full.append(_second(full[-1], is_true(user.get("overlap")), cluster))
    return full


def _second(first: dict[str, Any], wanted: bool, cluster: str) -> dict[str, Any]:
    """Return the second login of a user. It is a member of the first and may do, and be limited to, the same."""
    name, login = second_name(first["name"]), login_secret_name(cluster, first["name"])
    state = "present" if wanted and first["state"] == "present" else "absent"
    if wanted:
        first["overlap"] = True
    if state == "present":
        first.update(second=name, login_secret=login)
    copied = {key: first[key] for key in ("connection_limit", *_FLAGS)}
    own = {"name": name, "state": state, "secret": secret_name(cluster, name), "roles": [first["name"]]}
    return {**own, **copied, "first": first["name"], "login_secret": login}


def _filled_in(name: str, user: Mapping[str, Any], cluster: str) -> dict[str, Any]:
    full: dict[str, Any] = {
        "name": name,
        "state": user.get("state") or "present",
        "secret": secret_name(cluster, name),
        "roles": [str(role) for role in user.get("roles") or []],
        "connection_limit": int(user.get("connection_limit", -1)),
    }
    for flag in _FLAGS:
        full[flag] = is_true(user.get(flag, False))
    if user.get("password") is not None:
        full["password"] = user["password"]
    return full


def is_true(value: Any) -> bool:
    """Tell whether a value of type `bool` is true, however it was written."""
    return str(value).lower() in ("true", "yes", "on", "1")


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
    :param rotate: names of users who get a new password; where there are two logins, the one that is not in use does,
        unless a rotation that was stopped has given it one
    :returns: a dict for each Secret to write: `secret`, `name` (the user's), `new`, and either `password`, or
        `generate` (true where it needs a password and none is given), or neither, where the password stays; and
        `annotations`, where it gets some, and `labels`, where these are not all that each must have
    """
    found = {secret["metadata"]["name"]: secret for secret in existing}
    states = login_states(users, existing)
    alternating = {state["name"] for state in states}
    rotated = {name: 0 for name in rotate if name not in alternating}
    rotated |= {
        state["other"]: state["rotation"] + 1 for state in states if state["name"] in rotate and not state["pending"]
    }
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
        elif not password or user["name"] in rotated:
            entry["generate"] = True
        annotations = {}
        if user.get("second") and _annotation(found, user, SECOND) != user["second"]:
            annotations[SECOND] = user["second"]
        if rotated.get(user["name"]):
            annotations[ROTATION] = str(rotated[user["name"]])
        if annotations:
            entry["annotations"] = annotations
        if len(entry) > 3 or not _is_labelled(secret, labels, user["name"]):
            own = _labels_for(secret, labels)
            plan.append(entry if own == labels else {**entry, "labels": own})
    return plan


def passwords_to_replace(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    rotate: Sequence[str] = (),
    taken: Collection[str] = (),
) -> list[str]:
    """Return the names of the users whose password `secrets_to_write` replaces while applications use it.

    Of two logins, none is among them: what a rotation gives the one that is not in use, nobody needs yet.

    :param users: as `all_users` returns them
    :param existing: the Secrets of the namespace
    :param rotate: names of users who get a new password
    :param taken: names of users whose password PostgreSQL has: where the Secret is gone, another one replaces it
    """
    found = {secret["metadata"]["name"]: secret for secret in existing}
    lost = passwords_lost(users, existing, taken)
    return [
        entry["name"]
        for entry in secrets_to_write(users, existing, {}, rotate)
        if ("password" in entry or "generate" in entry)
        and (_decoded(found.get(entry["secret"]), "password") or entry["name"] in lost)
        and ROTATION not in entry.get("annotations", {})
    ]


def passwords_lost(
    users: Sequence[Mapping[str, Any]], existing: Sequence[Mapping[str, Any]], taken: Collection[str]
) -> list[str]:
    """Return the names of the users who get a generated password as their Secret is gone, or has none in it.

    Of two logins, that which is not in use is not among them.

    :param users: as `all_users` returns them
    :param existing: the Secrets of the namespace
    :param taken: names of users whose password PostgreSQL has
    """
    found = {secret["metadata"]["name"]: secret for secret in existing}
    unused = {state["other"] for state in login_states(users, existing)}
    return [
        entry["name"]
        for entry in secrets_to_write(users, existing, {})
        if "generate" in entry
        and entry["name"] in taken
        and entry["name"] not in unused
        and not _decoded(found.get(entry["secret"]), "password")
    ]


def password_copies(secret: Mapping[str, Any] | None) -> list[str]:
    """Return under which other keys a Secret has its password, such as a URI.

    CloudNativePG makes such Secrets (pkg/specs/secrets.go of 1.30), and does not write them again.
    """
    password = _decoded(secret, "password")
    return [
        key
        for key in sorted((secret or {}).get("data") or {})
        if password and key not in _PLAIN_KEYS and password in unquote_plus(_decoded(secret, key) or "")
    ]


def login_states(users: Sequence[Mapping[str, Any]], existing: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say of each user with two logins which of them applications use now.

    :param users: as `all_users` returns them
    :param existing: the Secrets of the namespace
    :returns: for each `name`, `secret` (that with the login of now), `now` and `other` (names of the logins), their
        Secrets as `now_secret` and `other_secret`, `rotation` (the number of the last one that was brought to its
        end), `switched` (when it was), and `pending`: whether the other login has a newer password
    """
    found = {secret["metadata"]["name"]: secret for secret in existing}
    secret_of = {user["name"]: user["secret"] for user in users}
    states = []
    for user in users:
        if not user.get("second"):
            continue
        login = {"secret": user["login_secret"]}
        both = [user["name"], user["second"]]
        if _decoded(found.get(login["secret"]), "username") == user["second"]:
            both.reverse()
        now, other = ({"name": name, "secret": secret_of[name]} for name in both)
        rotation = _number(_annotation(found, login, ROTATION))
        states.append(
            {
                "name": user["name"],
                "secret": login["secret"],
                "now": now["name"],
                "now_secret": now["secret"],
                "other": other["name"],
                "other_secret": other["secret"],
                "rotation": rotation,
                "switched": _annotation(found, login, SWITCHED),
                "pending": _number(_annotation(found, other, ROTATION)) > rotation,
            }
        )
    return states


def is_login_of_now(secret: Mapping[str, Any]) -> bool:
    """Tell whether a Secret is none of a user, but says which of two logins is that of now."""
    return LOGIN_LABEL in ((secret.get("metadata") or {}).get("labels") or {})


def _annotation(found: Mapping[str, Mapping[str, Any]], user: Mapping[str, Any], key: str) -> str:
    """Return an annotation of a user's Secret, or an empty text."""
    metadata = (found.get(user["secret"]) or {}).get("metadata") or {}
    return (metadata.get("annotations") or {}).get(key, "")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


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
    absent = [user for user in users if user.get("state") == "absent"]
    gone = {user["secret"]: user["name"] for user in absent}
    logins = {user["login_secret"] for user in absent if user.get("first")}
    return [
        secret["metadata"]["name"]
        for secret in existing
        if (secret["metadata"]["name"] in gone and _is_labelled(secret, labels, gone[secret["metadata"]["name"]]))
        or (secret["metadata"]["name"] in logins and is_login_of_now(secret))
    ] + _outdated(existing, labels, superuser)


def _outdated(existing: Sequence[Mapping[str, Any]], labels: Mapping[str, str], superuser: str) -> list[str]:
    """Return the superuser's Secrets older than the one that counts. A newer one may be on its way to be that.

    One of a rotation that was stopped, or that the operator refused, never got the labels of users'.
    """
    made = {item["metadata"]["name"]: item["metadata"].get("creationTimestamp") or "" for item in existing}
    return [
        item["metadata"]["name"]
        for item in existing
        if (_is_labelled(item, labels, SUPERUSER) or _is_of_rotation(item, labels))
        and made[item["metadata"]["name"]] < made.get(superuser, "")
    ]


def _is_of_rotation(secret: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether a rotation made a Secret for the cluster's superuser."""
    of = ((secret.get("metadata") or {}).get("labels") or {}).get(SUPERUSER_LABEL)
    return bool(of) and of == labels.get(CLUSTER_LABEL)


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


def controller_of(secret: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return what controls a Secret, as its `ownerReferences` have it: it writes it again. Empty where nothing does."""
    owners = ((secret or {}).get("metadata") or {}).get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), {})


def _labels_for(secret: Mapping[str, Any] | None, labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return the labels that a Secret must have. What controls one says itself by what it is managed."""
    return {key: value for key, value in labels.items() if key != MANAGED_BY_LABEL or not controller_of(secret)}


def _is_labelled(secret: Mapping[str, Any] | None, labels: Mapping[str, str], user: str) -> bool:
    """Tell whether a Secret says whose it is, so that it is found, and whose password it holds."""
    has = ((secret or {}).get("metadata") or {}).get("labels") or {}
    wanted = _labels_for(secret, labels)
    return all(has.get(key) == value for key, value in wanted.items()) and _decoded(secret, "username") == user
