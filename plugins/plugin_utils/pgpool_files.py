# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of Pgpool-II that hold secrets or say who may log in, made from the Secrets of the database users."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pgpool_conf, pool_passwd
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_parameters import RELOAD
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import is_login_of_now

PCP_USER = "pgpool"
USER_TYPE = "kubernetes.io/basic-auth"

# The file with parameters for each way to configure: those that a reload takes up, beside the environment; or all.
CONFIGURATION_FILES = {"env": "params.conf", "files": "pgpool.conf"}
# The files that Pgpool-II, or our entry point, reads at its start alone.
_READ_AT_START = ("pgpoolkey", "pcp.conf", "pcppass")


def pgpool_files(
    secrets: Sequence[Mapping[str, Any]],
    contract: Mapping[str, Any],
    current: Mapping[str, str] | None = None,
    generated: Mapping[str, str] | None = None,
    hba_rules: Sequence[Mapping | str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    config_mode: str = "env",
    tls_required: bool = False,
    socket_users: Sequence[str] = (),
) -> dict[str, str]:
    """Make the files.

    With `parameters`, there are also the file of `CONFIGURATION_FILES`; `restart`, a text that is another one as soon
    as there is a change that no reload takes up; and `version`, which names what is in all the others, and is another
    one, too, where what the Secret has was edited by hand.

    :param secrets: Secrets as the Kubernetes API returns them; those of type kubernetes.io/basic-auth, and the
        superuser's that the contract names, are users
    :param contract: the PostgreSQL cluster
    :param current: the `data` of the Secret that Pgpool-II has now: its key and its PCP password are kept, and
        `restart` where it may be
    :param generated: `key` and `pcp_password` for where there are none yet
    :param hba_rules: the rules of pool_hba.conf; by default everybody with the cluster's own method
    :param parameters: all of Pgpool-II's parameters
    :param config_mode: `env`: those that need a restart are in the environment; `files`: all are in a file
    :param tls_required: whether the default rules refuse plain connections
    :param socket_users: who gets in on the Unix socket whatever `hba_rules` say
    :raises InputError: two Secrets name one user, or a file cannot be written
    """
    method = contract["auth_method"]
    kept = {name: _decoded(text, f"the key {name} of Pgpool-II's Secret") for name, text in (current or {}).items()}
    new = generated or {}
    key = kept.get("pgpoolkey") or new.get("key", "")
    pcp_password = kept.get("pcppass", "").strip().rpartition(":")[2] or new.get("pcp_password", "")
    lines = pool_passwd.lines(_users(secrets, contract), _passwd_method(contract), key)
    files = {
        "pool_passwd": "".join(f"{line}\n" for line in lines),
        "pool_hba.conf": pgpool_conf.hba(
            [*_socket_rules(method, socket_users), *hba_rules] if hba_rules else _default_rules(method, tls_required)
        ),
        "pcp.conf": pool_passwd.pcp_conf({PCP_USER: pcp_password}),
        "pcppass": f"*:*:{PCP_USER}:{pcp_password}\n",
        "pgpoolkey": key,
    }
    if parameters is not None:
        name = CONFIGURATION_FILES[config_mode]
        shown = parameters if config_mode == "files" else pgpool_conf.with_change(parameters, RELOAD)
        files[name] = pgpool_conf.conf(shown)
        is_read_again = all(kept.get(start) == files[start] for start in _READ_AT_START)
        stays = is_read_again and "restart" in kept and name in kept and not _is_stuck(kept[name], shown)
        files["restart"] = kept["restart"] if stays else _digest([kept, files])
        files["version"] = _version(files, kept)
    return files


def _is_stuck(before: str, parameters: Mapping[str, Any]) -> bool:
    """Tell whether a Pgpool-II that runs with the one file cannot get to the parameters by a reload."""
    try:
        return bool(pgpool_conf.restart_needed(pgpool_conf.parsed(before), parameters))
    except InputError:  # another release of this collection, or someone by hand, wrote what this one does not know
        return True


def _version(files: Mapping[str, str], kept: Mapping[str, str]) -> str:
    """Name what is in the files.

    Where the Secret has something else under that name, somebody edited it, and a pod may have taken that up: so they
    get another name, for which each pod reads them again.
    """
    named = kept.get("version")
    if named and files == {name: text for name, text in kept.items() if name != "version"}:
        return named
    version = _digest(files)
    return version if version != named else _digest([kept, files])


def _digest(what: object) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def pgpool_user_problems(secrets: Sequence[Mapping[str, Any]], contract: Mapping[str, Any]) -> Iterator[str]:
    """Yield why :func:`pgpool_files` could not take the users of the Secrets. No sentence holds a password.

    :param secrets: as for :func:`pgpool_files`
    :param contract: as for :func:`pgpool_files`
    """
    readable = []
    for secret in secrets:
        try:
            users = _users([secret], contract)
        except InputError as exc:
            yield f"{exc}; mend it, or take it out of pgpool_users_selector"
            continue
        readable.append(secret)
        try:
            pool_passwd.check(users, _passwd_method(contract))
        except InputError as exc:
            yield f"the Secret {secret['metadata']['name']} cannot be used: {exc}"
        else:
            yield from _trimmed(secret["metadata"]["name"], users, contract)
    try:
        _users(readable, contract)
    except InputError as exc:
        yield str(exc)


def _trimmed(secret: str, users: Mapping[str, str], contract: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the operator makes another name or password of (getPassword of its roles/runnable.go, 1.29).

    :param secret: the name of the Secret that the users are from
    """
    # The superuser has its password from elsewhere.
    if contract.get("operator") != "cloudnativepg" or secret == (contract.get("superuser_secret") or {}).get("name"):
        return
    for name, password in users.items():
        wrong = [what for what, text in (("username", name), ("password", password)) if text != text.strip()]
        if wrong:
            yield (
                f"the Secret {secret} cannot be used: its {' and its '.join(wrong)} begins or ends with blanks, which "
                "CloudNativePG cuts off and Pgpool-II does not, so the login would fail: write it without them"
            )


def pgpool_missing_users(
    secrets: Sequence[Mapping[str, Any]], contract: Mapping[str, Any], needed: Iterable[str]
) -> list[str]:
    """Return those of the needed users for whom there is no Secret.

    :param secrets: as for :func:`pgpool_files`
    :param contract: as for :func:`pgpool_files`
    :param needed: names of database users
    """
    found = _users(secrets, contract)
    return [name for name in needed if name not in found]


def _passwd_method(contract: Mapping[str, Any]) -> str:
    """Return the method of pool_passwd.

    With an entry that it can decrypt, Pgpool-II answers to whatever PostgreSQL asks for. CloudNativePG keeps verifiers
    for SCRAM from 1.29.2 on, also where `password_encryption` is md5 (CVE-2026-55765).
    """
    return "md5" if contract["auth_method"] == "md5" and contract.get("operator") != "cloudnativepg" else "aes"


def _default_rules(method: str, tls_required: bool) -> list[dict[str, str]]:
    remote = "hostssl" if tls_required else "host"
    return [{"type": "local", "method": method}, {"type": remote, "address": "all", "method": method}]


def _socket_rules(method: str, users: Sequence[str]) -> list[dict[str, Any]]:
    return [{"type": "local", "user": list(users), "method": method}] if users else []


def _users(secrets: Sequence[Mapping[str, Any]], contract: Mapping[str, Any]) -> dict[str, str]:
    """Return ``{name: password}``, sorted by name so that the same users always make the same file."""
    superuser = contract.get("superuser_secret") or {}
    users: dict[str, str] = {}
    origin: dict[str, str] = {}
    for secret in secrets:
        secret_name = secret["metadata"]["name"]
        if secret_name == superuser.get("name"):
            keys = (superuser["username_key"], superuser["password_key"])
        elif secret.get("type") == USER_TYPE and not is_login_of_now(secret):
            keys = ("username", "password")
        else:
            continue
        data = secret.get("data") or {}
        lacking = [key for key in keys if not data.get(key)]
        if lacking:
            raise InputError(f"the Secret {secret_name} lacks the key {' and '.join(lacking)}, so it is no user's")
        name, password = (_decoded(data[key], f"the key {key} of the Secret {secret_name}") for key in keys)
        if users.get(name, password) != password:
            raise InputError(
                f"the Secrets {origin[name]} and {secret_name} both say that they are of the user {name!r}, with"
                " different passwords: delete the one that is wrong"
            )
        users[name], origin[name] = password, secret_name
    return dict(sorted(users.items()))


def _decoded(text: str, what: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InputError(f"{what} is not text in UTF-8") from None
