# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user with two logins: passwords rotate while an application that mounts the login of now logs in all the time."""

from __future__ import annotations

import signal
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from conftest import WITH_STATS, Cluster, kill_all, run_playbook, start_playbook, until
from logins import ClientPod, as_users, client_pod

CLIENTS = 10
# An application as it should be: each login reads the mounted Secret, both files of one version of it. It says each
# login that is new to it, and ends when there is a file /tmp/stop. Runs in the image of Pgpool-II, which has psycopg2.
CANARY = """
import collections, json, os, pathlib, sys, threading, time
import psycopg2
host, clients = sys.argv[1], int(sys.argv[2])
stop, sessions, errors, acted = pathlib.Path("/tmp/stop"), collections.Counter(), collections.Counter(), set()
def client():
    while not stop.exists():
        now = pathlib.Path(os.path.realpath("/user/..data"))
        name, password = (now / "username").read_text(), (now / "password").read_text()
        try:
            connection = psycopg2.connect(
                host=host, port=9999, user=name, password=password, dbname="app", connect_timeout=10)
            with connection.cursor() as cursor:
                cursor.execute("SELECT session_user, current_user")
                acted.add(cursor.fetchone())
            connection.close()
            if name not in sessions:
                print("started as", name, flush=True)
            sessions[name] += 1
        except psycopg2.Error as error:
            errors[name + ": " + str(error).strip()] += 1
        time.sleep(0.5)
threads = [threading.Thread(target=client) for _ in range(clients)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"sessions": sessions, "errors": errors, "acted": sorted(acted)}), flush=True)
"""
SHOP = {"name": "shop", "overlap": True}
WHO = "SELECT session_user::text, current_user::text"


def variables(*users: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"postgres_cluster_users": [{"name": "app"}, *(users or (SHOP,))], **more}


def rotation(**more: Any) -> dict[str, Any]:
    return variables(postgres_cluster_rotate_users=["shop"], **more)


def secret(cluster: Cluster, name: str) -> tuple[str, str]:
    """Return the user and the password in a Secret."""
    [found] = cluster.get("secrets", f"{cluster.name}-{name}")
    user, password = (b64decode(found["data"][key]).decode() for key in ("username", "password"))
    return user, password


def secrets(cluster: Cluster) -> list[str]:
    """Return the names of this user's Secrets."""
    names = [found["metadata"]["name"] for found in cluster.get("secrets", "--selector=pgha.kubernetes/user=true")]
    return sorted(name for name in names if name.startswith(f"{cluster.name}-shop"))


def logins(cluster: Cluster, user: str, password: str) -> list[Any]:
    """Log in through each Pgpool-II; return whom each says that it is, or why not."""
    addresses = sorted(cluster.pgpool_pods().values())
    return as_users(cluster, [(address, user, password, WHO) for address in addresses])


def canary(cluster: Cluster) -> AbstractContextManager[ClientPod]:
    """Have an application."""
    name = f"{cluster.name}-shop-login"
    return client_pod(cluster, "canary", name, CANARY, f"{cluster.name}-pgpool", str(CLIENTS))


def test_a_second_login_is_made(cluster: Cluster) -> None:
    made = run_playbook("users", variables=variables())
    assert made.rc == 0, made.output
    assert secrets(cluster) == [f"{cluster.name}-shop{end}" for end in ("", "-2", "-login")]
    assert secret(cluster, "shop-login") == secret(cluster, "shop")
    for name in ("shop", "shop-2"):
        user, password = secret(cluster, name)
        assert {tuple(row) for [row] in logins(cluster, user, password)} == {(user, "shop")}
    again = run_playbook("users", variables=variables())
    assert (again.rc, again.changed) == (0, 0), again.output


def test_check_mode_says_what_a_rotation_would_do(cluster: Cluster) -> None:
    before = [secret(cluster, name) for name in ("shop", "shop-2", "shop-login")]
    checked = run_playbook("rotate_password", "--check", variables=rotation())
    assert checked.rc == 0, checked.output
    text = checked.said
    assert f"Would write these Secrets in the namespace {cluster.namespace}: {cluster.name}-shop-2." in text
    assert "Would give a new password to shop_2 and, once it has logged in through each Pgpool-II, write it" in text
    assert [secret(cluster, name) for name in ("shop", "shop-2", "shop-login")] == before


