# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests the API server has had that write."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cluster

WRITES = {"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"}

# What goes on all the time without any of our doing: leader election, events, and questions about tokens and
# permissions that are asked by POST. Every subresource (status, scale, token, exec, …) is left out as well.
REVIEWS = {"tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectreviews"}
BACKGROUND = {"leases", "events", *REVIEWS}
SAMPLE = re.compile(r"^apiserver_request_total\{(.*)\} ([0-9.e+]+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


def writes(cluster: Cluster) -> Counter[tuple[str, str]]:
    """Return how many write requests the API server has had, by verb and resource."""
    counts: Counter[tuple[str, str]] = Counter()
    for labels_text, value in SAMPLE.findall(cluster.kubectl("get", "--raw", "/metrics")):
        labels = dict(LABEL.findall(labels_text))
        if (
            labels["verb"] in WRITES
            and not labels["subresource"]
            and not labels["dry_run"]
            and labels["resource"] not in BACKGROUND
        ):
            counts[labels["verb"], labels["resource"]] += int(float(value))
    assert counts, "the API server's metrics have no write request: they are named or labelled otherwise than here"
    return counts


def written(before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Return how many write requests came between two answers of `writes`."""
    # An API server that was started anew counts from nothing, and what it had before is not known.
    assert before <= after, f"counters of the API server fell: {dict(before - after)}"
    return after - before
