# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods share a node, and that verify and status note it without failing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.shared_nodes import FilterModule, shared_nodes

ROLES = Path(__file__).resolve().parents[4] / "roles"
PROXY = {"app.kubernetes.io/name": "pgpool"}
WITH_PRIMARY = "shop-1 (primary) and shop-3 are both on the node b: where it is lost"
ALL = "shop-1 (primary), shop-2 and shop-3 are all on the node a: where it is lost"
AWAY = "where it is lost, the address does not answer until they run elsewhere"


def pod(name: str, node: str, labels: dict[str, str] | None = None, phase: str = "Running", **more: Any) -> Any:
    spec = {"nodeName": node} if node else {}
    return {"metadata": {"name": name, "labels": labels or {}, **more}, "spec": spec, "status": {"phase": phase}}


def instances(*nodes: str) -> list[Any]:
    return [pod(f"shop-{number}", node) for number, node in enumerate(nodes, 1)]


def proxies(*nodes: str) -> list[Any]:
    return [pod(f"shop-pgpool-{number}", node, PROXY) for number, node in enumerate(nodes, 1)]


def contract(number: int = 3, confirm: int = 1) -> dict[str, Any]:
    """A cluster whose first instance is the primary, and in which so many standbys confirm each commit."""
    told = [
        {"name": f"shop-{i}", "pod": f"shop-{i}", "role": "standby" if i > 1 else "primary"}
        for i in range(1, number + 1)
    ]
    return {"instances": told, "synchronous": {"method": "any", "number": confirm} if confirm else None}


@pytest.mark.parametrize(
    ("nodes", "confirm", "said"),
    [
        (("a", "b", "c"), 1, []),
        (("b", "a", "b"), 1, [f"{WITH_PRIMARY}, nobody may be promoted"]),
        # The one that is left knows each commit where two confirm it, and is promoted in any case where none does.
        (("b", "a", "b"), 2, [f"{WITH_PRIMARY}, so are they"]),
        (("b", "a", "b"), 0, [f"{WITH_PRIMARY}, so are they"]),
        (("a", "b", "b"), 1, ["shop-2 and shop-3 are both on the node b: where it is lost, commits may wait"]),
        (("a", "b", "b"), 0, ["shop-2 and shop-3 are both on the node b: where it is lost, so are they"]),
        (
            ("a", "a", "a"),
            1,
            [f"{ALL}, nobody is left to be promoted"],
        ),
        # One that has no node yet.
        (("a", "b", ""), 1, []),
    ],
)  # fmt: skip
def test_instances(nodes: tuple[str, ...], confirm: int, said: list[str]) -> None:
    assert shared_nodes(instances(*nodes), contract(confirm=confirm)) == said


def test_of_five_instances_several_nodes_may_be_shared() -> None:
    assert shared_nodes(instances("b", "a", "a", "b", "c"), contract(5)) == [
        "shop-2 and shop-3 are both on the node a: where it is lost, so are they",
        "shop-1 (primary) and shop-4 are both on the node b: where it is lost, nobody may be promoted",
    ]


def test_a_single_instance_shares_with_nobody() -> None:
    assert shared_nodes(instances("a"), contract(1)) == []


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ((), []),
        (("a",), []),
        (("a", "b"), []),
        (("a", "a", "b"), []),
        (("a", "a"), [f"both pods of Pgpool-II are on the node a: {AWAY}"]),
        (("a", "a", "a"), [f"all 3 pods of Pgpool-II are on the node a: {AWAY}"]),
    ],
)
def test_pgpool(nodes: tuple[str, ...], said: list[str]) -> None:
    assert shared_nodes(proxies(*nodes), contract()) == said


def test_pods_that_go_or_have_ended_and_those_of_others_do_not_count() -> None:
    leaving = {"deletionTimestamp": "2026-11-28T10:00:00Z"}
    pods = [
        *instances("a", "b"),
        pod("shop-3", "a", **leaving),
        pod("other-1", "b"),
        *proxies("a"),
        pod("shop-pgpool-2", "a", PROXY, **leaving),
        pod("shop-pgpool-3", "a", PROXY, phase="Failed"),
        pod("shop-pgpool-4", "a", PROXY, phase="Succeeded"),
    ]
    assert shared_nodes(pods, contract()) == []
    # Those that end hide none that share.
    assert len(shared_nodes([*pods, pod("shop-3", "b")], contract())) == 1


