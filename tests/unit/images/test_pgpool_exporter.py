# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exporter of the Pgpool-II image, fed with rows as Pgpool-II 4.6 sends them."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from program import program


@pytest.fixture(scope="module")
def exporter() -> ModuleType:
    return program("images/pgpool/exporter.py")


def node(node_id: int, host: str, role: str, **fields: str) -> dict[str, str]:
    return {
        "node_id": str(node_id),
        "hostname": host,
        "port": "5432",
        "status": "up",
        "pg_status": "up",
        "lb_weight": "0.333333",
        "role": role,
        "pg_role": role,
        "select_cnt": "0",
        "load_balance_node": "false",
        "replication_delay": "0",
        "replication_state": "streaming" if role == "standby" else "",
        "replication_sync_state": "quorum" if role == "standby" else "",
        "last_status_change": "2026-11-22 16:00:00",
        **fields,
    }


def process(username: str = "", database: str = "", status: str = "", pid: str = "7") -> dict[str, str]:
    status = status or ("Idle" if username else "Wait for connection")
    return {"pool_pid": pid, "username": username, "database": database, "status": status}


NODES = [node(0, "rw", "primary", select_cnt="5"), node(1, "one", "standby", replication_delay="1048576")]


class FakePgpool:
    """Answers with rows, or with an error."""

    def __init__(self) -> None:
        self.answers: dict[str, list[dict[str, str]]] = {"pool_nodes": NODES, "pool_processes": [process()]}
        self.error: Exception | None = None
        # Of each call, whether SHOW POOL_NODES was among the commands.
        self.asked: list[bool] = []
        # Seconds that were left for each call.
        self.left: list[float] = []
        # What an answer waits for.
        self.ready = threading.Event()
        self.ready.set()

    def ask(self, commands: Any, deadline: float) -> dict[str, list[dict[str, str]]]:
        self.asked.append("pool_nodes" in commands)
        self.left.append(deadline - time.monotonic())
        self.ready.wait(10)
        if self.error:
            raise self.error
        return {command: self.answers.get(command, []) for command in commands}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("0.333333", 0.333333),
        ("-5", -5),
        ("1.250000 seconds", 1.25),
        ("0.1 second", 0.1),
        ("up", 1),
        ("waiting", 1),
        ("down", 0),
        ("unused", 0),
        ("quarantine", 0),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_number(exporter: ModuleType, text: str | None, value: float | None) -> None:
    assert exporter.number(text) == value


def test_nodes(exporter: ModuleType) -> None:
    text = exporter.exposition(list(exporter.metrics({"pool_nodes": NODES})))
    rw = 'node_id="0",hostname="rw",port="5432",role="primary"'
    one = 'node_id="1",hostname="one",port="5432",role="standby"'
    assert "# TYPE pgpool2_pool_nodes_status gauge\n" in text
    assert f'pgpool2_pool_nodes_status{{{rw},pg_role="primary",replication_state=""}} 1\n' in text
    one_now = f'{one},pg_role="standby",replication_state="streaming"'
    assert f"pgpool2_pool_nodes_replication_delay{{{one_now}}} 1048576\n" in text
    assert "# TYPE pgpool2_pool_nodes_select_cnt counter\n" in text
    assert f"pgpool2_pool_nodes_select_cnt{{{rw}}} 5\n" in text


def test_a_role_change_does_not_move_a_counter(exporter: ModuleType) -> None:
    def counter_labels(pg_role: str) -> list[dict[str, str]]:
        rows = [node(1, "one", "standby", pg_role=pg_role, replication_state="")]
        return [m.labels for m in exporter.metrics({"pool_nodes": rows}) if m.name.endswith("select_cnt")]

    assert counter_labels("standby") == counter_labels("primary")


def test_two_backends_of_one_host_are_two_series(exporter: ModuleType) -> None:
    rows = [node(1, "same", "standby"), node(2, "same", "standby")]
    samples = [(m.name, tuple(m.labels.items())) for m in exporter.metrics({"pool_nodes": rows})]
    assert len(samples) == len(set(samples))


def test_frontends(exporter: ModuleType) -> None:
    rows = [process("app", "shop"), process("app", "shop"), process("pgha_monitor", "postgres"), process()]
    text = exporter.exposition(list(exporter.metrics({"pool_processes": rows})))
    assert "pgpool2_frontend_total 4\n" in text
    assert 'pgpool2_frontend_used{username="app",database="shop"} 2\n' in text
    assert 'pgpool2_frontend_used{username="pgha_monitor",database="postgres"} 1\n' in text
    assert "pgpool2_frontend_used_ratio 0.75\n" in text


