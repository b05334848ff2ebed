# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and limits, with quantities as the Kubernetes API writes them.

The API turns `0.5` into `500m` and `1024Mi` into `1Gi`. Where something else was asked for, every run would see a
difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = ("", "k", "M", "G", "T", "P", "E")
# Prometheus' own advice is 80 to 85 % of the volume: its log and a compaction need the rest, as do file systems.
_KEPT = Decimal("0.8")


def resources(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return requests and limits with canonical quantities.

    :param asked: `requests` and `limits`, each a mapping of resource names to quantities
    """
    return {
        group: {name: canonical(value, f"{group}.{name}") for name, value in (amounts or {}).items()}
        for group, amounts in asked.items()
    }


def canonical(quantity: Any, what: str = "the quantity") -> str:
    """Return a quantity as the Kubernetes API writes it."""
    amount = as_bytes(quantity)
    if amount is None:
        raise InputError(f"{what} is {quantity!r}: give a Kubernetes quantity such as 500m, 2 or 1Gi")
    if amount == amount.to_integral_value():
        binary = str(quantity).endswith("i")
        return _shortest(int(amount), 1024 if binary else 1000, _BINARY if binary else _DECIMAL)
    thousandths = (amount * 1000).to_integral_value(rounding="ROUND_UP")  # the API rounds up, too
    return f"{thousandths}m" if thousandths % 1000 else _shortest(int(thousandths / Decimal(1000)), 1000, _DECIMAL)


def retention_size(quantity: Any) -> str:
    """Return how much of a volume Prometheus may fill, as its `--storage.tsdb.retention.size` takes it.

    :param quantity: the volume's size as Kubernetes writes it
    """
    amount = as_bytes(quantity)
    if amount is None:
        raise InputError(f"the size is {quantity!r}: give a Kubernetes quantity such as 10Gi")
    # For Prometheus MB is 1024 * 1024 bytes, and 0 is no limit.
    return f"{max(1, int(amount * _KEPT / 1024**2))}MB"


def _shortest(amount: int, base: int, units: tuple[str, ...]) -> str:
    """Write a whole number with the largest unit that leaves it whole."""
    power = 0
    while amount and amount % base == 0 and power < len(units) - 1:
        amount //= base
        power += 1
    return f"{amount}{units[power]}"
