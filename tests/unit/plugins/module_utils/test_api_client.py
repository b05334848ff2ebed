# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that make no client end a module in words."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.modules import apply, checksums, pod_exec, read, read_log
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import Call, DoneError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_problem import api_problem

ARGUMENTS = {"definition": [], "objects": [{}], "kind": "Pod", "name": "x", "namespace": "demo"}
ARGUMENTS |= {"pod": "x", "container": "postgres", "command": "true"}


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ({"host": "https://h", "api_key": "canary", "ca_cert": "{}/none"}, "No such file or directory: '{}/none'"),
        ({"kubeconfig": "{}/broken"}, "while parsing"),
        ({"kubeconfig": "{}/text"}, "object does not support item assignment"),
        ({"kubeconfig": "{}/bytes"}, "codec can't decode byte"),
        ({"kubeconfig": "{}"}, "Is a directory: '{}'"),
    ],
)
@pytest.mark.parametrize("module", [apply, checksums, pod_exec, read, read_log])
def test_credentials_that_make_no_client(
    module: ModuleType, auth: dict[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("K8S_AUTH_KUBECONFIG", "K8S_AUTH_CONTEXT", "K8S_AUTH_HOST"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "broken").write_text("{[")
    (tmp_path / "text").write_text("text")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xff")
    given: dict[str, Any] = {key: value.format(tmp_path) for key, value in auth.items()}
    with pytest.raises(DoneError) as done:
        module.work(Call("x", {**ARGUMENTS, **given}, check_mode=False, diff=False))
    message = done.value.result["msg"]
    assert done.value.result["failed"]
    assert message.startswith("Could not create API client: ")
    assert words.format(tmp_path) in message
    assert "there is no usable kubeconfig" in api_problem(done.value.result, given)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of what answers each request with this status and text."""
    status, text = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args: Any) -> None:  # http.server's name
            """Nothing on the terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ((401, '{"message": "Unauthorized"}'), "does not accept the credentials (401)"),
        ((403, '{"message": "it is forbidden"}'), "the credentials may not do this (403)"),
        ((503, "503 Service Unavailable"), "it has an error of its own"),
        ((200, "<html>Log in</html>"), "what answers is no Kubernetes API"),
    ],
    indirect=["server"],
)
@pytest.mark.parametrize("module", [apply, checksums, pod_exec, read, read_log])
def test_an_api_that_makes_no_client(
    module: ModuleType, server: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # what the client keeps of an API
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(apply, "PAUSE", 0)
    given = {"host": server, "api_key": "canary"}
    with pytest.raises(DoneError) as done:
        module.work(Call("x", {**ARGUMENTS, **given}, check_mode=False, diff=False))
    message = done.value.result["msg"]
    assert done.value.result["failed"]
    assert "canary" not in message
    assert words in api_problem(done.value.result, given)


@pytest.mark.parametrize(
    ("server", "ends"), [((401, "no"), True), ((403, "no"), True), ((503, "no"), False)], indirect=["server"]
)
def test_by_such_an_answer_a_wait_for_a_recovery_ends(
    server: str, ends: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    variables = Path(__file__).resolve().parents[4] / "roles/postgres_cluster/vars/main.yml"
    refused = yaml.safe_load(variables.read_text(encoding="utf-8"))["__postgres_cluster_refused"]
    given = {"host": server, "api_key": "canary"}
    with pytest.raises(DoneError) as done:
        read.work(Call("x", {**ARGUMENTS, **given}, check_mode=False, diff=False))
    assert bool(re.search(refused, done.value.result["msg"])) is ends
