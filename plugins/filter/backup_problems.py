# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_problems
short_description: Why backups of a PostgreSQL cluster cannot be made
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - >-
    Compares C(postgres_cluster_backup) with the Secrets that it names and with what the operator can do. No value
    of a Secret is part of a sentence.
positional: objects, operator, namespace
options:
  _input:
    description: C(postgres_cluster_backup).
    type: dict
    required: true
  objects:
    description: The Secrets, the operator's Deployment, the CRD of the plugin, as far as they exist.
    type: list
    elements: dict
    required: true
  operator:
    description: What runs the cluster.
    type: str
    required: true
  namespace:
    description: The namespace of the cluster.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse backups that cannot be made
  ansible.builtin.assert:
    that: __problems | length == 0
  vars:
    __problems: "{{ postgres_cluster_backup | pgha.kubernetes.backup_problems(__objects, 'cloudnativepg', 'demo') }}"
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
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import backup_problems as _backup_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name


def backup_problems(
    backup: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], operator: str, namespace: str
) -> list[str]:
    """Say why backups cannot be made."""
    if not isinstance(backup, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.backup_problems: give a mapping, not {type_name(backup)}")
    return _backup_problems(backup, objects, operator, namespace)


class FilterModule:
    """The filter pgha.kubernetes.backup_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"backup_problems": backup_problems}
