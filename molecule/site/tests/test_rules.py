# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of Prometheus: their tests pass in its pod, it has loaded them all, and none fires on a healthy cluster."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Cluster, until

TESTS = sorted((ROOT / "tests/rules").glob("*.yml"))
NAMESPACE = "monitoring"
# The pod's root cannot be written; its volume can.
FOLDER = "/prometheus/rule-tests"


def api(cluster: Cluster, path: str) -> Any:
    """Return the data of an answer of Prometheus' HTTP API."""
    with urllib.request.urlopen(f"{cluster.prometheus}/api/v1/{path}", timeout=10) as answer:
        return json.load(answer)["data"]


@pytest.fixture(scope="module")
def pod(cluster: Cluster) -> Iterator[str]:
    """The pod of Prometheus, with the tests of the rules beside the rules that it has loaded."""
    selector = "--selector=app.kubernetes.io/name=prometheus"
    found = json.loads(cluster.kubectl("get", "pods", f"--namespace={NAMESPACE}", selector, "--output=json"))["items"]
    [name] = [item["metadata"]["name"] for item in found if "deletionTimestamp" not in item["metadata"]]
    host = cluster.host(name, "prometheus", NAMESPACE)
    host.run_expect([0], f"mkdir -p {FOLDER} && cp /etc/prometheus/rules.yml {FOLDER}/rules.yml")
    for path in TESTS:
        write = ["--container=prometheus", "--", "sh", "-c", f"cat > {FOLDER}/{path.name}"]
        cluster.kubectl(f"--namespace={NAMESPACE}", "exec", "--stdin", name, *write, text=path.read_text())
    yield name
    host.run_expect([0], f"rm -r {FOLDER}")


def test_promtool_accepts_them(cluster: Cluster, pod: str) -> None:
    done = cluster.host(pod, "prometheus", NAMESPACE).run(f"promtool check rules {FOLDER}/rules.yml")
    assert done.rc == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_each_fires_and_is_quiet_where_it_should(cluster: Cluster, pod: str, path: Path) -> None:
    done = cluster.host(pod, "prometheus", NAMESPACE).run(f"TMPDIR={FOLDER} promtool test rules {FOLDER}/{path.name}")
    assert done.rc == 0, done.stdout + done.stderr


def test_all_are_loaded_and_evaluated(cluster: Cluster) -> None:
    files = sorted((ROOT / "roles/monitoring/files/rules").glob("*.yml"))
    written = [group for path in files for group in yaml.safe_load(path.read_text())["groups"]]

    def healthy() -> bool:
        seen = {group["name"]: group["rules"] for group in api(cluster, "rules")["groups"]}
        assert set(seen) == {"pgha-limits", *(group["name"] for group in written)}
        rules = [rule for group in seen.values() for rule in group]
        assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
        return [len(seen[group["name"]]) for group in written] == [len(group["rules"]) for group in written]

    until(healthy, 60, "Prometheus has evaluated all rules, and none in error")


def test_none_fires_on_a_healthy_cluster(cluster: Cluster) -> None:
    """Nothing is wrong for half a minute, once what earlier tests did has passed.

    What is pending counts: so no alert has to be waited for, up to ten minutes, to see that it is quiet.
    """
    since = time.monotonic()

    def quiet() -> bool:
        nonlocal since
        wrong = [f"{one['labels']['alertname']} {one['state']}" for one in api(cluster, "alerts")["alerts"]]
        if wrong:
            since = time.monotonic()
        assert wrong == []
        return time.monotonic() - since > 30

    until(quiet, 240, "no alert is pending or fires")
