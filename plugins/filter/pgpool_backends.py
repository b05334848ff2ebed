# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_backends. Its logic is in plugin_utils/pgpool_topology.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_topology import backends

DOCUMENTATION = r"""
name: pgpool_backends
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Lay out Pgpool-II's backends for a PostgreSQL cluster
description:
  - Makes the parameters of Pgpool-II that say where the PostgreSQL servers are, and those that the layout relies on.
  - In both layouts, backend 0 is the Service that follows the primary, so a failover needs no reload.
  - Combine the result with parameters of your own, which then win.
options:
  _input:
    description: What the role C(postgres_cluster) found out about the cluster, its C(postgres_cluster_result).
    type: dict
    required: true
  topology:
    description:
      - V(per_instance) makes a backend of each instance. Pgpool-II sees and obeys the lag of each standby, detaches it
        when it is down and attaches it again.
      - V(services) makes one backend of all standbys, through their Service.
    type: str
    choices: [per_instance, services]
    default: per_instance
  primary_weight:
    description: The share of reads that the primary gets. V(0) for none.
    type: float
    default: 1
  standby_weight:
    description: The share of reads that each standby gets.
    type: float
    default: 1
seealso:
  - plugin: pgha.kubernetes.pgpool_params
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the environment of Pgpool-II for a cluster, with a parameter of one's own
  ansible.builtin.debug:
    msg: "{{ layout | combine({'num_init_children': 64}) | pgha.kubernetes.pgpool_params }}"
  vars:
    layout: "{{ postgres_cluster_result | pgha.kubernetes.pgpool_backends(primary_weight=0) }}"
"""

RETURN = r"""
_value:
  description: Parameters of Pgpool-II and their values.
  type: dict
"""


def pgpool_backends(
    contract: Mapping, topology: str = "per_instance", primary_weight: float = 1, standby_weight: float = 1
) -> dict[str, object]:
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_backends: a dict is right, not {type_name(contract)}")
    try:
        return backends(contract, topology, primary_weight, standby_weight)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_backends: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pgpool_backends": pgpool_backends}
