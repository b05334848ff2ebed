# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_problems
short_description: Why a PostgreSQL cluster cannot be made as it is wanted
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares what is wanted with what is in the Kubernetes cluster - the operator, storage classes, the namespace, or
    the cluster as it is.
positional: current, prerequisites, operator
options:
  _input:
    description:
      - What is wanted, with the keys C(name), C(namespace), C(version), C(storage), C(overrides), C(databases),
        C(restore), C(create_namespace), C(allow_major_upgrade), C(operator_follows) and C(api_found);
        and C(manifest), the main object as it would be applied, of a Cluster that something else applied last.
    type: dict
    required: true
  current:
    description: The objects of the cluster, and those of others that may have names which its own are to have.
    type: list
    elements: dict
    required: true
  prerequisites:
    description: The objects that it needs where there is no cluster yet, or those that tell what volumes can become.
    type: list
    elements: dict
    default: []
  operator:
    description: What runs the cluster, V(cloudnativepg), V(kubedb), V(kubedb_v1alpha1) or V(existing).
    type: str
    default: cloudnativepg
"""

EXAMPLES = r"""
- name: Refuse what cannot be made
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: "{{ __wanted | pgha.kubernetes.postgres_cluster_problems(__current, __needed, 'cloudnativepg') }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def postgres_cluster_problems(
    wanted: Mapping[str, Any],
    current: Sequence[Mapping[str, Any]],
    prerequisites: Sequence[Mapping[str, Any]] = (),
    operator: str = "cloudnativepg",
) -> list[str]:
    """Say why a cluster cannot be made."""
    try:
        return list(operators.adapter(operator).problems(wanted, current, prerequisites))
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.postgres_cluster_problems: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_problems": postgres_cluster_problems}
