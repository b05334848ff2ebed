# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: request_plan
short_description: Which request is made of the operator of a PostgreSQL cluster
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Some operators do what is asked of a running cluster by objects of their own. Says which one to make, or which one
    goes on already, or in a sentence why none can be made now.
positional: objects, operation, wanted
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  objects:
    description: The operator's main object, and the requests of the namespace.
    type: list
    elements: dict
    required: true
  operation:
    description: What is asked for.
    type: str
    choices: [restart, scale, upgrade, rotate_password]
    required: true
  wanted:
    description: C(timeout) in seconds; C(instances) for V(scale), C(version) for V(upgrade).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Plan the request
  ansible.builtin.set_fact:
    __plan: "{{ postgres_cluster_result | pgha.kubernetes.request_plan(__objects, 'scale', __wanted) }}"
  vars:
    __wanted: {instances: 5, timeout: 600}
"""

RETURN = r"""
_value:
  description: >-
    C(problems) (sentences, none if it can be asked), C(request) (the manifest, empty where one goes on, or where the
    operator takes no requests), C(name) (of the one to wait for), C(going) (a sentence, where it goes on already),
    C(secret) (that a new password has to be in), C(old) (definitions of requests to delete).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import request_plan as _request_plan


def request_plan(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], operation: str, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Say which request is made."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.request_plan: give a mapping, not {type_name(contract)}")
    try:
        return _request_plan(contract, objects, str(operation), wanted)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.request_plan: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.request_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"request_plan": request_plan}
