# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_resources. Its logic is in plugin_utils/pgpool_resources.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_resources import pgpool_resources as _resources

DOCUMENTATION = r"""
name: pgpool_resources
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make requests and limits of Pgpool-II's container
description:
  - Computes the memory that Pgpool-II takes from C(num_init_children), C(max_pool) and its cache, and asks for that
    where nothing else was asked for. A limit is only what was asked for.
  - Quantities are as the Kubernetes API writes them, so a second run sees no difference.
positional: params
options:
  _input:
    description: A mapping with C(requests) and C(limits), each of which may be missing.
    type: dict
    required: true
  params:
    description: Parameters of Pgpool-II. What is missing has Pgpool-II's own default.
    type: dict
    required: true
seealso:
  - plugin: pgha.kubernetes.resources
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what a Pgpool-II of 100 children asks for
  ansible.builtin.debug:
    msg: "{{ {} | pgha.kubernetes.pgpool_resources({'num_init_children': 100, 'max_pool': 1}) }}"
  # => {'requests': {'cpu': '50m', 'memory': '416Mi'}}
"""

RETURN = r"""
_value:
  description: The requests, and the limits if there were any.
  type: dict
"""


def pgpool_resources(asked: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    for what in (asked, params):
        if not isinstance(what, Mapping):
            raise AnsibleFilterError(f"pgha.kubernetes.pgpool_resources: a dict is right, not {type_name(what)}")
    try:
        return _resources(asked, params)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_resources: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pgpool_resources": pgpool_resources}
