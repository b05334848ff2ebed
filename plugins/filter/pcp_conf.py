# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pcp_conf. Its logic is in plugin_utils/pool_passwd.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pool_passwd
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name

DOCUMENTATION = r"""
name: pcp_conf
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make Pgpool-II's pcp.conf
description:
  - Makes the file from which Pgpool-II takes the names of those who may run PCP commands, and hashes of their
    passwords.
  - The result holds secrets. Use the filter under C(no_log).
options:
  _input:
    description: The users, as a dictionary of names and passwords, or as a list of dictionaries with C(name) and
      C(password). A name takes at most 95 bytes and has no V(:).
    type: raw
    required: true
seealso:
  - plugin: pgha.kubernetes.pool_passwd
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Allow one user
  ansible.builtin.set_fact:
    pcp_conf: "{{ {'pcp': 'secret'} | pgha.kubernetes.pcp_conf }}"
  no_log: true
  # => "pcp:5ebe2294ecd0e0f08eab7690d2a6ee69\n"
"""

RETURN = r"""
_value:
  description: The text of the file, one line for each user in the order given.
  type: str
"""


def pcp_conf(users: Mapping | list) -> str:
    if not isinstance(users, (Mapping, list)):
        raise AnsibleFilterError(f"pgha.kubernetes.pcp_conf: a dict or a list is right, not {type_name(users)}")
    try:
        return pool_passwd.pcp_conf(users)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pcp_conf: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pcp_conf": pcp_conf}
