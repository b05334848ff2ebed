# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_conf. Its logic is in plugin_utils/pgpool_conf.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import conf

DOCUMENTATION = r"""
name: pgpool_conf
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make Pgpool-II's pgpool.conf
description:
  - Makes the text of C(pgpool.conf).
  - Refuses a parameter that Pgpool-II 4.4 to 4.7 does not know, and a value that it would not take, as Pgpool-II itself
    often passes over both in silence.
  - Refuses a single quote and a line break in a value, for which C(pgpool.conf) has no escape.
  - If there are passwords among the parameters, use the filter under C(no_log).
options:
  _input:
    description:
      - Parameters of Pgpool-II and their values.
      - A parameter that Pgpool-II numbers may have a list. C(backend_weight) with V([0, 1]) is C(backend_weight0) and
        C(backend_weight1).
      - C(backends) is a list of dictionaries, one for each backend, with C(hostname), C(port), C(weight), C(flag),
        C(data_directory), C(application_name), C(connect_timeout) and C(health_check_*).
    type: dict
    required: true
  version:
    description: The release of Pgpool-II that reads the file, such as V(4.6.1). Refuses parameters that it does not
      have yet.
    type: str
seealso:
  - plugin: pgha.kubernetes.pgpool_params
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show a configuration
  ansible.builtin.debug:
    msg: "{{ {'num_init_children': 32, 'load_balance_mode': true} | pgha.kubernetes.pgpool_conf }}"
  # => "num_init_children = '32'\nload_balance_mode = 'on'\n"
"""

RETURN = r"""
_value:
  description: The text of the file, one line for each parameter in the order given.
  type: str
"""


def pgpool_conf(parameters: Mapping, version: str | None = None) -> str:
    if not isinstance(parameters, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_conf: a dict is right, not {type_name(parameters)}")
    try:
        return conf(parameters, version=version)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_conf: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pgpool_conf": pgpool_conf}
