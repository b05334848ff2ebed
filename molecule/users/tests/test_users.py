# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and parameters change while 30 clients log in, read and leave, again and again."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from conftest import Cluster, run_playbook, until
from logins import NASTY, client_pod, logins

# A single pod of Pgpool-II takes as many: chance decides which pod a session gets, and one is away at times.
CLIENTS = 30
# Runs in the image of Pgpool-II, which has psycopg2: each client is a thread. It ends when there is a file /tmp/stop.
LOAD = f"""
import collections, json, pathlib, random, threading, time
import psycopg2
stop, done, errors = pathlib.Path("/tmp/stop"), collections.Counter(), collections.Counter()
password = pathlib.Path("/user/password").read_text()
def client():
    while not stop.exists():
        try:
            connection = psycopg2.connect(
                host="hot-postgres-pgpool", port=9999, user="app", dbname="app", password=password, connect_timeout=10)
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.close()
            done["sessions"] += 1
        except psycopg2.Error as error:
            errors[str(error).strip()] += 1
        time.sleep(random.uniform(1, 3))
threads = [threading.Thread(target=client) for _ in range({CLIENTS})]
for thread in threads: thread.start()
print("started", flush=True)
for thread in threads: thread.join()
print(json.dumps({{"sessions": done["sessions"], "errors": errors}}), flush=True)
"""


@dataclass
class Load:
    """What the clients saw."""

    sessions: int = 0
    errors: dict[str, int] = field(default_factory=dict)


@contextmanager
def clients(cluster: Cluster) -> Iterator[Load]:
    """Have clients that connect all the time, and say what they saw when they have stopped."""
    load = Load()
    with client_pod(cluster, "load", f"{cluster.name}-app", LOAD) as pod:
        yield load
        seen = pod.end()
        load.sessions, load.errors = seen["sessions"], seen["errors"]


def selector(cluster: Cluster) -> str:
    return f"app.kubernetes.io/instance={cluster.name}-pgpool,app.kubernetes.io/component=proxy"


def pods(cluster: Cluster) -> dict[str, tuple[str, int]]:
    """Return which Pgpool-II pods there are, and how often each has restarted."""
    return cluster.restarts(selector(cluster))


def secret_of(cluster: Cluster, user: str) -> str:
    [secret] = cluster.get("secrets", f"{cluster.name}-{user}")
    return b64decode(secret["data"]["password"]).decode()


def logs_in(cluster: Cluster, user: str, password: str, address: str) -> str:
    [said] = logins(cluster, [(user, password, address)])
    return said


def users(*more: dict[str, Any]) -> dict[str, Any]:
    return {"postgres_cluster_users": [{"name": "app"}, *more]}


def test_check_mode_makes_no_user(cluster: Cluster) -> None:
    run = run_playbook("users", "--check", "--diff", variables=users({"name": "report", "password": NASTY["colon"]}))
    assert run.rc == 0, run.output
    assert NASTY["colon"] not in run.output
    names = [secret["metadata"]["name"] for secret in cluster.get("secrets")]
    assert f"{cluster.name}-report" not in names


def test_new_users_interrupt_nobody(cluster: Cluster, say: Callable[[str], None]) -> None:
    before = pods(cluster)
    with clients(cluster) as load:
        run = run_playbook("users", variables=users(*({"name": name, "password": NASTY[name]} for name in NASTY)))
    assert run.rc == 0, run.output
    say(f"{len(NASTY)} users added under load: {load.sessions} sessions of {CLIENTS} clients, errors: {load.errors}")
    assert load.sessions > 100
    assert load.errors == {}
    assert pods(cluster) == before


def test_a_weight_is_taken_up_without_another_pod(cluster: Cluster) -> None:
    before = pods(cluster)
    run = run_playbook("pgpool", variables={"pgpool_primary_weight": 1})
    assert run.rc == 0, run.output
    assert pods(cluster) == before

    def weights() -> set[str]:
        return {cluster.pool_nodes(address)[0]["lb_weight"] for address in cluster.pgpool_pods().values()}

    until(lambda: weights() == {"0.250000"}, 10, "each pod has the weight")


def test_a_run_that_stopped_before_the_reload_is_made_up_for(cluster: Cluster) -> None:
    secret, where = f"secret/{cluster.name}-pgpool", f"--namespace={cluster.namespace}"
    cluster.kubectl(where, "annotate", secret, "pgha.kubernetes/loaded=older", "--overwrite")
    run = run_playbook("pgpool", variables={"pgpool_primary_weight": 1})
    assert run.rc == 0, run.output
    assert "Make Pgpool-II take up its files" in run.output
    again = run_playbook("pgpool", variables={"pgpool_primary_weight": 1})
    assert (again.rc, again.changed) == (0, 0), again.output


