# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers of a survey come to: unset, a value of the variable's type, or a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.survey import is_unset, survey_answers

OPTIONS = {
    "text": {},
    "path": {"type": "path"},
    "number": {"type": "int", "default": 3},
    "ratio": {"type": "float"},
    "flag": {"type": "bool"},
    "names": {"type": "list", "elements": "str"},
    "rules": {"type": "list", "elements": "raw"},
    "lag": {"type": "raw"},
    "params": {"type": "dict"},
    "secret": {"no_log": True},
    "storage": {
        "type": "dict",
        "default": {"size": "10Gi", "class": ""},
        "options": {
            "size": {"type": "str"},
            "count": {"type": "int"},
            "password": {"no_log": True},
            "file": {"type": "path"},
        },
    },
    "kubedb_chart": {},
}
SPECS = [{"argument_specs": {"main": {"options": OPTIONS}, "other": {"short_description": "none"}}}]


def taken(**answers: Any) -> dict[str, Any]:
    return survey_answers({f"survey_{name}": answer for name, answer in answers.items()}, SPECS)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("answer", ["", " ", "\n", None, []])
def test_no_answer_is_nothing_given(name: str, answer: Any) -> None:
    assert taken(**{name: answer}) == {"variables": {}, "mappings": {}, "problems": []}
    assert is_unset(answer)


@pytest.mark.parametrize(
    ("name", "answer", "value"),
    [
        ("text", "17", "17"),
        ("text", " with spaces ", " with spaces "),
        ("path", "/tmp/x", "/tmp/x"),
        ("path", "/tmp/x~1", "/tmp/x~1"),
        ("text", "a $word of ~/many", "a $word of ~/many"),
        ("kubedb_chart", "oci://registry.example/kubedb", "oci://registry.example/kubedb"),
        ("storage", "{size: $, file: /tmp/x}", {"size": "$", "file": "/tmp/x"}),
        ("number", 5, 5),
        ("number", " 5 ", 5),
        ("number", 0, 0),
        ("ratio", 0.5, 0.5),
        ("ratio", "0.5", 0.5),
        ("ratio", 1, 1),
        ("flag", "false", False),
        ("flag", "Yes", True),
        ("flag", False, False),
        ("names", "app, report", ["app", "report"]),
        ("names", "app\nreport\n", ["app", "report"]),
        ("names", "- app\n- report", ["app", "report"]),
        ("names", "[]", []),
        ("names", ["a", "b"], ["a", "b"]),
        ("rules", "- {type: host}\n- local", [{"type": "host"}, "local"]),
        ("lag", "16MB", "16MB"),
        ("lag", "1000000", 1000000),
        (
            "params",
            "num_init_children: 64\nmemory_cache_enabled: on",
            {"num_init_children": 64, "memory_cache_enabled": True},
        ),
        ("params", {"a": 1}, {"a": 1}),
        ("secret", "no: mapping", "no: mapping"),
    ],
)
def test_an_answer_has_the_type_of_the_variable(name: str, answer: Any, value: Any) -> None:
    assert taken(**{name: answer}) == {"variables": {name: value}, "mappings": {}, "problems": []}


def test_a_key_of_a_mapping_comes_with_what_the_mapping_is_by_default() -> None:
    assert taken(storage__size="20Gi", storage__count="2", storage__password="")["mappings"] == {
        "storage": {"default": {"size": "10Gi", "class": ""}, "given": {"size": "20Gi", "count": 2}}
    }


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("number", "many", "survey_number is 'many': give a whole number"),
        ("number", True, "survey_number is 'True': give a whole number"),
        ("number", 1.5, "survey_number is '1.5': give a whole number"),
        ("ratio", "half", "survey_ratio is 'half': give a number"),
        ("flag", "maybe", "survey_flag is 'maybe': give true or false"),
        ("text", {"a": 1}, "survey_text is \"{'a': 1}\": give a text"),
        ("rules", "word", "survey_rules is a value that is not shown: give a list, as YAML"),
        ("params", "word", "survey_params is a value that is not shown: give a mapping, as YAML"),
        ("params", "a: [", "survey_params is a value that is not shown: give a mapping, as YAML (line 1 is not)"),
        ("lag", "a: b: c", "survey_lag is 'a: b: c': give a value (line 1 is not)"),
        ("storage__count", "two", "survey_storage__count is 'two': give a whole number"),
        ("nmbr", "5", "survey_nmbr is no question of this collection: did you mean survey_number?"),
        (
            "storage__sizes",
            "5",
            "survey_storage__sizes is no question of this collection: did you mean survey_storage__size?",
        ),
        ("xyzzy", "5", "survey_xyzzy is no question of this collection: remove it from the survey"),
    ],
)
def test_what_cannot_be_taken_is_said(name: str, answer: Any, sentence: str) -> None:
    assert taken(**{name: answer}) == {"variables": {}, "mappings": {}, "problems": [sentence]}


@pytest.mark.parametrize("name", ["text", "params", "names", "secret"])
@pytest.mark.parametrize("answer", ["{{ lookup('env', 'HOME') }}", "a: '{% if true %}b{% endif %}'", "{# x #}"])
def test_an_answer_is_no_template(name: str, answer: str) -> None:
    [problem] = taken(**{name: answer})["problems"]
    assert problem.endswith("an answer is no template, so give the value itself")


@pytest.mark.parametrize("answer", ["/x/$K8S_AUTH_API_KEY", "${HOME}/x", "~/x", "~deployer"])
@pytest.mark.parametrize("name", ["path", "kubedb_chart", "storage__file", "storage"])
def test_a_path_takes_nothing_from_the_environment_of_the_job(name: str, answer: str) -> None:
    """Ansible puts it there, also the token of the API, and says so: there is no folder /x/eyJ…"""
    made = taken(**{name: f"file: {answer}" if name == "storage" else answer})
    shown = "a value that is not shown" if name == "storage" else repr(answer)
    sentence = f"survey_{name} is {shown}: a path has no $ and does not begin with ~, so give all of it"
    assert made == {"variables": {}, "mappings": {}, "problems": [sentence]}


def test_a_secret_is_not_told() -> None:
    [problem] = taken(secret="{{ hunter2 }}")["problems"]
    assert "hunter2" not in problem


def test_a_long_answer_is_cut() -> None:
    [problem] = taken(number="x" * 200)["problems"]
    assert len(problem) < 140
