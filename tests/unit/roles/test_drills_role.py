# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role drills: each drill has its tasks, its row in the README, and needs that are known."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.drills import NEEDS

ROLE = Path(__file__).resolve().parents[3] / "roles" / "drills"


def load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


CATALOGUE = load("vars/main.yml")["__drills_catalogue"]


def test_each_drill_has_its_tasks_and_the_other_way_round() -> None:
    files = {path.stem.removeprefix("drill_") for path in (ROLE / "tasks").glob("drill_*.yml")}
    assert files == set(CATALOGUE)


def test_each_drill_can_be_named() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert options["drills_names"]["choices"] == list(CATALOGUE)


def test_the_readme_has_a_row_for_each_drill() -> None:
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| (.*) \| (.*) \|$", readme, re.MULTILINE)
    assert [row for row in rows if row[0] in CATALOGUE] == [
        (name, drill["does"], ", ".join(drill.get("needs", []))) for name, drill in CATALOGUE.items()
    ]


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_a_drill_needs_is_known(name: str) -> None:
    assert set(CATALOGUE[name].get("needs", [])) <= set(NEEDS)


@pytest.mark.parametrize(
    ("name", "undoing"),
    [
        ("hung", "{{ __drills_signal }} CONT"),
        ("drill_standby_lagging", "SELECT pg_wal_replay_resume()"),
        ("drill_operator_away", "{{ __drills_operator[0].spec.replicas }}"),
        # The API server comes back by itself.
        ("drill_api_away", "__drills_answers is not failed"),
        ("drill_node_stopped", "start"),
        ("drill_node_stopped", "node_back.yml"),
        ("drill_node_paused", "unpause"),
        ("drill_node_isolated", "node_back.yml"),
        ("drill_node_drained", "uncordon"),
    ],
)
def test_what_lasts_is_undone_whatever_comes(name: str, undoing: str) -> None:
    *_, block = load(f"tasks/{name}.yml")
    assert block["block"]
    assert undoing in texts_in(block["always"])


@pytest.mark.parametrize(
    ("name", "whose"), [("primary_hung", "{{ __drills_primary }}"), ("standby_hung", "{{ __drills_standbys | first }}")]
)
def test_one_instance_hangs(name: str, whose: str) -> None:
    [task] = load(f"tasks/drill_{name}.yml")
    assert task["ansible.builtin.include_tasks"] == "hung.yml"
    assert task["vars"] == {"__drills_asked": whose}


@pytest.mark.parametrize(
    ("statuses", "goes_on"),
    [
        ([{"containerID": "c1", "state": {"running": {}}}], True),
        ([{"containerID": "c2", "state": {"running": {}}}], False),
        ([{"containerID": "c1", "state": {"terminated": {}}}], False),
        (None, False),
    ],
)
def test_the_container_that_was_stopped_goes_on_and_no_other(
    render: Callable[[str, str], Any], statuses: Any, goes_on: bool
) -> None:
    [block] = load("tasks/hung.yml")
    now = [] if statuses is None else [{"status": {"containerStatuses": statuses}}]
    given = {
        "__drills_asked": "pod-pg-2",
        "__drills_asked_pod": block["vars"]["__drills_asked_pod"],
        "__drills_hung": {"resources": now},
        "__drills_pods": [
            {"metadata": {"name": f"pod-pg-{number}"}, "status": {"containerStatuses": [{"containerID": container}]}}
            for number, container in ((1, "c2"), (2, "c1"))
        ],
    }
    assert render("{{ " + block["always"][1]["when"] + " }}", yaml.safe_dump(given)) is goes_on


def texts_in(found: Any) -> list[str]:
    """Return all texts of tasks, as deep as they are."""
    if isinstance(found, dict | list):
        return [text for one in (found.values() if isinstance(found, dict) else found) for text in texts_in(one)]
    return [str(found)]


