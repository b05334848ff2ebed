# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
short_description: The reports of many PostgreSQL clusters as one
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Says which PostgreSQL clusters are well, which are not and why, and of which there is no report.
positional: reports, failures
options:
  _input:
    description: The hosts of the inventory.
    type: list
    elements: str
    required: true
  reports:
    description: Of each host what P(pgha.kubernetes.status_report#filter) made, or an empty dict.
    type: list
    elements: dict
    required: true
  failures:
    description: Of each host why there is no report, or an empty text.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Make one report of all
  ansible.builtin.set_fact:
    my_fleet: "{{ ['a', 'b'] | pgha.kubernetes.fleet_report([report_of_a, {}], ['', 'the API does not answer']) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(until), C(counts) by state, and C(clusters), those that need somebody first. Each has C(host), C(name),
    C(namespace), C(version), C(state), C(problems), C(primary), C(instances), C(ready), C(lag_bytes),
    C(children_used_ratio), C(reads), and C(page), the file of its own report.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.fleet_report import fleet_report as _fleet_report


def fleet_report(hosts: Sequence[str], reports: Sequence[Mapping[str, Any]], failures: Sequence[str]) -> dict[str, Any]:
    """Put the reports of all hosts together."""
    given = (hosts, reports, failures)
    if not all(isinstance(one, (list, tuple)) for one in given) or len({len(one) for one in given}) != 1:
        raise AnsibleFilterError("pgha.kubernetes.fleet_report: give three lists, each with an item for each host")
    return _fleet_report(*given)


class FilterModule:
    """The filter pgha.kubernetes.fleet_report."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"fleet_report": fleet_report}
