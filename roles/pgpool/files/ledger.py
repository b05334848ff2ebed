# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Job of ledger_start.yml runs: a client that writes numbered rows through Pgpool-II, one after another.

It keeps its session, and opens another where that one ends. When another server has taken its writes for QUIET seconds,
or after SECONDS, it compares what it was told with what is there, and prints that as one line of JSON.
It is told PGHOST, PGPORT, PGDATABASE; each folder in /users has the files `username` and `password` of one user.
"""

import collections
import itertools
import json
import os
import signal
import statistics
import sys
import time
from pathlib import Path

import psycopg2

QUIET = 5.0
PAUSE = 0.02


class Ledger:
    """One client, and what it was told about each row."""

    def __init__(self, user, password):
        """Keep who writes; nothing is sent."""
        self.login = {"user": user, "password": password, "connect_timeout": 3, "application_name": "pgha-ledger"}
        self.schema = f"pgha_ledger_{time.time_ns()}"
        self.session = None
        self.acknowledged = {}
        self.failed = collections.Counter()
        self.servers = []
        self.last_failure = 0.0
        self.moved_at = None

    def run(self, statement, values=(), rows=True):
        """Run one statement, in the session that there is or in another, and return its rows."""
        if self.session is None or self.session.closed:
            self.session = psycopg2.connect(**self.login)
            self.session.autocommit = True
        with self.session.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if rows else []

    def write(self, number):
        """Write one row, and note what became of it."""
        try:
            [[server]] = self.run(
                f"INSERT INTO {self.schema}.ledger VALUES (%s) RETURNING host(inet_server_addr())",  # noqa: S608 - our name
                (number,),
            )
        except psycopg2.Error as error:
            self.failed[error.pgcode or "no connection"] += 1
            self.last_failure = time.monotonic()
            if self.session is not None:
                self.session.close()
            return
        now = self.acknowledged[number] = time.monotonic()
        if server not in self.servers:
            self.servers.append(server)
        if len(self.servers) > 1 and self.moved_at is None:
            self.moved_at = now

    def is_over(self):
        """Tell whether another server has taken the writes for long enough."""
        since = max(self.moved_at or 0.0, self.last_failure)
        return self.moved_at is not None and time.monotonic() - since > QUIET

    def facts(self):
        """Compare what is there, on the primary, with what was acknowledged."""
        kept = self.run(f"/*NO LOAD BALANCE*/ SELECT number FROM {self.schema}.ledger")  # noqa: S608 - our name
        found = {number for [number] in kept}
        times = sorted(self.acknowledged.values())
        spans = [later - earlier for earlier, later in itertools.pairwise(times)] or [0.0]
        return {
            "gap": round(max(spans), 3),
            "interval": round(statistics.median(spans), 3),
            "acknowledged": len(self.acknowledged),
            "lost": len(self.acknowledged.keys() - found),
            "in_doubt": len(found - self.acknowledged.keys()),
            "failed": dict(self.failed),
            "servers": self.servers,
        }


def writer():
    """Return a ledger of the first user who may make a schema."""
    # Kubernetes has folders of its own there, whose names begin with two dots.
    for folder in sorted(Path("/users").glob("[0-9]*")):
        ledger = Ledger(*((folder / name).read_text() for name in ("username", "password")))
        try:
            [[may]] = ledger.run("SELECT has_database_privilege(current_database(), 'CREATE')")
        except psycopg2.Error as error:
            print(f"the user {ledger.login['user']} cannot log in: {error}", flush=True)
            continue
        if may:
            return ledger
    sys.exit("no user may make a schema in this database")


def main():
    """Write until another server takes the writes, then say what was seen."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    ledger, deadline = writer(), time.monotonic() + float(os.environ["SECONDS"])
    ledger.run(f"CREATE SCHEMA {ledger.schema}", rows=False)
    try:
        ledger.run(f"CREATE TABLE {ledger.schema}.ledger (number bigint PRIMARY KEY)", rows=False)
        number = 0
        while time.monotonic() < deadline and not ledger.is_over():
            number += 1
            ledger.write(number)
            if len(ledger.acknowledged) == 10:
                print("ready", flush=True)
            time.sleep(PAUSE)
        print(json.dumps(ledger.facts()), flush=True)
    finally:
        ledger.run(f"DROP SCHEMA {ledger.schema} CASCADE", rows=False)


if __name__ == "__main__":
    main()
