# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drill_verdict
short_description: Whether a restored PostgreSQL cluster has the tables of its source
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares row counts and checksums, and leaves out tables that were written meanwhile.
positional: restored
options:
  _input:
    description: >-
      What the source said before and after the point to which was restored - C(before), C(after), by database, as
      CSV. Of C(after), how much each table was written is enough.
    type: dict
    required: true
  restored:
    description: What the restored cluster says, by database, as CSV.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Compare
  ansible.builtin.set_fact:
    __verdict: "{{ {'before': __before, 'after': __after} | pgha.kubernetes.drill_verdict(__restored) }}"
"""

RETURN = r"""
_value:
  description: C(problems), and C(tables), C(compared), C(rows), C(moving) (tables that were written meanwhile).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore_drill import drill_verdict as _drill_verdict


def drill_verdict(source: Mapping[str, Any], restored: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether all tables are there."""
    for value in (source, restored):
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(f"pgha.kubernetes.drill_verdict: give mappings, not {type_name(value)}")
    return _drill_verdict(source, restored)


class FilterModule:
    """The filter pgha.kubernetes.drill_verdict."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"drill_verdict": drill_verdict}
