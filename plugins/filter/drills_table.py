# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drills_table
short_description: A table of what drills came to
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - A row for each drill, in Markdown. Seconds are the median and the worst of its runs.
positional: plan
options:
  _input:
    description: >-
      What the filter P(pgha.kubernetes.drill_record#filter) made of each run. Where C(operator) was added to the
      records of a row, the operator's image, the row says with which one.
    type: list
    elements: dict
    required: true
  plan:
    description: What the filter P(pgha.kubernetes.drills_plan#filter) made, for those that were skipped.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what came of it
  ansible.builtin.debug:
    msg: "{{ __drills_records | pgha.kubernetes.drills_table(__drills_plan) }}"
"""

RETURN = r"""
_value:
  description: The table.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drills import drills_table as _drills_table
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name


def drills_table(records: Sequence[Mapping[str, Any]], plan: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return a table of what drills came to."""
    if not isinstance(records, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.drills_table: give a list of records, not {type_name(records)}")
    return _drills_table(records, plan)


class FilterModule:
    """The filter pgha.kubernetes.drills_table."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"drills_table": drills_table}
