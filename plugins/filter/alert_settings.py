# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: alert_settings
short_description: Alerting rules with settings of their own
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Gives alerts another C(for) or another severity, or leaves them out. Recording rules stay as they are.
positional: settings
options:
  _input:
    description: Groups of rules, as Prometheus writes them.
    type: list
    elements: dict
    required: true
  settings:
    description: By the name of an alert its C(for), its C(severity), and C(enabled).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Rules of which one takes its time
  ansible.builtin.set_fact:
    my_rule_groups: "{{ my_rules.groups | pgha.kubernetes.alert_settings({'PostgresLagBytes': {'for': '5m'}}) }}"
"""

RETURN = r"""
_value:
  description: The groups.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.alert_rules import alert_settings as _alert_settings
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def alert_settings(groups: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Set what is told of single alerts."""
    if not isinstance(groups, (list, tuple)) or not isinstance(settings, Mapping):
        raise AnsibleFilterError("pgha.kubernetes.alert_settings: give a list of groups, and a mapping of settings")
    try:
        return _alert_settings(groups, settings)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.alert_settings: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.alert_settings."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"alert_settings": alert_settings}
