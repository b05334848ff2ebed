# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus is removed while clients work: PostgreSQL and Pgpool-II do not notice, and it comes back by a run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from conftest import Cluster, run_playbook

SECONDS = 40


def test_clients_do_not_notice(cluster: Cluster, say: Callable[[str], None]) -> None:
    def pods() -> dict[str, tuple[str, int]]:
        """Each pod of the namespace that stays: its UID, and how often its containers have restarted."""
        return {
            pod["metadata"]["name"]: (
                pod["metadata"]["uid"],
                sum(status["restartCount"] for status in pod["status"]["containerStatuses"]),
            )
            for pod in cluster.get("pods", "--field-selector=status.phase=Running")
        }

    client, before = cluster.client(), pods()
    script = (
        "echo 'SELECT 1;' > /dev/shm/one.sql; echo '\\sleep 20 ms' >> /dev/shm/one.sql; "
        f"PGPASSFILE=/dev/shm/pgpass pgbench --no-vacuum --client=4 --time={SECONDS} --file=/dev/shm/one.sql "
        f"--host={cluster.name}-pgpool.{cluster.namespace}.svc --port=9999 --username=app app"
    )
    with ThreadPoolExecutor(1) as background:
        work = background.submit(client.run, f"sh -c {shlex.quote(script)}")
        gone = run_playbook("monitoring", variables={"monitoring_state": "absent"})
        assert gone.rc == 0, gone.output
        assert gone.changed > 0
        assert not work.done(), "it has to be removed while clients work"
        done = work.result()
    assert done.rc == 0, done.stderr
    counted = re.search(r"transactions actually processed: ([0-9]+)", done.stdout)
    assert counted
    assert re.search(r"failed transactions: 0 ", done.stdout), done.stdout
    assert cluster.kubectl("get", "deployments", "--namespace=monitoring", "--output=name") == ""
    assert pods() == before
    say(f"{counted[1]} transactions in {SECONDS} s, 0 failed, while Prometheus was removed in {gone.seconds:.0f} s")

    back = run_playbook("monitoring")
    assert back.rc == 0, back.output
    assert pods() == before