def test_what_is_broken_for_others_is_asked_for() -> None:
    shared = {name for name, drill in CATALOGUE.items() if "shared" in drill.get("needs", [])}
    others = ("node_", "operator_", "prometheus_", "api_", "volume_")
    assert shared == {name for name in CATALOGUE if name.startswith(others)}


def test_what_is_prepared_is_undone() -> None:
    prepared = {name for name, drill in CATALOGUE.items() if drill.get("prepares")}
    files = {path.stem for path in (ROLE / "tasks").glob("*.yml")}
    assert {f"{when}_{name}" for name in prepared for when in ("prepare", "undo")} <= files
    [block] = [task for task in load("tasks/one.yml") if "block" in task]
    [undo] = block["always"]
    assert undo["ansible.builtin.include_tasks"] == "undo_{{ __drills_item[0].name }}.yml"


def test_a_prometheus_that_does_not_answer_costs_no_figures() -> None:
    """By then the cluster has been broken for them."""
    first, block = load("tasks/alerts.yml")
    assert first["ansible.builtin.set_fact"] == {"__drills_alerts": None}
    assert block["when"] == "__drills_asks_prometheus"
    assert [task["name"] for task in block["rescue"]] == ["Alerts | Say why there is none"]
    assert "__drills_alerts" in str(load("tasks/record.yml"))


def test_the_prometheus_is_that_of_the_role_and_not_any() -> None:
    shared = tasks_in(load("tasks/shared.yml"))
    reads = [task["pgha.kubernetes.read"] for task in shared if "pgha.kubernetes.read" in task]
    reads += next(task["loop"] for task in load("tasks/read.yml") if "loop" in task)
    asked = [read for read in reads if "prometheus" in str(read)]
    assert [read["namespace"] for read in asked] == ["{{ __drills_monitoring_namespace }}"] * 2


@pytest.mark.parametrize(
    ("given", "asks"),
    [
        ("__drills_prometheus: []", False),
        ("__drills_prometheus: [{}]", True),
        ("{__drills_prometheus: [], monitoring_flavor: prometheus_operator}", True),
    ],
)
def test_prometheus_is_asked_where_it_is_there(render: Callable[[str, str], Any], given: str, asks: bool) -> None:
    assert render(load("vars/main.yml")["__drills_asks_prometheus"], given) is asks


@pytest.mark.parametrize(
    ("found", "gone"),
    [
        ("{failed: false, resources: []}", True),
        ("{failed: false, resources: [{metadata: {uid: old}}]}", False),
        ("{failed: false, resources: [{metadata: {uid: new}}]}", True),
        ("{failed: true, msg: away}", False),
    ],
)
def test_objects_are_made_again_when_the_old_ones_have_gone(
    render: Callable[[str, str], Any], found: str, gone: bool
) -> None:
    tasks = {task["name"]: task for task in load("tasks/objects_deleted.yml")}
    names = [name.partition(" | ")[2] for name in tasks]
    assert names[names.index("Delete them") :][:3] == ["Delete them", "Wait until they have gone", "Make them again"]
    until = tasks["Objects deleted | Wait until they have gone"]["until"]
    assert render("{{ " + until + " }}", f"{{__drills_uids: [old], __drills_going: {found}}}") is gone


@pytest.mark.parametrize(
    ("given", "name"), [({}, "pg-pgpool"), ({"pgpool_name": ""}, "pg-pgpool"), ({"pgpool_name": "two"}, "two")]
)
def test_another_pgpool_of_the_cluster_is_left_alone(
    render: Callable[[str, str], Any], given: dict[str, str], name: str
) -> None:
    variables = {key: value for key, value in load("vars/main.yml").items() if key.startswith("__drills_pgpool_")}
    given = {**variables, **given, "postgres_cluster_result": {"name": "pg"}}
    [pods, kinds] = render("{{ [__drills_pgpool_pod_labels, __drills_pgpool_kinds] }}", yaml.safe_dump(given))
    mine = f"app.kubernetes.io/instance={name}"
    assert mine in pods
    assert [mine in kind["labels"] for kind in kinds] == ["of_instances" not in kind for kind in kinds]
    assert all("pgha.kubernetes/cluster=pg" in labels for labels in [pods, *(kind["labels"] for kind in kinds)])


