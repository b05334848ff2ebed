# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: api_problem
short_description: Why a task on the Kubernetes API failed, in one sentence
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Names the address, the reason and the variable to look at. Keys and passwords are never part of it.
  - Where the task's result has no reason, as with C(failed_when=false) since ansible-core 2.19, it looks the address
    up in the kubeconfig and tries to connect to it.
positional: auth
options:
  _input:
    description: What the failed task registered.
    type: dict
    required: true
  auth:
    description: The options of the connection, as in C(pgha_k8s_auth).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Refuse an API that does not answer
  ansible.builtin.assert:
    that: __pgpool_read.resources is defined
    fail_msg: "{{ __pgpool_read | pgha.kubernetes.api_problem(pgpool_k8s_auth) }}"
"""

RETURN = r"""
_value:
  description: The sentence.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_address import api_address, tcp_problem
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_problem import api_problem as _api_problem


def api_problem(result: Mapping[str, Any], auth: Mapping[str, Any] | None = None) -> str:
    """Say why the Kubernetes API could not be used."""
    if not isinstance(result, Mapping):
        raise AnsibleFilterError(
            f"pgha.kubernetes.api_problem: give what a task registered, not {type(result).__name__}"
        )
    if result.get("msg"):
        return _api_problem(result, auth)
    address = api_address(auth or {})
    reason = (tcp_problem(address) or "it answers, but not to this; -vvv shows more") if address else ""
    return _api_problem({"msg": reason}, auth, address)


class FilterModule:
    """The filter pgha.kubernetes.api_problem."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"api_problem": api_problem}
