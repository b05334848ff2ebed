# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that changes requests or limits waits until the instances have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_kubedb_manifests import evaluate
from test_switchover_tasks import CLUSTER, answers, calls, load, run

OLD, NEW = {"requests": {"memory": "1Gi"}}, {"requests": {"memory": "64Gi"}}
AWAY = {"msg": "the API is away"}


def cluster(resources: dict[str, Any] | None) -> dict[str, Any]:
    spec = {} if resources is None else {"resources": resources}
    return {"kind": "Cluster", "metadata": {"name": "pg"}, "spec": spec}


def applied(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"result": {"results": [{"result": item, "method": "update"} for item in objects]}}


def pods(*made_with: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of the API: the pods of instances, by the resources that they were made with."""
    found = []
    for number, resources in enumerate(made_with, start=1):
        spec = {"containers": [{"name": "postgres", "resources": resources}]}
        labels = {"cnpg.io/cluster": "pg", "cnpg.io/podRole": "instance"}
        annotations = {"cnpg.io/podSpec": json.dumps(spec)}
        metadata = {"name": f"pg-{number}", "labels": labels, "annotations": annotations}
        found.append({"kind": "Pod", "metadata": metadata, "spec": spec})
    return {"resources": found}


@pytest.mark.parametrize(
    ("there", "now", "other"),
    [
        ([cluster(OLD)], [cluster(NEW)], True),
        ([cluster(None)], [cluster(NEW)], True),
        ([cluster(OLD)], [cluster(None)], True),
        ([cluster(OLD)], [{"kind": "Service"}, cluster(OLD)], False),
        # It is new, or another operator's.
        ([], [cluster(NEW)], False),
        ([{"kind": "Postgres"}], [{"kind": "Postgres", "spec": {}}], False),
    ],
)
def test_whether_a_run_changes_them(there: list[dict[str, Any]], now: list[dict[str, Any]], other: bool) -> None:
    known = {"__postgres_cluster_objects": there, "__postgres_cluster_applied": applied(*now)}
    assert evaluate("{{ __postgres_cluster_has_other_resources }}", **known) is other


@pytest.mark.parametrize(
    ("given", "number", "ends_well"),
    [
        # The first status says that all is well; then one instance after the other.
        ([AWAY, pods(OLD, OLD), pods(OLD, NEW), pods(NEW, NEW)], 4, True),
        # The first one does not fit on any node, so that the other stays as it is.
        ([pods(OLD, OLD), pods(OLD, NEW)], 4, False),
    ],
)
def test_instances_are_waited_for(tmp_path: Path, given: list[dict[str, Any]], number: int, ends_well: bool) -> None:
    instead = {
        "Until the pods are new": answers(tmp_path, "pods", *given),
        "Say which has not": {"ansible.builtin.fail": {"msg": "why: {{ __postgres_cluster_first }}"}},
        "Until all instances are ready": {"ansible.builtin.debug": {"msg": "waits for the status"}},
    }
    known = {**CLUSTER, "postgres_cluster_wait_timeout": 6, "__postgres_cluster_applied": applied(cluster(NEW))}
    done = run(tmp_path, "postgres_cluster", "resources.yml", instead, **known)
    assert done.returncode == (0 if ends_well else 2), done.stdout
    assert calls(tmp_path, "pods") == number
    assert ("waits for the status" in done.stdout) is ends_well
    assert ("why: Not all instances of pg have their resources" in done.stdout) is not ends_well


def test_they_are_waited_for_before_a_base_backup() -> None:
    """Which an instance that restarts meanwhile would end."""
    names = [task.get("ansible.builtin.include_tasks") for task in load("postgres_cluster", "apply")]
    assert names.index("wait.yml") < names.index("resources.yml")
