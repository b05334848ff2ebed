# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the role kind_cluster makes, remakes, spares and deletes a cluster; other programs stand in for kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLAY = [
    {
        "name": "Have the cluster",
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [
            {
                "name": "Have the cluster",
                "ansible.builtin.include_role": {"name": "pgha.kubernetes.kind_cluster", "rolespec_validate": False},
            },
        ],
    }
]
# Nodes are lines of a file for each engine, contexts are lines of the kubeconfig. `up` is there while the API answers,
# `late` has a line for each time that it does not, and `interrupt` ends the next `kind create` half-way.
ENGINE = """#!/bin/sh
case $1 in
  -v) echo "Docker version 28.2.2, build 0" ;;
  info) test ! -e "$STATE/broken-${0##*/}" ;;
  ps) cat "$STATE/nodes-${0##*/}" 2>/dev/null || : ;;
esac
"""
KIND = """#!/bin/sh
echo "$1 $KUBECONFIG" >> "$STATE/log"
nodes=$STATE/nodes-$KIND_EXPERIMENTAL_PROVIDER
case $1 in
  create)
    echo node > "$nodes"
    if [ -e "$STATE/interrupt" ]; then rm "$STATE/interrupt"; exit 1; fi
    echo "kind-$4" > "$KUBECONFIG"
    touch "$STATE/up"
    echo "made"
    ;;
  delete) rm -f "$nodes" "$KUBECONFIG" "$STATE/up" ;;
esac
"""
KUBECTL = """#!/bin/sh
grep -qsx "$2" "$KUBECONFIG" || { echo "error: context \\"$2\\" does not exist" >&2; exit 1; }
if [ -s "$STATE/late" ]; then sed -i 1d "$STATE/late"; echo 'net/http: request canceled' >&2; exit 1; fi
test -e "$STATE/up" || { echo 'connection refused' >&2; exit 1; }
"""
REFUSED = 2


