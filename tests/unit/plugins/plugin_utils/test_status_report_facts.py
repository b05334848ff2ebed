# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a cluster, from answers of Prometheus as promtool prints them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.fleet_report import fleet_report
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.prometheus_answer import series
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.status_report import status_report
from hypothesis import given
from hypothesis import strategies as st

NOW = 1795388400
SPAN = {"from": NOW - 3600, "until": NOW, "step": 15}
HERE = {"namespace": "demo", "cluster": "pg"}
PODS = ("pg-pgpool-x", "pg-pgpool-y")
CHARTS = [
    {"title": "Lag", "unit": "bytes", "record": "pgha:standby:lag_bytes", "line": "pod", "limit": "lag_bytes"},
    {"title": "Streaming", "unit": "count", "record": "pgha:cluster:streaming", "line": "cluster"},
]


def contract(**fields: Any) -> dict[str, Any]:
    """The contract of a cluster with a primary and two standbys."""
    roles = {"pg-1": "primary", "pg-2": "standby", "pg-3": "standby"}
    instances = [{"name": name, "pod": name, "role": role, "ready": True} for name, role in roles.items()]
    known = {"name": "pg", "namespace": "demo", "operator": "cloudnativepg", "version": "17", "phase": "Healthy"}
    return {**known, "pending": [], "instances": instances, **fields}


def one(name: str, value: float | str = 1, **labels: str) -> dict[str, Any]:
    """A series of an instant query; labels that are empty are left out, as Prometheus does it."""
    told = {key: text for key, text in {"__name__": name, **HERE, **labels}.items() if text}
    return {"metric": told, "value": [NOW, str(value)]}


def healthy() -> list[dict[str, Any]]:
    """What Prometheus answers where all is well."""
    found = [one("pgha:limit:lag_bytes", 64, namespace="", cluster="")]
    for number in (1, 2, 3):
        pod = f"pg-{number}"
        found += [
            one("pgha:target:up", 1, pod=pod, job="postgres"),
            one("pgha:instance:in_recovery", int(number > 1), pod=pod),
            one("pgha:instance:role_disagreement", 0, pod=pod, view="kubernetes"),
        ]
        if number > 1:
            found += [one("pgha:standby:lag_bytes", 100 * number, pod=pod), one("pgha:standby:lag_seconds", 0, pod=pod)]
            found.append(one("pgha:standby:streams", 1, pod=pod))
    for node, host in enumerate(("pg-rw", "pg-1", "pg-2", "pg-3")):
        labels = {"node_id": str(node), "hostname": f"{host}.demo.svc"}
        role = {"pg_role": "primary" if node < 2 else "standby", "replication_state": "streaming" if node > 1 else ""}
        found += [one("pgpool2_pool_nodes_status", 1, pod=pod, **labels, **role) for pod in PODS]
        found += [
            one("pgha:pgpool_backend:attached", 2, **labels),
            one("pgha:pgpool_backend:reads:rate5m", 10 * node + 3, hostname=labels["hostname"]),
        ]
    for pod in PODS:
        found += [
            one("pgha:target:up", 1, pod=pod, job="pgpool"),
            one("pgpool2_up", 1, pod=pod),
            one("pgpool2_frontend_total", 32, pod=pod),
            one("pgpool2_frontend_used", 3, pod=pod, username="app"),
            one("pgpool2_frontend_used", 1, pod=pod, username="report"),
            one("pgha:pgpool:children_used_ratio", 0.125, pod=pod),
        ]
    return found


def lately() -> str:
    """What Prometheus answers for the charts."""
    values = [[NOW - 15, "1"], [NOW, "2"]]
    return json.dumps(
        [
            {"metric": {"__name__": "pgha:standby:lag_bytes", "pod": pod, **HERE}, "values": values}
            for pod in ("pg-3", "pg-2")
        ]
    )


