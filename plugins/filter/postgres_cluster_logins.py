# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_logins
short_description: Which of two logins of a user is that of now
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares the Secrets of users with C(overlap), who have two logins, with those that name the login of now.
positional: secrets, what
options:
  _input:
    description: The users, as P(pgha.kubernetes.postgres_cluster_users#filter) returns them.
    type: list
    elements: dict
    required: true
  secrets:
    description: The Secrets of the namespace. Of two with one name, the last one counts.
    type: list
    elements: dict
    required: true
  what:
    description:
      - V(states) says which login is that of now, and whether the other one has a newer password. No password is in it.
      - V(write) is what has to be written into the Secrets with the login of now.
      - V(pending) is the Secrets of the logins that have a newer password, whole.
    type: str
    choices: [states, write, pending]
    default: states
  labels:
    description: For V(write), the labels that each Secret of a user must have.
    type: dict
    default: {}
  seen:
    description: For V(write), the logins that were seen to work. To these it goes over, if they have a newer password.
    type: list
    elements: str
    default: []
  now:
    description: For V(write), the time in ISO 8601.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: See which logins are those of now
  ansible.builtin.debug:
    msg: "{{ __users | pgha.kubernetes.postgres_cluster_logins(__read.resources) }}"
"""

RETURN = r"""
_value:
  description:
    - Of V(states) C(name), C(secret), C(now), C(now_secret), C(other), C(other_secret), C(rotation), C(switched) and
      C(pending).
    - Of V(write) C(secret), C(user), C(name), C(before), C(labels), C(annotations) and C(data), in which the password
      is.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_logins import (
    logins_to_write,
    pending_secrets,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import login_states


def postgres_cluster_logins(
    users: Sequence[Mapping[str, Any]],
    secrets: Sequence[Mapping[str, Any]],
    what: str = "states",
    labels: Mapping[str, str] | None = None,
    seen: Sequence[str] = (),
    now: str = "",
) -> list[Any]:
    """Say which login is that of now, or what has to be written."""
    for value in (users, secrets):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.postgres_cluster_logins: users and Secrets must be lists")
    if what == "write":
        return logins_to_write(users, secrets, labels or {}, seen, now)
    return pending_secrets(users, secrets) if what == "pending" else login_states(users, secrets)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_logins."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_logins": postgres_cluster_logins}
