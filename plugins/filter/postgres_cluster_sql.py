# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_sql
short_description: Users and databases as SQL for psql
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Returns SQL that makes, changes and drops users and makes databases, for operators that do not do so.
  - No password is in it. The psql that runs it reads each from a file below C(/users).
positional: databases
options:
  _input:
    description: The users, as P(pgha.kubernetes.postgres_cluster_users#filter) returns them.
    type: list
    elements: dict
    required: true
  databases:
    description: The databases, each with C(name) and C(owner).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: See what would be run
  ansible.builtin.debug:
    msg: "{{ __users | pgha.kubernetes.postgres_cluster_sql([{'name': 'app'}]) }}"
"""

RETURN = r"""
_value:
  description: The SQL, with commands of psql.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.users_sql import users_sql


def postgres_cluster_sql(users: Sequence[Mapping[str, Any]], databases: Sequence[Mapping[str, Any]]) -> str:
    """Return the SQL."""
    for value in (users, databases):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.postgres_cluster_sql: users and databases must be lists")
    return users_sql(users, databases)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_sql."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_sql": postgres_cluster_sql}