def report(*more: dict[str, Any], without: str = "", told: dict[str, Any] | None = None) -> dict[str, Any]:
    """The report where some series are other than in a healthy cluster."""
    changed = {json.dumps(item["metric"], sort_keys=True) for item in more}
    kept = [
        item
        for item in healthy()
        if json.dumps(item["metric"], sort_keys=True) not in changed
        and (not without or item["metric"]["__name__"] != without)
    ]
    return status_report(told or contract(), json.dumps([*kept, *more]), lately(), CHARTS, SPAN, "https://wiki/")


def test_all_is_well() -> None:
    found = report()
    assert found["problems"] == []
    assert found["alerts"] == []
    assert (found["name"], found["version"], found["from"], found["until"]) == ("pg", "17", NOW - 3600, NOW)
    assert found["instances"][0] == {
        "name": "pg-1",
        "role": "primary",
        "ready": True,
        "says": "primary",
        "up": True,
        "lag_bytes": None,
        "lag_seconds": None,
        "attached": 2,
        "reads": 16.0,
    }
    assert [(one["says"], one["lag_bytes"]) for one in found["instances"][1:]] == [("standby", 200), ("standby", 300)]


def test_the_primary_s_reads_are_those_of_its_own_backend_and_of_backend_0() -> None:
    found = report(one("pgha:instance:in_recovery", 1, pod="pg-1"), one("pgha:instance:in_recovery", 0, pod="pg-3"))
    assert [one["reads"] for one in found["instances"]] == [13.0, 23.0, 36.0]
    # Without Services of instances, nobody knows which standby answers.
    hosts = ("pg-rw", "pg-ro")
    services = [
        item
        for node, host in enumerate(hosts)
        for item in (
            one("pgpool2_pool_nodes_status", 1, node_id=str(node), hostname=f"{host}.demo.svc"),
            one("pgha:pgpool_backend:reads:rate5m", 5 + node, hostname=f"{host}.demo.svc"),
        )
    ]
    now = [item for item in healthy() if "hostname" not in item["metric"]]
    found = status_report(contract(), json.dumps([*now, *services]), lately(), CHARTS, SPAN)
    assert [one["reads"] for one in found["instances"]] == [5.0, None, None]


def test_backends_and_pods_of_pgpool() -> None:
    found = report()
    assert [(one["node_id"], one["hostname"], one["role"]) for one in found["backends"]] == [
        ("0", "pg-rw.demo.svc", "primary"),
        ("1", "pg-1.demo.svc", "primary"),
        ("2", "pg-2.demo.svc", "standby"),
        ("3", "pg-3.demo.svc", "standby"),
    ]
    assert found["backends"][3]["replication_state"] == "streaming"
    assert found["pods"] == [
        {
            "name": pod,
            "up": True,
            "answers": True,
            "children": 32,
            "children_used": 4,
            "children_used_ratio": 0.125,
        }
        for pod in PODS
    ]


def test_reads_are_those_of_every_pgpool_of_the_cluster() -> None:
    host = "pg-3.demo.svc"
    more = one("pgha:pgpool_backend:reads:rate5m", 900, hostname=host, service="other")
    # The other one has it as its backend 2.
    found = report(more, one("pgpool2_pool_nodes_status", 1, pod="other-x", node_id="2", hostname=host))
    assert [one["reads"] for one in found["backends"] if one["hostname"] == host] == [933.0, 933.0]
    assert found["instances"][2]["reads"] == 933.0
    [fleet] = fleet_report(["a"], [found], [""])["clusters"]
    assert fleet["reads"] == 3 + 13 + 23 + 933


def test_charts_have_their_lines_in_order_and_their_limits() -> None:
    lag, streaming = report()["charts"]
    points = [[NOW - 15.0, 1.0], [float(NOW), 2.0]]
    assert lag["lines"] == [{"name": name, "points": points, "last": 2.0} for name in ("pg-2", "pg-3")]
    assert (lag["limit"], lag["unit"], lag["step"]) == (64, "bytes", 15)
    assert (streaming["limit"], streaming["lines"]) == (None, [])


