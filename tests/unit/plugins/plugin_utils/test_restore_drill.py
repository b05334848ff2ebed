# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a restored cluster has the tables of its source."""

from __future__ import annotations

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore_drill import drill_verdict

HEADER = "schema,table,rows,checksum,writes\n"


def answers(*rows: str) -> dict[str, str]:
    return {"app": HEADER + "".join(f"{row}\n" for row in rows)}


def test_the_same() -> None:
    said = answers("public,a,3,99,3:1", "public,b,0,0,0:2")
    assert drill_verdict({"before": said, "after": said}, said) == {
        "problems": [],
        "tables": 2,
        "compared": 2,
        "rows": 3,
        "moving": [],
    }


def test_what_differs() -> None:
    said = answers("public,a,3,99,3:1", "public,b,5,5,5:2", "public,c,1,1,1:3")
    found = drill_verdict({"before": said, "after": said}, answers("public,a,3,98,3:1", "public,b,4,4,0:0"))
    assert found["problems"] == [
        "the table app: public.a has other rows, and the source did not write it meanwhile",
        "the table app: public.b has 4 of 5 rows, and the source did not write it meanwhile",
        "the table app: public.c is not there, with 1 rows in the source",
    ]
    assert found["compared"] == 0


def test_a_table_that_was_written_meanwhile_cannot_be_compared() -> None:
    before = answers("public,a,3,99,3:1", "public,b,5,5,5:2")
    after = answers("public,a,4,100,4:1", "public,b,5,5,5:2")
    found = drill_verdict({"before": before, "after": after}, answers("public,a,4,100,0:9", "public,b,5,5,0:9"))
    assert (found["problems"], found["compared"], found["moving"]) == ([], 1, ["app: public.a"])
    # Written, and still the same at the point: compared.
    found = drill_verdict({"before": before, "after": after}, before)
    assert (found["compared"], found["moving"]) == (2, [])


def test_nothing_compared_is_no_proof() -> None:
    before, after = answers("public,a,3,99,3:1"), answers("public,a,4,100,4:1")
    assert "run this at a quieter time" in drill_verdict({"before": before, "after": after}, after)["problems"][0]


def test_a_database_without_tables() -> None:
    assert drill_verdict({"before": {"app": HEADER}, "after": {"app": HEADER}}, {"app": HEADER})["problems"] == []
