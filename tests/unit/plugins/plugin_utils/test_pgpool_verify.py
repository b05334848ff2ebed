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


POD, OTHER = "10.1.0.1", "10.1.0.2"


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
    pod: str = POD,
) -> str:
    if before is None:  # as if nothing had been read before
        before = ["\t".join([*line.split("\t")[:8], "0", *line.split("\t")[9:]]) for line in after]
    lines = [
        f"pod\t{pod}",
        *facts,
        *(f"before\t{pod}\t{line}" for line in [HEADER, *before]),
        *(f"after\t{pod}\t{line}" for line in [HEADER, *after]),
        "selects\t1000",
        *(f"reads\t{pod}\t{line}" for line in reads),
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
    assert result["servers"][0] == {"pod": POD, "address": "10.0.0.2", "role": "standby", "reads": 480}


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
    reads = (f"{by_primary}\toff\t10.0.0.1", "400\ton\t10.0.0.2", f"{600 - by_primary}\ton\t10.0.0.3")
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
    reads = (f"{by_primary}\toff\t10.0.0.1", f"{half}\ton\t10.0.0.2", f"{1000 - by_primary - half}\ton\t10.0.0.3")
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
    text = log(blank).replace(
        "selects\t", "".join(f"after\t{POD}\t{line}\n" for line in [HEADER, *HEALTHY]) + "selects\t", 1
    )
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
            (f"login\tapp\tfailed\t{POD}\tFATAL: no", "login\tb\tok", "write\tb\tok", "read_back\tok\t0.1"),
            f"the user app cannot log in through Pgpool-II: {POD}: FATAL: no",
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
            ("login\tapp\tok", "write\tapp\tok", "read_back\tok\t0.1", f"error\t{POD}\tserver closed"),
            "the session that reads broke off: server closed",
        ),
    ],
)
def test_sql_that_fails(facts: tuple[str, ...], problem: str) -> None:
    assert verdict(log(HEALTHY, facts=facts), 2)["problems"] == [problem]


def test_nobody_logs_in() -> None:
    text = f"pod\t{POD}\nlogin\tapp\tfailed\t{POD}\tconnection refused\nend\tok\n"
    assert verdict(text, 2)["problems"] == [
        f"the user app cannot log in through Pgpool-II: {POD}: connection refused",
        "Pgpool-II did not answer SHOW POOL_NODES",
    ]


def test_reads_that_got_no_answer() -> None:
    problems = verdict(log(HEALTHY, reads=("480\ton\t10.0.0.2", "500\ton\t10.0.0.3")), 2)["problems"]
    assert problems == ["980 of 1000 reads were answered"]


def both(first: str, second: str) -> str:
    """Return what is printed where two pods are read through."""
    return first.removesuffix("end\tok\n") + "".join(
        f"{line}\n" for line in second.splitlines() if line.split("\t")[0] in ("pod", "before", "after", "reads", "end")
    )


def test_each_pod_is_judged() -> None:
    detached = [RW, ONE, TWO, row(3, "three", "standby", 0, status="down", state="")]
    other = log(detached, reads=("1000\ton\t10.0.0.2",), pod=OTHER)
    result = verdict(both(log(HEALTHY), other), 2)
    assert result["problems"] == [
        f"through {OTHER}: backend 3 (three) is down for Pgpool-II (PostgreSQL there is up)",
        f"through {OTHER}: backend 3 (three) is a standby that does not stream (no state)",
        f"through {OTHER}: backend 3 (three) got 0 of 1000 reads, and 125 are the least for its weight",
    ]
    assert [(node["pod"], node["reads"]) for node in result["nodes"]] == [
        *((POD, 0), (POD, 0), (POD, 480), (POD, 520)),
        *((OTHER, 0), (OTHER, 0), (OTHER, 480), (OTHER, 0)),
    ]
    assert result["reads"] == 2000
    assert verdict(both(log(HEALTHY), log(HEALTHY, pod=OTHER)), 2)["problems"] == []


def test_what_is_seen_through_each_pod_is_said_once() -> None:
    assert verdict(both(log([RW, ONE, TWO]), log([RW, ONE, TWO], pod=OTHER)), 2)["problems"] == [
        "Pgpool-II sees 1 standbys of 2"
    ]


