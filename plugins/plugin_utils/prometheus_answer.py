# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus answers, as promtool prints it."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


class Series(NamedTuple):
    """One series: its labels, with `__name__` among them, and its samples (seconds since 1970, value)."""

    labels: dict[str, str]
    samples: list[tuple[float, float]]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.samples[-1][1]


def series(answer: str) -> list[Series]:
    """Read an answer to a query, instant or range.

    :param answer: what `promtool query instant` or `promtool query range` printed with `--format=json`
    :returns: the series; samples that are no finite numbers are left out, and series without samples
    :raises InputError: the answer is none of Prometheus
    """
    try:
        read = [Series(dict(one["metric"]), _samples(one)) for one in json.loads(answer)]
    except (ValueError, TypeError, KeyError) as exc:
        raise InputError(
            f"Prometheus did not answer with a list of series: {answer.strip()[:300] or 'no output'}"
        ) from exc
    return [one for one in read if one.samples]


def _samples(one: dict[str, Any]) -> list[tuple[float, float]]:
    samples = one["values"] if "values" in one else [one["value"]]
    pairs = [(float(time), float(value)) for time, value in samples]
    return [(time, value) for time, value in pairs if math.isfinite(value)]
