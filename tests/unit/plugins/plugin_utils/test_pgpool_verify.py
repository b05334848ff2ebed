# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on what verify.sh printed, and the script itself with a psql that only plays PostgreSQL."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_verify import logins, table, verdict
from postgresql import Server, started

SCRIPT = Path(__file__).parents[4] / "roles" / "pgpool" / "files" / "verify.sh"
HEADER = (
    "node_id\thostname\tport\tstatus\tpg_status\tlb_weight\trole\tpg_role\tselect_cnt\tload_balance_node\t"
    "replication_delay\treplication_state\treplication_sync_state\tlast_status_change"
)


def row(number: int, host: str, pg_role: str, count: int, weight: str = "0.333333", **fields: str) -> str:
    named = {
        "status": "up",
        "pg_status": "up",
        "delay": "0",
        "state": "streaming" if pg_role == "standby" and number else "",
        "sync": "quorum" if pg_role == "standby" and number else "",
        **fields,
    }
    role = "primary" if number == 0 else "standby"
    return "\t".join(
        [
            *(str(number), host, "5432", named["status"], named["pg_status"], weight, role, pg_role, str(count)),
            *("false", named["delay"], named["state"], named["sync"], "2026-11-22 16:00:00"),
        ]
    )


def log(
    after: list[str],
    reads: tuple[str, ...] = ("480\ton\t10.0.0.2", "520\ton\t10.0.0.3"),
    before: list[str] | None = None,
    facts: tuple[str, ...] = ("login\tapp\tok", "login\tpostgres\tok", "write\tapp\tok", "read_back\tok\t0.02"),
    end: bool = True,
) -> str:
    if before is None:  # as if nothing had been read before
        before = ["\t".join([*line.split("\t")[:8], "0", *line.split("\t")[9:]]) for line in after]
    lines = [
        *facts,
        *(f"before\t{line}" for line in [HEADER, *before]),
        *(f"after\t{line}" for line in [HEADER, *after]),
        "selects\t1000",
        *(f"reads\t{line}" for line in reads),
        *(["end\tok"] if end else []),
    ]
    return "\n".join(lines) + "\n"


# Without a health check, Pgpool-II does not say what PostgreSQL is.
RW = row(0, "rw", "unknown", 0, "0.000000", pg_status="unknown")
ONE = row(1, "one", "primary", 0, delay="1234567")
TWO = row(2, "two", "standby", 480)
THREE = row(3, "three", "standby", 520)
HEALTHY = [RW, ONE, TWO, THREE]


def test_all_is_well() -> None:
    result = verdict(log(HEALTHY), 2)
    assert result["problems"] == []
    assert result["users"] == ["app", "postgres"]
    assert result["written_by"] == "app"
    assert result["read_back_after"] == 0.02
    assert result["reads"] == 1000
    assert [node["reads"] for node in result["nodes"]] == [0, 0, 480, 520]
    assert result["servers"][0] == {"address": "10.0.0.2", "role": "standby", "reads": 480}


def test_counters_from_before_do_not_count() -> None:
    before = [RW, ONE, row(2, "two", "standby", 7000), row(3, "three", "standby", 9000)]
    after = [RW, ONE, row(2, "two", "standby", 7480), row(3, "three", "standby", 9010)]
    result = verdict(log(after, before=before), 2)
    assert [node["reads"] for node in result["nodes"]] == [0, 0, 480, 10]
    assert result["problems"] == ["backend 3 (three) got 10 of 1000 reads, and 125 are the least for its weight"]


@pytest.mark.parametrize(("reads", "fine"), [(125, True), (124, False)])
def test_a_quarter_of_its_share_is_enough(reads: int, fine: bool) -> None:
    after = [RW, ONE, row(2, "two", "standby", reads), row(3, "three", "standby", 1000 - reads)]
    assert (verdict(log(after), 2)["problems"] == []) is fine


