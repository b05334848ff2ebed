# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/benchmarks.md: the table of what was measured, and of what was not."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- made by tools/bench.py from here on -->", "<!-- to here -->"
# The load from which on the seconds are those of other things, too.
BUSY = 3
FEW = 5  # runs

# What the page says of each part where it has not been measured.
PARTS = {
    "again": "second `site.yml` of one PostgreSQL cluster, and what it writes",
    "first": "first `site.yml`, until verified",
    "role": "one role alone, warm",
    "filters": "the filters",
    "fleet": "`site.yml` of 10 and 50 PostgreSQL clusters",
    "reads": "reads through Pgpool-II with each instance limited to 0.25 CPU",
    "points": "point reads through Pgpool-II with our settings and the sample's",
    "connect": "first connect through Pgpool-II",
    "profile": "where the time of a second `site.yml` goes",
}


def number(value: float) -> str:
    """Return a number with as many digits as mean something."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(values: list[float], unit: str = "") -> str:
    """Return the median, and from where to where the runs went."""
    if not values:
        return "-"
    tail = f" {unit}" if unit else ""
    if min(values) == max(values):
        return f"{number(values[0])}{tail}"
    return f"{number(statistics.median(values))}{tail} ({number(min(values))} to {number(max(values))})"


def line(row: Mapping[str, Any]) -> str:
    """Return a row of the table."""
    verdict = {True: f"{row['goal']}: met", False: f"{row['goal']}: **not met**", None: row["goal"]}[row["met"]]
    cells = [
        row["what"] + (f" ({row['note']})" if row["note"] else ""),
        row["against"],
        str(len(row["figures"])),
        spread(row["ours"], row["unit"]),
        spread(row["theirs"], row["unit"]),
        f"**{spread(row['figures'], row['of'])}**",
        verdict,
    ]
    return f"| {' | '.join(cells)} |"


def table(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the table of all parts that were measured."""
    head = ["what", "against", "runs", "ours", "theirs", "figure", "goal"]
    rows = [line(row) for name in PARTS for row in parts.get(name, {}).get("rows", [])]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *rows] if rows else []


def conditions(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say when, where and beside what each part was measured."""
    said = []
    for name in PARTS:
        if name not in parts:
            continue
        part = parts[name]
        busy = max(part["load"])
        words = f"- `{name}`: {part['at'][:10]}, on {part['machine']}; the load before and after it was "
        words += f"{part['load'][0]} and {part['load'][-1]}"
        words += ", more than its processors can do: the ratios say more than the seconds." if busy > BUSY else "."
        few = [row["what"] for row in part["rows"] if len(row["figures"]) < FEW]
        words += f" Fewer than {FEW} runs: {'; '.join(few)}." if few else ""
        said.append(words)
    return said


def missing(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what has not been measured."""
    return [f"- `{name}`: {words}" for name, words in PARTS.items() if name not in parts]


def made(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the part of the page that is made."""
    absent = missing(parts)
    more = [text for name in PARTS for text in parts.get(name, {}).get("text", [])]
    blocks = [
        BEGIN,
        "\n".join(table(parts)),
        "\n".join(conditions(parts)),
        "\n\n".join(more),
        "\n".join(["Not measured:", "", *absent]) if absent else "",
        END,
    ]
    return "\n\n".join(block for block in blocks if block)


def write(path: Path, parts: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the part that is made where the page has its marks."""
    before, _, rest = path.read_text().partition(BEGIN)
    path.write_text(before + made(parts) + rest.partition(END)[2])
