# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where reads go with each preset, while standbys are behind."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from conftest import Cluster, Row, run_playbook, until

BOUNDED = {"preset": "bounded", "max_lag": "1MB"}
LIMIT = 1024**2


def deploy(load_balance: dict[str, Any]) -> None:
    run = run_playbook("pgpool", variables={"pgpool_load_balance": load_balance})
    assert run.rc == 0, run.output


def behind(cluster: Cluster, instances: list[str], address: str) -> list[Row]:
    """Return the backends of the instances that a pod of Pgpool-II knows to be over the limit."""
    return [
        node
        for node in cluster.pool_nodes(address)
        if node["hostname"].partition(".")[0] in instances and int(node["replication_delay"].split()[0]) > LIMIT
    ]


def until_all_know(cluster: Cluster, instances: list[str], late: int, what: str) -> None:
    """Wait until each pod of Pgpool-II knows how many of the instances are over the limit."""
    for address in cluster.pgpool_pods().values():
        until(lambda address=address: len(behind(cluster, instances, address)) == late, 60, f"{instances} {what}")


@contextmanager
def paused(cluster: Cluster, instances: list[str]) -> Iterator[None]:
    """Pause the replay on standbys, and write so much that Pgpool-II knows them to be over the limit."""
    cluster.sql("CREATE TABLE IF NOT EXISTS balancing (words text)")
    try:
        for instance in instances:
            cluster.on_instance("SELECT pg_wal_replay_pause()", instance)
        cluster.sql("INSERT INTO balancing SELECT repeat(md5(i::text), 30) FROM generate_series(1, 5000) AS i")
        until_all_know(cluster, instances, len(instances), "are behind")
        yield
    finally:
        for instance in instances:
            cluster.on_instance("SELECT pg_wal_replay_resume()", instance)
        until_all_know(cluster, instances, 0, "have caught up")


@contextmanager
def one_row_behind(cluster: Cluster) -> Iterator[str]:
    """Keep one standby a row behind the others, which every limit allows.

    :returns: a SELECT that counts that row
    """
    late, fresh = cluster.instances("replica")
    word = f"row {time.time()}"
    count = f"SELECT count(*) AS n FROM snapshots WHERE word = '{word}'"
    there = "SELECT count(*) FROM pg_tables WHERE tablename = 'snapshots'"
    cluster.sql("CREATE TABLE IF NOT EXISTS snapshots (word text)")
    for instance in (late, fresh):
        until(lambda instance=instance: cluster.on_instance(there, instance) == "1", 30, f"{instance} has the table")
    try:
        cluster.on_instance("SELECT pg_wal_replay_pause()", late)
        state = "SELECT pg_get_wal_replay_pause_state()"
        until(lambda: cluster.on_instance(state, late) == "paused", 30, f"{late} has paused")
        cluster.sql(f"INSERT INTO snapshots VALUES ('{word}')")
        until(lambda: cluster.on_instance(count, fresh) == "1", 30, f"{fresh} has the row")
        yield f"{count};"
    finally:
        cluster.on_instance("SELECT pg_wal_replay_resume()", late)


def answers(cluster: Cluster, *statements: str) -> set[str]:
    """Return what the statements of one session answer: those that do, with a column n."""
    return {row["n"] for row in cluster.sql("\n".join(statements))} - {"n"}


def reads_by_instance(nodes: list[Row]) -> dict[str, int]:
    return {node["hostname"].partition(".")[0]: int(node["reads"]) for node in nodes}


def test_bounded_passes_over_a_standby_that_is_too_far_behind(cluster: Cluster) -> None:
    late, fresh = cluster.instances("replica")
    with paused(cluster, [late]):
        nodes, servers = cluster.read_many(10000)
    reads = reads_by_instance(nodes)
    assert reads[late] == 0
    assert reads[fresh] > 0
    assert sum(servers.values()) == 10000


def test_bounded_reads_from_the_primary_where_all_are_too_far_behind(cluster: Cluster) -> None:
    standbys = cluster.instances("replica")
    with paused(cluster, standbys):
        nodes, servers = cluster.read_many(1000)
    assert {read_only for _server, read_only in servers} == {"off"}
    assert [reads_by_instance(nodes)[standby] for standby in standbys] == [0, 0]


@pytest.mark.parametrize(
    ("begin", "seen"),
    [
        # One transaction, and no one snapshot: each SELECT finds its own standby.
        ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;", {"0", "1"}),
        ("BEGIN READ WRITE;", {"0", "1"}),
        # What docs/load-balancing.md recommends: the primary answers all.
        ("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;", {"1"}),
        ("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION READ WRITE;", {"1"}),
        ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; /* primary */ SELECT 1 AS n;", {"1"}),
    ],
)
def test_what_one_transaction_sees(cluster: Cluster, begin: str, seen: set[str]) -> None:
    with one_row_behind(cluster) as select:
        assert answers(cluster, begin, *[select] * 100, "COMMIT;") == seen


@pytest.mark.parametrize(
    ("reset", "seen"),
    [
        ("RESET work_mem;", False),
        # What a pool sends that resets its sessions by one message.
        ("SELECT pg_advisory_unlock_all() AS n \\; RESET work_mem;", True),
    ],
)
def test_what_standbys_learn_of_one_message(cluster: Cluster, reset: str, seen: bool) -> None:
    select = "SELECT current_setting('work_mem') AS n;"
    assert ("7MB" in answers(cluster, "SET work_mem = '7MB';", reset, *[select] * 20)) is seen