def test_a_line_that_broke_off_has_no_last_value() -> None:
    """As a standby without a connection to its primary has no lag any more."""
    drawn = [{**item, "values": [[NOW - 45, "1"], [NOW - 30, "2"]]} for item in json.loads(lately())]
    found = status_report(contract(), json.dumps(healthy()), json.dumps(drawn), CHARTS, SPAN)
    assert [line["last"] for line in found["charts"][0]["lines"]] == [None, None]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ([one("pgha:standby:streams", 0, pod="pg-2")], "the standby pg-2 has no connection to its primary"),
        ([one("pgha:target:up", 0, pod="pg-2", job="postgres")], "Prometheus cannot scrape the instance pg-2"),
        ([one("pgha:instance:in_recovery", 1, pod="pg-1")], "no instance is primary"),
        (
            [one("pgha:instance:in_recovery", 0, pod="pg-2")],
            "PostgreSQL says that pg-1 and pg-2 are primaries",
        ),
        (
            [one("pgha:instance:role_disagreement", 1, pod="pg-3", view="pgpool")],
            "pg-3 is not what pgpool takes it for",
        ),
        ([one("pgpool2_up", 0, pod="pg-pgpool-x")], "the pod pg-pgpool-x of Pgpool-II does not answer"),
        (
            [one("pgha:target:up", 0, pod="pg-pgpool-y", job="pgpool")],
            "the pod pg-pgpool-y of Pgpool-II does not answer",
        ),
        (
            [
                one(
                    "pgpool2_pool_nodes_status",
                    0,
                    pod="pg-pgpool-x",
                    node_id="3",
                    hostname="pg-3.demo.svc",
                    pg_role="standby",
                    replication_state="streaming",
                )
            ],
            "the backend 3 (pg-3.demo.svc) is attached in 1 of 2 pods of Pgpool-II",
        ),
        (
            [one("ALERTS", alertname="PostgresLagBytes", alertstate="firing", severity="warning", pod="pg-2")],
            "PostgresLagBytes fires (warning): pod pg-2",
        ),
    ],
)
def test_what_is_wrong(more: list[dict[str, Any]], problem: str) -> None:
    assert report(*more)["problems"] == [problem]


def test_a_cluster_that_follows_another_one_has_no_primary() -> None:
    standbys = [
        one("pgha:instance:in_recovery", 1, pod="pg-1"),
        one("pgha:instance:role_disagreement", 1, pod="pg-1", view="kubernetes"),
    ]
    assert report(*standbys, one("pgha:cluster:replica_mode", 1))["problems"] == []
    assert len(report(*standbys, one("pgha:cluster:replica_mode", 0))["problems"]) == 2


def test_the_primary_s_own_backend_may_be_detached() -> None:
    labels = {"node_id": "1", "hostname": "pg-1.demo.svc", "pg_role": "primary"}
    detached = one("pgpool2_pool_nodes_status", 0, pod="pg-pgpool-x", **labels)
    assert report(detached)["problems"] == []


def test_what_the_operator_waits_for() -> None:
    assert report(told=contract(pending=["2 of 3 instances are ready"]))["problems"] == ["2 of 3 instances are ready"]


def test_what_prometheus_does_not_know() -> None:
    assert report(without="pgha:target:up")["problems"] == [
        f"Prometheus does not know the instance pg-{number}" for number in (1, 2, 3)
    ]
    nothing = status_report(contract(), "[]", "[]", CHARTS, SPAN)
    assert [one["says"] for one in nothing["instances"]] == ["unknown"] * 3
    assert (nothing["backends"], nothing["pods"], len(nothing["problems"])) == ([], [], 3)