def test_on_a_single_node_both_are_said() -> None:
    found = shared_nodes([*instances("a", "a", "a"), *proxies("a", "a")], contract())
    assert [sentence.partition(" on the node")[0] for sentence in found] == [
        "shop-1 (primary), shop-2 and shop-3 are all",
        "both pods of Pgpool-II are",
    ]


def test_is_offered_by_its_name_and_refuses_what_is_no_list(render: Callable[[str, str], Any]) -> None:
    assert FilterModule().filters() == {"shared_nodes": shared_nodes}
    variables = yaml.safe_dump({"pods": proxies("a", "a"), "contract": contract()})
    assert len(render("{{ pods | pgha.kubernetes.shared_nodes(contract) }}", variables)) == 1
    with pytest.raises(AnsibleFilterError, match="not dict"):
        shared_nodes({}, contract())


def test_verify_and_status_note_it_and_do_not_fail(render: Callable[[str, str], Any]) -> None:
    """Where pods cannot be read, the other answers stay."""
    [read, note] = yaml.safe_load((ROLES / "pgpool/tasks/verify_nodes.yml").read_text("utf-8"))
    assert read["failed_when"] is False
    known = {
        "__pgpool_contract": contract(),
        "__pgpool_placed": {"results": [{"resources": instances("a", "b", "a")}, {"msg": "it may not be read"}]},
        "pgpool_verify_result": {"notes": ["one"], "problems": []},
        "__pgpool_shared_nodes": note["vars"]["__pgpool_shared_nodes"],
    }
    found = render(note["ansible.builtin.set_fact"]["pgpool_verify_result"], yaml.safe_dump(known))
    assert found["problems"] == []
    assert [sentence.partition(" are ")[0] for sentence in found["notes"]] == ["one", "shop-1 (primary) and shop-3"]
    for name in ("judge", "absent"):
        tasks = yaml.safe_load((ROLES / f"pgpool/tasks/verify_{name}.yml").read_text("utf-8"))
        assert "verify_nodes.yml" in [task.get("ansible.builtin.include_tasks") for task in tasks]

    tasks = yaml.safe_load((ROLES / "monitoring/tasks/status_report.yml").read_text("utf-8"))
    assert [task["failed_when"] for task in tasks if task.get("register") == "__monitoring_status_instance_pods"] == [
        False
    ]
    known = {
        "postgres_cluster_result": contract(),
        "__monitoring_status_instance_pods": {"msg": "it may not be read"},
        "__monitoring_status_pgpool_pods": {"resources": proxies("a", "a")},
        "monitoring_status_result": {"problems": [], "notes": []},
        **tasks[-1]["vars"],
    }
    found = render(tasks[-1]["ansible.builtin.set_fact"]["monitoring_status_result"], yaml.safe_dump(known))
    assert found == {"problems": [], "notes": [f"both pods of Pgpool-II are on the node a: {AWAY}"]}


@pytest.mark.parametrize(
    ("role_label", "state", "asked"),
    [
        ("cnpg.io/instanceRole", "present", [["cnpg.io/instanceRole"], ["a=b"]]),
        ("cnpg.io/instanceRole", "absent", [["cnpg.io/instanceRole"]]),
        # A cluster that something else made: without a label, all pods of the namespace would be read.
        ("", "present", [["a=b"]]),
    ],
)
def test_which_pods_are_read(render: Callable[[str, str], Any], role_label: str, state: str, asked: list[Any]) -> None:
    [read, _note] = yaml.safe_load((ROLES / "pgpool/tasks/verify_nodes.yml").read_text("utf-8"))
    known = {
        "__pgpool_contract": {"role_label": role_label},
        "__pgpool_pod_selector": {"a": "b"},
        "pgpool_state": state,
    }
    assert render(read["loop"], yaml.safe_dump(known)) == asked
