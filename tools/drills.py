#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run drills on a cluster, site.yml after each, and write what came of them: `make drills`, or by tools/with-env.

    tools/drills.py -i inventories/kind --kind --runs 10 --page docs/drills.md primary_pod_deleted switchover

The runs of a drill are one run of playbooks/drill.yml; after them, playbooks/site.yml has to find nothing to change.
What came of it is kept in FOLDER/results.json as soon as it is known; runs of before stay in it, unless `--fresh`. The
page is written from that file, and keeps what it says of drills that the file does not know. Without names, the drills
are those of the role's defaults; `all` is every one that there is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgha"
# The load from which on figures are those of other things, too: a series makes four or five by itself on two cores, as
# each run begins in the minute of the one before.
BUSY = 6
# The task with which the measured part of a drill begins.
BEGINS = "Measured | Note the time]"
BEGIN, END = "<!-- made by tools/drills.py from here on -->", "<!-- to here -->"
MEASURED = "Measured:"

sys.path[:0] = [str(ROOT / "playbooks" / "collections"), str(ROOT / "tools")]
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drills import days, drills_table  # noqa: E402
from benchmarks.measure import load, machine  # noqa: E402


def playbook(
    name: str, inventories: list[str], variables: dict[str, Any], loads: list[float] | None = None
) -> tuple[int, str]:
    """Run a playbook, show what it says, and return its code and what it said; note the load before each drill."""
    command = ["ansible-playbook", *(f"--inventory={path}" for path in inventories)]
    command += [str(ROOT / "playbooks" / f"{name}.yml"), "--extra-vars", json.dumps(variables)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    said = []
    for line in process.stdout or ():
        print(line, end="", flush=True)
        said.append(line)
        if loads is not None and BEGINS in line:
            loads.append(load())
    return process.wait(), "".join(said)


def changed(said: str) -> int:
    """Return how many tasks changed something, over all hosts."""
    return sum(int(count) for count in re.findall(r"\bchanged=([0-9]+)", said.rpartition("PLAY RECAP")[2]))


def run(name: str, given: argparse.Namespace) -> dict[str, Any]:
    """Run one drill as often as it is wanted, and site.yml after it."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {"drills_names": [name], "drills_repetitions": given.runs, "drills_folder": folder}
        loads: list[float] = []
        rc, said = playbook("drill", given.inventory, {**variables, **given.extra_vars}, loads)
        found = [json.loads(path.read_text()) for path in Path(folder).glob("*-drills.json")]
    records = [{**record, "operator": result["operator"]} for result in found for record in result["records"]]
    records = [{**record, "load": busy} for record, busy in zip(records, loads, strict=False)]
    skipped = [one for result in found for one in result["plan"] if one["skipped"]]
    problems = [] if rc == 0 else [f"{name}: drill.yml ended with {rc}"]
    if records:
        rc, said = playbook("site", given.inventory, given.extra_vars)
        # That of the last one is that of all: what one of them left would be there still.
        for record in records:
            record |= {"site_changed": changed(said), "site_failed": rc != 0}
        problems += [] if rc == 0 else [f"{name}: site.yml ended with {rc}"]
        problems += [f"{name}: site.yml changed {changed(said)} things after it"] if changed(said) else []
    return {"records": records, "plan": skipped, "problems": problems}


def wanted(names: list[str]) -> list[str]:
    """Return the drills that are meant: none are the role's defaults, `all` is its whole catalogue."""
    if names == ["all"]:
        return list(catalogue())
    return names or yaml.safe_load((ROOT / "roles/drills/defaults/main.yml").read_text())["drills_names"]


def catalogue() -> dict[str, Any]:
    """Return the drills that there are."""
    return yaml.safe_load((ROOT / "roles/drills/vars/main.yml").read_text())["__drills_catalogue"]


def page(results: dict[str, Any], made: str = "") -> str:
    """Return the part of the page that is made.

    :param made: what is there of it; what it says of drills that are not in the results is kept
    """
    records, plan = results["records"], list({one["name"]: one for one in results["plan"]}.values())
    names = list(catalogue())
    seen = {record["name"] for record in records} | {one["name"] for one in plan}
    rows = [line for line in made.splitlines() if line.startswith("| ") and line.split()[1] in set(names) - seen]
    seen |= {row.split()[1] for row in rows}

    def lists(title: str, new: list[str]) -> list[str]:
        """Return a list with what was in it of the drills of kept rows."""
        old = made.partition(title)[2].lstrip().partition("\n\n")[0].splitlines()
        of = tuple(f"- {row.split()[1]}:" for row in rows)
        return listed(title, [line[2:] for line in old if line.startswith(of)] + new)

    measured = made.partition(MEASURED)[2].lstrip().partition("\n\n")[0].splitlines()
    kept = {row.rstrip(" |").rpartition("| ")[2] for row in rows}
    return "\n".join([
        BEGIN,
        "",
        *listed(MEASURED, [line[2:] for line in measured if line[2:].partition(":")[0] in kept] + occasions(results)),
        "\n".join([drills_table(records, plan), *rows]),
        "",
        *lists("What the gap of writes through Pgpool-II is made of, medians:", parts(records)),
        *lists("What drills had to say:", notes(records)),
        *lists("What went wrong:", results["problems"]),
        f"Not run: {', '.join(name for name in names if name not in seen) or 'none'}.",
        "",
        END,
    ])  # fmt: skip


def occasions(results: dict[str, Any]) -> list[str]:
    """Say of each operator when and where drills were run with it, and how busy it was there."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in results["records"]:
        found.setdefault(record.get("operator", ""), []).append(record)
    return [occasion(records, results["machine"]) for records in found.values()]


def occasion(records: list[dict[str, Any]], where: str) -> str:
    """Say when and where drills were run, and how busy it was there."""
    loads = sorted(record["load"] for record in records)
    middle = loads[len(loads) // 2]
    return (
        f"{days(records)}: {len(loads)} runs, on {where}. The load of the last minute before each was {loads[0]} to "
        f"{loads[-1]}, in the middle {middle}."
        + (" So it was busy with other things, and the seconds say little." if middle > BUSY else "")
    )


def listed(title: str, lines: list[str]) -> list[str]:
    """Return lines as a list with a title, or nothing."""
    return [title, "", *(f"- {line}" for line in lines), ""] if lines else []


def parts(records: list[dict[str, Any]]) -> list[str]:
    """Say of each drill that moved the primary what its gap is made of."""
    found: dict[str, list[dict[str, float]]] = {}
    for record in records:
        if record.get("parts"):
            found.setdefault(record["name"], []).append(record["parts"])
    return [
        f"{name}: " + ", ".join(f"{part} {statistics.median(one[part] for one in each):.1f} s" for part in each[0])
        for name, each in found.items()
    ]


def notes(records: list[dict[str, Any]]) -> list[str]:
    """Return what drills noted, each once."""
    return list(dict.fromkeys(f"{record['name']}: {record['note']}" for record in records if record.get("note")))


def write_page(path: Path, results: dict[str, Any]) -> None:
    """Put the part that is made where the page has its marks."""
    before, _, rest = path.read_text().partition(BEGIN)
    made, _, after = rest.partition(END)
    path.write_text(before + page(results, made) + after)


def of_kind() -> dict[str, Any]:
    """Return variables for a cluster whose nodes are containers of this machine, and which nobody else uses."""
    works = [
        engine
        for engine in ("docker", "podman")
        if shutil.which(engine) and subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0
    ]
    return {"drills_shared": True, "drills_node_engine": next(iter(works), "")}


def main() -> int:
    """Run them."""
    parser = argparse.ArgumentParser(description="Run drills on a cluster, and site.yml after each.")
    parser.add_argument("-i", "--inventory", action="append", required=True)
    parser.add_argument("-e", "--extra-vars", type=json.loads, default={}, help="JSON, for both playbooks")
    parser.add_argument("--kind", action="store_true", help="it is a kind cluster for tests: break its nodes, too")
    parser.add_argument("--runs", type=int, default=1, help="how often each drill is run")
    parser.add_argument("--folder", type=Path, default=CACHE / "drills", help="where results.json is kept")
    parser.add_argument("--fresh", action="store_true", help="forget the results of before")
    parser.add_argument("--page", type=Path, help="the page into which the table goes")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    file = given.folder / "results.json"
    empty = {"machine": machine(), "records": [], "plan": [], "problems": []}
    results = empty if given.fresh or not file.exists() else json.loads(file.read_text())
    given.extra_vars = {**(of_kind() if given.kind else {}), **given.extra_vars}
    given.folder.mkdir(parents=True, exist_ok=True)
    problems = []
    for name in wanted(given.names):
        found = run(name, given)
        problems += found["problems"]
        for part in ("records", "plan", "problems"):
            results[part] += found[part]
        file.write_text(json.dumps(results, indent=1))
    if given.page and results["records"]:
        write_page(given.page, results)
    print("\n".join([drills_table(results["records"], results["plan"]), *problems]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
