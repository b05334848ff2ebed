# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_refusal
short_description: Why no base backup is made of a PostgreSQL cluster as it is
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Refuses a cluster that is not there, is stopped or has no backups, and one whose WAL does not reach the archive.
positional: objects, operation
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
  operation:
    description: What is asked of the operator, a backup or what needs some.
    type: str
    choices: [backup, restore_drill]
    default: backup
"""

EXAMPLES = r"""
- name: Refuse what cannot be
  ansible.builtin.assert:
    that: postgres_cluster_result | pgha.kubernetes.backup_refusal(__objects) | length == 0
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import backup_refusals


def backup_refusal(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], operation: str = "backup"
) -> list[str]:
    """Say why no backup is made."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.backup_refusal: give a mapping, not {type_name(contract)}")
    try:
        return backup_refusals(contract, objects, operation)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.backup_refusal: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.backup_refusal."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"backup_refusal": backup_refusal}
