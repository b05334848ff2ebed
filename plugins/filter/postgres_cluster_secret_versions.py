# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_secret_versions
short_description: Which versions of Secrets there are
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says which passwords there are without what they are, so that a change of one can be seen.
positional: written, names
options:
  _input:
    description: The Secrets as they were read.
    type: list
    elements: dict
    required: true
  written:
    description: Those that were written since.
    type: list
    elements: dict
    required: true
  names:
    description: Names of the Secrets to look at.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Keep which passwords there are
  ansible.builtin.set_fact:
    __versions: "{{ __read.resources | pgha.kubernetes.postgres_cluster_secret_versions([], ['hot-postgres-app']) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The version of each Secret that is there, by its name.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import secret_versions


def postgres_cluster_secret_versions(
    read: Sequence[Mapping[str, Any]], written: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> dict[str, str]:
    """Return the versions by name."""
    for value in (read, written, names):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError("pgha.kubernetes.postgres_cluster_secret_versions: give lists")
    return secret_versions(read, written, names)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_secret_versions."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_secret_versions": postgres_cluster_secret_versions}
