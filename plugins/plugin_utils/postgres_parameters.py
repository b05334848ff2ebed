# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of PostgreSQL as an operator writes them into its file: a name, and a value between quotes on one line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z_][\w.$]*", re.ASCII)
# A name is the same one in any case; PostgreSQL itself writes only these with capitals (guc_tables.c).
_MIXED_CASE = frozenset({"datestyle", "intervalstyle", "timezone"})
# What PostgreSQL reads as one value (guc-file.l): a backslash takes the next character with it, also a quote.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'")


def plain_parameter_problems(parameters: Mapping[str, Any], doubles_backslashes: bool = False) -> Iterator[str]:
    """Yield a sentence for each parameter whose name or value would leave a file that PostgreSQL cannot read.

    No instance starts with such a file, and those that run have the old parameters until they restart.

    So for one that comes twice, in another case: PostgreSQL takes what its file has last, and operators sort by the
    letters, so that a default in small ones would win.

    :param doubles_backslashes: whether what writes the file does that, as each doubles quotes
    """
    names: dict[str, str] = {}
    for name, value in parameters.items():
        shown = f"postgres_cluster_parameters.{name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            yield (
                f"postgres_cluster_parameters has {name!r} (mapping): give the name of a parameter of PostgreSQL, such "
                "as work_mem or pg_stat_statements.max"
            )
        elif name != name.lower() and name.lower() not in _MIXED_CASE:
            yield (
                f"{shown} has capitals: write it as {name.lower()}, as PostgreSQL takes both for one, and of the two a "
                "default of the role or the operator would win"
            )
        elif names.setdefault(name.lower(), name) != name:
            yield f"{shown} is there as {names[name.lower()]}, too: give one of them, as PostgreSQL takes both for one"
        elif isinstance(value, (Mapping, list, tuple)) or value is None:
            yield f"{shown} is no plain value: give a string, a number or a boolean"
        elif any(each != "\t" and unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in str(value)):
            yield (
                f"{shown} is {str(value)!r} (string): give it on one line and without control characters but tabs, as "
                "it has one line of PostgreSQL's file"
            )
        elif not doubles_backslashes and not _QUOTED.fullmatch("'" + str(value).replace("'", "''") + "'"):
            yield (
                f"{shown} is {str(value)!r} (string): write each backslash of it twice, as one alone takes the quote "
                "after it with it in PostgreSQL's file"
            )
