# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubedb_license_problems
short_description: Why a licence of KubeDB lets no operator run
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says that a licence is missing, malformed, of another cluster, or expired. Nothing else of it is in a sentence.
  - Without the Python package cryptography only its form is judged.
positional: source, cluster, days
options:
  _input:
    description: The licence, empty if there is none.
    type: str
    required: true
  source:
    description: Where it is from, as the sentence begins.
    type: str
    required: true
  cluster:
    description: The UID of the namespace kube-system.
    type: str
    required: true
  days:
    description: >-
      Instead of what is wrong now, says that the licence expires within so many days. Nothing where something is wrong
      now.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Refuse a licence that has expired
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join('\n') }}"
  vars:
    __problems: "{{ __text | pgha.kubernetes.kubedb_license_problems('kubedb_license.file', __uid) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import utc_now
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_license import (
    license_problems,
    license_warnings,
)


def kubedb_license_problems(text: str, source: str, cluster: str, days: int = 0) -> list[str]:
    """Say why the licence cannot be used, or soon cannot."""
    if not isinstance(text, str):
        raise AnsibleFilterError(f"pgha.kubernetes.kubedb_license_problems: give a text, not {type(text).__name__}")
    if days:
        return list(license_warnings(text, source, cluster, int(days), utc_now()))
    return list(license_problems(text, source, cluster, utc_now()))


class FilterModule:
    """The filter pgha.kubernetes.kubedb_license_problems."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"kubedb_license_problems": kubedb_license_problems}
