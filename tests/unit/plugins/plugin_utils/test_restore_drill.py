# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a restored cluster has the tables of its source."""

from __future__ import annotations

import pytest
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


def test_how_much_was_written_is_all_that_is_asked_afterwards() -> None:
    before = answers("public,a,3,99,3:1", "public,b,5,5,5:2")
    after = {"app": "schema,table,writes\npublic,a,4:1\npublic,b,5:2\n"}
    found = drill_verdict({"before": before, "after": after}, answers("public,a,4,100,0:9", "public,b,4,4,0:9"))
    assert found["moving"] == ["app: public.a"]
    assert found["problems"] == ["the table app: public.b has 4 of 5 rows, and the source did not write it meanwhile"]


def test_nothing_compared_is_no_proof() -> None:
    before, after = answers("public,a,3,99,3:1"), answers("public,a,4,100,4:1")
    assert "run this at a quieter time" in drill_verdict({"before": before, "after": after}, after)["problems"][0]


@pytest.mark.parametrize(
    ("after", "restored", "said"),
    [
        # Fewer rows than what was written can have taken.
        (["public,a,1001,9,1001:1"], ["public,a,0,0,0:1"], "has 0 of 1000 rows, and the source wrote 1 rows of it"),
        (["public,a,995,9,1005:1"], ["public,a,994,8,0:1"], "has 994 of 1000 rows, and the source wrote 5 rows of it"),
        (["public,a,995,9,1005:1"], ["public,a,995,9,0:1"], ""),
        (["public,a,0,0,2000:1"], ["public,a,0,0,0:1"], ""),
        (["public,a,1009,9,1009:1"], ["public,a,1005,8,0:1"], ""),
        # Not there, though the source has it still.
        (["public,a,1001,9,1001:1"], [], "is not there, with 1000 rows in the source"),
        (["public,a,1000,9,1000:1"], [], "is not there, with 1000 rows in the source"),
        # Dropped, by hand or as the oldest partition, and maybe made again; emptied, or rewritten after rows went.
        ([], [], ""),
        ([], ["public,a,500,5,0:1"], ""),
        (["public,a,3,3,3:7"], [], ""),
        (["public,a,0,0,1000:7"], ["public,a,0,0,0:7"], ""),
        (["public,a,10,1,1010:7"], ["public,a,500,5,0:1"], ""),
        # The statistics were reset meanwhile.
        (["public,a,0,0,400:1"], ["public,a,0,0,0:1"], ""),
    ],
)
def test_what_was_written_says_how_much_may_be_missing(after: list[str], restored: list[str], said: str) -> None:
    same = "public,b,5,5,5:2"
    source = {"before": answers("public,a,1000,8,1000:1", same), "after": answers(*after, same)}
    found = drill_verdict(source, answers(*restored, same))
    if said:
        [problem] = found["problems"]
        assert said in problem
    else:
        assert (found["problems"], found["compared"], found["moving"]) == ([], 1, ["app: public.a"])


def test_a_table_that_comes_meanwhile_is_none_of_those_that_are_compared() -> None:
    said = answers("public,a,3,99,3:1")
    after = answers("public,a,3,99,3:1", "public,b,5,5,5:2")
    for restored in (said, after):
        assert drill_verdict({"before": said, "after": after}, restored)["problems"] == []


def test_a_cluster_without_tables_proves_nothing() -> None:
    none = {"app": HEADER}
    found = drill_verdict({"before": none, "after": none}, none)
    assert found["problems"] == ["the source has no table, so none could be compared"]
