# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which standby becomes the primary, why none can, and who agrees on the roles."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg, existing
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.switchover import role_views, switchover_plan

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "cloudnativepg"
ONE, TWO, THREE = (f"hot-postgres-{number}" for number in (1, 2, 3))
HEADER = "application_name,state,sync_state,behind\n"
NOW = "2026-11-22T16:54:57.000000Z"


def cluster(name: str = "after_failover") -> dict[str, Any]:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def contract(found: dict[str, Any] | None = None) -> dict[str, Any]:
    return cloudnativepg.contract("hot-postgres", "demo", [found or cluster()])


def answer(*rows: str) -> dict[str, Any]:
    return {"rc": 0, "stdout": HEADER + "".join(f"{row}\n" for row in rows)}


BOTH = answer(f"{ONE},streaming,quorum,4096", f"{THREE},streaming,quorum,0")


@pytest.mark.parametrize(
    ("said", "to"),
    [
        (BOTH, THREE),
        (answer(f"{ONE},streaming,quorum,0", f"{THREE},streaming,quorum,0"), ONE),
        (answer(f"{ONE},streaming,async,0", f"{THREE},streaming,quorum,99"), THREE),
        (answer(f"{ONE},catchup,async,0", f"{THREE},streaming,async,99999"), THREE),
    ],
    ids=["least behind", "by name", "confirms commits", "streams"],
)
def test_the_best_standby_is_chosen(said: dict[str, Any], to: str) -> None:
    plan = switchover_plan(contract(), said, now=NOW)
    assert (plan["problems"], plan["from"], plan["to"], plan["needed"]) == ([], TWO, to, True)
    assert plan["standbys"][0]["name"] == to
    assert plan["patch"]["status"]["targetPrimary"] == to


def test_the_operator_is_told_what_its_own_tool_tells_it() -> None:
    assert switchover_plan(contract(), BOTH, now=NOW)["patch"] == {
        "status": {
            "targetPrimary": THREE,
            "targetPrimaryTimestamp": NOW,
            "phase": "Switchover in progress",
            "phaseReason": f"Switching over to {THREE}",
        },
        "unless": {"targetPrimary": THREE},
        "expect": {"currentPrimary": TWO, "targetPrimary": TWO},
        "labels": {
            THREE: {"cnpg.io/instanceRole": "primary", "role": "primary"},
            TWO: {"cnpg.io/instanceRole": "replica", "role": "replica"},
        },
    }


def test_a_named_standby_is_taken() -> None:
    assert switchover_plan(contract(), BOTH, to=ONE)["to"] == ONE


def test_who_is_the_primary_already_stays_it() -> None:
    plan = switchover_plan(contract(), BOTH, to=TWO)
    assert (plan["problems"], plan["to"], plan["needed"], plan["patch"]) == ([], TWO, False, {})


def test_an_interrupted_switchover_is_waited_for_and_not_asked_for_again() -> None:
    found = cluster()
    found["status"]["targetPrimary"] = THREE
    for to in ("", THREE):
        plan = switchover_plan(contract(found), {}, to=to)
        assert (plan["problems"], plan["to"], plan["needed"]) == ([], THREE, False)


RECEIVED = "application_name,state,sync_state,behind,unreceived\n"
MOST = 1024**3


def received(*rows: str) -> dict[str, Any]:
    return {"rc": 0, "stdout": RECEIVED + "".join(f"{row}\n" for row in rows)}


def test_the_primary_is_asked_for_what_is_judged() -> None:
    path = Path(__file__).resolve().parents[4] / "roles/postgres_cluster/vars/main.yml"
    columns = yaml.safe_load(path.read_text("utf-8"))["__postgres_cluster_replication_sql"].partition(" FROM ")[0]
    assert [name for name in RECEIVED.strip().split(",") if name in columns] == RECEIVED.strip().split(",")
    assert "flush_lsn), 0)::bigint AS unreceived" in columns


@pytest.mark.parametrize(
    ("said", "to", "chosen"),
    [
        (received(f"{ONE},streaming,async,9{MOST},{MOST}", f"{THREE},streaming,async,9{MOST},0"), ONE, ONE),
        (received(f"{ONE},streaming,quorum,0,{MOST + 1}", f"{THREE},streaming,async,9{MOST},0"), "", THREE),
    ],
    ids=["replays late", "another one has it"],
)
def test_a_standby_that_has_the_wal_is_taken(said: dict[str, Any], to: str, chosen: str) -> None:
    plan = switchover_plan(contract(), said, to=to)
    assert (plan["problems"], plan["to"], plan["needed"]) == ([], chosen, True)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (ONE, f"postgres_cluster_switchover_to is '{ONE}' (string): it"),
        ("", f"the best standby, {THREE},"),
    ],
)
def test_a_standby_that_lacks_wal_is_refused(to: str, words: str) -> None:
    said = received(f"{ONE},streaming,async,{3 * MOST},{3 * MOST}", f"{THREE},streaming,async,{3 * MOST},{3 * MOST}")
    said["stdout"] = said["stdout"].replace(f"{THREE},streaming,async", f"{THREE},streaming,quorum")
    plan = switchover_plan(contract(), said, to=to)
    [problem] = plan["problems"]
    assert problem == (
        f"{words} has still to receive 3 GiB of WAL, and what it has not received when the operator's time for the "
        "primary to stop is over is lost; wait until it is less than 1 GiB, then run this again"
    )
    assert (plan["needed"], plan["patch"]) == (False, {})


