# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `input_problems` says about each kind of mistake, and what it keeps to itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.filter.core import to_bool
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import input_problems as module
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import is_true

ROLES = Path(__file__).resolve().parents[4] / "roles"
OPTIONS: dict[str, Any] = {
    "demo_count": {"type": "int", "default": 3},
    "demo_share": {"type": "float"},
    "demo_name": {"type": "str", "required": True},
    "demo_state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "demo_on": {"type": "bool"},
    "demo_note": {"type": "str", "default": ""},
    "demo_token": {"type": "str", "no_log": True},
    "demo_file": {"type": "path"},
    "demo_any": {"type": "raw"},
    "demo_colours": {"type": "list", "elements": "str", "choices": ["red", "green"]},
    "demo_numbers": {"type": "list", "elements": "int"},
    "demo_storage": {
        "type": "dict",
        "default": {},
        "options": {"size": {"type": "str", "required": True}, "fast": {"type": "bool"}},
    },
    "demo_free": {"type": "dict"},
    "demo_users": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "password": {"type": "str", "no_log": True},
            "limits": {"type": "dict", "options": {"connections": {"type": "int"}}},
        },
    },
}
GOOD: dict[str, Any] = {"demo_name": "x"}
# What YAML, Ansible's own validation and people take for true and false.
WORDS = ("true", "false", "yes", "no", "on", "off", "1", "0", "t", "f", "y", "n", "enabled", "2", " true", "")


def problems(**changes: Any) -> list[str]:
    return input_problems({**GOOD, **changes}, OPTIONS, "demo")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"demo_count": 3},
        {"demo_count": "3"},
        {"demo_share": 0.5},
        {"demo_share": "0.5"},
        {"demo_share": 1},
        {"demo_name": 17},
        {"demo_name": "${'a': 1}"},
        {"demo_on": True},
        {"demo_on": "yes"},
        {"demo_on": 0},
        {"demo_note": ""},
        {"demo_any": None},
        {"demo_storage": {}},
        {"demo_storage": {"size": "1Gi", "fast": "false"}},
        {"demo_colours": ["red"]},
        {"demo_numbers": [1, "2"]},
        {"demo_free": {"whatever": [1]}},
        {"demo_users": [{"name": "a", "password": "p", "limits": {"connections": "5"}}]},
        {"demo_users": ()},
        {"demo_result": {"made": "by the role"}},
        {"pgha_namespace": "demo", "pgha_secure_logging": False, "pgha_k8s_auth": {"context": "kind-pgha"}},
    ],
)
def test_accepts(changes: dict[str, Any]) -> None:
    assert problems(**changes) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"demo_count": "three"}, "demo_count is 'three' (string): give a whole number"),
        ({"demo_count": 1.5}, "demo_count is 1.5 (number): give a whole number"),
        ({"demo_count": True}, "demo_count is true (boolean): give a whole number"),
        ({"demo_count": ""}, "demo_count is empty (string): give a whole number"),
        ({"demo_count": None}, "demo_count is null: give a whole number"),
        ({"demo_count": [1]}, "demo_count is a list: give a whole number"),
        ({"demo_share": "much"}, "demo_share is 'much' (string): give a number"),
        ({"demo_name": ""}, "demo_name is empty (string): give a string that is not empty"),
        ({"demo_name": "  "}, "demo_name is '  ' (string): give a string that is not empty"),
        ({"demo_name": {"a": 1}}, "demo_name is a mapping: give a string that is not empty"),
        ({"demo_state": "gone"}, "demo_state is 'gone' (string): give one of present, absent"),
        ({"demo_on": "maybe"}, "demo_on is 'maybe' (string): give true or false"),
        ({"demo_on": "y"}, "demo_on is 'y' (string): give true or false"),
        ({"demo_storage": {"size": "1", "fast": "T"}}, "demo_storage.fast is 'T' (string): give true or false"),
        ({"demo_file": 3}, "demo_file is 3 (integer): give a path"),
        ({"demo_colours": "red"}, "demo_colours is 'red' (string): give one of red, green"),
        ({"demo_colours": ["red", "blue"]}, "demo_colours[1] is 'blue' (string): give one of red, green"),
        ({"demo_numbers": [1, "x"]}, "demo_numbers[1] is 'x' (string): give a whole number"),
        ({"demo_numbers": "1,2"}, "demo_numbers is '1,2' (string): give a list, each entry a whole number"),
        ({"demo_storage": "1Gi"}, "demo_storage is '1Gi' (string): give a mapping"),
        ({"demo_storage": {"fast": True}}, "demo_storage.size is missing: give a string that is not empty"),
        ({"demo_storage": {"size": "1", "fsat": 1}}, "demo_storage.fsat is not known: did you mean fast?"),
        (
            {"demo_storage": {"size": "1", "qqq": 1}},
            "demo_storage.qqq is not known: remove it, or use one of size, fast",
        ),
        (
            {"demo_users": [{"name": "a", "limits": {"connections": "x"}}]},
            "demo_users[0].limits.connections is 'x' (string): give a whole number",
        ),
        ({"demo_cuont": 1}, "demo_cuont is not a variable of the role demo: did you mean demo_count?"),
        (
            {"demo_zzzzzzzzz": 1},
            "demo_zzzzzzzzz is not a variable of the role demo: "
            "remove it; the role's README has the list of its variables",
        ),
        ({"pgha_namspace": 1}, "pgha_namspace is not a variable of this collection: did you mean pgha_namespace?"),
        (
            {"pgha_operator": "kubdb"},
            "pgha_operator is 'kubdb' (string): give one of cloudnativepg, kubedb, kubedb_v1alpha1, existing",
        ),
    ],
)
def test_refuses(changes: dict[str, Any], sentence: str) -> None:
    assert problems(**changes) == [sentence]


