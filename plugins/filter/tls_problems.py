# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter tls_problems. Its logic is in plugin_utils/certificates.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import tls_problems as _tls_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import utc_now
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name

DOCUMENTATION = r"""
name: tls_problems
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Why a Secret cannot be a server's certificate
description:
  - Says whether the Secret has C(tls.crt) and C(tls.key), whether they belong together, and whether the certificate is
    valid now and has the names that it must have.
  - Those of the certificates in C(tls.crt) that lead up from the first have to be valid now, too.
  - No sentence holds anything of the key.
positional: name, names
options:
  _input:
    description: The Secret as C(kubernetes.core.k8s_info) returns it, empty if there is none.
    type: dict
    required: true
  name:
    description: Its name.
    type: str
    required: true
  names:
    description: DNS names and addresses that the certificate must have, among others.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Refuse a certificate that has ended
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: "{{ __secrets.resources | first | default({}) | pgha.kubernetes.tls_problems('pg-pgpool-tls') }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""


def tls_problems(secret: Mapping, name: str, names: Sequence[str] = ()) -> list[str]:
    if not isinstance(secret, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.tls_problems: a dict is right, not {type_name(secret)}")
    try:
        return _tls_problems(secret, name, utc_now(), names)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.tls_problems: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"tls_problems": tls_problems}
