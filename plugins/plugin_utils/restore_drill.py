# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a restored PostgreSQL cluster holds what its source held at the point to which it was restored.

Before that point the source says how many rows each table has, and a checksum of them. A transaction that ends between
that and the point changes a table, rightly; so does nothing else. The source is asked again afterwards how much each
table was written, and in which file it is: one that differs and was not written meanwhile is a fault. One that was
written is not comparable, but what was written says how many rows it may have lost: each write takes one at most.
Other than by writes, rows go where a table is emptied, rewritten or dropped, and then the source has it in another file
or not at all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, str]


def drill_verdict(source: Mapping[str, Any], restored: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the tables.

    :param source: `before` and `after`, each with the answers by database, as CSV with the columns schema, table, rows,
        checksum, writes (how many rows were written, and the table's file); those of `after` need no rows and checksum
    :param restored: the answers of the restored cluster by database
    :returns: `problems`, how many `tables` there were, how many were `compared` and have `rows` in all, and the names
        of those that are `moving`
    """
    before, after, found = (_tables(answers) for answers in (source["before"], source["after"], restored))
    problems, moving, rows = [], [], 0
    for name, was in before.items():
        has, now = found.get(name, {}), after.get(name, {})
        if (has.get("rows"), has.get("checksum")) == (was["rows"], was["checksum"]):
            rows += int(was["rows"])
            continue
        problem = _problem(name, was, now, has)
        if problem:
            problems.append(problem)
        else:
            moving.append(name)
    compared = len(before) - len(moving) - len(problems)
    if not before:
        problems.append("the source has no table, so none could be compared")
    elif not compared and not problems:
        problems.append("all tables were written meanwhile, so none could be compared: run this at a quieter time")
    return {"problems": problems, "tables": len(before), "compared": compared, "rows": rows, "moving": moving}


def _problem(name: str, was: Row, now: Row, has: Row) -> str:
    """Say why a table that differs should not; nothing where the source may have made it differ."""
    if _file(now) != _file(was):
        return ""
    if not has:
        return f"the table {name} is not there, with {was['rows']} rows in the source"
    what = f"{has['rows']} of {was['rows']} rows" if has["rows"] != was["rows"] else "other rows"
    if now["writes"] == was["writes"]:
        return f"the table {name} has {what}, and the source did not write it meanwhile"
    # Fewer where the statistics were reset: then they do not tell.
    written = _written(now) - _written(was)
    if 0 <= written < int(was["rows"]) - int(has["rows"]):
        return f"the table {name} has {what}, and the source wrote {written} rows of it meanwhile"
    return ""


def _written(row: Row) -> int:
    return int(row["writes"].partition(":")[0])


def _file(row: Row) -> str:
    return row.get("writes", "").partition(":")[2]


def _tables(answers: Mapping[str, str]) -> dict[str, Row]:
    return {
        f"{database}: {row['schema']}.{row['table']}": row
        for database, text in answers.items()
        for row in csv.DictReader(io.StringIO(text))
    }
