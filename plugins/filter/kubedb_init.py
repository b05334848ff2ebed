# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_init
short_description: What a PostgreSQL cluster of KubeDB was made from
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - KubeDB refuses a change of C(spec.init), so a cluster that exists keeps what it was made with.
positional: name, restored
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
  restored:
    description: C(origin) of P(pgha.kubernetes.restore_plan#filter), for a cluster that is made from backups.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what a new cluster is made from
  ansible.builtin.debug:
    msg: "{{ [] | pgha.kubernetes.kubedb_init('hot-postgres', __plan.origin) }}"
"""

RETURN = r"""
_value:
  description: C(spec.init), empty for a cluster that begins with nothing.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_restore import init


def kubedb_init(
    objects: Sequence[Mapping[str, Any]], name: str, restored: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Say what a cluster was made from."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.kubedb_init: give a list, not {type_name(objects)}")
    return dict(init(name, objects, restored))


class FilterModule:
    """The filter pgha.kubernetes.kubedb_init."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_init": kubedb_init}
