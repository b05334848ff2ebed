# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: restore_progress
short_description: How far the recovery of a new PostgreSQL cluster is
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Reads the pods of a cluster of CloudNativePG.
options:
  _input:
    description: The pods of the cluster.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show whether it has failed
  ansible.builtin.debug:
    msg: "{{ (__pods | pgha.kubernetes.restore_progress).failed }}"
"""

RETURN = r"""
_value:
  description: C(done) (the data is there), C(failed), C(pod) and C(container) (whose log says why).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_restore import progress
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name


def restore_progress(pods: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say how far the recovery is."""
    if not isinstance(pods, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.restore_progress: give a list, not {type_name(pods)}")
    return progress(pods)


class FilterModule:
    """The filter pgha.kubernetes.restore_progress."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"restore_progress": restore_progress}
