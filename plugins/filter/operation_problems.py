# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: operation_problems
short_description: Why the operator of a PostgreSQL cluster cannot be asked for something
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Refuses what the operator does not do, and a cluster that is not there; and to stop one that is not ready, where the
    operator would keep the order until it is.
positional: operation
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  operation:
    description: What is asked for.
    type: str
    choices: [switchover, restart, scale, upgrade, hibernate, wake, rotate_password]
    required: true
"""

EXAMPLES = r"""
- name: Refuse what cannot be
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: "{{ postgres_cluster_result | pgha.kubernetes.operation_problems('hibernate') }}"
"""

RETURN = r"""
_value:
  description: Sentences, none if it can be asked.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import (
    operation_problems as _operation_problems,
)


def operation_problems(contract: Mapping[str, Any], operation: str) -> list[str]:
    """Say why the operator cannot be asked."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.operation_problems: give a mapping, not {type_name(contract)}")
    try:
        return list(_operation_problems(contract, str(operation)))
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.operation_problems: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.operation_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"operation_problems": operation_problems}
