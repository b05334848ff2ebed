# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_plan
short_description: Which backup of a PostgreSQL cluster is asked for
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Names the object that asks the operator for a base backup, or the one that goes on already.
positional: objects, now
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  objects:
    description: Its objects, and what else says of its backups.
    type: list
    elements: dict
    required: true
  now:
    description: The time, which tells it from others.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Name it
  ansible.builtin.set_fact:
    __plan: "{{ postgres_cluster_result | pgha.kubernetes.backup_plan(__objects, '2026-11-25T21:04:05Z') }}"
"""

RETURN = r"""
_value:
  description: >-
    C(name), C(going) (a sentence, where it is there already) and what else the operator's template needs.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def backup_plan(contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], now: str) -> dict[str, Any]:
    """Say which backup is asked for."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.backup_plan: give a mapping, not {type_name(contract)}")
    try:
        return operators.adapter(contract["operator"]).backup_plan(contract["name"], objects, now)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.backup_plan: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.backup_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"backup_plan": backup_plan}