@pytest.mark.parametrize(
    ("weight", "by_primary", "fine"),
    [("0.000000", 0, True), ("0.000000", 1, False), ("0.333333", 392, True), ("0.333333", 400, False)],
)
def test_the_primary_gets_no_more_than_its_weight_says(weight: str, by_primary: int, fine: bool) -> None:
    after = [
        row(0, "rw", "primary", by_primary, weight),
        ONE,
        row(2, "two", "standby", 400),
        row(3, "three", "standby", 600),
    ]
    reads = (f"{by_primary}\toff\t10.0.0.1", f"{1000 - by_primary}\ton\t10.0.0.2")
    problems = verdict(log(after, reads=reads), 2)["problems"]
    assert (problems == []) is fine
    assert fine or problems[0].startswith(f"the primary answered {by_primary} of 1000 reads, and ")


@pytest.mark.parametrize(
    ("preference", "by_primary", "problem"),
    [
        (".*:primary", 1000, ""),
        (".*:primary", 999, "the primary answered 999 of 1000 reads, and 1000 are the least that the preference"),
        ("app:standby", 0, ""),
        ("app:standby", 1, "the primary answered 1 of 1000 reads, and 0 are the most"),
        ("app:standby(0.3)", 700, ""),
        ("app:standby(0.3)", 600, "the primary answered 600 of 1000 reads, and 642 are the least"),
        ("app:standby(0.3)", 800, "the primary answered 800 of 1000 reads, and 758 are the most"),
        ("app:primary(0.3)", 300, ""),
        ("other:primary", 0, ""),
        ("app:3", 500, ""),
    ],
)
def test_a_database_gets_what_it_prefers(preference: str, by_primary: int, problem: str) -> None:
    half = (1000 - by_primary) // 2
    after = [
        row(0, "rw", "primary", by_primary, "0.000000"),
        ONE,
        row(2, "two", "standby", half),
        row(3, "three", "standby", 1000 - by_primary - half),
    ]
    reads = (f"{by_primary}\toff\t10.0.0.1", f"{1000 - by_primary}\ton\t10.0.0.2")
    params = {"database_redirect_preference_list": preference}
    problems = verdict(log(after, reads=reads), 2, params=params, database="app")["problems"]
    assert len(problems) == (1 if problem else 0)
    assert "".join(problems).startswith(problem)


def test_a_standby_with_nothing_of_what_the_preference_leaves_it() -> None:
    after = [row(0, "rw", "primary", 700), ONE, row(2, "two", "standby", 300), row(3, "three", "standby", 0)]
    params = {"database_redirect_preference_list": "app:standby(0.3)"}
    reads = ("700\toff\t10.0.0.1", "300\ton\t10.0.0.2")
    assert verdict(log(after, reads=reads), 2, params=params, database="app")["problems"] == [
        "backend 3 (three) got 0 of 1000 reads, and 38 are the least for its weight"
    ]


@pytest.mark.parametrize(("off", "fine"), [(False, True), ("off", True), (True, False), ("on", False)])
def test_a_session_that_keeps_to_one_backend(off: object, fine: bool) -> None:
    after = [RW, ONE, row(2, "two", "standby", 1000), row(3, "three", "standby", 0)]
    reads = ("1000\ton\t10.0.0.2",)
    problems = verdict(log(after, reads=reads), 2, params={"statement_level_load_balance": off})["problems"]
    assert (problems == []) is fine


def test_a_backend_that_is_down() -> None:
    after = [RW, ONE, TWO, row(3, "three", "unknown", 0, status="down", pg_status="down")]
    assert verdict(log(after), 2)["problems"] == [
        "backend 3 (three) is down for Pgpool-II (PostgreSQL there is down)",
        "backend 3 (three) is a standby that does not stream (no state)",
        "backend 3 (three) got 0 of 1000 reads, and 125 are the least for its weight",
    ]


def test_the_backend_of_the_instance_that_is_primary_may_be_down() -> None:
    detached = row(1, "one", "primary", 0, delay="1234567", status="down")
    assert verdict(log([RW, detached, TWO, THREE]), 2)["problems"] == []


def test_an_instance_that_pgpool_has_no_backend_for() -> None:
    assert verdict(log([RW, ONE, TWO]), 2)["problems"] == ["Pgpool-II sees 1 standbys of 2"]


