# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers with a unit, in the words of a report."""

from __future__ import annotations

import math

UNITS = ("bytes", "seconds", "share", "rate", "count")
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def amount(value: float, unit: str) -> str:
    """Write a number as people read it: `1.5 MiB`, `20 ms`, `2 min`, `45 %`, `12/s`, `3`.

    :param value: the number; a dash stands for one that is not finite
    :param unit: one of UNITS
    """
    if not math.isfinite(value):
        return "-"
    if unit == "bytes":
        power = min(len(_SIZES) - 1, max(0, int(math.log2(abs(value)) // 10))) if abs(value) >= 1 else 0
        return f"{_digits(value / 1024**power)} {_SIZES[power]}"
    if unit == "seconds":
        size, word = next((span for span in _SPANS if abs(value) >= 2 * span[0]), (1, "s"))
        if 0 < abs(value) < 1:
            size, word = 0.001, "ms"
        return f"{_digits(value / size)} {word}"
    if unit == "share":
        return f"{_digits(100 * value)} %"
    return f"{_digits(value)}{'/s' if unit == 'rate' else ''}"


def _digits(value: float) -> str:
    """Write three digits that count, all of a larger whole number, and no zeros at the end."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"