def test_alerts_that_fire_come_first_and_those_of_others_do_not_come() -> None:
    def alert(name: str, state: str, severity: str, **labels: str) -> dict[str, Any]:
        return one("ALERTS", alertname=name, alertstate=state, severity=severity, **labels)

    found = report(
        alert("C", "pending", "critical", pod="pg-2"),
        alert("B", "firing", "warning", hostname="pg-3"),
        alert("A", "firing", "critical", cluster="", persistentvolumeclaim="pg-2-wal"),
        alert("D", "firing", "critical", cluster="", persistentvolumeclaim="other-2"),
        alert("E", "firing", "warning", cluster="", persistentvolumeclaim="data-pg-3"),
    )["alerts"]
    assert [(alert["alert"], alert["about"]) for alert in found] == [
        ("A", "persistentvolumeclaim pg-2-wal"),
        ("B", "hostname pg-3"),
        ("E", "persistentvolumeclaim data-pg-3"),
        ("C", "pod pg-2"),
    ]
    assert found[0]["runbook_url"] == "https://wiki/A.md"


def test_what_is_about_other_clusters_is_left_out() -> None:
    """One query asks for several, by their names and by their namespaces."""
    others = [{"namespace": "demo", "cluster": "pg-2"}, {"namespace": "stage", "cluster": "pg"}, {"namespace": "stage"}]
    now = [{**item, "metric": {**item["metric"], **labels}} for labels in others for item in healthy()]
    now += [one("pgha:target:up", 0, pod="pg-1", job="postgres", **labels) for labels in others[:2]]
    # Without a cluster, and with the name of a volume that is here, too.
    now += [
        one("ALERTS", alertname="A", alertstate="firing", namespace="stage", cluster="", persistentvolumeclaim="pg-1")
    ]
    drawn = [{**item, "metric": {**item["metric"], **labels}} for labels in others for item in json.loads(lately())]
    answers = [json.dumps([*told, *own]) for told, own in ((now, healthy()), (drawn, json.loads(lately())))]
    assert status_report(contract(), *answers, CHARTS, SPAN, "https://wiki/") == report()


def test_limits_are_those_of_all_clusters_wherever_they_are_recorded() -> None:
    limit = one("pgha:limit:lag_bytes", 64, namespace="monitoring", cluster="")
    assert report(limit, without="pgha:limit:lag_bytes")["charts"][0]["limit"] == 64


def test_what_is_no_number_is_left_out() -> None:
    answer = [{"metric": {"a": "b"}, "values": [[1, "NaN"], [2, "+Inf"], [3, "4"]]}, one("x", "NaN")]
    [read] = series(json.dumps(answer))
    assert (read.labels, read.samples, read.last) == ({"a": "b"}, [(3.0, 4.0)], 4.0)


@pytest.mark.parametrize("answer", ["", "query error: i/o timeout", "{}x", '{"a": 1}', '[{"metric": {}}]', "[1]"])
def test_no_answer(answer: str) -> None:
    with pytest.raises(InputError, match="did not answer with a list of series"):
        series(answer)


@given(
    st.lists(
        st.builds(
            lambda name, value, labels: {"metric": {"__name__": name, **HERE, **labels}, "value": [NOW, str(value)]},
            st.sampled_from(sorted({item["metric"]["__name__"] for item in healthy()} | {"ALERTS"})),
            st.floats(),
            st.dictionaries(st.sampled_from(["pod", "hostname", "node_id", "job", "view", "alertname"]), st.text()),
        )
    )
)
def test_any_answer_makes_a_report_that_is_json(answer: list[dict[str, Any]]) -> None:
    found = status_report(contract(), json.dumps(answer), json.dumps(answer), CHARTS, SPAN)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    ("status", "problems"),
    [
        ({"readyReplicas": 2}, []),
        ({"readyReplicas": 1}, ["Pgpool-II has 1 of 2 pods that are ready (pg-pgpool)"]),
        # Prometheus then knows of none that would not answer.
        ({}, ["Pgpool-II has 0 of 2 pods that are ready (pg-pgpool)"]),
    ],
)
def test_pods_of_pgpool_that_are_missing_are_a_problem(status: dict[str, int], problems: list[str]) -> None:
    deployment = {"metadata": {"name": "pg-pgpool"}, "spec": {"replicas": 2}, "status": status}
    now = json.dumps(healthy())
    assert status_report(contract(), now, lately(), CHARTS, SPAN, pgpool=deployment)["problems"] == problems
    stopped = {**deployment, "spec": {"replicas": 0}}
    assert status_report(contract(), now, lately(), CHARTS, SPAN, pgpool=stopped)["problems"] == []


