# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the clients of the ledger saw, and their script against a database that ends sessions and forgets rows."""

from __future__ import annotations

import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.ledger import ledger_verdict
from program import program

FACTS: dict[str, Any] = {
    "gap": 2.5, "gap_since": 1000.0, "open": False, "interval": 0.03, "acknowledged": 900, "lost": 0, "in_doubt": 1,
    "failed": {"57P01": 1, "no connection": 4}, "servers": ["10.0.0.1", "10.0.0.2"],
}  # fmt: skip
READS = {**FACTS, "gap": 1.0, "in_doubt": 0, "failed": {}, "servers": ["10.0.0.2"]}


def test_what_was_seen() -> None:
    facts = json.dumps({"pgpool_write": FACTS, "pgpool_read": READS})
    found = ledger_verdict(f"the user x cannot log in: no\nready\n{facts}\nwhat a library says as the program ends\n")
    assert (found["gap"], found["moved"], found["problems"]) == (2.5, True, [])
    assert found["summary"] == (
        "No write was acknowledged for 2.50 s (else each 0.03 s); 900 were, 0 of them are lost; statements that "
        "failed: 1 with 57P01, 4 with no connection. No read was acknowledged for 1.00 s (else each 0.03 s); 900 were; "
        "statements that failed: none"
    )
    assert found["ways"]["pgpool_read"]["gap"] == 1.0
    assert {way: seen["moved"] for way, seen in found["ways"].items()} == {"pgpool_write": True, "pgpool_read": False}


def test_a_lost_write_is_a_problem() -> None:
    found = ledger_verdict(json.dumps({"pgpool_write": {**FACTS, "lost": 2, "failed": {}}}))
    assert found["problems"] == ["2 writes are lost that were acknowledged (pgpool_write)"]
    assert found["summary"].endswith("failed: none")


def test_a_gap_that_was_not_over_is_told() -> None:
    found = ledger_verdict(
        json.dumps({"pgpool_write": FACTS, "pgpool_read": {**READS, "failed": {"x": 9}, "open": True}})
    )
    assert (found["open"], found["ways"]["pgpool_read"]["open"]) == (False, True)
    assert found["summary"].endswith("failed: 9 with x; the last one failed, so it was not over when the client ended")
    assert found["summary"].count("was not over") == 1


@pytest.mark.parametrize(
    ("log", "last"), [("", "no output"), ("ready\nOops\n", "ready / Oops"), ("{x", "{x"), ("{}", "{}")]
)
def test_a_client_that_broke_off(log: str, last: str) -> None:
    with pytest.raises(InputError, match=f"did not come to its end: {last}"):
        ledger_verdict(log)


class ServerError(Exception):
    pgcode = "57P01"


