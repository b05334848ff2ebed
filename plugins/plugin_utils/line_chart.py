# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Line charts over time, as SVG that stands in a page of HTML.

Colours and fonts are the page's: lines have the classes `l0` to `l7`, the limit `limit`, the rest `grid` and `axis`.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.amount import amount

WIDTH, HEIGHT = 480, 220
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 26
COLORS = 8

# The limit is drawn where the lines come this near to it. Farther away it would press them flat.
NEAR = 0.25
_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 2880, 10080)
_CONTROLS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Point = Sequence[float]


def line_chart(chart: Mapping[str, Any]) -> str:
    """Draw a chart of the report.

    :param chart: `title`, `unit` (one of `amount.UNITS`), `from` and `until` (seconds since 1970), `step` (seconds
        between two points; where more lie between them, the line breaks off), `lines` (each a `name` and its `points`,
        pairs of time and value) and `limit` (a number, or none)
    :returns: an element `svg` with a label for those who cannot see it
    """
    values = [float(value) for line in chart["lines"] for _time, value in line["points"]]
    limit = chart.get("limit")
    drawn = limit is not None and bool(values) and max(values) >= NEAR * limit
    top = nice_top(max([*values, limit] if drawn else values, default=0), chart["unit"])
    scale = _Scale(float(chart["from"]), float(chart["until"]), top)
    return "".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(_spoken(chart))}">',
            *_grid(scale, chart["unit"]),
            *(
                []
                if values
                else [f'<text class="axis" x="{WIDTH / 2:g}" y="{HEIGHT / 2:g}" text-anchor="middle">no data</text>']
            ),
            *(
                f'<path class="line l{index % COLORS}" d="{path(line["points"], float(chart["step"]), scale)}"/>'
                for index, line in enumerate(chart["lines"])
                if line["points"]
            ),
            *([f'<path class="limit" d="M{LEFT} {scale.y(limit):g}H{WIDTH - RIGHT}"/>'] if drawn else []),
            "</svg>",
        ]
    )


class _Scale:
    """Where times and values are in the picture."""

    def __init__(self, start: float, end: float, top: float) -> None:
        self.start, self.end, self.top = start, max(end, start + 1), top

    def x(self, time: float) -> float:
        """Return how far from the left edge a time is, those outside at the edges."""
        part = min(1, max(0, (time - self.start) / (self.end - self.start)))
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Return how far from the upper edge a value is, those outside at the edges."""
        part = min(1, max(0, value / self.top))
        return round(HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM), 1)


def nice_top(most: float, unit: str) -> float:
    """Return a round number at which the axis ends: at least the largest value, and more than nothing.

    :param most: the largest value
    :param unit: bytes are rounded by powers of two, and a fourth of a count is a count
    """
    if most <= 0 or not math.isfinite(most):
        return 1.0
    if unit == "bytes":
        # frexp is exact, where a logarithm is not.
        fraction, power = math.frexp(most)
        return 2.0 ** max(2, power - (fraction == 0.5))
    if unit == "count" and most <= 40:
        return 4.0 * max(1, math.ceil(most / 4))
    unit_size = 10.0 ** math.floor(math.log10(most))
    return max(most, next((step * unit_size for step in (1, 2, 4, 5, 8) if step * unit_size >= most), 10 * unit_size))


def time_ticks(start: float, end: float) -> list[float]:
    """Return round times, five at most, at which the time is written."""
    step = next((60 * minutes for minutes in _MINUTES if (end - start) / (60 * minutes) <= 5), 60 * _MINUTES[-1])
    first = math.ceil(start / step)
    return [step * index for index in range(first, min(first + 5, math.floor(end / step) + 1))]


def path(points: Sequence[Point], step: float, scale: _Scale) -> str:
    """Return a line through the points that breaks off where some are missing; a point alone is a dot."""
    text, last, alone = [], -math.inf, False
    for time, value in points:
        begins = time - last > 1.5 * step
        if begins and alone:
            text.append("h0")
        text.append(f"{'M' if begins else 'L'}{scale.x(time):g} {scale.y(value):g}")
        last, alone = time, begins
    return "".join([*text, *(["h0"] if alone else [])])


def last_value(points: Sequence[Point], until: float, step: float) -> float | None:
    """Return what a line ends with; nothing where it broke off before the end, as that is no longer so."""
    return float(points[-1][1]) if points and until - points[-1][0] <= 1.5 * step else None


def _grid(scale: _Scale, unit: str) -> Iterator[str]:
    for part in range(5):
        value = scale.top * part / 4
        y = scale.y(value)
        yield f'<path class="grid" d="M{LEFT} {y:g}H{WIDTH - RIGHT}"/>'
        yield f'<text class="axis" x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{escape(amount(value, unit))}</text>'
    form = "%H:%M" if scale.end - scale.start <= 86400 else "%d %b"
    for time in time_ticks(scale.start, scale.end):
        words = datetime.fromtimestamp(time, UTC).strftime(form)
        yield f'<text class="axis" x="{scale.x(time):g}" y="{HEIGHT - 6}" text-anchor="middle">{words}</text>'


def _spoken(chart: Mapping[str, Any]) -> str:
    """Say in words what the lines end with, and of those that broke off a dash."""
    ends = [
        f"{line['name']} {'-' if last is None else amount(last, chart['unit'])}"
        for line in chart["lines"]
        for last in [last_value(line["points"], float(chart["until"]), float(chart["step"]))]
        if line["points"]
    ]
    return f"{chart['title']}: {', '.join(ends) or 'no data'}"


def escape(text: str) -> str:
    """Return text that is safe in an element and in an attribute, without what XML does not allow."""
    return html.escape(_CONTROLS.sub("\ufffd", text), quote=True)
