# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module patch_status, with a client that only remembers what it was asked for."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.doc_fragments.api_options import ModuleDocFragment
from ansible_collections.pgha.kubernetes.plugins.module_utils import pod_command
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS
from ansible_collections.pgha.kubernetes.plugins.modules import patch_status as module
from pod_server import ERROR, STDERR, WELL, Server, answering
from yaml import safe_load

ASKED: dict[str, Any] = {
    "api_version": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "name": "hot",
    "namespace": "demo",
    "status": {"targetPrimary": "hot-2", "phase": "Switchover in progress"},
    "unless": {"targetPrimary": "hot-2"},
    "expect": {"currentPrimary": "hot-1", "targetPrimary": "hot-1"},
}


class Client:
    """A client of kubernetes.core with one object."""

    def __init__(self, **status: str):
        self.there = {"metadata": {"name": "hot", "resourceVersion": "7"}, "status": status}
        self.sent: list[dict[str, Any]] = []

    def resource(self, kind: str, api_version: str) -> SimpleNamespace:
        assert (kind, api_version) == ("Cluster", "postgresql.cnpg.io/v1")
        return SimpleNamespace(subresources={"status": SimpleNamespace(patch=self.patch)})

    def get(self, resource: Any, name: str, namespace: str) -> SimpleNamespace:
        return SimpleNamespace(to_dict=lambda: self.there)

    def patch(self, **sent: Any) -> None:
        self.sent.append(sent)


def test_the_status_is_patched_as_it_was_seen() -> None:
    client = Client(currentPrimary="hot-1", targetPrimary="hot-1", phase="well")
    assert module.changed_status(client, ASKED) == {"targetPrimary": "hot-1", "phase": "well"}
    [sent] = client.sent
    assert sent["body"] == {"metadata": {"resourceVersion": "7"}, "status": ASKED["status"]}
    assert sent["content_type"] == "application/merge-patch+json"
    assert (sent["name"], sent["namespace"]) == ("hot", "demo")


def test_what_is_so_already_is_not_written() -> None:
    client = Client(currentPrimary="hot-2", targetPrimary="hot-2", phase="well")
    assert module.changed_status(client, ASKED) is None
    assert client.sent == []


def test_check_mode_writes_nothing() -> None:
    client = Client(currentPrimary="hot-1", targetPrimary="hot-1")
    assert module.changed_status(client, ASKED, check_mode=True) == {"targetPrimary": "hot-1", "phase": None}
    assert client.sent == []


def test_another_status_than_expected_is_left_alone() -> None:
    client = Client(currentPrimary="hot-3", targetPrimary="hot-3")
    with pytest.raises(ValueError, match=r"Cluster hot has changed meanwhile .*'hot-3'.*: run this again"):
        module.changed_status(client, ASKED)
    assert client.sent == []


LABEL = {
    "namespace": "demo",
    "then_label": {"hot-1": {"role": "replica"}, "hot-2": {"role": "primary"}},
    "once": {"pod": "hot-2", "container": "postgres", "command": ["psql"], "timeout": 0.5},
}


@pytest.fixture
def server() -> Iterator[Server]:
    with answering() as made:
        yield made


def labelled(server: Server, patch: Callable[..., None], *parts: tuple[int, str]) -> dict[str, Any]:
    """Say what comes of it where this is what is said of the command that waits."""
    server.says(*parts)
    api = server.client()
    api.patch_namespaced_pod = patch
    return module.labelled_pods(api, LABEL)


ENDED_WITH_3 = '{"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}}'


@pytest.mark.parametrize(
    ("parts", "waits", "why"),
    [
        ([(ERROR, WELL)], 0, ""),
        ([(STDERR, "no such table\n"), (ERROR, ENDED_WITH_3)], 0, "ended with 3: no such table"),
        ([(ERROR, '{"status": "Failure", "message": "the pod is gone"}')], 0, "came to nothing: the pod is gone"),
        ([], 0, "came to nothing: the connection ended before the command did"),
        ([(ERROR, WELL)], 2, "came to nothing: it did not end within 0.5 s"),
    ],
)
def test_pods_are_labelled_when_the_moment_has_come_and_only_then(
    server: Server, parts: list[tuple[int, str]], waits: float, why: str
) -> None:
    patched: list[Any] = []
    server.waits = waits
    found = labelled(server, lambda *what: patched.append(what), *parts)
    wanted = [(pod, "demo", {"metadata": {"labels": labels}}) for pod, labels in LABEL["then_label"].items()]
    assert patched == ([] if why else wanted)
    told = {"labelled": False, "not_labelled": f"the command that waits for the moment {why}"}
    assert found == (told if why else {"labelled": True})
    assert server.path == "/api/v1/namespaces/demo/pods/hot-2/exec"
    assert [value for key, value in server.asked if key in ("container", "command")] == ["psql", "postgres"]


def test_a_pod_that_cannot_be_labelled_is_no_failure(server: Server) -> None:
    def refuse(*pod: str) -> None:
        answer = module.ApiException(status=403)
        answer.body = '{"message": "pods \\"hot-1\\" is forbidden"}'
        raise answer

    found = labelled(server, refuse, (ERROR, WELL))
    assert found == {"labelled": False, "not_labelled": 'pods "hot-1" is forbidden'}


def test_a_connection_that_is_cut_while_it_waits_is_no_failure(server: Server) -> None:
    """The switchover is ordered by then."""
    server.says_bye = False
    found = labelled(server, lambda *_what: None)
    assert not found["labelled"]
    assert "the connection ended before the command did: " in found["not_labelled"]


@pytest.mark.parametrize(
    "broken", [ConnectionResetError(104, "Connection reset by peer"), ssl.SSLError("EOF occurred")]
)
def test_a_connection_that_breaks_while_it_waits_is_no_failure(
    broken: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[float] = []

    def update(timeout: float) -> None:
        raise broken

    def close(timeout: float) -> None:
        closed.append(timeout)

    said = SimpleNamespace(is_open=lambda: True, update=update, close=close)
    monkeypatch.setattr(pod_command, "stream", lambda *args, **what: said)
    found = module.labelled_pods(SimpleNamespace(connect_get_namespaced_pod_exec="exec"), LABEL)
    assert not found["labelled"]
    assert str(broken) in found["not_labelled"]
    assert closed == [0]


def test_the_options_of_the_api_are_described() -> None:
    described = safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert {name: option["type"] for name, option in described.items()} == {
        name: option["type"] for name, option in API_OPTIONS.items()
    }
