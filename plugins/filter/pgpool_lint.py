# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgha.kubernetes.pgpool_lint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_lint import lint

DOCUMENTATION = r"""
name: pgpool_lint
short_description: What is dangerous or unwise in the settings of Pgpool-II
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Looks for settings, each of which Pgpool-II takes, that lose connections, let in whom they should not or give wrong
    answers in front of a PostgreSQL cluster that fails over by itself.
  - Needs no cluster, as it judges variables alone. The README of the role C(pgpool) lists the rules.
positional: allow
options:
  _input:
    description:
      - What is known. What is missing is not judged.
      - C(params), parameters of Pgpool-II that the user gives.
      - C(load_balance), what P(pgha.kubernetes.pgpool_load_balance#filter) returns, which lies below them.
      - C(topology), C(per_instance) or C(services), whose parameters lie below those, and C(base), which lies lowest.
      - C(replicas), C(image), C(check_user) and C(monitor_user).
      - C(hba_rules), as P(pgha.kubernetes.pool_hba#filter) takes them.
    type: dict
    required: true
  allow:
    description: Ids of rules that are passed over.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Refuse what is dangerous
  ansible.builtin.assert:
    that: refused | length == 0
    fail_msg: "{{ refused | map(attribute='message') | join('\n') }}"
  vars:
    findings: "{{ {'params': pgpool_params} | pgha.kubernetes.pgpool_lint(allow=['memory-cache']) }}"
    refused: "{{ findings | selectattr('severity', 'equalto', 'refuse') }}"
"""

RETURN = r"""
_value:
  description: What was found, in the order of the rules.
  type: list
  elements: dict
  contains:
    id:
      description: The name of the rule, by which it can be allowed.
      type: str
    severity:
      description: V(refuse) or V(warn).
      type: str
    message:
      description: A sentence with the variable, its value, what would go wrong, and what would be right.
      type: str
"""


def pgpool_lint(known: Mapping[str, Any], allow: Sequence[str] = ()) -> list[dict[str, str]]:
    """Say what is dangerous or unwise."""
    if not isinstance(known, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_lint: a dict is right, not {type_name(known)}")
    if not isinstance(allow, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_lint: allow has to be a list, not {type_name(allow)}")
    try:
        return [finding._asdict() for finding in lint(known, allow)]
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_lint: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.pgpool_lint."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"pgpool_lint": pgpool_lint}
