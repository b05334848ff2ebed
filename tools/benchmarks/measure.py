# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a figure is measured: both sides in turns, each several times, and their ratio."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass
class Row:
    """A figure: how often it was measured, what came of it, and what it should be."""

    what: str
    against: str
    # Of each run: ours, theirs, and the ratio or the count.
    ours: list[float]
    theirs: list[float]
    figures: list[float]
    unit: str  # of ours and theirs
    goal: str = "told"
    # Whether the median is what it should be; None where there is no goal.
    met: bool | None = None
    note: str = ""
    of: str = TIMES  # the unit of the figures

    def record(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def at_most(row: Row, goal: float) -> Row:
    """Say whether the median is at most the goal."""
    row.goal, row.met = f"≤ {goal:g} {row.of}".rstrip(), statistics.median(row.figures) <= goal
    return row


def at_least(row: Row, goal: float) -> Row:
    """Say whether the median is at least the goal."""
    row.goal, row.met = f"≥ {goal:g} {row.of}".rstrip(), statistics.median(row.figures) >= goal
    return row


def in_turns(ours: Callable[[], float], theirs: Callable[[], float], runs: int) -> tuple[list[float], list[float]]:
    """Measure both sides `runs` times, in turns and in another order each time, so that both have the same machine."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(runs):
        sides = [(0, ours), (1, theirs)]
        for side, measure in sides if number % 2 == 0 else reversed(sides):
            found[side].append(measure())
    return found


def ratio(what: str, against: str, ours: Sequence[float], theirs: Sequence[float], unit: str, **more: Any) -> Row:
    """Return the row of two sides that were measured in turns."""
    figures = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Row(what, against, list(ours), list(theirs), figures, unit, **more)


@dataclass
class Timed:
    """A command that ran."""

    seconds: float
    output: str
    megabytes: float = 0  # the largest of its processes


def timed(command: Sequence[str], environment: dict[str, str] | None = None, text: str = "") -> Timed:
    """Run a command that has to succeed, and return how long it took, and how large it became."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as said:
        given.write(text)
        given.seek(0)
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdin=given, stdout=said, stderr=subprocess.STDOUT)
        _pid, status, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {process.returncode}: {output[-2000:]}")
    return Timed(took, output, usage.ru_maxrss / 1024)


def machine() -> str:
    """Say what this machine is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"a machine of {os.cpu_count()} cores and {memory:.0f} GiB, Linux {platform.release().partition('-')[0]}"


def load() -> float:
    """Return how busy this machine was in the last minute."""
    return round(os.getloadavg()[0], 1)
