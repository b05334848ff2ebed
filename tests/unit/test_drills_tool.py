# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/drills.py, which runs drills and writes their page, and the script of the drill connection_storm."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from program import program

ROOT = Path(__file__).resolve().parents[2]


def results(**change: Any) -> dict[str, Any]:
    record = {
        "name": "pod", "at": "2026-11-25T21:00:00+00:00", "gaps": {"pgpool_write": 2.0}, "lost": 0, "in_doubt": 0,
        "failed": {}, "instances_back": 1.0, "backends_back": 2.0, "alerts": [], "load": 1.5, "site_changed": 0,
    }  # fmt: skip
    return {"machine": "a machine", "records": [record], "plan": [], "problems": [], **change}


def test_changes_are_counted_over_all_hosts() -> None:
    said = "changed=9\nPLAY RECAP ***\na : ok=3 changed=1 failed=0\nb : ok=3 changed=2 failed=0\n"
    assert program("tools/drills.py").changed(said) == 3


def test_the_page_says_when_where_and_how_busy(tmp_path: Path) -> None:
    tool, path = program("tools/drills.py"), tmp_path / "drills.md"
    path.write_text(f"# Drills\n\n{tool.BEGIN}\nold\n{tool.END}\nrest\n")
    tool.write_page(path, results(problems=["pod: site.yml changed 1 things after it"]))
    text = path.read_text()
    assert text.startswith(
        f"# Drills\n\n{tool.BEGIN}\n\nMeasured:\n\n- 2026-11-25: 1 runs, on a machine. The load of the last minute"
    )
    assert "| pod | 1 | 2.0 s |" in text
    assert "\n- pod: site.yml changed 1 things after it\n" in text
    assert text.endswith(f"{tool.END}\nrest\n")
    assert "old" not in text
    assert "Not run: primary_pod_deleted, " in text
    assert "busy with other things" not in text


def test_the_page_says_what_gaps_are_made_of_and_what_drills_noted() -> None:
    [record] = results()["records"]
    moved = [{**record, "parts": {"detection": 1.0, "routing": seconds}, "note": "It broke."} for seconds in (1.0, 3.0)]
    text = program("tools/drills.py").page(results(records=[*moved, record]))
    assert "\n- pod: detection 1.0 s, routing 2.0 s\n" in text
    assert text.count("- pod: It broke.") == 1
    assert "What went wrong" not in text


def test_the_page_says_that_figures_of_a_busy_machine_say_little() -> None:
    [record] = results()["records"]
    assert "busy with other things" in program("tools/drills.py").page(results(records=[{**record, "load": 20.0}]))


def test_the_page_keeps_what_it_says_of_drills_that_were_not_run_now() -> None:
    tool, [record] = program("tools/drills.py"), results()["records"]
    old = {**record, "parts": {"detection": 1.0}, "note": "It broke.", "at": "2026-11-20T21:00:00+00:00"}
    first = results(
        records=[{**old, "name": "switchover"}, {**old, "name": "standbys_deleted"}],
        problems=["standbys_deleted: site.yml ended with 2", "switchover: site.yml ended with 2"],
    )
    before = tool.page(first)
    text = tool.page(results(records=[{**record, "name": "switchover"}]), before)
    [row] = [line for line in before.splitlines() if line.startswith("| standbys_deleted |")]
    assert f"\n{row}\n" in text
    assert text.count("| switchover |") == 1
    assert "| 2026-11-20 |\n" in text
    assert "\n- 2026-11-20: 2 runs, on a machine." in text
    assert "\n- 2026-11-25: 1 runs, on a machine." in text
    for line in ("detection 1.0 s", "It broke.", "site.yml ended with 2"):
        assert text.count(line) == 1, line
    assert tool.page(results(records=[{**record, "name": "switchover"}]), text) == text
    assert "2026-11-20" not in tool.page(results(records=[{**record, "name": "standbys_deleted"}]), text)


def test_the_page_says_with_which_operator() -> None:
    tool, [record] = program("tools/drills.py"), results()["records"]
    image = "registry:5000/cloudnative-pg/cloudnative-pg"
    with_old = {**record, "operator": f"{image}:1.30.0"}
    before = tool.page(results(records=[{**with_old, "name": name} for name in ("switchover", "standbys_deleted")]))
    with_new = {**record, "operator": f"{image}:1.30.1@sha256:{'0' * 64}"}
    text = tool.page(results(records=[{**with_new, "name": "switchover"}, {**record, "name": "pod"}]), before)
    lines = text.splitlines()
    for name, said in (
        ("switchover", "2026-11-25, with cloudnative-pg 1.30.1"),
        ("standbys_deleted", "2026-11-25, with cloudnative-pg 1.30.0"),
        ("pod", "2026-11-25"),
    ):
        assert [line.endswith(f"| {said} |") for line in lines if line.startswith(f"| {name} |")] == [True]
        assert len([line for line in lines if line.startswith(f"- {said}: ")]) == 1
    both = tool.page(results(records=[with_old, with_new]))
    assert "| 2026-11-25, with cloudnative-pg 1.30.0 and cloudnative-pg 1.30.1 |" in both
    assert "| 2026-11-25 |" in tool.page(results(records=[with_old, record]))


