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
  - Reads the pods of a cluster of CloudNativePG, or the Postgres object of KubeDB.
positional: operator
options:
  _input:
    description: Those objects.
    type: list
    elements: dict
    required: true
  operator:
    description: What runs the cluster.
    type: str
    choices: [cloudnativepg, kubedb]
    default: cloudnativepg
"""

EXAMPLES = r"""
- name: Show whether it has failed
  ansible.builtin.debug:
    msg: "{{ (__pods | pgha.kubernetes.restore_progress).failed }}"
"""

RETURN = r"""
_value:
  description: >-
    C(done) (the data is there), C(failed), C(runs) (it is under way), C(pod) and C(container) (whose log says why),
    C(sidecar) (the container that fetches the WAL, where it is another one), C(words) (the operator's own) and C(waits)
    (it may be for WAL that is not archived yet).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def restore_progress(objects: Sequence[Mapping[str, Any]], operator: str = "cloudnativepg") -> dict[str, Any]:
    """Say how far the recovery is."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.restore_progress: give a list, not {type_name(objects)}")
    try:
        return operators.adapter(operator).restore_progress(objects)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.restore_progress: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.restore_progress."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"restore_progress": restore_progress}
