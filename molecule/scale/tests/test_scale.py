# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances, parameters and the layout of Pgpool-II's backends change, and an instance stops answering."""

from __future__ import annotations

import concurrent.futures
import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from conftest import Cluster, run_playbook, time_limit, until

# Seconds for one login and one SELECT, twenty times. Runs in the exporter's container, which has psycopg2.
CONNECT = """
import time
import psycopg2
password = open("/etc/pgpool-monitor/password").read()
for _ in range(20):
    began = time.monotonic()
    connection = psycopg2.connect(
        host="127.0.0.1", port=9999, user="pgha_monitor", dbname="app", password=password, connect_timeout=30)
    connection.cursor().execute("SELECT 1")
    print(time.monotonic() - began)
    connection.close()
"""

# Seconds that the slowest of many sessions took that began within twenty seconds, well or not.
SESSIONS = """
import threading, time
import psycopg2
password = open("/etc/pgpool-monitor/password").read()
took, end = [], time.monotonic() + 20
def clients():
    while (began := time.monotonic()) < end:
        try:
            connection = psycopg2.connect(
                host="127.0.0.1", port=9999, user="pgha_monitor", dbname="app", password=password)
            connection.cursor().execute("SELECT 1")
            connection.close()
        except psycopg2.OperationalError:
            time.sleep(0.1)
        took.append(time.monotonic() - began)
threads = [threading.Thread(target=clients) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(max(took))
"""


def exporter(cluster: Cluster) -> list[str]:
    """Return how to run a program beside a Pgpool-II."""
    pod = next(iter(cluster.pgpool_pods()))
    return [f"--namespace={cluster.namespace}", "exec", pod, "--container=exporter", "--"]


def all_up(cluster: Cluster) -> bool:
    nodes = [node for address in cluster.pgpool_pods().values() for node in cluster.pool_nodes(address)]
    return all(node["status"] == "up" for node in nodes)


def latency(cluster: Cluster) -> float:
    """Return the median of seconds until a new session has its first answer."""
    return statistics.median(map(float, cluster.kubectl(*exporter(cluster), "python3", "-c", CONNECT).split()))


def names(nodes: list[dict[str, str]]) -> list[str]:
    return [node["hostname"].partition(".")[0] for node in nodes]


@pytest.mark.parametrize("instances", [5, 2])
def test_each_standby_is_a_backend(cluster: Cluster, instances: int) -> None:
    variables = {"postgres_cluster_instances": instances}
    run = run_playbook("postgres_cluster", variables=variables, timeout=900)
    assert run.rc == 0, run.output
    run = run_playbook("pgpool", variables=variables)
    assert run.rc == 0, run.output

    expected = [f"{cluster.name}-rw", *cluster.instances()]
    assert len(expected) == instances + 1

    def is_right() -> bool:
        for address in cluster.pgpool_pods().values():
            nodes = cluster.pool_nodes(address)
            standbys = [node for node in nodes if node["pg_role"] == "standby" and node["status"] == "up"]
            if sorted(names(nodes)) != sorted(expected) or len(standbys) != instances - 1:
                return False
        return True

    until(is_right, 60, f"{instances} instances are backends")
    again = run_playbook("pgpool", variables=variables)
    assert (again.rc, again.changed) == (0, 0), again.output


def test_back_to_three(cluster: Cluster) -> None:
    for playbook in ("postgres_cluster", "pgpool"):
        run = run_playbook(playbook, timeout=900)
        assert run.rc == 0, run.output
    assert len(cluster.instances()) == 3


def test_other_parameters_are_there_when_the_run_ends(cluster: Cluster) -> None:
    """Two that take a restart, one of them in initdb's postgresql.conf, and one that does not; then none any longer."""
    parameters = {"max_connections": "310", "shared_buffers": "160MB", "work_mem": "5MB"}

    def running() -> list[dict[str, str]]:
        return [{name: cluster.on_instance(f"SHOW {name}", pod) for name in parameters} for pod in cluster.instances()]

    before = running()
    run = run_playbook("postgres_cluster", variables={"postgres_cluster_parameters": parameters}, timeout=900)
    assert running() == [parameters] * 3, run.output
    assert run.rc == 0, run.output
    run = run_playbook("postgres_cluster", timeout=900)
    assert running() == before, run.output
    assert run.rc == 0, run.output


@pytest.fixture
def their_format(cluster: Cluster) -> Iterator[Callable[[], bool]]:
    """Have a function that fits better than PostgreSQL's own, and return whether anybody called it."""
    # What a sequence counted stays, whatever becomes of the transaction.
    cluster.on_instance(
        "CREATE SEQUENCE public.called; CREATE FUNCTION public.format(text, text, text) RETURNS text"
        " LANGUAGE sql AS $$ SELECT nextval('public.called')::text $$",
        database="postgres",
    )
    yield lambda: cluster.on_instance("SELECT is_called FROM public.called", database="postgres") == "t"
    cluster.on_instance(
        "DROP FUNCTION public.format(text, text, text); DROP SEQUENCE public.called", database="postgres"
    )


def test_no_function_of_a_user_runs_as_the_superuser(cluster: Cluster, their_format: Callable[[], bool]) -> None:
    """A parameter that takes a restart is asked for until all instances have it, in the database postgres."""
    for variables in ({"postgres_cluster_parameters": {"max_connections": "310"}}, {}):
        run = run_playbook("postgres_cluster", variables=variables, timeout=900)
        assert run.rc == 0, run.output
    assert not their_format()
    # It is what a session without a search_path of its own would call.
    cluster.on_instance("SELECT format('%s is not %s', 'a'::text, 'b'::text)", database="postgres")
    assert their_format()


def test_a_dead_standby_slows_nobody_down(cluster: Cluster, say: Callable[[str], None]) -> None:
    healthy = latency(cluster)
    dead = cluster.instances("replica")[-1]
    cluster.fence(dead)
    try:
        until(
            lambda: any(
                node["status"] == "down" for node in cluster.pool_nodes() if node["hostname"].startswith(f"{dead}.")
            ),
            60,
            "Pgpool-II has detached it",
        )
        without = latency(cluster)
    finally:
        cluster.fence()
    say(f"a new session's first answer: {healthy * 1000:.0f} ms, with a dead standby {without * 1000:.0f} ms")
    assert without <= max(2 * healthy, time_limit(0.1, loaded=1))
    until(lambda: all_up(cluster), 150, "it is attached again by itself")


def test_no_session_waits_for_a_standby_that_has_gone(cluster: Cluster, say: Callable[[str], None]) -> None:
    """Its address is silent for a moment; a session that began then would wait as long as the kernel does."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        sessions = pool.submit(cluster.kubectl, *exporter(cluster), "python3", "-c", SESSIONS)
        time.sleep(5)
        standby = cluster.instances("replica")[-1]
        cluster.kubectl(f"--namespace={cluster.namespace}", "delete", "pod", standby, "--wait=false")
        slowest = float(sessions.result())
    say(f"the slowest session took {slowest:.1f} s while a standby's pod was made anew")
    assert slowest < time_limit(6, loaded=15)
    until(lambda: all_up(cluster), 150, "all are attached again")


@pytest.mark.parametrize("topology", ["services", "per_instance"])
def test_another_topology(cluster: Cluster, topology: str) -> None:
    run = run_playbook("pgpool", variables={"pgpool_topology": topology})
    assert run.rc == 0, run.output
    backends = {"services": 2, "per_instance": 4}[topology]
    for address in cluster.pgpool_pods().values():
        assert len(cluster.pool_nodes(address)) == backends
