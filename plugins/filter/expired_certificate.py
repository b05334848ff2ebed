# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter expired_certificate. Its logic is in plugin_utils/certificates.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import expired_certificate as _expired
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import utc_now
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name

DOCUMENTATION = r"""
name: expired_certificate
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make a certificate that ended long ago
description:
  - Makes the C(data) of a Secret of type C(kubernetes.io/tls) for a drill, to see who notices. The result holds a
    private key.
positional: names
options:
  _input:
    description: C(data) of the CA's Secret, with C(ca.crt) and C(ca.key).
    type: dict
    required: true
  names:
    description: DNS names of the server.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Replace the certificate
  kubernetes.core.k8s:
    kind: Secret
    name: hot-postgres-server
    namespace: demo
    state: patched
    resource_definition: {data: "{{ __ca.data | pgha.kubernetes.expired_certificate(['hot-postgres-rw']) }}"}
  no_log: true
  diff: false
"""

RETURN = r"""
_value:
  description: C(tls.crt) and C(tls.key), encoded as in the C(data) of a Secret.
  type: dict
"""


def expired_certificate(ca: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    if not isinstance(ca, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.expired_certificate: a dict is right, not {type_name(ca)}")
    if not names or isinstance(names, str):
        raise AnsibleFilterError(f"pgha.kubernetes.expired_certificate: give a list of names, not {type_name(names)}")
    try:
        return _expired(ca, [str(name) for name in names], utc_now())
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.expired_certificate: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"expired_certificate": expired_certificate}
