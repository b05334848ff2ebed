# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_users
short_description: Every database user that a PostgreSQL cluster has to have
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Adds the owners of databases and the users of the collection's own to those that were asked for, and fills in
    what their entries leave out.
positional: databases, cluster, system, secrets
options:
  _input:
    description: The users that were asked for.
    type: list
    elements: dict
    required: true
  databases:
    description: The databases, whose owners have to exist.
    type: list
    elements: dict
    required: true
  cluster:
    description: The name of the PostgreSQL cluster.
    type: str
    required: true
  system:
    description: Whether to add the owners and the collection's own users.
    type: bool
    default: true
  secrets:
    description: The Secrets that exist. They say whose second login was made, so that it can go.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: See who there will be
  ansible.builtin.debug:
    msg: "{{ [{'name': 'app'}] | pgha.kubernetes.postgres_cluster_users([{'name': 'app'}], 'hot-postgres') }}"
"""

RETURN = r"""
_value:
  description:
    - The users, each with C(name), C(secret), C(roles), C(connection_limit), the flags of the role, and C(password)
      where one was given.
    - A user with C(overlap) has C(second), the name of its second login, which is the next entry and has C(first).
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import all_users


def postgres_cluster_users(
    users: Sequence[Mapping[str, Any]],
    databases: Sequence[Mapping[str, Any]],
    cluster: str,
    system: bool = True,
    secrets: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """List every user of a cluster."""
    for value in (users, databases, secrets):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.postgres_cluster_users: users and databases must be lists")
    return all_users(users, databases, cluster, system, secrets)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_users."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_users": postgres_cluster_users}
