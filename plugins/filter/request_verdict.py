# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: request_verdict
short_description: What became of a request to the operator of a PostgreSQL cluster
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says whether a request has ended, and how, in the operator's own words.
positional: name, operator
options:
  _input:
    description: The request as the Kubernetes API returns it, or nothing where it is gone.
    type: list
    elements: dict
    required: true
  name:
    description: Its name.
    type: str
    required: true
  operator:
    description: What runs the cluster.
    type: str
    choices: [kubedb]
    required: true
"""

EXAMPLES = r"""
- name: Say what became of it
  ansible.builtin.debug:
    msg: "{{ (__read.resources | pgha.kubernetes.request_verdict('hot-postgres-restart-0a1b2c', 'kubedb')).words }}"
"""

RETURN = r"""
_value:
  description: C(ended), C(successful), C(words).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def request_verdict(requests: Sequence[Mapping[str, Any]], name: str, operator: str) -> dict[str, Any]:
    """Say what became of a request."""
    if isinstance(requests, (str, Mapping)):
        raise AnsibleFilterError(f"pgha.kubernetes.request_verdict: give a list of objects, not {type_name(requests)}")
    try:
        return operators.adapter(str(operator)).request_verdict(requests, str(name))
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.request_verdict: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.request_verdict."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"request_verdict": request_verdict}
