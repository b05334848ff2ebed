#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve what Pgpool-II's SHOW POOL_* commands say, as metrics for Prometheus.

The names are those of pgpool2_exporter. What is other than there: each series of a backend also has its
node_id (two backends with one host name are two series), the gauges of SHOW POOL_NODES have pg_role and
replication_state, a delay by time is understood, and no series has a process id.

It holds one connection to Pgpool-II, and so one of its children, and sends nothing but commands that Pgpool-II answers
itself: so it adds nothing to select_cnt. The connection is libpq's, set by PGHOST, PGPORT, PGUSER and PGDATABASE; the
password is read from PGPOOL_EXPORTER_PASSWORD_FILE at each new connection. PGPOOL_EXPORTER_PORT is 9719 by default.
Where PGPOOL_EXPORTER_CERTIFICATE names the certificate that Pgpool-II shows to clients, its end is a metric, too.
"""

from __future__ import annotations

import importlib
import itertools
import os
import select
import signal
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

Row = Mapping[str, str]

# Seconds for one page, in which Pgpool-II has to answer all: where who asks does not say how long it waits, and at
# most. SHOW POOL_NODES asks each backend, a dead one for as long as connect_timeout.
PAGE_SECONDS = 4.0
MAX_PAGE_SECONDS = 8.0
# In this header Prometheus says how long it waits. A page that comes later tells it nothing, not even pgpool2_up.
WAITS_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
# Of that, what the way takes.
WAY_SECONDS = 0.5
LATE = "no answer in the time of a scrape"
# What SHOW POOL_PROCESSES calls a child that serves nobody.
FREE = "Wait for connection"
# Seconds for which an answer to SHOW POOL_NODES is good. It logs in to each backend anew, which takes nearly all the
# time of a scrape; the other commands read Pgpool-II's shared memory.
NODES_SECONDS = 10.0


class Table(NamedTuple):
    """The metrics of one SHOW command: each column of `gauges` and `counters` is one."""

    labels: Sequence[str] = ()
    gauges: Sequence[str] = ()
    counters: Sequence[str] = ()
    gauge_labels: Sequence[str] = ()


_BACKEND = ("node_id", "hostname", "port", "role")
TABLES = {
    "pool_nodes": Table(
        _BACKEND,
        ("status", "pg_status", "lb_weight", "replication_delay"),
        ("select_cnt",),
        ("pg_role", "replication_state"),
    ),
    "pool_backend_stats": Table(
        _BACKEND,
        ("status",),
        (
            "select_cnt",
            "insert_cnt",
            "update_cnt",
            "delete_cnt",
            "ddl_cnt",
            "other_cnt",
            "panic_cnt",
            "fatal_cnt",
            "error_cnt",
        ),
    ),
    "pool_health_check_stats": Table(
        _BACKEND,
        (
            "status",
            "total_count",
            "success_count",
            "fail_count",
            "skip_count",
            "retry_count",
            "average_retry_count",
            "max_retry_count",
            "max_duration",
            "min_duration",
            "average_duration",
        ),
    ),
    "pool_cache": Table(
        (),
        (
            "num_cache_hits",
            "num_selects",
            "cache_hit_ratio",
            "num_hash_entries",
            "used_hash_entries",
            "num_cache_entries",
            "used_cache_entries_size",
            "free_cache_entries_size",
            "fragment_cache_entries_size",
        ),
    ),
}
_STATES = {"up": 1.0, "waiting": 1.0, "true": 1.0, "down": 0.0, "unused": 0.0, "quarantine": 0.0, "false": 0.0}


class Metric(NamedTuple):
    """One sample."""

    name: str
    kind: str
    labels: Mapping[str, str]
    value: float


def number(text: str | None) -> float | None:
    """Return what a field says as a number: `12`, `0.5`, `0.1 second`, `up`; None if it says none.

    :param text: the field as Pgpool-II sends it
    """
    word = (text or "").split(" ")[0].lower()
    if word in _STATES:
        return _STATES[word]
    try:
        return float(word)
    except ValueError:
        return None


def table_metrics(name: str, table: Table, rows: Sequence[Row]) -> Iterator[Metric]:
    """Yield the metrics of a command whose columns are metrics.

    :param name: the command's second word, which is the prefix of each metric
    :param table: which columns are what
    :param rows: the answer
    """
    for kind, columns, more in (("gauge", table.gauges, table.gauge_labels), ("counter", table.counters, ())):
        for column in columns:
            for row in rows:
                value = number(row.get(column))
                if value is not None:
                    labels = {label: row.get(label) or "" for label in (*table.labels, *more)}
                    yield Metric(f"pgpool2_{name}_{column}", kind, labels, value)


def frontend_metrics(rows: Sequence[Row], reserved: float) -> Iterator[Metric]:
    """Yield how many children there are and serve a client, and the share that is taken of those that clients may have.

    A child whose client Pgpool-II still connects to the backends has no user yet, and is taken.

    :param rows: the answer to SHOW POOL_PROCESSES
    :param reserved: so many of the children refuse clients (reserved_connections)
    """
    used = Counter((row["username"], row["database"]) for row in rows if row.get("username") and row.get("database"))
    yield Metric("pgpool2_frontend_total", "gauge", {}, len(rows))
    for (username, database), count in sorted(used.items()):
        yield Metric("pgpool2_frontend_used", "gauge", {"username": username, "database": database}, count)
    if rows:
        # With process_management_mode = dynamic, a process that has ended may leave the status that it had.
        taken = sum(1 for row in rows if row.get("status") != FREE and row.get("pool_pid") != "0")
        # One child more is taken for as long as it refuses a client.
        ratio = min(1.0, taken / max(1.0, len(rows) - reserved))
        yield Metric("pgpool2_frontend_used_ratio", "gauge", {}, ratio)


def backend_metrics(rows: Sequence[Row]) -> Iterator[Metric]:
    """Yield how many connections to backends there can be and are.

    :param rows: the answer to SHOW POOL_POOLS
    """
    used = sum(1 for row in rows if row.get("username"))
    yield Metric("pgpool2_backend_total", "gauge", {}, len(rows))
    yield Metric("pgpool2_backend_used", "gauge", {}, used)
    if rows:
        yield Metric("pgpool2_backend_used_ratio", "gauge", {}, used / len(rows))


def certificate_end(pem: str) -> float:
    """Return when the first certificate of a file ends, or one of those that lead up from it, in seconds since 1970.

    Clients refuse the first with any of the others. Which these are is told by their names; of two that have one name,
    it is the one that ends later.

    :param pem: the file's text
    :raises ValueError: there is no certificate, or one of them is broken
    """
    head, foot = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    first, *others = [_names_and_end(f"{head}{part.partition(foot)[0]}{foot}") for part in pem.split(head)[1:]]
    issuer, subject, end = first
    while above := [other for other in others if other[1] == issuer]:
        issuer, subject, last = max(above, key=lambda other: other[2])
        others = [other for other in others if other[1] != subject]
        end = min(end, last)
    return end


def _names_and_end(pem: str) -> tuple[bytes, bytes, float]:
    """Return a certificate's issuer and subject, in DER, and its end in seconds since 1970."""
    # Certificate, and in it TBSCertificate: the version (if any), serial number, signature, issuer, validity, subject.
    fields = list(_der_items(next(_der_items(next(_der_items(ssl.PEM_cert_to_DER_cert(pem)))[1]))[1]))
    if fields[0][0] == 0xA0:
        del fields[0]
    kind, text = list(_der_items(fields[3][1]))[1]
    digits = text.decode("ascii").rstrip("Z")
    if kind == 0x17:  # UTCTime has two digits of the year, of which 50 and more are of the last century
        digits = f"{'19' if digits[:2] >= '50' else '20'}{digits}"
    return fields[2][1], fields[4][1], datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()