def test_a_standby_that_does_not_stream() -> None:
    after = [RW, ONE, TWO, row(3, "three", "standby", 520, state="")]
    assert verdict(log(after), 2)["problems"] == ["backend 3 (three) is a standby that does not stream (no state)"]


def test_a_new_primary_may_get_reads_until_pgpool_knows() -> None:
    after = [
        RW,
        row(1, "one", "primary", 300, delay="66024"),
        row(2, "two", "standby", 300),
        row(3, "x", "standby", 400),
    ]
    reads = ("300\toff\t10.0.0.1", "300\ton\t10.0.0.2", "400\ton\t10.0.0.3")
    result = verdict(log(after, reads=reads), 2)
    assert result["problems"] == []
    assert result["notes"] == [
        "backend 1 (one) has become the primary and still gets reads as the standby that it was, until it has written "
        "1000000 bytes (delay_threshold; now 66024)"
    ]
    assert verdict(log(after, reads=reads), 2, params={"delay_threshold": "60000"})["problems"] == [
        "the primary answered 300 of 1000 reads, and 0 are the most for its weight"
    ]


def test_a_moment_without_a_state_is_no_fault() -> None:
    blank = [RW, ONE, row(2, "two", "standby", 480, state="", sync=""), row(3, "three", "standby", 520, state="")]
    text = log(blank).replace("selects\t", "".join(f"after\t{line}\n" for line in [HEADER, *HEALTHY]) + "selects\t", 1)
    result = verdict(text, 2)
    assert result["problems"] == []
    assert [node["reads"] for node in result["nodes"]] == [0, 0, 480, 520]


def test_the_primary_s_address_leads_to_a_standby() -> None:
    after = [row(0, "rw", "standby", 0, "0.000000"), ONE, TWO, THREE]
    assert verdict(log(after), 2)["problems"] == ["backend 0 (rw), the address of the primary, leads to a standby"]


def test_services_have_one_backend_for_all_standbys() -> None:
    after = [RW, row(1, "ro", "unknown", 1000, "1.000000", state="")]
    assert verdict(log(after, reads=("1000\ton\t10.0.0.2",)), 2, "services")["problems"] == []


def test_no_standbys_at_all() -> None:
    after = [row(0, "rw", "primary", 1000, "1.000000")]
    assert verdict(log(after, reads=("1000\toff\t10.0.0.1",)), 0, "services")["problems"] == []


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (
            ("login\tapp\tfailed\tFATAL: no", "login\tb\tok", "write\tb\tok", "read_back\tok\t0.1"),
            "the user app cannot log in through Pgpool-II: FATAL: no",
        ),
        (
            ("login\tapp\tok", "write\tapp\tERROR: full"),
            "no row could be written through Pgpool-II by app: ERROR: full",
        ),
        (
            ("login\tapp\tok", "write\tapp\tok", "read_back\tfailed\tERROR: gone"),
            "the row that was written could not be read back through Pgpool-II: ERROR: gone",
        ),
        (
            ("login\tapp\tok",),
            "no row could be written through Pgpool-II: no user may make a schema in this database",
        ),
        (
            ("login\tapp\tok", "write\tapp\tok", "read_back\tok\t0.1", "error\tserver closed the connection"),
            "the session that reads broke off: server closed the connection",
        ),
    ],
)
def test_sql_that_fails(facts: tuple[str, ...], problem: str) -> None:
    assert verdict(log(HEALTHY, facts=facts), 2)["problems"] == [problem]


def test_nobody_logs_in() -> None:
    text = "login\tapp\tfailed\tconnection refused\nend\tok\n"
    assert verdict(text, 2)["problems"] == [
        "the user app cannot log in through Pgpool-II: connection refused",
        "Pgpool-II did not answer SHOW POOL_NODES",
    ]


def test_reads_that_got_no_answer() -> None:
    problems = verdict(log(HEALTHY, reads=("480\ton\t10.0.0.2", "500\ton\t10.0.0.3")), 2)["problems"]
    assert problems == ["980 of 1000 reads were answered"]


