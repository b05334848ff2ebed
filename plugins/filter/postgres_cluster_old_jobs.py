# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: postgres_cluster_old_jobs
short_description: Jobs that made other users and databases than the wanted ones
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - The Job that made users and databases stays as the record of that, so those of another name, and one that failed,
    have to go before it is made.
positional: name
options:
  _input:
    description: The Jobs of the PostgreSQL cluster.
    type: list
    elements: dict
    required: true
  name:
    description: The one that is wanted. Empty for none.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Delete those of before
  kubernetes.core.k8s:
    definition: "{{ __jobs.resources | pgha.kubernetes.postgres_cluster_old_jobs('hot-postgres-users-0a1b2c') }}"
    state: absent
"""

RETURN = r"""
_value:
  description: What C(kubernetes.core.k8s) has to delete.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.users_sql import old_jobs


def postgres_cluster_old_jobs(jobs: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    """List the Jobs to delete."""
    if not isinstance(jobs, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.postgres_cluster_old_jobs: give a list of Jobs, not {type(jobs).__name__}"
        )
    return old_jobs(jobs, name)


class FilterModule:
    """The filter pgha.kubernetes.postgres_cluster_old_jobs."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"postgres_cluster_old_jobs": postgres_cluster_old_jobs}
