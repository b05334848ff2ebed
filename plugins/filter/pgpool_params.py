# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_params. Its logic is in plugin_utils/pgpool_conf.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import params, with_change

DOCUMENTATION = r"""
name: pgpool_params
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make PGPOOL_PARAMS_* variables of Pgpool-II's parameters
description:
  - Makes the environment variables from which the entry point of a Pgpool-II image, this collection's or upstream's,
    writes C(pgpool.conf).
  - Refuses a parameter that Pgpool-II 4.4 to 4.7 does not know, and a value that it would not take, as Pgpool-II itself
    often passes over both in silence.
  - Refuses passwords, which have no place in an environment variable. Put the user into C(pool_passwd) instead.
  - Refuses what cannot be written, a single quote, a line break, and V(=), at which upstream's entry point would cut.
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
    description: The release of Pgpool-II in the image, such as V(4.6.1). Refuses parameters that it does not have yet.
    type: str
  change:
    description: Leaves out all parameters but those whose change takes a V(restart), or a V(reload), of Pgpool-II.
    type: str
    choices: [reload, restart]
seealso:
  - plugin: pgha.kubernetes.pgpool_conf
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the environment of the container
  ansible.builtin.debug:
    msg: "{{ {'num_init_children': 32, 'load_balance_mode': true} | pgha.kubernetes.pgpool_params }}"
  # => [{'name': 'PGPOOL_PARAMS_NUM_INIT_CHILDREN', 'value': '32'},
  #     {'name': 'PGPOOL_PARAMS_LOAD_BALANCE_MODE', 'value': 'on'}]

- name: Show the environment of the container for two backends
  ansible.builtin.debug:
    msg: "{{ {'backends': backends} | pgha.kubernetes.pgpool_params }}"
  vars:
    backends: [{hostname: pg-rw, port: 5432}, {hostname: pg-ro, port: 5432}]
  # => [{'name': 'PGPOOL_PARAMS_BACKEND_HOSTNAME0', 'value': 'pg-rw'},
  #     {'name': 'PGPOOL_PARAMS_BACKEND_PORT0', 'value': '5432'},
  #     {'name': 'PGPOOL_PARAMS_BACKEND_HOSTNAME1', 'value': 'pg-ro'},
  #     {'name': 'PGPOOL_PARAMS_BACKEND_PORT1', 'value': '5432'}]
"""

RETURN = r"""
_value:
  description:
    - The variables, in the order given, for the C(env) of a container.
    - A V($) in a value is doubled, as Kubernetes undoes that.
  type: list
  elements: dict
  contains:
    name:
      description: The name of the variable.
      type: str
    value:
      description: Its value.
      type: str
"""


def pgpool_params(parameters: Mapping, version: str | None = None, change: str | None = None) -> list[dict[str, str]]:
    if not isinstance(parameters, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_params: a dict is right, not {type_name(parameters)}")
    try:
        return params(parameters if change is None else with_change(parameters, change), version=version)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_params: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pgpool_params": pgpool_params}
