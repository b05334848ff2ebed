# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drift_edits
short_description: Edits that somebody could have made by hand
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says how objects could be edited, one field of each, so that a playbook has something to mend. Of the same objects
    it says the same, so C(was) of before and of afterwards are alike where all is mended.
options:
  _input:
    description: >-
      Objects as the Kubernetes API returns them. Those of kinds that the filter does not know, and certificates, are
      left out.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Edit them
  kubernetes.core.k8s:
    definition: "{{ __objects | pgha.kubernetes.drift_edits | map(attribute='patch') }}"
    state: patched
  no_log: true
"""

RETURN = r"""
_value:
  description: >-
    Of each object C(patch), and C(was) with C(object), C(field) and C(value), a checksum of what the field was.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drift import drift_edits as _drift_edits
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name


def drift_edits(objects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say how they could be edited."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.drift_edits: give a list of objects, not {type_name(objects)}")
    return _drift_edits(objects)


class FilterModule:
    """The filter pgha.kubernetes.drift_edits."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"drift_edits": drift_edits}
