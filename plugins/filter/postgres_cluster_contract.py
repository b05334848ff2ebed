# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_contract
short_description: What one has to know to use a PostgreSQL cluster
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Turns what was read of a PostgreSQL cluster into the same description, whichever operator runs it.
  - The README of the role P(pgha.kubernetes.postgres_cluster#role) lists its fields.
positional: name, namespace, operator
options:
  _input:
    description: The objects that were read, as P(pgha.kubernetes.postgres_cluster_reads#filter) said.
    type: list
    elements: dict
    required: true
  name:
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
"""

EXAMPLES = r"""
- name: Keep the contract
  ansible.builtin.set_fact:
    postgres_cluster_result: >-
      {{ __objects.results | map(attribute='resources') | flatten
         | pgha.kubernetes.postgres_cluster_contract('hot-postgres', 'demo', 'cloudnativepg') }}
"""

RETURN = r"""
_value:
  description: The contract.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def postgres_cluster_contract(
    objects: Sequence[Mapping[str, Any]], name: str, namespace: str, operator: str = "cloudnativepg"
) -> dict[str, Any]:
    """Describe a cluster."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.postgres_cluster_contract: give a list of objects, not {type(objects).__name__}"
        )
    try:
        return operators.adapter(operator).contract(name, namespace, objects)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.postgres_cluster_contract: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_contract."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_contract": postgres_cluster_contract}
