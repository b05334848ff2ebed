# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: runbook_links
short_description: Alerting rules that lead to their pages
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Gives each alert the annotation C(runbook_url), where it has none. Recording rules stay as they are.
positional: base
options:
  _input:
    description: Groups of rules, as Prometheus writes them.
    type: list
    elements: dict
    required: true
  base:
    description: Where the pages are. Each is called as its alert, with C(.md).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Rules that lead to pages of one's own
  ansible.builtin.set_fact:
    my_rule_groups: "{{ my_rules.groups | pgha.kubernetes.runbook_links('https://wiki.example/runbooks') }}"
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
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.alert_rules import runbook_links as _runbook_links
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def runbook_links(groups: Sequence[Mapping[str, Any]], base: str) -> list[dict[str, Any]]:
    """Link each alert to its page."""
    if not isinstance(groups, (list, tuple)):
        raise AnsibleFilterError(f"pgha.kubernetes.runbook_links: give a list of groups, not {type(groups).__name__}")
    try:
        return _runbook_links(groups, str(base))
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.runbook_links: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.runbook_links."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"runbook_links": runbook_links}
