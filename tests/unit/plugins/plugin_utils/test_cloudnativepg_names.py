# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of clusters of CloudNativePG, and what it makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operations import backup_refusals, upgrade_plan
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg as adapter

VARS = Path(__file__).resolve().parents[4] / "roles" / "postgres_cluster" / "vars" / "main.yml"
WANTED: dict[str, Any] = {
    "namespace": "demo",
    "create_namespace": True,
    "version": "17",
    "image": "r.io/p:17.6",
    "allow_major_upgrade": True,
    "storage": {"size": "1Gi"},
    "parameters": {},
    "databases": [{"name": "app"}],
    "operator_follows": True,
    "api_found": True,
    "timeout": 60,
}
STANDARD = {
    "kind": "StorageClass",
    "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
}


def cluster(name: str, primary: int = 1) -> dict[str, Any]:
    return {
        "kind": "Cluster",
        "metadata": {"name": name, "namespace": "demo"},
        "spec": {"imageName": "r.io/p:17.6", "instances": 1, "backup": {"barmanObjectStore": {}}},
        "status": {
            "currentPrimary": f"{name}-{primary}",
            "targetPrimary": f"{name}-{primary}",
            "pgDataImageInfo": {"image": "r.io/p:17.6", "majorVersion": 17},
            "phase": "Cluster in healthy state",
            "readyInstances": 1,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def new(name: str, **changes: Any) -> list[str]:
    return list(adapter.problems({**WANTED, "name": name, **changes}, [], [STANDARD]))


def contract(found: dict[str, Any]) -> dict[str, Any]:
    return adapter.contract(found["metadata"]["name"], "demo", [found])


def upgrade(found: dict[str, Any], version: str = "18") -> list[str]:
    wanted = {**WANTED, "version": version, "image": f"r.io/p:{version}"}
    return upgrade_plan(contract(found), [found], wanted)["problems"]


def test_a_new_cluster_has_a_name_with_room_for_its_jobs() -> None:
    assert new("a" * 42) == []
    [problem] = new("a" * 43)
    assert f"postgres_cluster_name is '{'a' * 43}' (string): give one of 42 characters at most" in problem
    [problem] = new("a" * 43, restore={"source": "other"})
    assert "give one of 42 characters at most" in problem


def test_a_cluster_that_is_there_goes_on() -> None:
    name = "a" * 50
    assert list(adapter.problems({**WANTED, "name": name}, [cluster(name)], [])) == []


# By a drill, or where it was lost.
def test_a_cluster_comes_back_under_the_name_that_it_had() -> None:
    name = "a" * 47
    assert new(name, restore={"source": name, "source_namespace": "demo"}) == []
    assert "restore" in yaml.safe_load(VARS.read_text(encoding="utf-8"))["__postgres_cluster_wanted"]
    name = "a" * 48
    [problem] = new(name, restore={"source": name})
    assert f"would recover it by the Job {name}-1-full-recovery" in problem
    assert "restore under a name of 42 characters at most" in problem


@pytest.mark.parametrize(
    ("length", "primary", "refused"), [(47, 1, False), (48, 1, True), (46, 10, False), (47, 10, True), (46, 100, True)]
)
def test_a_major_upgrade_whose_job_cannot_be_made_is_refused(length: int, primary: int, refused: bool) -> None:
    name = "a" * length
    found = cluster(name, primary)
    again = list(adapter.problems({**WANTED, "name": name, "version": "18"}, [found], []))
    assert again == upgrade(found)
    assert len(again) == refused
    assert all(f"then upgrade by the Job {name}-{primary}-major-upgrade, and" in problem for problem in again)


def test_other_upgrades_need_no_job() -> None:
    found = cluster("a" * 50)
    assert upgrade(found, "17.7") == []
    [problem] = upgrade(found, "16")
    assert "cannot go back" in problem


def test_one_that_has_begun_in_vain_is_refused() -> None:
    found = cluster("a" * 50)
    found["spec"]["imageName"] = "r.io/p:18"
    [problem] = upgrade(found)
    assert "then upgrade by the Job" in problem


@pytest.mark.parametrize(("length", "refused"), [(47, False), (48, True)])
def test_a_drill_whose_job_cannot_be_made_is_refused(length: int, refused: bool) -> None:
    found = cluster("a" * length)
    assert backup_refusals(contract(found), [found]) == []
    problems = backup_refusals(contract(found), [found], "restore_drill")
    assert len(problems) == refused
    assert all("prove its backups by the playbook restore, under a name of 42" in one for one in problems)


def database(name: str, of: str) -> dict[str, Any]:
    return {"kind": "Database", "metadata": {"name": name}, "spec": {"cluster": {"name": of}}}


# `databases` has the first one first, which is made together with the cluster.
@pytest.mark.parametrize(
    ("there", "databases", "refused"),
    [
        ("shop", ["main", "app"], True),
        ("shop", ["main", "App"], True),
        ("shop", ["app", "main"], False),
        ("shop-eu", ["main", "app"], False),
    ],
)
def test_the_object_of_another_cluster_is_left_to_it(there: str, databases: list[str], refused: bool) -> None:
    wanted = {**WANTED, "name": "shop-eu", "databases": [{"name": name, "owner": "app"} for name in databases]}
    found = cluster("shop-eu")
    found["spec"]["bootstrap"] = {"initdb": {"database": databases[0], "owner": "app"}}
    for current in ([], [found]):
        problems = list(adapter.problems(wanted, [*current, database("shop-eu-app", there)], [STANDARD]))
        assert len(problems) == refused
        assert all(
            f"postgres_cluster_databases[1].name is {databases[1]!r} (string): the Database shop-eu-app, the "
            "operator's object for it, is that of the PostgreSQL cluster 'shop' in this namespace" in problem
            for problem in problems
        )
