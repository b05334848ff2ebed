# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role monitoring deletes: what it made, and nothing that has but the name; and rights that it gave before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from test_monitoring_operator import objects
from test_monitoring_rules import ROLE, trust_as_template
from test_monitoring_status import rendered

MINE = "pgha.kubernetes"
MODULE = "kubernetes.core.k8s"


def found(kind: str, manager: str | None = MINE, namespace: str | None = "monitoring") -> dict[str, Any]:
    """What a read by name gives for one object."""
    labels = {"labels": {"app.kubernetes.io/managed-by": manager}} if manager else {}
    metadata = {"name": "prometheus", **({"namespace": namespace} if namespace else {}), **labels}
    return {"resources": [{"apiVersion": "v1", "kind": kind, "metadata": metadata}]}


def gone(*reads: dict[str, Any]) -> list[dict[str, Any]]:
    """What of it is deleted."""
    text = (ROLE / "templates/absent.yml.j2").read_text(encoding="utf-8")
    made = rendered(text, __monitoring_named={"results": list(reads)})
    return [item for item in yaml.safe_load_all(str(made or "")) if item]


def tasks(file: str) -> Iterator[dict[str, Any]]:
    """The tasks of a file, those of blocks among them."""

    def within(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for task in listed:
            yield task
            yield from within(task.get("block", []))

    yield from within(yaml.safe_load((ROLE / f"tasks/{file}.yml").read_text(encoding="utf-8")))


def task(file: str, words: str) -> dict[str, Any]:
    (one,) = [one for one in tasks(file) if words in one["name"]]
    return one


def runs(one: dict[str, Any], **known: Any) -> bool:
    """Whether a task runs, by its own variables and those that are given."""
    own = {name: trust_as_template(value) for name, value in one.get("vars", {}).items()}
    return rendered("{{ " + one["when"] + " }}", **own, **known)


def test_what_has_but_the_name_stays() -> None:
    reads = [found("Service", None), found("ConfigMap", "Helm"), found("PersistentVolumeClaim"), {"resources": []}]
    assert gone(*reads) == [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
         "metadata": {"name": "prometheus", "namespace": "monitoring"}},
    ]  # fmt: skip
    assert gone(found("Service", None)) == []


def test_what_has_no_namespace_is_deleted_without_one() -> None:
    (role,) = gone(found("ClusterRole", namespace=None))
    assert role["metadata"] == {"name": "prometheus"}


def test_a_volume_goes_after_the_pod_that_has_it() -> None:
    kinds = [item["kind"] for item in objects(monitoring_flavor="prometheus", monitoring_storage={"size": "1Gi"})]
    assert [item["kind"] for item in gone(*map(found, kinds))] == kinds[::-1]
    assert kinds.index("PersistentVolumeClaim") < kinds.index("Deployment")


@pytest.mark.parametrize(
    ("state", "size", "named"),
    [("present", "1Gi", True), ("present", "", False), ("absent", "1Gi", True), ("absent", "", True)],
)
def test_a_volume_goes_also_where_its_size_was_taken_away(state: str, size: str, named: bool) -> None:
    """It is looked for, and deleted where it has the label. What is made needs a size."""
    kinds = [
        item["kind"]
        for item in objects(monitoring_flavor="prometheus", monitoring_state=state, monitoring_storage={"size": size})
    ]
    assert ("PersistentVolumeClaim" in kinds) is named
    assert kinds[-1] == "Deployment"


@pytest.mark.parametrize("flavor", ["prometheus", "prometheus_operator"])
@pytest.mark.parametrize("watched", [[], ["demo"]])
def test_each_manifest_has_the_label(flavor: str, watched: list[str]) -> None:
    made = objects(
        monitoring_flavor=flavor, monitoring_watched_namespaces=watched, monitoring_dashboards=True,
        monitoring_storage={"size": "1Gi"}, monitoring_create_namespace=False,
    )  # fmt: skip
    assert {item["metadata"]["labels"]["app.kubernetes.io/managed-by"] for item in made} == {MINE}


def test_nothing_is_deleted_by_its_name_alone() -> None:
    """What is read by name is looked at; deploy.yml looks at the ClusterRole, which stands for its binding, too."""
    files = sorted(path.stem for path in (ROLE / "tasks").glob("*.yml"))
    deleting = {(file, one["name"]) for file in files for one in tasks(file) if MODULE in one}
    assert deleting == {
        ("absent_own", "Absent, own | Delete what has the label"),
        ("deploy", "Deploy | Take back the rights in all namespaces"),
    }
    for one in (task(*which) for which in deleting):
        assert one[MODULE]["state"] == "absent"
    assert task("absent_own", "Delete")["vars"]["__monitoring_gone"].startswith(
        "{{ lookup('ansible.builtin.template', 'absent.yml.j2')"
    )