def test_pods_that_have_ended_are_not_waited_for() -> None:
    reads = [
        task["pgha.kubernetes.read"]
        for path in ("tasks/shared.yml", "tasks/whole.yml")
        for task in load(path)
        if task.get("pgha.kubernetes.read", {}).get("kind") == "Pod"
    ]
    assert [read["field_selectors"] for read in reads] == ["{{ __drills_not_ended }}"] * 2
    looped = next(task["loop"] for task in load("tasks/read.yml") if "loop" in task)
    assert [read["fields"] for read in looped if "fields" in read] == ["{{ __drills_not_ended }}"] * 2


STANDBYS = {
    "instances": [
        {"role": role, "pod": f"pod-{name}", "application_name": name}
        for name, role in (("pg-1", "primary"), ("pg-2", "standby"), ("pg-3", "standby"))
    ]
}


@pytest.mark.parametrize(
    ("answer", "streams"),
    [
        ({"failed": False, "rc": 0, "stdout_lines": ["pg-2", "pg-3", ""]}, True),
        ({"failed": False, "rc": 0, "stdout_lines": ["pg-2"]}, False),
        ({"failed": False, "rc": 0, "stdout_lines": ["pg-2", "a_subscriber"]}, False),
        ({"failed": False, "rc": 2, "stdout_lines": []}, False),
        ({"failed": True, "msg": "away"}, False),
    ],
)
def test_all_standbys_have_to_stream(render: Callable[[str, str], Any], answer: dict[str, Any], streams: bool) -> None:
    [block] = load("tasks/streaming.yml")
    [task] = block["block"]
    assert "failed_when" not in task, "it would win over retries that ran out"
    given = {**block["vars"], "__drills_streaming": answer, "postgres_cluster_result": STANDBYS}
    assert render("{{ " + task["until"] + " }}", yaml.safe_dump(given)) is streams


def test_who_does_not_stream_is_said(render: Callable[[str, str], Any]) -> None:
    [block] = load("tasks/streaming.yml")
    [said] = block["rescue"]
    given = {**block["vars"], **said["vars"], "drills_timeout": 600, "postgres_cluster_result": STANDBYS}
    answer = {"failed": True, "rc": 0, "stdout_lines": ["pg-2"], "stderr": ""}
    message = render(said["ansible.builtin.fail"]["msg"], yaml.safe_dump({**given, "__drills_streaming": answer}))
    assert "600 s (drills_timeout): the primary sends to pg-2, and not to pg-3; docs/" in message
    answer = {"failed": True, "rc": 2, "stdout_lines": [], "stderr": "psql: no\n"}
    message = render(said["ansible.builtin.fail"]["msg"], yaml.safe_dump({**given, "__drills_streaming": answer}))
    assert "sends to none, and not to pg-2, pg-3 (psql: no); docs/" in message


