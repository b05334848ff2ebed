# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pgbench, in a pod of PostgreSQL's image without limits: the same client for each way to the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import pods

USER = DATABASE = "app"
SECONDS = 10
SETUP = """
set -eu
umask 077
printf '*:*:*:%s:%s\\n' "$(cat /secrets/{secret}/username)" "$(cat /secrets/{secret}/password)" > /tmp/pgpass
"""
PREFIX = "export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=30 PATH=$PATH:/usr/lib/postgresql/17/bin; "
TPS = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)", re.MULTILINE)
CONNECTED = re.compile(r"^initial connection time = ([0-9.]+) ms", re.MULTILINE)


@contextmanager
def client() -> Iterator[str]:
    """Have a pod in which pgbench can log in as the application's user."""
    secret = f"{pods.CLUSTER.name}-{USER}"
    with pods.running("bench-client", pods.image_of_postgres(), [secret]) as pod:
        pods.shell(pod, SETUP.format(secret=secret))
        yield pod


def address(name: str, port: int = 0) -> tuple[str, int]:
    """Return where a Service of the namespace is, and its port: by default that of our Pgpool-II, else PostgreSQL's."""
    usual = 9999 if name == f"{pods.CLUSTER.name}-pgpool" else 5432
    return f"{name}.{pods.CLUSTER.namespace}.svc", port or usual


def pgbench(pod: str, to: tuple[str, int], options: str, script: str = "") -> str:
    """Run pgbench, and return what it says. A script is what it sends; without one it is told by the options."""
    command = f"pgbench --no-vacuum --host={to[0]} --port={to[1]} --username={USER} {options} {DATABASE}"
    write = f"printf '%s\\n' '{script}' > /tmp/script.sql\n" if script else ""
    return pods.shell(pod, f"set -eu\n{PREFIX}\n{write}{command}")


def per_second(pod: str, to: tuple[str, int], clients: int, script: str = "", options: str = "") -> float:
    """Return how many transactions per second so many clients had."""
    given = f"--client={clients} --jobs=2 --time={SECONDS} {options} {'--file=/tmp/script.sql' if script else ''}"
    return float(TPS.search(pgbench(pod, to, given, script))[1])


def connected(pod: str, to: tuple[str, int], clients: int) -> float:
    """Return after how many milliseconds all of so many clients had a session."""
    given = f"--client={clients} --jobs={clients} --transactions=1 --file=/tmp/script.sql"
    return float(CONNECTED.search(pgbench(pod, to, given, "SELECT 1;"))[1])
