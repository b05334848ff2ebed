# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_reads
short_description: What to read of a PostgreSQL cluster
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Returns the arguments of C(kubernetes.core.k8s_info) that read what
    P(pgha.kubernetes.postgres_cluster_contract#filter) needs.
positional: namespace, operator, what, wanted, current
options:
  _input:
    description: The name of the PostgreSQL cluster.
    type: str
    required: true
  namespace:
    description: Its namespace.
    type: str
    required: true
  operator:
    description: What runs the cluster, V(cloudnativepg), V(kubedb), V(kubedb_v1alpha1) or V(existing).
    type: str
    default: cloudnativepg
  what:
    description:
      - V(cluster) is what the contract needs.
      - V(prerequisites) is what has to be there before a cluster can be made.
      - V(growth) is what tells whether volumes can grow, and of which class they are; nothing where none is to grow or
        to have another class.
      - V(operator) is the pods of the operator itself, if they are known.
      - V(databases) is what makes the databases beside the first, if they are objects of their own.
      - V(requests) is what the operator is asked for, if by objects of their own.
      - V(upgrade) is what another version of PostgreSQL is judged by, if there is something.
      - V(backup) is what else backups are judged by, if there is something.
      - V(restore) is what a restore reads of the cluster whose backups it takes; nothing for an operator that has none.
      - V(others) is the main object of that name that each other operator would have.
    type: str
    choices: [cluster, prerequisites, growth, operator, databases, requests, upgrade, backup, restore, others]
    default: cluster
  wanted:
    description: For V(growth), what P(pgha.kubernetes.postgres_cluster_problems#filter) takes as its input.
    type: dict
    default: {}
  current:
    description: For V(growth), the objects of the cluster.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Read the cluster
  kubernetes.core.k8s_info:
    api_version: "{{ __read.api_version }}"
    kind: "{{ __read.kind }}"
    name: "{{ __read.name | default(omit) }}"
    namespace: "{{ __read.namespace | default(omit) }}"
  loop: "{{ 'hot-postgres' | pgha.kubernetes.postgres_cluster_reads('demo', 'cloudnativepg') }}"
  loop_control: {loop_var: __read}
"""

RETURN = r"""
_value:
  description: One set of arguments for each kind of object.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def postgres_cluster_reads(
    name: str,
    namespace: str,
    operator: str = "cloudnativepg",
    what: str = "cluster",
    wanted: Mapping[str, Any] | None = None,
    current: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Say what to read of a cluster, or of what it needs."""
    try:
        adapter = operators.adapter(operator)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.postgres_cluster_reads: {exc}") from exc
    if what == "prerequisites":
        return adapter.prerequisites(namespace)
    if what == "growth":
        return adapter.growth_reads(wanted or {}, current) if hasattr(adapter, "growth_reads") else []
    if what == "requests":
        return adapter.request_reads(namespace) if hasattr(adapter, "request_reads") else []
    if what == "others":
        return [other.reads(name, namespace)[0] for other in operators.ADAPTERS.values() if other is not adapter]
    if what in ("operator", "upgrade"):
        return getattr(adapter, f"{what}_reads")() if hasattr(adapter, f"{what}_reads") else []
    if what in ("backup", "restore"):
        return getattr(adapter, f"{what}_reads")(name, namespace) if hasattr(adapter, f"{what}_reads") else []
    return adapter.database_reads(name, namespace) if what == "databases" else adapter.reads(name, namespace)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_reads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_reads": postgres_cluster_reads}
