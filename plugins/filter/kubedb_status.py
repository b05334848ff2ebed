# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_status
short_description: What is there of the KubeDB operator
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Reads from Helm's record which version is installed, and whether it is as wanted.
positional: version, values
options:
  _input:
    description: C(status) of M(kubernetes.core.helm_info). Empty where there is no such release.
    type: dict
    required: true
  version:
    description: The version that is wanted.
    type: str
    required: true
  values:
    description: The values that are wanted.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: See what is there
  ansible.builtin.debug:
    msg: "{{ __release.status | default({}) | pgha.kubernetes.kubedb_status('v2026.7.10', __values) }}"
"""

RETURN = r"""
_value:
  description: >-
    The keys C(installed), C(current), C(engines), a list of what else it may run, and C(half_done), empty or what Helm
    has begun and not ended, with C(status), and C(command), what ends it, or C(since) in seconds since 1970 and
    C(secret), Helm's record of it.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_operator as operator
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def kubedb_status(release: Mapping[str, Any], version: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Say what is there."""
    if not isinstance(release, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.kubedb_status: give a mapping, not {type(release).__name__}")
    try:
        return operator.status(release, version, values)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.kubedb_status: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.kubedb_status."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_status": kubedb_status}
