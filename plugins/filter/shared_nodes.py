# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: shared_nodes
short_description: Which pods share a node, and what would be lost with it
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says which instances of a PostgreSQL cluster share a node, and whether all pods of Pgpool-II do.
  - Pods that are being deleted, have ended, or have no node yet do not count.
positional: contract
options:
  _input:
    description: >-
      The pods of the instances and those of one Pgpool-II, as C(pgha.kubernetes.read) returns them. Those of other
      PostgreSQL clusters do not matter.
    type: list
    elements: dict
    required: true
  contract:
    description: The contract of the cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) makes it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Note which pods share a node
  ansible.builtin.debug:
    msg: "{{ __pods.resources | pgha.kubernetes.shared_nodes(postgres_cluster_result) }}"
"""

RETURN = r"""
_value:
  description: Sentences, none where no instances share a node and the pods of Pgpool-II are not all on one.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.shared_nodes import shared_nodes as _shared_nodes


def shared_nodes(pods: Sequence[Mapping[str, Any]], contract: Mapping[str, Any]) -> list[str]:
    """Say which pods share a node."""
    if not isinstance(pods, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.shared_nodes: give a list of pods, not {type(pods).__name__}")
    return _shared_nodes(pods, contract)


class FilterModule:
    """The filter pgha.kubernetes.shared_nodes."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"shared_nodes": shared_nodes}