def test_an_application_sees_no_failure(cluster: Cluster, say: Callable[[str], None]) -> None:
    printed, passwords = "", set()
    with canary(cluster) as application:
        for name in ("shop_2", "shop"):
            before = secret(cluster, "shop-login")
            rotated = run_playbook("rotate_password", "-vvv", variables=rotation(), environment=WITH_STATS)
            assert rotated.rc == 0, rotated.output
            printed += rotated.output
            assert rotated.stats["logins"] == {cluster.name: {"shop": name}}
            assert rotated.stats["users"][cluster.name] == {
                "secrets_written": [f"{cluster.name}-{name.replace('_', '-')}"],
                "rotated": ["shop"],
                "absent": [],
            }
            now = secret(cluster, "shop-login")
            assert now[0] == name
            passwords |= {before[1], now[1]}
            # The login before goes on working, until the next rotation.
            assert {tuple(row) for [row] in logins(cluster, *before)} == {(before[0], "shop")}
            say(f"rotated to {name} in {rotated.seconds:.0f} s")
        until(lambda: "started as shop_2" in application.lines(), 150, "the application has the second login")
        # Another minute or two, until the mounted Secret has the last one.
        until(lambda: application.run("cat", "/user/username") == "shop", 150, "the application has the last login")
        seen = application.end()
    say(f"two rotations under load: {seen['sessions']} sessions of {CLIENTS} clients, errors: {seen['errors']}")
    assert seen["errors"] == {}
    assert min(seen["sessions"]["shop"], seen["sessions"]["shop_2"]) > 100
    assert sorted(seen["acted"]) == [["shop", "shop"], ["shop_2", "shop"]]
    assert len(passwords) == 3
    for password in passwords:
        assert password not in printed
        assert b64encode(password.encode()).decode() not in printed


def test_what_the_second_login_makes_belongs_to_the_first(cluster: Cluster) -> None:
    cluster.on_instance("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop AUTHORIZATION shop")
    user, password = secret(cluster, "shop-2")
    # More sessions than Pgpool-II has children: so some of them get a connection that another one has used.
    address = min(cluster.pgpool_pods().values())
    tables = [(address, user, password, f"CREATE TABLE shop.t{number} ()") for number in range(80)]
    assert [said for said in as_users(cluster, tables) if said != []] == []
    owners = "SELECT tableowner, count(*) FROM pg_tables WHERE schemaname = 'shop' GROUP BY 1"
    assert cluster.on_instance(owners) == "shop|80"
    assert cluster.on_instance("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'shop'") == "shop"


def test_settings_of_the_first_are_those_of_the_second(cluster: Cluster) -> None:
    cluster.on_instance("ALTER ROLE shop SET search_path = shop, public")
    made = run_playbook("users", variables=variables())
    assert made.rc == 0, made.output
    user, password = secret(cluster, "shop-2")
    # A session has the settings of its start, and those in Pgpool-II's pool have started before.
    [said] = as_users(cluster, [(f"{cluster.name}-rw", user, password, "SHOW search_path")])
    assert said == [["shop, public"]]
    again = run_playbook("users", variables=variables())
    assert (again.rc, again.changed) == (0, 0), again.output


