# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml of many PostgreSQL clusters, against one: real objects, with a stand-in for what the operator does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import site
from benchmarks.measure import Row, Timed, at_most, timed

NAMESPACE = "fleet"
FORKS = 10
SIZES = (1, *(int(size) for size in os.environ.get("PGHA_BENCH_FLEET", "10,50").split(",")))
STAND_IN = site.ROOT / "molecule" / "fleet" / "stand_in_instances.py"


def inventory(size: int) -> dict[str, Any]:
    """Return an inventory of so many PostgreSQL clusters on the Kubernetes cluster of the tests."""
    # Of the hosts, as those of a group yield to the group_vars of the other inventories.
    variables = {
        "pgha_namespace": NAMESPACE,
        # The operator leaves them alone, and nothing has to run: see STAND_IN.
        "postgres_cluster_overrides": {"metadata": {"annotations": {"cnpg.io/reconciliationLoop": "disabled"}}},
        "pgpool_deployment_overrides": {"spec": {"replicas": 0}},
        "pgpool_service": {"type": "ClusterIP"},
    }
    hosts = {f"fleet-{number:03}": variables for number in range(1, size + 1)}
    return {"all": {"children": {name: {"hosts": hosts} for name in ("fleet", "postgres_clusters", "demo")}}}


@contextmanager
def stand_in() -> Iterator[None]:
    """Have the stand-in, and in the end neither it nor the namespace."""
    cluster = site.Cluster()
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait", "--timeout=170s")
    cluster.kubectl("create", "namespace", NAMESPACE)
    started = subprocess.Popen([sys.executable, str(STAND_IN), str(site.KUBECONFIG), site.CONTEXT, NAMESPACE])
    try:
        yield
    finally:
        started.terminate()
        started.wait()
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def site_of(size: int) -> Timed:
    """Run site.yml for so many."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fleet.json"
        file.write_text(json.dumps(inventory(size)))
        limit = ["--limit=kubernetes_clusters:fleet", f"--forks={FORKS}"]
        command = site.playbook_command("site", *limit, inventories=[*site.INVENTORIES, file])
        return timed(command, site.playbook_environment())


def run(runs: int) -> list[Row]:
    """Measure it: the first run of each size, which makes what is not there yet, and second ones in turns."""
    site.ready()
    with stand_in():
        first = {}
        for size in SIZES:
            there = max((done for done in first if done < size), default=0)
            first[size] = (size - there, site_of(size))
        again: dict[int, list[Timed]] = {size: [] for size in SIZES}
        for _ in range(runs):
            for size in SIZES:
                again[size].append(site_of(size))
    rows = []
    for size in SIZES[1:]:
        ours = [one.seconds / size for one in again[size]]
        theirs = [one.seconds for one in again[1]]
        figures = [one / other for one, other in zip(ours, theirs, strict=True)]
        what = f"second `site.yml` of {size} PostgreSQL clusters, {FORKS} forks, for each"
        rows.append(at_most(Row(what, "of 1", ours, theirs, figures, "s"), 0.6))
        made, took = first[size]
        what = f"first `site.yml` of {size}, which makes {made}, for each that it makes"
        one = first[1][1].seconds
        rows.append(Row(what, "first of 1", [took.seconds / made], [one], [took.seconds / made / one], "s"))
    return [*rows, memory(again[SIZES[-1]], again[1], SIZES[-1])]


def memory(many: Sequence[Timed], one: Sequence[Timed], size: int) -> Row:
    """Return the row of what a PostgreSQL cluster more takes of the controller's memory."""
    ours, theirs = ([run.megabytes for run in runs] for runs in (many, one))
    each = [(large - small) / (size - 1) for large, small in zip(ours, theirs, strict=True)]
    what = f"memory of `ansible-playbook` with {size} PostgreSQL clusters, for each beyond the first"
    return Row(what, "with 1", ours, theirs, each, "MB", of="MB")
