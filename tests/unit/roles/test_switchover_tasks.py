# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of a switchover, and of the clients that see it, where something does not answer. Nothing asks an API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_verify import verdict

ROLES = Path(__file__).resolve().parents[3] / "roles"
PARTS = ("block", "rescue", "always")
LIMIT = 4  # seconds, in place of a task's own


def load(role: str, name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((ROLES / role / "tasks" / f"{name}.yml").read_text(encoding="utf-8"))


def stand_in(tasks: list[dict[str, Any]], instead: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tasks with other modules in place of theirs, and all that is said about those: limits, conditions.

    :param instead: for the end of a task's name, or the name of its module, what it is to be
    """
    made = []
    for task in tasks:
        inner = {part: stand_in(task[part], instead) for part in PARTS if part in task}
        one = {key: value for key, value in {**task, **inner}.items() if key != "module_defaults"}
        for key, value in instead.items():
            module = next((name for name in task if "." in name), "")
            if key in (module, task["name"].rpartition(" | ")[2]):
                one.pop(module)
                one |= value
                break
        if "timeout" in one:
            one["timeout"] = LIMIT
        if "delay" in one:
            one["delay"] = 0
        if isinstance(one.get("retries"), int):
            one["retries"] = min(one["retries"], 3)
        made.append(one)
    return made


# A module that gives its first answer at its first call, and its last one from then on.
ANSWER = """
import json, pathlib, sys
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({"answers": {"type": "list", "elements": "dict"}, "calls": {"type": "path"}})
calls = pathlib.Path(module.params["calls"])
number = len(calls.read_text()) if calls.exists() else 0
calls.write_text("x" * (number + 1))
answers = module.params["answers"]
answer = answers[min(number, len(answers) - 1)]
module.fail_json(**answer) if "msg" in answer else module.exit_json(**answer)
"""


def answers(folder: Path, name: str, *given: dict[str, Any]) -> dict[str, Any]:
    """Say what the API answers, one after another; one with `msg` is a failure."""
    return {"answer": {"answers": list(given), "calls": str(folder / f"{name}.calls")}}


def calls(folder: Path, name: str) -> int:
    return len((folder / f"{name}.calls").read_text(encoding="utf-8"))


def run(
    folder: Path,
    role: str,
    file: str | list[dict[str, Any]],
    instead: dict[str, dict[str, Any]],
    **known: Any,
) -> subprocess.CompletedProcess[str]:
    """Run a task file of a role, or tasks that include some, with stand-ins."""
    folder.joinpath("library").mkdir(exist_ok=True)
    folder.joinpath("library/answer.py").write_text(ANSWER, encoding="utf-8")
    for path in (ROLES / role / "tasks").glob("*.yml"):
        made = stand_in(yaml.safe_load(path.read_text(encoding="utf-8")), instead)
        folder.joinpath(path.name).write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
    tasks = [*([{"include_tasks": file}] if isinstance(file, str) else file), {"debug": {"msg": "the run goes on"}}]
    known = {"ansible_python_interpreter": sys.executable, **known}
    play = {"hosts": "localhost", "gather_facts": False, "vars": known, "tasks": tasks}
    folder.joinpath("play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    # The filters are those of this checkout.
    own = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_COLLECTIONS_PATH": str(ROLES.parent / "playbooks/collections")}
    return subprocess.run(
        ["ansible-playbook", "--inventory=localhost,", "--connection=local", str(folder / "play.yml")],
        env={**os.environ, **own}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def program(script: str) -> dict[str, Any]:
    """Say what a program in a pod comes to."""
    return {"ansible.builtin.command": {"argv": ["sh", "-c", script]}}


SAYS = {"ansible.builtin.debug": {"msg": "the operator is told"}}
NOTHING = {"ansible.builtin.debug": {"msg": "nothing"}}
INSTANCES = [
    {"name": name, "pod": name, "ready": True, "role": role}
    for name, role in (("pg-1", "standby"), ("pg-2", "primary"))
]
CLUSTER = {
    "postgres_cluster_name": "pg",
    "postgres_cluster_namespace": "demo",
    "postgres_cluster_operator": "cloudnativepg",
    "postgres_cluster_switchover_timeout": 4,
    "postgres_cluster_result": {"ready": True, "role_label": "role", "instances": INSTANCES},
    "__postgres_cluster_containers": {"cloudnativepg": "postgres"},
    "__postgres_cluster_psql": "psql",
    "__postgres_cluster_asked": ["pg-1", "pg-2"],
    "__postgres_cluster_switchover": {"needed": True, "from": "pg-1", "to": "pg-2", "patch": {}},
    "__postgres_cluster_switchover_of": "pg",
    "__postgres_cluster_switchover_planned": "pg",
}


def switch(folder: Path, primary: str, standby: str, seconds: int = 60) -> subprocess.CompletedProcess[str]:
    """Run switchover.yml: what the CHECKPOINTs of both come to."""
    instead = {
        "Have it write them": program(
            f"case {{{{ __postgres_cluster_checkpoint_pod }}}} in pg-1) {primary} ;; *) {standby} ;; esac"
        ),
        "pgha.kubernetes.patch_status": SAYS,
        "Wait until it is done": NOTHING,
        "Wait until all instances are ready": NOTHING,
        "Compare who is what for whom": NOTHING,
    }
    known = {**CLUSTER, "postgres_cluster_checkpoint_timeout": seconds}
    return run(folder, "postgres_cluster", "switchover.yml", instead, **known)


FULL = "echo 'no space left' >&2; exit 1"


@pytest.mark.parametrize(
    ("primary", "standby", "seconds", "said"),
    [
        ("exit 0", "exit 0", 60, []),
        ("exit 0", "exit 124", 60, ["pg-2 has not written its dirty pages: CHECKPOINT did not end within 60 s"]),
        ("exit 0", "sleep 9", 60, ["pg-2 has not written its dirty pages: CHECKPOINT did not end within 60 s"]),
        (FULL, FULL, 60, [f"{name} has not written its dirty pages: no space left" for name in ("pg-1", "pg-2")]),
        ("exit 124", "exit 124", 0, []),
    ],
)
def test_a_switchover_goes_on_where_nothing_holds_it_up(
    tmp_path: Path, primary: str, standby: str, seconds: int, said: list[str]
) -> None:
    """A full volume is a reason for one. The operator, too, goes on where PostgreSQL refuses a CHECKPOINT."""
    done = switch(tmp_path, primary, standby, seconds)
    assert done.returncode == 0, done.stdout
    assert "the operator is told" in done.stdout
    assert "the run goes on" in done.stdout
    assert ("has not written" in done.stdout) is bool(said)
    # Shown as a failure is Ansible's own limit alone.
    assert ("rescued=1" in done.stdout) is ("sleep" in standby)
    for words in said:
        assert words in done.stdout


@pytest.mark.parametrize("primary", ["exit 124", "sleep 9"])
def test_a_primary_that_writes_too_slowly_is_refused_before_anything_moves(tmp_path: Path, primary: str) -> None:
    """The operator would take it out of its Service, and then wait for a CHECKPOINT of its own without limit."""
    done = switch(tmp_path, primary, "exit 0")
    assert done.returncode == 2
    assert "the operator is told" not in done.stdout
    for words in (
        "pg-1 has not written its dirty pages: CHECKPOINT did not end within 60 s (postgres_cluster_checkpoint_timeout",
        "kubectl -n demo exec pg-1 -c postgres -- psql -c CHECKPOINT",
        "a larger postgres_cluster_checkpoint_timeout; 0 goes on",
    ):
        assert words in done.stdout


PLAN = {"ansible.builtin.include_tasks": "switchover_plan.yml"}
SWITCH = {"ansible.builtin.include_tasks": "switchover.yml"}
TO_OTHER = {"vars": {"postgres_cluster_switchover_to": "pg-3"}}


@pytest.mark.parametrize(
    ("tasks", "planned"),
    [
        ([SWITCH], ["pg-1"]),
        ([PLAN, SWITCH], ["pg-1"]),
        ([SWITCH, SWITCH], ["pg-1", "pg-1"]),
        ([PLAN, SWITCH, SWITCH | TO_OTHER], ["pg-1", "pg-3"]),
        ([PLAN, SWITCH | TO_OTHER], ["pg-1", "pg-3"]),
    ],
)
def test_each_switchover_has_a_plan_of_its_own(tmp_path: Path, tasks: list[dict[str, Any]], planned: list[str]) -> None:
    """That of one before would have it do nothing: nobody has to be told of the primary that it chose."""
    instances = [{"name": name, "pod": name, "ready": True, "role": role, "application_name": name}
                 for name, role in (("pg-1", "standby"), ("pg-2", "primary"), ("pg-3", "standby"))]  # fmt: skip
    cluster = {"name": "pg", "namespace": "demo", "operator": "cloudnativepg", "exists": True, "ready": True}
    rows = ["application_name,state,sync_state,behind,unreceived"]
    rows += [f"{name},streaming,quorum,0,0" for name in ("pg-1", "pg-3")]
    instead = {
        "pgha.kubernetes.check_variables": NOTHING,
        "Find the cluster": NOTHING,
        "pgha.kubernetes.pod_exec": program(f"printf '%s\\n' {' '.join(rows)}"),
        "Have both write what they hold": NOTHING,
        "pgha.kubernetes.patch_status": SAYS,
        "Wait until it is done": NOTHING,
        "Wait until all instances are ready": NOTHING,
        "Compare who is what for whom": NOTHING,
    }
    variables = yaml.safe_load((ROLES / "postgres_cluster/vars/main.yml").read_text(encoding="utf-8"))
    known = {
        **{name: value for name, value in CLUSTER.items() if not name.startswith("__postgres_cluster_switchover")},
        "__postgres_cluster_switchover_of": variables["__postgres_cluster_switchover_of"],
        "__postgres_cluster_place": "here",
        "postgres_cluster_switchover_to": "pg-1",
        "postgres_cluster_checkpoint_timeout": 60,
        "postgres_cluster_result": {**cluster, "hibernated": False, "pending": [], "instances": instances},
    }
    done = run(tmp_path, "postgres_cluster", tasks, instead, **known)
    assert done.returncode == 0, done.stdout
    assert re.findall(r"Makes (pg-\d) the primary of pg in place of pg-2", done.stdout) == planned


@pytest.mark.parametrize(("needed", "state"), [(True, ""), (True, "present"), (True, "absent"), (False, "")])
@pytest.mark.parametrize("fails", [True, False])
def test_the_client_of_something_before_is_not_asked(tmp_path: Path, needed: bool, state: str, fails: bool) -> None:
    """verify.yml has named a Job in the same run, and another switchover had clients."""
    [play] = yaml.safe_load((ROLES.parent / "playbooks/switchover.yml").read_text(encoding="utf-8"))
    plan = {"needed": needed, "from": "pg-1", "to": "pg-2"}
    seen = {"__pgpool_ledger": {"summary": "what these clients saw", "problems": []}}
    writes = {"ansible.builtin.fail": {"msg": "there is nothing to write through"}} if state == "absent" else NOTHING
    instead = {
        "Choose the standby, or refuse": {"ansible.builtin.set_fact": {"__postgres_cluster_switchover": plan}},
        "Have a client write through Pgpool-II": writes,
        "Make the standby the primary": {"ansible.builtin.fail": {"msg": "no"}} if fails else NOTHING,
        "Ask the client what it saw": {"ansible.builtin.set_fact": seen},
        "Take the client away": {"ansible.builtin.debug": {"msg": "it is taken away"}},
        "Wait until Pgpool-II has taken all instances back": NOTHING,
        "Use the PostgreSQL cluster through Pgpool-II": NOTHING,
    }
    before = {
        "__pgpool_job_name": "pg-pgpool-verify-1",
        "__pgpool_ledger": {"summary": "what clients saw before", "problems": ["one lost a row"]},
    }
    known = {
        "postgres_cluster_result": {"name": "pg", **CLUSTER["postgres_cluster_result"]},
        "__postgres_cluster_switchover_seconds": 1,
        "__postgres_cluster_role_answers": {},
        "__postgres_cluster_role_pods": [],
    }
    if state:
        known["pgpool_state"] = state
    tasks = [{"ansible.builtin.set_fact": before}, *stand_in(play["tasks"], instead)]
    done = run(tmp_path, "postgres_cluster", tasks, {}, **known, **play["vars"])
    has_client = needed and state != "absent"
    assert done.returncode == (2 if fails else 0), done.stdout
    assert "what clients saw before" not in done.stdout
    assert ("it is taken away" in done.stdout) is (has_client and fails)
    if not fails:
        said = "what these clients saw" if has_client else "No client wrote through Pgpool-II meanwhile."
        assert said in done.stdout


@pytest.mark.parametrize("fails", [True, False])
def test_the_result_is_kept_before_the_last_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    """Another run finds the primary where it is wanted, and moves nothing. What Pgpool-II said before is of no use."""
    [play] = yaml.safe_load((ROLES.parent / "playbooks/switchover.yml").read_text(encoding="utf-8"))
    roles = {"pg-1": "standby", "pg-2": "primary"}
    nodes = [{"hostname": f"{name}.demo.svc", "pg_role": role} for name, role in roles.items()]
    seen = {"pgpool_verify_result": {"nodes": nodes}}
    last = {"ansible.builtin.fail": {"msg": "no"}} if fails else {"ansible.builtin.set_fact": seen}
    instead = {"Use the PostgreSQL cluster through Pgpool-II": last, "ansible.builtin.include_role": NOTHING}
    known = {
        "postgres_cluster_result": {"name": "pg", **CLUSTER["postgres_cluster_result"]},
        "__postgres_cluster_switchover": CLUSTER["__postgres_cluster_switchover"],
        "__postgres_cluster_switchover_within": 1,
        "__postgres_cluster_switchover_seconds": 1,
        "__postgres_cluster_role_answers": {},
        "__postgres_cluster_role_pods": [],
    }
    before = {"pgpool_verify_result": {"nodes": [{**node, "pg_role": "before"} for node in nodes]}}
    monkeypatch.setenv("ANSIBLE_SHOW_CUSTOM_STATS", "1")
    monkeypatch.setenv("ANSIBLE_CALLBACK_RESULT_FORMAT", "json")
    tasks = [{"ansible.builtin.set_fact": before}, *stand_in(play["tasks"], instead)]
    done = run(tmp_path, "postgres_cluster", tasks, {}, **known, **play["vars"])
    assert done.returncode == (2 if fails else 0), done.stdout
    kept = json.loads(re.findall(r"RUN: (\{.*\})", done.stdout)[-1])["switchover"]["localhost"]
    assert (kept["from"], kept["to"], kept["changed"]) == ("pg-1", "pg-2", True)
    views = {view["name"]: view.get("pgpool") for view in kept["views"]}
    assert views == (dict.fromkeys(roles) if fails else roles)


@pytest.mark.parametrize(
    ("pending", "operator", "said"),
    [
        ([], [], ""),
        ([], ["no pod of the operator is available"], "no pod of the operator is available"),
        (["it does not exist"], [], "the PostgreSQL cluster pg is not well: it does not exist"),
    ],
)
def test_verify_looks_at_a_cluster_without_pgpool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pending: list[str], operator: list[str], said: str
) -> None:
    found = {"name": "pg", "pending": pending, "role_label": "role", "instances": INSTANCES}
    cluster = {"postgres_cluster_result": found}
    pods = [{"metadata": {"name": one["pod"]}, "spec": {"nodeName": "worker"}} for one in INSTANCES]
    note = "pg-1 and pg-2 (primary) are both on the node worker: where it is lost, nobody is left to be promoted"
    # Pods that cannot be read fail nothing.
    placed = {"msg": "it may not be read"} if operator else {"resources": pods}
    instead = {
        "Read the cluster": {"ansible.builtin.set_fact": cluster},
        "Read on which nodes pods are": answers(tmp_path, "pods", placed),
        "Look for it": {"ansible.builtin.set_fact": {"__postgres_cluster_operator_problems": operator}},
        # With these, it would be used.
        **{name: {"ansible.builtin.fail": {"msg": name}} for name in ("Find the cluster and its users", "Use it")},
    }
    known = {
        **dict.fromkeys(("__pgpool_checked", "__pgpool_variables_digest", "__pgpool_postgres_place"), ""),
        "__postgres_cluster_result_of": "another",
        "__pgpool_contract": "{{ postgres_cluster_result }}",
        "__pgpool_verify_group": "pgha_verify_all",
        "pgpool_postgres_name": "pg",
        "pgpool_state": "absent",
    }
    notes = [] if operator else [note]
    monkeypatch.setenv("ANSIBLE_SHOW_CUSTOM_STATS", "1")
    monkeypatch.setenv("ANSIBLE_CALLBACK_RESULT_FORMAT", "json")
    done = run(tmp_path, "pgpool", "verify.yml", instead, **known)
    assert done.returncode == (2 if said else 0), done.stdout
    assert "nothing is tried through Pgpool-II, as pg is to have none." in done.stdout
    kept = json.loads(re.findall(r"RUN: (\{.*\})", done.stdout)[-1])["pgpool_verify"]["localhost"]
    assert kept.pop("state") == "absent"
    assert kept == {**verdict("", standbys=0), "problems": [said] if said else [], "notes": notes, "table": ""}
    assert done.stdout.count(f'"msg": "{note}"') == len(notes)


@pytest.mark.parametrize(("role", "said", "ago", "over", "failed"), [
    ("standby", "t\n", 0, True, False),
    ("standby", "f\n", 0, False, True),
    ("standby", "f\n", 121, True, True),
    ("primary", "f\n", 121, True, False),
    ("primary", "", 121, True, True),
])  # fmt: skip
def test_who_is_what_is_waited_for_by_the_clock(
    render: Callable[[str, str], Any], role: str, said: str, ago: int, over: bool, failed: bool
) -> None:
    """However long each answer takes."""
    [block] = [task for task in load("postgres_cluster", "roles") if "block" in task]
    [ask] = [task for task in block["block"] if "pgha.kubernetes.pod_exec" in task]
    given = {
        **ask["vars"],
        "postgres_cluster_switchover_timeout": 120,
        "__postgres_cluster_item": {"role": role},
        "__postgres_cluster_roles_began": time.time() - ago,
        "__postgres_cluster_in_recovery": {"stdout": said, "failed": failed},
    }
    assert render("{{ " + ask["until"] + " }}", yaml.safe_dump(given)) is over
    assert render("{{ " + ask["failed_when"] + " }}", yaml.safe_dump(given)) is failed
    assert ask["retries"] == "{{ postgres_cluster_switchover_timeout | int }}"


@pytest.mark.parametrize("script", ["echo nothing", "sleep 9"])
def test_who_does_not_answer_is_explained(tmp_path: Path, script: str) -> None:
    instead = {
        "pgha.kubernetes.pod_exec": program(script),
        "Say who does not agree": {"ansible.builtin.fail": {"msg": "why: {{ __postgres_cluster_first }}"}},
    }
    known = {**CLUSTER, "postgres_cluster_switchover_timeout": 1}
    done = run(tmp_path, "postgres_cluster", "roles.yml", instead, **known)
    assert done.returncode == 2
    assert "why: After 1 s (postgres_cluster_switchover_timeout) PostgreSQL" in done.stdout


def test_what_is_asked_in_a_switchover_has_an_end(render: Callable[[str, str], Any]) -> None:
    """The module pod_exec has none: in the pod there is one, and another one where the end does not get here."""
    asked = []
    for name in ("checkpoint", "roles"):
        [block] = [task for task in load("postgres_cluster", name) if "block" in task]
        asked += [task for task in block["block"] if "pgha.kubernetes.pod_exec" in task]
        assert "rescue" in block  # Ansible's limit is none of the answers that `until` and `failed_when` judge
    assert len(asked) == 2
    for task in asked:
        command = task["pgha.kubernetes.pod_exec"]["command"]
        limit = re.match(r"timeout (.+) {{ __postgres_cluster_psql }}", command)
        given = "{postgres_cluster_checkpoint_timeout: 60}"
        assert int(render(limit[1], given)) * 2 <= int(render(str(task["timeout"]), given))


POOL = {"pgpool_name": "pg-pgpool", "pgpool_postgres_namespace": "demo", "__pgpool_job_name": "pg-pgpool-verify-1"}
AWAY = {"msg": "the API is away"}
DELETED = {"result": {}, "method": "delete"}


@pytest.mark.parametrize(("given", "number", "stays"), [
    ([DELETED], 1, False),
    ([AWAY, DELETED], 2, False),
    ([AWAY], 4, True),
])  # fmt: skip
@pytest.mark.parametrize("fails", [True, False])
def test_a_job_that_cannot_be_deleted_hides_nothing(
    tmp_path: Path, given: list[dict[str, Any]], number: int, stays: bool, fails: bool
) -> None:
    """Neither that a run went well nor why it did not."""
    what = {"fail": {"msg": "the first failure"}} if fails else {"debug": {"msg": "all is well"}}
    tasks = [
        {
            "block": [{"block": [what], "always": [{"include_tasks": "job_absent.yml"}]}],
            "rescue": [{"fail": {"msg": "said last: {{ ansible_failed_result.msg }}"}}],
        }
    ]
    instead = {"kubernetes.core.k8s": answers(tmp_path, "delete", *given)}
    done = run(tmp_path, "pgpool", tasks, instead, **POOL)
    assert calls(tmp_path, "delete") == number
    assert ("pg-pgpool-verify-1 is not deleted: the API is away" in done.stdout) is stays
    assert ("said last: the first failure" if fails else "the run goes on") in done.stdout
    assert done.returncode == (2 if fails else 0)


def test_why_a_job_failed_is_said_where_nothing_more_can_be_read(tmp_path: Path) -> None:
    explain = {"include_tasks": "job_explain.yml", "vars": {"__pgpool_job_failure": "It did not end well:"}}
    tasks = [{"block": [{"fail": {"msg": "the first failure"}}], "rescue": [explain]}]
    instead = {"pgha.kubernetes.read": answers(tmp_path, "read", AWAY)}
    done = run(tmp_path, "pgpool", tasks, instead, **POOL)
    assert done.returncode == 2
    assert "It did not end well:" in done.stdout


LEDGER = {
    **{name: value for name, value in POOL.items() if name != "__pgpool_job_name"},
    "pgpool_verify_timeout": 5,
    "__pgpool_checked": "digest",
    "__pgpool_variables_digest": "digest",
    "__pgpool_job_base": "pg-pgpool",
    "__pgpool_exporter_image": "r.io/pgpool:4.6",
}


def pod(name: str = "pg-pgpool-ledger-1-x", **state: Any) -> dict[str, Any]:
    statuses = {"containerStatuses": [{"name": "verify", "state": state}]} if state else {}
    return {"kind": "Pod", "metadata": {"name": name}, "status": statuses}


def start(folder: Path, pods: list[dict[str, Any]], log: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    """Run ledger_start.yml: the pods that there are, and what its log says, at each look."""
    instead = {
        "Find the cluster and its users": NOTHING,
        "Name the Job": {"ansible.builtin.set_fact": {"__pgpool_job_name": "pg-pgpool-ledger-1", **NO_LOG}},
        "Start it": NOTHING,
        "Wait until its pod has started": answers(folder, "pods", *pods),
        "pgha.kubernetes.read_log": answers(folder, "log", *log),
        "pgha.kubernetes.read": answers(folder, "explain", pods[-1]),
        "kubernetes.core.k8s": answers(folder, "delete", DELETED),
    }
    return run(folder, "pgpool", "ledger_start.yml", instead, **LEDGER)


NO_LOG = {"__pgpool_ledger_log": {}}
PULLING = {"waiting": {"reason": "ContainerCreating"}}
NOT_PULLED = {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}


def test_clients_write_once_their_image_is_there(tmp_path: Path) -> None:
    """That may take minutes on a node that has never run it; the 30 s that they have are for what comes then."""
    beside = pod(**PULLING)
    beside["status"]["containerStatuses"].insert(0, {"name": "istio-proxy", "state": {"running": {}}})
    pods = [[], [pod()], [beside], [pod(running={})]]
    looks = [AWAY, *({"resources": found} for found in pods)]
    done = start(tmp_path, looks, [AWAY, {"log": ""}, {"log": "x\nready\n"}])
    assert done.returncode == 0, done.stdout
    assert (calls(tmp_path, "pods"), calls(tmp_path, "log")) == (5, 3)
    assert not (tmp_path / "delete.calls").exists()


@pytest.mark.parametrize(
    ("state", "log", "said"),
    [
        (NOT_PULLED, "", "container verify: ErrImagePull no such host"),
        ({"terminated": {"exitCode": 1}}, "no user may make a schema", "no user may make a schema"),
    ],
)
def test_why_no_client_writes(tmp_path: Path, state: dict[str, Any], log: str, said: str) -> None:
    done = start(tmp_path, [{"resources": [pod(**state)]}], [{"log": log}])
    assert done.returncode == 2
    # While the pod is there to be looked at.
    told, _, later = done.stdout.partition("TASK [Job absent | Delete it]")
    told = told.partition("TASK [Job explain | Say why it does not run]")[2]
    for words in (said, "image r.io/pgpool:4.6", "--skip-tags ledger"):
        assert words in told
    assert later
    assert calls(tmp_path, "delete") == 1


def test_the_image_takes_no_time_from_the_clients() -> None:
    """The seconds of a Job count from when it is made, those of its program from when it begins."""
    known = yaml.safe_load((ROLES / "pgpool/vars/main.yml").read_text(encoding="utf-8"))["__pgpool_ledger_job"]
    assert known["timeout"] == "{{ (__pgpool_ledger_wanted.seconds | int) + (pgpool_verify_timeout | int) }}"


def facts(*servers: str) -> dict[str, Any]:
    seen = {"gap": 0.1, "gap_since": 0.0, "open": False, "interval": 0.03, "acknowledged": 9, "lost": 0, "in_doubt": 0}
    return {"log": json.dumps({"pgpool_write": {**seen, "failed": {}, "servers": servers}})}


@pytest.mark.parametrize(
    ("until", "servers", "said"),
    [
        ("moved", ["10.0.0.1", "10.0.0.2"], ""),
        ("moved", ["10.0.0.1"], "its clients ended before the primary moved"),
        ("moved", [], "its clients ended before the primary moved"),
        ("told", ["10.0.0.1"], ""),
    ],
)
def test_a_switchover_that_no_client_saw_is_not_measured(
    tmp_path: Path, until: str, servers: list[str], said: str
) -> None:
    """What it cost is not known then. A drill may be of another thing than the primary."""
    known = {
        **LEDGER,
        "__pgpool_job_name": "pg-pgpool-ledger-1",
        "__pgpool_ledger_wanted": {"until": until, "seconds": 180, "limit": "pgpool_verify_timeout"},
    }
    instead = {
        "Until its pod is there, or it has ended": answers(
            tmp_path, "job", {"resources": [{"status": {"conditions": [{"type": "Complete"}]}}]}
        ),
        "Until its program has ended, well or not, or its pod is gone": answers(
            tmp_path, "ended", {"resources": [pod(terminated={"exitCode": 0})]}
        ),
        "Find its pod": answers(tmp_path, "pods", {"resources": [pod(running={})]}),
        "pgha.kubernetes.pod_exec": program("exit 0"),
        "pgha.kubernetes.read_log": answers(tmp_path, "log", facts(*servers)),
        "pgha.kubernetes.read": answers(tmp_path, "explain", {"resources": []}),
        "kubernetes.core.k8s": answers(tmp_path, "delete", DELETED),
    }
    done = run(tmp_path, "pgpool", "ledger_end.yml", instead, **known)
    assert done.returncode == (2 if said else 0), done.stdout
    assert "No write was acknowledged for 0.10 s" in done.stdout or said
    told = done.stdout.partition("TASK [Job explain | Say why it does not run]")[2]
    assert said in told
    assert not said or ": raise pgpool_verify_timeout" in told
    assert calls(tmp_path, "delete") == 1


def test_clients_of_a_switchover_last_longer_than_it_may_take(render: Callable[[str, str], Any]) -> None:
    """The CHECKPOINTs of both, what is done about the Service, and the switchover itself come first."""
    asked = [task["ansible.builtin.include_tasks"] for task in load("postgres_cluster", "switchover_checkpoint")]
    assert asked == ["checkpoint.yml"] * 2
    [limit] = [one["timeout"] for one in with_blocks(load("postgres_cluster", "checkpoint")) if "timeout" in one]
    [switchover] = [task for task in load("postgres_cluster", "switchover") if "block" in task]
    [told] = [task["pgha.kubernetes.patch_status"] for task in switchover["block"] if "then_label" in str(task)]
    [chosen] = [
        task["ansible.builtin.set_fact"]["__postgres_cluster_switchover_within"]
        for task in load("postgres_cluster", "switchover_plan")
        if "__postgres_cluster_switchover_within" in str(task)
    ]
    given = "{postgres_cluster_switchover_timeout: 300, postgres_cluster_checkpoint_timeout: 900}"
    within = int(render(chosen, given))
    checkpoints = len(asked) * int(render(limit, given))
    assert within >= checkpoints + told["settle"] + 10 + 300  # 10 by default: `once.timeout`

    [play] = yaml.safe_load((ROLES.parent / "playbooks/switchover.yml").read_text(encoding="utf-8"))
    [start, end] = [task for task in with_blocks(play["tasks"]) if "ledger_" in str(task.get(ROLE))]
    assert start["vars"] == end["vars"]
    wanted = yaml.safe_load((ROLES / "pgpool/vars/main.yml").read_text(encoding="utf-8"))["__pgpool_ledger_wanted"]
    known = {**start["vars"], "pgpool_verify_timeout": 180, "__postgres_cluster_switchover_within": within}
    assert int(render(wanted["seconds"], yaml.safe_dump(known))) == 180 + within
    assert int(render(wanted["seconds"], "{pgpool_verify_timeout: 180}")) == 180


ROLE = "ansible.builtin.include_role"


def with_blocks(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*tasks, *(one for task in tasks for part in PARTS for one in with_blocks(task.get(part, [])))]
