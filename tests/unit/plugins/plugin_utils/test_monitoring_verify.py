# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on what Prometheus scrapes."""

from __future__ import annotations

import json

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.monitoring_verify import verdict


def service(name: str, scrape: str = "true") -> dict:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": "demo", "annotations": {"prometheus.io/scrape": scrape}},
    }


def endpoints(name: str, *pods: str) -> dict:
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-x", "namespace": "demo", "labels": {"kubernetes.io/service-name": name}},
        "endpoints": [{"targetRef": {"kind": "Pod", "name": pod}} for pod in pods] or None,
    }


def series(pod: str, value: str = "1", metric: str = "up", name: str = "pg-stats") -> dict:
    return {
        "metric": {"__name__": metric, "namespace": "demo", "service": name, "pod": pod},
        "value": [1795365898.6, value],
    }


def test_all_is_scraped() -> None:
    objects = [service("pg-stats"), endpoints("pg-stats", "pg-2", "pg-1")]
    result = verdict(objects, json.dumps([series("pg-1"), series("pg-2"), series("pg-2", metric="cnpg_collector_up")]))
    assert result["problems"] == []
    assert result["targets"] == [
        {"namespace": "demo", "service": "pg-stats", "pod": pod, "up": 1.0} for pod in ("pg-1", "pg-2")
    ]
    assert [line.split() for line in result["table"].splitlines()] == [
        ["up", "namespace", "service", "pod"],
        ["1", "demo", "pg-stats", "pg-1"],
        ["1", "demo", "pg-stats", "pg-2"],
    ]


def test_what_does_not_ask_is_not_expected() -> None:
    objects = [
        *(service("pg-stats"), endpoints("pg-stats", "pg-1")),
        *(service("pg", scrape="false"), endpoints("pg", "other-1")),
        endpoints("of-nobody", "other-2"),
        *(service("nodes"), {**endpoints("nodes"), "endpoints": [{"targetRef": {"kind": "Node", "name": "n-1"}}, {}]}),
    ]
    assert verdict(objects, json.dumps([series("pg-1")]))["problems"] == []


def test_a_pod_that_is_on_its_way_out_is_not_expected() -> None:
    slices = endpoints("pg-stats", "pg-1", "pg-2", "pg-3")
    for endpoint, conditions in zip(slices["endpoints"], [{"ready": True}, None, {"terminating": True}], strict=True):
        endpoint["conditions"] = conditions
    result = verdict([service("pg-stats"), slices], json.dumps([series("pg-1"), series("pg-2")]))
    assert result["problems"] == []
    assert [target["pod"] for target in result["targets"]] == ["pg-1", "pg-2"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ([], "Prometheus does not scrape pod pg-1 of the Service demo/pg-stats"),
        ([series("pg-1", "0")], "Prometheus cannot scrape pod pg-1 of the Service demo/pg-stats (up is 0)"),
        (
            [series("pg-1"), series("pg-1", "0", "pgpool2_up")],
            "the exporter in pod pg-1 of the Service demo/pg-stats says pgpool2_up 0",
        ),
        ([series("pg-1", name="another")], "Prometheus does not scrape pod pg-1 of the Service demo/pg-stats"),
    ],
)
def test_what_is_wrong(answer: list, problem: str) -> None:
    result = verdict([service("pg-stats"), endpoints("pg-stats", "pg-1")], json.dumps(answer))
    assert result["problems"] == [problem]


def test_roles_that_disagree() -> None:
    def view(pod: str, value: str = "1") -> dict:
        labels = {"namespace": "demo", "cluster": "pg", "pod": pod, "view": "pgpool"}
        return {"metric": {"__name__": "pgha:instance:role_disagreement", **labels}, "value": [1795365898.6, value]}

    answer = [series("pg-1"), series("pg-2"), view("pg-1"), view("pg-2", "0"), view("another-1")]
    result = verdict([service("pg-stats"), endpoints("pg-stats", "pg-1", "pg-2")], json.dumps(answer))
    assert result["problems"] == ["PostgreSQL in pod demo/pg-1 is not what pgpool takes it for"]


@pytest.mark.parametrize("objects", [[], [service("pg-stats")], [service("pg-stats"), endpoints("pg-stats")]])
def test_nothing_to_scrape(objects: list) -> None:
    assert verdict(objects, "[]")["problems"] == ["no Service asks to be scraped, or none of them has a pod"]


@pytest.mark.parametrize("answer", ["", "query error: connection refused", '{"a": 1}', '[{"metric": {}}]'])
def test_no_answer(answer: str) -> None:
    with pytest.raises(InputError, match="did not answer with a list of series"):
        verdict([service("pg-stats"), endpoints("pg-stats", "pg-1")], answer)
