# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: monitor_relabelings
short_description: Relabelings of a ServiceMonitor or PodMonitor, from a scrape config
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Makes the C(relabelings) with which an operator's Prometheus labels targets as one with that scrape config does.
positional: services
options:
  _input:
    description: An entry of Prometheus' C(scrape_configs).
    type: dict
    required: true
  services:
    description: Whether they are for a ServiceMonitor. Otherwise they are for a PodMonitor.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Relabelings for a PodMonitor
  ansible.builtin.set_fact:
    my_relabelings: "{{ my_scrape_config | pgha.kubernetes.monitor_relabelings(false) }}"
"""

RETURN = r"""
_value:
  description: The relabelings.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.prometheus_operator import (
    monitor_relabelings as _monitor_relabelings,
)


def monitor_relabelings(job: Mapping[str, Any], services: bool) -> list[dict[str, Any]]:
    """Make relabelings of a scrape config."""
    try:
        return _monitor_relabelings(job, bool(services))
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.monitor_relabelings: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.monitor_relabelings."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"monitor_relabelings": monitor_relabelings}
