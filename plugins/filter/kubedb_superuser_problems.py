# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_superuser_problems
short_description: Why KubeDB cannot use the Secret of the superuser
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Looks at the user's name, which KubeDB does not choose freely, and at the characters of the password, which it
    pastes into SQL as it is. The password is in no sentence.
positional: name, keys, password
options:
  _input:
    description: The Secret, or none.
    type: list
    elements: dict
    required: true
  name:
    description: Its name.
    type: str
    required: true
  keys:
    description: The keys C(username_key) and C(password_key), which name those of the Secret.
    type: dict
    required: true
  password:
    description: The password that the role was given.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Refuse a Secret that breaks the standbys
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __keys: {username_key: username, password_key: password}
    __problems: "{{ __read.resources | pgha.kubernetes.kubedb_superuser_problems('hot-postgres-auth', __keys) }}"
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
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_cluster import superuser_problems


def kubedb_superuser_problems(
    secrets: Sequence[Mapping[str, Any]], name: str, keys: Mapping[str, str], password: str = ""
) -> list[str]:
    """Say why the Secret cannot be used."""
    if not isinstance(secrets, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.kubedb_superuser_problems: give a list of Secrets, not {type(secrets).__name__}"
        )
    return list(superuser_problems(name, secrets, keys, password))


class FilterModule:
    """The filter pgha.kubernetes.kubedb_superuser_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_superuser_problems": kubedb_superuser_problems}
