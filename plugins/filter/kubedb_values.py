# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_values
short_description: Values of KubeDB's Helm chart for PostgreSQL alone
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Switches off what PostgreSQL does not need, and names the Secret of the licence, which is never a value itself.
positional: registry, pull_secrets
options:
  _input:
    description: Name of the Secret with the licence.
    type: str
    required: true
  registry:
    description: Where images are pulled from. Empty for the chart's own.
    type: str
    default: ""
  pull_secrets:
    description: Pull secrets as Kubernetes writes them.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show the values
  ansible.builtin.debug:
    msg: "{{ 'kubedb-license' | pgha.kubernetes.kubedb_values('registry.example') }}"
"""

RETURN = r"""
_value:
  description: The values.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_operator as operator


def kubedb_values(secret: str, registry: str = "", pull_secrets: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """Return the values."""
    if not isinstance(secret, str):
        raise AnsibleFilterError(f"pgha.kubernetes.kubedb_values: give a Secret's name, not {type(secret).__name__}")
    return operator.values(secret, registry, pull_secrets)


class FilterModule:
    """The filter pgha.kubernetes.kubedb_values."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_values": kubedb_values}
