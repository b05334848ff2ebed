# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_log
short_description: A log of PostgreSQL or Pgpool-II, as pgBadger reads it
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Takes PostgreSQL's records out of the JSON into which an operator wraps them, and gives lines of Pgpool-II the same
    prefix.
  - >-
    Each line begins as with C(log_line_prefix) C(%m [%p]: user=%u,db=%d,app=%a,client=%h). Lines that are neither stay.
  - Passwords that follow known patterns are masked.
options:
  _input:
    description: The log of a container.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Keep the log of an instance
  ansible.builtin.copy:
    content: "{{ my_answer.log | pgha.kubernetes.postgres_log }}"
    dest: /tmp/instance.log
    mode: "0600"
"""

RETURN = r"""
_value:
  description: The lines.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_log import postgres_log as _postgres_log


def postgres_log(text: str) -> str:
    """Return the lines that pgBadger reads."""
    if not isinstance(text, str):
        raise AnsibleFilterError(f"pgha.kubernetes.postgres_log: give a text, not {type_name(text)}")
    return _postgres_log(str(text))


class FilterModule:
    """The filter pgha.kubernetes.postgres_log."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_log": postgres_log}
