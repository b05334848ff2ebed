# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pod_exec, with the real client and a server that says what the API server says."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from ansible_collections.pgha.kubernetes.plugins.modules import pod_exec as module
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import Call, DoneError
from kubernetes.client import ApiClient, Configuration, CoreV1Api

ARGUMENTS = {"namespace": "demo", "pod": "hot-postgres-1", "container": "postgres", "command": "psql -c 'SELECT 1'"}
WELL = '{"metadata":{},"status":"Success"}'
STDOUT, STDERR, ERROR = range(1, 4)


def failure(message: str, *causes: dict[str, str]) -> str:
    return json.dumps({"status": "Failure", "message": message, "details": {"causes": list(causes)}})


ENDED_WITH_3 = failure("command terminated with exit code 3", {"reason": "ExitCode", "message": "3"})


def frame(kind: int, content: bytes) -> bytes:
    """A frame as a server sends it: RFC 6455, section 5.2."""
    size = len(content)
    length = bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2) if size < 65536 else None
    return bytes([0x80 | kind]) + (length or bytes([127]) + size.to_bytes(8)) + content


class Server(HTTPServer):
    """What answers in place of the API server."""

    parts: list[tuple[int, bytes]]
    says_bye = True
    refuses: tuple[int, bytes] | None = None
    asked: list[tuple[str, str]]
    path: str


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:  # http.server's name
        address = urlsplit(self.path)
        self.server.path, self.server.asked = address.path, parse_qsl(address.query)
        if self.server.refuses:
            status, body = self.server.refuses
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        self.end_headers()
        sent = b"".join(frame(2, bytes([channel]) + content) for channel, content in self.server.parts)
        self.wfile.write(sent + (frame(8, (1000).to_bytes(2)) if self.server.says_bye else b""))
        self.close_connection = True

    def log_message(self, *_args: Any) -> None:  # http.server's name
        """Nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def ran(server: Server, *parts: tuple[int, str | bytes], **arguments: str) -> dict[str, Any]:
    """Run a command, of which the server says so much."""
    server.parts = [(channel, text.encode() if isinstance(text, str) else text) for channel, text in parts]
    api = CoreV1Api(ApiClient(Configuration(host=f"http://127.0.0.1:{server.server_port}")))
    with pytest.raises(DoneError) as done:
        module.run(Call("pod_exec", {**ARGUMENTS, **arguments}, check_mode=True, diff=False), api)
    return done.value.result


def test_what_it_wrote_and_how_it_ended(server: Server) -> None:
    found = ran(server, (STDOUT, "1\n"), (STDERR, "NOTICE\n"), (STDOUT, "2\n"), (ERROR, WELL))
    lines = {"stdout_lines": ["1", "2"], "stderr_lines": ["NOTICE"]}
    assert found == {"changed": True, "stdout": "1\n2\n", "stderr": "NOTICE\n", "rc": 0, **lines}
    assert server.path == "/api/v1/namespaces/demo/pods/hot-postgres-1/exec"
    assert [value for key, value in server.asked if key == "command"] == ["psql", "-c", "SELECT 1"]
    asked = {key: value.lower() for key, value in server.asked if key != "command"}
    streams = {"stdin": "false", "stdout": "true", "stderr": "true", "tty": "false"}
    assert asked == {"container": "postgres", **streams}


def test_nothing_of_a_long_answer_is_lost(server: Server) -> None:
    rows = [f"{number:05},ä→\n" for number in range(20_000)]
    found = ran(server, *((STDOUT, row) for row in rows), (STDERR, "x" * 200_000), (ERROR, WELL))
    assert found["stdout"] == "".join(rows)
    assert len(found["stderr"]) == 200_000


def test_another_end_is_a_failure_that_says_all(server: Server) -> None:
    found = ran(server, (STDERR, "ERROR:  no\n"), (ERROR, ENDED_WITH_3))
    assert (found["rc"], found["stdout"], found["stderr"]) == (3, "", "ERROR:  no\n")
    assert (found["failed"], found["msg"]) == (True, "psql ended with 3: ERROR:  no")


def test_no_byte_is_too_strange(server: Server) -> None:
    assert ran(server, (STDOUT, b"f\xfcr\n"), (ERROR, WELL))["stdout"] == "f\ufffdr\n"


NO_PROGRAM = 'exec failed: exec: "psql": executable file not found in $PATH'


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([(ERROR, failure(NO_PROGRAM))], NO_PROGRAM),
        ([(ERROR, failure("", {"message": "no reason"}))], "the kubelet does not say why"),
        ([(STDOUT, "half")], "the connection ended before the command did"),
        ([(STDOUT, "half"), (ERROR, "<html>")], "the connection ended before the command did"),
    ],
)
def test_what_did_not_run_to_its_end_is_a_failure(server: Server, parts: list[tuple[int, str]], words: str) -> None:
    found = ran(server, *parts)
    assert found["failed"]
    assert found["msg"].endswith(
        f"psql could not be run in the container postgres of the pod hot-postgres-1 in demo: {words}"
    )
    assert "rc" not in found


def test_a_connection_that_is_cut_is_a_failure(server: Server) -> None:
    server.says_bye = False
    found = ran(server, (STDOUT, "half"))
    assert found["failed"]
    assert "the connection ended before the command did: " in found["msg"]


FORBIDDEN = 'pods "hot-postgres-1" is forbidden: User "x" cannot create resource "pods/exec" in the namespace "demo"'


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, json.dumps({"message": FORBIDDEN}), f"{FORBIDDEN} (403)"),
        (404, json.dumps({"message": 'pods "hot-postgres-1" not found'}), 'pods "hot-postgres-1" not found (404)'),
        (502, "<html>Bad Gateway</html>", "<html>Bad Gateway</html> (502)"),
        (500, "", "Internal Server Error (500)"),
    ],
)
def test_why_the_api_refuses_is_said(server: Server, status: int, body: str, words: str) -> None:
    server.refuses = status, body.encode()
    found = ran(server)
    assert found["failed"]
    assert found["msg"].endswith(f" in demo: {words}")
    assert found["status"] == status


def test_an_api_that_is_away_is_a_failure(server: Server) -> None:
    server.shutdown()
    server.server_close()
    found = ran(server)
    assert found["failed"]
    assert "Connection refused" in found["msg"]
    assert "status" not in found


@pytest.mark.parametrize(
    ("command", "words"), [("", "command is empty"), (" ", "command is empty"), ("psql 'x", "No closing quotation")]
)
def test_what_is_no_command_is_refused(server: Server, command: str, words: str) -> None:
    server.path = "nothing was asked"
    found = ran(server, command=command)
    assert found["failed"]
    assert words in found["msg"]
    assert server.path == "nothing was asked"
