# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml of many PostgreSQL clusters: what is wrong with one is said of that one, and does not stop the others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import INVENTORIES, ROOT, Cluster, Run, run_playbook

NAMESPACE = "fleet"
FLEET = [*INVENTORIES, ROOT / "molecule" / "fleet" / "inventory"]
WELL = [f"fleet-{number}" for number in range(1, 7)]
# A host whose PostgreSQL cluster has the name of the first one's, in a namespace that has its name.
TWIN = "fleet-twin"
BROKEN = "fleet-broken"
REFUSED = "fleet-refused"


def of_host(run: Run, host: str) -> dict[str, int]:
    """Return what the recap counts for a host."""
    line = re.search(rf"^{re.escape(host)} +:(.*)$", run.recap, re.MULTILINE)
    assert line, run.output
    return {name: int(count) for name, count in re.findall(r"(\w+)=([0-9]+)", line[1])}


@pytest.fixture(scope="module")
def with_a_wrong_one(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The fleet, and a PostgreSQL cluster more that is refused."""
    host = {REFUSED: {"postgres_cluster_instances": "many"}}
    groups = {name: {"hosts": host} for name in ("fleet", "postgres_clusters", "demo")}
    file = tmp_path_factory.mktemp("inventory") / "refused.json"
    file.write_text(json.dumps({"all": {"children": groups}}))
    return [*FLEET, file]


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(cluster: Cluster) -> Iterator[None]:
    gone = ["delete", "namespace", NAMESPACE, TWIN, "--ignore-not-found", "--wait", "--timeout=170s"]
    cluster.kubectl(*gone)
    yield
    cluster.kubectl(*gone)


def test_by_default_a_wrong_variable_of_one_stops_all(cluster: Cluster, with_a_wrong_one: list[Path]) -> None:
    run = run_playbook("site", "--limit=kubernetes_clusters:fleet", inventories=with_a_wrong_one)
    assert run.rc != 0
    assert of_host(run, REFUSED)["failed"] == 1
    assert "postgres_cluster_instances is 'many'" in run.output
    assert run.changed == 0
    assert cluster.kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == ""


@pytest.fixture(scope="module")
def first(with_a_wrong_one: list[Path]) -> Run:
    """site.yml of all of them, in which nobody stops the others."""
    return run_playbook(
        "site", "--limit=kubernetes_clusters:fleet", "--forks=10", "--extra-vars={pgha_any_errors_fatal: false}",
        inventories=with_a_wrong_one, timeout=1200,
    )  # fmt: skip


def test_the_others_are_made(cluster: Cluster, first: Run, say: Callable[[str], None]) -> None:
    say(f"site.yml of {len(WELL) + 1} PostgreSQL clusters and two that fail, one after 60 s: {first.seconds:.0f} s")
    assert first.rc == 2
    hosts = [*WELL, TWIN]
    assert {host: of_host(first, host)["failed"] for host in hosts} == dict.fromkeys(hosts, 0), first.output
    found = {item["metadata"]["name"]: item["status"] for item in cluster_objects(cluster)}
    assert {name: found[name]["phase"] for name in WELL} == dict.fromkeys(WELL, "Cluster in healthy state")


def cluster_objects(cluster: Cluster) -> list[dict]:
    return json.loads(cluster.kubectl(f"--namespace={NAMESPACE}", "get", "clusters", "--output=json"))["items"]


def test_two_of_one_name_are_kept_apart(first: Run) -> None:
    twins = [Cluster(name=WELL[0], namespace=namespace) for namespace in (NAMESPACE, TWIN)]
    passwords = [twin.users()["app"] for twin in twins]
    assert passwords[0] != passwords[1]
    for twin in twins:
        twin.sql(f"CREATE TABLE of_namespace AS SELECT '{twin.namespace}' AS name")
    assert [twin.sql("TABLE of_namespace") for twin in twins] == [[{"name": NAMESPACE}], [{"name": TWIN}]]


def test_what_is_wrong_is_said_of_those_that_failed(first: Run) -> None:
    assert of_host(first, BROKEN)["failed"] == 1
    assert of_host(first, REFUSED)["failed"] == 1
    assert f"The PostgreSQL cluster {BROKEN} was not ready within 60 s" in first.output
    assert "17-that-is-not-there" in first.output


def test_what_is_of_the_kubernetes_cluster_runs_once(first: Run) -> None:
    """The operator's and Prometheus' tasks are those of one host, however many PostgreSQL clusters there are."""
    for task in ("pgha.kubernetes.cloudnativepg : ", "pgha.kubernetes.monitoring : "):
        found = re.findall(rf"^TASK \[{re.escape(task)}.*?(?=^TASK|^PLAY|\Z)", first.output, re.MULTILINE | re.DOTALL)
        assert found
        assert [text for text in found if "fleet-" in text.partition("\n")[2]] == []


@pytest.mark.parametrize("host", ["fleet-3", TWIN])
def test_again_changes_nothing_of_one(host: str) -> None:
    run = run_playbook("site", f"--limit=kubernetes_clusters:{host}", inventories=FLEET)
    assert run.rc == 0, run.output
    assert run.changed == 0, run.recap
    assert "fleet-4" not in run.recap


def test_a_runbook_leaves_out_what_it_refuses(first: Run) -> None:
    hosts = [WELL[0], TWIN, BROKEN]
    arguments = (f"--limit={','.join(hosts)}", "--check")
    assert of_host(first, BROKEN)["failed"] == 1
    run = run_playbook("upgrade_pgpool", *arguments, inventories=FLEET)
    assert run.rc != 0
    assert "PLAY [Put Pgpool-II in front of the PostgreSQL clusters]" not in run.output
    run = run_playbook("upgrade_pgpool", *arguments, "--extra-vars={pgha_any_errors_fatal: false}", inventories=FLEET)
    assert {host: of_host(run, host)["failed"] for host in hosts} == {**dict.fromkeys(hosts, 0), BROKEN: 1}, run.output
    assert "PLAY [Put Pgpool-II in front of the PostgreSQL clusters]" in run.output


def test_the_report_says_which_failed_and_why(tmp_path: Path) -> None:
    run = run_playbook(
        "status", "--limit=fleet", variables={"monitoring_status_folder": str(tmp_path)}, inventories=FLEET, timeout=900
    )
    report = json.loads((tmp_path / "index.json").read_text())
    assert len(report["clusters"]) == len(WELL) + 2, run.output
    found = {item["host"]: item for item in report["clusters"]}
    assert [host for host in [*WELL, TWIN] if found[host]["state"] == "not known"] == [], found
    assert found[BROKEN]["state"] != "well"
    assert "0 of 1 instances are ready" in found[BROKEN]["problems"], found[BROKEN]
