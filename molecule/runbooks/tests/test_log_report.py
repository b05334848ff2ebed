# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""log_report.yml fetches the logs of all pods as pgBadger reads them, without passwords, and makes its report."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from conftest import Cluster, run_playbook

PREFIX = re.compile(
    r"[0-9]{4}-[0-9-]{5} [0-9:.]{12} \w+ \[[0-9]+\]: user=[^,]*,db=[^,]*,app=[^,]*,client=\S* [A-Z]+[0-9]?:  "
)


def test_logs_are_there_and_passwords_are_not(cluster: Cluster, tmp_path: Path) -> None:
    # PostgreSQL logs a statement that fails, with all that is in it.
    for statement in ("SELECT no_such_column", "ALTER ROLE nobody_here PASSWORD 'hunter2hunter2'"):
        cluster.client().run(f"echo {shlex.quote(statement)} | {cluster.psql_command()}")
    pgbadger, address = shutil.which("pgbadger"), min(cluster.pgpool_pods().values())
    assert pgbadger, "converge.yml installs it"
    cluster.sql("PGPOOL SET log_statement TO on; SELECT 'logged by ' || 'Pgpool-II'", address=address)
    # What clients send and name themselves is logged as it is, in whatever encoding.
    latin = r"""printf "PGPOOL SET log_statement TO on; SET client_encoding TO LATIN1; SELECT 'f\\374r';" """
    sent = cluster.client().run(f"{latin} | {cluster.psql_command(address=address)}")
    assert sent.rc == 0, sent.stderr
    asked = {"log_report_directory": str(tmp_path), "log_report_minutes": 30}
    run = run_playbook("log_report", variables=asked)
    assert run.rc == 0, run.output
    assert run.changed == 0, run.recap
    instances, pgpools = set(cluster.instances()), set(cluster.pgpool_pods())
    logs = {path.stem: path.read_text() for path in tmp_path.glob("*.log")}
    assert set(logs) == instances | pgpools
    for pod in instances:
        lines = [line for line in logs[pod].splitlines() if not line.startswith("\t")]
        assert [line for line in lines if not PREFIX.match(line)] == []
    everything = "\n".join(logs.values()) + run.output
    assert "STATEMENT:  SELECT no_such_column" in everything
    assert "SELECT 'f\\xfcr'" in everything
    assert "STATEMENT:  ALTER ROLE nobody_here PASSWORD '" in everything
    assert [word for word in ("hunter2", *cluster.users().values()) if word in everything] == []
    pages = {name: (tmp_path / f"{cluster.name}{name}-logs.html").read_text() for name in ("", "-pgpool")}
    assert "no_such_column" in pages[""]
    # It shows no statement of which it knows no duration, but it counts them.
    counted = re.search(r"([0-9,]+)</span> *<span[^>]*>Number of queries<", pages["-pgpool"])
    assert counted
    assert counted[1] != "0"
    assert [name for name, page in pages.items() if "hunter2" in page] == []


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    run = run_playbook("log_report", "--check", variables={"log_report_directory": str(tmp_path)})
    assert run.rc == 0, run.output
    assert list(tmp_path.iterdir()) == []


def test_without_pgbadger_it_says_what_to_do(tmp_path: Path) -> None:
    asked = {"log_report_directory": str(tmp_path), "log_report_pgbadger": "no-such-program"}
    run = run_playbook("log_report", variables=asked)
    assert run.rc != 0
    assert "install pgBadger (Debian's package is pgbadger)" in run.said
    assert list(tmp_path.iterdir()) == []