@pytest.mark.parametrize(
    ("begin", "read_only"),
    [
        ("BEGIN; INSERT INTO messages VALUES (1);", "off"),
        # Two statements in one message.
        ("BEGIN \\; INSERT INTO messages VALUES (1);", "on"),
        ("BEGIN; INSERT INTO messages VALUES (1); SAVEPOINT one; ROLLBACK TO one;", "on"),
        ("BEGIN; INSERT INTO messages VALUES (1); SAVEPOINT one; ROLLBACK TO one; RELEASE one;", "off"),
    ],
)
def test_where_a_transaction_reads_what_it_wrote(cluster: Cluster, begin: str, read_only: str) -> None:
    cluster.sql("CREATE TABLE IF NOT EXISTS messages (id int)")
    select = "SELECT current_setting('transaction_read_only') AS n;"
    assert answers(cluster, begin, *[select] * 20, "ROLLBACK;") == {read_only}


@pytest.mark.parametrize(
    "more", ["txid_current()", "pg_backend_pid()", "(SELECT count(*) FROM information_schema.tables)"]
)
def test_what_only_the_primary_can_say(cluster: Cluster, more: str) -> None:
    assert answers(cluster, *[f"SELECT current_setting('transaction_read_only') AS n, {more};"] * 20) == {"off"}


def test_strict_reads_what_another_session_has_just_written(cluster: Cluster) -> None:
    deploy({"preset": "strict"})
    late = cluster.instances("replica")[0]
    with paused(cluster, [late]):
        for number in range(20):
            cluster.sql(f"INSERT INTO balancing VALUES ('strict {number}')")
            assert cluster.sql(f"SELECT count(*) AS n FROM balancing WHERE words = 'strict {number}'") == [{"n": "1"}]
            cluster.sql(f"DELETE FROM balancing WHERE words = 'strict {number}'")
        servers = cluster.read_many(1000)[1]
    assert {read_only for _server, read_only in servers} == {"off"}


def test_verify_knows_that_strict_reads_from_the_primary() -> None:
    run = run_playbook("verify", variables={"pgpool_load_balance": {"preset": "strict"}})
    assert run.rc == 0, run.output


def test_eventual_reads_from_a_standby_however_far_behind(cluster: Cluster) -> None:
    deploy({"preset": "eventual"})
    late = cluster.instances("replica")[0]
    with paused(cluster, [late]):
        nodes = cluster.read_many(1000)[0]
    assert reads_by_instance(nodes)[late] > 0


def test_per_session_keeps_a_transaction_to_one_standby(cluster: Cluster) -> None:
    deploy({"preset": "eventual", "per": "session"})
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    with one_row_behind(cluster) as select:
        seen = [answers(cluster, begin, *[select] * 20, "COMMIT;") for _ in range(10)]
    assert {len(session) for session in seen} == {1}


@pytest.fixture(scope="module")
def named_database() -> None:
    """Have one database read from standbys, until a session has written."""
    deploy({"preset": "strict", "databases": {"app": "standby"}})


@pytest.mark.usefixtures("named_database")
@pytest.mark.parametrize(("statement", "read_only"), [("BEGIN; COMMIT;", "on"), ("SET work_mem = '4MB';", "off")])
def test_a_set_is_a_write_that_always_keeps(cluster: Cluster, statement: str, read_only: str) -> None:
    select = "SELECT current_setting('transaction_read_only') AS n;"
    assert answers(cluster, statement, *[select] * 20) == {read_only}


@pytest.mark.usefixtures("named_database")
@pytest.mark.parametrize(("protocol", "moves"), [("simple", True), ("extended", True), ("prepared", False)])
def test_a_statement_with_a_name_stays_where_it_was_parsed(cluster: Cluster, protocol: str, moves: bool) -> None:
    """With `always`, the others read from the primary once the session has written: there it divides by zero."""
    cluster.sql("CREATE TABLE IF NOT EXISTS prepared (id int)")
    read = "SELECT 1 / (current_setting('transaction_read_only') = 'on')::int;"
    script = "\n".join([read, "INSERT INTO prepared VALUES (:client_id);"])
    put = f"echo {shlex.quote(script)} > /dev/shm/named.sql; "
    bench = (
        f"PGPASSFILE=/dev/shm/pgpass pgbench --no-vacuum --protocol={protocol} --client=1 --transactions=20 "
        f"--file=/dev/shm/named.sql --host={cluster.name}-pgpool.{cluster.namespace}.svc --port=9999 --username=app app"
    )
    done = cluster.client().run(put + bench)
    assert ("division by zero" in done.stderr) is moves, done.stderr
    assert (done.rc == 0) is not moves, done.stderr


def test_a_database_that_prefers_standbys_by_a_share(cluster: Cluster) -> None:
    deploy({"preset": "strict", "databases": {"app": {"prefer": "standby", "share": 0.3}}})
    servers = cluster.read_many(2000)[1]
    by_standbys = sum(count for (_server, read_only), count in servers.items() if read_only == "on")
    assert 500 <= by_standbys <= 700  # 600, and five standard deviations


def test_an_application_comes_before_a_database(cluster: Cluster) -> None:
    deploy({"preset": "strict", "applications": {"psql": "standby"}})
    servers = cluster.read_many(1000)[1]
    assert {read_only for _server, read_only in servers} == {"on"}


def test_back_to_the_limit(cluster: Cluster) -> None:
    deploy(BOUNDED)
    servers = cluster.read_many(1000)[1]
    assert "on" in {read_only for _server, read_only in servers}
