# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: restore_plan
short_description: How a PostgreSQL cluster is made from backups of another
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says what the new cluster is made with, or in sentences why it cannot be made.
positional: current, sources, operator
options:
  _input:
    description: >-
      C(name), C(namespace), C(version), C(image), C(databases), C(backup) and C(restore) of the role, and C(now),
      the time; C(secrets_read) once the Secrets are among O(current).
    type: dict
    required: true
  current:
    description: The new cluster's object, if it is there, and Secrets of its namespace.
    type: list
    elements: dict
    required: true
  sources:
    description: The object of the cluster that the backups are of, if it is there, and the backups of its namespace.
    type: list
    elements: dict
    required: true
  operator:
    description: What runs the cluster.
    type: str
    default: cloudnativepg
"""

EXAMPLES = r"""
- name: Plan the restore
  ansible.builtin.set_fact:
    __plan: "{{ __wanted | pgha.kubernetes.restore_plan(__objects, __sources, 'cloudnativepg') }}"
"""

RETURN = r"""
_value:
  description: >-
    C(problems), C(resumed) (it is there, from this very restore), C(origin) (what it is made with), C(secrets)
    (which keys of which Secrets are read), C(words).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name


def restore_plan(
    wanted: Mapping[str, Any],
    current: Sequence[Mapping[str, Any]],
    sources: Sequence[Mapping[str, Any]],
    operator: str = "cloudnativepg",
) -> dict[str, Any]:
    """Say how a cluster is made from backups."""
    if not isinstance(wanted, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.restore_plan: give a mapping, not {type_name(wanted)}")
    try:
        return operators.adapter(operator).restore(wanted, current, sources)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.restore_plan: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.restore_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"restore_plan": restore_plan}
