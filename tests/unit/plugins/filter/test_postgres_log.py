# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter postgres_log, in templates, by itself, and what pgBadger makes of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_log import PREFIX, pod_logs, postgres_log

RECORD = {
    "log_time": "2026-11-25 21:00:00.123 UTC",
    "user_name": "app",
    "database_name": "shop",
    "process_id": "42",
    "connection_from": "10.244.1.7:51324",
    "error_severity": "LOG",
    "sql_state_code": "00000",
    "message": "duration: 1234.500 ms  statement: SELECT *\nFROM item WHERE id = 7",
    "application_name": "psql",
    "backend_type": "client backend",
}
START = "2026-11-25 21:00:00.123 UTC [42]: user=app,db=shop,app=psql,client=10.244.1.7 "


def wrapped(**fields: str) -> str:
    """A line of CloudNativePG's log."""
    told = {"level": "info", "ts": "2026-11-25T21:00:00.2Z", "logger": "postgres", "msg": "record"}
    return json.dumps({**told, "record": {**RECORD, **fields}}) + "\n"


OPERATOR = json.dumps({"level": "info", "logger": "instance-manager", "msg": "DB not available, will retry"}) + "\n"


def test_records_are_taken_out_of_their_wrapping() -> None:
    made = postgres_log(OPERATOR + wrapped() + "not JSON\n")
    assert made == f"{START}LOG:  duration: 1234.500 ms  statement: SELECT *\n\tFROM item WHERE id = 7\n"


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c"])
def test_a_line_ends_at_a_newline_alone(character: str) -> None:
    message = f"duration: 1 ms  statement: SELECT 'a{character}b'"
    record = json.dumps({"logger": "postgres", "record": {**RECORD, "message": message}}, ensure_ascii=False)
    assert postgres_log(f"{record}\r\n") == f"{START}LOG:  {message}\n"
    plain = f"a{character}b\n\nc"
    assert postgres_log(f"{plain}\n") == postgres_log(plain) == f"{plain}\n"


def test_an_error_comes_with_its_statement() -> None:
    fields = {"error_severity": "ERROR", "message": 'relation "x" does not exist', "query": "SELECT x", "hint": "No."}
    assert postgres_log(wrapped(**fields)).splitlines() == [
        f'{START}ERROR:  relation "x" does not exist',
        f"{START}HINT:  No.",
        f"{START}STATEMENT:  SELECT x",
    ]


def test_a_local_session_and_none() -> None:
    assert "client=[local] LOG" in postgres_log(wrapped(connection_from="[local]"))
    assert "user=,db=,app=,client= LOG" in postgres_log(
        wrapped(connection_from="", user_name="", database_name="", application_name="")
    )


def test_plain_lines_stay_and_pgpool_s_get_the_prefix() -> None:
    plain = f"{START}LOG:  checkpoint starting: time\n\tmore of it\n"
    assert postgres_log(plain) == plain
    pgpool = "2026-11-25 21:00:00.123: psql pid 37: LOG:  statement: SELECT 1\n"
    made = "2026-11-25 21:00:00.123 UTC [37]: user=,db=,app=psql,client= LOG:  statement: SELECT 1\n"
    assert postgres_log(pgpool) == made


@pytest.mark.parametrize("wrap", [True, False])
def test_no_password_stays(wrap: bool) -> None:
    message = "statement: ALTER ROLE app PASSWORD 'hunter2hunter2'"
    made = postgres_log(wrapped(message=message) if wrap else f"{START}LOG:  {message}\n")
    assert "hunter2" not in made
    assert "ALTER ROLE app PASSWORD '" in made


def test_pgbadger_reads_it(tmp_path: Path) -> None:
    program = shutil.which("pgbadger")
    if not program:
        pytest.skip("pgbadger is not on the PATH")
    text = "".join(wrapped(process_id=str(number)) for number in range(5))
    text += wrapped(error_severity="ERROR", message="deadlock detected", query="UPDATE item SET n = 1")
    (tmp_path / "pg-1.log").write_text(postgres_log(text))
    out = tmp_path / "out.json"
    command = [program, "--quiet", "--format", "stderr", "--prefix", PREFIX, "--outfile", str(out)]
    done = subprocess.run([*command, str(tmp_path / "pg-1.log")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(out.read_text())
    assert read["overall_stat"]["postgres"]["queries_number"] == 5
    assert read["overall_stat"]["postgres"]["errors_number"] == 1
    assert list(read["database_info"]["postgres"]) == ["shop"]


BEFORE = f"{START}LOG:  starting\n{START}PANIC:  could not write\n"


@pytest.mark.parametrize(
    ("before", "log", "made"),
    [
        (BEFORE, f"{START}LOG:  again\n", f"{BEFORE}{START}LOG:  again\n"),
        (BEFORE.rstrip("\n"), f"{START}LOG:  again\n", f"{BEFORE}{START}LOG:  again\n"),  # its last line was cut off
        ("", BEFORE, BEFORE),
        (BEFORE, "", BEFORE),
        # It waits for its next start: both are of the one that ended, the second asked for a moment later.
        (BEFORE, BEFORE, BEFORE),
        (BEFORE, BEFORE.partition("\n")[2], BEFORE),
    ],
)
def test_what_was_logged_before_a_restart_comes_first(before: str, log: str, made: str) -> None:
    found = pod_logs([{"pod": "pg-1", "log": log}], [{"pod": "pg-1", "log": before}], "pod")
    assert found == {"logged": {"pg-1": made}, "unread": {}}


def test_why_a_log_is_missing_is_kept() -> None:
    results = [{"pod": "pg-1", "log": "a\n"}, {"pod": "pg-2", "msg": "it\nwaits"}, {"pod": "pg-3"}]
    assert pod_logs(results, [{"pod": "pg-1", "msg": "it is gone"}], "pod") == {
        "logged": {"pg-1": "a\n"},
        "unread": {
            "pg-1": "what it logged before it restarted: it is gone",
            "pg-2": "it waits",
            "pg-3": "no answer",
        },
    }


def test_logs_of_pods_in_a_template(render: Callable[[str, str], Any]) -> None:
    variables = "now: [{item: a, log: password=hunter2}]\nbefore: [{item: a, log: b}]"
    found = render("{{ now | pgha.kubernetes.pod_logs(before) }}", variables)
    assert found == {"logged": {"a": "b\npassword=********\n"}, "unread": {}}
    with pytest.raises(AnsibleError, match="give a list of results"):
        render("{{ now[0] | pgha.kubernetes.pod_logs }}", variables)


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    assert render("{{ log | pgha.kubernetes.postgres_log }}", "log: a line").strip() == "a line"


def test_what_it_refuses(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(AnsibleError, match="give a text"):
        render("{{ log | pgha.kubernetes.postgres_log }}", "log: [1]")
