# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter fleet_report, in templates and by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.fleet_report import fleet_report

INSTANCES = [
    {"name": "a-1", "says": "primary", "ready": True, "lag_bytes": None},
    {"name": "a-2", "says": "standby", "ready": False, "lag_bytes": 5},
    {"name": "a-3", "says": "standby", "ready": True, "lag_bytes": 7},
]


def report(**fields: Any) -> dict[str, Any]:
    known = {"name": "a", "namespace": "demo", "version": "17", "until": 100, "problems": [], "reasons": []}
    return {**known, "instances": INSTANCES, "backends": [], "pods": [], **fields}


def test_what_needs_somebody_comes_first() -> None:
    made = fleet_report(
        ["good", "bad", "away"],
        [report(), report(name="bad", until=200, problems=["no instance is primary"], reasons=["no node"]), {}],
        ["", "", "The API\n does not answer."],
    )
    assert [(one["host"], one["state"], one["page"]) for one in made["clusters"]] == [
        ("away", "not known", ""),
        ("bad", "to look at", "bad.html"),
        ("good", "well", "good.html"),
    ]
    assert [one["problems"] for one in made["clusters"]] == [
        ["The API does not answer."],
        ["no instance is primary"],
        [],
    ]
    assert [one["reasons"] for one in made["clusters"]] == [[], ["no node"], []]
    assert made["counts"] == {"well": 1, "to look at": 1, "not known": 1}
    assert made["until"] == 200


def test_what_is_said_of_a_cluster() -> None:
    backends = [{"hostname": host, "reads": reads} for host, reads in (("a", 2.0), ("b", None), ("c", 3.0), ("c", 3.0))]
    pods = [{"children_used_ratio": 0.25}, {"children_used_ratio": None}]
    [one] = fleet_report(["a"], [report(backends=backends, pods=pods)], [""])["clusters"]
    known = ("primary", "instances", "ready", "lag_bytes", "children_used_ratio", "reads")
    assert [one[key] for key in known] == ["a-1", 3, 2, 7, 0.25, 5.0]


def test_the_farthest_standby_is_not_known_where_the_lag_of_one_is_not() -> None:
    away = [*INSTANCES[:2], {**INSTANCES[2], "lag_bytes": None}]
    silent = [*INSTANCES, {"name": "a-4", "says": "unknown", "ready": True, "lag_bytes": None}]
    made = fleet_report(["a", "b", "c"], [report(instances=one) for one in (away, silent, INSTANCES[:1])], [""] * 3)
    assert [one["lag_bytes"] for one in made["clusters"]] == [None] * 3


def test_a_report_of_which_a_part_failed_is_none() -> None:
    [one] = fleet_report(["a"], [report()], ["it broke"])["clusters"]
    assert (one["state"], one["problems"]) == ("not known", ["it broke"])
    assert fleet_report(["a"], [{}], [""])["clusters"][0]["problems"] == ["no report was made of it"]


def test_in_a_template(render: Callable[[str, str], Any]) -> None:
    made = render("{{ hosts | pgha.kubernetes.fleet_report([{}], ['gone']) }}", "hosts: [a]")
    assert made["counts"]["not known"] == 1


def test_what_it_refuses(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(AnsibleError, match="give three lists"):
        render("{{ hosts | pgha.kubernetes.fleet_report([], []) }}", "hosts: [a]")
