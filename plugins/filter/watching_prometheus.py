# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: watching_prometheus
short_description: Which Prometheus of an operator takes certain monitors and rules
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares the selectors of objects of the kind Prometheus with the labels and the namespace of monitors and rules.
  - One that takes targets of their namespace alone (C(ignoreNamespaceSelectors), C(enforcedNamespaceLabel)) has to be
    asked for no other.
positional: labels, namespace, watched
options:
  _input:
    description: Objects of the kind Prometheus, and the Namespace, as C(kubernetes.core.k8s_info) returns them.
    type: list
    elements: dict
    required: true
  labels:
    description: The labels of the monitors and rules.
    type: dict
    required: true
  namespace:
    description: Where they are.
    type: str
    required: true
  watched:
    description: The namespaces in which they look for targets. None is all.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Check that a Prometheus takes them
  ansible.builtin.assert:
    that: __watching.problem | length == 0
    fail_msg: "{{ __watching.problem }}"
  vars:
    __watching: "{{ __read.resources | pgha.kubernetes.watching_prometheus({'release': 'prometheus'}, 'monitoring') }}"
"""

RETURN = r"""
_value:
  description: >-
    C(found) (of each its C(namespace), the C(selector) of its pods and the C(path) of its API) and C(problem) (a
    sentence, empty if one is found).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.prometheus_operator import watching


def watching_prometheus(
    objects: Sequence[Mapping[str, Any]], labels: Mapping[str, str], namespace: str, watched: Sequence[str] = ()
) -> dict[str, Any]:
    """Find the Prometheus that takes monitors and rules."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.watching_prometheus: give a list of objects, not {type(objects).__name__}"
        )
    return watching(objects, labels, str(namespace), watched)


class FilterModule:
    """The filter pgha.kubernetes.watching_prometheus."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"watching_prometheus": watching_prometheus}
