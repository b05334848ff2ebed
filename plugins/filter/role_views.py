# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: role_views
short_description: Whether all agree on the roles of the instances
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares what PostgreSQL itself, the label of the pods and Pgpool-II take each instance of a PostgreSQL cluster for.
positional: answers, pods, nodes
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  answers:
    description: What each instance that was asked said to SELECT pg_is_in_recovery(), by its name.
    type: dict
    required: true
  pods:
    description: The pods of the instances.
    type: list
    elements: dict
    required: true
  nodes:
    description: The rows of SHOW POOL_NODES. Without them, Pgpool-II's view is left out.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Compare the views
  ansible.builtin.assert:
    that: __views.problems | length == 0
    fail_msg: "{{ __views.problems | join('\n') }}"
  vars:
    __views: "{{ postgres_cluster_result | pgha.kubernetes.role_views(__answers, __pods.resources) }}"
"""

RETURN = r"""
_value:
  description: C(views), what each instance is for whom, and C(problems), sentences about those who do not agree.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.switchover import role_views as _role_views


def role_views(
    contract: Mapping[str, Any],
    answers: Mapping[str, str],
    pods: Sequence[Mapping[str, Any]],
    nodes: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Compare what the instances are for whom."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.role_views: give a mapping, not {type_name(contract)}")
    return _role_views(contract, answers, pods, nodes)


class FilterModule:
    """The filter pgha.kubernetes.role_views."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"role_views": role_views}
