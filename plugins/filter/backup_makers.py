# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_makers
short_description: What makes backups of a PostgreSQL cluster
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says which objects beside the cluster make backups of it. They go once it is to have none any longer; where the
    backups are stays, as restores need it.
positional: name, namespace, operator
options:
  _input:
    description: The objects of the cluster, as they are or as they are applied.
    type: list
    elements: dict
    required: true
  name:
    description: The name of the cluster.
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
- name: Show what makes backups
  ansible.builtin.debug:
    msg: "{{ __objects | pgha.kubernetes.backup_makers('hot-postgres', 'demo') }}"
"""

RETURN = r"""
_value:
  description: For each object its C(apiVersion), C(kind) and C(metadata); nothing where the cluster has no backups.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def backup_makers(
    objects: Sequence[Mapping[str, Any]], name: str, namespace: str, operator: str = "cloudnativepg"
) -> list[dict[str, Any]]:
    """Say what makes backups of a cluster."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.backup_makers: give a list, not {type_name(objects)}")
    try:
        adapter = operators.adapter(operator)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.backup_makers: {exc}") from exc
    makers = adapter.backup_makers(name, objects) if hasattr(adapter, "backup_makers") else []
    return [
        {"apiVersion": api_version, "kind": kind, "metadata": {"name": own, "namespace": namespace}}
        for api_version, kind, own in makers
    ]


class FilterModule:
    """The filter pgha.kubernetes.backup_makers."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"backup_makers": backup_makers}
