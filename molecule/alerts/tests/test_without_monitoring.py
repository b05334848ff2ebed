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


def test_clients_do_not_notice(cluster: Cluster, say: Callable[[str], None]) -> None:
    client, before = cluster.client(), cluster.restarts()
    # Rounds of two seconds until there is a file, as nobody knows how long the removal takes.
    script = (
        "echo 'SELECT 1;' > /dev/shm/one.sql; echo '\\sleep 20 ms' >> /dev/shm/one.sql; rm -f /dev/shm/enough; "
        "for round in $(seq 300); do [ ! -e /dev/shm/enough ] || break; "
        "PGPASSFILE=/dev/shm/pgpass pgbench --no-vacuum --client=4 --time=2 --file=/dev/shm/one.sql "
        f"--host={cluster.name}-pgpool.{cluster.namespace}.svc --port=9999 --username=app app || exit; done"
    )
    with ThreadPoolExecutor(1) as background:
        work = background.submit(client.run, f"sh -c {shlex.quote(script)}")
        try:
            gone = run_playbook("monitoring", variables={"monitoring_state": "absent"})
            worked_on = not work.done()
        finally:
            client.run_expect([0], "touch /dev/shm/enough")
        done = work.result()
    assert gone.rc == 0, gone.output
    assert gone.changed > 0
    assert done.rc == 0, done.stderr
    assert worked_on, "it has to be removed while clients work"
    counted = [int(count) for count in re.findall(r"transactions actually processed: ([0-9]+)", done.stdout)]
    assert sum(counted) > 0
    assert len(re.findall(r"failed transactions: 0 ", done.stdout)) == len(counted), done.stdout
    assert cluster.kubectl("get", "deployments", "--namespace=monitoring", "--output=name") == ""
    assert cluster.restarts() == before
    say(f"{sum(counted)} transactions, 0 failed, while Prometheus was removed in {gone.seconds:.0f} s")

    back = run_playbook("monitoring")
    assert back.rc == 0, back.output
    assert cluster.restarts() == before
