# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: instance_labels
short_description: By which labels of pods Prometheus tells the instances of PostgreSQL
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Lists, for each operator that this collection knows, the labels of the pods of its instances, as Prometheus'
    discovery names them.
options:
  _input:
    description: What discovery puts before the name of a pod's label.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The label that names the cluster of an instance, by operator
  ansible.builtin.debug:
    msg: "{{ '__meta_kubernetes_pod_label_' | pgha.kubernetes.instance_labels | items2dict('operator', 'cluster') }}"
"""

RETURN = r"""
_value:
  description: >-
    For each operator its name (C(operator)), the label that only instances have (C(label)) and its C(value) as a
    regular expression, and the labels of the cluster's name (C(cluster)) and of the role (C(role)).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.instance_labels import instance_labels as _instance_labels


def instance_labels(prefix: str) -> list[dict[str, str]]:
    """List the labels of each operator."""
    if not isinstance(prefix, str):
        raise AnsibleFilterError(f"pgha.kubernetes.instance_labels: give a prefix, not {type(prefix).__name__}")
    return _instance_labels(str(prefix))


class FilterModule:
    """The filter pgha.kubernetes.instance_labels."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"instance_labels": instance_labels}
