# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a second site.yml goes, and what it is worth that API tasks run in Ansible's own process."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import site
from benchmarks.measure import Row, in_turns, ratio

CALLBACKS = Path(__file__).parent / "callbacks"
KINDS = {
    "pgha.kubernetes.read": "reads of the API",
    "pgha.kubernetes.apply": "manifests: templates, comparison, reads of the API",
    "ansible.builtin.include_tasks": "includes",
    "ansible.builtin.include_role": "includes",
    "ansible.builtin.assert": "checks",
    "ansible.builtin.set_fact": "facts",
}
SLOWEST = 8
_profiles: list[dict[str, Any]] = []


def kind(task: Mapping[str, Any]) -> str:
    """Return what a task is for."""
    if all(what == "skipped" for what, _at in task["results"]):
        return "tasks that are skipped"
    if task["action"].startswith("kubernetes.core."):
        return "modules of kubernetes.core"
    return KINDS.get(task["action"], "others")


def durations(kept: Mapping[str, Any]) -> list[tuple[dict[str, Any], float]]:
    """Return each task, and how long it was until the next one began."""
    ends = [task["began"] for task in kept["tasks"][1:]] + [kept["ended"]]
    return [(task, end - task["began"]) for task, end in zip(kept["tasks"], ends, strict=True)]


def profile(kept: Mapping[str, Any], began: float, ended: float) -> dict[str, Any]:
    """Return the seconds of each kind of task, and of what comes before the first and after the last."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for task, took in durations(kept):
        kinds[kind(task)].append(took)
    around = {
        "start of Ansible, inventory and playbooks read": [kept["tasks"][0]["began"] - began],
        "end of Ansible": [ended - kept["ended"]],
    }
    slowest = sorted(durations(kept), key=lambda item: -item[1])[:SLOWEST]
    return {
        "kinds": {name: {"count": len(took), "seconds": sum(took)} for name, took in {**around, **kinds}.items()},
        "slowest": [[task["name"], took] for task, took in slowest],
    }


def once(how: str) -> float:
    """Run site.yml with its API tasks in this way, and keep where its time went."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "times.json"
        began = time.time()
        ran = site.playbook(
            "site",
            environment={
                "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
                "ANSIBLE_CALLBACKS_ENABLED": "task_times",
                "PGHA_TASK_TIMES": str(file),
                "PGHA_API_TASKS": how,
            },
        )
        if how != "module":
            _profiles.append(profile(json.loads(file.read_text()), began, began + ran.seconds))
    return ran.seconds


def run(runs: int) -> list[Row]:
    """Measure it, in both ways in turns."""
    _profiles.clear()
    site.ready()
    times = in_turns(lambda: once(""), lambda: once("module"), runs)
    what = "second `site.yml`, API tasks in Ansible's own process"
    return [ratio(what, "the same with a process for each (`PGHA_API_TASKS=module`)", *times, "s")]


def text() -> list[str]:
    """Return the tables of where the time goes, medians of the runs."""
    names = list(dict.fromkeys(name for one in _profiles for name in one["kinds"]))
    rows = []
    for name in names:
        found = [one["kinds"].get(name, {"count": 0, "seconds": 0.0}) for one in _profiles]
        rows.append((name, *(statistics.median(item[of] for item in found) for of in ("count", "seconds"))))
    rows.sort(key=lambda row: -row[2])
    slow: dict[str, list[float]] = defaultdict(list)
    for one in _profiles:
        for name, took in one["slowest"]:
            slow[name].append(took)
    slowest = sorted(((statistics.median(took), name) for name, took in slow.items()), reverse=True)[:SLOWEST]
    return [
        "## Where the time of a second site.yml goes",
        "\n".join([
            "| what | tasks | seconds |", "| --- | --- | --- |",
            *(f"| {name} | {count:g} | {seconds:.2f} |" for name, count, seconds in rows),
        ]),
        "The slowest tasks: " + "; ".join(f"{name} {took:.2f} s" for took, name in slowest) + ".",
    ]  # fmt: skip
