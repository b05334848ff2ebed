# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook in ansible-rulebook: alerts as Alertmanager sends them start jobs, or workflows that wait for approval.

The engine is the real one, and the jobs are; AWX' API is a stand-in, ../controller_stand_in.py.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Cluster, until
from jobs import Controller, Job, objects

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from controller_stand_in import ControllerStandIn

RULEBOOK = ROOT / "extensions/eda/rulebooks/alerts.yml"
ORGANIZATION = "Databases"
TOKEN = "a-token-of-the-webhook"


def in_its_namespace(cluster: str) -> str:
    """The limit of a job for a PostgreSQL cluster."""
    return f"cluster_{cluster.replace('-', '_')}:&namespace_demo"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    """What the stand-in ran."""
    return []


@pytest.fixture(scope="module")
def stand_in(
    cluster: Cluster, jobs: list[Job], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControllerStandIn]:
    awx = Controller(tmp_path_factory.mktemp("awx"), cluster)

    def run(template: Mapping[str, Any], limit: str) -> bool:
        if limit != in_its_namespace(cluster.name):
            return False
        jobs.append(awx.run(template["name"], limit=limit))
        return jobs[-1].rc == 0

    served = ControllerStandIn(objects(), ORGANIZATION, "a-token-of-awx", run)
    yield served
    served.close()


@pytest.fixture(scope="module")
def send(stand_in: ControllerStandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., int]]:
    """Start the engine; return what sends it an alert as Alertmanager does, and returns the status of the answer."""
    folder = tmp_path_factory.mktemp("eda")
    port = free_port()
    variables = {"pgha_eda_port": port, "pgha_eda_token": TOKEN, "pgha_awx_organization": ORGANIZATION}
    (folder / "vars.json").write_text(json.dumps(variables))
    (folder / "inventory.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n")
    with (folder / "output").open("w") as output:
        engine = subprocess.Popen(
            ["ansible-rulebook", "--rulebook", RULEBOOK, "--inventory", folder / "inventory.yml",
             "--vars", folder / "vars.json", "--controller-url", stand_in.url, "--print-events"],
            env={**os.environ, "EDA_CONTROLLER_TOKEN": "a-token-of-awx", "EDA_JOB_TEMPLATE_REFRESH_DELAY": "1"},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def post(
        name: str,
        cluster: str = "hot-postgres",
        status: str = "firing",
        token: str = TOKEN,
        namespace: str | None = "demo",
        **annotations: str,
    ) -> int:
        labels = {"alertname": name, "cluster": cluster, **({"namespace": namespace} if namespace else {})}
        alert = {"status": status, "labels": labels, "annotations": annotations, "startsAt": "2026-11-26T01:00:00Z"}
        body = {"version": "4", "groupKey": "{}", "status": status, "receiver": "pgha", "alerts": [alert]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/alerts",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as exc:
            return exc.code

    try:
        until(lambda: engine.poll() is not None or post("Nothing"), 90, "the engine listens")
        assert engine.poll() is None, (folder / "output").read_text()
        yield post
    finally:
        engine.terminate()
        engine.wait(timeout=30)


def launched(stand_in: ControllerStandIn, count: int) -> list[tuple[str, str]]:
    until(lambda: len(stand_in.launched) >= count, 30, f"{count} launches")
    return [(name, asked.get("limit", "")) for name, asked in stand_in.launched]


def test_a_stranger_is_refused(send: Callable[..., int], stand_in: ControllerStandIn) -> None:
    assert send("PostgresNoPrimary", token="another") in (401, 403)
    assert stand_in.launched == []


def test_an_alert_starts_its_playbook(
    send: Callable[..., int], stand_in: ControllerStandIn, jobs: list[Job], cluster: Cluster
) -> None:
    assert send("PostgresLagBytes") == 200
    assert launched(stand_in, 1) == [("pgha diagnose", in_its_namespace(cluster.name))]
    until(lambda: jobs, 120, "the job ends")
    assert (jobs[0].status, jobs[0].rc) == ("successful", 0), jobs[0].stdout
    assert set(jobs[0].artifacts["diagnose"]) == {cluster.name}


def test_what_clients_notice_waits_for_approval(send: Callable[..., int], stand_in: ControllerStandIn) -> None:
    assert send("AlertOfOurs", playbook="switchover") == 200
    assert launched(stand_in, 2)[-1] == ("pgha switchover once approved", in_its_namespace("hot-postgres"))


def test_nothing_else_is_started(send: Callable[..., int], stand_in: ControllerStandIn) -> None:
    before = len(stand_in.launched)
    assert send("PostgresLagBytes") == 200  # within the hour
    assert send("PostgresStandbyMissing") == 200  # another alert, of which that archive knows
    assert send("PostgresNoPrimary", status="resolved") == 200
    assert send("PostgresNoPrimary", cluster="all:!nothing") == 200
    assert send("PostgresNoPrimary", namespace="demo:all") == 200
    assert send("PostgresNoPrimary", namespace=None) == 200
    assert send("AlertOfOurs", playbook="teardown") == 200
    assert send("NobodyKnows") == 200
    # One more that starts something: those before it have been looked at by then.
    assert send("PgpoolPodMissing", cluster="another") == 200
    assert launched(stand_in, before + 1)[before:] == [("pgha diagnose", in_its_namespace("another"))]
