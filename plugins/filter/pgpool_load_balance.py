# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgpool_load_balance. Its logic is in plugin_utils/pgpool_load_balance.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_load_balance import load_balance

DOCUMENTATION = r"""
name: pgpool_load_balance
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Say where Pgpool-II sends reads
description:
  - Makes the parameters of Pgpool-II for one of three presets, and for what a database or an application prefers.
  - Combine the result with that of P(pgha.kubernetes.pgpool_backends#filter), over which it wins, and with parameters
    of your own, which win over both.
options:
  _input:
    description:
      - C(preset), V(strict), V(bounded) (the default) or V(eventual).
      - C(per), V(statement) (the default) or V(session), says how often a backend is chosen.
      - C(max_lag) is how far a standby may be behind, in bytes, or a text such as V(16MB).
      - C(after_write) is Pgpool-II's C(disable_load_balance_on_write).
      - C(databases) and C(applications) are mappings of names to V(primary), V(standby), or a mapping of C(prefer), one
        of those, and C(share), from 0 to 1. Names are taken literally.
    type: dict
    required: true
  topology:
    description: The layout of the backends. With V(services), no lag is known.
    type: str
    choices: [per_instance, services]
    default: per_instance
seealso:
  - plugin: pgha.kubernetes.pgpool_backends
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the parameters for a limit of 16 MB, with the reports on standbys
  ansible.builtin.debug:
    msg: "{{ {'max_lag': '16MB', 'databases': {'reports': 'standby'}} | pgha.kubernetes.pgpool_load_balance }}"
  # => {'statement_level_load_balance': true, 'disable_load_balance_on_write': 'transaction',
  #     'delay_threshold': 16777216, 'database_redirect_preference_list': 'reports:standby'}
"""

RETURN = r"""
_value:
  description: Parameters of Pgpool-II and their values.
  type: dict
"""


def pgpool_load_balance(asked: Mapping, topology: str = "per_instance") -> dict[str, object]:
    if not isinstance(asked, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_load_balance: a dict is right, not {type_name(asked)}")
    try:
        return load_balance(asked, topology)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_load_balance: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pgpool_load_balance": pgpool_load_balance}