def deployment(*containers: str) -> dict[str, Any]:
    """The Deployment of Pgpool-II, of two pods that are ready."""
    template = {"spec": {"containers": [{"name": name} for name in containers]}}
    return {
        "metadata": {"name": "pg-pgpool"},
        "spec": {"replicas": 2, "template": template},
        "status": {"readyReplicas": 2},
    }


def pgpool_pod(name: str, ready_for: int, status: str = "True", **metadata: str) -> dict[str, Any]:
    """A pod of Pgpool-II that has been ready, or has not been, for some seconds."""
    since = datetime.fromtimestamp(NOW - ready_for, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": "Ready", "status": status, "lastTransitionTime": since}
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": None}
    return {"metadata": {"name": name, **metadata}, "status": {"conditions": [scheduled, condition]}}


def about_pgpool(now: list[dict[str, Any]] | None = None, name: str = "pg-pgpool", **pgpool: Any) -> list[str]:
    """The problems, where all else is well."""
    found = json.dumps(healthy() if now is None else now)
    return status_report(contract(), found, lately(), CHARTS, SPAN, pgpool_name=name, **pgpool)["problems"]


def without_pgpool(*pods: str) -> list[dict[str, Any]]:
    """What Prometheus answers where it scrapes none of these pods."""
    return [item for item in healthy() if item["metric"].get("pod") not in pods]


@pytest.mark.parametrize(
    ("unknown", "problems"),
    [
        ((), []),
        (PODS, ["Prometheus knows 0 of 2 pods of Pgpool-II"]),
        (PODS[:1], ["Prometheus knows 1 of 2 pods of Pgpool-II"]),
    ],
)
def test_pods_of_pgpool_that_prometheus_does_not_scrape_are_a_problem(
    unknown: tuple[str, ...], problems: list[str]
) -> None:
    told = {"pgpool": deployment("pgpool", "exporter"), "pgpool_pods": [pgpool_pod(name, 3600) for name in PODS]}
    assert about_pgpool(without_pgpool(*unknown), **told) == problems
    # Without an exporter, none of them is to be scraped.
    assert about_pgpool(without_pgpool(*unknown), **{**told, "pgpool": deployment("pgpool")}) == []


@pytest.mark.parametrize(
    "new",
    [
        pgpool_pod(PODS[0], 20),  # Prometheus has not found it yet
        pgpool_pod(PODS[0], 3600, "False"),  # that it is not ready is what is said
        pgpool_pod(PODS[0], 3600, deletionTimestamp="2026-11-22T23:00:00Z"),  # ends, and is scraped no longer
    ],
)
def test_a_pod_of_pgpool_that_comes_or_goes_is_none(new: dict[str, Any]) -> None:
    told = {"pgpool": deployment("pgpool", "exporter"), "pgpool_pods": [new, pgpool_pod(PODS[1], 3600)]}
    assert about_pgpool(without_pgpool(PODS[0]), **told) == []


def test_a_pgpool_that_is_not_there_or_cannot_be_read_is_a_problem() -> None:
    away = "Deployment and pods of Pgpool-II (pg-pgpool) could not be read: 403"
    assert about_pgpool() == ["there is no Deployment pg-pgpool of Pgpool-II"]
    assert about_pgpool(pgpool_unread="403") == [away]
    halved = {**deployment("pgpool", "exporter"), "status": {"readyReplicas": 1}}
    assert about_pgpool(pgpool=halved, pgpool_unread="403") == [
        away,
        "Pgpool-II has 1 of 2 pods that are ready (pg-pgpool)",
    ]
    # Where the inventory says that there should be none.
    assert about_pgpool(name="", pgpool_unread="403") == []
    assert about_pgpool(name="") == []
