# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module patch_status, with a client that only remembers what it was asked for."""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.doc_fragments.api_options import ModuleDocFragment
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS
from ansible_collections.pgha.kubernetes.plugins.modules import patch_status as module
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


class Stream:
    """A command in a pod, which ends after some looks at it, or never."""

    def __init__(self, looks: int, code: Any):
        self.looks, self.code, self.closed = looks, code, False

    def is_open(self) -> bool:
        return self.looks > 0

    def update(self, timeout: float) -> None:
        self.looks -= 1

    @property
    def returncode(self) -> int:
        if isinstance(self.code, Exception):
            raise self.code
        return self.code

    def read_stderr(self) -> str:
        return "no such table\n"

    def close(self) -> None:
        self.closed = True


LABEL = {
    "namespace": "demo",
    "then_label": {"hot-1": {"role": "replica"}, "hot-2": {"role": "primary"}},
    "once": {"pod": "hot-2", "container": "postgres", "command": ["psql"], "timeout": 0.2},
}


@pytest.mark.parametrize(
    ("looks", "code", "result"),
    [
        (2, 0, {"labelled": True}),
        (
            1,
            3,
            {"labelled": False, "not_labelled": "the command that waits for it ended with 3: no such table"},
        ),
        (
            1,
            TypeError("the pod is gone"),
            {"labelled": False, "not_labelled": "the command that waits for it ended with no code: no such table"},
        ),
        (10**9, 0, {"labelled": False, "not_labelled": "the moment did not come within 0.2 s"}),
    ],
)
def test_pods_are_labelled_when_the_moment_has_come_and_only_then(
    looks: int, code: Any, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    said, patched = Stream(looks, code), []
    asked: dict[str, Any] = {}

    def stream(method: str, pod: str, namespace: str, **what: Any) -> Stream:
        asked.update(method=method, pod=pod, namespace=namespace, **what)
        return said

    monkeypatch.setattr(module, "stream", stream)
    api = SimpleNamespace(
        connect_get_namespaced_pod_exec="exec", patch_namespaced_pod=lambda *what: patched.append(what)
    )
    assert module.labelled_pods(api, LABEL) == result
    wanted = [(pod, "demo", {"metadata": {"labels": labels}}) for pod, labels in LABEL["then_label"].items()]
    assert patched == (wanted if result["labelled"] else [])
    assert said.closed
    assert (asked["pod"], asked["namespace"], asked["command"]) == ("hot-2", "demo", ["psql"])


def test_a_pod_that_cannot_be_labelled_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*pod: str) -> None:
        answer = module.ApiException(status=403)
        answer.body = '{"message": "pods \\"hot-1\\" is forbidden"}'
        raise answer

    monkeypatch.setattr(module, "stream", lambda *args, **what: Stream(0, 0))
    api = SimpleNamespace(connect_get_namespaced_pod_exec="exec", patch_namespaced_pod=refuse)
    assert module.labelled_pods(api, LABEL) == {"labelled": False, "not_labelled": 'pods "hot-1" is forbidden'}


@pytest.mark.parametrize(
    "broken", [ConnectionResetError(104, "Connection reset by peer"), ssl.SSLError("EOF occurred")]
)
def test_a_connection_that_breaks_while_it_waits_is_no_failure(
    broken: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switchover is ordered by then."""
    said = Stream(2, 0)

    def update(timeout: float) -> None:
        raise broken

    said.update = update  # type: ignore[method-assign]
    monkeypatch.setattr(module, "stream", lambda *args, **what: said)
    api = SimpleNamespace(connect_get_namespaced_pod_exec="exec")
    assert module.labelled_pods(api, LABEL) == {"labelled": False, "not_labelled": str(broken)}
    assert said.closed


def test_the_options_of_the_api_are_described() -> None:
    described = safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert {name: option["type"] for name, option in described.items()} == {
        name: option["type"] for name, option in API_OPTIONS.items()
    }
