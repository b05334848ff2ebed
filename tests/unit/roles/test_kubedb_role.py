# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role kubedb: what it writes and says, and the order of its tasks."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems

ROLE = Path(__file__).parents[3] / "roles" / "kubedb"
LICENCE = "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----"


def evaluate(text: str, **changes: Any) -> Any:
    loader = DataLoader()
    known: dict[str, Any] = {}
    for name in ("defaults", "vars"):
        known |= loader.load(trust_as_template((ROLE / name / "main.yml").read_text()))
    templar = Templar(loader=loader, variables={**known, **changes})
    return templar.template(trust_as_template(text), escape_backslashes=False)


def tasks(name: str) -> list[dict[str, Any]]:
    def flat(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            task
            for item in items
            for task in (flat(item["block"]) + flat(item.get("rescue", [])) if "block" in item else [item])
        ]

    return flat(yaml.safe_load((ROLE / "tasks" / f"{name}.yml").read_text()))


def test_a_licence_becomes_a_secret() -> None:
    text = evaluate((ROLE / "templates/license.yml.j2").read_text(), kubedb_license={"text": LICENCE})
    secret = yaml.safe_load(str(text))
    assert (secret["metadata"]["name"], secret["metadata"]["namespace"]) == ("kubedb-license", "kubedb")
    assert base64.b64decode(secret["data"]["key.txt"]).decode() == LICENCE + "\n"


def test_the_values_have_no_licence() -> None:
    values = evaluate("{{ __kubedb_all_values }}", kubedb_license={"text": LICENCE}, kubedb_values={"a": {"b": 1}})
    assert "hunter2" not in str(values)
    assert (values["global"]["licenseSecretName"], values["a"]) == ("kubedb-license", {"b": 1})
    own = evaluate("{{ __kubedb_all_values.global.licenseSecretName }}", kubedb_license={"secret": "of-ours"})
    assert own == "of-ours"


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({}, "kubedb_license is empty (mapping)"),
        ({"text": LICENCE}, "kubedb_license.text is a value that is not shown (string)"),
        ({"secret": "of-ours"}, 'kubedb_license.secret is "of-ours" (string)'),
        ({"file": "/nowhere/licence"}, 'kubedb_license.file is "/nowhere/licence" (path)'),
    ],
)
def test_a_message_names_the_variable(given: dict[str, str], source: str) -> None:
    assert evaluate("{{ __kubedb_source }}", kubedb_license=given) == source


def test_a_licence_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "licence").write_text(LICENCE)
    assert evaluate("{{ __kubedb_given }}", kubedb_license={"file": str(tmp_path / "licence")}) == LICENCE
    assert evaluate("{{ __kubedb_given }}", kubedb_license={"file": str(tmp_path / "none")}) == ""


def test_the_defaults_are_right() -> None:
    options = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    given = {name: evaluate("{{ " + name + " }}") for name in options}
    assert input_problems(given, options, "kubedb") == []
    (found,) = input_problems({**given, "kubedb_chart": "https://registry.example/kubedb"}, options, "kubedb")
    assert found.startswith("kubedb_chart is 'https://registry.example/kubedb' (string): give a reference such as oci://")


def test_nothing_is_written_before_the_licence_is_checked() -> None:
    writing = {"kubernetes.core.k8s", "kubernetes.core.helm", "ansible.builtin.command"}
    for name in ("preflight", "preflight_tools", "preflight_license"):
        assert [task["name"] for task in tasks(name) if writing & set(task)] == []
    assert tasks("main")[0]["ansible.builtin.include_tasks"] == "preflight.yml"


def test_a_licence_that_expires_soon_is_warned_of_and_not_refused() -> None:
    *_, compared, _refused, warned = tasks("preflight_license")
    assert ", days=30)" in compared["ansible.builtin.set_fact"]["__kubedb_license_warnings"]
    assert warned["ansible.builtin.debug"]["msg"] == "{{ __kubedb_license_warnings }}"
    for warnings in ([], ["it expires"]):
        assert evaluate("{{ " + warned["when"] + " }}", __kubedb_license_warnings=warnings) is bool(warnings)


def test_tasks_that_have_the_licence_do_not_show_it() -> None:
    every = [task for path in (ROLE / "tasks").glob("*.yml") for task in tasks(path.stem)]
    words = ("__kubedb_given", "license.yml.j2", "Secret")
    having = [task for task in every if any(word in str(task) for word in words)]
    assert len(having) == 5
    assert [task["name"] for task in having if "no_log" not in task] == []


def test_helm_is_not_asked_to_wait_and_gets_a_pinned_version() -> None:
    (helm,) = [task["kubernetes.core.helm"] for task in tasks("install") if "kubernetes.core.helm" in task]
    assert "wait" not in helm
    assert helm["chart_version"] == "{{ kubedb_version }}"


def test_webhooks_and_catalogue_are_waited_for() -> None:
    needs = evaluate("{{ __kubedb_needs }}")
    assert {need["kind"] for need in needs} == {
        "CustomResourceDefinition",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "PostgresVersion",
        "PlacementPolicy",
    }