def test_a_boolean_is_to_the_check_what_it_is_to_the_roles() -> None:
    """The roles read it with the filter `bool`, to which a word that it does not know is false."""
    given = [True, False, 0, 1, 2, *(case(word) for word in WORDS for case in (str.lower, str.upper, str.title))]
    taken = [value for value in given if not problems(demo_on=value)]
    true = [value for value in taken if is_true(value)]
    assert true == [value for value in given if to_bool(value)]
    assert {str(value).lower() for value in taken if value not in true} == {"false", "no", "off", "0"}


def test_says_what_is_missing() -> None:
    assert input_problems({}, OPTIONS, "demo") == ["demo_name is missing: give a string that is not empty"]


def test_says_everything_at_once_in_the_order_of_the_spec() -> None:
    found = problems(demo_on="maybe", demo_count="x", demo_cuont=1)
    assert [sentence.partition(" ")[0] for sentence in found] == ["demo_cuont", "demo_count", "demo_on"]


HALF = json.loads('"a\\ud800"')


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"demo_note": HALF}, "demo_note is 'a\\ud800' (string)"),
        ({"demo_colours": [HALF]}, "demo_colours[0] is 'a\\ud800' (string)"),
        ({"demo_free": {"note": HALF}}, "demo_free.note is 'a\\ud800' (string)"),
        (
            {"demo_users": [{"name": "a", "password": HALF}]},
            "demo_users[0].password is a value that is not shown (string)",
        ),
    ],
)
def test_half_a_character_is_refused(changes: dict[str, Any], start: str) -> None:
    assert problems(**changes) == [f"{start}: take out U+D800 to U+DFFF, each of which is half of a character"]


def test_half_a_character_in_a_password_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.FORMATS, "demo_users[].password", module.FORMATS["postgres_cluster_users[].password"])
    [said] = problems(demo_users=[{"name": "a", "password": HALF}])
    assert said.startswith("demo_users[0].password is a value that is not shown (string): take out ")
    assert problems(demo_users=[{"name": "a", "password": "aä"}]) == []


def test_cuts_long_values() -> None:
    (sentence,) = problems(demo_count="x" * 500)
    assert len(sentence) < 150


@pytest.mark.parametrize(
    "changes",
    [
        {"demo_token": ["canary"]},
        {"demo_token": {"canary": "canary"}},
        {"demo_tokn": "canary"},
        {"demo_users": "app:canary"},
        {"demo_users": {"app": "canary"}},
        {"demo_users": ["canary"]},
        {"demo_users": [{"name": "a", "password": ["canary"]}]},
        {"demo_users": [{"name": "a", "pasword": "canary"}]},
        {"demo_users": [{"name": {"password": "canary"}}]},
        {"pgha_k8s_auth": {"api_key": ["canary"]}},
        {"pgha_k8s_auth": "canary"},
    ],
)
def test_keeps_secrets(changes: dict[str, Any]) -> None:
    found = problems(**changes)
    assert len(found) == 1
    assert "canary" not in found[0]


def test_checks_come_only_when_all_types_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.CHECKS, "demo", lambda variables: iter([f"checked {variables['demo_name']}"]))
    assert problems() == ["checked x"]
    assert problems(demo_count="x") == ["demo_count is 'x' (string): give a whole number"]


