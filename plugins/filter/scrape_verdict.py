# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: scrape_verdict
short_description: Whether Prometheus scrapes each pod that it should
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Compares an answer of Prometheus with the pods behind the Services that ask to be scraped.
positional: answer
options:
  _input:
    description: Services and EndpointSlices, as C(kubernetes.core.k8s_info) returns them.
    type: list
    elements: dict
    required: true
  answer:
    description: >-
      What C(promtool query instant --format=json) printed for C(up), C(pgha:instance:role_disagreement) and the like.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Judge it
  ansible.builtin.assert:
    that: __verdict.problems | length == 0
    fail_msg: "{{ __verdict.problems | join('\n') }}"
  vars:
    __objects: "{{ __read.results | map(attribute='resources') | flatten }}"
    __verdict: "{{ __objects | pgha.kubernetes.scrape_verdict(__answer.stdout) }}"
"""

RETURN = r"""
_value:
  description: >-
    C(problems) (sentences, none if all is well), C(targets) (C(namespace), C(service), C(pod), C(up)) and C(table).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.monitoring_verify import verdict


def scrape_verdict(objects: Sequence[Mapping[str, Any]], answer: str) -> dict[str, Any]:
    """Judge what Prometheus says."""
    if not isinstance(objects, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.scrape_verdict: give a list of objects, not {type(objects).__name__}"
        )
    try:
        return verdict(objects, str(answer))
    except InputError as exc:
        return {"problems": [str(exc)], "targets": [], "table": ""}


class FilterModule:
    """The filter pgha.kubernetes.scrape_verdict."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"scrape_verdict": scrape_verdict}
