# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pgpool_verdict
short_description: Whether SQL through Pgpool-II did as it should
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Reads what the Job of the role C(pgpool), entry point C(verify), printed, and judges it.
  - Each standby has to get at least a quarter of its share of the reads, the primary no more than its weight says, or
    what the database prefers. As many servers have to answer as standbys are to be read from. A standby whose lag
    Pgpool-II does not allow may get none. Where a session keeps to one backend, it only has to be no primary that no
    weight or preference gives reads to.
  - This is judged for each pod of Pgpool-II.
positional: standbys, topology, params, database, gone
options:
  _input:
    description: The log of the Job.
    type: str
    required: true
  standbys:
    description: How many standbys the PostgreSQL cluster has.
    type: int
    required: true
  topology:
    description: The layout of Pgpool-II's backends.
    type: str
    choices: [per_instance, services]
    default: per_instance
  params:
    description: All parameters of Pgpool-II.
    type: dict
    default: {}
  database:
    description: The database in which the Job read.
    type: str
    default: ""
  gone:
    description: Addresses of pods that took clients when the Job was made, and take none any longer. They do not count.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Judge it
  ansible.builtin.assert:
    that: __verdict.problems | length == 0
    fail_msg: "{{ __verdict.problems | join('\n') }}"
  vars:
    __verdict: "{{ __log.log | pgha.kubernetes.pgpool_verdict(2) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(problems) (sentences, none if all is well), C(notes) (sentences about what will mend itself), C(users) who logged
    in, C(written_by), C(read_back_after) in seconds, C(reads), C(nodes) (the rows of SHOW POOL_NODES, each with the
    C(pod) that said it and the C(reads) it got), C(servers) (who answered, by C(pod)), C(table).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_verify import verdict


def pgpool_verdict(
    log: str,
    standbys: int,
    topology: str = "per_instance",
    params: Mapping[str, Any] | None = None,
    database: str = "",
    gone: Sequence[str] = (),
) -> dict[str, Any]:
    """Judge what the Job printed."""
    if not isinstance(log, str):
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_verdict: give the log as text, not {type(log).__name__}")
    try:
        return verdict(log, int(standbys), topology, params or {}, database, gone)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.pgpool_verdict: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.pgpool_verdict."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"pgpool_verdict": pgpool_verdict}