@pytest.mark.parametrize(
    ("resources", "ready"),
    [
        (
            [
                {
                    "metadata": {"generation": 2},
                    "status": {"observedGeneration": 2, "availableReplicas": 1, "replicas": 2},
                }
            ],
            True,
        ),
        ([{"metadata": {"generation": 2}, "status": {"observedGeneration": 1, "availableReplicas": 2}}], False),
        ([{"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "replicas": 2}}], False),
        ([{"metadata": {"generation": 1}, "status": {}}], False),
        ([], False),
    ],
)
def test_one_pod_of_the_operator_is_enough(
    render: Callable[[str, str], Any], resources: list[dict[str, Any]], ready: bool
) -> None:
    block = load("tasks/shared.yml")[0]
    until = block["block"][0]["until"]
    given = yaml.safe_dump({"__drills_running": {"failed": False, "resources": resources}})
    assert render("{{ " + until + " }}", given) is ready
    assert "(drills_timeout)" in block["rescue"][0]["ansible.builtin.fail"]["msg"]


@pytest.mark.parametrize(
    ("found", "image"),
    [("[]", ""), ("[{spec: {template: {spec: {containers: [{image: cnpg:1}, {image: proxy:2}]}}}}]", "cnpg:1")],
)
def test_a_file_of_results_says_what_they_were_measured_with(
    render: Callable[[str, str], Any], found: str, image: str
) -> None:
    known = load("vars/main.yml")["__drills_operator_image"]
    assert render(known, f"__drills_operator: {found}") == image
    [written] = [task["ansible.builtin.copy"] for task in load("tasks/record.yml") if "ansible.builtin.copy" in task]
    given = {"__drills_records": [], "__drills_plan": [], "__drills_operator_image": "cnpg:1"}
    content = render(written["content"], yaml.safe_dump(given))
    assert yaml.safe_load(content if isinstance(content, str) else str(content))["operator"] == "cnpg:1"


@pytest.mark.parametrize("hold", [30, 3600])
def test_the_clients_last_longer_than_the_drill(render: Callable[[str, str], Any], hold: int) -> None:
    wanted = load("tasks/measured.yml")[0]["vars"]["__pgpool_ledger_wanted"]
    given = {"drills_timeout": 600, "drills_hold": hold, "drills_settle": 10}
    assert int(render(wanted["seconds"], yaml.safe_dump(given))) - 20 > 600 + hold * 3 + 10
    assert wanted["limit"] == "drills_timeout"


LEDGER = ROLE.parent / "pgpool" / "tasks" / "ledger_end.yml"
GOES_ON = {"status": {"containerStatuses": [{"name": "verify", "state": {"running": {}}}]}}


@pytest.mark.parametrize(
    ("pods", "well", "words"),
    [([], False, "within 1390 s (drills_timeout):"), ([GOES_ON], True, "within 180 s (pgpool_verify_timeout):")],
)
def test_clients_that_ended_before_the_drill_are_noticed(
    render: Callable[[str, str], Any], pods: list[Any], well: bool, words: str
) -> None:
    [block] = yaml.safe_load(LEDGER.read_text(encoding="utf-8"))
    given = yaml.safe_dump(
        {
            **block["vars"],
            **block["rescue"][0]["vars"],
            "__pgpool_ledger_wanted": {"until": "told", "seconds": 1390, "limit": "drills_timeout"},
            "__pgpool_ledger_pods": {"resources": pods},
            "pgpool_verify_timeout": 180,
        }
    )
    [check] = [task["ansible.builtin.assert"] for task in block["block"] if "ansible.builtin.assert" in task]
    assert render("{{ " + check["that"] + " }}", given) is well
    assert render(check["fail_msg"], given).endswith(": raise drills_timeout")
    assert words in render("{{ __pgpool_job_failure }}", given)


def test_psql_calls_functions_of_postgresql_alone(render: Callable[[str, str], Any]) -> None:
    """Also where a shell reads it, to which `?` is a pattern."""
    database = "--dbname=postgresql:///postgres?options=-csearch_path%3Dpg_catalog"
    variables = load("vars/main.yml")
    loop = next(task for task in load("tasks/drill_volume_full.yml") if "__drills_loop" in task.get("vars", {}))
    given = {"__drills_psql": variables["__drills_psql"], **loop["vars"]}
    assert database in shlex.split(render("{{ __drills_psql }}", yaml.safe_dump(given)))
    [_sh, _c, script] = shlex.split(render(loop["pgha.kubernetes.pod_exec"]["command"], yaml.safe_dump(given)))
    assert f"'{database.partition('=')[2]}'" in script
    assert database in shlex.split(script)


def tasks_in(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tasks, those of blocks too."""
    inner = [one for task in tasks for key in ("block", "rescue", "always") for one in tasks_in(task.get(key, []))]
    return [*tasks, *inner]
