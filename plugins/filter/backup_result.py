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
  - Reads the status of a Backup of CloudNativePG.
options:
  _input:
    description: The Backup.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show how it went
  ansible.builtin.debug:
    msg: "{{ (__backup | pgha.kubernetes.backup_result).problem }}"
"""

RETURN = r"""
_value:
  description: >-
    C(phase), C(done), C(problem) (the operator's words, empty if there is none) and C(result) (name, times, places
    in the WAL).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_restore import (
    backup_result as _backup_result,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name


def backup_result(backup: Mapping[str, Any]) -> dict[str, Any]:
    """Say what became of a backup."""
    if not isinstance(backup, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.backup_result: give a mapping, not {type_name(backup)}")
    return _backup_result(backup)


class FilterModule:
    """The filter pgha.kubernetes.backup_result."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"backup_result": backup_result}
