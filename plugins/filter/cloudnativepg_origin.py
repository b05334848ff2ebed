# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cloudnativepg_origin
short_description: How a PostgreSQL cluster of CloudNativePG came to be
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - The operator looks at C(spec.bootstrap) once, so a cluster that exists keeps what it was made with.
positional: name, databases, restored, version, initdb, store
options:
  _input:
    description: The objects of the cluster.
    type: list
    elements: dict
    required: true
  name:
    description: The name of the cluster.
    type: str
    required: true
  databases:
    description: The databases that are wanted. The first one is made together with a new cluster.
    type: list
    elements: dict
    required: true
  restored:
    description: C(origin) of P(pgha.kubernetes.restore_plan#filter), for a cluster that is made from backups.
    type: dict
    default: {}
  version:
    description: PostgreSQL's version that is wanted.
    type: str
    default: ""
  initdb:
    description: What initdb is told, as C(postgres_cluster_initdb) has it, for a cluster that does not exist.
    type: dict
    default: {}
  store:
    description: >-
      The object store that is wanted, as P(pgha.kubernetes.barman_object_store#filter) returns it. Empty where there
      are to be no backups.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what a new cluster starts with
  ansible.builtin.debug:
    msg: "{{ [] | pgha.kubernetes.cloudnativepg_origin('hot-postgres', [{'name': 'app'}]) }}"
"""

RETURN = r"""
_value:
  description: >-
    The keys C(bootstrap), C(database), C(owner), C(external_clusters) and C(env), and of the folder of its
    backups C(server_name), C(major), C(kept), C(destination), C(moved_from) and C(due).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators.cloudnativepg import origin


def cloudnativepg_origin(
    objects: Sequence[Mapping[str, Any]],
    name: str,
    databases: Sequence[Mapping[str, Any]],
    restored: Mapping[str, Any] | None = None,
    version: str = "",
    initdb: Mapping[str, Any] | None = None,
    store: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Say how a cluster came to be."""
    for value in (objects, databases):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.cloudnativepg_origin: objects and databases must be lists")
    return origin(name, objects, databases, restored, version, initdb, store)


class FilterModule:
    """The filter pgha.kubernetes.cloudnativepg_origin."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"cloudnativepg_origin": cloudnativepg_origin}
