# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each thing that a drill can cause makes its alerts fire in Prometheus and arrive at an Alertmanager, and clears."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest
from conftest import Cluster, time_limit, until

# How long nothing may fire on a healthy cluster, in seconds: ten minutes on a quiet machine, where `make limits` runs
# this. With `for` of 15 s in place of one to ten minutes, a minute is as strict.
QUIET = time_limit(600, loaded=60)
ALERTMANAGER = "/api/v1/namespaces/alertmanager/services/alertmanager:9093/proxy/api/v2/alerts"


def alerts(cluster: Cluster) -> set[str]:
    """The names of alerts that fire."""
    return {one["metric"]["alertname"] for one in cluster.promql('ALERTS{alertstate="firing"}')}


def arrived(cluster: Cluster) -> set[str]:
    """The names of alerts of this cluster that the Alertmanager holds."""
    held = json.loads(cluster.kubectl("get", "--raw", ALERTMANAGER))
    return {one["labels"]["alertname"] for one in held if one["labels"].get("cluster") == cluster.name}


@pytest.fixture(scope="module", autouse=True)
def _alertmanager(cluster: Cluster) -> Iterator[None]:
    """Wait for the Alertmanager before, and remove it afterwards, as it is no part of the collection."""
    where = ["--namespace=alertmanager", "--timeout=120s"]
    cluster.kubectl("rollout", "status", "deployment/alertmanager", *where)
    yield
    cluster.kubectl("delete", "namespace", "alertmanager", "--wait=false")


@contextmanager
def standby_stopped(cluster: Cluster) -> Iterator[None]:
    cluster.fence(cluster.instances("replica")[-1])
    try:
        yield
    finally:
        cluster.fence()


@contextmanager
def primary_stopped(cluster: Cluster) -> Iterator[None]:
    """A fenced primary has no successor: so the alert is there for as long as it is looked for."""
    cluster.fence(cluster.primary())
    try:
        yield
    finally:
        cluster.fence()


@contextmanager
def primary_killed(cluster: Cluster) -> Iterator[None]:
    """Its node takes no pods, so that it is not back as a standby within seconds, before anybody could miss it."""
    name = cluster.primary()
    [pod] = cluster.get("pods", name)
    cluster.kubectl(f"--namespace={cluster.namespace}", "delete", "pod", name, "--grace-period=1", "--wait=false")
    cluster.kubectl("cordon", pod["spec"]["nodeName"])
    try:
        yield
    finally:
        cluster.kubectl("uncordon", pod["spec"]["nodeName"])


@contextmanager
def replay_paused(cluster: Cluster) -> Iterator[None]:
    standby = cluster.instances("replica")[-1]
    # A standby that has replayed no transaction since it was started does not know how old the last one is.
    cluster.sql("DROP TABLE IF EXISTS lag; CREATE TABLE lag (n int); DROP TABLE lag")
    known = "SELECT pg_last_xact_replay_timestamp() IS NOT NULL"
    until(lambda: cluster.on_instance(known, standby) == "t", 30, "the standby has replayed a transaction")
    cluster.on_instance("SELECT pg_wal_replay_pause()", standby)
    try:
        cluster.sql("CREATE TABLE lag AS SELECT repeat('x', 100) FROM generate_series(1, 80000)")
        yield
    finally:
        cluster.on_instance("SELECT pg_wal_replay_resume()", standby)
        cluster.sql("DROP TABLE IF EXISTS lag")


@contextmanager
def pgpool_pod_gone(cluster: Cluster) -> Iterator[None]:
    """By the number of replicas: a pod that is deleted is replaced before anybody could miss it."""
    scale = [f"--namespace={cluster.namespace}", "scale", f"deployment/{cluster.name}-pgpool"]
    before = len(cluster.pgpool_pods())
    assert before > 1
    # A pod is missed once it has been there for five minutes.
    expected = f'pgha:pgpool:expected{{cluster="{cluster.name}"}} == {before}'
    until(lambda: cluster.promql(expected), 420, f"{before} pods of Pgpool-II are expected")
    cluster.kubectl(*scale, f"--replicas={before - 1}")
    try:
        yield
    finally:
        cluster.kubectl(*scale, f"--replicas={before}")


