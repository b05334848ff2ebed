# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: input_problems
short_description: What is wrong with the variables of a role
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares the variables of a role with the options of its argument specs, nested ones too, and with the formats
    that this collection knows for them.
  - Finds names that the role does not know, which argument specs alone cannot.
  - Values of options with C(no_log), and of names that are not known, are never part of a sentence.
positional: options, role
options:
  _input:
    description: Every variable whose name starts with the role's or the collection's prefix, with its value.
    type: dict
    required: true
  options:
    description: The options of the role's argument specs.
    type: dict
    required: true
  role:
    description: The role's name, which is the prefix of its variables.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Check the variables
  ansible.builtin.assert:
    that: __pgpool_problems | length == 0
    fail_msg: "{{ __pgpool_problems | join('\n') }}"
  vars:
    __pgpool_names: "{{ query('ansible.builtin.varnames', '^(pgha|pgpool)_') }}"
    __pgpool_specs: "{{ lookup('ansible.builtin.file', role_path ~ '/meta/argument_specs.yml') | from_yaml }}"
    __pgpool_problems: >-
      {{ dict(__pgpool_names | zip(query('ansible.builtin.vars', *__pgpool_names)))
         | pgha.kubernetes.input_problems(__pgpool_specs.argument_specs.main.options, 'pgpool') }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, with the variable, its value and type, and what would be right.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems as _input_problems


def input_problems(variables: Mapping[str, Any], options: Mapping[str, Any], role: str) -> list[str]:
    """Say what is wrong with a role's variables."""
    for name, value in (("the variables", variables), ("options", options)):
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(
                f"pgha.kubernetes.input_problems: {name} must be a mapping, not {type(value).__name__}"
            )
    return _input_problems(variables, options, role)


class FilterModule:
    """The filter pgha.kubernetes.input_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"input_problems": input_problems}
