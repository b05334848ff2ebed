# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: support_files
short_description: What support would ask for, without secrets
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Makes files of objects, logs and other texts. Passwords, keys and tokens of known patterns are masked.
  - Secrets are left out.
positional: logs, answers
options:
  _input:
    description: >-
      What C(kubernetes.core.k8s_info) returned for each kind, with C(kind), and C(resources), or C(msg) where it
      failed.
    type: list
    elements: dict
    required: true
  logs:
    description: >-
      What P(pgha.kubernetes.read_log#module) returned for each container, with C(namespace), C(pod), C(container),
      C(previous), and C(log), or C(msg) where it failed. What was logged before a restart is a file of its own.
    type: list
    elements: dict
    required: true
  answers:
    description: Other texts by the names of their files.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Make the files
  ansible.builtin.set_fact:
    __files: "{{ __reads | pgha.kubernetes.support_files(__logs, {'pg_stat_replication.csv': __answer.stdout}) }}"
"""

RETURN = r"""
_value:
  description: Texts by the names of their files.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.support import support_files as _support_files


def support_files(
    reads: Sequence[Mapping[str, Any]], logs: Sequence[Mapping[str, Any]], answers: Mapping[str, str]
) -> dict[str, str]:
    """Make the files."""
    if not isinstance(reads, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.support_files: give a list of objects, not {type_name(reads)}")
    return _support_files(reads, logs, answers)


class FilterModule:
    """The filter pgha.kubernetes.support_files."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"support_files": support_files}
