# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One role alone, as an AWX job runs it, where there is nothing to do, against `kubectl apply` of its manifests."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks import site
from benchmarks.measure import Row, at_most, in_turns, ratio

# Playbooks, and the labels of what their roles make.
ROLES = {"postgres_cluster": "postgresql", "pgpool": "pgpool", "monitoring": "prometheus"}


def run(runs: int) -> list[Row]:
    """Measure each."""
    cluster = site.Cluster()
    site.ready()
    rows = []
    for name, label in ROLES.items():
        with tempfile.TemporaryDirectory() as folder:
            selector = f"{site.OURS},app.kubernetes.io/name={label}"
            file = site.manifests(cluster, Path(folder), selector)
            count = len(json.loads(file.read_text())["items"])
            site.apply(file)
            times = in_turns(
                lambda name=name: site.playbook(name).seconds, lambda file=file: site.apply(file).seconds, runs
            )
        row = ratio(f"`{name}.yml` alone, again", f"`kubectl apply` of its {count} manifests, warm", *times, "s")
        rows.append(at_most(row, 2))
    return rows
