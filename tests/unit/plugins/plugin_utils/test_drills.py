# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which drills are run, what one came to, and the table of many."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drills import drill_record, drills_plan, drills_table
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

BEGAN = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC
CATALOGUE = {
    "pod": {"does": "a pod"},
    "node": {"does": "a node", "needs": ["shared", "node_engine"]},
    "lag": {"does": "lag", "needs": ["container", "standby"]},
    "move": {"does": "move", "needs": ["switchover"]},
}
HAS = {"shared": False, "node_engine": "", "container": True, "pgpool_pods": 2, "operator": True, "prometheus": True}


def contract(primary: str = "pg-1", operator: str = "cloudnativepg", **more: Any) -> dict[str, Any]:
    names = ("pg-1", "pg-2", "pg-3")
    instances = [{"name": name, "pod": name, "role": "primary" if name == primary else "standby"} for name in names]
    return {"operator": operator, "instances": instances, **more}


def seen(gap: float = 2.0, **more: Any) -> dict[str, Any]:
    return {"gap": gap, "gap_since": BEGAN + 0.5, "acknowledged": 100, "lost": 0, "in_doubt": 0, "failed": {}, **more}


def ledger(**ways: dict[str, Any]) -> dict[str, Any]:
    return {"ways": ways, "problems": []}


def pod(name: str, ready: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "status": {
            "conditions": [
                {"type": "Initialized", "lastTransitionTime": "2027-01-15T08:09:00Z"},
                {"type": "Ready", "lastTransitionTime": ready},
            ]
        },
    }


def record(**change: Any) -> dict[str, Any]:
    arguments = {
        "ledger": ledger(
            pgpool_write=seen(3.0, failed={"57P01": 1}, in_doubt=1), direct_write=seen(2.5), pgpool_read=seen(1.0)
        ),
        "name": "pod",
        "began": BEGAN,
        "before": contract(),
        "after": contract("pg-2"),
        "pods": [
            pod(name, f"2027-01-15T{at}Z")
            for name, at in (("pg-1", "08:00:21"), ("pg-2", "07:00:00"), ("x", "09:00:00"))
        ],
        "pool_nodes": {
            "pgpool-a": "node_id,last_status_change\n0,2027-01-15 07:00:00\n1,2027-01-15 08:00:32\n",
            "pgpool-b": "node_id,last_status_change\n0,2027-01-15 07:00:00\n1,2027-01-15 08:00:31\n",
        },
        "alerts": "[]",
        **change,
    }  # fmt: skip
    return drill_record(**arguments)


def test_a_drill_is_skipped_with_the_reason() -> None:
    plan = drills_plan(["node", "pod"], CATALOGUE, contract(), HAS)
    assert [(one["name"], one["skipped"]) for one in plan] == [
        ("node", "it breaks what other PostgreSQL clusters share (drills_shared)"),
        ("pod", ""),
    ]


@pytest.mark.parametrize(
    ("name", "has", "found", "reason"),
    [
        ("node", {"shared": True}, contract(), "the nodes are no containers of this machine (drills_node_engine)"),
        ("node", {"shared": True, "node_engine": "docker"}, contract(), ""),
        (
            "lag", {"container": False}, contract(operator="kubedb"),
            "no container of PostgreSQL is known for the operator kubedb"
        ),
        ("lag", {}, contract(instances=contract()["instances"][:1]), "the cluster has no standby"),
        ("move", {}, contract(operator="existing"), "this collection has no switchover for the operator existing"),
    ],
)  # fmt: skip
def test_what_is_lacking(name: str, has: dict[str, Any], found: dict[str, Any], reason: str) -> None:
    [one] = drills_plan([name], CATALOGUE, found, {**HAS, **has})
    assert one["skipped"] == reason


def test_a_drill_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match="there is no drill 'x': give one of pod, node, lag, move"):
        drills_plan(["x"], CATALOGUE, contract(), HAS)


def test_without_an_exporter_nobody_knows_when_backends_were_back() -> None:
    found = record(pool_nodes={})
    assert found["backends_back"] is None
    assert "as backends of Pgpool-II when is not known" in found["summary"]
    assert "| not known |" in drills_table([found])


def test_what_a_drill_came_to() -> None:
    found = record()
    assert found["at"] == "2027-01-15T08:00:00+00:00"
    assert found["gaps"] == {"pgpool_write": 3.0, "direct_write": 2.5, "pgpool_read": 1.0}
    assert (found["acknowledged"], found["lost"], found["in_doubt"]) == (200, 0, 1)
    assert (found["instances_back"], found["backends_back"]) == (21.0, 32.0)
    assert found["primary"] == {"from": "pg-1", "to": "pg-2"}
    assert "as backends of Pgpool-II after 32.0 s" in found["summary"]
    assert (found["parts"], found["alerts"], found["problems"]) == ({}, [], [])