class Server:
    """PostgreSQL as psycopg2 shows it: another server after some rows, and a row that is gone."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.closed = False

    def connect(self, **options: Any) -> Server:
        self.closed = False
        self.options = options
        return self

    def close(self) -> None:
        self.closed = True

    def cursor(self) -> Server:
        return self

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str, values: tuple[int, ...] = ()) -> None:
        self.answer: list[Any] = []
        if statement.startswith("INSERT"):
            if values[0] == 3:
                raise ServerError
            self.rows.append(values[0])
            self.answer = [["10.0.0.1" if values[0] < 3 else "10.0.0.2"]]
        elif "SELECT number" in statement:
            assert statement.startswith("/*NO LOAD BALANCE*/")
            self.answer = [[number] for number in self.rows if number != 2]

    def fetchall(self) -> list[Any]:
        return self.answer


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, server: Server) -> Any:
    monkeypatch.setitem(sys.modules, "psycopg2", SimpleNamespace(connect=server.connect, Error=ServerError))
    return program("roles/pgpool/files/ledger.py")


def test_the_script_tells_lost_from_failed(script: Any) -> None:
    ledger = script.Ledger("app", "secret")
    for number in range(1, 6):
        ledger.step(number)
    facts = ledger.facts(time.monotonic())
    assert (facts["acknowledged"], facts["lost"], facts["in_doubt"]) == (4, 1, 0)
    assert facts["failed"] == {"57P01": 1}
    assert facts["servers"] == ["10.0.0.1", "10.0.0.2"]
    assert not ledger.is_over()
    ledger.moved_at -= 6
    ledger.last_failure -= 6
    assert ledger.is_over()


def test_a_gap_at_the_end_counts(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = script.Ledger("app", "secret", way="pgpool_read")
    ledger.acknowledged = {1: 100.0, 2: 100.1, 3: 100.3}
    monkeypatch.setattr(script.time, "monotonic", lambda: 107.3)
    monkeypatch.setattr(script.time, "time", lambda: 1107.3)
    facts = ledger.facts(107.3)
    assert (facts["gap"], facts["gap_since"], facts["interval"]) == (7.0, 1100.3, 0.15)
    assert (facts["lost"], facts["in_doubt"]) == (0, 0)


def test_an_answer_after_the_end_is_no_gap(script: Any) -> None:
    ledger = script.Ledger("app", "secret", way="direct_read")
    ledger.acknowledged = {1: 100.0, 2: 100.1, 3: 100.3}
    assert ledger.facts(100.2)["gap"] == 0.2


def test_a_gap_ends_no_sooner_than_the_failure_that_it_ended_with(script: Any) -> None:
    ledger = script.Ledger("app", "secret", way="direct_read")
    ledger.acknowledged = {1: 100.0, 2: 100.1}
    ledger.last_failure = 104.1
    facts = ledger.facts(101.1)
    assert (facts["gap"], facts["open"]) == (4.0, True)
    ledger.acknowledged[3] = 104.2
    facts = ledger.facts(101.1)
    assert (facts["gap"], facts["open"]) == (4.1, False)


def test_no_client_s_gap_is_cut_off(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients end once writes and reads have succeeded after their last failure, and lately."""
    monkeypatch.setenv("UNTIL", "moved")
    monkeypatch.setattr(script.time, "monotonic", lambda: 106.0)
    writes, reads = script.Ledger("app", "secret"), script.Ledger("app", "secret", way="pgpool_read")
    ledgers = {"pgpool_write": writes, "pgpool_read": reads}
    writes.moved_at, writes.last_success, reads.last_success = 100.0, 105.98, 105.98
    assert script.is_over(ledgers)
    reads.last_failure = 105.99
    assert not script.is_over(ledgers)
    reads.last_failure, writes.last_success = 100.0, 103.0  # a write waits for its answer
    assert not script.is_over(ledgers)
    # What never succeeds again is not waited for without end.
    writes.moved_at = 85.9
    assert script.is_over(ledgers)
    writes.last_failure = 104.0
    assert not script.is_over(ledgers)


def test_what_comparing_takes_is_no_gap(
    script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(ledger: Any, number: int) -> bool:
        ledger.acknowledged[number] = time.monotonic()
        return True

    for name, value in {
        "UNTIL": "told", "SECONDS": "9", "WAYS": json.dumps({"pgpool_write": ["a", 1], "direct_write": ["b", 2]})
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    script.psycopg2.extensions = SimpleNamespace(set_wait_callback=lambda _: None)
    monkeypatch.setattr(script.signal, "signal", lambda *_: None)
    monkeypatch.setattr(script, "let_in", lambda addresses: None)
    monkeypatch.setattr(script, "writer", lambda address: script.Ledger("app", "secret"))
    monkeypatch.setattr(script, "is_over", lambda ledgers: all(len(one.acknowledged) > 2 for one in ledgers.values()))
    monkeypatch.setattr(script.Ledger, "run", lambda *_, rows=True: [])
    monkeypatch.setattr(script.Ledger, "step", step)
    monkeypatch.setattr(script.Ledger, "kept", lambda _: time.sleep(1) or set())
    script.main()
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {way: seen["gap"] < 0.9 for way, seen in facts.items()} == {"pgpool_write": True, "direct_write": True}


def test_what_policies_do_not_let_out_yet_is_waited_for(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network may learn of a new pod a moment after it has started; what is away for longer is passed over."""
    now, tried = [100.0], []

    def connect(address: tuple[str, int], timeout: float) -> SimpleNamespace:
        tried.append(address)
        if address == ("away", 5432) or len(tried) < 3:
            raise ConnectionRefusedError
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(script.socket, "create_connection", connect)
    monkeypatch.setattr(script.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(script.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    script.let_in([["pgpool", 9999], ["away", 5432]])
    assert tried[:4] == [("pgpool", 9999)] * 3 + [("away", 5432)]
    assert now[0] == pytest.approx(100.0 + script.LET_IN, abs=0.2)


def test_a_server_that_says_nothing_is_not_waited_for(script: Any) -> None:
    reading, _writing = os.pipe()
    script.clock.limit = time.monotonic() + 0.05
    with pytest.raises(script.NoAnswer, match="no answer"):
        script.wait(SimpleNamespace(poll=lambda: 1, fileno=lambda: reading))


def test_functions_are_postgresql_s_own_whoever_made_others(script: Any, server: Server) -> None:
    script.Ledger("postgres", "secret").step(1)
    assert server.options["options"] == "-c search_path=pg_catalog"
