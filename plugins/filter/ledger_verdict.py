# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ledger_verdict
short_description: What a client saw that wrote all the time
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Reads what the Job of the role C(pgpool), entry point C(ledger_start), printed, and judges it.
options:
  _input:
    description: The log of the Job.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Judge it
  ansible.builtin.set_fact:
    __ledger: "{{ __log.log | pgha.kubernetes.ledger_verdict }}"
"""

RETURN = r"""
_value:
  description: >-
    Of the client that wrote through Pgpool-II, C(gap) (seconds, the longest between two acknowledged writes),
    C(open) (whether its last write failed, so that a gap at the end was not over), C(interval) (their median),
    C(acknowledged), C(lost) (acknowledged and not there), C(in_doubt) (there and not acknowledged), C(failed)
    (statements by SQLSTATE), C(moved) (whether another server took the writes). Then C(ways), the same of each client,
    C(summary), C(problems) (sentences).
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.ledger import ledger_verdict as _ledger_verdict


def ledger_verdict(log: str) -> dict[str, Any]:
    """Judge what the client saw."""
    if not isinstance(log, str):
        raise AnsibleFilterError(f"pgha.kubernetes.ledger_verdict: give the log as text, not {type_name(log)}")
    try:
        return _ledger_verdict(log)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.ledger_verdict: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.ledger_verdict."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"ledger_verdict": ledger_verdict}
