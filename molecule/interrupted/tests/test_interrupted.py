# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml is killed half-way, at points that matter and at random ones, or runs twice at once: then it converges."""

from __future__ import annotations

import os
import random
import signal
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import WITH_SKIPPED, Cluster, kill_all, kill_at, run_playbook, start_playbook, time_limit, until

# The first object of what is half done then. `kubectl wait` ends as soon as it is there.
POINTS = {
    "the operator": ["crd/clusters.postgresql.cnpg.io"],
    "the PostgreSQL cluster": ["--namespace=demo", "pod/hot-postgres-1"],
    "Pgpool-II": ["--namespace=demo", "secret/hot-postgres-pgpool"],
}
# How often it is killed at a random task. Each time takes minutes, and another time finds something else.
KILLS = 10


@pytest.fixture(scope="module", autouse=True)
def nothing_there(cluster: Cluster) -> None:
    """Begin with nothing, also where a scenario before this one left something."""
    if "clusters.postgresql.cnpg.io" in cluster.kubectl("get", "crd", "--output=name"):
        run = run_playbook("teardown", variables={"teardown_confirm": cluster.name, "teardown_keep_data": False})
        assert run.rc == 0, run.output


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """All that was printed, from the first password on."""
    folder = tmp_path_factory.mktemp("output")
    yield [folder / f"{number}.txt" for number in range(len(POINTS) + 1)]


@pytest.mark.parametrize("number", range(len(POINTS)), ids=list(POINTS))
def test_killed(cluster: Cluster, outputs: list[Path], number: int) -> None:
    point = list(POINTS.values())[number]
    with outputs[number].open("w") as output:
        run = start_playbook("site", "-vvv", output=output)
        try:
            there = ["wait", "--for=create", "--timeout=170s", *point]
            until(lambda: cluster.kubectl(*there), time_limit(170, loaded=600), f"{point[-1]} is there")
            assert run.poll() is None, outputs[number].read_text()
        finally:
            kill_all(run.pid)
            run.wait()
    assert run.returncode == -signal.SIGKILL


def test_run_again_it_converges(outputs: list[Path]) -> None:
    run = run_playbook("site", "-vvv")
    outputs[-1].write_text(run.output)
    assert run.rc == 0, run.output
    assert run.changed > 0


def test_it_does_what_it_should() -> None:
    run = run_playbook("verify")
    assert run.rc == 0, run.output


def test_and_there_is_nothing_left_to_do() -> None:
    run = run_playbook("site")
    assert run.rc == 0, run.output
    assert run.changed == 0, run.output


def test_no_password_was_told_while_they_were_made(cluster: Cluster, outputs: list[Path]) -> None:
    printed = "".join(path.read_text() for path in outputs)
    assert len(printed) > 100_000
    for user, password in cluster.users().items():
        assert password not in printed, f"that of {user}"
        assert b64encode(password.encode()).decode() not in printed, f"that of {user}, in base64"


def kill_in_task(number: int) -> str:
    """Kill site.yml as it begins its task of this number; return what that is."""

    def here(line: str) -> bool:
        nonlocal number
        number -= line.startswith("TASK [")
        return number <= 0

    return kill_at(start_playbook("site", "--limit=hot-postgres", environment=WITH_SKIPPED), here)


def tasks_of_a_run() -> int:
    """Return how many tasks site.yml has, from nothing to all."""
    run = run_playbook("site", "--limit=hot-postgres", environment=WITH_SKIPPED)
    assert run.rc == 0, run.output
    return run.output.count("\nTASK [")


@pytest.fixture(scope="module")
def remove(cluster: Cluster) -> Callable[[], None]:
    """Remove the PostgreSQL cluster with its data, and Pgpool-II."""

    def run() -> None:
        variables = {"teardown_confirm": cluster.name, "teardown_keep_data": False}
        done = run_playbook("teardown", "--limit=hot-postgres", variables=variables)
        assert done.rc == 0, done.output

    return run


@pytest.fixture(scope="module")
def tasks(remove: Callable[[], None]) -> int:
    operator = run_playbook("cloudnativepg")  # which is not there where these tests run alone
    assert operator.rc == 0, operator.output
    remove()
    return tasks_of_a_run()


@pytest.mark.skipif("PGHA_BENCH" not in os.environ, reason="by `make limits` alone: it takes half an hour")
@pytest.mark.parametrize("number", range(KILLS))
def test_killed_in_a_random_task(
    tasks: int, remove: Callable[[], None], say: Callable[[str], None], number: int
) -> None:
    remove()
    where = kill_in_task(random.randint(1, tasks))
    run = run_playbook("site", "--limit=hot-postgres")
    say(f"killed in {where}; run again: changed={run.changed}")
    assert run.rc == 0, run.output
    again = run_playbook("site", "--limit=hot-postgres")
    assert (again.rc, again.changed) == (0, 0), again.output


def test_two_at_once(cluster: Cluster, say: Callable[[str], None]) -> None:
    """Both make Pgpool-II and its Secret, each with a key of its own: in the end there is one that works."""
    name = f"{cluster.name}-pgpool"
    cluster.kubectl(f"--namespace={cluster.namespace}", "delete", f"deployment/{name}", f"secret/{name}")
    runs = [start_playbook("site", "--limit=hot-postgres") for _ in range(2)]
    outputs = [run.communicate(timeout=600)[0] for run in runs]
    codes = [run.returncode for run in runs]
    say(f"two at once ended with {codes}")
    assert 0 in codes, outputs
    last = run_playbook("site", "--limit=hot-postgres")
    assert last.rc == 0, last.output
    again = run_playbook("site", "--limit=hot-postgres")
    assert (again.rc, again.changed) == (0, 0), again.output
    verified = run_playbook("verify", "--limit=hot-postgres")
    assert verified.rc == 0, verified.output
