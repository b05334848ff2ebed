# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module checksums: what changes a checksum, and what it says of what is not there or may not be read."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.pgha.kubernetes.plugins.module_utils import api_client
from ansible_collections.pgha.kubernetes.plugins.modules import checksums as module
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import Call, DoneError
from kubernetes.dynamic.exceptions import ForbiddenError, NotFoundError, ResourceNotFoundError

SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b", "uid": "1"}, "spec": {"x": [1]},
}  # fmt: skip


class Client:
    """Of kubernetes.core: it has one Service."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.asked: list[tuple[Any, ...]] = []

    def resource(self, kind: str, api_version: str) -> SimpleNamespace:
        if kind != "Service":
            raise ResourceNotFoundError(kind)

        def get(**how: Any) -> SimpleNamespace:
            self.asked.append((kind, api_version, how))
            if self.problem:
                raise self.problem
            return SimpleNamespace(data=json.dumps(SERVICE))

        return SimpleNamespace(get=get)


def api_error(status: int) -> SimpleNamespace:
    return SimpleNamespace(status=status, reason="", body=b"", headers={})


def told(client: Client | None, *objects: dict[str, Any]) -> list[dict[str, Any]]:
    with pytest.raises(DoneError) as done:
        module.run(Call("checksums", {"objects": list(objects)}, check_mode=False, diff=False), client)
    assert done.value.result["changed"] is False
    return done.value.result["objects"]


def test_it_tells_what_an_object_holds() -> None:
    client = Client()
    [found] = told(client, {**SERVICE, "spec": "not looked at"})
    assert client.asked == [("Service", "v1", {"serialize": False, "name": "a", "namespace": "b"})]
    assert found == {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"},
        "checksum": module.checksum_of(SERVICE),
    }  # fmt: skip
    # What it told can be asked for.
    assert told(client, found) == [found]


@pytest.mark.parametrize(
    ("problem", "kind", "checksum"),
    [
        (NotFoundError(api_error(404)), "Service", ""),
        (None, "Cluster", ""),
        (ForbiddenError(api_error(403)), "Service", None),
    ],
)
def test_what_is_not_there_and_what_may_not_be_read(problem: Exception | None, kind: str, checksum: str | None) -> None:
    [found] = told(Client(problem), {**SERVICE, "kind": kind})
    assert found["checksum"] == checksum


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"status": {"ready": True}}, True),
        ({"metadata": {"name": "a", "annotations": {"x": "y"}, "resourceVersion": "7"}}, True),
        ({"webhooks": [{"clientConfig": {"caBundle": "written by what serves it"}}]}, False),
        ({"metadata": {"name": "a", "labels": {"x": "y"}}}, False),
        ({"spec": {"x": [1, 2]}}, False),
    ],
)
def test_what_changes_a_checksum(changes: dict[str, Any], same: bool) -> None:
    assert (module.checksum_of({**SERVICE, **changes}) == module.checksum_of(SERVICE)) is same


def test_a_bundle_that_is_written_later_does_not() -> None:
    before, after = ({"metadata": {}, "webhooks": [{"clientConfig": bundle}]} for bundle in ({}, {"caBundle": "x"}))
    assert module.checksum_of(before) == module.checksum_of(after)


def test_nothing_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "get_api_client", lambda _module: pytest.fail("it asks the API"))
    with pytest.raises(DoneError) as done:
        module.work(Call("checksums", {"objects": []}, check_mode=False, diff=False))
    assert done.value.result == {"changed": False, "objects": []}


def test_why_it_cannot_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_module: Any) -> None:
        raise CoreException("Could not create API client: no such file")

    monkeypatch.setattr(api_client, "get_api_client", fail)
    with pytest.raises(DoneError) as done:
        module.work(Call("checksums", {"objects": [SERVICE]}, check_mode=False, diff=False))
    assert done.value.result["msg"] == "Could not create API client: no such file"