def test_the_parts_of_a_failover() -> None:
    times = {"chosen": "2027-01-15T08:00:01.5Z", "promoted": "2027-01-15T08:00:02.75Z"}
    found = record(after=contract("pg-2", primary_times=times))
    assert found["parts"] == {"detection": 1.0, "promotion": 1.25, "routing": 0.75}
    assert "pg-2 became the primary (detection 1.0 s, promotion 1.2 s, routing 0.8 s)." in found["summary"]
    assert record(after=contract("pg-1", primary_times=times))["parts"] == {}
    planned = record(after=contract("pg-2", primary_times={**times, "chosen": "2027-01-15T07:59:00Z"}))
    assert planned["parts"] == {"detection": 0.0, "promotion": 2.25, "routing": 0.75}


@pytest.mark.parametrize(("since", "gap"), [(-9.0, 3.0), (30.0, 3.0), (2.0, 0.5)])
def test_another_gap_than_that_of_the_failover_has_no_parts(since: float, gap: float) -> None:
    times = {"chosen": "2027-01-15T08:00:01.5Z", "promoted": "2027-01-15T08:00:02.75Z"}
    ways = ledger(pgpool_write=seen(gap, gap_since=BEGAN + since), direct_write=seen(), pgpool_read=seen())
    found = record(ledger=ways, after=contract("pg-2", primary_times=times))
    assert found["parts"] == {}
    assert " pg-2 became the primary. " in found["summary"]


def test_alerts() -> None:
    fired = [{"metric": {"alertname": name}, "values": [[1, "1"]]} for name in ("B", "A", "B")]
    assert record(alerts=json.dumps(fired))["alerts"] == ["A", "B"]
    assert record(alerts=None)["alerts"] is None


def test_a_lost_write_is_a_problem() -> None:
    found = record(ledger={**ledger(pgpool_write=seen(lost=2)), "problems": ["2 writes are lost"]})
    assert (found["lost"], found["problems"]) == (2, ["pod: 2 writes are lost"])


def test_a_backend_that_stays_away_is_a_problem() -> None:
    rows = [
        "node_id,hostname,status,pg_role",
        "0,pg-1.demo,down,primary",
        "1,pg-2.demo,down,standby",
        "2,pg-3.demo,up,standby",
    ]
    found = record(pool_nodes={"pgpool-a": "\n".join(rows)})
    assert found["problems"] == ["pod: pgpool-a has not taken pg-2.demo back"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('no answer: connection to "x"\n\tfailed: "no\n', 'no answer: connection to "x" failed: "no'),
        ("", "no answer"),
    ],
)
def test_a_pgpool_that_does_not_answer_is_a_problem(answer: str, words: str) -> None:
    there = "node_id,last_status_change\n0,2027-01-15 07:00:00\n"
    found = record(pool_nodes={"pgpool-a": there, "pgpool-b": answer})
    assert found["problems"] == [f"pod: pgpool-b does not say which backends it has: {words}"]
    assert found["backends_back"] is None
    assert "as backends of Pgpool-II when is not known" in found["summary"]


def test_the_table() -> None:
    slower = record(ledger=ledger(pgpool_write=seen(9.0, failed={"57P01": 2}), direct_write=seen(), pgpool_read=seen()))
    third = record(alerts=json.dumps([{"metric": {"alertname": "A"}, "values": [[1, "1"]]}]))
    records = [{**record(), "site_changed": 0}, {**slower, "site_changed": 0}, {**third, "site_changed": 0}]
    plan = drills_plan(["pod", "node"], CATALOGUE, contract(), HAS)
    header, rule, pod_row, node_row = drills_table(records, plan).splitlines()
    assert header.startswith("| drill | runs | write gap | directly | read gap |")
    assert rule.count("---") == header.count("|") - 1
    assert pod_row == (
        "| pod | 3 | 3.0 / 9.0 s | 2.5 / 2.5 s | 1.0 / 2.0 s | 0 | 2 | 21.0 / 21.0 s | 32.0 / 32.0 s | 4 with 57P01 "
        "| A | changed=0 | 2027-01-15 |"
    )
    assert node_row.startswith("| node | 0 | skipped: it breaks what")
    assert node_row.count("|") == header.count("|")


def test_the_table_of_what_is_not_known() -> None:
    row = drills_table([record(alerts=None, ledger=ledger(pgpool_write=seen()))]).splitlines()[-1]
    assert row == (
        "| pod | 1 | 2.0 s | not known | not known | 0 | 0 | 21.0 s | 32.0 s | none | not known | not run "
        "| 2027-01-15 |"
    )


def test_the_table_says_how_many_runs_know_what_only_some_know() -> None:
    there = record()
    away = {**there, "gaps": {}, "backends_back": None, "alerts": None}
    cells = drills_table([there, away, away]).splitlines()[-1].split(" | ")
    assert cells[2] == "3.0 s (1 of 3 known)"
    assert cells[7] == "21.0 / 21.0 s"
    assert cells[8] == "32.0 s (1 of 3 known)"
    assert cells[10] == "none (1 of 3 known)"
    assert "3.0 / 3.0 s (2 of 3 known)" in drills_table([there, there, away])


def test_the_table_says_that_site_yml_failed() -> None:
    runs = [{**record(), "site_changed": 0, "site_failed": failed} for failed in (True, False)]
    assert "| failed |" in drills_table(runs)
    assert "| changed=0 |" in drills_table(runs[1:])
