# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: survey_answers
short_description: Variables from the answers of a survey
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Takes the answers of a survey of AWX, C(survey_<variable>) or C(survey_<variable>__<key>), and returns the variables
    that they are for, each with the type that its argument spec says.
  - An answer that is empty stands for nothing given.
positional: specs
options:
  _input:
    description: Every variable whose name starts with C(survey_), with its value.
    type: dict
    required: true
  specs:
    description: Argument specs of roles and playbooks, as their files have them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Take the answers
  ansible.builtin.set_fact:
    "{{ item.key }}": "{{ item.value }}"
  loop: "{{ answers.variables | dict2items }}"
  vars:
    names: "{{ query('ansible.builtin.varnames', '^survey_') }}"
    answers: "{{ dict(names | zip(query('ansible.builtin.vars', *names))) | pgha.kubernetes.survey_answers(specs) }}"
    specs: ["{{ lookup('ansible.builtin.file', 'roles/pgpool/meta/argument_specs.yml') | from_yaml }}"]
"""

RETURN = r"""
_value:
  description:
    - C(variables) has those that were answered, by name, with their values.
    - C(mappings) has those of which single keys were answered, with what was C(given) and what is the C(default).
    - C(problems) is a sentence for each answer that cannot be taken.
  type: dict
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.survey import survey_answers as _survey_answers


def survey_answers(variables: Mapping[str, Any], specs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the variables that a survey's answers are for."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError(
            f"pgha.kubernetes.survey_answers: the variables must be a mapping, not {type(variables).__name__}"
        )
    if not isinstance(specs, list) or not all(isinstance(spec, Mapping) for spec in specs):
        raise AnsibleFilterError("pgha.kubernetes.survey_answers: specs must be a list of mappings")
    return _survey_answers(variables, specs)


class FilterModule:
    """The filter pgha.kubernetes.survey_answers."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"survey_answers": survey_answers}