def test_a_pod_that_began_with_an_edited_secret_reads_the_mended_one(cluster: Cluster) -> None:
    where, old = f"--namespace={cluster.namespace}", min(cluster.pgpool_pods())
    nobody = json.dumps({"stringData": {"pool_passwd": "#\n"}})
    cluster.kubectl(where, "patch", f"secret/{cluster.name}-pgpool", "--type=merge", f"--patch={nobody}")
    cluster.kubectl(where, "delete", f"pod/{old}")
    until(lambda: len(set(cluster.pgpool_pods()) - {old}) == 2, 60, "there is another pod")
    refused = [
        address
        for address in cluster.pgpool_pods().values()
        if cluster.client().run(f"echo 'SELECT 1' | {cluster.psql_command(address=address)}").rc
    ]
    assert refused, "the other pod knows a user"
    run = run_playbook("pgpool", variables={"pgpool_primary_weight": 1})
    assert run.rc == 0, run.output
    for address in cluster.pgpool_pods().values():
        assert cluster.sql("SELECT 1 AS n", address=address) == [{"n": "1"}]
    again = run_playbook("pgpool", variables={"pgpool_primary_weight": 1})
    assert (again.rc, again.changed) == (0, 0), again.output


def test_a_restart_fails_no_new_connection(cluster: Cluster, say: Callable[[str], None]) -> None:
    before = pods(cluster)
    with clients(cluster) as load:
        run = run_playbook("pgpool", variables={"pgpool_params": {"num_init_children": 30}})
        # The last old pod takes its time to stop, also after the run.
        until(lambda: len(cluster.get("pods", f"--selector={selector(cluster)}")) == 2, 120, "the old pods are gone")
    assert run.rc == 0, run.output
    assert not set(before) & set(pods(cluster))
    say(f"all pods replaced under load: {load.sessions} sessions of {CLIENTS} clients, errors: {load.errors}")
    assert load.sessions > 100
    assert load.errors == {}


def test_a_password_changes(cluster: Cluster) -> None:
    entries = users({"name": "report", "roles": ["pg_read_all_data"]})
    made = run_playbook("users", variables=entries)
    assert made.rc == 0, made.output
    old, others, before = secret_of(cluster, "report"), secret_of(cluster, "app"), pods(cluster)

    run = run_playbook("rotate_password", "-vvv", variables={**entries, "postgres_cluster_rotate_users": ["report"]})

    assert run.rc == 0, run.output
    new = secret_of(cluster, "report")
    assert new != old
    assert secret_of(cluster, "app") == others
    assert old not in run.output
    assert new not in run.output
    assert pods(cluster) == before
    for address in cluster.pgpool_pods().values():
        assert logs_in(cluster, "report", new, address) == ""
        assert logs_in(cluster, "report", old, address) != ""


@pytest.mark.parametrize(
    ("rotated", "sentence"),
    [
        ([], "postgres_cluster_rotate_users is empty (list)"),
        (["nobody"], "postgres_cluster_rotate_users[0] is 'nobody' (string): the cluster has no such user"),
    ],
)
def test_a_password_of_nobody_is_refused(rotated: list[str], sentence: str) -> None:
    run = run_playbook("rotate_password", variables={"postgres_cluster_rotate_users": rotated})
    assert run.rc == 2
    assert sentence in run.said


def test_a_user_that_owns_something_stays(cluster: Cluster) -> None:
    entries = users({"name": "report", "roles": ["pg_read_all_data"]})
    assert run_playbook("users", variables=entries).rc == 0
    cluster.on_instance("CREATE SCHEMA reports AUTHORIZATION report")

    run = run_playbook("users", variables=users({"name": "report", "state": "absent"}))

    assert run.rc == 2
    said = run.said
    assert "the user report cannot be dropped" in said
    assert "REASSIGN OWNED BY report TO another" in said
    assert secret_of(cluster, "report")


def test_a_user_is_dropped(cluster: Cluster) -> None:
    cluster.on_instance("DROP OWNED BY report")
    password, before = secret_of(cluster, "report"), pods(cluster)
    gone = users({"name": "report", "state": "absent"}, *({"name": name, "state": "absent"} for name in NASTY))

    run = run_playbook("users", variables=gone)

    assert run.rc == 0, run.output
    assert pods(cluster) == before
    for address in (*cluster.pgpool_pods().values(), f"{cluster.name}-rw"):
        assert logs_in(cluster, "report", password, address) != ""
    left = [secret["metadata"]["name"] for secret in cluster.get("secrets", "--selector=pgha.kubernetes/user=true")]
    assert sorted(left) == [f"{cluster.name}-{user}" for user in ("app", "pgha-monitor", "pgpool-check")]
    again = run_playbook("users", variables=gone)
    assert again.rc == 0, again.output
    pgpool = run_playbook("pgpool", variables=gone)
    assert (pgpool.rc, pgpool.changed) == (0, 0), pgpool.output