def not_ready() -> dict[str, Any]:
    found = copy.deepcopy(cluster())
    found["status"]["instancesStatus"] = {"healthy": [TWO], "replicating": [ONE, THREE]}
    return found


def moving(to: str) -> dict[str, Any]:
    found = cluster()
    found["status"]["targetPrimary"] = to
    return found


@pytest.mark.parametrize(
    ("found", "said", "to", "sentence"),
    [
        (cluster(), answer(), "", "no standby is ready and streams from the primary hot-postgres-2: hot"),
        (not_ready(), BOTH, "", "no standby is ready and streams from the primary hot-postgres-2: hot"),
        (cluster(), BOTH, "hot-9", "postgres_cluster_switchover_to is 'hot-9' (string): the cluster has no such"),
        (
            cluster(),
            answer(f"{ONE},catchup,async,9", f"{THREE},streaming,quorum,0"),
            ONE,
            f"postgres_cluster_switchover_to is '{ONE}' (string): it is no standby that is ready and streams, "
            f"but {ONE} (catchup, async, 9 bytes behind); give one of {THREE}, or leave it out for the best",
        ),
        (
            cluster(),
            {"rc": 2, "stderr": "psql: error:\n no socket"},
            "",
            f"the primary {TWO} does not answer (psql: error: no socket): wait for the operator's failover",
        ),
        (moving(THREE), BOTH, ONE, f"the primary moves from {TWO} to {THREE} now: wait until it has"),
        (moving("pending"), BOTH, "", f"the primary moves from {TWO} to another instance now: wait until it has"),
    ],
    ids=["none streams", "none ready", "unknown", "named does not stream", "primary away", "moves", "fails over"],
)
def test_it_is_refused_in_one_sentence(found: dict[str, Any], said: dict[str, Any], to: str, sentence: str) -> None:
    plan = switchover_plan(contract(found), said, to=to)
    [problem] = plan["problems"]
    assert problem.startswith(sentence)
    assert (plan["needed"], plan["patch"]) == (False, {})


def test_a_cluster_that_is_not_there_is_refused() -> None:
    plan = switchover_plan(cloudnativepg.contract("hot", "demo", []), {})
    assert plan["problems"] == [
        "postgres_cluster_name is 'hot' (string): there is no such PostgreSQL cluster in the namespace demo; give the "
        "name of one that is there, or make it with site.yml"
    ]


def test_an_operator_that_cannot_is_named() -> None:
    [problem] = switchover_plan(existing.contract("hot", "demo", []), {})["problems"]
    assert problem.startswith("postgres_cluster_operator is 'existing' (string): this collection has no switchover for")


def pods(**roles: str) -> list[dict[str, Any]]:
    return [
        {"metadata": {"name": name.replace("_", "-"), "labels": {"cnpg.io/instanceRole": role}}}
        for name, role in roles.items()
    ]


LABELS = {"hot_postgres_1": "replica", "hot_postgres_2": "primary", "hot_postgres_3": "replica"}
SAID = {ONE: "t\n", TWO: "f\n", THREE: "t\n"}
NODES = [
    {"hostname": "hot-postgres-rw.demo.svc", "pg_role": "primary"},
    {"hostname": f"{ONE}.demo.svc", "pg_role": "standby"},
    {"hostname": f"{TWO}.demo.svc", "pg_role": "unknown"},
    {"hostname": f"{THREE}.demo.svc", "pg_role": "standby"},
]


def test_all_agree() -> None:
    found = role_views(contract(), SAID, pods(**LABELS), NODES)
    assert found["problems"] == []
    assert found["views"][0] == {
        "name": ONE, "operator": "standby", "postgresql": "standby", "kubernetes": "standby", "pgpool": "standby"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "labels", "nodes", "sentence"),
    [
        ({**SAID, TWO: "t"}, LABELS, NODES, f"{TWO} is primary for the operator, and standby for PostgreSQL"),
        ({**SAID, ONE: ""}, LABELS, NODES, f"{ONE} is standby for the operator, and no answer for PostgreSQL"),
        (SAID, {**LABELS, "hot_postgres_1": "primary"}, [], f"{ONE} is standby for the operator, and primary for Kub"),
        (SAID, {**LABELS, "hot_postgres_3": ""}, [], f"{THREE} is standby for the operator, and no label for Kuber"),
        (
            SAID,
            LABELS,
            [{"hostname": f"{TWO}.demo.svc", "pg_role": "standby"}],
            f"{TWO} is primary for the operator, and standby for Pgpool-II",
        ),
    ],
    ids=["postgresql", "silent", "two labels", "no label", "pgpool"],
)
def test_who_does_not_agree_is_named(said: Any, labels: Any, nodes: Any, sentence: str) -> None:
    [problem] = role_views(contract(), said, pods(**labels), nodes)["problems"]
    assert problem.startswith(sentence)
