# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users with two logins: which is that of now, and rotations that are stopped anywhere and run again."""

from __future__ import annotations

import itertools
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_files import pgpool_files
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_verify import logins
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_logins import (
    login_problems,
    logins_to_write,
    pending_secrets,
    seconds_to_wait,
    switch_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import (
    LOGIN_LABEL,
    ROTATION,
    SECOND,
    all_users,
    login_states,
    secrets_to_delete,
    secrets_to_write,
)

LABELS = {"pgha.kubernetes/cluster": "hot", "pgha.kubernetes/user": "true"}
APP = {"name": "app", "overlap": True}


class StoppedError(Exception):
    """The run was killed."""


class Cluster:
    """What a run writes to: Secrets, PostgreSQL and Pgpool-II, which here are the passwords that they know."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.passwords: dict[str, str] = {}
        self.made = itertools.count()
        self.steps = 0
        self.stop_at = 0
        self.leaves = False

    def step(self) -> None:
        """Count what can be the last thing that a run does. Applications must get in before and after each."""
        self.steps += 1
        if self.login and not self.leaves and self.passwords:
            name, password = self.login
            assert self.passwords[name] == password, f"step {self.steps}: applications cannot log in"
        if self.steps == self.stop_at:
            raise StoppedError

    @property
    def login(self) -> tuple[str, str] | None:
        data = self.secrets.get("hot-app-login", {}).get("data")
        return (b64decode(data["username"]).decode(), b64decode(data["password"]).decode()) if data else None

    def write(self, name: str, labels: dict[str, str], annotations: dict[str, str], data: dict[str, str]) -> None:
        """Merge, as the API does."""
        old = self.secrets.get(name, {"metadata": {}, "data": {}})
        self.secrets[name] = {
            "type": "kubernetes.io/basic-auth",
            "metadata": {
                "name": name,
                "labels": {**old["metadata"].get("labels", {}), **labels},
                "annotations": {**old["metadata"].get("annotations", {}), **annotations},
            },
            "data": {**old["data"], **data},
        }
        self.step()

    def run(self, *users: dict[str, Any], rotate: tuple[str, ...] = (), stop_at: int = 0) -> int:
        """Do what users.yml does or, with `rotate`, rotate_password.yml; return how many steps that were."""
        self.steps, self.stop_at = 0, stop_at
        self.leaves = any(user.get("state") == "absent" for user in users)
        read = list(self.secrets.values())
        wanted = all_users(users or [APP], [], "hot", system=False, secrets=read)
        assert list(login_problems(wanted, read)) == []
        for entry in secrets_to_write(wanted, read, LABELS, rotate):
            data = {"username": b64encode(entry["name"].encode()).decode()}
            if entry.get("generate"):
                data["password"] = b64encode(f"password {next(self.made)}".encode()).decode()
            self.write(entry["secret"], LABELS, entry.get("annotations", {}), data)
        then = list(self.secrets.values())
        for user in wanted:
            if user["state"] == "present":
                self.passwords[user["name"]] = b64decode(self.secrets[user["secret"]]["data"]["password"]).decode()
            else:
                self.passwords.pop(user["name"], None)
            self.step()
        for name in secrets_to_delete(wanted, then, LABELS):
            del self.secrets[name]
        self.write_logins(wanted, ())
        if rotate:
            self.step()
            seen = [user["name"] for user in wanted]
            assert list(switch_problems(wanted, then, list(self.secrets.values()), seen)) == []
            self.write_logins(wanted, seen)
        return self.steps

    def write_logins(self, wanted: list[dict[str, Any]], seen: Any) -> None:
        for entry in logins_to_write(wanted, list(self.secrets.values()), LABELS, seen, "2026-11-25T10:00:00Z"):
            self.write(entry["secret"], entry["labels"], entry["annotations"], entry["data"])


@pytest.fixture
def cluster() -> Cluster:
    one = Cluster()
    one.run()
    return one


def wanted(cluster: Cluster, *users: dict[str, Any]) -> list[dict[str, Any]]:
    return all_users(users or [APP], [], "hot", system=False, secrets=list(cluster.secrets.values()))


def test_a_user_with_overlap_has_a_second_login_that_may_do_the_same() -> None:
    first, second = all_users([{**APP, "createdb": True, "connection_limit": 7}], [], "hot", system=False)
    assert (first["second"], first["login_secret"]) == ("app_2", "hot-app-login")
    assert second == {
        "name": "app_2",
        "first": "app",
        "secret": "hot-app-2",
        "login_secret": "hot-app-login",
        "state": "present",
        "roles": ["app"],
        "connection_limit": 7,
        "superuser": False,
        "createdb": True,
        "createrole": False,
        "replication": False,
    }


def test_the_first_is_the_login_of_now_at_first(cluster: Cluster) -> None:
    assert sorted(cluster.secrets) == ["hot-app", "hot-app-2", "hot-app-login"]
    assert cluster.login == ("app", cluster.passwords["app"])
    assert cluster.secrets["hot-app"]["metadata"]["annotations"][SECOND] == "app_2"
    before = dict(cluster.secrets)
    cluster.run()
    assert cluster.secrets == before


def test_rotations_go_to_and_fro_and_the_login_before_goes_on_working(cluster: Cluster) -> None:
    for name in ("app_2", "app", "app_2"):
        before = cluster.login
        cluster.run(rotate=("app",))
        assert cluster.login is not None
        assert cluster.login[0] == name
        assert before is not None
        assert cluster.passwords[before[0]] == before[1]
        cluster.run()
        assert cluster.login[0] == name


# Each rotation is stopped after each of its steps, and run again: applications get in all the time, no login gets a
# second password, and the end is that of a run that was not stopped.
@pytest.mark.parametrize("rotations", [0, 1, 2])
@pytest.mark.parametrize("again", ["rotate", "users first"])
def test_a_rotation_that_was_stopped_goes_on(rotations: int, again: str) -> None:
    def prepared() -> Cluster:
        one = Cluster()
        one.run()
        for _ in range(rotations):
            one.run(rotate=("app",))
        return one

    whole = prepared()
    steps, before = whole.run(rotate=("app",)), prepared().login
    assert steps >= 5
    for stop_at in range(1, steps):
        one = prepared()
        with pytest.raises(StoppedError):
            one.run(rotate=("app",), stop_at=stop_at)
        assert one.login == before
        if again == "users first":
            one.run()
            assert one.login == before
        one.run(rotate=("app",))
        assert one.login == whole.login, f"stopped at step {stop_at}"


def test_the_first_rotation_may_be_the_run_that_makes_the_second_login() -> None:
    def plain() -> Cluster:
        one = Cluster()
        one.run({"name": "app"})
        return one

    whole = plain()
    for stop_at in range(1, whole.run(rotate=("app",))):
        one = plain()
        with pytest.raises(StoppedError):
            one.run(rotate=("app",), stop_at=stop_at)
        one.run(rotate=("app",))
        assert one.login == whole.login, f"stopped at step {stop_at}"


def test_without_overlap_a_rotation_is_as_it_was(cluster: Cluster) -> None:
    cluster.run(APP, {"name": "plain"})
    before = dict(cluster.passwords)
    cluster.run(APP, {"name": "plain"}, rotate=("app", "plain"))
    assert cluster.passwords["plain"] != before["plain"]
    assert cluster.passwords["app"] == before["app"]
    assert cluster.login == ("app_2", cluster.passwords["app_2"])


def test_a_rotation_of_one_user_leaves_the_login_of_another_alone(cluster: Cluster) -> None:
    """Each login of each user is seen to work, those without a newer password among them."""
    users = APP, {"name": "shop", "overlap": True}
    cluster.run(*users)
    before = dict(cluster.secrets["hot-shop-login"]["data"])
    for name in ("app_2", "app"):
        cluster.run(*users, rotate=("app",))
        assert cluster.login == (name, cluster.passwords[name])
        assert cluster.secrets["hot-shop-login"]["data"] == before


def test_a_password_that_something_else_changed_gets_to_the_login(cluster: Cluster) -> None:
    cluster.secrets["hot-app"]["data"]["password"] = b64encode(b"by hand").decode()
    (entry,) = logins_to_write(wanted(cluster), list(cluster.secrets.values()), LABELS)
    assert b64decode(entry["data"]["password"]) == b"by hand"
    assert entry["annotations"] == {}


def test_a_login_that_was_not_seen_does_not_take_its_place(cluster: Cluster) -> None:
    secrets = list(cluster.secrets.values())
    assert list(switch_problems(wanted(cluster), secrets, secrets, [])) == []
    cluster.secrets["hot-app-2"]["metadata"]["annotations"][ROTATION] = "1"
    secrets = list(cluster.secrets.values())
    assert [item["metadata"]["name"] for item in pending_secrets(wanted(cluster), secrets)] == ["hot-app-2"]
    (problem,) = switch_problems(wanted(cluster), secrets, secrets, ["app"])
    assert problem.startswith("'app_2' does not take the place of 'app': this run has not seen it log in")
    assert logins_to_write(wanted(cluster), secrets, LABELS, ["app"]) == []
    other = {**cluster.secrets["hot-app-2"], "data": {"username": "YXBwXzI=", "password": "eA=="}}
    (problem,) = switch_problems(wanted(cluster), secrets, [*secrets, other], ["app_2"])
    assert "something else wrote the Secret hot-app-2 meanwhile" in problem


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        ("2026-11-25T10:00:20Z", 100),
        ("2026-11-25T10:02:00Z", 0),
        ("2026-11-25T11:00:00Z", 0),
        ("2026-11-25T09:00:00Z", 120),
    ],
)
def test_a_rotation_waits_for_applications(cluster: Cluster, now: str, seconds: int) -> None:
    def left(*rotate: str) -> int:
        return seconds_to_wait(wanted(cluster), list(cluster.secrets.values()), rotate, 120, moment)

    moment = datetime.fromisoformat(now).timestamp()
    assert left("app") == 0
    cluster.run(rotate=("app",))
    assert left("app") == seconds
    assert left("other") == 0
    # It goes on with a password that is there: nothing is taken away.
    cluster.secrets["hot-app"]["metadata"]["annotations"][ROTATION] = "2"
    assert left("app") == 0


def test_a_time_that_is_none_is_long_ago(cluster: Cluster) -> None:
    cluster.secrets["hot-app-login"]["metadata"]["annotations"]["pgha.kubernetes/switched"] = "yesterday"
    assert seconds_to_wait(wanted(cluster), list(cluster.secrets.values()), ["app"], 120, 1e9) == 0


def test_overlap_is_turned_off(cluster: Cluster) -> None:
    for _ in range(2):  # the second run finds the second login where it is to be absent, as the first did
        cluster.run({"name": "app"})
        assert sorted(cluster.secrets) == ["hot-app"]
        assert list(cluster.passwords) == ["app"]
        assert [(user["name"], user["state"]) for user in wanted(cluster, {"name": "app"})] == [
            ("app", "present"),
            ("app_2", "absent"),
        ]
    cluster.run()
    assert cluster.login == ("app", cluster.passwords["app"])


FIT: dict[str, Any] = {"name": "hot", "exists": True, "ready": True, "hibernated": False, "pending": []}


@pytest.mark.parametrize(
    ("contract", "is_refused"),
    [
        ({}, False),
        ({"ready": False, "pending": ["2 of 3 instances are ready"]}, True),
        ({"pending": ["the user left cannot be dropped: it owns something"]}, True),
        ({"pending": ["the user boss cannot be made: no such role"]}, True),
        # It comes by waiting, as where a run that was stopped has just written another password.
        ({"pending": ["the user app is not made yet"]}, False),
        # Nobody is there to be locked out.
        ({"ready": False, "hibernated": True, "pending": ["0 of 3 instances are ready"]}, False),
        ({"ready": False, "exists": False, "pending": ["it does not exist"]}, False),
    ],
)
def test_a_password_that_is_in_use_changes_only_where_the_run_gets_to_pgpool_ii(
    cluster: Cluster, contract: dict[str, Any], is_refused: bool
) -> None:
    users = [APP, {"name": "report"}, {"name": "other"}]
    cluster.run(*users)
    users[2] = {"name": "other", "password": "another"}
    of_all = wanted(cluster, *users)
    secrets = list(cluster.secrets.values())
    found = list(login_problems(of_all, secrets, rotate=["app", "report"], contract={**FIT, **contract}))
    assert len(found) == (2 if is_refused else 0)
    if found:
        pending = "; ".join(contract["pending"])
        rest = f", and the PostgreSQL cluster hot is not as it should be ({pending}): PostgreSQL would take the new"
        # Of the two logins of `app`, that which gets a password is not in use.
        assert found[0].startswith(f"postgres_cluster_rotate_users has 'report'{rest}")
        assert found[1].startswith(f"postgres_cluster_users has another password for 'other'{rest}")
    assert list(login_problems(of_all[:2], secrets, rotate=["app"], contract={**FIT, **contract})) == []


def test_the_login_of_now_does_not_go(cluster: Cluster) -> None:
    cluster.run(rotate=("app",))
    (problem,) = login_problems(wanted(cluster, {"name": "app"}), list(cluster.secrets.values()))
    assert problem.startswith(
        "postgres_cluster_users has 'app' without overlap, and applications log in as 'app_2' now"
    )


def test_both_go_with_the_user(cluster: Cluster) -> None:
    (problem,) = login_problems(wanted(cluster, {"name": "app", "state": "absent"}), list(cluster.secrets.values()))
    assert "say overlap: true beside it" in problem
    for _ in range(2):
        cluster.run({**APP, "state": "absent"})
        assert (cluster.secrets, cluster.passwords) == ({}, {})
        assert len(wanted(cluster, {**APP, "state": "absent"})) == 2


def test_a_declared_user_of_that_name_is_not_dropped(cluster: Cluster) -> None:
    users = wanted(cluster, {"name": "app"}, {"name": "app_2"})
    assert [(user["name"], user["state"]) for user in users] == [("app", "present"), ("app_2", "present")]


@pytest.mark.parametrize("secret", ["hot-app", "hot-app-login"])
def test_a_secret_of_another_cluster_is_left_alone(cluster: Cluster, secret: str) -> None:
    """That of `app` of the cluster `hot` may be that of `p` of the cluster `hot-ap`, were it written otherwise."""
    cluster.secrets[secret]["metadata"]["labels"]["pgha.kubernetes/cluster"] = "hot-ap"
    (problem,) = login_problems(wanted(cluster), list(cluster.secrets.values()), "hot")
    assert problem.startswith(f"the Secret {secret} of the user 'app' is that of a user of the PostgreSQL cluster 'hot")
    gone = [{**user, "state": "absent"} for user in wanted(cluster)]
    assert list(login_problems(gone, list(cluster.secrets.values()), "hot")) == []


def test_a_secret_of_something_else_is_left_alone(cluster: Cluster) -> None:
    cluster.secrets["hot-app-login"]["metadata"]["labels"] = {}
    (problem,) = login_problems(wanted(cluster), list(cluster.secrets.values()))
    assert problem.startswith("the Secret hot-app-login is not of this collection: delete it")
    users = wanted(cluster, {**APP, "state": "absent"})
    assert secrets_to_delete(users, list(cluster.secrets.values()), LABELS) == ["hot-app", "hot-app-2"]


def test_a_user_s_secret_of_another_type_is_refused(cluster: Cluster) -> None:
    cluster.secrets["hot-app"]["type"] = "Opaque"
    (problem,) = login_problems(wanted(cluster), list(cluster.secrets.values()))
    assert problem.startswith(
        "the Secret hot-app of the user 'app' has the type Opaque: make it anew with the type kubernetes.io/basic-auth"
    )
    gone = wanted(cluster, {**APP, "state": "absent"})
    assert list(login_problems(gone, list(cluster.secrets.values()))) == []


def test_pgpool_takes_the_users_and_not_the_login(cluster: Cluster) -> None:
    cluster.run(rotate=("app",))
    secrets, contract = list(cluster.secrets.values()), {"auth_method": "md5", "superuser_secret": None}
    assert LOGIN_LABEL in cluster.secrets["hot-app-login"]["metadata"]["labels"]
    lines = pgpool_files(secrets, contract, generated={"key": "k", "pcp_password": "p"})["pool_passwd"].splitlines()
    assert [line.split(":")[0] for line in lines] == ["app", "app_2"]
    assert [entry["secret"] for entry in logins(secrets, contract)] == ["hot-app", "hot-app-2"]
    # Also while the one has another password than the other says.
    cluster.secrets["hot-app-2"]["data"]["password"] = "eA=="
    assert pgpool_files(secrets, contract, generated={"key": "k", "pcp_password": "p"})


def test_no_password_is_in_what_is_said_of_them(cluster: Cluster) -> None:
    (state,) = login_states(wanted(cluster), list(cluster.secrets.values()))
    assert state == {
        "name": "app",
        "secret": "hot-app-login",
        "now": "app",
        "now_secret": "hot-app",
        "other": "app_2",
        "other_secret": "hot-app-2",
        "rotation": 0,
        "switched": "",
        "pending": False,
    }
