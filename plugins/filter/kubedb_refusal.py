# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_refusal
short_description: Whether KubeDB's operator refuses its licence
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Finds the Event in which the operator says so, and says for which cluster a licence has to be.
positional: cluster
options:
  _input:
    description: Events and pods of the operator's namespace. An Event older than the pods is about another licence.
    type: list
    elements: dict
    required: true
  cluster:
    description: The UID of the namespace kube-system.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say why it ends
  ansible.builtin.debug:
    msg: "{{ __events.resources | pgha.kubernetes.kubedb_refusal(__uid) }}"
"""

RETURN = r"""
_value:
  description: A sentence, empty where the operator does not say so.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_operator as operator
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_license import ISSUE


def kubedb_refusal(objects: Sequence[Mapping[str, Any]], cluster: str) -> str:
    """Say that the licence is refused."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.kubedb_refusal: give a list of Events, not {type(objects).__name__}")
    return operator.refusal(objects, cluster, ISSUE)


class FilterModule:
    """The filter pgha.kubernetes.kubedb_refusal."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_refusal": kubedb_refusal}
