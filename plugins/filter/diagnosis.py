# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: diagnosis
short_description: Why objects of Kubernetes are not ready
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says what is wrong with pods, volume claims and Deployments, and what the five newest warnings among the events are.
positional: names
options:
  _input:
    description: Pods, PersistentVolumeClaims, Deployments and Events, as C(kubernetes.core.k8s_info) returns them.
    type: list
    elements: dict
    required: true
  names:
    description: Only what belongs to objects whose name starts with this.
    type: str
    default: ""
  owners:
    description: >-
      Only what belongs to these, by the values of labels, such as a PostgreSQL cluster and its Pgpool-II. None for all.
    type: list
    elements: str
    default: []
  itself:
    description: And the warnings about what has this very name, such as the object of an operator.
    type: str
    default: ""
  cluster:
    description: Nothing that belongs to another PostgreSQL cluster than this, by its labels. None for all.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Say why it is not ready
  ansible.builtin.fail:
    msg: "{{ __read.results | map(attribute='resources') | flatten | pgha.kubernetes.diagnosis('hot-postgres') }}"
"""

RETURN = r"""
_value:
  description: One line for each thing that is wrong.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import utc_now
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.diagnosis import belonging, without_others
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.diagnosis import diagnosis as _diagnosis


def diagnosis(
    objects: Sequence[Mapping[str, Any]],
    names: str = "",
    owners: Sequence[str] = (),
    itself: str = "",
    cluster: str = "",
) -> list[str]:
    """Say why objects are not ready."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.diagnosis: give a list of objects, not {type(objects).__name__}")
    told = belonging(objects, owners) if owners else objects
    return _diagnosis(without_others(told, cluster) if cluster else told, names, itself, utc_now())


class FilterModule:
    """The filter pgha.kubernetes.diagnosis."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"diagnosis": diagnosis}