def used_ratio(exporter: ModuleType, rows: list[dict[str, str]], reserved: str) -> float:
    answers = {"pool_processes": rows, "reserved_connections": [{"reserved_connections": reserved}]}
    (ratio,) = [one.value for one in exporter.metrics(answers) if one.name == "pgpool2_frontend_used_ratio"]
    return float(ratio)


@pytest.mark.parametrize("reserved", [0, 1, 2])
@pytest.mark.parametrize("children", [3, 5, 10, 32])
def test_all_that_clients_may_have_is_all(exporter: ModuleType, children: int, reserved: int) -> None:
    """Pgpool-II refuses the next one: so the alert on it has to be able to fire, however few children there are."""
    rows = [process("app", "shop") for _ in range(children - reserved)] + [process()] * reserved
    assert used_ratio(exporter, rows, str(reserved)) == 1
    assert used_ratio(exporter, [*rows[1:], process()], str(reserved)) < 1


def test_a_client_that_is_refused_is_no_more_than_all(exporter: ModuleType) -> None:
    rows = [*[process("app", "shop")] * 3, process(status="Connecting")]
    assert used_ratio(exporter, rows, "1") == 1
    assert used_ratio(exporter, rows, "4") == 1


@pytest.mark.parametrize("status", ["Connecting", "Idle", "Idle in transaction", "Execute command"])
def test_a_client_that_waits_for_its_connections_takes_a_child(exporter: ModuleType, status: str) -> None:
    rows = [process(status=status), process(), process(), process()]
    assert used_ratio(exporter, rows, "0") == 0.25
    assert not [one for one in exporter.metrics({"pool_processes": rows}) if one.name == "pgpool2_frontend_used"]


def test_a_child_that_has_ended_serves_nobody(exporter: ModuleType) -> None:
    assert used_ratio(exporter, [process("app", "shop"), process(status="Idle", pid="0")], "0") == 0.5


def test_a_parameter_is_pgpool_s(served: Any) -> None:
    made, driver = served(100)
    made.page(8)
    assert "PGPOOL SHOW reserved_connections" in driver.sent
    assert [one for one in driver.sent[2:-1] if not one.startswith("SHOW pool_")] == []


def test_backends(exporter: ModuleType) -> None:
    text = exporter.exposition(list(exporter.metrics({"pool_pools": [process("app", "shop"), *[process()] * 3]})))
    assert "pgpool2_backend_total 4\n" in text
    assert "pgpool2_backend_used 1\n" in text
    assert "pgpool2_backend_used_ratio 0.25\n" in text


def test_labels_are_escaped(exporter: ModuleType) -> None:
    text = exporter.exposition([exporter.Metric("m", "gauge", {"a": 'x"\\\ny'}, 1)])
    assert text == '# TYPE m gauge\nm{a="x\\"\\\\\\ny"} 1\n'


def test_big_counters_keep_their_digits(exporter: ModuleType) -> None:
    assert exporter.exposition([exporter.Metric("m", "counter", {}, 12345678901)]).endswith("m 12345678901\n")


def test_each_name_has_one_group(exporter: ModuleType) -> None:
    text = exporter.Exporter(FakePgpool()).page()
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


