# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pool_hba. Its logic is in plugin_utils/pgpool_conf.py."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import hba

DOCUMENTATION = r"""
name: pool_hba
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make Pgpool-II's pool_hba.conf
description:
  - Makes the text of C(pool_hba.conf), which says who may connect to Pgpool-II, from where, and how they prove it.
  - Refuses a rule that Pgpool-II would not take, as it would then drop the whole file, and one that never matches.
  - Refuses method V(password) (CVE-2025-46801), and V(trust) for any address but those of the loopback interface.
options:
  _input:
    description:
      - The rules, in the order in which Pgpool-II tries them, each a dictionary with the keys that follow or a line of
        the file, which is checked and kept as it is.
      - C(type), one of V(local), V(host), V(hostssl) and V(hostnossl).
      - C(database) and C(user), a name or a list of names, V(all) by default. They are quoted where necessary.
      - C(address), a network such as V(10.0.0.0/8), the name of a host, V(all), V(samehost) or V(samenet). For all
        types but V(local).
      - C(method), one of V(scram-sha-256), V(md5), V(cert), V(pam), V(ldap), V(reject) and V(trust).
      - C(options), a dictionary of options of V(pam) or V(ldap).
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: Show a file of two rules
  ansible.builtin.debug:
    msg: "{{ rules | pgha.kubernetes.pool_hba }}"
  vars:
    rules:
      - {type: local, method: trust}
      - {type: hostssl, database: [shop, stock], user: app, address: 10.0.0.0/8, method: scram-sha-256}
  # => # TYPE   DATABASE    USER  ADDRESS     METHOD         OPTIONS
  #    local    all         all               trust
  #    hostssl  shop,stock  app   10.0.0.0/8  scram-sha-256
"""

RETURN = r"""
_value:
  description: The text of the file, with a heading and one line for each rule in the order given.
  type: str
"""


def pool_hba(rules: list) -> str:
    if not isinstance(rules, list):
        raise AnsibleFilterError(f"pgha.kubernetes.pool_hba: a list is right, not {type_name(rules)}")
    try:
        return hba(rules)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pool_hba: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pool_hba": pool_hba}
