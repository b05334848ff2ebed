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
  - Compares the Postgres object that is wanted with the one that is there, and with what that was applied with.
positional: objects, what
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
  what:
    description:
      - V(problems) for what must not be, or V(requests) for what applying it does not bring to instances that run, as
        KubeDB does that by request.
    type: str
    choices: [problems, requests]
    default: problems
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
  description: One sentence for each.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_changes import change_problems, requests_left

_WHAT = {"problems": change_problems, "requests": requests_left}


def kubedb_change_problems(
    manifest: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], what: str = "problems"
) -> list[str]:
    """Say why the cluster must not become as it is wanted, or what else that takes."""
    if not isinstance(manifest, Mapping) or not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError("pgha.kubernetes.kubedb_change_problems: give a Postgres object and a list of objects")
    if what not in _WHAT:
        raise AnsibleFilterError(f"pgha.kubernetes.kubedb_change_problems: what is {what!r}: give {' or '.join(_WHAT)}")
    return list(_WHAT[what](manifest, objects))


class FilterModule:
    """The filter pgha.kubernetes.kubedb_change_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_change_problems": kubedb_change_problems}
