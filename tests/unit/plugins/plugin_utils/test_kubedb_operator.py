# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The KubeDB operator: values of its chart, what is there of it, and what is not ready."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_operator as operator
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_inputs import kubedb_checks

VERSION = "v2026.7.10"
VALUES = operator.values("kubedb-license", "", [])


def release(**changes: Any) -> dict[str, Any]:
    return {"chart": f"kubedb-{VERSION}", "status": "deployed", "values": VALUES, **changes}


def pod(part: str, ready: bool = True, restarts: int = 0) -> dict[str, Any]:
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}} if restarts else {}
    return {
        "kind": "Pod",
        "metadata": {"name": f"kubedb-{part}-0", "labels": {"app.kubernetes.io/name": part}},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"name": "operator", "restartCount": restarts, "state": waiting}],
        },
    }


# As Helm prints it where the clock is of another zone.
UPDATED = "2026-11-25 12:02:00.123456789 +0200 CEST"
PODS = [pod(part) for part in operator.PARTS]


def test_only_postgresql_is_on() -> None:
    gates = VALUES["global"]["featureGates"]
    assert [engine for engine, on in gates.items() if on] == ["Postgres"]
    assert VALUES["kubedb-autoscaler"] == {"enabled": False}
    # A cluster may be of a version that the next release deprecates.
    assert VALUES["kubedb-catalog"] == {"skipDeprecated": False}


def test_the_licence_is_the_name_of_a_secret() -> None:
    assert VALUES["global"]["licenseSecretName"] == "kubedb-license"
    assert "license" not in VALUES["global"]


def test_a_registry_of_ones_own() -> None:
    given = operator.values("s", "registry.example", [{"name": "pull"}])["global"]
    assert (given["registryFQDN"], given["imagePullSecrets"]) == ("registry.example", [{"name": "pull"}])
    assert "registryFQDN" not in VALUES["global"]


@pytest.mark.parametrize(
    ("found", "installed", "current"),
    [
        ({}, "", False),
        (None, "", False),
        (release(), VERSION, True),
        (release(chart="kubedb-v2026.1.19"), "v2026.1.19", False),
        (release(values={}), VERSION, False),
        (release(status="pending-upgrade", updated=UPDATED), VERSION, False),
        (release(status="failed"), VERSION, False),
    ],
)
def test_status(found: dict[str, Any] | None, installed: str, current: bool) -> None:
    status = operator.status(found, VERSION, VALUES)
    assert (status["installed"], status["current"]) == (installed, current)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        # 2026-11-25T10:02:00Z
        ("pending-install", {"since": 1795600920, "secret": "sh.helm.release.v1.kubedb.v3"}),
        ("pending-upgrade", {"command": "helm rollback kubedb"}),
        ("pending-rollback", {"command": "helm rollback kubedb"}),
        ("uninstalling", {"command": "helm uninstall kubedb"}),
    ],
)
def test_what_helm_has_begun_and_not_ended(state: str, told: dict[str, Any]) -> None:
    found = operator.status(release(status=state, updated=UPDATED, revision="3"), VERSION, VALUES)
    assert found["half_done"] == {"status": state, **told}
    assert not found["current"]


def test_a_release_that_helm_has_ended_with() -> None:
    assert operator.status(release(), VERSION, VALUES)["half_done"] == {}
    assert operator.status({}, VERSION, VALUES)["half_done"] == {}


def test_a_time_that_is_none() -> None:
    with pytest.raises(InputError, match="is of 'yesterday': that is no time"):
        operator.status(release(status="pending-install", updated="yesterday"), VERSION, VALUES)


@pytest.mark.parametrize(
    ("gates", "engines"),
    [
        (VALUES["global"]["featureGates"], []),
        ({**VALUES["global"]["featureGates"], "MySQL": True}, ["MySQL"]),
        # What is not said is as the chart has it.
        ({"Kafka": False, "Redis": False, "MongoDB": False}, ["Elasticsearch", "MariaDB", "MySQL", "Pgpool"]),
    ],
)
def test_what_else_it_may_run(gates: dict[str, bool], engines: list[str]) -> None:
    found = release(values={"global": {"featureGates": gates}})
    assert operator.status(found, VERSION, VALUES)["engines"] == engines
    assert operator.status({}, VERSION, VALUES)["engines"] == []


