# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: line_chart
short_description: A line chart over time, as SVG
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Draws lines, and a limit where they come near to it, as an element C(svg) that stands in a page of HTML.
  - Colours and fonts are the page's. Lines have the classes C(l0) to C(l7), the limit C(limit), the rest C(grid) and
    C(axis).
  - All texts are escaped.
options:
  _input:
    description: >-
      C(title), C(unit) (as P(pgha.kubernetes.amount#filter) takes it), C(from), C(until) and C(step) (seconds),
      C(lines) (each a C(name) and C(points), pairs of time and value) and C(limit) (a number, or none).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Draw the charts of a report
  ansible.builtin.set_fact:
    my_pictures: "{{ monitoring_status_result.charts | map('pgha.kubernetes.line_chart') }}"
"""

RETURN = r"""
_value:
  description: The element.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.line_chart import line_chart as _line_chart


def line_chart(chart: Mapping[str, Any]) -> str:
    """Draw a chart."""
    if not isinstance(chart, Mapping):
        raise AnsibleFilterError(f"pgha.kubernetes.line_chart: give a mapping, not {type(chart).__name__}")
    try:
        return _line_chart(chart)
    except (KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(
            f"pgha.kubernetes.line_chart: this is no chart with title, unit, from, until, step and lines: {exc}"
        ) from exc


class FilterModule:
    """The filter pgha.kubernetes.line_chart."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"line_chart": line_chart}
