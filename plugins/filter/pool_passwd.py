# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pool_passwd. Its logic is in plugin_utils/pool_passwd.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pool_passwd import lines

DOCUMENTATION = r"""
name: pool_passwd
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make the lines of Pgpool-II's pool_passwd
description:
  - Makes the lines of the file from which Pgpool-II takes the passwords of its users.
  - The entries equal those of C(pg_md5) and C(pg_enc). Unlike those programs, the filter escapes V(:) and V(\\), as
    Pgpool-II expects them to be.
  - Refuses users that could not log in with what would be written.
  - The result holds secrets. Use the filter under C(no_log).
options:
  _input:
    description:
      - The users, as a dictionary of names and passwords, or as a list of dictionaries with the keys that follow.
      - C(name) and C(password) of the user.
      - C(method), for this user instead of the filter's O(method).
      - C(hashed), V(true) if the passwords are C(md5) hashes already.
      - C(backend_user) and C(backend_password), the third and fourth field of the line. Pgpool-II 4.4 to 4.7 reads
        them and makes no use of them.
    type: raw
    required: true
  method:
    description:
      - How the passwords are kept.
      - V(md5) keeps a hash, which is enough where PostgreSQL uses C(md5).
      - V(aes) keeps the password itself, encrypted with O(key), as C(scram-sha-256) needs it. At most 79 bytes.
      - V(text) keeps the password itself, readable. At most 124 bytes.
    type: str
    choices: [md5, aes, text]
    default: md5
  key:
    description:
      - What is in the key file of Pgpool-II, without the newline at its end. At most 255 bytes.
      - Needed for V(aes). It should be long and random, as the same password gives the same entry each time.
    type: str
requirements:
  - cryptography, where Ansible runs, for O(method=aes)
seealso:
  - plugin: pgha.kubernetes.pcp_conf
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep md5 hashes
  ansible.builtin.set_fact:
    pool_passwd: "{{ {'app': 'secret', 'bi': 'p:w'} | pgha.kubernetes.pool_passwd }}"
  no_log: true
  # => ['app:md56a422f785c9e20873908ce25d1736ae2', 'bi:md54d50ce8abc175a20dc5e5da0a3f0cbe6']

- name: Keep encrypted passwords, for SCRAM, and one hash from elsewhere
  ansible.builtin.set_fact:
    pool_passwd: "{{ users | pgha.kubernetes.pool_passwd(method='aes', key=pgpool_key) }}"
  no_log: true
  vars:
    users:
      - {name: app, password: "{{ app_password }}"}
      - {name: legacy, password: "{{ legacy_hash }}", method: md5, hashed: true}
"""

RETURN = r"""
_value:
  description: One line for each user, in the order given, without newlines.
  type: list
  elements: str
"""


def pool_passwd(users: Mapping | list, method: str = "md5", key: str | None = None) -> list[str]:
    if not isinstance(users, (Mapping, list)):
        raise AnsibleFilterError(f"pgha.kubernetes.pool_passwd: a dict or a list is right, not {type_name(users)}")
    try:
        return lines(users, method=method, key=key)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pool_passwd: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"pool_passwd": pool_passwd}
