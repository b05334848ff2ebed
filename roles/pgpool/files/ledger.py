# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Job of ledger_start.yml runs: clients that write numbered rows, and read, one statement after another.

Each goes one way, such as `pgpool_write`: through Pgpool-II or directly to the primary's Service. It keeps its session,
and opens another where that one ends. They end as UNTIL says: when another server has taken the writes for QUIET
seconds and all clients succeed again, for which they have PATIENCE (`moved`), or when there is a file END (`told`); in
any case after SECONDS. Then what was acknowledged is compared with what is there, and printed as one line of JSON.
It is told WAYS (each with its host and port) and PGDATABASE; each folder in /users has the files `username` and
`password` of one user.
"""

import collections
import itertools
import json
import os
import select
import signal
import socket
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2

QUIET = 5.0
# How old, in seconds, the last success of a client may be that goes on, and how much longer others are waited for.
LATELY = 1.0
PATIENCE = 15.0
PAUSE = 0.02
# After a failure: three clients that log in fifty times a second would make longer what they measure.
PAUSE_AFTER_FAILURE = 0.1
# Seconds that a client waits for a new session, and for an answer. libpq itself has no limit for the latter.
CONNECT = 3.0
ANSWER = 5.0
# Seconds until the servers have to say what is there.
COMPARE = 60.0
# Seconds for which a new pod may reach nothing, until its node knows what network policies let it do:
# https://kubernetes.io/docs/concepts/services-networking/network-policies/#pod-lifecycle
LET_IN = 15.0
END = Path("/tmp/end")  # noqa: S108 - the pod's own

clock = threading.local()


class NoAnswer(psycopg2.Error):
    """A server that took a connection or a statement, and said nothing."""


def wait(connection):
    """Wait for a server as psycopg2 does, but not for longer than `clock.limit` says."""
    while (state := connection.poll()) != 0:  # POLL_OK; 1 and 2 are POLL_READ and POLL_WRITE
        ends = [connection.fileno()]
        left = max(clock.limit - time.monotonic(), 0)
        if not any(select.select(ends if state == 1 else [], ends if state == 2 else [], [], left)):
            raise NoAnswer("no answer")


class Ledger:
    """One client, and what it was told."""

    def __init__(self, user, password, way="pgpool_write", address=("", 0), schema="pgha_ledger"):
        """Keep who writes, and where; nothing is sent."""
        host, port = address
        # The owner of the database may have made functions that PostgreSQL, or Pgpool-II in this session, would take in
        # place of PostgreSQL's own, with the rights of this user, who may be the superuser.
        self.login = {
            "host": host, "port": port, "user": user, "password": password, "application_name": f"pgha-ledger-{way}",
            "options": "-c search_path=pg_catalog",
        }  # fmt: skip
        self.reads = way.endswith("_read")
        self.table = f"{schema}.{way}"
        self.session = None
        self.acknowledged = {}
        self.failed = collections.Counter()
        self.servers = []
        self.last_success = self.last_failure = 0.0
        self.moved_at = None

    def run(self, statement, values=(), rows=True):
        """Run one statement, in the session that there is or in another, and return its rows."""
        if self.session is None or self.session.closed:
            clock.limit = time.monotonic() + CONNECT
            self.session = psycopg2.connect(**self.login)
            self.session.autocommit = True
        clock.limit = time.monotonic() + ANSWER
        with self.session.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if rows else []

    def step(self, number):
        """Write one row, or read once, note what became of it, and tell whether it succeeded."""
        server = "host(inet_server_addr())"
        statement, values = (
            (f"SELECT {server}", ())
            if self.reads
            else (f"INSERT INTO {self.table} VALUES (%s) RETURNING {server}", (number,))  # noqa: S608 - our name
        )
        try:
            [[server]] = self.run(statement, values)
        except psycopg2.Error as error:
            self.failed[error.pgcode or str(error) * isinstance(error, NoAnswer) or "no connection"] += 1
            self.last_failure = time.monotonic()
            if self.session is not None:
                self.session.close()
            return False
        now = self.acknowledged[number] = self.last_success = time.monotonic()
        if server not in self.servers:
            self.servers.append(server)
        if len(self.servers) > 1 and self.moved_at is None:
            self.moved_at = now
        return True

    def work(self, over):
        """Write or read until it is over."""
        for number in itertools.count(1):
            if over.is_set():
                return
            succeeded = self.step(number)
            time.sleep(PAUSE if succeeded else PAUSE_AFTER_FAILURE)

    def is_over(self, quiet=QUIET):
        """Tell whether another server has taken the writes for long enough."""
        since = max(self.moved_at or 0.0, self.last_failure)
        return self.moved_at is not None and time.monotonic() - since > quiet

    def goes_on(self):
        """Tell whether it has succeeded after its last failure, and lately: a statement may wait for its answer."""
        return self.last_success > max(self.last_failure, time.monotonic() - LATELY)

    def insist(self, statement, rows=True):
        """Run a statement until it succeeds: the session may have ended long ago, and no other may begin at once."""
        deadline = time.monotonic() + COMPARE
        while True:
            try:
                return self.run(statement, rows=rows)
            except psycopg2.Error:
                if time.monotonic() > deadline:
                    raise
                if self.session is not None:
                    self.session.close()
                time.sleep(PAUSE)

    def kept(self):
        """Return the numbers that are there, on the primary."""
        rows = self.insist(f"/*NO LOAD BALANCE*/ SELECT number FROM {self.table}")  # noqa: S608 - our name
        return {number for [number] in rows}

    def facts(self, end):
        """Say what this client saw until it was over at `end`; of writes, compared with what is there.

        `open` is true where its last statement failed: how long the gap at the end would have become is not known.
        """
        times = sorted(self.acknowledged.values())
        # A gap at the end is one, too. A statement may have been answered, or have failed, a little later.
        still = self.last_failure > max([0.0, *times])
        times.append(max([end, *times[-1:], *[self.last_failure] * still]))
        gap, since = max((later - earlier, earlier) for earlier, later in itertools.pairwise([times[0], *times]))
        spans = [later - earlier for earlier, later in itertools.pairwise(times[:-1])] or [0.0]
        found = self.acknowledged.keys() if self.reads else self.kept()
        return {
            "gap": round(gap, 3),
            "gap_since": round(since + time.time() - time.monotonic(), 3),
            "open": still,
            "interval": round(statistics.median(spans), 3),
            "acknowledged": len(self.acknowledged),
            "lost": len(self.acknowledged.keys() - found),
            "in_doubt": len(found - self.acknowledged.keys()),
            "failed": dict(self.failed),
            "servers": self.servers,
        }


def let_in(addresses):
    """Wait until something answers at each address, for LET_IN seconds at most: what does not answer then is away."""
    deadline = time.monotonic() + LET_IN
    for address in addresses:
        while time.monotonic() < deadline:
            try:
                socket.create_connection(tuple(address), timeout=CONNECT).close()
                break
            except OSError:
                time.sleep(PAUSE_AFTER_FAILURE)


def writer(address):
    """Return a ledger of the first user who may make a schema."""
    # Kubernetes has folders of its own there, whose names begin with two dots.
    for folder in sorted(Path("/users").glob("[0-9]*")):
        ledger = Ledger(*((folder / name).read_text() for name in ("username", "password")), address=address)
        try:
            [[may]] = ledger.run("SELECT has_database_privilege(current_database(), 'CREATE')")
        except psycopg2.Error as error:
            print(f"the user {ledger.login['user']} cannot log in: {error}", flush=True)
            continue
        if may:
            return ledger
    sys.exit("no user may make a schema in this database")


def is_over(ledgers):
    """Tell whether it is time to say what was seen."""
    if os.environ["UNTIL"] == "told":
        return END.exists()
    # What a client has not been told yet may make its gap longer. One that never succeeds again is not waited for.
    writes, all_go_on = ledgers["pgpool_write"], all(ledger.goes_on() for ledger in ledgers.values())
    return writes.is_over() and (all_go_on or writes.is_over(QUIET + PATIENCE))


def main():
    """Write and read until it is over, then say what was seen."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    psycopg2.extensions.set_wait_callback(wait)
    deadline = time.monotonic() + float(os.environ["SECONDS"])
    ways, schema = json.loads(os.environ["WAYS"]), f"pgha_ledger_{time.time_ns()}"
    let_in(ways.values())
    first = writer(ways["pgpool_write"])
    login = first.login["user"], first.login["password"]
    ledgers = {way: Ledger(*login, way=way, address=address, schema=schema) for way, address in ways.items()}
    first.run(f"CREATE SCHEMA {schema}", rows=False)
    over = threading.Event()
    try:
        for ledger in ledgers.values():
            if not ledger.reads:
                first.run(f"CREATE TABLE {ledger.table} (number bigint PRIMARY KEY)", rows=False)
        with ThreadPoolExecutor(len(ledgers)) as threads:
            try:
                working = [threads.submit(ledger.work, over) for ledger in ledgers.values()]
                ready = False
                while time.monotonic() < deadline and not is_over(ledgers):
                    if any(thread.done() for thread in working):
                        break
                    if not ready and all(len(ledger.acknowledged) >= 10 for ledger in ledgers.values()):
                        ready = True
                        print("ready", flush=True)
                    time.sleep(0.1)
            finally:
                # Not later: to compare takes its time, in which no client writes.
                end = time.monotonic()
                over.set()
        for thread in working:
            thread.result()
        print(json.dumps({way: ledger.facts(end) for way, ledger in ledgers.items()}), flush=True)
    finally:
        first.insist(f"DROP SCHEMA {schema} CASCADE", rows=False)


if __name__ == "__main__":
    main()
