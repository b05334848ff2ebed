# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugins that ask the API: where they run their module's code, and what they hand to it."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.pgha.kubernetes.plugins.action import apply as apply_action
from ansible_collections.pgha.kubernetes.plugins.action import checksums as checksums_action
from ansible_collections.pgha.kubernetes.plugins.action import pod_exec as pod_exec_action
from ansible_collections.pgha.kubernetes.plugins.action import read as read_action
from ansible_collections.pgha.kubernetes.plugins.action import read_log as read_log_action
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import api_action

ROOT = Path(__file__).resolve().parents[4]
TASK = {"become": False, "environment": [], "check_mode": False, "diff": False, "async_val": 0}


def action(plugin: Any, arguments: dict[str, Any], transport: str = "local", **task: Any) -> Any:
    made = plugin.ActionModule.__new__(plugin.ActionModule)
    made._task = SimpleNamespace(action="pgha.kubernetes.x", args=arguments, **{**TASK, **task})
    made._connection = SimpleNamespace(transport=transport)
    return made


@pytest.fixture(autouse=True)
def not_ansible(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """ActionBase, without a play."""
    asked: list[str] = []
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})
    monkeypatch.setattr(ActionBase, "_execute_module", lambda self, task_vars=None: asked.append("module") or {"a": 1})
    return asked


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[api_action.Call]:
    """What the module's code was called with."""
    calls: list[api_action.Call] = []

    def done(call: api_action.Call) -> None:
        calls.append(call)
        call.exit_json(resources=[f"of {call.params['name']}"])

    monkeypatch.setattr(read_action.read, "work", done)
    return calls


def test_it_runs_here_with_checked_arguments(work: list[api_action.Call], not_ansible: list[str]) -> None:
    result = action(read_action, {"kind": "Pod", "name": 7}, check_mode=True, diff=True).run()
    assert result == {"changed": False, "resources": ["of 7"]}
    [call] = work
    assert (call.params["api_version"], call.params["label_selectors"]) == ("v1", [])
    assert (call.check_mode, call._diff) == (True, True)
    assert not_ansible == []


@pytest.mark.parametrize(
    ("transport", "task"),
    [("ssh", {}), ("local", {"become": True}), ("local", {"environment": [{"K8S_AUTH_CONTEXT": "other"}]})],
)
def test_elsewhere_it_is_a_module(
    transport: str, task: dict[str, Any], work: list[api_action.Call], not_ansible: list[str]
) -> None:
    assert action(read_action, {"kind": "Pod"}, transport, **task).run() == {"a": 1}
    assert (not_ansible, work) == (["module"], [])


def test_it_is_a_module_where_the_environment_says_so(
    work: list[api_action.Call], not_ansible: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(api_action.SWITCH, "module")
    assert action(read_action, {"kind": "Pod"}).run() == {"a": 1}
    assert (not_ansible, work) == (["module"], [])


@pytest.mark.parametrize(("asked_for", "ran"), [(None, ["module"]), ("module", ["module"]), ("process", [])])
def test_on_macos_it_is_a_module_unless_asked_for(
    asked_for: str | None,
    ran: list[str],
    work: list[api_action.Call],
    not_ansible: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There a fork that asks for the system's proxies, as the client does, may be killed."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.delenv(api_action.SWITCH, raising=False)
    if asked_for:
        monkeypatch.setenv(api_action.SWITCH, asked_for)
    action(read_action, {"kind": "Pod"}).run()
    assert not_ansible == ran
    assert len(work) == 1 - len(ran)


def test_without_the_client_the_module_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, not_ansible: list[str]
) -> None:
    monkeypatch.setattr(read_action.read, "MISSING", "ImportError: kubernetes")
    assert action(read_action, {"kind": "Pod"}).run() == {"a": 1}
    assert not_ansible == ["module"]


def test_wrong_arguments_are_refused(work: list[api_action.Call]) -> None:
    result = action(read_action, {"kinds": "Pod"}).run()
    assert result["failed"]
    assert "kind" in result["msg"]
    assert "kinds" in result["msg"]
    assert work == []


@pytest.mark.parametrize(
    ("plugin", "arguments"),
    [
        (apply_action, {"definition": [{"apiVersion": "v1", "kind": "Pod"}]}),
        (checksums_action, {"objects": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}]}),
        (pod_exec_action, {"pod": "x", "namespace": "demo", "container": "postgres", "command": "true"}),
        (read_action, {"kind": "Pod"}),
        (read_log_action, {"name": "hot-postgres-1", "namespace": "demo", "container": "postgres"}),
    ],
)
def test_an_api_that_does_not_answer_is_a_failure(plugin: Any, arguments: dict[str, Any]) -> None:
    auth = {"host": "https://127.0.0.1:1", "api_key": "hidden"}
    result = action(plugin, {**arguments, **auth}).run()
    assert result["failed"]
    assert "Connection refused" in result["msg"]


def test_a_token_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_action.read, "work", lambda call: call.fail_json(msg=f"no to {call.params['api_key']}"))
    result = action(read_action, {"kind": "Pod", "api_key": "very-secret"}).run()
    assert "very-secret" not in json.dumps(result)
    assert "no to" in result["msg"]


def test_arguments_reach_it_as_pythons_own_types() -> None:
    class Tagged(str):
        __slots__ = ()

    given = {Tagged("a"): [Tagged("b"), 1, 1.5, True, None, datetime.date(2026, 11, 26)], "c": {"d": ()}}
    got = api_action.plain(given)
    assert got == {"a": ["b", 1, 1.5, True, None, "2026-11-26"], "c": {"d": []}}
    assert [type(key) for key in got] == [str, str]
    assert type(got["a"][0]) is str


@pytest.mark.parametrize("name", ["apply", "checksums", "pod_exec", "read", "read_log"])
def test_the_client_is_there_before_ansible_forks(name: str) -> None:
    """Otherwise each task would import it anew, which is what this is about."""
    code = f"import sys; import ansible_collections.pgha.kubernetes.plugins.action.{name}; print(*sys.modules)"
    path = {"PYTHONPATH": str(ROOT / "playbooks" / "collections"), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"kubernetes.client.api_client", "kubernetes.config.kube_config", "kubernetes.dynamic.client"} <= loaded
