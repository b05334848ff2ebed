# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each query of each dashboard returns data from the live Prometheus, but for those that need what is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ROOT, Cluster, until

BOARDS = {
    path.stem: json.loads(path.read_text())
    for path in sorted((ROOT / "roles/monitoring/files/dashboards").glob("*.json"))
}
# Panels that have no data here, and why. One that does get some has to leave this list.
EMPTY = {
    ("pgha-pgpool", "Certificate is good for"): "Pgpool-II has TLS in the scenario tls alone",
    ("pgha-postgres", "Volumes"): "nothing scrapes the kubelet",
    ("pgha-postgres", "Age of the last backup"): "there is no backup",
    # A table of what is wrong, and nothing is.
    ("pgha-cluster", "Alerts"): "no alert is pending or fires",
    ("pgha-fleet", "Alerts"): "no alert is pending or fires",
}
PANELS = [
    pytest.param(name, panel, id=f"{name}: {panel['title']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]


def asked(cluster: Cluster, query: str) -> str:
    """A query as Grafana sends it for this cluster."""
    chosen = {"$__rate_interval": "1m", "$namespace": cluster.namespace, "$cluster": cluster.name, "$pod": ".+"}
    for name, value in chosen.items():
        query = query.replace(name, value)
    return query


@pytest.fixture(scope="module", autouse=True)
def _load(cluster: Cluster) -> None:
    """Give the panels that show work something to show."""
    cluster.sql("DROP TABLE IF EXISTS boards; CREATE TABLE boards AS SELECT generate_series(1, 1000) AS n")
    cluster.read_many(500)
    cluster.sql("DROP TABLE boards")


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_each_query_returns_data(cluster: Cluster, name: str, panel: dict[str, Any]) -> None:
    queries = [asked(cluster, target["expr"]) for target in panel["targets"] if "pgha:limit:" not in target["expr"]]
    reason = EMPTY.get((name, panel["title"]))
    if reason:
        # What the tests before have done may have alerts pending, as in test_rules.py.
        seconds = 240 if panel["type"] == "table" else 0
        until(lambda: not any(cluster.promql(query) for query in queries), seconds, f"there is no data, as {reason}")
        return
    for query in queries:
        until(lambda query=query: cluster.promql(query), 60, f"{query} returns data")
