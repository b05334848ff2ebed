# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: status_report
short_description: What a PostgreSQL cluster is like now and was like lately
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Puts together what the Kubernetes API and Prometheus say of a PostgreSQL cluster and of Pgpool-II in front of it.
positional: now, lately
options:
  _input:
    description: The contract of the cluster, as P(pgha.kubernetes.postgres_cluster_contract#filter) makes it.
    type: dict
    required: true
  now:
    description: >-
      What C(promtool query instant --format=json) printed for the series of the cluster. What is about other clusters
      is left out.
    type: str
    required: true
  lately:
    description: >-
      What C(promtool query range --format=json) printed for the metrics of the charts. What is about other clusters is
      left out.
    type: str
    required: true
  charts:
    description: >-
      The charts. Each has C(title), C(unit), C(record) (a metric), C(line) (the label that names a line), and C(limit)
      (the end of the name of a series C(pgha:limit:*)), if there is one.
    type: list
    elements: dict
    required: true
  span:
    description: C(from) and C(until), in seconds since 1970, and C(step), in seconds.
    type: dict
    required: true
  runbooks:
    description: Where the pages of alerts are.
    type: str
    default: ""
  pgpool:
    description: The Deployment of Pgpool-II, as the API has it. None where there is none, or where it cannot be read.
    type: dict
    default: {}
  pgpool_pods:
    description: >-
      The pods of that Deployment, as the API has them. Those that have been ready for three minutes are ones that
      Prometheus should know, where there is an exporter in them.
    type: list
    elements: dict
    default: []
  pgpool_name:
    description: The name of the Deployment that there should be. Empty where none should be, and nothing is said of it.
    type: str
    default: ""
  pgpool_unread:
    description: Why the Deployment or its pods could not be read. Empty where they could be.
    type: str
    default: ""
  operator_problems:
    description: What is wrong with the operator, as sentences.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Make the report
  ansible.builtin.set_fact:
    my_report: >-
      {{ postgres_cluster_result | pgha.kubernetes.status_report(
           __now.stdout, __lately.stdout, charts=my_charts, span=my_span) }}
"""

RETURN = r"""
_value:
  description: >-
    C(name), C(namespace), C(operator), C(version), C(phase), C(from), C(until), C(problems) (sentences, none if all is
    well), C(reasons) and C(notes) (none yet), C(instances), C(backends), C(pods), C(alerts), and C(charts) as
    P(pgha.kubernetes.line_chart#filter) takes them.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.status_report import status_report as _status_report


def status_report(
    contract: Mapping[str, Any],
    now: str,
    lately: str,
    charts: Sequence[Mapping[str, Any]],
    span: Mapping[str, Any],
    runbooks: str = "",
    pgpool: Mapping[str, Any] | None = None,
    pgpool_pods: Sequence[Mapping[str, Any]] = (),
    pgpool_name: str = "",
    pgpool_unread: str = "",
    operator_problems: Sequence[str] = (),
) -> dict[str, Any]:
    """Make the report."""
    if not isinstance(contract, Mapping):
        raise AnsibleFilterError(
            f"pgha.kubernetes.status_report: give the contract of a cluster, not {type(contract).__name__}"
        )
    try:
        return _status_report(
            contract,
            str(now),
            str(lately),
            charts,
            span,
            str(runbooks),
            pgpool,
            pgpool_pods,
            str(pgpool_name),
            str(pgpool_unread),
            [str(problem) for problem in operator_problems],
        )
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.status_report: {exc}") from exc


class FilterModule:
    """The filter pgha.kubernetes.status_report."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"status_report": status_report}
