# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module read, with a service that only remembers what it was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.pgha.kubernetes.plugins.module_utils import api_client
from ansible_collections.pgha.kubernetes.plugins.modules import read as module
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import Call, DoneError

ARGUMENTS = {
    "api_version": "v1", "kind": "Secret", "name": None, "namespace": "demo", "label_selectors": ["a=b"],
    "field_selectors": ["type=kubernetes.io/basic-auth"], "name_prefix": "", "api_key": "hidden",
}  # fmt: skip


def secret(name: str) -> dict[str, Any]:
    return {"kind": "Secret", "metadata": {"name": name}}


class Service:
    """Of kubernetes.core."""

    asked: dict[str, Any]

    def find(self, **arguments: Any) -> dict[str, Any]:
        self.asked = arguments
        return {"resources": [secret("hot-app"), secret("hotter-app")], "api_found": True}


def test_it_asks_for_what_it_is_told() -> None:
    service = Service()
    with pytest.raises(DoneError) as done:
        module.run(Call("read", ARGUMENTS, check_mode=False, diff=False), service)
    assert service.asked == {key: value for key, value in ARGUMENTS.items() if key not in ("api_key", "name_prefix")}
    both = [secret("hot-app"), secret("hotter-app")]
    assert done.value.result == {"changed": False, "resources": both, "api_found": True}


def test_it_keeps_those_whose_names_begin_so() -> None:
    with pytest.raises(DoneError) as done:
        module.run(Call("read", {**ARGUMENTS, "name_prefix": "hot-"}, check_mode=False, diff=False), Service())
    assert done.value.result["resources"] == [secret("hot-app")]


def test_why_it_cannot_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_module: Any) -> None:
        raise CoreException("Could not create API client: no such file")

    monkeypatch.setattr(api_client, "get_api_client", fail)
    with pytest.raises(DoneError) as done:
        module.work(Call("read", ARGUMENTS, check_mode=False, diff=False))
    assert done.value.result == {
        "changed": False, "failed": True, "msg": "Could not create API client: no such file",
    }  # fmt: skip
