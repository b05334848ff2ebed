# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another configuration makes another pod of Prometheus: when the one of before goes, and which of two is asked."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import patch_for, patched, with_annotation
from test_monitoring_operator import objects
from test_monitoring_rules import ROLE, trust_as_template

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
RECREATED = {"type": "Recreate"}
VOLUME = {"size": "1Gi", "class": ""}


def deployment(**variables: Any) -> dict[str, Any]:
    return objects(monitoring_flavor="prometheus", **variables)[-1]


def test_the_old_one_goes_first_where_two_would_write_to_one_volume_alone() -> None:
    assert deployment()["spec"]["strategy"] == ROLLING
    assert deployment(monitoring_storage=VOLUME)["spec"]["strategy"] == RECREATED
    for own in ({"strategy": RECREATED}, {"template": {"spec": {"volumes": [{"name": "data"}]}}}):
        assert deployment(monitoring_deployment_overrides={"spec": own})["spec"]["strategy"] == RECREATED


def test_it_ends_before_its_volume_is_full() -> None:
    """Else it does not start any more; without a volume nothing is other than it was."""

    def limits(**variables: Any) -> list[str]:
        [container] = deployment(**variables)["spec"]["template"]["spec"]["containers"]
        return [one for one in container["args"] if ".retention." in one]

    assert limits() == ["--storage.tsdb.retention.time=15d"]
    assert limits(monitoring_storage={"size": "10Gi"}) == [
        "--storage.tsdb.retention.time=15d",
        "--storage.tsdb.retention.size=8192MB",
    ]


@pytest.mark.parametrize("volume_is", ["new", "gone"])
def test_the_api_takes_the_other_strategy(volume_is: str) -> None:
    """It refuses Recreate with what is left of rollingUpdate."""
    without, with_one = deployment(), deployment(monitoring_storage=VOLUME)
    before, after = (without, with_one) if volume_is == "new" else (with_one, without)
    there = with_annotation(before)
    left = patched(there, patch_for(after, there))
    assert left["spec"]["strategy"] == (RECREATED if volume_is == "new" else ROLLING)


def pod(name: str, ready: bool = True, **metadata: str) -> dict[str, Any]:
    status = {"name": "prometheus", "containerID": "x", "ready": ready, "state": {"running": {}}}
    return {
        "kind": "Pod",
        "metadata": {"name": name, **metadata},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


@pytest.mark.parametrize(
    ("pods", "asked"),
    [
        ([pod("new", ready=False), pod("old")], "old"),
        ([pod("old", deletionTimestamp="2026-11-25T21:04:05Z"), pod("new")], "new"),
        ([pod("only", ready=False)], "only"),
    ],
)
def test_the_one_that_answers_is_asked(pods: list[dict[str, Any]], asked: str) -> None:
    tasks = yaml.safe_load((ROLE / "tasks/find_prometheus.yml").read_text())
    [task] = [task for task in tasks if task["name"] == "Verify | Remember its pod"]
    known = {
        **{name: trust_as_template(text) for name, text in task["vars"].items()},
        "__monitoring_watching": {"found": [{"namespace": "monitoring"}]},
        "__monitoring_pods": {"resources": pods},
    }
    text = task["ansible.builtin.set_fact"]["__monitoring_asked"]
    found = Templar(loader=DataLoader(), variables=known).template(trust_as_template(text))
    assert found == {"namespace": "monitoring", "pod": asked}


def told_by_find(**known: Any) -> str:
    tasks = yaml.safe_load((ROLE / "tasks/find_prometheus.yml").read_text())
    [task] = [task for task in tasks if task["name"] == "Verify | Say whom to ask"]
    one: dict[str, Any] = {"kind": "Prometheus", "metadata": {"name": "k8s", "namespace": "monitoring"}}
    one["spec"] = {"serviceMonitorSelector": {}, "podMonitorSelector": {}, "ruleSelector": {}}
    one["spec"]["ignoreNamespaceSelectors"] = True
    variables = {
        "__monitoring_operated": {"results": [{"resources": [one]}]},
        "__monitoring_object_labels": {},
        "__monitoring_has_operator": True,
        "monitoring_namespace": "monitoring",
        **known,
    }
    text = task["ansible.builtin.set_fact"]["__monitoring_watching"]
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text))["problem"]


def test_verify_alone_refuses_one_that_sees_no_targets_of_other_namespaces() -> None:
    """The hosts of reports need not know what is watched."""
    [block] = [task for task in yaml.safe_load((ROLE / "tasks/verify.yml").read_text()) if "block" in task]
    [find] = [task for task in block["block"] if "find_prometheus.yml" in task.values()]
    known = {name: trust_as_template(text) for name, text in find["vars"].items()}
    assert "set both to the namespace" in told_by_find(**known, monitoring_watched_namespaces=["demo"])
    assert told_by_find(**known, monitoring_watched_namespaces=["monitoring"]) == ""
    assert told_by_find(monitoring_watched_namespaces=["demo"]) == ""


def test_what_a_new_one_logged_is_told() -> None:
    [task] = yaml.safe_load((ROLE / "tasks/wait.yml").read_text())
    [end] = [task for task in task["rescue"] if "ansible.builtin.fail" in task]
    seen = {"results": [{"resources": [pod("prometheus-1", ready=False)]}]}
    logged = {"__monitoring_item": {"pod": "prometheus-1", "container": "prometheus"}, "log": "unknown field\n"}
    known = {
        **{name: trust_as_template(text) for name, text in end["vars"].items()},
        "__monitoring_name": "prometheus",
        "__monitoring_seen": seen,
        "__monitoring_last_logs": {"results": [logged]},
    }
    found = Templar(loader=DataLoader(), variables=known).template(trust_as_template("{{ __monitoring_reasons }}"))
    assert found.endswith("pod prometheus-1, container prometheus logged last:\n  unknown field")
