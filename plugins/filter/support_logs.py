# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: support_logs
short_description: Whose logs support would ask for
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Lists the containers of the instances, of the collection's own pods, and of the operator.
positional: name, instances
options:
  _input:
    description: Pods, as C(kubernetes.core.k8s_info) returns them, among other objects.
    type: list
    elements: dict
    required: true
  name:
    description: The name of the PostgreSQL cluster.
    type: str
    required: true
  instances:
    description: The names of the pods of its instances.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Choose the logs
  ansible.builtin.set_fact:
    __logs: "{{ __pods.resources | pgha.kubernetes.support_logs('hot-postgres', ['hot-postgres-1']) }}"
"""

RETURN = r"""
_value:
  description: >-
    For each container its C(namespace), C(pod), C(container), and C(previous), which is false; and the same once more
    with true where it has restarted, for what it logged before.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.support import support_logs as _support_logs


def support_logs(objects: Sequence[Mapping[str, Any]], name: str, instances: Sequence[str]) -> list[dict[str, Any]]:
    """Say whose logs are wanted."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.support_logs: give a list of objects, not {type_name(objects)}")
    return _support_logs(objects, name, instances)


class FilterModule:
    """The filter pgha.kubernetes.support_logs."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"support_logs": support_logs}
