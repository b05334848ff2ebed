# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_login_problems
short_description: Why the logins of users cannot be as they are wanted
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Refuses what would lock applications out, such as to drop the login that they use, to switch to a login whose
    password is another one than the one that was brought to PostgreSQL, and new passwords while the PostgreSQL cluster
    is not as it should be; and a user's Secret of another type, or of another PostgreSQL cluster.
positional: secrets
options:
  _input:
    description: The users, as P(pgha.kubernetes.postgres_cluster_users#filter) returns them.
    type: list
    elements: dict
    required: true
  secrets:
    description: The Secrets of the namespace.
    type: list
    elements: dict
    required: true
  then:
    description: The Secrets as they were brought to PostgreSQL, to look for those that something else wrote since.
    type: list
    elements: dict
    default: []
  cluster:
    description: The name of the PostgreSQL cluster, by which the Secrets of another one are refused.
    type: str
    default: ""
  rotate:
    description: Names of users who get a new password.
    type: list
    elements: str
    default: []
  contract:
    description: >-
      The PostgreSQL cluster as it is, as P(pgha.kubernetes.postgres_cluster_contract#filter) returns it, by which new
      passwords are refused.
    type: dict
    default: {}
  seen:
    description: The logins that were seen to work. With it, one that has a newer password and was not is a problem.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Refuse what would lock applications out
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: >-
      {{ __users | pgha.kubernetes.postgres_cluster_login_problems(__read.resources, cluster='hot-postgres') }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_logins import (
    login_problems,
    switch_problems,
)


def postgres_cluster_login_problems(
    users: Sequence[Mapping[str, Any]],
    secrets: Sequence[Mapping[str, Any]],
    then: Sequence[Mapping[str, Any]] = (),
    seen: Sequence[str] | None = None,
    cluster: str = "",
    rotate: Sequence[str] = (),
    contract: Mapping[str, Any] | None = None,
) -> list[str]:
    """Say why the logins cannot be as they are wanted."""
    for value in (users, secrets):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.postgres_cluster_login_problems: users and Secrets must be lists")
    if seen is not None:
        return list(switch_problems(users, then, secrets, seen))
    return list(login_problems(users, secrets, cluster, rotate, contract))


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_login_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_login_problems": postgres_cluster_login_problems}
