# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cloudnativepg_manifest_problem
short_description: What is wrong with a release manifest of CloudNativePG
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says in one sentence that a manifest could not be read, is no release manifest, or is of another version.
positional: version, location
options:
  _input:
    description: The documents of the manifest; none where it could not be read.
    type: list
    elements: dict
    required: true
  version:
    description: The version that it has to be of.
    type: str
    required: true
  location:
    description: Where it was looked for.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse another version
  ansible.builtin.assert:
    that: __problem | length == 0
    fail_msg: "{{ __problem }}"
  vars:
    __problem: "{{ __documents | pgha.kubernetes.cloudnativepg_manifest_problem('1.30.1', 'cnpg-1.30.1.yaml') }}"
"""

RETURN = r"""
_value:
  description: The sentence, or an empty string.
  type: str
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import cloudnativepg_operator as operator


def cloudnativepg_manifest_problem(documents: Iterable[Mapping[str, Any] | None], version: str, location: str) -> str:
    """Say what is wrong with a release manifest."""
    return operator.manifest_problem(list(documents), version, location)


class FilterModule:
    """The filter pgha.kubernetes.cloudnativepg_manifest_problem."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"cloudnativepg_manifest_problem": cloudnativepg_manifest_problem}
