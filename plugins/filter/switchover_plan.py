# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: switchover_plan
short_description: Which standby becomes the primary
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Chooses the standby of a switchover, or says in a sentence why there is none.
  - Fit is a standby that is ready and streams. The best is one that has still to receive no more than 1 GiB of WAL,
    then one that confirms commits, and then the least behind. Without that WAL none becomes the primary.
positional: answer, to, now
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  answer:
    description: >-
      What P(pgha.kubernetes.pod_exec#module) returned for pg_stat_replication on the primary, as CSV of the columns
      application_name, state, sync_state, behind and unreceived (of WAL not replayed, and not received, in bytes).
    type: dict
    required: true
  to:
    description: The standby that is asked for. Empty is the best one.
    type: str
    default: ""
  now:
    description: The time, as the operator writes it.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Plan the switchover
  ansible.builtin.set_fact:
    __plan: "{{ postgres_cluster_result | pgha.kubernetes.switchover_plan(__replication, to='hot-postgres-2') }}"
"""

RETURN = r"""
_value:
  description: >-
    C(problems) (a sentence, none if it can be done), C(from), C(to), C(needed) (whether the operator has to be told),
    C(standbys) (the best first), C(patch) (arguments of M(pgha.kubernetes.patch_status)).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.switchover import switchover_plan as _switchover_plan


def switchover_plan(
    contract: Mapping[str, Any], answer: Mapping[str, Any], to: str = "", now: str = ""
) -> dict[str, Any]:
    """Say who becomes the primary."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.switchover_plan: give a mapping, not {type_name(contract)}")
    try:
        return _switchover_plan(contract, answer, to, now)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.switchover_plan: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.switchover_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"switchover_plan": switchover_plan}
