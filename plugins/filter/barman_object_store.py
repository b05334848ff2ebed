# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: barman_object_store
short_description: Barman's configuration of an object store
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - What a Cluster and an ObjectStore of CloudNativePG have, from the variable C(postgres_cluster_backup).
positional: server_name
options:
  _input:
    description: C(postgres_cluster_backup).
    type: dict
    required: true
  server_name:
    description: The folder of a cluster in it. Empty is the one that is named after the cluster.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show where backups go
  ansible.builtin.debug:
    msg: "{{ postgres_cluster_backup | pgha.kubernetes.barman_object_store }}"
"""

RETURN = r"""
_value:
  description: The configuration, with keys such as C(destinationPath) and C(s3Credentials).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import (
    barman_object_store as _barman_object_store,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name


def barman_object_store(backup: Mapping[str, Any], server_name: str = "") -> dict[str, Any]:
    """Return the configuration of an object store."""
    if not isinstance(backup, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.barman_object_store: give a mapping, not {type_name(backup)}")
    return _barman_object_store(backup, server_name)


class FilterModule:
    """The filter pgha.kubernetes.barman_object_store."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"barman_object_store": barman_object_store}
