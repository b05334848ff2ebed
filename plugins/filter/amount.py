# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: amount
short_description: A number with its unit, as people read it
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Rounds a number to three digits and gives it a unit of a fitting size.
positional: unit
options:
  _input:
    description: The number. None is written as a hyphen.
    type: float
    required: true
  unit:
    description: >-
      What it is. V(bytes) are written in powers of 1024, V(seconds) also as milliseconds, minutes, hours and days,
      V(share) is a part of one, written in percent, V(rate) is per second.
    type: str
    choices: [bytes, seconds, share, rate, count]
    default: count
"""

EXAMPLES = r"""
- name: Say how far a standby is behind
  ansible.builtin.debug:
    msg: "{{ 1572864 | pgha.kubernetes.amount('bytes') }}" # 1.5 MiB
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.amount import UNITS
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.amount import amount as _amount


def amount(value: float | str | None, unit: str = "count") -> str:
    """Write a number."""
    if unit not in UNITS:
        raise AnsibleFilterError(f"pgha.kubernetes.amount: unit is {str(unit)!r}: give one of {', '.join(UNITS)}")
    if value is None:
        return "-"
    try:
        return _amount(float(value), unit)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.amount: give a number, not {str(value)!r}") from exc


class FilterModule:
    """The filter pgha.kubernetes.amount."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"amount": amount}