@pytest.mark.parametrize(
    ("read", "is_deleted"),
    [(found("X"), True), (found("X", "Helm"), False), (found("X", None), False), ({"resources": []}, False),
     ({"skipped": True}, False), ({"msg": "it is forbidden"}, False)],
)  # fmt: skip
def test_only_the_roles_own_is_looked_for(read: dict[str, Any], is_deleted: bool) -> None:
    assert runs(task("other_flavor", "Delete it"), __monitoring_other=read) is is_deleted
    assert runs(task("deploy", "Take back"), __monitoring_everywhere=read) is is_deleted


@pytest.mark.parametrize(
    ("flavor", "other"), [("prometheus_operator", "prometheus"), ("prometheus", "prometheus_operator")]
)
@pytest.mark.parametrize("watched", [[], ["demo"]])
def test_what_tells_of_the_other_flavor_goes_last(flavor: str, other: str, watched: list[str]) -> None:
    """A run that was stopped at it has not deleted that, so the next one finds it and deletes the rest."""
    made = objects(
        monitoring_flavor=other, monitoring_watched_namespaces=watched, monitoring_storage={"size": "1Gi"},
        monitoring_create_namespace=False,
    )  # fmt: skip
    last = gone({"resources": [item for item in made if item["kind"] != "PersistentVolumeClaim"]})[-1]
    look = task("other_flavor", "Look for what the role made")["pgha.kubernetes.read"]
    asked = {name: rendered(text, monitoring_flavor=flavor) for name, text in look.items()}
    assert asked == {"api_version": last["apiVersion"], "kind": last["kind"], **last["metadata"]}


@pytest.mark.parametrize(("check", "begins"), [(False, "Deletes what"), (True, "Would delete what")])
def test_what_goes_with_a_change_of_the_flavor_is_said_first(check: bool, begins: str) -> None:
    """It may be another inventory's, which has the same label; a run in check mode says so before anything goes."""
    say, remove = task("other_flavor", "Delete it")["block"]
    assert "ansible.builtin.include_tasks" in remove
    assert "when" not in say
    (whole,) = yaml.safe_load((ROLE / "tasks/other_flavor.yml").read_text(encoding="utf-8"))
    known = {name: trust_as_template(value) for name, value in {**whole["vars"], **say["vars"]}.items()}

    def said(flavor: str) -> str:
        text = say["ansible.builtin.debug"]["msg"]
        return str(rendered(text, ansible_check_mode=check, monitoring_flavor=flavor, **known))

    of_the_own = said("prometheus_operator")
    assert of_the_own.startswith(f"{begins} monitoring_flavor prometheus made in the namespace monitoring, as that is")
    assert ": ServiceAccount prometheus, ClusterRole monitoring-prometheus, " in of_the_own
    assert (
        ", Deployment prometheus. If they are another inventory's, give this one a monitoring_namespace" in of_the_own
    )
    assert "\n" not in of_the_own
    of_the_operator = said("prometheus")
    assert of_the_operator.startswith(f"{begins} monitoring_flavor prometheus_operator made")
    assert ", PodMonitor pgha-postgres, PrometheusRule pgha. " in of_the_operator


def test_the_operators_kind_is_looked_for_that_tells_of_the_flavor() -> None:
    kind = task("other_flavor", "Look whether the operator's kinds are there")["pgha.kubernetes.read"]["name"]
    asked = rendered(task("other_flavor", "Look for what the role made")["pgha.kubernetes.read"]["kind"])
    assert kind == f"{asked.lower()}s.monitoring.coreos.com"


def test_rights_in_all_namespaces_are_looked_for_in_each_run_that_names_some() -> None:
    """Also where nothing else changed, as the run before may have been killed; by one request."""
    look, take = task("deploy", "Look for rights"), task("deploy", "Take back")
    assert "__monitoring_applied" not in look["when"] + take["when"]
    assert "loop" not in look
    assert runs(look, monitoring_watched_namespaces=["demo"]) is True
    assert runs(look, monitoring_watched_namespaces=[]) is False
    # What is looked for goes last.
    assert take["loop"][-1] == look["pgha.kubernetes.read"]["kind"] == "ClusterRole"


@pytest.mark.parametrize(("message", "fails"), [("it is Forbidden", False), ("no route to host", True)])
def test_who_may_not_ask_for_them_has_not_given_them(message: str, fails: bool) -> None:
    for words in ("Look for rights", "Take back"):
        one = task("deploy", words)
        told = {one["register"]: {"failed": True, "msg": message}}
        assert rendered("{{ " + one["failed_when"] + " }}", **told) is fails
        assert one["retries"] == 3
