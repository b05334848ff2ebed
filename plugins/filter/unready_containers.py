# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: unready_containers
short_description: Which containers' logs may say why pods are not ready
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Lists the containers that have begun and are not ready, or have ended with an error.
positional: names
options:
  _input:
    description: Pods as C(kubernetes.core.k8s_info) returns them; other objects do not matter.
    type: list
    elements: dict
    required: true
  names:
    description: Only those of pods whose name starts with this.
    type: str
    default: ""
  cluster:
    description: Nothing that belongs to another PostgreSQL cluster than this, by its labels. None for all.
    type: str
    default: ""
seealso:
  - plugin: pgha.kubernetes.log_ends
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read what they logged
  pgha.kubernetes.read_log:
    namespace: demo
    name: "{{ item.pod }}"
    container: "{{ item.container }}"
    tail_lines: 20
  loop: "{{ __pods.resources | pgha.kubernetes.unready_containers('hot-postgres-') }}"
"""

RETURN = r"""
_value:
  description: For each container its C(pod) and C(container), by name.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.diagnosis import (
    unready_containers as _unready_containers,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.diagnosis import without_others


def unready_containers(
    objects: Sequence[Mapping[str, Any]], names: str = "", cluster: str = ""
) -> list[dict[str, str]]:
    """List the containers that have begun and are not ready."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.unready_containers: give a list of objects, not {type(objects).__name__}"
        )
    return _unready_containers(without_others(objects, cluster) if cluster else objects, names)


class FilterModule:
    """The filter pgha.kubernetes.unready_containers."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"unready_containers": unready_containers}
