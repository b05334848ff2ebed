# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter service_names. Its logic is in plugin_utils/certificates.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import service_names as _service_names
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name

DOCUMENTATION = r"""
name: service_names
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: List the names under which a Service is reached
description:
  - Lists what a certificate has to name, from the Service's plain name to that with the domain C(cluster.local).
positional: namespace, more
options:
  _input:
    description: The name of the Service.
    type: str
    required: true
  namespace:
    description: Its namespace.
    type: str
    required: true
  more:
    description: More names, which come last.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the names of a Service
  ansible.builtin.debug:
    msg: "{{ 'pg-pgpool' | pgha.kubernetes.service_names('demo') }}"
  # => [pg-pgpool, pg-pgpool.demo, pg-pgpool.demo.svc, pg-pgpool.demo.svc.cluster.local]
"""

RETURN = r"""
_value:
  description: The names, each once.
  type: list
  elements: str
"""


def service_names(service: str, namespace: str, more: Sequence[str] = ()) -> list[str]:
    if not isinstance(service, str):
        raise AnsibleFilterError(f"pgha.kubernetes.service_names: a text is right, not {type_name(service)}")
    return _service_names(service, namespace, more)


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"service_names": service_names}
