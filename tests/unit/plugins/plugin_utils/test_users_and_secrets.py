# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of a cluster and their Secrets."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_logins import login_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import (
    all_users,
    password_copies,
    passwords_lost,
    passwords_to_replace,
    secret_name,
    secrets_to_delete,
    secrets_to_write,
)

MANAGED_BY = "app.kubernetes.io/managed-by"
LABELS = {"pgha.kubernetes/cluster": "hot", "pgha.kubernetes/user": "true"}


def secret(user: str, password: str | None, labels: dict[str, str] | None = None) -> dict[str, Any]:
    data = {"username": b64encode(user.encode()).decode()}
    if password is not None:
        data["password"] = b64encode(password.encode()).decode()
    return {
        "metadata": {"name": secret_name("hot", user), "labels": LABELS if labels is None else labels},
        "data": data,
    }


def plan(users: list[dict[str, Any]], existing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return secrets_to_write(all_users(users, [], "hot", system=False), existing, LABELS)


def test_names_of_secrets() -> None:
    assert secret_name("hot-postgres", "pgpool_check") == "hot-postgres-pgpool-check"


def test_owners_and_own_users_are_added() -> None:
    users = all_users([{"name": "report"}], [{"name": "app"}, {"name": "x", "owner": "boss"}], "hot")
    assert [user["name"] for user in users] == ["report", "app", "boss", "pgpool_check", "pgha_monitor"]
    assert [user["roles"] for user in users] == [[], [], [], ["pg_monitor"], ["pg_monitor"]]


def test_an_entry_adds_to_an_own_user() -> None:
    (user, _) = all_users([{"name": "pgpool_check", "password": "x", "roles": ["pg_monitor", "more"]}], [], "hot")
    assert user["roles"] == ["pg_monitor", "more"]
    assert user["password"] == "x"


def test_entries_are_filled_in() -> None:
    (user,) = all_users([{"name": "a_b", "createdb": "yes", "connection_limit": "5"}], [], "hot", system=False)
    assert user == {
        "name": "a_b",
        "state": "present",
        "secret": "hot-a-b",
        "roles": [],
        "connection_limit": 5,
        "superuser": False,
        "createdb": True,
        "createrole": False,
        "replication": False,
    }


@pytest.mark.parametrize(
    ("user", "existing", "wanted"),
    [
        pytest.param({}, [], {"new": True, "generate": True}, id="new: generate"),
        pytest.param({"password": "p"}, [], {"new": True, "password": "p"}, id="new: given"),
        pytest.param({}, [secret("app", "old")], None, id="kept"),
        pytest.param({"password": "old"}, [secret("app", "old")], None, id="the same"),
        pytest.param(
            {"password": "p"}, [secret("app", "old")], {"new": False, "password": "p"}, id="another one given"
        ),
        pytest.param({}, [secret("app", None)], {"new": False, "generate": True}, id="no password in it"),
        pytest.param({}, [secret("app", "")], {"new": False, "generate": True}, id="empty password in it"),
        pytest.param({}, [secret("app", "old", {})], {"new": False}, id="made by something else: labels only"),
        pytest.param({}, [{"metadata": {"name": "hot-app"}}], {"new": False, "generate": True}, id="empty Secret"),
    ],
)
def test_plan(user: dict[str, Any], existing: list[dict[str, Any]], wanted: dict[str, Any] | None) -> None:
    entries = [] if wanted is None else [{"secret": "hot-app", "name": "app", **wanted}]
    assert plan([{"name": "app", **user}], existing) == entries


def test_a_wrong_user_name_in_a_secret_is_mended() -> None:
    other = secret("app", "old")
    other["data"]["username"] = b64encode(b"other").decode()
    assert plan([{"name": "app"}], [other]) == [{"secret": "hot-app", "name": "app", "new": False}]


def test_an_absent_user_gets_no_secret() -> None:
    assert plan([{"name": "app", "state": "absent"}], []) == []


@pytest.mark.parametrize(
    ("user", "existing", "wanted"),
    [
        pytest.param({"state": "absent"}, [secret("app", "p")], ["hot-app"], id="gone"),
        pytest.param({"state": "absent"}, [], [], id="gone already"),
        pytest.param({"state": "absent"}, [secret("app", "p", {})], [], id="not the cluster's own"),
        pytest.param({}, [secret("app", "p")], [], id="present"),
    ],
)
def test_secrets_to_delete(user: dict[str, Any], existing: list[dict[str, Any]], wanted: list[str]) -> None:
    users = all_users([{"name": "app", **user}], [], "hot", system=False)
    assert secrets_to_delete(users, existing, LABELS) == wanted


def test_a_password_is_rotated_on_request() -> None:
    users = all_users([{"name": "app"}, {"name": "other"}], [], "hot", system=False)
    written = secrets_to_write(users, [secret("app", "old"), secret("other", "old")], LABELS, rotate=["app"])
    assert written == [{"secret": "hot-app", "name": "app", "new": False, "generate": True}]


def test_passwords_that_are_replaced_are_those_that_somebody_has() -> None:
    users = all_users([{"name": "app"}, {"name": "kept", "password": "x"}, {"name": "other", "password": "new"},
                       {"name": "empty"}, {"name": "new"}], [], "hot", system=False)  # fmt: skip
    existing = [secret("app", "old"), secret("kept", "x", labels={}), secret("other", "old"), secret("empty", None)]
    assert passwords_to_replace(users, existing) == ["other"]
    assert passwords_to_replace(users, existing, ["app", "new"]) == ["app", "other"]


def test_a_password_that_postgresql_has_is_lost_with_its_secret() -> None:
    users = all_users([{"name": "app"}, {"name": "given", "password": "x"}, {"name": "empty"}, {"name": "new"},
                       {"name": "two", "overlap": True}], [], "hot", system=False)  # fmt: skip
    existing, taken = [secret("empty", None)], {"app", "given", "empty", "two", "two_2"}
    # One that is given may be the same. Of two logins, that which is not in use may have any.
    assert passwords_lost(users, existing, taken) == ["app", "empty", "two"]
    assert passwords_to_replace(users, existing, taken=taken) == ["app", "empty", "two"]
    assert passwords_lost(users, [secret(name, "p") for name in ("app", "empty", "two")], taken) == []


def controlled(password: str = "old", kind: str = "Cluster") -> dict[str, Any]:
    """A Secret as CloudNativePG makes it for the owner, once it has our labels."""
    item = secret("app", password, {**LABELS, MANAGED_BY: "cloudnative-pg"})
    more = {"uri": f"postgresql://app:{password}@hot-rw.demo:5432/app", "pgpass": f"hot-rw:5432:app:app:{password}\n"}
    item["data"] |= {key: b64encode(text.encode()).decode() for key, text in {**more, "host": "hot-rw"}.items()}
    api = "postgresql.cnpg.io/v1" if kind == "Cluster" else "external-secrets.io/v1"
    item["metadata"]["ownerReferences"] = [{"apiVersion": api, "kind": kind, "name": "hot", "controller": True}]
    return item


def test_what_controls_a_secret_says_by_what_it_is_managed() -> None:
    """It writes that label again and again, and so would each run."""
    users, labels = all_users([{"name": "app"}], [], "hot", system=False), {**LABELS, MANAGED_BY: "pgha.kubernetes"}
    assert secrets_to_write(users, [controlled()], labels) == []
    unlabelled = controlled()
    unlabelled["metadata"]["labels"] = {MANAGED_BY: "cloudnative-pg"}
    written = secrets_to_write(users, [unlabelled], labels)
    assert written == [{"secret": "hot-app", "name": "app", "new": False, "labels": LABELS}]
    # Of any other Secret it tells whether it is ours.
    del unlabelled["metadata"]["ownerReferences"]
    assert secrets_to_write(users, [unlabelled], labels) == [{"secret": "hot-app", "name": "app", "new": False}]
    # With its user it goes. Where its controller makes it again, it comes without our labels.
    gone = all_users([{"name": "app", "state": "absent"}], [], "hot", system=False)
    assert secrets_to_delete(gone, [controlled()], labels) == ["hot-app"]


@pytest.mark.parametrize("password", ["old", "o/l d@"])
def test_where_else_a_secret_has_its_password(password: str) -> None:
    item = controlled(password)
    item["data"]["uri"] = b64encode(f"postgresql://app:{quote(password, safe='')}@host/app".encode()).decode()
    assert password_copies(item) == ["pgpass", "uri"]
    assert password_copies(secret("app", "old")) == password_copies(secret("app", None)) == password_copies(None) == []


BY_HAND = "the Secret hot-app of the user 'app' has its password in pgpass, uri, too, which nobody would renew: put a S"
THERE = "the Secret hot-app of the user 'app' is written by the ExternalSecret hot, which would take another password"


@pytest.mark.parametrize(("kind", "words"), [("Cluster", BY_HAND), ("ExternalSecret", THERE)])
@pytest.mark.parametrize(
    ("user", "rotate", "refused"),
    [({}, ["app"], True), ({"password": "new"}, [], True), ({"password": "old"}, [], False), ({}, [], False)],
)
def test_a_password_that_would_not_stay_or_not_be_everywhere_is_refused(
    kind: str, words: str, user: dict[str, Any], rotate: list[str], refused: bool
) -> None:
    users = all_users([{"name": "app", **user}], [], "hot", system=False)
    found = list(login_problems(users, [controlled(kind=kind)], "hot", rotate))
    assert [sentence[: len(words)] for sentence in found] == ([words] if refused else [])


def superuser_secret(name: str, made: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    item = secret("postgres", "x", labels)
    item["metadata"] |= {"name": name, "creationTimestamp": made}
    return item


def test_the_superusers_old_passwords_go_and_a_new_one_on_its_way_stays() -> None:
    existing = [
        superuser_secret("hot-auth", "2026-11-22T17:00:00Z"),
        superuser_secret("hot-auth-2", "2026-11-22T18:00:00Z"),
        superuser_secret("hot-auth-3", "2026-11-22T19:00:00Z"),
        superuser_secret("mine", "2026-11-22T16:00:00Z", labels={}),
        secret("app", "x"),
    ]
    assert secrets_to_delete([], existing, LABELS, "hot-auth-2") == ["hot-auth"]
    assert secrets_to_delete([], existing, LABELS, "") == []
    assert secrets_to_delete([], existing, LABELS, "not-there") == []


def test_the_superusers_secrets_of_rotations_that_were_stopped_go() -> None:
    labels = {**LABELS, "pgha.kubernetes/cluster": "hot"}
    existing = [
        superuser_secret("hot-auth-1", "2026-11-22T17:00:00Z", {"pgha.kubernetes/superuser": "hot"}),
        superuser_secret("hot-auth-2", "2026-11-22T18:00:00Z", labels),
        superuser_secret("hot-auth-3", "2026-11-22T19:00:00Z", {"pgha.kubernetes/superuser": "hot"}),
        superuser_secret("cold-auth-1", "2026-11-22T17:00:00Z", {"pgha.kubernetes/superuser": "cold"}),
    ]
    assert secrets_to_delete([], existing, labels, "hot-auth-2") == ["hot-auth-1"]
