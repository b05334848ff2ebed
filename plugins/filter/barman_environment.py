# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: barman_environment
short_description: The environment in which Barman reaches an object store
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - What C(env) of a Cluster and of an ObjectStore of CloudNativePG has, from the variable C(postgres_cluster_backup).
positional: origin
options:
  _input:
    description: C(postgres_cluster_backup). Empty where there are no backups.
    type: dict
    required: true
  origin:
    description: >-
      C(env) of P(pgha.kubernetes.cloudnativepg_origin#filter). What is said of the cluster's own backups goes over it.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show how backups reach the object store
  ansible.builtin.debug:
    msg: "{{ postgres_cluster_backup | pgha.kubernetes.barman_environment }}"
"""

RETURN = r"""
_value:
  description: The environment, with keys such as C(AWS_DEFAULT_REGION).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import (
    barman_environment as _barman_environment,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name


def barman_environment(backup: Mapping[str, Any], origin: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment, by name."""
    for value in (backup, origin or {}):
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(f"pgha.kubernetes.barman_environment: give mappings, not {type_name(value)}")
    return _barman_environment(backup, origin)


class FilterModule:
    """The filter pgha.kubernetes.barman_environment."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"barman_environment": barman_environment}