@pytest.mark.parametrize(("text", "shown"), [("", "no output"), ("sh: 1: psql: not found\n", "psql: not found")])
def test_a_script_that_broke_off(text: str, shown: str) -> None:
    [problem] = verdict(text, 2)["problems"]
    assert problem.startswith("the test of SQL through Pgpool-II did not come to its end: ")
    assert problem.endswith(shown)


def test_the_table_has_columns() -> None:
    lines = table(verdict(log(HEALTHY), 2)["nodes"]).splitlines()
    assert lines[0].split() == [
        *(
            "node_id",
            "hostname",
            "status",
            "lb_weight",
            "role",
            "pg_role",
            "replication_state",
            "replication_sync_state",
        ),
        *("replication_delay", "select_cnt", "reads"),
    ]
    assert len({line.index("up  ") for line in lines[1:]}) == 1
    assert not any(line != line.rstrip() for line in lines)


def secret(name: str, kind: str = "kubernetes.io/basic-auth") -> dict:
    return {"metadata": {"name": name}, "type": kind, "data": {"password": "c2VjcmV0"}}


def test_logins() -> None:
    contract = {"superuser_secret": {"name": "pg-superuser", "username_key": "u", "password_key": "p"}}
    found = logins([secret("pg-superuser"), secret("pg-b"), secret("pg-pgpool", "Opaque"), secret("pg-a")], contract)
    assert found == [
        {"secret": "pg-a", "username_key": "username", "password_key": "password"},
        {"secret": "pg-b", "username_key": "username", "password_key": "password"},
        {"secret": "pg-superuser", "username_key": "u", "password_key": "p"},
    ]
    assert [entry["secret"] for entry in logins([secret("pg-a")], {"superuser_secret": None})] == ["pg-a"]


@pytest.mark.parametrize(
    ("rules", "users"),
    [
        ([], ["app", "pgha_monitor", "postgres"]),
        (["host all app 10.0.0.0/8 scram-sha-256"], ["app"]),
        (["local all all scram-sha-256", "hostssl all app,pgha_monitor all md5"], ["app", "pgha_monitor"]),
        (["host all postgres all reject", "host all all all md5"], ["app", "pgha_monitor"]),
        (["host x app all reject", "host all app 10.0.0.0/8 reject", "host all app all md5"], ["app"]),
        # All of one version of IP, which most clusters have alone.
        (["host all postgres 0.0.0.0/0 reject", "host all all all md5"], ["app", "pgha_monitor"]),
        (["host all postgres ::/0 reject", "host all all all md5"], ["app", "pgha_monitor", "postgres"]),
        # To another database than the one that all are tried with, or not by a password.
        (["host shop app all md5", "host reports pgha_monitor all md5", "hostssl shop postgres all cert"], ["app"]),
        (["host sameuser app all md5"], []),
    ],
)
def test_logins_of_those_whom_a_rule_lets_in(rules: list[str], users: list[str]) -> None:
    assert let_in(rules) == users


V4, V6 = "10.0.0.7", "fd00::7"


@pytest.mark.parametrize(
    ("rules", "addresses", "users"),
    [
        (["host all all ::/0 reject", "host all all all md5"], [V4], ["app", "pgha_monitor", "postgres"]),
        (["host all app ::/0 reject", "host all all all md5"], [V4, V4], ["app", "pgha_monitor", "postgres"]),
        (["host all app ::/0 reject", "host all all all md5"], [V6], ["pgha_monitor", "postgres"]),
        (["host all app 0.0.0.0/0 reject", "host all all all md5"], [V4], ["pgha_monitor", "postgres"]),
        (["host all app 0.0.0.0/0 reject", "host all all all md5"], [V6], ["app", "pgha_monitor", "postgres"]),
        (["host all app fd00::/8 md5", "host all postgres 10.0.0.0/8 md5"], [V4], ["postgres"]),
        (["host all app fd00::/8 md5", "host all postgres 10.0.0.0/8 md5"], [V6], ["app"]),
        (["hostssl all app ::/0 reject", "host all app all md5"], [V6], ["app"]),
        # Each logs in by all of them.
        (["host all app ::/0 reject", "host all all all md5"], [V6, V4], ["pgha_monitor", "postgres"]),
    ],
)
def test_rules_of_the_version_of_ip_that_is_used(rules: list[str], addresses: list[str], users: list[str]) -> None:
    assert let_in(rules, addresses=addresses) == users


