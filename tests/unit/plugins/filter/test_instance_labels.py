# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter instance_labels, in templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    found = {one["operator"]: one for one in render("{{ prefix | pgha.kubernetes.instance_labels }}", "prefix: pod_")}
    assert sorted(found) == ["cloudnativepg", "kubedb", "kubedb_v1alpha1"]
    assert found["kubedb"] == {
        "operator": "kubedb",
        "label": "pod_app_kubernetes_io_name",
        "value": r"postgreses\.kubedb\.com",
        "cluster": "pod_app_kubernetes_io_instance",
        "role": "pod_kubedb_com_role",
    }


def test_what_it_refuses(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(AnsibleError, match="give a prefix"):
        render("{{ [] | pgha.kubernetes.instance_labels }}", "{}")
