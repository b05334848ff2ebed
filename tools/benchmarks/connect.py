# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes until many clients that come at once have a session, through Pgpool-II and directly."""

from __future__ import annotations

from benchmarks import pods, site, sql
from benchmarks.measure import Row, in_turns, ratio

# Two pods of 32 children, of which one is kept back in each: more clients than that are refused.
CLIENTS = (1, 10, 30, 60)


def run(runs: int) -> list[Row]:
    """Measure each number of clients."""
    site.ready()
    name = pods.CLUSTER.name
    rows = []
    with sql.client() as pod:
        for clients in CLIENTS:
            times = in_turns(
                lambda clients=clients: sql.connected(pod, sql.address(f"{name}-pgpool"), clients),
                lambda clients=clients: sql.connected(pod, sql.address(f"{name}-rw"), clients),
                runs,
            )
            what = f"{clients} client{'s' if clients > 1 else ''} at once have a session through Pgpool-II"
            rows.append(ratio(what, "directly, with the primary", *times, "ms"))
    return rows
