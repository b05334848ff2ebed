# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_secrets
short_description: Which Secrets of database users have to be written or deleted
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares the users with the Secrets that exist. A Secret keeps its password, unless the user's entry gives
    another one.
positional: existing, labels, what, rotate, superuser, taken
options:
  _input:
    description: The users, as P(pgha.kubernetes.postgres_cluster_users#filter) returns them.
    type: list
    elements: dict
    required: true
  existing:
    description: The Secrets of the namespace.
    type: list
    elements: dict
    required: true
  labels:
    description: The labels that each of the Secrets must have.
    type: dict
    required: true
  what:
    description: >-
      V(write) for those to write; V(replace) for the users whose password that replaces while applications use it;
      V(lost) for those among them who get another password as their Secret is gone;
      V(delete) for those of users that must not be there, and those that the superuser had before O(superuser).
    type: str
    choices: [write, replace, lost, delete]
    default: write
  rotate:
    description: Names of users who get a new password. Of two logins, the one that is not in use gets it.
    type: list
    elements: str
    default: []
  superuser:
    description: The name of the superuser's Secret, if the role makes it.
    type: str
    default: ""
  taken:
    description: Names of users whose password PostgreSQL has. Without its Secret, each of them gets another one.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Plan the Secrets
  ansible.builtin.set_fact:
    __plan: "{{ __users | pgha.kubernetes.postgres_cluster_secrets(__read.resources, __labels) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description:
    - For each Secret to write its name as C(secret), the user as C(name), whether it is C(new), and C(password) or
      C(generate); and C(annotations), where it gets some, and C(labels), where those are not all of O(labels).
    - Of those to delete, their names; of passwords that are replaced or lost, the names of the users.
  type: list
  elements: raw
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import (
    passwords_lost,
    passwords_to_replace,
    secrets_to_delete,
    secrets_to_write,
)


def postgres_cluster_secrets(
    users: Sequence[Mapping[str, Any]],
    existing: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    what: str = "write",
    rotate: Sequence[str] = (),
    superuser: str = "",
    taken: Collection[str] = (),
) -> list[Any]:
    """List the Secrets to write, or to delete."""
    for value in (users, existing):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.postgres_cluster_secrets: users and Secrets must be lists")
    if what == "delete":
        return secrets_to_delete(users, existing, labels, str(superuser))
    if what == "replace":
        return passwords_to_replace(users, existing, rotate, taken)
    if what == "lost":
        return passwords_lost(users, existing, taken)
    return secrets_to_write(users, existing, labels, rotate)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_secrets."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_secrets": postgres_cluster_secrets}
