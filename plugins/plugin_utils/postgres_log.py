# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of PostgreSQL and Pgpool-II, as pgBadger reads them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.support import masked

# What lines begin with, as log_line_prefix of PostgreSQL and as --prefix of pgBadger.
PREFIX = "%m [%p]: user=%u,db=%d,app=%a,client=%h "

# A line of Pgpool-II with its default log_line_prefix, `%m: %a pid %p: `.
_PGPOOL = re.compile(r"([0-9-]{10} [0-9:.]+): (.*?) pid ([0-9]+): ([A-Z]+):  (.*)")


def postgres_log(text: str) -> str:
    """Return lines that begin with PREFIX, without passwords.

    Lines that are JSON are those of an operator that wraps PostgreSQL's CSV log, record by record; of its own lines
    none stays. Lines of Pgpool-II with its default prefix get the other one. All else stays as it is.

    :param text: what `kubectl logs` shows of a container
    """
    # str.splitlines() would split at other characters as well, U+0085 among them, which stand in what a user wrote.
    lines = [line.rstrip("\r\n") for line in io.StringIO(text)]
    wrapped = any(_record(line) for line in lines)
    found = (made for line in lines for made in _lines(line, wrapped))
    return masked("".join(f"{line}\n" for line in found))


def pod_logs(
    results: Sequence[Mapping[str, Any]], previous: Sequence[Mapping[str, Any]], loop_var: str
) -> dict[str, dict[str, str]]:
    """Return what pods logged, with what they logged before they restarted in front of it.

    :param results: for each pod its name as `loop_var`, and `log`, or `msg` where that could not be read
    :param previous: the same of what they logged before they restarted, of some pods
    :param loop_var: under which key the names are
    :returns: by the pods' names, `logged` (the logs that could be read, as postgres_log() makes them) and `unread` (why
        another one could not)
    """
    before = {one[loop_var]: one.get("log") or "" for one in previous}
    logged = {
        one[loop_var]: postgres_log(_joined(before.get(one[loop_var], ""), one["log"]))
        for one in results
        if one.get("log") is not None
    }
    unread = {one[loop_var]: _reason(one) for one in results if one.get("log") is None}
    lost = {
        one[loop_var]: f"what it logged before it restarted: {_reason(one)}"
        for one in previous
        if one.get("log") is None
    }
    return {"logged": logged, "unread": {**lost, **unread}}


def _joined(before: str, log: str) -> str:
    # While a container waits for its next start, both are of the one that has ended. The second was asked for later, so
    # it may begin later.
    if before.endswith(log):
        return before
    return f"{before}\n{log}" if before and not before.endswith("\n") else before + log


def _reason(result: Mapping[str, Any]) -> str:
    return " ".join(str(result.get("msg") or "no answer").split())


def _lines(line: str, wrapped: bool) -> Iterator[str]:
    record = _record(line)
    if record:
        yield from _unwrapped(record)
        return
    if wrapped:  # of the operator, and not of PostgreSQL
        return
    pgpool = _PGPOOL.fullmatch(line)
    if not pgpool:
        yield line
        return
    time, application, process, severity, message = pgpool.groups()
    yield f"{time} UTC [{process}]: user=,db=,app={application},client= {severity}:  {message}"


def _record(line: str) -> Mapping[str, Any]:
    """Return the record of PostgreSQL's log in a line, empty if there is none."""
    if not line.startswith("{"):
        return {}
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    record = told.get("record") if told.get("logger") == "postgres" else None
    return record if isinstance(record, Mapping) and record.get("error_severity") else {}


def _unwrapped(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that PostgreSQL would have written to stderr."""
    client = str(record.get("connection_from") or "")
    host = client if client.startswith("[") else client.rpartition(":")[0] or client
    prefix = (
        f"{record.get('log_time', '')} [{record.get('process_id', '')}]: user={record.get('user_name', '')},"
        f"db={record.get('database_name', '')},app={record.get('application_name', '')},client={host} "
    )
    parts = [
        (record["error_severity"], record.get("message")),
        ("DETAIL", record.get("detail")),
        ("HINT", record.get("hint")),
        ("QUERY", record.get("internal_query")),
        ("CONTEXT", record.get("context")),
        ("STATEMENT", record.get("query")),
    ]
    for name, message in parts:
        if message:
            # Further lines begin with a tab, as PostgreSQL writes them.
            yield f"{prefix}{name}:  " + str(message).rstrip("\n").replace("\n", "\n\t")
