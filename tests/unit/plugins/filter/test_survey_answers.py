# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter survey_answers. What it makes is tested with plugin_utils/survey.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.survey_answers import FilterModule, survey_answers


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"survey_answers": survey_answers}


def test_refuses_answers_without_names() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        survey_answers(["5"], [])
    assert str(caught.value) == "pgha.kubernetes.survey_answers: the variables must be a mapping, not list"


@pytest.mark.parametrize("specs", [{"argument_specs": {}}, ["argument_specs"], None])
def test_refuses_what_are_no_specs(specs: Any) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        survey_answers({}, specs)
    assert str(caught.value) == "pgha.kubernetes.survey_answers: specs must be a list of mappings"


def test_takes_what_a_playbook_has(render: Callable[[str, str], Any]) -> None:
    specs = "[{argument_specs: {main: {options: {b: {type: int}}}}}]"
    variables = f"{{n: 5, answers: {{survey_a: '', survey_b: '{{{{ n }}}}'}}, specs: {specs}}}"
    made = render("{{ answers | pgha.kubernetes.survey_answers(specs) }}", variables)
    assert made == {"variables": {"b": 5}, "mappings": {}, "problems": []}
