# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter tls_secrets. Its logic is in plugin_utils/certificates.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import is_name, utc_now
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import tls_secrets as _tls_secrets
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name

DOCUMENTATION = r"""
name: tls_secrets
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make a server's certificate, and the CA that signs it
description:
  - Makes the C(data) of two Secrets of type C(kubernetes.io/tls). What is there stays as it is, unless less than a
    third of its time is left, the names differ, or the CA is another. A CA with less than two years left is made anew
    with its key, so that clients may trust either until the old one ends.
  - The result holds private keys, and is another one each time that something is made. Keep it with
    M(ansible.builtin.set_fact) and C(no_log).
positional: ca, names
options:
  _input:
    description: C(data) of the server's Secret, empty if there is none.
    type: dict
    required: true
  ca:
    description: C(data) of the CA's Secret, empty if there is none.
    type: dict
    required: true
  names:
    description: DNS names and addresses of the server, the first of which names the CA.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Make the certificates
  ansible.builtin.set_fact:
    __tls: "{{ __server.data | default({}) | pgha.kubernetes.tls_secrets(__ca.data | default({}), __names) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: >-
    C(ca), with C(tls.crt) and C(tls.key), and C(server), with C(tls.crt), C(tls.key) and C(ca.crt), all encoded as in
    the C(data) of a Secret.
  type: dict
"""


def tls_secrets(server: Mapping, ca: Mapping, names: Sequence[str]) -> dict[str, dict[str, str]]:
    for value in (server, ca):
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(f"pgha.kubernetes.tls_secrets: a dict is right, not {type_name(value)}")
    wrong = [name for name in names if not is_name(name)]
    if wrong or not names or isinstance(names, str):
        raise AnsibleFilterError(f"pgha.kubernetes.tls_secrets: give a list of DNS names and addresses, not {wrong}")
    try:
        return _tls_secrets(server, ca, [str(name) for name in names], utc_now())
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.tls_secrets: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"tls_secrets": tls_secrets}
