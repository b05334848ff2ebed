# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that puts a small file system in the place of an instance's folder, without file systems."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "roles" / "drills" / "files" / "small_volume.sh"

# A list of what is mounted. What is bound has what the small one has, as both are one.
PROGRAMS = {
    "mount": """
for last; do :; done
case $* in
  *remount*) echo "$*" >> "$MOUNTS.grown"; exit ;;
  --bind*) if [ -n "${FAILS:-}" ]; then exit 32; fi ;;
esac
echo "$last" >> "$MOUNTS"
""",
    "umount": """
grep -qxF "$1" "$MOUNTS" || exit 32
grep -vxF "$1" "$MOUNTS" > "$MOUNTS.new" || :
mv "$MOUNTS.new" "$MOUNTS"
case $1 in */small) rm -rf "$1"; mkdir "$1" ;; esac
""",
    "mountpoint": 'grep -qxF "$2" "$MOUNTS"',
}


class Node:
    """A node with folders of two instances."""

    def __init__(self, folder: Path):
        self.small, self.of, self.mounts = folder / "small", folder / "small.of", folder / "mounts"
        self.mine, self.other = folder / "mine", folder / "other"
        for data in (self.mine, self.other):
            data.mkdir()
            (data / "data").write_text(data.name)
        self.mounts.touch()
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name, text in PROGRAMS.items():
            (self.bin / name).write_text(f"#!/bin/sh\n{text}")
            (self.bin / name).chmod(0o755)

    def run(self, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        script = SCRIPT.read_text(encoding="utf-8").replace("/run/pgha-small-volume", str(self.small))
        environment = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "MOUNTS": str(self.mounts), **more}
        command = ["sh", "-s", "--", *(str(argument) for argument in arguments)]
        return subprocess.run(command, input=script, env=environment, text=True, capture_output=True, check=False)

    def mounted(self) -> list[str]:
        return self.mounts.read_text().splitlines()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_what_is_put_in_the_place_of_a_folder_comes_back(node: Node) -> None:
    assert node.run("make", node.mine, 96).returncode == 0
    assert node.mounted() == [str(node.small), str(node.mine)]
    (node.small / "data").write_text("newer")
    (node.small / "pgha-drill-ballast").touch()
    assert node.run("grow", node.mine, 512).returncode == 0
    assert "remount,size=" in node.mounts.with_name("mounts.grown").read_text()
    assert node.run("remove", node.mine).returncode == 0
    assert {path.name: path.read_text() for path in node.mine.iterdir()} == {"data": "newer"}
    assert (node.mounted(), node.small.exists(), node.of.exists()) == ([], False, False)


def test_what_another_run_left_is_not_put_into_a_folder(node: Node) -> None:
    node.run("make", node.other, 96)
    made = node.run("make", node.mine, 96)
    assert made.returncode == 1
    assert f"in the place of {node.other}, which a run that was killed has left: make another" in made.stderr
    grown = node.run("grow", node.mine, 512)
    assert (grown.returncode, grown.stderr.split(", ")[1]) == (1, f"and not of {node.mine}: it stays as it is\n")
    removed = node.run("remove", node.mine)
    assert (removed.returncode, removed.stderr) == (0, "")
    assert f"and not of {node.mine}: both stay as they are" in removed.stdout
    assert (node.mine / "data").read_text() == "mine"
    assert node.mounted() == [str(node.small), str(node.other)]


def test_where_there_is_none_nothing_is_done(node: Node) -> None:
    for action in (["grow", node.mine, 512], ["remove", node.mine]):
        ended = node.run(*action)
        assert (ended.returncode, ended.stdout) == (0, f"there is no {node.small}\n")
    assert (node.mine / "data").read_text() == "mine"


def test_a_folder_that_was_never_replaced_keeps_what_it_holds(node: Node) -> None:
    assert node.run("make", node.mine, 96, FAILS="yes").returncode == 32
    assert (node.mounted(), node.small.exists()) == ([], False)
    node.small.mkdir()  # as where the script itself was killed
    node.mounts.write_text(f"{node.small}\n")
    assert "an unknown folder" in node.run("make", node.mine, 96).stderr
    assert node.run("remove", node.mine).returncode == 0
    assert (node.mine / "data").read_text() == "mine"