def test_pgpool_away(exporter: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    pgpool = FakePgpool()
    made = exporter.Exporter(pgpool)
    assert "pgpool2_up 1\n" in made.page()
    pgpool.error = RuntimeError("connection\n  refused")
    page = made.page()
    assert "pgpool2_up 0\n" in page
    assert "pgpool2_last_scrape_error 1\n" in page
    assert "pgpool2_scrapes_total 2\n" in page
    assert "pool_nodes" not in page
    made.page()
    assert capsys.readouterr().err == "pgpool-exporter: connection refused\n"
    pgpool.error = None
    assert "pgpool2_up 1\n" in made.page()


@pytest.fixture
def pgpool() -> FakePgpool:
    return FakePgpool()


@pytest.fixture
def address(exporter: ModuleType, pgpool: FakePgpool) -> Iterator[str]:
    server = exporter.Server(("", 0), exporter.handler(exporter.Exporter(pgpool)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_http(address: str) -> None:
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert b"pgpool2_up 1\n" in answer.read()
    with urllib.request.urlopen(f"{address}/") as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/other")


def test_a_client_that_does_not_ask_to_the_end_keeps_no_thread(exporter: ModuleType, pgpool: FakePgpool) -> None:
    handler = exporter.handler(exporter.Exporter(pgpool))
    assert handler.timeout <= 10
    handler.timeout = 0.2
    server = exporter.Server(("", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for half in (b"", b"GET /metr", b"GET /metrics HTTP/1.1\r\nHost: x\r\n"):
            with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5) as client:
                client.sendall(half)
                assert client.recv(1) == b""
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [
        (None, 4),
        ("5.000000", 4.5),
        ("10.000000", 8),
        ("3600", 8),
        ("inf", 8),
        ("1.000000", 0.5),
        ("0.500000", 0.25),
        ("0", 4),
        ("-1", 4),
        ("nan", 4),
        ("soon", 4),
    ],
)
def test_a_page_comes_while_it_is_waited_for(exporter: ModuleType, waits: str | None, seconds: float) -> None:
    assert exporter.page_seconds(waits) == seconds


def test_prometheus_says_how_long_it_waits(address: str, pgpool: FakePgpool) -> None:
    asked = urllib.request.Request(f"{address}/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "3.000000"})
    with urllib.request.urlopen(asked):
        pass
    with urllib.request.urlopen(f"{address}/metrics"):
        pass
    assert [pgpool.left[0], pgpool.left[-1]] == [pytest.approx(2.5, abs=0.4), pytest.approx(4, abs=0.4)]


def test_a_page_that_waits_for_another_one_is_no_later(exporter: ModuleType, pgpool: FakePgpool) -> None:
    pgpool.ready.clear()
    served = exporter.Exporter(pgpool)
    other = threading.Thread(target=served.page)
    other.start()
    started = time.monotonic()
    page = served.page(0.2)
    assert time.monotonic() - started < 2
    assert "pgpool2_up 0\n" in page
    pgpool.ready.set()
    other.join()
    assert "pgpool2_up 1\n" in served.page()


def test_a_client_that_goes_leaves_nothing_in_the_log(
    address: str, pgpool: FakePgpool, capfd: pytest.CaptureFixture[str]
) -> None:
    pgpool.ready.clear()
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as client:
        # What comes after the end of the connection is refused.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        until(lambda: len(pgpool.asked) == 1)
    serving = [thread for thread in threading.enumerate() if "process_request_thread" in thread.name]
    assert serving
    pgpool.ready.set()
    for thread in serving:
        thread.join(10)
    assert capfd.readouterr().err == ""


def test_a_fault_of_its_own_is_in_the_log(
    exporter: ModuleType, address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exporter.Exporter, "page", lambda *_: 1 / 0)
    with pytest.raises(OSError, match="closed"):
        urllib.request.urlopen(f"{address}/metrics")
    assert "ZeroDivisionError" in capfd.readouterr().err


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class FakeDriver:
    """psycopg2, as far as the exporter uses it: it waits by the callback until the server has sent something."""

    class Error(Exception):
        pass

    class OperationalError(Error):
        pass

    POLL_OK, POLL_READ, POLL_WRITE = 0, 1, 2

    def __init__(self, port: int) -> None:
        self.port = port
        self.connects = 0
        self.sent: list[str] = []
        self.wait: Callable[[Any], None] = lambda _connection: None

    def set_wait_callback(self, wait: Callable[[Any], None]) -> None:
        self.wait = wait

    def connect(self, **_arguments: str) -> FakeConnection:
        self.connects += 1
        return FakeConnection(self)


class FakeConnection:
    """Its one cursor, too. Each command is a byte to the server, and a byte of the server is its answer."""

    def __init__(self, driver: FakeDriver) -> None:
        self._driver = driver
        self._socket = socket.create_connection(("127.0.0.1", driver.port))
        self.autocommit = False
        self.description: list[Any] = []
        self.execute("connect")

    def poll(self) -> int:
        self._socket.setblocking(False)
        try:
            answered = self._socket.recv(1)
        except BlockingIOError:
            return self._driver.POLL_READ
        except ConnectionResetError:  # closed with a command in it that it has not read
            answered = b""
        if not answered:
            raise self._driver.OperationalError("server closed the connection unexpectedly")
        return self._driver.POLL_OK

    def fileno(self) -> int:
        return self._socket.fileno()

    def cursor(self) -> FakeConnection:
        return self

    def __enter__(self) -> FakeConnection:
        return self

    def __exit__(self, *_args: object) -> None:
        pass

    def execute(self, command: str) -> None:
        self._driver.sent.append(command)
        try:
            self._socket.sendall(b"?")
        except OSError as exc:
            raise self._driver.OperationalError("server closed the connection unexpectedly") from exc
        self._driver.wait(self)

    def fetchall(self) -> list[Any]:
        return []

    def close(self) -> None:
        self._socket.close()


class Answers:
    """A server that answers `answers` commands, each after `pause` seconds, then none, on whatever connection."""

    def __init__(self, answers: int, pause: float, ends: bool) -> None:
        self.left = answers
        self.pause = pause
        # To end the first connection then.
        self.ends = ends
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        kept = []
        while True:
            try:
                kept.append(self.listener.accept()[0])
                while self.left and kept[-1].recv(1):
                    self.left -= 1
                    time.sleep(self.pause)
                    kept[-1].sendall(b"!")
            except OSError:
                return
            if self.ends and len(kept) == 1:
                kept[0].close()


@pytest.fixture
def served(exporter: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    servers = []

    def made(answers: int, pause: float = 0, ends: bool = False) -> tuple[Any, FakeDriver]:
        servers.append(server := Answers(answers, pause, ends))
        driver = FakeDriver(server.port)
        for name in ("psycopg2", "psycopg2.extensions"):
            monkeypatch.setitem(sys.modules, name, driver)
        return exporter.Exporter(exporter.Pgpool()), driver

    yield made
    for server in servers:
        server.listener.close()


class TestAServerThatDoesNotAnswer:
    @pytest.fixture
    def one_page(self, exporter: ModuleType) -> int:
        """How many answers a page takes: the connect is one, the command that follows it is another."""
        return 2 + len(exporter.Exporter.COMMANDS)

    @pytest.mark.parametrize("answers", [0, 1, 2, 4])
    def test_it_is_not_up_in_time(self, served: Any, answers: int) -> None:
        """Whether it is the connect that hangs, the first command of it, or another."""
        made, driver = served(answers)
        started = time.monotonic()
        assert "pgpool2_up 0\n" in made.page(0.3)
        assert 0.25 < time.monotonic() - started < 3
        assert driver.connects == 1

    def test_nor_is_one_that_hangs_later(self, served: Any, one_page: int) -> None:
        made, driver = served(one_page)
        assert "pgpool2_up 1\n" in made.page(8)
        started = time.monotonic()
        assert "pgpool2_up 0\n" in made.page(0.3)
        assert time.monotonic() - started < 3
        # No second try, for which there is no time.
        assert driver.connects == 1
        made.page(2)
        assert driver.connects == 2

    def test_all_its_answers_have_one_deadline(self, served: Any, one_page: int) -> None:
        made, _driver = served(one_page, pause=0.2)
        assert "pgpool2_up 0\n" in made.page(0.5)

    def test_a_connection_that_broke_is_made_anew_in_what_is_left(self, served: Any, one_page: int) -> None:
        made, driver = served(one_page, ends=True)
        assert "pgpool2_up 1\n" in made.page(8)
        started = time.monotonic()
        # Enough for a busy machine to get to the second connection, which hangs.
        assert "pgpool2_up 0\n" in made.page(2)
        assert driver.connects == 2
        assert time.monotonic() - started < 5

    def test_it_is_said_once(self, served: Any, capsys: pytest.CaptureFixture[str]) -> None:
        made, _driver = served(0)
        for seconds in (0.1, 0.2, 0.1):
            made.page(seconds)
        assert capsys.readouterr().err == "pgpool-exporter: no answer in the time of a scrape\n"


@pytest.mark.parametrize("end", [datetime(2027, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2061, 12, 31, 23, 59, tzinfo=UTC)])
def test_when_a_certificate_ends(exporter: ModuleType, end: datetime, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a" * 64)])
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    builder = builder.serial_number(1 << 150).not_valid_before(end - timedelta(days=9)).not_valid_after(end)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    (tmp_path / "tls.crt").write_bytes(b"a comment: M\xfcller, \xe2\x82\xac\n" + f"{pem}{pem}".encode())
    (metric,) = exporter.certificate_metrics(str(tmp_path / "tls.crt"))
    assert metric.name == "pgpool2_tls_certificate_expiry_timestamp_seconds"
    assert metric.value == end.timestamp()


def signed(name: str, issuer: str, end: datetime) -> str:
    """A certificate in PEM: only its names and its end count."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, above = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in (name, issuer))
    builder = x509.CertificateBuilder(issuer_name=above, subject_name=subject, public_key=key.public_key())
    builder = builder.serial_number(1).not_valid_before(end - timedelta(days=9)).not_valid_after(end)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("above", "day"),
    [
        ([("int", "root", 3)], 3),
        ([("root", "root", 2), ("int", "root", 3)], 2),
        ([("int", "root", 3), ("int", "root", 8)], 7),
        ([("other", "root", 3)], 7),
        ([("int", "leaf", 8), ("root", "root", 2)], 7),
        ([("int", "int", 9)], 7),
    ],
    ids=["an intermediate", "a root", "two of one name", "another", "a circle", "a root alone"],
)
def test_what_leads_up_from_a_certificate_may_end_before_it(
    exporter: ModuleType, above: list[tuple[str, str, int]], day: int
) -> None:
    first = datetime(2027, 1, 1, tzinfo=UTC)
    listed = [("leaf", "int", 7), *above]
    text = "".join(signed(name, issuer, first + timedelta(days=days)) for name, issuer, days in listed)
    assert exporter.certificate_end(text) == (first + timedelta(days=day)).timestamp()


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"])
def test_a_certificate_that_cannot_be_read_has_ended(exporter: ModuleType, text: str, tmp_path: Path) -> None:
    (tmp_path / "tls.crt").write_text(text)
    assert [metric.value for metric in exporter.certificate_metrics(str(tmp_path / "tls.crt"))] == [0]
    assert [metric.value for metric in exporter.certificate_metrics(str(tmp_path / "none.crt"))] == [0]


def test_no_certificate_no_metric(exporter: ModuleType) -> None:
    assert list(exporter.certificate_metrics("")) == []


class TestPoolNodesAreAskedNowAndThen:
    """SHOW POOL_NODES logs in to each backend, so its answer serves for some scrapes."""

    @pytest.fixture
    def pgpool(self) -> FakePgpool:
        pgpool = FakePgpool()
        known = ("node_id", "hostname", "port", "status", "role", "select_cnt")
        pgpool.answers["pool_backend_stats"] = [{name: row[name] for name in known} for row in NODES]
        return pgpool

    def test_its_answer_serves_until_it_is_old(self, exporter: ModuleType, pgpool: FakePgpool) -> None:
        clock = {"now": 0.0}
        served = exporter.Exporter(pgpool, lambda: clock["now"])
        first = page = served.page()
        for clock["now"] in (4.0, 9.0, 11.0, 15.0):
            page = served.page()
        assert pgpool.asked == [True, False, False, True, False]
        lines = [line for line in page.splitlines() if line.startswith("pgpool2_pool_nodes_")]
        assert lines == [line for line in first.splitlines() if line.startswith("pgpool2_pool_nodes_")]

    def test_counters_are_those_of_now(self, exporter: ModuleType, pgpool: FakePgpool) -> None:
        served = exporter.Exporter(pgpool, lambda: 1.0)
        served.page()
        pgpool.answers["pool_backend_stats"][1]["select_cnt"] = "77"
        lines = [line for line in served.page().splitlines() if line.startswith("pgpool2_pool_nodes_select_cnt")]
        assert [line for line in lines if line.endswith(" 77")] == [line for line in lines if 'node_id="1"' in line]

    @pytest.mark.parametrize("change", [{"status": "down"}, {"role": "primary"}])
    def test_a_backend_that_changes_is_asked_at_once(
        self, exporter: ModuleType, pgpool: FakePgpool, change: dict[str, str]
    ) -> None:
        served = exporter.Exporter(pgpool, lambda: 1.0)
        served.page()
        pgpool.answers["pool_backend_stats"][-1] |= change
        served.page()
        assert pgpool.asked == [True, False, True]

    def test_a_backend_to_which_nobody_is_connected_has_not_changed(
        self, exporter: ModuleType, pgpool: FakePgpool
    ) -> None:
        served = exporter.Exporter(pgpool, lambda: 1.0)
        served.page()
        pgpool.answers["pool_backend_stats"][-1] |= {"status": "waiting"}
        served.page()
        assert pgpool.asked == [True, False]

    def test_what_was_known_before_an_error_is_forgotten(self, exporter: ModuleType, pgpool: FakePgpool) -> None:
        served = exporter.Exporter(pgpool, lambda: 1.0)
        served.page()
        pgpool.error = OSError("gone")
        assert "pgpool2_up 0" in served.page()
        pgpool.error = None
        served.page()
        assert pgpool.asked == [True, False, True]