def test_the_drills_that_are_meant() -> None:
    tool = program("tools/drills.py")
    assert tool.wanted(["switchover"]) == ["switchover"]
    assert tool.wanted([])[0] == "primary_pod_deleted"
    assert len(tool.wanted(["all"])) == 25


def test_on_kind_nodes_may_be_broken_by_the_engine_that_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, code in (("docker", 1), ("podman", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("tools/drills.py").of_kind() == {"drills_shared": True, "drills_node_engine": "podman"}


def test_the_page_has_the_marks() -> None:
    tool, text = program("tools/drills.py"), (ROOT / "docs/drills.md").read_text()
    assert 0 < text.index(tool.BEGIN) < text.index(tool.END)


def test_runs_of_a_drill_are_one_run_of_the_playbook_and_one_of_site(monkeypatch: pytest.MonkeyPatch) -> None:
    tool, [record] = program("tools/drills.py"), results()["records"]
    asked = []

    def playbook(name: str, _inventories: list[str], variables: dict[str, Any], loads: Any = None) -> tuple[int, str]:
        asked.append((name, variables.get("drills_repetitions")))
        if name == "drill":
            kept = {"records": [record, record], "plan": [{"name": "pod", "skipped": ""}], "operator": "cnpg:1"}
            (Path(variables["drills_folder"]) / "x-drills.json").write_text(json.dumps(kept))
            loads += [1.0, 2.0]
        return 0, "PLAY RECAP ***\na : changed=1\n"

    monkeypatch.setattr(tool, "playbook", playbook)
    found = tool.run("pod", SimpleNamespace(runs=2, inventory=[], extra_vars={"drills_hold": 1}))
    assert asked == [("drill", 2), ("site", None)]
    kept = [(one["load"], one["site_changed"], one["operator"]) for one in found["records"]]
    assert kept == [(1.0, 1, "cnpg:1"), (2.0, 1, "cnpg:1")]
    assert found["problems"] == ["pod: site.yml changed 1 things after it"]


def test_a_site_yml_that_failed_is_no_run_without_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    tool, [record] = program("tools/drills.py"), results()["records"]

    def playbook(name: str, _inventories: list[str], variables: dict[str, Any], loads: Any = None) -> tuple[int, str]:
        if name == "drill":
            kept = {"records": [record], "plan": [], "operator": "cnpg:1"}
            (Path(variables["drills_folder"]) / "x-drills.json").write_text(json.dumps(kept))
            loads.append(1.0)
            return 0, ""
        return 4, "PLAY RECAP ***\na : changed=0 unreachable=1\n"

    monkeypatch.setattr(tool, "playbook", playbook)
    found = tool.run("pod", SimpleNamespace(runs=1, inventory=[], extra_vars={}))
    assert found["problems"] == ["pod: site.yml ended with 4"]
    assert "| failed |" in tool.page(results(records=[{**record, **one} for one in found["records"]]))


class ServerError(Exception):
    pass


class Server:
    """Pgpool-II with four children, one of which serves somebody else."""

    def __init__(self) -> None:
        self.sessions = itertools.count()

    def connect(self, **options: Any) -> Server:
        # The first one asks how many children there are, and ends.
        if 0 < next(self.sessions) > 3:
            raise ServerError('connection to server failed: FATAL:  Sorry, too many clients already\n')
        return self

    def cursor(self) -> Server:
        return self

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str) -> None:
        assert statement == "PGPOOL SHOW num_init_children"

    def fetchall(self) -> list[list[str]]:
        return [["4"]]

    def close(self) -> None:
        pass


def test_a_storm_says_who_was_let_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server()
    monkeypatch.setitem(sys.modules, "psycopg2", SimpleNamespace(connect=server.connect, Error=ServerError))
    storm = program("roles/drills/files/storm.py")
    (tmp_path / "01").mkdir()
    for name in ("username", "password"):
        (tmp_path / "01" / name).write_text("x")
    monkeypatch.setattr(storm, "Path", lambda _: tmp_path)
    monkeypatch.setattr(sys, "argv", ["storm", "1", "0"])
    storm.main()
    assert capsys.readouterr().out == (
        "Of 12 sessions at once 3 were let in, the others refused: 9 times Sorry, too many clients already.\n"
    )
