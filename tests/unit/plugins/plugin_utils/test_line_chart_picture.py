# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts and amounts of the report."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.amount import UNITS, amount
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.line_chart import (
    HEIGHT,
    WIDTH,
    escape,
    line_chart,
    nice_top,
    time_ticks,
)
from hypothesis import given
from hypothesis import strategies as st

START = 1795384800  # 22:00 UTC


def chart(*lines: list[list[float]], **fields: Any) -> dict[str, Any]:
    """A chart of an hour with those lines."""
    return {
        "title": "Lag",
        "unit": "bytes",
        "from": START,
        "until": START + 3600,
        "step": 15,
        "limit": None,
        "lines": [{"name": f"pg-{number}", "points": points} for number, points in enumerate(lines)],
        **fields,
    }


def drawn(told: dict[str, Any], kind: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(line_chart(told)).iter() if kind in (one.get("class") or "").split()]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "bytes", "0 B"),
        (1023, "bytes", "1023 B"),
        (1572864, "bytes", "1.5 MiB"),
        (2.0**80, "bytes", "1073741824 PiB"),
        (0.046, "seconds", "46 ms"),
        (1.5, "seconds", "1.5 s"),
        (119, "seconds", "119 s"),
        (120, "seconds", "2 min"),
        (7200, "seconds", "2 h"),
        (86400 * 14, "seconds", "14 d"),
        (0.0881, "share", "8.81 %"),
        (147.4, "rate", "147/s"),
        (2, "count", "2"),
        (1e-9, "rate", "1.0e-09/s"),
        (float("nan"), "count", "-"),
    ],
)
def test_amounts(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


@given(st.floats(), st.sampled_from(UNITS))
def test_any_number_can_be_said(value: float, unit: str) -> None:
    assert amount(value, unit)


def test_a_line_for_each_with_its_colour() -> None:
    points = [[START, 0.0], [START + 15, 100.0]]
    assert [one.get("class") for one in drawn(chart(*[points] * 9), "line")] == [
        *(f"line l{number}" for number in range(8)),
        "line l0",
    ]


def test_a_line_begins_at_the_left_edge_and_reaches_the_top() -> None:
    [line] = drawn(chart([[START, 0.0], [START + 15, 64.0]]), "line")
    assert line.get("d") == "M62 194L63.7 12"


def test_a_line_breaks_off_where_points_are_missing_and_a_point_alone_is_a_dot() -> None:
    times = [0, 15, 30, 90, 105, 300, 600, 615]
    [line] = drawn(chart([[START + time, 1.0] for time in times]), "line")
    assert re.sub(r"[^MLh]", "", line.get("d") or "") == "MLLMLMhML"
    [dot] = drawn(chart([[START, 1.0]]), "line")
    assert (dot.get("d") or "").endswith("h0")


@pytest.mark.parametrize(("most", "seen"), [(15, False), (16, True), (1000, True)])
def test_a_limit_is_drawn_where_lines_come_near_to_it(most: float, seen: bool) -> None:
    assert bool(drawn(chart([[START, most]], limit=64), "limit")) == seen


def test_without_data_it_says_so() -> None:
    for told in (chart(), chart([])):
        assert "no data" in line_chart(told)
        assert drawn(told, "line") == []
        assert ET.fromstring(line_chart(told)).get("aria-label") == "Lag: no data"


def test_what_it_shows_is_said_too() -> None:
    now = [[START + 3585, 0.0], [START + 3600, 2048.0]]
    assert ET.fromstring(line_chart(chart(now))).get("aria-label") == "Lag: pg-0 2 KiB"
    before = [[time - 30, value] for time, value in now]
    assert ET.fromstring(line_chart(chart(before, now))).get("aria-label") == "Lag: pg-0 -, pg-1 2 KiB"


def test_times_are_round_and_in_utc() -> None:
    words = re.findall(r">(\d\d:\d\d)<", line_chart(chart([[START, 1.0]])))
    assert words == ["22:00", "22:15", "22:30", "22:45", "23:00"]
    assert ">23 Nov<" in line_chart(chart([[START, 1.0]], until=START + 5 * 86400))


@given(st.floats(0, 1e18), st.sampled_from(UNITS))
def test_the_axis_ends_above_all_values(most: float, unit: str) -> None:
    top = nice_top(most, unit)
    assert top >= most
    assert 0 < top <= max(4, 4 * most)


@given(st.integers(0, 2**31), st.integers(60, 90 * 86400))
def test_times_on_the_axis_are_few_and_within(start: int, span: int) -> None:
    ticks = time_ticks(start, start + span)
    assert len(ticks) <= 5
    assert all(start <= time <= start + span for time in ticks)


POINTS = st.lists(st.tuples(st.integers(-100, 4000), st.floats(-1e6, 1e18)).map(list), max_size=20).map(
    lambda points: [[START + time, value] for time, value in sorted(points)]
)


@given(
    st.lists(st.tuples(st.text(), POINTS), max_size=5), st.text(), st.sampled_from(UNITS), st.none() | st.floats(0, 1e9)
)
def test_any_chart_is_svg_within_its_frame(
    lines: list[tuple[str, list[list[float]]]], title: str, unit: str, limit: float | None
) -> None:
    told = chart(title=title, unit=unit, limit=limit)
    told["lines"] = [{"name": name, "points": points} for name, points in lines]
    picture = ET.fromstring(line_chart(told))
    assert picture.tag == "svg"
    assert {one.tag for one in picture} <= {"path", "text"}
    for path in picture.iter("path"):
        for x, y in re.findall(r"[ML]([-\d.e+]+) ([-\d.e+]+)", path.get("d") or ""):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT


@given(st.text())
def test_escaped_text_comes_back_but_for_what_cannot_be_written(text: str) -> None:
    read = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>')
    kept = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    assert (read.text or "") == re.sub("\r\n?", "\n", kept)
    assert set(read.attrib) == {"b"}
    assert len(read) == 0
