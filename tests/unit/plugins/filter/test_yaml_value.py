# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter yaml_value, read back by both parsers that PyYAML has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.yaml_value import FilterModule, yaml_value
from hypothesis import given
from hypothesis import strategies as st

texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x7f\x80\x85\u2028\u2029\ufeff\ufffe🐘\\\"'")
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"yaml_value": yaml_value}


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
@given(value=st.recursive(texts | st.booleans() | st.integers() | st.none(), st.lists, max_leaves=5))
def test_is_read_back(loader: Any, value: Any) -> None:
    written = yaml_value({"key": value})
    assert written.isascii()
    assert written.isprintable()
    assert yaml.load(f"a:\n  - x: {written}\n", Loader=loader) == {"a": [{"x": {"key": value}}]}


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
def test_each_control_character_is_read_back(loader: Any) -> None:
    characters = "".join(chr(code) for code in (*range(0xA1), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF, 0x10FFFF))
    assert yaml.load(yaml_value(characters), Loader=loader) == characters
    assert yaml.load(yaml_value({characters[:40]: 1}), Loader=loader) == {characters[:40]: 1}


@pytest.mark.parametrize("text", ["plain", 'a "b" \\ud83d\\udd25 \n\t', "Grüße\x85\x7f"])
def test_is_json_where_that_is_yaml(text: str) -> None:
    assert yaml_value([text]) == json.dumps([text])


@pytest.mark.parametrize("half", ["\ud800", "\udfff", "\udd25\ud83d"])
def test_half_a_character_is_refused_and_the_text_is_not_shown(half: str) -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^pgha\.kubernetes\.yaml_value: a text has U\+D[0-9A-F]{3}, which"
    ) as told:
        yaml_value({"password": f"hunter2{half}"})
    assert "hunter2" not in str(told.value)


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = "{asked: {day: 2026-11-28, text: \"{{ '\U0001f418' ~ 1 }}\"}}"
    assert render("{{ asked | pgha.kubernetes.yaml_value }}", variables) == (
        '{"day": "2026-11-28", "text": "\\U0001f4181"}'
    )
