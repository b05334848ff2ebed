# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters monitor_relabelings and watching_prometheus, in templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError


def test_relabelings_in_a_template(render: Callable[[str, str], Any]) -> None:
    template = "{{ job | pgha.kubernetes.monitor_relabelings(false) }}"
    steps = render(template, "job: {job_name: j, relabel_configs: [{source_labels: [a], target_label: b}]}")
    assert steps[0] == {"sourceLabels": ["a"], "targetLabel": "b"}
    with pytest.raises(AnsibleError, match="an entry of scrape_configs"):
        render(template, "job: {}")


def test_watching_in_a_template(render: Callable[[str, str], Any]) -> None:
    template = "{{ read | pgha.kubernetes.watching_prometheus({'a': 'b'}, 'monitoring') }}"
    assert render(template, "read: []")["problem"].startswith("no object of the kind Prometheus")
    spec = "{ignoreNamespaceSelectors: true, serviceMonitorSelector: {}, podMonitorSelector: {}, ruleSelector: {}}"
    told = "read: [{kind: Prometheus, metadata: {name: k8s, namespace: monitoring}, spec: " + spec + "}]"
    confined = "{{ read | pgha.kubernetes.watching_prometheus({}, 'monitoring', ['demo']) }}"
    assert "set both to the namespace" in render(confined, told)["problem"]
    with pytest.raises(AnsibleError, match="give a list of objects"):
        render(template, "read: {}")
