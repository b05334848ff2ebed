# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drill_record
short_description: What a drill came to
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Puts together what clients, the Kubernetes API, Pgpool-II and Prometheus saw of a drill.
  - Times are those of the machine that runs Ansible, of the Kubernetes API and of pods, so their clocks have to agree.
positional: name, began, before, after, pods, pool_nodes, alerts, note
options:
  _input:
    description: What the clients saw, as the filter P(pgha.kubernetes.ledger_verdict#filter) tells it.
    type: dict
    required: true
  name:
    description: Name of the drill.
    type: str
    required: true
  began:
    description: When it began, in seconds since 1970.
    type: float
    required: true
  before:
    description: The PostgreSQL cluster before it.
    type: dict
    required: true
  after:
    description: The PostgreSQL cluster after it.
    type: dict
    required: true
  pods:
    description: The pods of the namespace after it.
    type: list
    elements: dict
    required: true
  pool_nodes:
    description: What each pod of Pgpool-II answers to C(SHOW POOL_NODES) after it, as CSV.
    type: dict
    required: true
  alerts:
    description: >-
      What C(promtool query range --format=json) printed of the alerts that fired; null where nobody was asked.
    type: str
  note:
    description: What this drill alone has to say.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Keep what came of it
  ansible.builtin.set_fact:
    __record: >-
      {{ __pgpool_ledger | pgha.kubernetes.drill_record('switchover', __began, __before, postgres_cluster_result,
                                                        __pods, __pgpool_pool_nodes, __answer) }}
"""

RETURN = r"""
_value:
  description: >-
    C(gaps) (seconds by way), C(lost), C(in_doubt), C(acknowledged), C(failed) (statements by way and SQLSTATE),
    C(instances_back), C(backends_back) (seconds), C(primary) (C(from), C(to)), C(parts) of a failover (C(detection),
    C(promotion), C(routing), in seconds), C(alerts) (names, or null), C(note), C(problems) and C(summary) (sentences).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drills import drill_record as _drill_record
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def drill_record(
    ledger: Mapping[str, Any],
    name: str,
    began: float,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    pods: Sequence[Mapping[str, Any]],
    pool_nodes: Mapping[str, str],
    alerts: str | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Say what a drill came to."""
    if not isinstance(ledger, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.drill_record: give what the clients saw, not {type_name(ledger)}")
    try:
        return _drill_record(ledger, name, began, before, after, pods, pool_nodes, alerts, note)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.drill_record: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.drill_record."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"drill_record": drill_record}
