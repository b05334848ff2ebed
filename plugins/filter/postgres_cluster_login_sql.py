# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_login_sql
short_description: SQL by which the second login of a user acts as the first
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Returns SQL for the superuser that has the second login of each user with C(overlap) act as the first (C(ALTER ROLE
    … SET role)), and gives it the settings of the first.
positional: what
options:
  _input:
    description: The users, as P(pgha.kubernetes.postgres_cluster_users#filter) returns them.
    type: list
    elements: dict
    required: true
  what:
    description:
      - V(check) fails in a PostgreSQL that is too old for it.
      - V(say) returns what is lacking, without values, and nothing where nothing is.
      - V(do) gives it.
    type: str
    choices: [check, say, do]
    default: do
"""

EXAMPLES = r"""
- name: See what would be run
  ansible.builtin.debug:
    msg: "{{ __users | pgha.kubernetes.postgres_cluster_login_sql }}"
"""

RETURN = r"""
_value:
  description: One statement, or an empty text where no user has two logins.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.users_sql import acting_sql


def postgres_cluster_login_sql(users: Sequence[Mapping[str, Any]], what: str = "do") -> str:
    """Return the SQL."""
    if not isinstance(users, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.postgres_cluster_login_sql: give a list of users, not {type(users).__name__}"
        )
    return acting_sql(users, what)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_login_sql."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_login_sql": postgres_cluster_login_sql}
