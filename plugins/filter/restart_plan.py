# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: restart_plan
short_description: How the instances of a PostgreSQL cluster are restarted
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says what the operator is told, or in a sentence why nothing is restarted.
positional: objects, now, timeout
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  objects:
    description: The operator's main object, the pods of the namespace, and the requests to the operator, if any.
    type: list
    elements: dict
    required: true
  now:
    description: The time, which tells this restart from others.
    type: str
    required: true
  timeout:
    description: How many seconds a step may take, where the operator is asked by a request.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Plan the restart
  ansible.builtin.set_fact:
    __plan: "{{ postgres_cluster_result | pgha.kubernetes.restart_plan(__objects, '2026-11-22T16:54:57Z') }}"
"""

RETURN = r"""
_value:
  description: >-
    C(problems) (sentences, none if it can be done), C(pending) (sentences about a restart that is going on), C(patch)
    (what is merged into the main object), C(request) (as P(pgha.kubernetes.request_plan#filter) returns it).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import restart_plan as _restart_plan


def restart_plan(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], now: str, timeout: int = 600
) -> dict[str, Any]:
    """Say how the instances are restarted."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.restart_plan: give a mapping, not {type_name(contract)}")
    try:
        return _restart_plan(contract, objects, str(now), int(timeout))
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.restart_plan: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.restart_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"restart_plan": restart_plan}
