# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drills_plan
short_description: Which drills are run, and why the others are not
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares what each drill needs with what there is. A drill that cannot be run is skipped, and the reason said.
positional: catalogue, contract, has
options:
  _input:
    description: Names of the drills that are wanted.
    type: list
    elements: str
    required: true
  catalogue:
    description: All drills by name, each with what it C(does), and C(needs) (names that the filter knows).
    type: dict
    required: true
  contract:
    description: The PostgreSQL cluster, as the role C(postgres_cluster) found it.
    type: dict
    required: true
  has:
    description: What else there is, or is allowed.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Plan
  ansible.builtin.set_fact:
    __drills_plan: >-
      {{ drills_names | pgha.kubernetes.drills_plan(__drills_catalogue, postgres_cluster_result, __drills_has) }}
"""

RETURN = r"""
_value:
  description: Of each drill C(name), C(does), C(needs), C(prepares) and C(skipped), which is the reason, or empty.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drills import drills_plan as _drills_plan
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def drills_plan(
    names: Sequence[str], catalogue: Mapping[str, Any], contract: Mapping[str, Any], has: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Say which drills are run."""
    if not isinstance(names, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.drills_plan: give a list of names, not {type_name(names)}")
    try:
        return _drills_plan(names, catalogue, contract, has)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.drills_plan: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.drills_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"drills_plan": drills_plan}
