# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_login_wait
short_description: For how long a rotation has to wait for applications
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - A rotation takes away the password of the login before. Applications use that until they have seen the Secret with
    the login of now, and a mounted Secret arrives a minute or two later.
positional: secrets, rotate, grace, now
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
  rotate:
    description: Names of users who get a new password.
    type: list
    elements: str
    required: true
  grace:
    description: Seconds that a login goes on working after another one has taken its place.
    type: float
    required: true
  now:
    description: The time, in seconds since 1970.
    type: float
    required: true
"""

EXAMPLES = r"""
- name: Wait for applications
  ansible.builtin.wait_for:
    timeout: >-
      {{ __users | pgha.kubernetes.postgres_cluster_login_wait(
           __read.resources, ['app'], 120, now().timestamp()) }}
"""

RETURN = r"""
_value:
  description: Seconds to wait, 0 where nobody needs it.
  type: int
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_logins import seconds_to_wait


def postgres_cluster_login_wait(
    users: Sequence[Mapping[str, Any]],
    secrets: Sequence[Mapping[str, Any]],
    rotate: Sequence[str],
    grace: float,
    now: float,
) -> int:
    """Say for how long to wait."""
    for value in (users, secrets, rotate):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.postgres_cluster_login_wait: give lists")
    return seconds_to_wait(users, secrets, rotate, float(grace), float(now))


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_login_wait."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_login_wait": postgres_cluster_login_wait}
