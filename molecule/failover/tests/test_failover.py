# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The primary's pod is deleted while an application writes through Pgpool-II, one row after the other."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from conftest import CONTEXT, KUBECONFIG, Cluster, time_limit, until

# Each write is a session of its own, so the end of one says nothing about the next. It tells the time (in
# milliseconds), the number and whether the write was acknowledged.
WRITER = """
number=0
while [ ! -e /dev/shm/stop ]; do
  number=$((number + 1))
  if echo "INSERT INTO written VALUES ($number)" | PSQL 2>/dev/null; then said=yes; else said=no; fi
  echo "$(date +%s%3N) $number $said"
done
"""


@dataclass
class Failover:
    """What happened."""

    old: str
    new: str
    acknowledged: set[int]
    failed: int
    gap: float
    goes_on: bool
    pods_before: dict[str, tuple[str, int]]
    reloads_before: dict[str, int]


def pgpool_restarts(cluster: Cluster) -> dict[str, tuple[str, int]]:
    return cluster.restarts(f"app.kubernetes.io/instance={cluster.name}-pgpool")


def pgpool_reloads(cluster: Cluster) -> dict[str, int]:
    """Return how often each Pgpool-II pod has been told to reload: converging may have done so."""
    where = f"--namespace={cluster.namespace}"
    return {
        pod: cluster.kubectl(where, "logs", pod, "--container=pgpool").count("reload config files")
        for pod in cluster.pgpool_pods()
    }


def all_up(cluster: Cluster) -> bool:
    """Tell whether each Pgpool-II pod has each backend, and each standby streams."""
    for address in cluster.pgpool_pods().values():
        nodes = cluster.pool_nodes(address)
        standbys = [node for node in nodes if node["pg_role"] == "standby"]
        if not all(node["status"] == "up" for node in nodes) or len(standbys) != 2:
            return False
        if not all(node["replication_state"] == "streaming" for node in standbys):
            return False
    return True


def longest_gap(lines: list[tuple[int, int, bool]]) -> float:
    """Return the seconds for which no write was acknowledged: after the last one that was, too."""
    times = [*(time for time, _number, said in lines if said), lines[-1][0]]
    return max(later - earlier for earlier, later in itertools.pairwise(times)) / 1000


@pytest.fixture(scope="module")
def failover(cluster: Cluster) -> Failover:
    until(lambda: all_up(cluster), 90, "all backends are up before")
    pods_before, reloads_before = pgpool_restarts(cluster), pgpool_reloads(cluster)
    cluster.sql("DROP TABLE IF EXISTS written; CREATE TABLE written (number int PRIMARY KEY)")
    old, client = cluster.primary(), cluster.instances("replica")[0]
    cluster.client(client).run("rm -f /dev/shm/stop")
    in_pod = ["--namespace", cluster.namespace, "exec", client, "--container=postgres", "--", "sh", "-c"]
    script = WRITER.replace("PSQL", cluster.psql_command())
    lines: list[tuple[int, int, bool]] = []
    writer = subprocess.Popen(
        ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", *in_pod, script],
        stdout=subprocess.PIPE,
        text=True,
    )

    def write_until(enough: Callable[[], bool]) -> None:
        assert writer.stdout is not None
        for line in writer.stdout:
            time, number, said = line.split()
            lines.append((int(time), int(number), said == "yes"))
            if enough():
                return
        pytest.fail("the writer ended by itself")

    try:
        write_until(lambda: sum(said for _time, _number, said in lines) >= 20)
        cluster.kubectl(f"--namespace={cluster.namespace}", "delete", "pod", old, "--grace-period=1", "--wait=false")
        deleted = len(lines)

        def moved() -> bool:
            # Written at once after the deletion, to the old primary, does not count: a failure has to come first.
            after = lines[deleted:]
            failures = [index for index, (_time, _number, said) in enumerate(after) if not said]
            late = bool(after) and after[-1][0] - lines[deleted - 1][0] > 60_000
            return late or (bool(failures) and sum(said for *_, said in after[failures[-1] :]) >= 20)

        write_until(moved)
        goes_on = all(said for *_, said in lines[-20:])
    finally:
        cluster.client(client).run("touch /dev/shm/stop")
        writer.wait(timeout=30)
    rest = writer.stdout.read().split("\n") if writer.stdout else []
    lines += [(int(line.split()[0]), int(line.split()[1]), line.endswith("yes")) for line in rest if line]
    new = until(lambda: next((name for name in cluster.instances("primary") if name != old), ""), 60, "another primary")
    return Failover(
        old=old,
        new=new,
        acknowledged={number for _time, number, said in lines if said},
        failed=sum(not said for *_, said in lines),
        gap=longest_gap(lines),
        goes_on=goes_on,
        pods_before=pods_before,
        reloads_before=reloads_before,
    )


def test_writes_go_on(failover: Failover, say: Callable[[str], None]) -> None:
    say(
        f"{failover.old} deleted, {failover.new} took over: {failover.gap:.1f} s without an acknowledged write, "
        f"{failover.failed} of {failover.failed + len(failover.acknowledged)} writes failed"
    )
    assert failover.goes_on, "a minute after the deletion, writes still failed"
    assert failover.gap <= time_limit(15, loaded=60)


def test_no_acknowledged_write_is_lost(cluster: Cluster, failover: Failover) -> None:
    def kept() -> set[int]:
        return {int(row["number"]) for row in cluster.sql("SELECT number FROM written")}

    # A standby that is just behind answers, too: what counts is what is there in the end.
    until(lambda: failover.acknowledged <= kept(), 60, "each acknowledged write is there")


def test_the_old_primary_takes_reads_again(cluster: Cluster, failover: Failover, say: Callable[[str], None]) -> None:
    until(lambda: all_up(cluster), 150, "each Pgpool-II pod has each backend again")
    # Pgpool-II tells a primary by what it has written since it replayed last: more than delay_threshold, 1 MB.
    cluster.sql(
        "DROP TABLE IF EXISTS much; CREATE TABLE much AS SELECT repeat('x', 100) FROM generate_series(1, 30000)"
    )

    def is_known(address: str) -> bool:
        delays = {
            node["hostname"].partition(".")[0]: int(node["replication_delay"]) for node in cluster.pool_nodes(address)
        }
        behind = [delays[name] for name in cluster.instances("replica")]
        return delays[failover.new] > 1_000_000 and max(behind) < 1_000_000

    for address in cluster.pgpool_pods().values():
        until(lambda address=address: is_known(address), 20, "the new primary is known, no standby behind")
        nodes, _servers = cluster.read_many(400, address)
        reads = {node["hostname"].partition(".")[0]: int(node["reads"]) for node in nodes}
        say(f"reads afterwards through {address}: {reads}")
        assert reads[failover.old] >= 400 / 2 / 4
        assert reads[failover.new] == 0


def test_pgpool_was_neither_restarted_nor_reloaded(cluster: Cluster, failover: Failover) -> None:
    assert pgpool_restarts(cluster) == failover.pods_before
    assert pgpool_reloads(cluster) == failover.reloads_before
