# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: retention_size
short_description: How much of its volume Prometheus may fill
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Gives four fifths of a volume's size as Prometheus takes it in C(--storage.tsdb.retention.size). Its log and its
    compactions need the rest, and on a full volume it does not start.
options:
  _input:
    description: The size of the volume as Kubernetes writes it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the argument for a volume of 10Gi
  ansible.builtin.debug:
    msg: "--storage.tsdb.retention.size={{ '10Gi' | pgha.kubernetes.retention_size }}" # 8192MB
"""

RETURN = r"""
_value:
  description: The size, in megabytes of 1024 * 1024 bytes.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.resources import retention_size as _retention_size


def retention_size(size: Any) -> str:
    """Say how much of a volume Prometheus may fill."""
    try:
        return _retention_size(size)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.retention_size: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.retention_size."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"retention_size": retention_size}
