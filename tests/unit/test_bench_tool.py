# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/bench.py and its parts: what they make of what they measure, and the page."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import with_annotation
from program import program

X = "\N{MULTIPLICATION SIGN}"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from benchmarks import fleet, measure, page, points, profile, site, sql  # noqa: E402


def part(*rows: measure.Row, load: float = 0.5) -> dict[str, Any]:
    return {
        "at": "2026-11-26T01:00:00+00:00", "machine": "a machine", "load": [load, load], "text": [],
        "rows": [row.record() for row in rows],
    }  # fmt: skip


def row(*figures: float, goal: float = 1.5) -> measure.Row:
    ours, theirs = list(figures), [1.0] * len(figures)
    return measure.at_most(measure.ratio("what", "against", ours, theirs, "s"), goal)


def test_both_sides_are_measured_in_turns() -> None:
    seen: list[str] = []
    ours, theirs = measure.in_turns(lambda: seen.append("a") or 1.0, lambda: seen.append("b") or 2.0, 3)
    assert seen == ["a", "b", "b", "a", "a", "b"]
    assert (ours, theirs) == ([1.0] * 3, [2.0] * 3)


def test_a_ratio_is_of_the_same_run_and_judged_by_the_median() -> None:
    found = measure.ratio("a", "b", [2.0, 3.0, 40.0], [1.0, 2.0, 4.0], "s")
    assert found.figures == [2.0, 1.5, 10.0]
    assert measure.at_most(found, 2).met
    assert not measure.at_least(found, 2.1).met


def test_a_command_that_fails_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3: .*why"):
        measure.timed(["sh", "-c", "echo why; exit 3"])


def test_a_command_has_its_time_its_output_and_its_memory() -> None:
    found = measure.timed(["cat"], text="hello")
    assert found.output == "hello"
    assert 0 < found.seconds < 60
    assert found.megabytes > 0


def test_the_table_has_the_median_and_the_spread() -> None:
    [_head, _line, text] = page.table({"again": part(row(1.2, 1.0, 1.7))})
    assert text == f"| what | against | 3 | 1.2 s (1 to 1.7) | 1 s | **1.2 {X} (1 to 1.7)** | ≤ 1.5 {X}: met |"
    assert "**not met**" in page.table({"again": part(row(3.0))})[-1]


def test_the_page_says_what_is_missing_and_what_is_doubtful(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.write(file, {"again": part(row(1.0, 1.0), load=9.0)})
    text = file.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "more than its processors can do" in text
    assert "Fewer than 5 runs: what" in text
    assert "- `filters`: the filters" in text
    assert "- `again`: second" not in text


def test_each_part_of_the_page_is_a_module() -> None:
    for name in page.PARTS:
        assert callable(importlib.import_module(f"benchmarks.{name}").run)


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tool = program("tools/bench.py")
    monkeypatch.setattr(sys, "argv", ["bench.py", "agian"])
    with pytest.raises(SystemExit):
        tool.main()
    assert "agian: there is no such part; give some of again, " in capsys.readouterr().err


def test_the_manifests_are_those_that_were_applied() -> None:
    given = {"kind": "Service", "metadata": {"name": "a"}}
    long = {"kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"x": "y" * 1024 * 1024}}
    objects = [
        {**with_annotation(given), "spec": {"clusterIP": "10.0.0.1"}},
        with_annotation(long),
        {"metadata": {"name": "child"}},
        {"metadata": {"name": "other", "annotations": {"a": "b"}}},
    ]
    assert site.applied(objects) == [given, long]


def test_a_profile_has_all_the_time_of_a_run() -> None:
    kept = {
        "ended": 107.0,
        "tasks": [
            {"name": "a", "action": "pgha.kubernetes.read", "began": 102.0, "results": [["ok", 103.0]]},
            {"name": "b", "action": "ansible.builtin.assert", "began": 103.0, "results": [["skipped", 103.5]]},
            {"name": "c", "action": "kubernetes.core.k8s", "began": 104.0, "results": [["ok", 107.0]]},
        ],
    }
    found = profile.profile(kept, 100.0, 107.5)
    assert {name: one["seconds"] for name, one in found["kinds"].items()} == {
        "start of Ansible, inventory and playbooks read": 2.0,
        "reads of the API": 1.0,
        "tasks that are skipped": 1.0,
        "modules of kubernetes.core": 3.0,
        "end of Ansible": 0.5,
    }
    assert found["slowest"][0] == ["c", 3.0]


def test_the_inventory_of_a_fleet_has_hosts_in_the_groups_that_say_how() -> None:
    groups = fleet.inventory(50)["all"]["children"]
    assert {name: len(group["hosts"]) for name, group in groups.items()} == {
        "fleet": 50, "postgres_clusters": 50, "demo": 50,
    }  # fmt: skip


def test_a_fleet_stays_in_its_own_namespace_whatever_other_inventories_say(tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps(fleet.inventory(2)))
    inventories = [f"--inventory={ROOT / path}" for path in ("inventories/kind", "molecule/inventory")]
    command = ["ansible-inventory", *inventories, f"--inventory={file}", "--host=fleet-002"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert (found["pgha_namespace"], found["pgpool_service"]) == ("fleet", {"type": "ClusterIP"})


def test_memory_is_that_of_a_cluster_more() -> None:
    many, one = [measure.Timed(1, "", 300.0)], [measure.Timed(1, "", 104.0)]
    assert fleet.memory(many, one, 50).figures == [4.0]


def test_pgbench_is_understood() -> None:
    said = "initial connection time = 12.500 ms\ntps = 1234.5 (without initial connection time)\n"
    assert sql.TPS.search(said)[1] == "1234.5"
    assert sql.CONNECTED.search(said)[1] == "12.500"


def test_the_sample_sets_nothing_but_places_and_logins() -> None:
    names = {line.partition(" ")[0] for line in points.CONFIGURATION.split("\n") if line}
    ways = ("backend_", "sr_check_", "pcp_socket", "pid_file", "logdir", "unix_socket", "listen", "port", "pool_passwd")
    assert {name for name in names if not name.startswith(ways)} == {"enable_pool_hba"}


def metrics(**counts: int) -> SimpleNamespace:
    """Return a cluster whose API server has had so many requests that write."""
    labels = 'verb="{}",resource="pods",subresource="",dry_run=""'
    lines = [f"apiserver_request_total{{{labels.format(verb)}}} {count}\n" for verb, count in counts.items()]
    return SimpleNamespace(kubectl=lambda *_arguments: "".join(lines))


def test_write_requests_are_those_between_two_answers() -> None:
    before, after = site.writes(metrics(GET=9, POST=2)), site.writes(metrics(GET=9, POST=2, PATCH=3))
    assert site.written(before, after) == {("PATCH", "pods"): 3}
    assert site.written(after, after) == {}


def test_an_answer_without_write_requests_is_none() -> None:
    with pytest.raises(AssertionError, match="have no write request"):
        site.writes(metrics(GET=9))


def test_an_api_server_that_was_started_anew_hides_nothing() -> None:
    with pytest.raises(AssertionError, match="counters of the API server fell"):
        site.written(site.writes(metrics(POST=5)), site.writes(metrics(POST=2)))
