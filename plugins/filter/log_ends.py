# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: log_ends
short_description: The last lines of containers' logs
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Returns the last five lines of each log, without passwords, as a message of a run shows them. Of lines that are
    JSON, as CloudNativePG's, it takes what they say.
options:
  _input:
    description: >-
      Results of a loop of P(pgha.kubernetes.read_log#module) over P(pgha.kubernetes.unready_containers#filter).
    type: list
    elements: dict
    required: true
  loop_var:
    description: The C(loop_var) of that loop.
    type: str
    default: item
seealso:
  - plugin: pgha.kubernetes.unready_containers
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say what they logged
  ansible.builtin.debug:
    msg: "{{ __logs.results | pgha.kubernetes.log_ends }}"
"""

RETURN = r"""
_value:
  description: For each log that has lines one that says whose it is, then these, with two spaces before each.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.diagnosis import log_ends as _log_ends


def log_ends(results: Sequence[Mapping[str, Any]], loop_var: str = "item") -> list[str]:
    """Return the last lines of logs; of one that could not be read there are none."""
    if not isinstance(results, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.log_ends: give a list of results, not {type(results).__name__}")
    return _log_ends([{**one[loop_var], "log": str(one.get("log") or "")} for one in results])


class FilterModule:
    """The filter pgha.kubernetes.log_ends."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"log_ends": log_ends}