def let_in(rules: list[str], **known: list[str]) -> list[str]:
    """Return which of three users are tried."""

    def one(user: str, key: str) -> dict:
        return {**secret(f"pg-{user}"), "data": {key: base64.b64encode(user.encode()).decode()}}

    contract = {"superuser_secret": {"name": "pg-postgres", "username_key": "u", "password_key": "p"}}
    secrets = [one("app", "username"), one("pgha_monitor", "username"), one("postgres", "u")]
    return [entry["secret"].removeprefix("pg-") for entry in logins(secrets, contract, rules, "shop", **known)]


def test_the_script_is_posix_shell() -> None:
    assert SCRIPT.read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", str(SCRIPT)], check=False).returncode == 0
    assert os.access(SCRIPT, os.X_OK)


def script_of(folder: Path, *users: str) -> str:
    """Return the script with all its files in a folder, where these users are."""
    for number, user in enumerate(users):
        (folder / "users" / str(number)).mkdir(parents=True)
        (folder / "users" / str(number) / "username").write_text(user)
        (folder / "users" / str(number) / "password").write_text("x")
    return SCRIPT.read_text().replace("/tmp/", f"{folder}/").replace(" /users/", f" {folder}/users/")


def test_each_user_logs_in_through_each_pod(tmp_path: Path) -> None:
    """The script itself, with a psql that lets `new` in at one of two addresses alone."""
    script = script_of(tmp_path, "app", "new")
    psql = tmp_path / "psql"
    psql.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {tmp_path}/asked\n'
        'case "$*" in *--username=new*--host=10.0.0.2*) echo "FATAL: no" >&2; exit 2;; esac\n'
        "echo f\n"
    )
    psql.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PGHOST": "pgpool", "PGPORT": "9999"}
    environment |= {"PGDATABASE": "app", "SELECTS": "1", "PODS": "10.0.0.1 10.0.0.2"}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    said = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("login")]
    assert said == [["login", "app", "ok"], ["login", "new", "failed", "10.0.0.2: FATAL: no "]]
    asked = (tmp_path / "asked").read_text()
    for user in ("app", "new"):
        for address in environment["PODS"].split():
            assert f"--username={user} --host={address}" in asked


@pytest.fixture
def server() -> Iterator[Server]:
    yield from started(Server)


def test_no_function_of_the_database_s_owner_runs_as_a_superuser(server: Server) -> None:
    """By a real PostgreSQL, which only lacks the SHOW POOL_NODES of Pgpool-II."""
    server.psql("CREATE ROLE app LOGIN")
    server.psql("CREATE DATABASE app OWNER app")
    server.psql("ALTER DATABASE app SET search_path = public, pg_catalog")
    seize = (
        "LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN ALTER ROLE app SUPERUSER; END IF;"
    )
    for function in (
        f"has_database_privilege(name, text) RETURNS bool {seize} RETURN true; END $$",
        f"current_database() RETURNS name {seize} RETURN 'app'; END $$",
        f"current_setting(text) RETURNS text {seize} RETURN 'on'; END $$",
        f"inet_server_addr() RETURNS inet {seize} RETURN '10.0.0.1'; END $$",
    ):
        made = server.run("psql", "-Xqc", f"CREATE FUNCTION public.{function}", "-U", "app", "app")
        assert made.stderr == ""
    server.socket |= {"PGPORT": "5432", "PGDATABASE": "app", "SELECTS": "1"}
    script = script_of(server.folder, "app", "postgres").replace("SHOW POOL_NODES", "SHOW port")
    done = server.run("sh", "-c", script)
    said = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line for line in said if line[0] == "login"] == [["login", "app", "ok"], ["login", "postgres", "ok"]]
    assert ["write", "app", "ok"] in said
    assert [line[:2] for line in said if line[0] == "read_back"] == [["read_back", "ok"]]
    assert [line[1] for line in said if line[0] == "reads"] == ["1"]
    assert server.run("psql", "-XAtc", "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'app'").stdout == "f\n"
