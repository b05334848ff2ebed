# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pgpool_logins
short_description: Which Secrets are those of users who log in through Pgpool-II
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Returns names of Secrets and of keys in them, and nothing of what they hold, so that they can be mounted.
positional: contract, hba_rules, database, addresses
options:
  _input:
    description: Secrets as the Kubernetes API returns them.
    type: list
    elements: dict
    required: true
  contract:
    description: The PostgreSQL cluster, as the role C(postgres_cluster) exports it.
    type: dict
    required: true
  hba_rules:
    description: >-
      Rules of C(pool_hba.conf), as P(pgha.kubernetes.pool_hba#filter) takes them. Whom none of them lets in over the
      network by a password is left out. By default nobody is.
    type: list
    elements: raw
    default: []
  database:
    description: To which database they are to connect, for these rules.
    type: str
    default: ""
  addresses:
    description: >-
      To all of which they are to connect. Rules for another version of IP than theirs do not count. Without any, rules
      for either version may let a user in, and one that refuses all of IPv4 refuses all.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Name the Secrets of users
  ansible.builtin.debug:
    msg: "{{ __secrets.resources | pgha.kubernetes.pgpool_logins(postgres_cluster_result) }}"
"""

RETURN = r"""
_value:
  description: The keys C(secret), C(username_key) and C(password_key) for each user, the superuser last.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_verify import logins


def pgpool_logins(
    secrets: Sequence[Mapping[str, Any]],
    contract: Mapping[str, Any],
    hba_rules: Sequence[Mapping | str] = (),
    database: str = "",
    addresses: Sequence[str] = (),
) -> list[dict[str, str]]:
    """Name the Secrets of users."""
    if not isinstance(secrets, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_logins: give a list of Secrets, not {type(secrets).__name__}")
    try:
        return logins(secrets, contract, hba_rules, database, addresses)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_logins: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.pgpool_logins."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"pgpool_logins": pgpool_logins}