def test_formats_apply_to_nested_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.FORMATS, "demo_storage.size", module.fmt.quantity())
    monkeypatch.setitem(module.FORMATS, "demo_users[].name", module.fmt.database_role())
    monkeypatch.setitem(module.FORMATS, "demo_free.port", module.fmt.port())
    monkeypatch.setitem(module.FORMATS, "demo_numbers[]", module.fmt.integer(1))
    assert problems(
        demo_storage={"size": "2 gigs"}, demo_users=[{"name": "A"}], demo_free={"port": 0}, demo_numbers=[0]
    ) == [
        "demo_numbers[0] is 0 (integer): give a whole number of at least 1",
        "demo_storage.size is '2 gigs' (string): give a Kubernetes quantity such as 10Gi or 500Mi",
        "demo_free.port is 0 (integer): give a whole number from 1 to 65535",
        f"demo_users[0].name is 'A' (string): {module.fmt.database_role().remedy}",
    ]


def test_results_of_the_job_before_are_no_mistake() -> None:
    """AWX gives what `set_stats` kept to the next jobs of a workflow as extra variables."""
    root = Path(__file__).resolve().parents[4]
    files = [*(root / "playbooks").glob("*.yml"), *(root / "roles").glob("*/tasks/*.yml")]
    kept = {name for path in files for name in re.findall(r"data: \"\{\{ \{'(\w+)':", path.read_text(encoding="utf-8"))}
    assert len(kept) > 15
    roles = [path.name for path in (root / "roles").iterdir()]
    assert {name for name in kept if name.startswith(tuple(f"{role}_" for role in roles))} == module.RESULTS
    for name in module.RESULTS:
        assert input_problems({name: {}}, {}, name.partition("_")[0]) == []


def test_what_a_role_keeps_in_a_run_is_no_mistake_in_it() -> None:
    """Its variables are checked once more in a run where they are others."""
    root = Path(__file__).resolve().parents[4]
    texts = [path.read_text(encoding="utf-8") for path in (root / "roles").glob("*/tasks/*.yml")]
    kept = {name for text in texts for name in re.findall(r"^ +([a-z]\w*_result):", text, re.MULTILINE)}
    roles = {path.name for path in (root / "roles").iterdir()}
    assert kept - {f"{role}_result" for role in roles} == module.FACTS
    for name in kept:
        role = next(role for role in roles if name.startswith(f"{role}_"))
        assert input_problems({name: {}}, {}, role) == []


@pytest.mark.parametrize(("path", "key"), [(path, key) for path, keys in module.NEEDED.items() for key in keys])
def test_what_a_mapping_needs_is_missed_once_it_has_something(path: str, key: str) -> None:
    name, _dot, inner = path.partition(".")
    role = next(role for role in ("postgres_cluster", "pgpool") if name.startswith(f"{role}_"))
    specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    option = specs["argument_specs"]["main"]["options"][name]
    mapping = option["options"][inner] if inner else option
    assert key in mapping["options"]
    other = next(other for other in mapping["options"] if other not in module.NEEDED[path])

    def said(given: dict[str, Any]) -> list[str]:
        return input_problems({name: {inner: given} if inner else given}, {name: option}, role)

    assert [sentence for sentence in said({}) if key in sentence] == []
    assert any(sentence.startswith(f"{path}.{key} is missing: ") for sentence in said({other: "x"}))
    assert any(sentence.startswith(f"{path}.{key} is empty (string): ") for sentence in said({key: ""}))


@pytest.mark.parametrize(
    ("name", "value", "start"),
    [
        *(
            (f"{name}_resources", {group: {"memory": "2 gigs"}}, f"{group}.memory is '2 gigs' (string): give a Kub")
            for name in ("cloudnativepg", "postgres_cluster", "monitoring", "pgpool")
            for group in ("requests", "limits")
        ),
        *(
            (f"{name}_service", {"annotations": {"x.io/port": 80}}, "annotations is a mapping: give a mapping of names")
            for name in ("monitoring", "pgpool")
        ),
        ("monitoring_dashboards_annotations", {"folder": 1}, " is a mapping: give a mapping of names"),
    ],
)
def test_what_is_in_a_free_mapping_has_a_format(name: str, value: dict[str, Any], start: str) -> None:
    role = next(role for role in ("cloudnativepg", "postgres_cluster", "monitoring", "pgpool") if name.startswith(role))
    specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    option = specs["argument_specs"]["main"]["options"][name]
    [found] = input_problems({name: value}, {name: option}, role)
    assert found.removeprefix(name).removeprefix(".").startswith(start)
