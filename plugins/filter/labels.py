# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: labels
short_description: The labels of an object of this collection
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Makes the recommended labels of Kubernetes, the same way for every object.
positional: component, instance
options:
  _input:
    description: The application, such as V(postgresql) or V(pgpool).
    type: str
    required: true
  component:
    description: Its part in the whole, such as V(database), V(proxy) or V(monitoring).
    type: str
    required: true
  instance:
    description: What tells two of them apart, such as the name of the PostgreSQL cluster.
    type: str
    required: true
  extra:
    description: More labels. They do not replace the others.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Labels of a Service
  ansible.builtin.debug:
    msg: "{{ 'pgpool' | pgha.kubernetes.labels('proxy', 'hot-postgres') }}"
# app.kubernetes.io/name: pgpool
# app.kubernetes.io/instance: hot-postgres
# app.kubernetes.io/component: proxy
# app.kubernetes.io/part-of: pgha
# app.kubernetes.io/managed-by: pgha.kubernetes
"""

RETURN = r"""
_value:
  description: The labels.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import labels as _labels


def labels(name: str, component: str, instance: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make the labels of an object."""
    try:
        return _labels(name, component, instance, extra)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.labels: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.labels."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"labels": labels}