def test_a_pod_that_ended_meanwhile_does_not_count() -> None:
    refused = f"login\tapp\tfailed\t{OTHER}\tconnection refused"
    facts = (f"pod\t{OTHER}", refused, "write\tapp\tok", "read_back\tok\t0.02")
    text = log(HEALTHY, facts=facts)
    result = verdict(text, 2, gone=[OTHER])
    assert (result["problems"], result["users"]) == ([], ["app"])
    assert result["notes"] == [f"{OTHER} takes no clients any longer, and does not count"]
    assert verdict(text, 2)["problems"] == [
        f"the user app cannot log in through Pgpool-II: {OTHER}: connection refused",
        f"through {OTHER}: Pgpool-II did not answer SHOW POOL_NODES",
    ]
    assert verdict(text, 2, gone=[POD, OTHER])["problems"] == [
        f"each pod of Pgpool-II that was tried ({POD}, {OTHER}) takes no clients any longer: run it again"
    ]


@pytest.mark.parametrize("counted", [500, 1400])
def test_two_backends_that_lead_to_one_server(counted: int) -> None:
    """Pgpool-II's counters are of backends, and of all clients."""
    after = [RW, ONE, row(2, "two", "standby", 500), row(3, "three", "standby", counted)]
    assert verdict(log(after, reads=("1000\ton\t10.0.0.2",)), 2)["problems"] == [
        "2 standbys should have answered, and 10.0.0.2 (1000 reads) did: two backends may lead to one server"
    ]


@pytest.mark.parametrize(("reads", "fine"), [(125, True), (124, False)])
def test_each_server_answers_its_part(reads: int, fine: bool) -> None:
    answered = (f"{reads}\ton\tfd00::2", f"{1000 - reads}\ton\tfd00::3")
    assert (verdict(log(HEALTHY, reads=answered), 2)["problems"] == []) is fine


@pytest.mark.parametrize("address", ["", "127.0.0.6", "::1"])
def test_an_address_that_instances_share_tells_nothing(address: str) -> None:
    assert verdict(log(HEALTHY, reads=(f"1000\ton\t{address}",)), 2)["problems"] == []


FAR = "1200000"


@pytest.mark.parametrize("samples", ["before", "after"])
def test_a_standby_that_lags_may_get_nothing(samples: str) -> None:
    near, far = [row(3, "three", "standby", 0, delay=delay) for delay in ("0", FAR)]
    rows = {
        "before": [RW, ONE, row(2, "two", "standby", 0), near],
        "after": [RW, ONE, row(2, "two", "standby", 1000), near],
    }
    rows[samples][3] = far
    text = log(rows["after"], reads=("1000\ton\t10.0.0.2",), before=rows["before"])
    result = verdict(text, 2)
    assert result["problems"] == []
    assert result["notes"] == [
        f"backend 3 (three) may have been left without reads, as it was up to {FAR} bytes behind and "
        "1000000 are the most (delay_threshold)"
    ]
    assert verdict(text, 2, params={"delay_threshold": FAR})["problems"] == [
        "backend 3 (three) got 0 of 1000 reads, and 125 are the least for its weight"
    ]


@pytest.mark.parametrize("per_statement", [True, False])
@pytest.mark.parametrize(("first", "fine"), [(FAR, True), ("0", False)])
def test_the_primary_reads_where_each_standby_lags(first: str, fine: bool, per_statement: bool) -> None:
    late = [row(2, "two", "standby", 0, delay=first), row(3, "three", "standby", 0, delay=FAR)]
    after = [row(0, "rw", "primary", 1000, "0.000000"), ONE, *late]
    params = {"statement_level_load_balance": per_statement}
    result = verdict(log(after, reads=("1000\toff\t10.0.0.1",)), 2, params=params)
    assert (result["problems"] == []) is fine


def test_few_reads_may_miss_a_standby_by_chance() -> None:
    share = "0.083333"
    some = [row(number, f"s{number}", "standby", 9, share) for number in range(2, 12)]
    after = [RW, ONE, *some, row(12, "last", "standby", 1, share)]
    reads = (*(f"9\ton\t10.0.0.{number}" for number in range(2, 12)), "10\ton\t10.0.0.12")
    text = log(after, reads=reads).replace("selects\t1000", "selects\t100")
    assert verdict(text, 11)["problems"] == []


