# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module read_log, with a client that only remembers what it was asked for."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.module_utils import api_client
from ansible_collections.pgha.kubernetes.plugins.modules import read_log as module
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import Call, DoneError
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import BadRequestError, NotFoundError

ARGUMENTS = {
    "name": "hot-postgres-1", "namespace": "demo", "container": "postgres", "since_seconds": None, "tail_lines": None,
    "previous": False,
}  # fmt: skip


class Client:
    """Of kubernetes.core, whose pods have all logged the same."""

    def __init__(self, logged: bytes) -> None:
        self.logged = logged
        self.log = self

    def resource(self, kind: str, api_version: str) -> Client:
        assert (kind, api_version) == ("Pod", "v1")
        return self

    def get(self, **asked: Any) -> SimpleNamespace:
        self.asked = asked
        return SimpleNamespace(data=self.logged)


def logged(client: Client, **arguments: Any) -> str:
    with pytest.raises(DoneError) as done:
        module.run(Call("read_log", {**ARGUMENTS, **arguments}, check_mode=True, diff=False), client)
    return done.value.result["log"]


def test_it_asks_for_what_it_is_told() -> None:
    client = Client(b"")
    assert logged(client, since_seconds=3600, tail_lines=0) == ""
    query = {"container": "postgres", "sinceSeconds": 3600, "tailLines": 0}
    assert client.asked == {"name": "hot-postgres-1", "namespace": "demo", "serialize": False, "query_params": query}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ä SELECT '→'\n".encode(), "ä SELECT '→'\n"),
        # As Pgpool-II 4.6 logs an application's name after a backend has come back.
        (b"pgha-verify\x80 pid 60: LOG:\n", "pgha-verify\\x80 pid 60: LOG:\n"),
        ("SELECT 'für'".encode("latin-1"), "SELECT 'f\\xfcr'"),
    ],
)
def test_no_byte_is_too_strange(given: bytes, shown: str) -> None:
    assert logged(Client(given)) == shown


def refused(status: int, message: str) -> ApiException:
    """What the client raises where the API refuses."""
    answer = ApiException(status=status, reason="refused")
    answer.headers = {"Content-Type": "application/json"}
    answer.body = json.dumps({"message": message}).encode()
    return answer


NEVER_RESTARTED = 'previous terminated container "postgres" in pod "hot-postgres-1" not found'


class Refusing(Client):
    """A client to whom the API says no."""

    def __init__(self, message: str) -> None:
        super().__init__(b"")
        self.message = message

    def get(self, **asked: Any) -> SimpleNamespace:
        super().get(**asked)
        raise BadRequestError(refused(400, self.message))


def test_what_was_logged_before_a_restart_can_be_asked_for() -> None:
    client = Client(b"PANIC\n")
    assert logged(client, previous=True) == "PANIC\n"
    assert client.asked["query_params"] == {"container": "postgres", "previous": "true"}


def test_what_has_not_restarted_logged_nothing_before() -> None:
    assert logged(Refusing(NEVER_RESTARTED), previous=True) == ""


@pytest.mark.parametrize(
    ("message", "previous"),
    [
        ('container "postgres" in pod "hot-postgres-1" is waiting to start: ContainerCreating', False),
        ('container "postgres" in pod "hot-postgres-1" is not available', True),
        (NEVER_RESTARTED, False),  # nobody asked for that
    ],
)
def test_another_refusal_is_one(message: str, previous: bool) -> None:
    with pytest.raises(BadRequestError):
        logged(Refusing(message), previous=previous)


def test_why_it_cannot_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_module: Any) -> None:
        raise NotFoundError(refused(404, 'pods "hot-postgres-1" not found'))

    monkeypatch.setattr(api_client, "get_api_client", fail)
    with pytest.raises(DoneError) as done:
        module.work(Call("read_log", ARGUMENTS, check_mode=False, diff=False))
    assert done.value.result["failed"]
    assert 'pods "hot-postgres-1" not found' in done.value.result["msg"]
    assert done.value.result["status"] == 404
