# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_change_problems
short_description: Why a cluster of KubeDB that exists must not become as it is wanted
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares the Postgres object that is wanted with the one that is there.
positional: objects
options:
  _input:
    description: The Postgres object that is wanted.
    type: dict
    required: true
  objects:
    description: The cluster's objects as they are. Without a Postgres among them nothing is wrong.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Refuse what would lock users out
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: "{{ __manifest | pgha.kubernetes.kubedb_change_problems(__read.resources) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_changes import change_problems


def kubedb_change_problems(manifest: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say why the cluster must not become as it is wanted."""
    if not isinstance(manifest, Mapping) or not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError("pgha.kubernetes.kubedb_change_problems: give a Postgres object and a list of objects")
    return list(change_problems(manifest, objects))


class FilterModule:
    """The filter pgha.kubernetes.kubedb_change_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_change_problems": kubedb_change_problems}