def _der_items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of each item of DER."""
    while data:
        if len(data) < 2:
            raise ValueError("no DER")
        tag, size, start = data[0], data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        yield tag, data[start : start + size]
        data = data[start + size :]


def certificate_metrics(path: str) -> Iterator[Metric]:
    """Yield when the certificate ends, or one that leads up from it.

    It is 0 where one cannot be read, which no rule about its end passes over.

    :param path: where it is; empty if there is none
    """
    if path:
        try:
            # A comment may be of any encoding; this one takes each byte.
            end = certificate_end(Path(path).read_text(encoding="latin-1"))
        except (OSError, ValueError, LookupError, StopIteration):
            end = 0
        yield Metric("pgpool2_tls_certificate_expiry_timestamp_seconds", "gauge", {}, end)


def metrics(answers: Mapping[str, Sequence[Row]]) -> Iterator[Metric]:
    """Yield the metrics of all answers.

    :param answers: the rows of each command, by its second word
    """
    for name, table in TABLES.items():
        yield from table_metrics(name, table, answers.get(name, ()))
    if "pool_processes" in answers:
        shown = answers.get("reserved_connections") or [{}]
        yield from frontend_metrics(answers["pool_processes"], number(shown[0].get("reserved_connections")) or 0)
    if "pool_pools" in answers:
        yield from backend_metrics(answers["pool_pools"])


def exposition(samples: Sequence[Metric]) -> str:
    """Return samples in Prometheus' text format. Samples of one name must follow one another.

    :param samples: what to print
    """
    lines, last = [], None
    for sample in samples:
        if sample.name != last:
            lines.append(f"# TYPE {sample.name} {sample.kind}")
            last = sample.name
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
        lines.append(f"{sample.name}{f'{{{labels}}}' if labels else ''} {sample.value:.17g}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def page_seconds(waits: str | None) -> float:
    """Return how long a page may take, so that it comes while it is waited for.

    :param waits: Prometheus' header, None where there is none
    """
    try:
        seconds = float(waits or "")
    except ValueError:
        return PAGE_SECONDS
    if not seconds > 0:
        return PAGE_SECONDS
    return min(MAX_PAGE_SECONDS, max(seconds - WAY_SECONDS, seconds / 2))


class Pgpool:
    """The one connection to Pgpool-II, made when it is first asked and again after it broke."""

    def __init__(self) -> None:
        # Here, so that the rest can be tested without it.
        self._driver = importlib.import_module("psycopg2")
        self._ready = importlib.import_module("psycopg2.extensions")
        self._connection: Any = None
        self._deadline = 0.0
        self._ready.set_wait_callback(self._wait)

    def ask(self, commands: Sequence[str], deadline: float) -> dict[str, list[Row]]:
        """Return the rows of each command; one broken connection is replaced, if there is time left.

        :param commands: the second words of SHOW commands, and names of parameters
        :param deadline: when all answers have to be there, by time.monotonic()
        :raises psycopg2.Error: Pgpool-II cannot be reached, refuses, or does not answer in time
        """
        self._deadline = deadline
        fresh = self._connection is None
        try:
            return self._ask(commands)
        except self._driver.Error:
            self.close()
            if fresh or time.monotonic() >= deadline:
                raise
        try:
            return self._ask(commands)
        except self._driver.Error:
            self.close()
            raise

    def _ask(self, commands: Sequence[str]) -> dict[str, list[Row]]:
        if self._connection is None:
            self._connection = self._connect()
        answers = {}
        with self._connection.cursor() as cursor:
            for command in commands:
                # A mere SHOW of a parameter goes to PostgreSQL.
                cursor.execute(f"SHOW {command}" if command.startswith("pool_") else f"PGPOOL SHOW {command}")
                names = [column.name for column in cursor.description]
                answers[command] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return answers

    def _connect(self) -> Any:
        arguments = {"application_name": "pgpool_exporter"}
        path = os.environ.get("PGPOOL_EXPORTER_PASSWORD_FILE")
        if path:
            arguments["password"] = Path(path).read_text(encoding="utf-8")
        connection = self._driver.connect(**arguments)
        connection.autocommit = True
        with connection.cursor() as cursor:
            # Of this session alone: SHOW POOL_HEALTH_CHECK_STATS logs a line for each backend.
            cursor.execute("PGPOOL SET log_min_messages TO fatal")
        return connection

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _wait(self, connection: Any) -> None:
        while (state := connection.poll()) != self._ready.POLL_OK:
            reading, writing = ([connection], []) if state == self._ready.POLL_READ else ([], [connection])
            rest = self._deadline - time.monotonic()
            if rest <= 0 or not any(select.select(reading, writing, [], rest)[:2]):
                raise self._driver.OperationalError(LATE)


class Exporter:
    """Makes one page per scrape, and asks for one scrape at a time."""

    COMMANDS = (*TABLES, "pool_processes", "pool_pools", "reserved_connections")

    def __init__(self, pgpool: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._pgpool = pgpool
        self._clock = clock
        self._nodes: Sequence[Row] = ()
        self._asked = 0.0
        self._lock = threading.Lock()
        self._scrapes = itertools.count(1)
        self._last_error = ""

    def _answers(self, deadline: float) -> dict[str, Sequence[Row]]:
        """Ask all commands; SHOW POOL_NODES only where its last answer is old or no longer what Pgpool-II goes by."""
        if self._nodes and self._clock() - self._asked < NODES_SECONDS:
            answers = self._pgpool.ask([name for name in self.COMMANDS if name != "pool_nodes"], deadline)
            now = {row["node_id"]: row for row in answers["pool_backend_stats"]}
            if {row["node_id"]: _state(row) for row in self._nodes} == {node: _state(now[node]) for node in now}:
                # Its counter is the same in both.
                nodes = [{**row, "select_cnt": now[row["node_id"]]["select_cnt"]} for row in self._nodes]
                return {**answers, "pool_nodes": nodes}
        answers = self._pgpool.ask(self.COMMANDS, deadline)
        self._nodes, self._asked = answers["pool_nodes"], self._clock()
        return answers

    def page(self, seconds: float = PAGE_SECONDS) -> str:
        """Return the metrics now. Where Pgpool-II does not answer, pgpool2_up is 0 and its own metrics are left out.

        :param seconds: how long it may take
        """
        started = time.monotonic()
        samples: list[Metric] = []
        error = LATE
        # A page for somebody else may take all of that.
        if self._lock.acquire(timeout=seconds):
            try:
                samples, error = self._asked_now(started + seconds)
            finally:
                self._lock.release()
        samples += (
            Metric("pgpool2_up", "gauge", {}, 0 if error else 1),
            Metric("pgpool2_last_scrape_error", "gauge", {}, 1 if error else 0),
            Metric("pgpool2_last_scrape_duration_seconds", "gauge", {}, time.monotonic() - started),
            Metric("pgpool2_scrapes_total", "counter", {}, next(self._scrapes)),
            *certificate_metrics(os.environ.get("PGPOOL_EXPORTER_CERTIFICATE", "")),
        )
        return exposition(samples)

    def _asked_now(self, deadline: float) -> tuple[list[Metric], str]:
        """Return the metrics of Pgpool-II, or why there are none."""
        samples: list[Metric] = []
        error = ""
        try:
            samples += metrics(self._answers(deadline))
        except Exception as exc:  # whatever it is: the page must say that Pgpool-II is not up
            error = " ".join(str(exc).split()) or type(exc).__name__
            self._nodes = ()
        if error != self._last_error:  # once per change, not at each scrape
            print(f"pgpool-exporter: {error or 'Pgpool-II answers again'}", file=sys.stderr, flush=True)
            self._last_error = error
        return samples, error


def _state(row: Row) -> tuple[float | None, str | None]:
    """Return what Pgpool-II takes a backend for; `waiting` is attached, too."""
    return number(row.get("status")), row.get("role")


def handler(exporter: Exporter) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers /metrics, and / for probes.

    :param exporter: what makes the page
    """

    class Handler(BaseHTTPRequestHandler):
        # Seconds that a client may take to ask, and to take the answer: each has a thread until then.
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path not in ("/", "/metrics"):
                self.send_error(404)
                return
            text = "metrics are at /metrics\n"
            if path == "/metrics":
                text = exporter.page(page_seconds(self.headers.get(WAITS_HEADER)))
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing of each scrape."""

    return Handler


class Server(ThreadingHTTPServer):
    """Listens on IPv6 and IPv4 where there is IPv6, else on IPv4."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    daemon_threads = True

    def server_bind(self) -> None:
        """Listen for both families on the one socket."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone: Prometheus goes where a page comes late."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("PGPOOL_EXPORTER_PORT", "9719"))
    server = Server(("", port), handler(Exporter(Pgpool())))
    print(f"pgpool-exporter: serving /metrics on port {port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
