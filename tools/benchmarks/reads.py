# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads through Pgpool-II where PostgreSQL is what is slow: each instance has 0.25 CPU, a query some milliseconds."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import pods, site, sql
from benchmarks.measure import Row, at_least, in_turns, ratio

CPU = 0.25
PERIOD = 100_000  # microseconds
CLIENTS = 24
QUERY = "SELECT count(*) FROM generate_series(1, 20000) AS i WHERE i % 7 = 0;"
# In the node: what Linux lets a container have, in either version of cgroups. Kubernetes does not look at it again.
LIMIT = """
found=$(find /sys/fs/cgroup -type d -name '*{container}*')
set=0
for folder in $found; do
  if [ -e "$folder/cpu.cfs_quota_us" ]; then echo {quota} > "$folder/cpu.cfs_quota_us"; set=1; fi
  if [ -e "$folder/cpu.max" ]; then echo "{maximum} {period}" > "$folder/cpu.max"; set=1; fi
done
[ "$set" = 1 ]
"""


def set_limit(pod: str, cpu: float | None) -> None:
    """Let an instance have so much of a core, or as much as it takes."""
    [found] = pods.CLUSTER.get("pods", pod)
    [status] = [one for one in found["status"]["containerStatuses"] if one["name"] == "postgres"]
    quota = int(cpu * PERIOD) if cpu else -1
    script = LIMIT.format(
        container=status["containerID"].rpartition("/")[2],
        quota=quota,
        maximum=quota if cpu else "max",
        period=PERIOD,
    )
    engine = shutil.which("podman") or "docker"
    subprocess.run([engine, "exec", found["spec"]["nodeName"], "sh", "-c", script], check=True, capture_output=True)


@contextmanager
def limited() -> Iterator[None]:
    """Have all instances limited."""
    instances = pods.CLUSTER.instances()
    try:
        for pod in instances:
            set_limit(pod, CPU)
        yield
    finally:
        for pod in instances:
            set_limit(pod, None)


def readers(count: int) -> list[str]:
    """Name the instances that are to be read from: standbys first."""
    return [*pods.CLUSTER.instances("replica"), pods.CLUSTER.primary()][:count]


def read_from(names: list[str]) -> None:
    """Have Pgpool-II read from these alone: by weights, backend 0 being the primary by its Service."""
    weights = {"backend_weight0": int(pods.CLUSTER.primary() in names)}
    for number, instance in enumerate(pods.CLUSTER.instances(), start=1):
        weights[f"backend_weight{number}"] = int(instance in names and instance != pods.CLUSTER.primary())
    site.playbook("pgpool", "--extra-vars", json.dumps({"pgpool_params": weights}))


def run(runs: int) -> list[Row]:
    """Measure 1, 2 and 3 instances against one that is asked directly."""
    site.ready()
    name = pods.CLUSTER.name
    rows = []
    try:
        with sql.client() as pod:
            for count in (1, 2, 3):
                read_from(readers(count))
                direct = sql.address(readers(1)[0])
                with limited():
                    rates = in_turns(
                        lambda: sql.per_second(pod, sql.address(f"{name}-pgpool"), CLIENTS, QUERY),
                        lambda direct=direct: sql.per_second(pod, direct, CLIENTS, QUERY),
                        runs,
                    )
                what = f"reads through Pgpool-II from {count} instance{'s' if count > 1 else ''} of {CPU} CPU"
                row = ratio(what, "one instance directly", *rates, "per second")
                rows.append(at_least(row, 0.9 * count))
    finally:
        site.playbook("pgpool")
    return rows
