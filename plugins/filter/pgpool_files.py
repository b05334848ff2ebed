# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pgha.kubernetes.pgpool_files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pgpool_files as _utils
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

DOCUMENTATION = r"""
name: pgpool_files
short_description: The files of Pgpool-II that hold secrets or say who may log in
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Makes C(pool_passwd), C(pool_hba.conf), C(pcp.conf), C(pcppass) (a PCPPASSFILE) and C(pgpoolkey) from the Secrets
    of the database users. The same Secrets always make the same files.
  - With O(parameters), also C(params.conf) or C(pgpool.conf); C(restart), a text that is another one as soon as there
    is a change that no reload takes up; and C(version), which names what is in all the others.
  - Entries of C(pool_passwd) are encrypted with AES where PostgreSQL uses SCRAM, and hashed where it uses MD5.
positional: contract, current, generated, hba_rules, parameters, config_mode, tls_required, socket_users
options:
  _input:
    description: >-
      Secrets as C(kubernetes.core.k8s_info) returns them. Those of type C(kubernetes.io/basic-auth) are users, and
      so is the superuser's that the contract names; others are passed over.
    type: list
    elements: dict
    required: true
  contract:
    description: The PostgreSQL cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it.
    type: dict
    required: true
  current:
    description: C(data) of the Secret that Pgpool-II has now. Its key and its PCP password are kept.
    type: dict
    default: {}
  generated:
    description: C(key) and C(pcp_password) for a Pgpool-II that has none yet.
    type: dict
    default: {}
  hba_rules:
    description: >-
      Rules of C(pool_hba.conf), as P(pgha.kubernetes.pool_hba#filter) takes them. By default all users may log in from
      everywhere with the method that PostgreSQL itself uses.
    type: list
    elements: raw
    default: []
  parameters:
    description: All parameters of Pgpool-II.
    type: dict
  config_mode:
    description: >-
      V(env) if the parameters that need a restart are environment variables, so that C(params.conf) has the others;
      V(files) if C(pgpool.conf) has them all.
    type: str
    choices: [env, files]
    default: env
  tls_required:
    description: Whether the default rules refuse connections without TLS.
    type: bool
    default: false
  socket_users:
    description: >-
      Users who get in on the Unix socket whatever O(hba_rules) say, such as the exporter's. The default rules let all
      users in there.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Make Pgpool-II's files
  ansible.builtin.set_fact:
    __files: "{{ __secrets.resources | pgha.kubernetes.pgpool_files(postgres_cluster_result, __current, __generated) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The text of each file by its name.
  type: dict
"""


def pgpool_files(
    secrets: Sequence[Mapping[str, Any]],
    contract: Mapping[str, Any],
    current: Mapping[str, str] | None = None,
    generated: Mapping[str, str] | None = None,
    hba_rules: Sequence[Mapping | str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    config_mode: str = "env",
    tls_required: bool = False,
    socket_users: Sequence[str] = (),
) -> dict[str, str]:
    """Make the files of Pgpool-II."""
    if not isinstance(secrets, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_files: give a list of Secrets, not {type(secrets).__name__}")
    if config_mode not in _utils.CONFIGURATION_FILES:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_files: config_mode is {config_mode!r}; env or files is right")
    try:
        return _utils.pgpool_files(
            secrets, contract, current, generated, hba_rules, parameters, config_mode, bool(tls_required), socket_users
        )
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_files: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.pgpool_files."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"pgpool_files": pgpool_files}
