# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that make no client end a module in words."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.modules import apply, checksums, read, read_log
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import Call, DoneError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_problem import api_problem

ARGUMENTS = {"definition": [], "hidden_fields": [], "objects": [{}], "kind": "Pod", "name": "x", "namespace": "demo"}


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
@pytest.mark.parametrize("module", [apply, checksums, read, read_log])
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
