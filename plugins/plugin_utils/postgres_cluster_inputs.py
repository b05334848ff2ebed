# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several variables of the role postgres_cluster have to say together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import backup_checks
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_int, database_role
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import (
    SUPERUSER,
    SYSTEM_USERS,
    is_true,
    login_secret_name,
    owner_of,
    second_name,
    secret_name,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import restore_checks
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.user_sizes import size_problems

_LONGEST_ROLE = 63


def postgres_cluster_checks(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong between the variables. Each of them alone is right by then."""
    operator = variables.get("postgres_cluster_operator", "cloudnativepg")
    yield from backup_checks(variables)
    yield from restore_checks(variables)
    yield from _initdb(variables, operator)
    if operator == "existing":
        yield from _existing(variables)
        return
    if variables.get("postgres_cluster_existing"):
        yield (
            f"postgres_cluster_existing is a mapping: leave it empty, as the operator is {operator!r}, which makes a "
            "cluster of its own; or give postgres_cluster_operator: existing (pgha_operator)"
        )
    yield from _synchronous(variables)
    yield from _users(variables)
    yield from _overlap(variables)
    yield from _databases(variables)
    yield from size_problems(variables, operator)
    yield from _version(variables)
    yield from operators.adapter(operator).parameter_problems(variables.get("postgres_cluster_parameters") or {})
    yield from operators.adapter(operator).input_problems(variables)


def _initdb(variables: Mapping[str, Any], operator: str) -> Iterator[str]:
    asked = {key: value for key, value in (variables.get("postgres_cluster_initdb") or {}).items() if value}
    if asked and operator != "cloudnativepg":
        yield f"postgres_cluster_initdb is a mapping: leave it empty, as it is for CloudNativePG, not for {operator!r}"
    for key, provider in (("icu_locale", "icu"), ("builtin_locale", "builtin")):
        if asked.get(key) and asked.get("locale_provider") != provider:
            yield (
                f"postgres_cluster_initdb.{key} is {asked[key]!r} (string): give locale_provider: {provider}, too, or "
                "leave it out"
            )
        if asked.get("locale_provider") == provider and not asked.get(key):
            yield f"postgres_cluster_initdb.locale_provider is {provider!r} (string): give {key}, too"
    size = as_int(asked.get("wal_segment_size")) or 1
    if size & (size - 1):
        yield f"postgres_cluster_initdb.wal_segment_size is {size} (integer): give a power of two, in MB"


def _synchronous(variables: Mapping[str, Any]) -> Iterator[str]:
    number = as_int((variables.get("postgres_cluster_synchronous") or {}).get("number", 1))
    instances = as_int(variables.get("postgres_cluster_instances", 3))
    if number and instances is not None and number >= instances:
        yield (
            f"postgres_cluster_synchronous.number is {number} (integer): give less than postgres_cluster_instances "
            f"({instances}), as the primary does not count; 0 turns synchronous replication off"
        )


def _users(variables: Mapping[str, Any]) -> Iterator[str]:
    operator = operators.adapter(variables.get("postgres_cluster_operator", "cloudnativepg"))
    users = variables.get("postgres_cluster_users") or []
    databases = variables.get("postgres_cluster_databases") or []
    yield from _once(users)
    owners, own = {owner_of(database) for database in databases}, {user["name"] for user in SYSTEM_USERS}
    for index, user in enumerate(users):
        if user.get("state") == "absent" and user["name"] in owners | own:
            what = "it owns a database" if user["name"] in owners else "Pgpool-II's checks and the exporters are it"
            yield f"postgres_cluster_users[{index}].state is 'absent' (string): leave {user['name']!r} there, as {what}"
    known = {user["name"]: user for user in users}
    for index, name in enumerate(variables.get("postgres_cluster_rotate_users") or []):
        shown = f"postgres_cluster_rotate_users[{index}] is {name!r} (string)"
        if name == SUPERUSER:
            yield from _superuser_rotation(shown, variables, operator)
            continue
        if name not in {*known, *owners, *own} or known.get(name, {}).get("state") == "absent":
            yield f"{shown}: the cluster has no such user; give one of {', '.join(sorted({*known, *owners, *own}))}"
        elif known.get(name, {}).get("password") is not None:
            yield f"{shown}: its password is given in postgres_cluster_users; write the new one there"
    names = {owner_of(database): f"postgres_cluster_databases[{i}].owner" for i, database in enumerate(databases)}
    yield from _secrets(names, own, variables)


def _once(users: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for name, count in Counter(user["name"] for user in users).items():
        if count > 1:
            yield f"postgres_cluster_users has {name!r} {count} times (list): name each user once"


def _secrets(owners: Mapping[str, str], own: Collection[str], variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield which users cannot have the Secret that is theirs by name.

    :param owners: those who have one without being named in `postgres_cluster_users`, with the words for where
    :param own: the collection's own, where they are made
    """
    existing = variables.get("postgres_cluster_operator") == "existing"
    operator = operators.adapter(variables.get("postgres_cluster_operator", "cloudnativepg"))
    cluster = str(variables.get("postgres_cluster_name", ""))
    users = variables.get("postgres_cluster_users") or []
    names = {**owners, **{user["name"]: f"postgres_cluster_users[{i}].name" for i, user in enumerate(users)}}
    by_secret = {secret_name(cluster, name): name for name in own}
    of_backups = _backup_secrets(variables)
    for name, shown in names.items():
        if operator.is_reserved_role(name):
            yield f"{shown} is {name!r} (string): give another name, PostgreSQL or its operator keeps this one"
        # A user who is there keeps the name. Where its Secret is Pgpool-II's, the role pgpool refuses that.
        if secret_name("", name) in operator.RESERVED_SECRETS and not existing:
            yield (
                f"{shown} is {name!r} (string): give another name, as the Secret "
                f"{secret_name(cluster, name)} of this user is another one's"
            )
        if secret_name(cluster, name) in of_backups:
            yield (
                f"{shown} is {name!r} (string): give another name, or name the Secret of "
                f"postgres_cluster_backup.{of_backups[secret_name(cluster, name)]} otherwise, as both would be "
                f"{secret_name(cluster, name)}"
            )
        other = by_secret.setdefault(secret_name(cluster, name), name)
        if other != name:
            yield (
                f"{shown} is {name!r} (string): give a name that differs from {other!r} in more than "
                f"'-' and '_', as both would have the Secret {secret_name(cluster, name)}"
            )


def _backup_secrets(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return which Secrets are the object store's, and by which key of `postgres_cluster_backup`."""
    backup = variables.get("postgres_cluster_backup") or {}
    return {backup[key]: key for key in ("credentials_secret", "ca_secret", "encryption_secret") if backup.get(key)}


def _overlap(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield which users cannot have a second login."""
    cluster = str(variables.get("postgres_cluster_name", ""))
    users = variables.get("postgres_cluster_users") or []
    own = {user["name"] for user in SYSTEM_USERS}
    names = {user["name"] for user in users} | {
        owner_of(database) for database in variables.get("postgres_cluster_databases") or []
    }
    reserved = operators.adapter(variables.get("postgres_cluster_operator", "cloudnativepg")).RESERVED_SECRETS
    of_backups = _backup_secrets(variables)
    for index, user in enumerate(users):
        if not is_true(user.get("overlap", False)):
            continue
        name, second = user["name"], second_name(user["name"])
        shown = f"postgres_cluster_users[{index}].overlap is true (boolean):"
        if variables.get("postgres_cluster_operator") == "kubedb_v1alpha1":
            yield f"{shown} leave it out, as the releases of PostgreSQL that kubedb_v1alpha1 has cannot do it"
        if name in own:
            yield f"{shown} leave it out, as Pgpool-II's checks and the exporters know {name!r} by its name"
        if user.get("password") is not None:
            yield f"{shown} leave its password out, as rotations make new ones; that of {name!r} stays until then"
        if len(second) > _LONGEST_ROLE:
            yield (
                f"{shown} give {name!r} a name of {_LONGEST_ROLE - 2} characters at most, as the second login is "
                f"{second!r}"
            )
        if second in names:
            yield f"{shown} give the user {second!r} another name, as that is the second login of {name!r}"
            continue
        for what, secret in (("second login", secret_name("", second)), ("login of now", login_secret_name("", name))):
            others = [other for other in sorted(names - {name}) if secret_name("", other) == secret]
            if others or secret in reserved or f"{cluster}{secret}" in of_backups:
                whose = f"the user {others[0]!r} has" if others else "another one has"
                yield f"{shown} give {name!r} another name, as {whose} the Secret {cluster}{secret} of its {what}"


def _superuser_rotation(shown: str, variables: Mapping[str, Any], operator: ModuleType) -> Iterator[str]:
    """Yield why the superuser cannot get a new password: it comes in a new Secret, so nothing may name the old one."""
    given = [key for key in ("secret", "password") if (variables.get("postgres_cluster_superuser") or {}).get(key)]
    if "rotate_password" not in operator.OPERATIONS:
        why = getattr(operator, "REFUSALS", {}).get("rotate_password", "its operator has no way to change its password")
        yield f"{shown}: leave out the superuser; {why}"
    elif given:
        yield (
            f"{shown}: postgres_cluster_superuser.{given[0]} holds on to what it has; remove that, as the new password "
            "comes in a new Secret"
        )


def _databases(variables: Mapping[str, Any]) -> Iterator[str]:
    databases = variables.get("postgres_cluster_databases") or []
    role = database_role()
    for index, database in enumerate(databases):
        if not database.get("owner") and not role.accepts(database["name"]):
            yield (
                f"postgres_cluster_databases[{index}].owner is missing, and the name of the database, "
                f"{database['name']!r}, cannot be that of a user: {role.remedy}"
            )
    for name, count in Counter(database["name"] for database in databases).items():
        if count > 1:
            yield f"postgres_cluster_databases has {name!r} {count} times (list): name each database once"
        if name in ("postgres", "template0", "template1"):
            yield f"postgres_cluster_databases has {name!r} (list): leave it out, each cluster has it"


def _version(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield mistakes of the version. The image decides what runs, so its tag must name the same."""
    version, image = str(variables.get("postgres_cluster_version", "")), variables.get("postgres_cluster_image") or ""
    major = version.partition(".")[0].partition("-")[0]
    oldest = operators.adapter(variables.get("postgres_cluster_operator", "cloudnativepg")).OLDEST_VERSION
    if major and int(major) < oldest:
        yield f"postgres_cluster_version is {version!r} (string): give {oldest} or newer"
    tag = re.search(r":([0-9]+)[^/:]*$", image.partition("@")[0])
    if tag and major and tag[1] != major:
        yield (
            f"postgres_cluster_image is {image!r} (string): give an image of PostgreSQL {major}, "
            "or set postgres_cluster_version to the image's"
        )


def _existing(variables: Mapping[str, Any]) -> Iterator[str]:
    """Nobody makes roles in a cluster that is not ours, so a password cannot be invented."""
    if not variables.get("postgres_cluster_existing"):
        yield (
            "postgres_cluster_existing is empty (mapping): say where the cluster is, as the operator is 'existing'; "
            "the role's README has an example"
        )
    if variables.get("postgres_cluster_rotate_users"):
        yield (
            "postgres_cluster_rotate_users is a list: leave it empty, as the operator is 'existing' and nobody changes "
            "passwords in a cluster that something else made; change them there, then write them into "
            "postgres_cluster_users"
        )
    yield from _once(variables.get("postgres_cluster_users") or [])
    yield from _secrets({}, (), variables)
    for index, user in enumerate(variables.get("postgres_cluster_users") or []):
        if is_true(user.get("overlap", False)):
            yield (
                f"postgres_cluster_users[{index}].overlap is true (boolean): leave it out, as nobody makes a second "
                "login in a cluster that something else made"
            )
        if not user.get("password") and user.get("state") != "absent":
            yield (
                f"postgres_cluster_users[{index}].password is missing: give the one that the user has, "
                "as the operator is 'existing'; or leave the user out"
            )
