# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: scale_problems
short_description: Why the number of instances cannot be changed
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Refuses to remove instances of a cluster that is not ready, unless its operator has been told that number before,
    and what its operator cannot do.
positional: instances
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  instances:
    description: How many instances there are to be.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Refuse what cannot be
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: "{{ postgres_cluster_result | pgha.kubernetes.scale_problems(5) }}"
"""

RETURN = r"""
_value:
  description: Sentences, none if it can be done.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import scale_problems as _scale_problems


def scale_problems(contract: Mapping[str, Any], instances: int) -> list[str]:
    """Say why the number of instances cannot be changed."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.scale_problems: give a mapping, not {type_name(contract)}")
    try:
        return _scale_problems(contract, instances)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.scale_problems: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.scale_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"scale_problems": scale_problems}
