# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users with two logins: the Secret that says which one is that of now, and how a rotation goes from one to the other.

A rotation gives the login that is not in use a new password and the next number. It has ended when the Secret with the
login of now has that login and that number, both written at once. So what is between can stop and begin again.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import CLUSTER_LABEL
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import (
    LOGIN_LABEL,
    ROTATION,
    SWITCHED,
    controller_of,
    is_login_of_now,
    login_states,
    password_copies,
    passwords_lost,
    passwords_to_replace,
    secrets_to_write,
)

_KEYS = ("username", "password")
# Whoever else needs a user's password, such as Pgpool-II, finds its Secret by this type, which nothing can change.
_TYPE = "kubernetes.io/basic-auth"
# The API groups of operators that make a Secret once, and do not write its password again.
_OPERATORS = frozenset({"postgresql.cnpg.io", "kubedb.com"})


def logins_to_write(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    seen: Sequence[str] = (),
    now: str = "",
) -> list[dict[str, Any]]:
    """Say which Secrets with the login of now have to be written, and with what.

    Each has what the Secret of its login has. It goes over to the other login where that has a newer password and was
    seen to log in with it.

    :param users: as `all_users` returns them
    :param existing: the Secrets of the namespace
    :param labels: the labels that each Secret of a user must have
    :param seen: the logins that were seen to work
    :param now: the time, in ISO 8601
    :returns: for each to write `secret`, `user`, `name` (of the login), `before` (the one before, empty for none),
        `labels`, `annotations` and `data`
    """
    found = {secret["metadata"]["name"]: secret for secret in existing}
    plan = []
    for state in login_states(users, existing):
        switch = state["pending"] and state["other"] in seen
        login, source = (state["other"], state["other_secret"]) if switch else (state["now"], state["now_secret"])
        has, data = found.get(state["secret"]), _data(found.get(source))
        if len(data) < len(_KEYS):  # in check mode, it is still to be made
            continue
        annotations = {ROTATION: _rotation(found[source]), SWITCHED: now} if switch else {}
        if not has:
            annotations = {ROTATION: _rotation(found[source])}
        all_labels = {**labels, LOGIN_LABEL: "true"}
        if not switch and has and _data(has) == data and _has_labels(has, all_labels):
            continue
        plan.append(
            {
                "secret": state["secret"],
                "user": state["name"],
                "name": login,
                "before": state["now"] if has else "",
                "labels": all_labels,
                "annotations": annotations,
                "data": data,
            }
        )
    return plan


