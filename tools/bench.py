#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure on the cluster of the tests, and write docs/benchmarks.md: `make bench`, or by tools/with-env.

    tools/bench.py --runs 5 --page docs/benchmarks.md again filters

The cluster is that of molecule, with what the scenario `site` makes on it. Each part is a module in tools/benchmarks,
and can be run alone: what the others came to is kept in FOLDER/results.json, from which the page is written.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from benchmarks import page  # noqa: E402
from benchmarks.measure import load, machine  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgha"


def measure(name: str, runs: int) -> dict[str, Any]:
    """Run one part."""
    part = importlib.import_module(f"benchmarks.{name}")
    before = load()
    rows = part.run(runs)
    return {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load": [before, load()],
        "rows": [row.record() for row in rows],
        "text": part.text() if hasattr(part, "text") else [],
    }


def main() -> int:
    """Run them."""
    parser = argparse.ArgumentParser(description="Measure on the cluster of the tests.")
    parser.add_argument("--runs", type=int, default=5, help="how often each side is measured")
    parser.add_argument("--folder", type=Path, default=CACHE / "benchmarks", help="where results.json is kept")
    parser.add_argument("--page", type=Path, help="the page into which the table goes")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(page.PARTS))
    given = parser.parse_args()
    unknown = [name for name in given.parts if name not in page.PARTS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: there is no such part; give some of {', '.join(page.PARTS)}")
    file = given.folder / "results.json"
    given.folder.mkdir(parents=True, exist_ok=True)
    results = json.loads(file.read_text()) if file.exists() else {}
    failed = []
    for name in given.parts or page.PARTS:
        try:
            results[name] = measure(name, given.runs)
        except (RuntimeError, OSError, subprocess.SubprocessError) as exc:  # the other parts say something all the same
            failed.append(f"{name}: {exc}")
            print(failed[-1], file=sys.stderr, flush=True)
            continue
        file.write_text(json.dumps(results, indent=1))
        print("\n".join(page.table({name: results[name]})), flush=True)
        if given.page:
            page.write(given.page, results)
    missed = [row["what"] for part in results.values() for row in part["rows"] if row["met"] is False]
    print("\n".join(f"goal not met: {what}" for what in missed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
