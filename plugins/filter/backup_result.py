# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_result
short_description: What became of a backup
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Reads the status of the object that asked for it, a Backup of CloudNativePG or a BackupSession of KubeStash.
positional: operator, objects
options:
  _input:
    description: That object.
    type: dict
    required: true
  operator:
    description: What runs the cluster.
    type: str
    choices: [cloudnativepg, kubedb]
    default: cloudnativepg
  objects:
    description: What it made, where that is objects of its own.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show how it went
  ansible.builtin.debug:
    msg: "{{ (__backup | pgha.kubernetes.backup_result).problem }}"
"""

RETURN = r"""
_value:
  description: >-
    C(phase), C(done), C(problem) (the operator's words, empty if there is none), C(result) (name, times, and places in
    the WAL or Snapshots) and C(words), the same as a sentence.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def backup_result(
    backup: Mapping[str, Any], operator: str = "cloudnativepg", objects: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Say what became of a backup."""
    if not isinstance(backup, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.backup_result: give a mapping, not {type_name(backup)}")
    try:
        return operators.adapter(operator).backup_result(backup, objects)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.backup_result: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.backup_result."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"backup_result": backup_result}
