# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pod_exec, with the real client and a server that says what the API server says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.modules import pod_exec as module
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import Call, DoneError
from pod_server import ERROR, STDERR, STDOUT, WELL, Server, answering

ARGUMENTS = {"namespace": "demo", "pod": "hot-postgres-1", "container": "postgres", "command": "psql -c 'SELECT 1'"}


def failure(message: str, *causes: dict[str, str]) -> str:
    return json.dumps({"status": "Failure", "message": message, "details": {"causes": list(causes)}})


ENDED_WITH_3 = failure("command terminated with exit code 3", {"reason": "ExitCode", "message": "3"})


@pytest.fixture
def server() -> Iterator[Server]:
    with answering() as made:
        yield made


def ran(server: Server, *parts: tuple[int, str | bytes], **arguments: str) -> dict[str, Any]:
    """Run a command, of which the server says so much."""
    server.says(*parts)
    with pytest.raises(DoneError) as done:
        module.run(Call("pod_exec", {**ARGUMENTS, **arguments}, check_mode=True, diff=False), server.client())
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


def test_a_character_may_be_in_two_frames(server: Server) -> None:
    whole = "→".encode()
    assert ran(server, (STDOUT, whole[:1]), (STDOUT, whole[1:]), (ERROR, WELL))["stdout"] == "→"


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