@pytest.mark.parametrize("point", ["password", "pgpool", "verify"])
def test_a_rotation_that_was_killed_goes_on(cluster: Cluster, point: str) -> None:
    where, before = f"--namespace={cluster.namespace}", secret(cluster, "shop-login")
    other = "shop-2" if before[0] == "shop" else "shop"
    old, files = secret(cluster, other), cluster.get("secrets", f"{cluster.name}-pgpool")[0]["data"]["version"]
    # The grace is for applications that mount the Secret, and there are none here.
    extra = rotation(postgres_cluster_login_grace=0)

    def is_reached() -> bool:
        if point == "password":
            return secret(cluster, other) != old
        if point == "pgpool":
            return cluster.get("secrets", f"{cluster.name}-pgpool")[0]["data"]["version"] != files
        jobs = cluster.kubectl(where, "get", "jobs", "--selector=app.kubernetes.io/component=verify", "--output=name")
        return "verify" in jobs

    killed = start_playbook("rotate_password", variables=extra, output=subprocess.DEVNULL)
    try:
        until(is_reached, 240, f"the rotation is at the point: {point}")
        assert killed.poll() is None
    finally:
        kill_all(killed.pid)
        killed.wait()
    assert killed.returncode == -signal.SIGKILL
    made = secret(cluster, other)
    assert made != old
    assert secret(cluster, "shop-login") == before
    assert {tuple(row) for [row] in logins(cluster, *before)} == {(before[0], "shop")}

    again = run_playbook("rotate_password", variables=extra)

    assert again.rc == 0, again.output
    # The one that was killed had given it a password, and it gets no other one.
    assert secret(cluster, other) == made
    assert secret(cluster, "shop-login") == made
    assert {tuple(row) for [row] in logins(cluster, *made)} == {(made[0], "shop")}
    again = run_playbook("users", variables=variables())
    assert (again.rc, again.changed) == (0, 0), again.output


def test_users_with_and_without_overlap_in_one_run(cluster: Cluster) -> None:
    entries, grace = [SHOP, {"name": "plain"}], {"postgres_cluster_login_grace": 0}
    assert run_playbook("users", variables=variables(*entries)).rc == 0
    plain, before = secret(cluster, "plain"), secret(cluster, "shop-login")
    both = variables(*entries, postgres_cluster_rotate_users=["shop", "plain"], **grace)
    rotated = run_playbook("rotate_password", variables=both)
    assert rotated.rc == 0, rotated.output
    assert secret(cluster, "plain")[1] != plain[1]
    assert secret(cluster, "shop-login")[0] != before[0]
    assert {tuple(row) for [row] in logins(cluster, *before)} == {(before[0], "shop")}
    assert not any(isinstance(row, list) for row in logins(cluster, *plain))


def test_overlap_is_turned_off_where_applications_log_in_as_the_first(cluster: Cluster) -> None:
    gone = {"name": "plain", "state": "absent"}
    for _ in range(2):
        if secret(cluster, "shop-login")[0] == "shop":
            break
        refused = run_playbook("users", variables=variables({"name": "shop"}, gone))
        assert refused.rc == 2
        assert "'shop' without overlap, and applications log in as 'shop_2' now" in refused.said
        assert run_playbook("rotate_password", variables=rotation(postgres_cluster_login_grace=0)).rc == 0
    second = secret(cluster, "shop-2")
    off = run_playbook("users", variables=variables({"name": "shop"}, gone))
    assert off.rc == 0, off.output
    assert secrets(cluster) == [f"{cluster.name}-shop"]
    assert not any(isinstance(row, list) for row in logins(cluster, *second))
    assert cluster.on_instance("SELECT count(*) FROM pg_roles WHERE rolname = 'shop_2'") == "0"
    assert cluster.on_instance("SELECT count(*) FROM pg_tables WHERE tableowner = 'shop'") == "80"
    again = run_playbook("users", variables=variables({"name": "shop"}, gone))
    assert (again.rc, again.changed) == (0, 0), again.output


def test_both_logins_go_with_the_user(cluster: Cluster) -> None:
    on = run_playbook("users", variables=variables())
    assert on.rc == 0, on.output
    assert len(secrets(cluster)) == 3
    refused = run_playbook("users", variables=variables({"name": "shop", "state": "absent"}))
    assert refused.rc == 2
    assert "say overlap: true beside it" in refused.said
    cluster.on_instance("DROP OWNED BY shop")
    gone = variables({**SHOP, "state": "absent"})
    done = run_playbook("users", variables=gone)
    assert done.rc == 0, done.output
    assert secrets(cluster) == []
    assert cluster.on_instance("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'shop%'") == "0"
    again = run_playbook("users", variables=gone)
    assert (again.rc, again.changed) == (0, 0), again.output
