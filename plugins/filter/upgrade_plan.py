# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_plan
short_description: What another version of PostgreSQL comes to
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Tells a minor from a major upgrade, and refuses one that goes back, one that the operator does not do, and one of a
    cluster that is not ready.
positional: objects, wanted
options:
  _input:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  objects:
    description: The operator's main object and its pods, the requests to it and the versions that it knows, if any.
    type: list
    elements: dict
    required: true
  wanted:
    description: >-
      C(version), C(image), C(allow_major_upgrade) and C(timeout) in seconds; also C(versions), what each instance says
      that it runs, once they were asked.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Plan the upgrade
  ansible.builtin.set_fact:
    __plan: "{{ postgres_cluster_result | pgha.kubernetes.upgrade_plan(__objects, __wanted) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(problems) (sentences, none if it can be done), C(kind) (V(none), V(minor), V(major)), C(from), C(to), C(pending)
    (sentences about an upgrade that goes on), C(request) (as P(pgha.kubernetes.request_plan#filter) returns it).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import upgrade_plan as _upgrade_plan


def upgrade_plan(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Say what another version comes to."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.upgrade_plan: give a mapping, not {type_name(contract)}")
    try:
        return _upgrade_plan(contract, objects, wanted)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.upgrade_plan: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.upgrade_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"upgrade_plan": upgrade_plan}