@pytest.mark.parametrize(
    ("weight", "own", "params", "fine"),
    [
        ("0.000000", "1234567", {}, False),
        ("0.333333", "1234567", {}, True),
        # Its own backend may be taken for a standby's, or is not looked at.
        ("0.000000", "66024", {}, True),
        ("0.000000", "1234567", {"prefer_lower_delay_standby": False}, True),
        ("0.000000", "1234567", {"database_redirect_preference_list": "app:primary(0.3)"}, True),
        ("0.000000", "1234567", {"database_redirect_preference_list": "app:3"}, True),
        ("0.333333", "1234567", {"database_redirect_preference_list": "app:standby"}, False),
    ],
)
def test_a_session_that_keeps_to_the_primary(weight: str, own: str, params: dict, fine: bool) -> None:
    after = [
        row(0, "rw", "primary", 1000, weight),
        row(1, "one", "primary", 0, delay=own),
        *(row(2, "two", "standby", 0), row(3, "three", "standby", 0)),
    ]
    text = log(after, reads=("1000\toff\t10.0.0.1",))
    problems = verdict(text, 2, params={"statement_level_load_balance": False, **params}, database="app")["problems"]
    assert problems == ([] if fine else ["the primary answered 1000 of 1000 reads, and 0 are the most for its weight"])


def test_a_session_took_the_primarys_own_backend_before_its_lag_was_too_much() -> None:
    after = [row(0, "rw", "primary", 1000, "0.000000"), row(1, "one", "primary", 0, delay="1100000"), TWO, THREE]
    before = [
        RW,
        row(1, "one", "primary", 0, delay="900000"),
        row(2, "two", "standby", 480),
        row(3, "three", "standby", 520),
    ]
    text = log(after, reads=("1000\toff\t10.0.0.1",), before=before)
    assert verdict(text, 2, params={"statement_level_load_balance": False})["problems"] == []


@pytest.mark.parametrize(("text", "shown"), [("", "no output"), ("sh: 1: psql: not found\n", "psql: not found")])
def test_a_script_that_broke_off(text: str, shown: str) -> None:
    [problem] = verdict(text, 2)["problems"]
    assert problem.startswith("the test of SQL through Pgpool-II did not come to its end: ")
    assert problem.endswith(shown)


