# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cloudnativepg_manifests. What it makes is tested with plugin_utils/cloudnativepg_operator.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.cloudnativepg_manifests import (
    FilterModule,
    cloudnativepg_manifests,
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"cloudnativepg_manifests": cloudnativepg_manifests}


def test_tells_why() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^cloudnativepg_manifest is no release manifest"):
        cloudnativepg_manifests([], "1.29.2", "cnpg-system")


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    documents:
      - {apiVersion: v1, kind: Namespace, metadata: {name: cnpg-system}}
      - {apiVersion: v1, kind: CustomResourceDefinition, metadata: {name: x}}
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: cnpg-controller-manager, namespace: cnpg-system}
        spec: {template: {spec: {containers: [{name: m, image: "r.io/x:{{ '1.29.2' }}", env: []}]}}}
    overrides: {spec: {replicas: "{{ 2 }}"}}
    """
    template = "{{ documents | pgha.kubernetes.cloudnativepg_manifests('1.29.2', 'ops', overrides=overrides) }}"
    made = render(template, variables)
    assert [item["kind"] for item in made] == ["Namespace", "CustomResourceDefinition", "Deployment"]
    assert (made[2]["metadata"]["namespace"], made[2]["spec"]["replicas"]) == ("ops", 2)
    template = "{{ documents | pgha.kubernetes.cloudnativepg_manifests('1.29.2', 'ops', remove=true) }}"
    assert [item["kind"] for item in render(template, variables)] == ["Deployment", "CustomResourceDefinition", "Lease"]
