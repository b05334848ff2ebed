# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runbook is killed after the write that counts, and run again: as its page says, it ends what it began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import WITH_SKIPPED, Cluster, Run, kill_at, run_playbook, start_playbook, until
from test_runbooks import pod_ids


@pytest.fixture(autouse=True)
def nothing_lost_and_nothing_left(cluster: Cluster) -> Iterator[None]:
    """Put back what was there: no row is lost, site.yml then has nothing to do, and no Job runs."""
    cluster.sql("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 1 AS n")
    yield
    back = run_playbook("site", timeout=900)
    assert back.rc == 0, back.output
    again = run_playbook("site")
    assert (again.rc, again.changed) == (0, 0), again.output
    assert cluster.sql("SELECT n FROM kept") == [{"n": "1"}]
    cluster.sql("DROP TABLE kept")
    # The clients of a switchover that was killed are kept for an hour after their end, as their log is read late. Other
    # tests look for Jobs.
    until(lambda: all(job["status"].get("conditions") for job in cluster.get("jobs")), 170, "each Job has ended")
    cluster.kubectl("delete", "jobs", "--all", f"--namespace={cluster.namespace}")


@pytest.fixture
def kill_and_run_again(say: Callable[[str], None]) -> Callable[..., Run]:
    """Kill a runbook as it begins a task, and run it again."""

    def run(name: str, task: str, **variables: Any) -> Run:
        killed = start_playbook(name, variables=variables, environment=WITH_SKIPPED)
        where = kill_at(killed, lambda line: line.startswith("TASK [") and f"{task}]" in line)
        again = run_playbook(name, variables=variables, timeout=900)
        say(f"{name}.yml was killed at the beginning of {where}; again, it took {again.seconds:.0f} s")
        assert again.rc == 0, again.output
        return again

    return run


def test_restart(cluster: Cluster, kill_and_run_again: Callable[..., Run]) -> None:
    before = pod_ids(cluster)
    again = kill_and_run_again("restart", "Restart wait | Until each instance has restarted")
    assert "A restart goes on already" in again.said
    assert not set(before.values()) & set(pod_ids(cluster).values())


def test_scale(cluster: Cluster, kill_and_run_again: Callable[..., Run]) -> None:
    kill_and_run_again("scale", "Apply | Keep the result", postgres_cluster_instances=2)
    assert len(cluster.instances()) == 2


def test_switchover(cluster: Cluster, kill_and_run_again: Callable[..., Run]) -> None:
    wanted = cluster.instances("replica")[-1]
    task = "Switchover wait | Until the operator has the new primary"
    kill_and_run_again("switchover", task, postgres_cluster_switchover_to=wanted)
    assert cluster.primary() == wanted


def test_upgrade_pgpool(
    cluster: Cluster, stand_in_images: dict[str, str], kill_and_run_again: Callable[..., Run]
) -> None:
    before = cluster.pgpool_pods()
    kill_and_run_again("upgrade_pgpool", "Wait | Until all pods are ready", pgpool_image=stand_in_images["pgpool"])
    assert not set(before) & set(cluster.pgpool_pods())


def test_upgrade_postgres(
    cluster: Cluster, stand_in_images: dict[str, str], kill_and_run_again: Callable[..., Run]
) -> None:
    image = stand_in_images["postgresql"]
    kill_and_run_again("upgrade_postgres", "Wait | Until all instances are ready", postgres_cluster_image=image)
    found = cluster.get("pods", f"--selector=cnpg.io/cluster={cluster.name},cnpg.io/podRole=instance")
    assert {pod["spec"]["containers"][0]["image"] for pod in found} == {image}


def test_rotate_password(cluster: Cluster, kill_and_run_again: Callable[..., Run]) -> None:
    before = cluster.users()["app"]
    kill_and_run_again("rotate_password", "Apply | Keep the result", postgres_cluster_rotate_users=["app"])
    assert cluster.users()["app"] != before
    cluster.forget_passwords()
    for address in cluster.pgpool_pods().values():
        assert cluster.sql("SELECT 1 AS n", address=address) == [{"n": "1"}]


def test_hibernate_and_wake(cluster: Cluster, kill_and_run_again: Callable[..., Run]) -> None:
    kill_and_run_again("hibernate", "Stop | Wait until they have stopped", hibernate_confirm=cluster.name)
    until(lambda: pod_ids(cluster) == {}, 60, "no instance is left")
    kill_and_run_again("wake", "Wait | Until all instances are ready")
    assert len(cluster.instances()) == 3


def test_teardown_that_keeps_the_data(cluster: Cluster, kill_and_run_again: Callable[..., Run]) -> None:
    kill_and_run_again("teardown", "Stop | Wait until they have stopped", teardown_confirm=cluster.name)
    assert cluster.pgpool_pods() == {}
    assert pod_ids(cluster) == {}