def test_the_table_has_columns() -> None:
    lines = table(verdict(log(HEALTHY), 2)["nodes"]).splitlines()
    assert lines[0].split() == [
        *(
            "pod",
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
    """The script itself, with a psql that lets `new` in at one of two addresses alone.

    The name stays that of the Service, as it is the one that a certificate has.
    """
    script = script_of(tmp_path, "app", "new")
    psql = tmp_path / "psql"
    psql.write_text(
        "#!/bin/sh\n"
        "for option in $*; do case $option in\n"
        "--username=*) user=${option#*=};; --tuples-only) more=$option;;\n"
        "--set=reads=*) reads=${option#--set=reads=}; more=$option;;\n"
        "esac; done\n"
        f'echo "${{PGHOSTADDR:-}} $PGHOST $user ${{more:-}}" >> {tmp_path}/asked\n'
        'case "$user ${PGHOSTADDR:-}" in "new fd00::2") echo "FATAL: no" >&2; exit 2;; esac\n'
        '[ -z "${reads:-}" ] || printf \'on\\t10.0.0.9\\non\\t10.0.0.9\\n\' > "$reads"\n'
        "echo f\n"
    )
    psql.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PGHOST": "pgpool", "PGPORT": "9999"}
    environment |= {"PGDATABASE": "app", "SELECTS": "1", "PODS": "10.0.0.1 fd00::2"}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    said = [line.split("\t") for line in done.stdout.splitlines() if line.startswith(("pod", "login"))]
    assert said == [
        *(["pod", "10.0.0.1"], ["pod", "fd00::2"]),
        *(["login", "app", "ok"], ["login", "new", "failed", "fd00::2", "FATAL: no "]),
    ]
    asked = (tmp_path / "asked").read_text().splitlines()
    for address in environment["PODS"].split():
        assert [user for user in ("app", "new") if f"{address} pgpool {user} --tuples-only" in asked] == ["app", "new"]
        # One reads through each.
        assert len([line for line in asked if line.startswith(f"{address} pgpool app --set=reads=")]) == 1
    assert not [line for line in asked if line.startswith(" ") and "--set=reads=" in line]
    assert "error" not in done.stdout
    answers = [line.split("\t") for line in done.stdout.splitlines() if line.startswith(("before", "reads"))]
    for address in environment["PODS"].split():
        assert ["before", address, "f"] in answers
        assert ["reads", address, "2", "on", "10.0.0.9"] in answers


@pytest.mark.parametrize(
    ("refusals", "error", "said", "tries"),
    [
        (2, "connection to server failed: Connection refused", "ok", 3),
        (2, 'could not translate host name "pgpool" to address', "ok", 3),
        (99, "connection to server failed: Connection refused", "failed", None),
        (1, "FATAL: too many clients already", "failed", 1),
    ],
)
def test_a_pod_that_policies_do_not_let_out_yet_tries_again(
    tmp_path: Path, refusals: int, error: str, said: str, tries: int | None
) -> None:
    """As the network may learn of a new pod a moment after its start; not for long, and not where it was let out."""
    script = script_of(tmp_path, "app").replace("+ 15", "+ 4")
    psql = tmp_path / "psql"
    psql.write_text(
        f'#!/bin/sh\necho try >> {tmp_path}/tried\n[ "$(wc -l < {tmp_path}/tried)" -gt {refusals} ] && echo f && exit\n'
        f"echo '{error}' >&2\nexit 2\n"
    )
    psql.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PGHOST": "pgpool", "PGPORT": "9999"}
    environment |= {"PGDATABASE": "app", "SELECTS": "1", "PODS": "10.0.0.1"}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    [login] = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("login")]
    assert login == (["login", "app", "ok"] if said == "ok" else ["login", "app", "failed", "10.0.0.1", f"{error} "])
    if said == "failed":  # nobody is in, so nothing else was asked
        tried = len((tmp_path / "tried").read_text().splitlines())
        assert tried == tries if tries else 3 <= tried <= 5, tried


def test_a_writer_is_found_where_one_pod_lets_nobody_in(tmp_path: Path) -> None:
    """It may be one that ends: the verdict tells by who takes clients afterwards."""
    script = script_of(tmp_path, "app")
    psql = tmp_path / "psql"
    psql.write_text('#!/bin/sh\n[ "${PGHOSTADDR:-}" = 10.0.0.1 ] && exit 2\necho t\n')
    psql.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PGHOST": "pgpool", "PGPORT": "9999"}
    environment |= {"PGDATABASE": "app", "SELECTS": "1", "PODS": "10.0.0.1 10.0.0.2"}
    # As what is written is not read back by it.
    script = script.replace("sleep 0.2", ":")
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert "write\tapp\tok\n" in done.stdout
    assert "before\t10.0.0.2\tt\n" in done.stdout
    assert "before\t10.0.0.1" not in done.stdout
    assert done.stdout.endswith("end\tok\n")


@pytest.fixture
def server() -> Iterator[Server]:
    yield from started(Server)


def test_no_function_of_the_database_s_owner_runs_as_a_superuser(server: Server) -> None:
    """By a real PostgreSQL, which only lacks the SHOW POOL_NODES of Pgpool-II."""
    server.psql("CREATE ROLE app LOGIN")
    server.psql("CREATE ROLE reader LOGIN")
    server.psql("CREATE DATABASE app OWNER app")
    server.psql("ALTER DATABASE app SET search_path = public, pg_catalog")
    server.psql("ALTER ROLE reader SET default_transaction_read_only = on")
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
    script = script_of(server.folder, "reader", "app", "postgres").replace("SHOW POOL_NODES", "SHOW port")
    done = server.run("sh", "-c", script)
    said = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line for line in said if line[0] == "login"] == [
        ["login", user, "ok"] for user in ("reader", "app", "postgres")
    ]
    assert ["write", "app", "ok"] in said
    assert [line[:2] for line in said if line[0] == "read_back"] == [["read_back", "ok"]]
    # Of a primary, whatever a transaction may do by default.
    assert [line[1:] for line in said if line[0] == "reads"] == [[str(server.folder), "1", "off", ""]]
    assert server.run("psql", "-XAtc", "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'app'").stdout == "f\n"