class Machine:
    """A machine with an empty cache, and what was done with it."""

    def __init__(self, folder: Path, collections: str, engines: tuple[str, ...] = ("docker",)) -> None:
        self.state = folder / "state"
        self.record = folder / "cache/clusters/try.json"
        self.kubeconfig = folder / "kubeconfig"
        self.folder, self.collections = folder, collections
        programs = {"kind": KIND, "kubectl": KUBECTL, "helm": "#!/bin/sh\n", "go": "#!/bin/sh\necho go9.9\n"}
        # Nobody is root here, so that nothing of the machine is changed.
        programs |= {"id": "#!/bin/sh\necho 1000\n"} | dict.fromkeys(engines, ENGINE)
        for path in (self.state, folder / "bin", folder / "images"):
            path.mkdir()
        for name, text in programs.items():
            (folder / "bin" / name).write_text(text, encoding="utf-8")
            (folder / "bin" / name).chmod(0o755)
        (folder / "images/build.py").write_text("", encoding="utf-8")
        (folder / "play.yml").write_text(json.dumps(PLAY), encoding="utf-8")

    def run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        settings = {
            "kind_cluster_name": "try",
            "kind_cluster_cache_dir": str(self.folder / "cache"),
            "kind_cluster_kubeconfig": str(self.kubeconfig),
            "kind_cluster_images_source": "pull",
            "kind_cluster_port_mappings": [],
            "__kind_cluster_images_dir": str(self.folder / "images"),
            "__kind_cluster_answer_delay": 0,
            **variables,
        }
        play = str(self.folder / "play.yml")
        return subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "--extra-vars", json.dumps(settings), play],
            env={
                **os.environ,
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "STATE": str(self.state),
                "ANSIBLE_COLLECTIONS_PATH": self.collections,
                "ANSIBLE_NOCOLOR": "1",
                "COLUMNS": "9999",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def log(self) -> list[str]:
        """What kind was asked for, since the last time."""
        path = self.state / "log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line.split()[0] for line in lines]

    def has_cluster(self, engine: str = "docker", **keys: object) -> None:
        """Have a cluster as a run has left it; `keys` are of its record."""
        record = {"name": "try", "engine": engine, "kubeconfig": str(self.kubeconfig), **keys}
        self.record.parent.mkdir(parents=True)
        self.record.write_text(json.dumps(record), encoding="utf-8")
        (self.state / f"nodes-{engine}").write_text("node\n", encoding="utf-8")
        (self.state / "up").touch()
        self.kubeconfig.write_text("kind-try\n", encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path, collections_path: str) -> Machine:
    return Machine(tmp_path, collections_path)


def test_a_second_run_changes_nothing_and_the_cluster_can_be_deleted(machine: Machine) -> None:
    made = machine.run()
    assert made.returncode == 0, made.stdout + made.stderr
    assert machine.log() == ["create"]
    assert json.loads(machine.record.read_text(encoding="utf-8")) == {
        "name": "try",
        "engine": "docker",
        "kubeconfig": str(machine.kubeconfig),
        "finished": True,
    }
    again = machine.run()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "changed=0" in again.stdout
    # It is taken out of the kubeconfig that it is in, whatever the shell has now.
    gone = machine.run(kind_cluster_state="absent", kind_cluster_kubeconfig=str(machine.folder / "other"))
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert machine.log() == ["delete"]
    assert not machine.record.exists()
    assert not machine.kubeconfig.exists()


def test_an_interrupted_run_is_followed_by_one_that_makes_it(machine: Machine) -> None:
    (machine.state / "interrupt").touch()
    assert machine.run().returncode == REFUSED
    assert json.loads(machine.record.read_text(encoding="utf-8"))["finished"] is False
    done = machine.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.log() == ["create", "delete", "create"]


def test_a_late_answer_deletes_nothing(machine: Machine) -> None:
    machine.has_cluster(finished=True)
    (machine.state / "late").write_text("\n\n", encoding="utf-8")
    done = machine.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.log() == []


def test_a_cluster_that_does_not_answer_is_refused(machine: Machine) -> None:
    machine.has_cluster(finished=True)
    (machine.state / "up").unlink()
    done = machine.run()
    assert done.returncode == REFUSED
    said = done.stdout + done.stderr
    assert "connection refused. Where this machine was restarted, start its nodes: `docker start $(docker ps " in said
    assert "make demo-down" in said
    assert machine.log() == []


def test_a_cluster_of_another_kubeconfig_is_refused(machine: Machine) -> None:
    machine.has_cluster(finished=True)
    done = machine.run(kind_cluster_kubeconfig=str(machine.folder / "other"))
    assert done.returncode == REFUSED
    said = done.stdout + done.stderr
    assert f"kind-try is in {machine.kubeconfig}, but {machine.folder / 'other'} does not lead to it" in said
    assert "RETRYING" not in said
    assert machine.log() == []


def test_a_cluster_whose_nodes_are_gone_is_made_again(machine: Machine) -> None:
    machine.has_cluster(finished=True)
    (machine.state / "nodes-docker").unlink()
    assert machine.run().returncode == 0
    assert machine.log() == ["create"]


def test_a_record_of_before_counts_as_finished_where_the_cluster_answers(machine: Machine) -> None:
    machine.has_cluster()
    done = machine.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.log() == []
    assert json.loads(machine.record.read_text(encoding="utf-8"))["finished"] is True


def test_a_record_of_before_whose_cluster_does_not_answer_is_of_an_interrupted_run(machine: Machine) -> None:
    machine.has_cluster()
    machine.kubeconfig.unlink()
    done = machine.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.log() == ["delete", "create"]


def test_the_engine_that_made_it_deletes_it(tmp_path: Path, collections_path: str) -> None:
    machine = Machine(tmp_path, collections_path, engines=("docker", "podman"))
    machine.has_cluster("podman", finished=True)
    done = machine.run(kind_cluster_state="absent")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.log() == ["delete"]
    assert not (machine.state / "nodes-podman").exists()
    machine.record.parent.rmdir()
    machine.has_cluster("podman", finished=True)
    (machine.state / "broken-podman").touch()
    assert machine.run(kind_cluster_state="absent").returncode == REFUSED
    assert machine.record.exists()
