# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: resources
short_description: Requests and limits as the Kubernetes API writes them
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - The API turns V(0.5) into V(500m) and V(1024Mi) into V(1Gi). Asked for in the same form, nothing differs in the
    next run.
options:
  _input:
    description: A mapping with C(requests) and C(limits).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the API would show
  ansible.builtin.debug:
    msg: "{{ {'requests': {'cpu': 0.5, 'memory': '1024Mi'}} | pgha.kubernetes.resources }}"
# requests: {cpu: 500m, memory: 1Gi}
"""

RETURN = r"""
_value:
  description: The same mapping with canonical quantities.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.resources import resources as _resources


def resources(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Make the quantities of requests and limits canonical."""
    if not isinstance(asked, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.resources: give a mapping, not {type(asked).__name__}")
    try:
        return _resources(asked)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.resources: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.resources."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"resources": resources}
