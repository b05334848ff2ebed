# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second site.yml of one cluster, against `kubectl apply` of the very same manifests, and what it writes."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import site
from benchmarks.measure import Row, at_most, in_turns, ratio


def run(runs: int) -> list[Row]:
    """Measure it."""
    cluster = site.Cluster()
    site.ready()
    requests_of: list[Counter] = []

    def ours() -> float:
        before = site.writes(cluster)
        took = site.playbook("site").seconds
        requests_of.append(site.written(before, site.writes(cluster)))
        return took

    with tempfile.TemporaryDirectory() as folder:
        file = site.manifests(cluster, Path(folder))
        count = len(json.loads(file.read_text())["items"])
        site.apply(file)
        times = in_turns(ours, lambda: site.apply(file).seconds, runs)
    seconds = ratio(
        "second `site.yml`, one PostgreSQL cluster",
        f"`kubectl apply` of its {count} manifests, warm",
        *times,
        "s",
        note="kubectl has neither the Secrets to compare nor the operator's release",
    )
    counts = [float(sum(one.values())) for one in requests_of]
    what = ", ".join(f"{verb} {kind}" for verb, kind in sorted(set().union(*requests_of)))
    requests = Row("write requests of a second `site.yml`", "-", counts, [], counts, "", of="", note=what)
    return [at_most(seconds, 1.5), at_most(requests, 0)]