def login_problems(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    cluster: str = "",
    rotate: Sequence[str] = (),
    contract: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Yield why the logins cannot be as they are wanted.

    :param users: as `all_users` returns them
    :param existing: the Secrets of the namespace
    :param cluster: the name of their PostgreSQL cluster
    :param rotate: names of users who get a new password
    :param contract: the PostgreSQL cluster as it is, to look whether it is fit for new passwords
    """
    taken = (contract or {}).get("passwords") or {}
    replaced, lost = passwords_to_replace(users, existing, rotate, taken), passwords_lost(users, existing, taken)
    yield from _unfit(contract or {}, replaced, rotate, lost)
    yield from _elsewhere(users, lost, taken)
    yield from _not_ours_to_write(users, existing, rotate, replaced)
    found = {secret["metadata"]["name"]: secret for secret in existing}
    by_name = {user["name"]: user for user in users}
    for user in users:
        for secret in (user["secret"], "" if user.get("first") else user.get("login_secret", "")):
            others = _cluster_of(found.get(secret))
            if cluster and others not in ("", cluster) and user["state"] == "present":
                yield (
                    f"the Secret {secret} of the user {user['name']!r} is that of a user of the PostgreSQL cluster "
                    f"{others!r} in this namespace: give one of the two another name, or one of the clusters a "
                    "namespace of its own"
                )
        kind = (found.get(user["secret"]) or {}).get("type", _TYPE)
        if kind != _TYPE and user["state"] == "present":
            yield (
                f"the Secret {user['secret']} of the user {user['name']!r} has the type {kind}: make it anew with the "
                f"type {_TYPE} (something else that writes it has to say so, too), or give the user another name"
            )
        first = by_name.get(user.get("first", ""))
        login = found.get(user.get("login_secret", ""))
        if first is not None and user["state"] == "absent":
            yield from _leaving(first, user, login)
        elif login and not first and not is_login_of_now(login):
            yield (
                f"the Secret {user['login_secret']} is not of this collection: delete it, or leave out the overlap of "
                f"{user['name']!r} in postgres_cluster_users, for whose login of now it would be"
            )


def _elsewhere(users: Sequence[Mapping[str, Any]], lost: Sequence[str], taken: Mapping[str, str]) -> Iterator[str]:
    """Yield whose password PostgreSQL has from another Secret, as of a cluster that is taken over.

    :param lost: names of users whose Secret is gone, or never was
    :param taken: from which Secret PostgreSQL has the password of each user
    """
    secrets = {user["name"]: user["secret"] for user in users}
    for name in lost:
        if taken[name] != secrets[name]:
            yield (
                f"the user {name!r} has its password in the Secret {taken[name]}: copy its username and password into "
                f"{secrets[name]} (type {_TYPE}) first, as a generated one would lock out whoever uses that"
            )


def _not_ours_to_write(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    rotate: Sequence[str],
    replaced: Sequence[str],
) -> Iterator[str]:
    """Yield which Secrets another password would not stay in, or not be everywhere in.

    :param replaced: names of users whose password is replaced while applications use it
    """
    found = {secret["metadata"]["name"]: secret for secret in existing}
    for entry in secrets_to_write(users, existing, {}, rotate):
        secret = found.get(entry["secret"])
        if secret is None or not ("password" in entry or "generate" in entry):
            continue
        owner, copies = controller_of(secret), password_copies(secret)
        if owner and str(owner.get("apiVersion")).partition("/")[0] not in _OPERATORS:
            yield (
                f"the Secret {entry['secret']} of the user {entry['name']!r} is written by the {owner.get('kind')} "
                f"{owner.get('name')}, which would take another password back: change it there, then run users.yml"
            )
        elif copies and entry["name"] in replaced:
            yield (
                f"the Secret {entry['secret']} of the user {entry['name']!r} has its password in {', '.join(copies)}, "
                "too, which nobody would renew: put a Secret of username and password alone in its place, without its "
                "ownerReferences (kubectl replace), and have applications read these two"
            )


def _unfit(
    contract: Mapping[str, Any], names: Sequence[str], rotate: Sequence[str], lost: Sequence[str]
) -> Iterator[str]:
    """Yield that a run would end between PostgreSQL and Pgpool-II, as it waits for the whole cluster in between.

    PostgreSQL takes passwords as soon as its primary runs. What is not done yet of users comes by waiting, and a
    cluster that is stopped has no application to lock out.

    :param names: of the users whose password is replaced
    :param lost: of those among them whose Secret is gone, for which the operator may say that they cannot be made
    """
    mended = tuple(f"the user {name} cannot be made: " for name in lost)
    pending = [sentence for sentence in contract.get("pending") or [] if not sentence.startswith(mended)]
    waits_in_vain = not contract.get("ready") or any("cannot be" in sentence for sentence in pending)
    if not contract.get("exists") or contract.get("hibernated") or not waits_in_vain:
        return
    for variable, whose in (
        ("postgres_cluster_rotate_users has", [name for name in names if name in rotate]),
        ("there is no password any more in the Secret of", [name for name in lost if name not in rotate]),
        (
            "postgres_cluster_users has another password for",
            [name for name in names if name not in rotate and name not in lost],
        ),
    ):
        if whose:
            yield (
                f"{variable} {', '.join(map(repr, whose))}, and the PostgreSQL cluster {contract['name']} is not as it "
                f"should be ({'; '.join(pending)}): PostgreSQL would take the new password, and the run would end "
                "before Pgpool-II does, which locks applications out; mend that first. Where a run before this one "
                "ended so, run pgpool.yml now: Pgpool-II then takes up the passwords that are there"
            )


def _leaving(first: Mapping[str, Any], second: Mapping[str, Any], login: Mapping[str, Any] | None) -> Iterator[str]:
    where = f"postgres_cluster_users has {first['name']!r}"
    if first["state"] == "absent":
        if not first.get("overlap"):
            yield (
                f"{where} with the state 'absent' alone: it has a second login, {second['name']!r}; say overlap: true "
                "beside it, and both go"
            )
    elif login and b64decode(_data(login).get("username", "")).decode(errors="replace") == second["name"]:
        yield (
            f"{where} without overlap, and applications log in as {second['name']!r} now (Secret "
            f"{second['login_secret']}): leave overlap: true, run rotate_password.yml for it, and take it away then"
        )


def seconds_to_wait(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    rotate: Sequence[str],
    grace: float,
    now: float,
) -> int:
    """Return for how long a rotation has to wait, as the one before has just ended.

    What it takes away is the password of the login before, which applications use until they have seen the new one.

    :param rotate: names of users who get a new password
    :param grace: seconds that a login has to go on working after another one has taken its place
    :param now: the time, in seconds since 1970
    """
    left = 0.0
    for state in login_states(users, existing):
        if state["name"] in rotate and not state["pending"] and state["switched"]:
            left = max(left, grace - max(0.0, now - _seconds(state["switched"])))
    return round(left)


def switch_problems(
    users: Sequence[Mapping[str, Any]],
    then: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    seen: Sequence[str],
) -> Iterator[str]:
    """Yield which logins with a newer password cannot take the place of that of now, and why.

    :param then: the Secrets as this run brought them to PostgreSQL and to Pgpool-II
    :param existing: the Secrets as they are
    :param seen: the logins that were seen to work
    """
    before = {secret["metadata"]["name"]: secret for secret in then}
    found = {secret["metadata"]["name"]: secret for secret in existing}
    for state in login_states(users, existing):
        shown = f"{state['other']!r} does not take the place of {state['now']!r}"
        if state["pending"] and state["other"] not in seen:
            yield (
                f"{shown}: this run has not seen it log in through each Pgpool-II; run this again, with a rule for it "
                "where pgpool_hba_rules has one for the other"
            )
        elif state["pending"] and _data(before.get(state["other_secret"])) != _data(found[state["other_secret"]]):
            yield f"{shown}: something else wrote the Secret {state['other_secret']} meanwhile; run this again"


def pending_secrets(
    users: Sequence[Mapping[str, Any]], existing: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the Secrets of the logins whose newer password is still to be brought everywhere."""
    found = {secret["metadata"]["name"]: secret for secret in existing}
    return [found[state["other_secret"]] for state in login_states(users, existing) if state["pending"]]


def _data(secret: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the name and the password in a Secret, as they are there, in Base64."""
    data = (secret or {}).get("data") or {}
    return {key: data[key] for key in _KEYS if data.get(key)}


def _cluster_of(secret: Mapping[str, Any] | None) -> str:
    """Return the name of the cluster of which a Secret says that it is."""
    return (((secret or {}).get("metadata") or {}).get("labels") or {}).get(CLUSTER_LABEL, "")


def _has_labels(secret: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    has = secret["metadata"].get("labels") or {}
    return all(has.get(key) == value for key, value in labels.items())


def _rotation(secret: Mapping[str, Any]) -> str:
    return (secret["metadata"].get("annotations") or {}).get(ROTATION, "0")


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # written by hand: as if it were long ago
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