def test_pods_are_waited_for() -> None:
    assert operator.pending(PODS, "Pod") == []
    assert operator.pending([], "Pod")[0] == "kubedb-provisioner has no pod that is ready"
    starting = [pod("petset", ready=False), *PODS[:3], PODS[4]]
    assert operator.pending(starting, "Pod") == ["petset has no pod that is ready"]


def test_a_pod_that_crashes_is_not_waited_for() -> None:
    crashed = pod("kubedb-provisioner", ready=False, restarts=2)
    (found,) = operator.pending([crashed, *PODS[1:]], "Pod")
    assert found == "kubedb-provisioner ends again and again (pod kubedb-kubedb-provisioner-0)"
    # Once may be chance, as when the webhook is late.
    once = pod("kubedb-provisioner", ready=False, restarts=1)
    assert operator.pending([once, *PODS[1:]], "Pod") == ["kubedb-provisioner has no pod that is ready"]


def test_crds_are_waited_for() -> None:
    crd = {"metadata": {"name": "postgreses.kubedb.com"}, "status": {}}
    kind = "CustomResourceDefinition"
    assert operator.pending([], kind) == ["there is no such CustomResourceDefinition yet"]
    assert operator.pending([crd], kind) == ["postgreses.kubedb.com is not established yet"]
    established = {**crd, "status": {"conditions": [{"type": "Established", "status": "True"}]}}
    assert operator.pending([established], kind) == []
    assert operator.pending([{"metadata": {"name": "17.9"}}], "PostgresVersion") == []


def test_a_refused_licence_is_said_with_the_cluster() -> None:
    events = [
        {"kind": "Pod"},
        {"kind": "Event", "reason": "Started", "message": "x"},
        {"kind": "Event", "reason": "License Verification Failed", "message": "Failed to verify license"},
    ]
    found = operator.refusal(events, "uid-1", "https://issue.example")
    assert found.startswith("KubeDB's operator refuses its licence (Failed to verify license): ")
    assert "issued for the cluster uid-1 (the UID of the namespace kube-system), from https://issue.example" in found
    assert operator.refusal(events[:2], "uid-1", "") == ""


def test_an_old_refusal_is_about_another_licence() -> None:
    def pod(created: str) -> dict[str, Any]:
        labels = {"app.kubernetes.io/name": "kubedb-provisioner"}
        return {"kind": "Pod", "metadata": {"name": "p", "labels": labels, "creationTimestamp": created}}

    def event(message: str, **times: str) -> dict[str, Any]:
        return {"kind": "Event", "metadata": {}, "reason": "License Verification Failed", "message": message, **times}

    events = [
        event("later", lastTimestamp="2026-11-25T10:05:00Z"),
        event("last", eventTime="2026-11-25T10:06:00.123456Z", lastTimestamp=None),
        event("first", lastTimestamp="2026-11-25T10:00:00Z"),
    ]
    assert "(last)" in operator.refusal([pod("2026-11-25T10:02:00Z"), *events], "uid-1", "")
    assert operator.refusal([pod("2026-11-25T10:07:00Z"), *events], "uid-1", "") == ""


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"license": {"file": "x", "secret": "y"}}, "kubedb_license has file and secret (mapping): give one of them"),
        ({"values": {"global": {"license": "hunter2"}}}, "kubedb_values.global.license is a value that is not shown"),
        ({"values": {"global": {"licenseSecretName": "x"}}}, "kubedb_values.global.licenseSecretName"),
    ],
)
def test_what_is_refused(variables: dict[str, Any], words: str) -> None:
    (found,) = kubedb_checks({f"kubedb_{name}": value for name, value in variables.items()})
    assert words in found
    assert "hunter2" not in found


def test_what_is_right() -> None:
    assert list(kubedb_checks({})) == []
    assert list(kubedb_checks({"kubedb_license": {"file": "x"}, "kubedb_values": {"petset": {"enabled": True}}})) == []
