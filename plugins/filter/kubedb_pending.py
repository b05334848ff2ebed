# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_pending
short_description: What of the KubeDB operator is not ready yet
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Looks at the operator's pods, or at CRDs and other objects that have to be there.
positional: kind
options:
  _input:
    description: The objects of one kind.
    type: list
    elements: dict
    required: true
  kind:
    description: The kind.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say what is missing
  ansible.builtin.debug:
    msg: "{{ __pods.resources | pgha.kubernetes.kubedb_pending('Pod') }}"
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
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_operator as operator


def kubedb_pending(objects: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """Say what is not ready."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.kubedb_pending: give a list of objects, not {type(objects).__name__}"
        )
    return operator.pending(objects, kind)


class FilterModule:
    """The filter pgha.kubernetes.kubedb_pending."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_pending": kubedb_pending}
