# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes until many clients that come at once have a session, through Pgpool-II and directly."""

from __future__ import annotations

import json

from benchmarks import pods, site, sql
from benchmarks.measure import Row, in_turns, ratio

CLIENTS = (1, 10, 50, 200)
# So many children that one of the two pods has enough for all, wherever the Service sends them, and no
# connection kept from the run before, as each is to be the first. PostgreSQL has to let in all that could come.
SETTINGS = {
    "pgpool_params": {"num_init_children": 210, "connection_cache": False},
    "postgres_cluster_parameters": {"max_connections": 1300},
}


def run(runs: int) -> list[Row]:
    """Measure each number of clients."""
    name = pods.CLUSTER.name
    rows = []
    try:
        site.playbook("site", "--extra-vars", json.dumps(SETTINGS))
        with sql.client() as pod:
            for clients in CLIENTS:
                times = in_turns(
                    lambda clients=clients: sql.connected(pod, sql.address(f"{name}-pgpool"), clients),
                    lambda clients=clients: sql.connected(pod, sql.address(f"{name}-rw"), clients),
                    runs,
                )
                what = f"{clients} client{'s' if clients > 1 else ''} at once have a session through Pgpool-II"
                rows.append(ratio(what, "directly, with the primary", *times, "ms"))
    finally:
        site.ready()
    return rows
