# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an application sees: one address for reads and writes."""

from __future__ import annotations

import shlex
import socket
import struct

import pytest
from conftest import Cluster, Row, run_playbook, time_limit, until


def test_a_row_that_is_written_is_read_back(cluster: Cluster) -> None:
    cluster.sql("CREATE TABLE IF NOT EXISTS kept (id int PRIMARY KEY, word text)")
    cluster.sql("INSERT INTO kept VALUES (1, 'naïve') ON CONFLICT (id) DO UPDATE SET word = excluded.word")

    def read() -> bool:
        [row] = cluster.sql("SELECT word, current_setting('transaction_read_only') AS standby FROM kept WHERE id = 1")
        return row == {"word": "naïve", "standby": "on"}

    until(read, time_limit(5, loaded=60), "a standby has the row")


def test_reads_spread_over_the_standbys(cluster: Cluster) -> None:
    until(lambda: all(node["status"] == "up" for node in cluster.pool_nodes()), 60, "each backend is up")
    nodes, servers = cluster.read_many(1000)

    assert sum(servers.values()) == 1000
    assert {read_only for _server, read_only in servers} == {"on"}, "the primary's weight is 0"
    assert len(servers) == 2, "each standby answers"
    share = 1000 / 2
    assert min(servers.values()) >= share / 4, servers
    standbys = [node for node in nodes if node["pg_role"] == "standby"]
    assert len(standbys) == 2
    assert all(int(node["reads"]) >= share / 4 for node in standbys), nodes
    assert sum(int(node["reads"]) for node in nodes if node not in standbys) == 0, nodes


def test_pool_nodes_knows_each_instance(cluster: Cluster) -> None:
    instances = cluster.instances()

    # The replication_state is blank for the moment in which Pgpool-II asks for it.
    def nodes() -> dict[str, Row]:
        found = {node["hostname"].partition(".")[0]: node for node in cluster.pool_nodes()}
        return found if sum(node["replication_state"] == "streaming" for node in found.values()) == 2 else {}

    by_host = until(nodes, 30, "two standbys stream")

    assert set(by_host) == {f"{cluster.name}-rw", *instances}
    assert by_host[cluster.primary()]["pg_role"] == "primary"
    for standby in cluster.instances("replica"):
        assert by_host[standby]["pg_role"] == "standby"
        assert by_host[standby]["replication_state"] == "streaming"
        assert by_host[standby]["replication_sync_state"] == "quorum"
        assert by_host[standby]["replication_delay"].isdigit()


def test_prepared_statements_of_the_protocol(cluster: Cluster) -> None:
    """As drivers send them: a read goes to a standby, and in a transaction, after a write, to the primary."""
    cluster.sql("CREATE TABLE IF NOT EXISTS prepared (id int)")
    cluster.sql("TRUNCATE prepared")
    # Where it went elsewhere, it divides by zero.
    read = "SELECT 1 / (current_setting('transaction_read_only') = '{}')::int;"
    write = ["BEGIN;", "INSERT INTO prepared VALUES (:client_id);", read.format("off"), "COMMIT;"]
    script = "\n".join([*write, read.format("on")])
    put = f"echo {shlex.quote(script)} > /dev/shm/prepared.sql; "
    bench = (
        "PGPASSFILE=/dev/shm/pgpass pgbench --no-vacuum --protocol=prepared --client=4 --jobs=1 --transactions=50 "
        f"--file=/dev/shm/prepared.sql --host={cluster.name}-pgpool.{cluster.namespace}.svc --port=9999 "
        "--username=app app"
    )
    done = cluster.client().run(put + bench)
    assert done.rc == 0, done.stderr
    assert "number of failed transactions: 0 (0.000%)" in done.stdout
    assert cluster.on_instance("SELECT count(*), count(DISTINCT id) FROM prepared") == "200|4"


@pytest.mark.parametrize("user", ["app", "pgpool_check", "pgha_monitor", "postgres"])
def test_each_user_logs_in(cluster: Cluster, user: str) -> None:
    assert cluster.sql("SELECT current_user AS me", user=user) == [{"me": user}]


def test_who_does_not_know_the_password_stays_out(cluster: Cluster) -> None:
    command = cluster.psql_command().replace("PGPASSFILE=/dev/shm/pgpass", "PGPASSFILE=/dev/null PGPASSWORD=wrong")
    done = cluster.client().run(f"echo 'SELECT 1' | {command}")
    assert done.rc == 2
    assert "authentication" in done.stderr


def test_the_address_on_this_machine_is_postgresql_s(cluster: Cluster) -> None:
    fields = b"user\0app\0database\0app\0\0"
    with socket.create_connection(cluster.pgpool_address, timeout=10) as connection:
        connection.sendall(struct.pack("!ii", len(fields) + 8, 196608) + fields)
        answer = connection.recv(9)
    assert answer[:1] == b"R", "it asks for a password"
    assert struct.unpack("!i", answer[5:9]) == (10,), "by SCRAM"


def test_an_instance_may_have_a_process_for_each_connection(cluster: Cluster) -> None:
    ask = "cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max"
    where = [f"--namespace={cluster.namespace}", "exec", cluster.primary(), "--container=postgres", "--"]
    processes = cluster.kubectl(*where, "sh", "-c", ask).strip()
    [row] = cluster.sql("SELECT current_setting('max_connections')::int AS connections")
    # PostgreSQL's own and the operator's are some thirty more.
    assert processes == "max" or int(processes) >= int(row["connections"]) + 50


def test_verify_finds_nothing_wrong(cluster: Cluster) -> None:
    run = run_playbook("verify")
    assert run.rc == 0, run.output
    assert run.changed == 0
    assert "1000 reads in one session" in run.output
    assert cluster.get("jobs") == []
    left = cluster.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgha_verify%'")
    assert left == []
