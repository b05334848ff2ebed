# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml is killed half-way, three times on the way from nothing, and run again: it converges."""

from __future__ import annotations

import signal
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Cluster, kill_all, playbook_command, playbook_environment, run_playbook

# The first object of what is half done then. `kubectl wait` ends as soon as it is there.
POINTS = {
    "the operator": ["crd/clusters.postgresql.cnpg.io"],
    "the PostgreSQL cluster": ["--namespace=demo", "pod/hot-postgres-1"],
    "Pgpool-II": ["--namespace=demo", "secret/hot-postgres-pgpool"],
}


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
        run = subprocess.Popen(
            playbook_command("site", "-vvv"),
            env=playbook_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            cluster.kubectl("wait", "--for=create", "--timeout=170s", *point)
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
