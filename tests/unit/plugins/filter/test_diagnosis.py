# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter diagnosis. What it makes is tested with plugin_utils/diagnosis.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.diagnosis import FilterModule, diagnosis


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"diagnosis": diagnosis}


def test_refuses_what_is_no_list() -> None:
    with pytest.raises(AnsibleFilterError, match="give a list of objects, not dict"):
        diagnosis({})


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = """
    pods:
      - kind: Pod
        metadata: {name: "{{ 'hot-1' }}"}
        status: {containerStatuses: [{name: db, state: {waiting: {reason: ErrImagePull, message: no such image}}}]}
    """
    assert render("{{ pods | pgha.kubernetes.diagnosis('hot-') }}", variables) == [
        "pod hot-1, container db: ErrImagePull no such image"
    ]


def test_only_what_belongs_to_a_cluster() -> None:
    def waiting(name: str, labels: dict[str, str]) -> dict[str, Any]:
        state = {"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ErrImagePull"}}}]}
        return {"kind": "Pod", "metadata": {"name": name, "labels": labels}, "status": state}

    def warning(about: str) -> dict[str, Any]:
        seen = {"kind": "Pod", "name": about}
        return {
            "kind": "Event", "type": "Warning", "reason": "Slow", "involvedObject": seen, "metadata": {},
            "lastTimestamp": f"2026-11-25T10:00:0{len(about)}Z",
        }  # fmt: skip

    objects = [
        waiting("app-1", {"cnpg.io/cluster": "app"}),
        waiting("app-pgpool-x", {"app.kubernetes.io/instance": "app-pgpool"}),
        # Of other clusters, whose names begin in the same way.
        waiting("app-2-1", {"cnpg.io/cluster": "app-2"}),
        waiting("app-job", {}),
        *(warning(name) for name in ("app-1", "app-2-1", "app")),
    ]
    assert diagnosis(objects, owners=["app", "app-pgpool"]) == [
        "pod app-1, container c: ErrImagePull",
        "pod app-pgpool-x, container c: ErrImagePull",
        "Pod app: Slow: ",
        "Pod app-1: Slow: ",
    ]


def test_nothing_of_another_cluster() -> None:
    def waiting(name: str, of: str) -> dict[str, Any]:
        state = {"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ErrImagePull"}}}]}
        return {"kind": "Pod", "metadata": {"name": name, "labels": {"cnpg.io/cluster": of}}, "status": state}

    objects = [waiting("app-1", "app"), waiting("app-eu-1", "app-eu")]
    assert diagnosis(objects, "app-", cluster="app") == ["pod app-1, container c: ErrImagePull"]
    assert len(diagnosis(objects, "app-")) == 2
