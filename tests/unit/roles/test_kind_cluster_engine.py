# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which container engine the role kind_cluster takes, on machines with other engines than this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles/kind_cluster"
PLAY = [
    {
        "name": "Choose the engine",
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [
            {
                "name": "Choose the engine",
                "ansible.builtin.include_role": {
                    "name": "pgha.kubernetes.kind_cluster",
                    "tasks_from": "engine",
                    "rolespec_validate": False,
                },
            },
            {
                "name": "Say which",
                "ansible.builtin.debug": {
                    "msg": "chose {{ __kind_cluster_engine }}, "
                    "{{ 'works' if __kind_cluster_engine_works else 'missing' }}"
                },
            },
        ],
    }
]


# What the record says of a cluster of Podman's.
MADE = {"engine": "podman"}


def choose(folder: Path, collections: str, engines: dict[str, int], **variables: object) -> subprocess.CompletedProcess:
    """Run the role's choice where `<engine> info` ends with the given codes, and other engines are not there.

    `shim` is Podman under docker's name.
    """
    programs = folder / "bin"
    programs.mkdir()
    for program in ("sh", "id"):
        (programs / program).symlink_to(shutil.which(program))
    for engine, code in engines.items():
        name, version = ("docker", "podman version 4.3.1") if engine == "shim" else (engine, "Docker version 28.2.2")
        text = f"#!/bin/sh\ntest $1 != -v || {{ echo '{version}'; exit; }}\necho 'no daemon answers' >&2\nexit {code}\n"
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    (folder / "play.yml").write_text(json.dumps(PLAY), encoding="utf-8")
    # The folders that the role adds to the PATH are this machine's, and may have an engine.
    fixed = {"__kind_cluster_environment": {"PATH": str(programs)}, **variables}
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "--extra-vars", json.dumps(fixed), str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "999"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("engines", "variables", "chosen"),
    [
        pytest.param({}, {}, "chose podman, missing", id="a bare machine gets Podman"),
        pytest.param({"docker": 1}, {}, "chose podman, missing", id="a client without a daemon is no engine"),
        pytest.param({"docker": 0}, {}, "chose docker, works", id="Docker"),
        pytest.param({"podman": 0}, {}, "chose podman, works", id="Podman"),
        pytest.param({"shim": 0, "podman": 0}, {}, "chose podman, works", id="Podman under docker's name"),
        pytest.param({}, {"kind_cluster_engine": "podman"}, "chose podman, missing", id="the one that was asked for"),
        pytest.param(
            {},
            {"kind_cluster_engine": "docker", "kind_cluster_state": "absent"},
            "chose docker, missing",
            id="nothing is to be made",
        ),
        pytest.param(
            {"docker": 0, "podman": 0}, {"__kind_cluster_known": MADE}, "chose podman, works", id="the one that made it"
        ),
        pytest.param(
            {"docker": 0}, {"__kind_cluster_known": MADE}, "chose docker, works", id="the one that made it is gone"
        ),
    ],
)
def test_the_engine_that_is_taken(
    engines: dict[str, int], variables: dict[str, object], chosen: str, tmp_path: Path, collections_path: str
) -> None:
    done = choose(tmp_path, collections_path, engines, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert chosen in done.stdout


def test_an_engine_that_is_there_and_broken_is_refused(tmp_path: Path, collections_path: str) -> None:
    done = choose(tmp_path, collections_path, {"podman": 125})
    assert done.returncode == 2
    assert "podman is installed and `podman info` fails: no daemon answers" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("engines", "engine", "refused"),
    [
        ({"docker": 0, "podman": 125}, "auto", "podman is installed and `podman info` fails: no daemon answers"),
        ({"docker": 0, "podman": 0}, "docker", "was made by podman, and kind_cluster_engine is 'docker' (string)"),
    ],
)
def test_a_cluster_of_another_engine_is_left_alone(
    engines: dict[str, int], engine: str, refused: str, tmp_path: Path, collections_path: str
) -> None:
    done = choose(tmp_path, collections_path, engines, kind_cluster_engine=engine, __kind_cluster_known=MADE)
    assert done.returncode == 2
    assert refused in done.stdout + done.stderr


def test_docker_that_is_not_there_is_refused(tmp_path: Path, collections_path: str) -> None:
    done = choose(tmp_path, collections_path, {"podman": 0}, kind_cluster_engine="docker")
    assert done.returncode == 2
    assert "kind_cluster_engine is 'docker' (string): Docker is not installed here" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "missing", "refused"),
    [
        ("build", ["go", "debootstrap"], "which needs debootstrap, and"),
        ("build", ["debootstrap", "git"], "which needs debootstrap and git, and"),
        ("pull", ["go", "debootstrap"], ""),
        ("build", ["go"], ""),
    ],
)
def test_root_is_asked_for_where_something_must_be_installed(
    source: str, missing: list[str], refused: str, tmp_path: Path, collections_path: str
) -> None:
    """By the first task alone, as those after it install."""
    [ask, *_] = yaml.safe_load((ROLE / "tasks/build_tools.yml").read_text(encoding="utf-8"))
    variables = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
    wanted = {"__kind_cluster_packages_missing": variables["__kind_cluster_packages_missing"]}
    found = {**wanted, "__kind_cluster_source": source, "__kind_cluster_missing": missing}
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n", encoding="utf-8")
    (tmp_path / "id").chmod(0o755)
    play = {"name": "Ask", "hosts": "localhost", "gather_facts": False, "vars": found, "tasks": [ask]}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(tmp_path / "play.yml")],
        env={
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": collections_path,
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "999",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == (2 if refused else 0), done.stdout + done.stderr
    assert refused in done.stdout + done.stderr
