# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgha.kubernetes.pgpool_problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_problems import pgpool_problems as _problems

DOCUMENTATION = r"""
name: pgpool_problems
short_description: Why Pgpool-II cannot work in front of a PostgreSQL cluster
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says whether the cluster, its instances and the users that Pgpool-II needs are there, whether Pgpool-II can take
    what is in the Secrets of all users, and whether the cluster has room for all the connections that Pgpool-II can
    open to it.
positional: contract, secrets
options:
  _input:
    description: >-
      What is wanted, with the keys C(name) (that of Pgpool-II's own Secret), C(replicas), C(topology), C(params) (all
      of Pgpool-II's parameters, the backends' too; none where the cluster has no backends for the topology),
      C(resources) (those that were asked for) and C(users) (the names of those whom Pgpool-II and its exporter log in
      as).
    type: dict
    required: true
  contract:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  secrets:
    description: The Secrets of the users and of the superuser.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Refuse what cannot work
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: "{{ __wanted | pgha.kubernetes.pgpool_problems(postgres_cluster_result, __secrets) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""


def pgpool_problems(
    wanted: Mapping[str, Any], contract: Mapping[str, Any], secrets: Sequence[Mapping[str, Any]] = ()
) -> list[str]:
    """Say why Pgpool-II cannot work."""
    for what, value in (("what is wanted", wanted), ("the contract", contract)):
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(
                f"pgha.kubernetes.pgpool_problems: {what} must be a mapping, not {type(value).__name__}"
            )
    try:
        return list(_problems(wanted, contract, secrets))
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_problems: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.pgpool_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"pgpool_problems": pgpool_problems}