@contextmanager
def children_exhausted(cluster: Cluster) -> Iterator[None]:
    """All children of a pod but one serve a client; the exporter has one of them."""
    pod, address = min(cluster.pgpool_pods().items())
    children = int(cluster.promql(f'pgpool2_frontend_total{{pod="{pod}"}}')[0]["value"][1])
    script = "echo 'SELECT 1;' > /dev/shm/busy.sql; echo '\\sleep 1 s' >> /dev/shm/busy.sql; rm -f /dev/shm/enough; "
    run = (
        f"PGPASSFILE=/dev/shm/pgpass pgbench --no-vacuum --client={children - 2} --jobs=1 --time=300 "
        f"--file=/dev/shm/busy.sql --host={address} --port=9999 --username=app app > /dev/null 2>&1 & bench=$!; "
        "while kill -0 $bench 2> /dev/null && [ ! -e /dev/shm/enough ]; do sleep 0.5; done; kill $bench; wait $bench"
    )
    client = cluster.client()
    with ThreadPoolExecutor(1) as background:
        bench = background.submit(client.run, f"sh -c {shlex.quote(script + run)}")
        try:
            yield
        finally:
            cluster.client().run_expect([0], "touch /dev/shm/enough")
            bench.result()


DRILLS = [
    (standby_stopped, {"PostgresStandbyMissing", "PgpoolBackendDown", "ExporterBlind"}),
    (replay_paused, {"PostgresLagBytes", "PostgresLagSeconds"}),
    (pgpool_pod_gone, {"PgpoolPodMissing"}),
    (children_exhausted, {"PgpoolChildrenExhausted"}),
    (primary_killed, {"PostgresStandbyMissing"}),
    (primary_stopped, {"PostgresNoPrimary", "PostgresNotStreaming", "ExporterBlind"}),
]


def test_nothing_is_wrong_on_a_healthy_cluster(cluster: Cluster, say: Callable[[str], None]) -> None:
    """Once what converging did has passed."""
    since, seen = time.monotonic(), 0

    def quiet() -> bool:
        nonlocal since, seen
        wrong = alerts(cluster)
        if wrong:
            since, seen = time.monotonic(), 0
        assert wrong == set()
        seen += 1
        return time.monotonic() - since > QUIET

    until(quiet, 240 + QUIET, f"no alert fires for {QUIET:g} s")
    say(f"no alert fired for {QUIET:g} s ({seen} times asked)")


@pytest.mark.parametrize(("drill", "expected"), DRILLS, ids=[drill.__name__ for drill, _expected in DRILLS])
def test_alerts_fire_arrive_and_clear(
    cluster: Cluster,
    drill: Callable[[Cluster], AbstractContextManager[None]],
    expected: set[str],
    say: Callable[[str], None],
) -> None:
    until(lambda: not alerts(cluster), 120, "nothing fires before")
    began = time.monotonic()
    fired: dict[str, float] = {}
    came: set[str] = set()

    def all_have() -> bool:
        for name in alerts(cluster):
            fired.setdefault(name, time.monotonic() - began)
        came.update(arrived(cluster))
        missing = (expected - set(fired), expected - came)
        assert missing == (set(), set())
        return True

    with drill(cluster):
        until(all_have, 150, f"{expected} fire and arrive")
    ended = time.monotonic()
    until(lambda: not alerts(cluster), 240, "nothing fires afterwards")
    cleared = time.monotonic() - ended
    until(lambda: not arrived(cluster), 60, "the Alertmanager has been told so")
    times = ", ".join(f"{name} after {seconds:.0f} s" for name, seconds in sorted(fired.items()))
    say(f"{drill.__name__}: {times}; all clear {cleared:.0f} s after it ended")
