# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pod_logs
short_description: What pods of PostgreSQL or Pgpool-II logged, as pgBadger reads it
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Makes one log of what each pod logged before and after it restarted, as P(pgha.kubernetes.postgres_log#filter) makes
    it, without passwords.
positional: previous
options:
  _input:
    description: Results of a loop of P(pgha.kubernetes.read_log#module) over the names of pods, failed ones among them.
    type: list
    elements: dict
    required: true
  previous:
    description: Results of such a loop with C(previous), over all of these pods or some.
    type: list
    elements: dict
    default: []
  loop_var:
    description: The C(loop_var) of both loops.
    type: str
    default: item
seealso:
  - plugin: pgha.kubernetes.postgres_log
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep what the pods logged
  ansible.builtin.set_fact:
    my_logs: "{{ my_answers.results | pgha.kubernetes.pod_logs(my_previous_answers.results) }}"
"""

RETURN = r"""
_value:
  description: >-
    By the names of the pods, C(logged), the logs that could be read, and C(unread), why a log could not be, or what was
    logged before a restart.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_log import pod_logs as _pod_logs


def pod_logs(
    results: Sequence[Mapping[str, Any]], previous: Sequence[Mapping[str, Any]] = (), loop_var: str = "item"
) -> dict[str, dict[str, str]]:
    """Return the logs by the names of the pods, and why others are missing."""
    for given in (results, previous):
        if not isinstance(given, (list, tuple)):
            raise AnsibleFilterError(f"pgha.kubernetes.pod_logs: give a list of results, not {type_name(given)}")
    return _pod_logs(results, previous, str(loop_var))


class FilterModule:
    """The filter pgha.kubernetes.pod_logs."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"pod_logs": pod_logs}
