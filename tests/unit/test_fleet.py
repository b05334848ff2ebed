# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of many PostgreSQL clusters: what runs for which host, whom a failure stops, and what a stand-in says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg
from program import program

ROOT = Path(__file__).resolve().parents[2]
SIZE = 200
READS = ("pgha.kubernetes.read", "kubernetes.core.k8s_info")


def listed(tmp_path: Path, *arguments: str) -> dict[str, list[str]]:
    """Return the hosts of each play of site.yml, by its name."""
    kubernetes = {"east": {}, "west": {}}
    postgres = {f"shop-{number:03}": {} for number in range(1, SIZE + 1)}
    groups = {"kubernetes_clusters": {"hosts": kubernetes}, "postgres_clusters": {"hosts": postgres}}
    inventory = tmp_path / "fleet.json"
    inventory.write_text(json.dumps({"all": {"children": groups}}))
    site = str(ROOT / "playbooks" / "site.yml")
    done = subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", "--list-hosts", *arguments, site],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    plays = re.split(r"^  play #[0-9]+ ", done.stdout, flags=re.MULTILINE)[1:]
    return {re.search(r": (.*?)\tTAGS", play)[1]: re.findall(r"^      (\S+)$", play, re.MULTILINE) for play in plays}


def test_operators_and_prometheus_are_seen_to_once_for_each_kubernetes_cluster(tmp_path: Path) -> None:
    hosts = {name: len(found) for name, found in listed(tmp_path).items()}
    assert hosts == {
        "Check what the Kubernetes clusters are to get": 2,
        "Check what the PostgreSQL clusters are to get": SIZE,
        "Install CloudNativePG": 2,
        "Install KubeDB": 2,
        "Make the PostgreSQL clusters": SIZE,
        "Put Pgpool-II in front of the PostgreSQL clusters": SIZE,
        "Watch over the Kubernetes clusters": 2,
    }


def test_a_limit_is_one_postgresql_cluster_and_nothing_else(tmp_path: Path) -> None:
    hosts = listed(tmp_path, "--limit=shop-042")
    assert {name for found in hosts.values() for name in found} == {"shop-042"}


def test_one_that_is_refused_stops_the_others_only_where_that_can_be_told() -> None:
    """But for confirmations, of which a wrong one is about the whole run, and what all on it need."""
    about_all = {
        "hibernate": "Ask before anything is stopped",
        "teardown": "Ask before anything is removed",
        "preflight": "Check what the Kubernetes clusters are to get",
    }
    plays = {
        (path.stem, play["name"]): play
        for path in (ROOT / "playbooks").glob("*.yml")
        for play in yaml.safe_load(path.read_text())
        if "hosts" in play
    }
    assert {name for name, play in plays.items() if "any_errors_fatal" in play} == set(about_all.items())
    # Of any_errors_fatal, ansible-core takes a template for true, whatever it says, before 2.21.
    told = {play["max_fail_percentage"] for play in plays.values() if "max_fail_percentage" in play}
    assert told == {"{{ 0 if pgha_any_errors_fatal | default(true) | bool else 100 }}"}


def test_plays_in_which_one_host_counts_for_all_go_task_by_task() -> None:
    """With `free` or `host_pinned` in ansible.cfg, nothing stops another host, and each runs what is for all."""
    for path in (ROOT / "playbooks").glob("*.yml"):
        for play in yaml.safe_load(path.read_text()):
            about_all = {"any_errors_fatal", "max_fail_percentage"} & set(play) or "run_once" in yaml.safe_dump(play)
            assert play.get("strategy") == ("linear" if about_all else None), (path.stem, play["name"])


# In place of the role `drills`, which needs clusters: the first is refused, and the third fails in what it includes.
STAND_IN_DRILL = """
- name: Begin
  ansible.builtin.lineinfile: {path: "{{ ran }}", line: "{{ inventory_hostname }} begins", create: true}
- name: Refuse a cluster
  ansible.builtin.assert:
    that: inventory_hostname != 'shop-1'
    fail_msg: "pgha_drills_allowed is false (boolean) for {{ inventory_hostname }}"
- name: Keep the result
  ansible.builtin.set_stats:
    data: "{{ {'drills': {inventory_hostname: 'kept'}} }}"
- name: Run each
  ansible.builtin.include_tasks: one.yml
  loop: [1, 2]
- name: End
  ansible.builtin.lineinfile: {path: "{{ ran }}", line: "{{ inventory_hostname }} ends"}
"""
STAND_IN_DRILL_ONE = """
- name: Say what is not known
  ansible.builtin.debug: {msg: "{{ nobody_knows_this }}"}
  when: inventory_hostname == 'shop-3'
- name: Judge what is lost
  ansible.builtin.assert: {that: item != 'b', fail_msg: "{{ item }} is lost"}
  loop: [a, b]
  when: inventory_hostname == 'shop-5'
"""


def drilled(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run drill.yml of five PostgreSQL clusters, three of which fail, with another role in place of `drills`."""
    role = tmp_path / "ansible_collections/pgha/kubernetes/roles/drills/tasks"
    role.mkdir(parents=True)
    (role / "main.yml").write_text(STAND_IN_DRILL)
    (role / "one.yml").write_text(STAND_IN_DRILL_ONE)
    # A copy, as a playbook's own folder comes first where Ansible looks for collections.
    playbook = tmp_path / "drill.yml"
    playbook.write_text((ROOT / "playbooks/drill.yml").read_text())
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    postgres = {"hosts": {f"shop-{number}": {} for number in range(1, 6)}, "vars": local}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"children": {"postgres_clusters": postgres}}}))
    return subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", f"--extra-vars=ran={tmp_path / 'ran'}", *arguments,
         str(playbook)],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "ANSIBLE_NOCOLOR": "1",
             "ANSIBLE_SHOW_CUSTOM_STATS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_drill_that_fails_keeps_no_other_cluster_from_its_own(tmp_path: Path) -> None:
    done = drilled(tmp_path)
    ran = (tmp_path / "ran").read_text().splitlines()
    # One after the other.
    well = [f"shop-{number} {what}" for number in (2, 4) for what in ("begins", "ends")]
    assert ran == ["shop-1 begins", *well[:2], "shop-3 begins", *well[2:], "shop-5 begins"]
    assert done.returncode == 2, done.stdout
    recap = done.stdout.partition("PLAY RECAP")[2]
    failed = dict(re.findall(r"^(shop-\d) .* failed=(\d+)", recap, re.MULTILINE))
    assert failed == {"shop-1": "1", "shop-2": "0", "shop-3": "1", "shop-4": "0", "shop-5": "1"}
    # Each is named with its reason at the end, where it is looked for.
    end = done.stdout.rpartition("\nTASK [")[2].partition("PLAY RECAP")[0]
    assert "Refuse a cluster: pgha_drills_allowed is false (boolean) for shop-1" in end, end
    assert "Judge what is lost: b is lost" in end, end
    assert re.search(r"Say what is not known: .*nobody_knows_this", end), end
    assert [host for host in ("shop-2", "shop-4") if f"[{host}]: FAILED!" in done.stdout] == []
    # What was measured before is kept.
    assert re.findall(r"(shop-\d)\W+kept", recap) == ["shop-2", "shop-3", "shop-4", "shop-5"]


def test_a_drill_that_is_refused_is_refused_in_check_mode_too(tmp_path: Path) -> None:
    done = drilled(tmp_path, "--check")
    assert done.returncode == 2, done.stdout
    assert "pgha_drills_allowed is false (boolean) for shop-1" in done.stdout.rpartition("\nTASK [")[2]


def test_where_all_drills_go_well_the_run_does(tmp_path: Path) -> None:
    done = drilled(tmp_path, "--limit=shop-2,shop-4")
    assert done.returncode == 0, done.stdout
    assert "rescued=0" in done.stdout.partition("PLAY RECAP")[2]


# In place of what asks: the role `postgres_cluster`, and the actions `read` and `pod_exec`, which write each call into
# the file $ASKED, as a line of JSON.
STAND_IN_DISCOVER = """
- name: Keep the result
  ansible.builtin.set_fact:
    postgres_cluster_result:
      {name: "{{ postgres_cluster_name }}", namespace: "{{ postgres_cluster_namespace }}", operator: cloudnativepg,
       version: "17", phase: well, exists: "{{ postgres_cluster_name != 'gone' }}", pending: [],
       role_label: cnpg.io/instanceRole,
       instances: [{name: "{{ postgres_cluster_name }}-1", role: primary, ready: true}]}
"""
STAND_IN_READ = """
import json, os
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        args = {key: value for key, value in self._task.args.items()}
        call = {"by": task_vars["inventory_hostname"], "kind": args["kind"], "in": args.get("namespace", "")}
        with open(os.environ["ASKED"], "a") as asked:
            asked.write(json.dumps(call) + chr(10))
        container = {"name": "prometheus", "containerID": "x", "ready": True, "state": {"running": {}}}
        running = {"phase": "Running", "containerStatuses": [container]}
        selects = {name + "Selector": {} for name in ("serviceMonitor", "podMonitor", "rule")}
        operated = {"name": "k8s", "namespace": "monitoring"}
        exporter = {"spec": {"containers": [{"name": "pgpool"}, {"name": "exporter"}]}}
        fronts = {"replicas": 0, "selector": {"matchLabels": {"front": call["in"]}}, "template": exporter}
        found = {
            "Pod": [{"kind": "Pod", "metadata": {"name": "prometheus-0"}, "status": running}],
            "Prometheus": [{"kind": "Prometheus", "metadata": operated, "spec": selects}],
            "Deployment": [{"kind": "Deployment", "metadata": {"name": args.get("name")}, "spec": fronts}],
        }
        if (args["kind"], call["in"]) == (os.environ.get("FORBIDDEN"), "forbids"):
            return {**super().run(tmp, task_vars), "failed": True, "msg": "403 Forbidden"}
        if args["kind"] == "Pod" and args.get("label_selectors") == ["front=" + call["in"]]:
            since = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-22T23:00:00Z"}]
            found["Pod"] = [{"kind": "Pod", "metadata": {"name": "front-1"}, "status": {"conditions": since}}]
        if args.get("label_selectors") == ["app.kubernetes.io/name=cloudnative-pg"]:
            found["Deployment"] = json.loads(os.environ.get("OPERATOR", '[{"status": {"availableReplicas": 1}}]'))
        there = [] if call["in"] == "without" else found.get(args["kind"], [])
        return {**super().run(tmp, task_vars), "changed": False, "resources": there}
"""
STAND_IN_EXEC = """
import json, os, re
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        args = self._task.args
        command = args["command"]
        names, spaces = (re.search(label + '=~?"(.*?)"', command)[1].split("|") for label in ("cluster", "namespace"))
        call = {"kind": "exec", "context": args.get("context"), "in": args["namespace"], "names": names}
        with open(os.environ["ASKED"], "a") as asked:
            asked.write(json.dumps({**call, "how": command.split()[2]}) + chr(10))
        done = {**super().run(tmp, task_vars), "changed": True, "stdout": "", "stderr": "", "rc": 0}
        if args.get("context") == "refuses":
            return {**done, "stderr": "the query is refused", "rc": 1, "failed": True, "msg": "promtool ended with 1"}
        each = [{"namespace": space, "cluster": name} for space in spaces for name in names]
        now = [
            {"metric": {"__name__": metric, "pod": one["cluster"] + "-1", **one}, "value": [1, value]}
            for one in each for metric, value in (("pgha:target:up", "1"), ("pgha:instance:in_recovery", "0"))
        ]
        now += [
            {"metric": {"__name__": "pgha:target:up", "pod": "front-1", "job": "pgpool", **one}, "value": [1, "1"]}
            for one in each if one["namespace"] != "unscraped"
        ]
        lately = [
            {"metric": {"__name__": "pgha:cluster:transactions:rate1m",
                        "role": one["namespace"] + "/" + one["cluster"], **one},
             "values": [[1, "2"]]} for one in each
        ]
        return {**done, "stdout": json.dumps(lately if command.split()[2] == "range" else now)}
"""
EAST = {f"shop-{number}": {"context": "east"} for number in range(1, 4)}


def stand_ins(tmp_path: Path) -> None:
    """Lay out this checkout and kubernetes.core as collections, with what asks replaced."""
    ours, core = (tmp_path / "ansible_collections" / name for name in ("pgha/kubernetes", "kubernetes/core"))
    written = {
        ours / "roles/postgres_cluster/tasks/discover.yml": STAND_IN_DISCOVER,
        ours / "plugins/action/read.py": STAND_IN_READ,
        ours / "plugins/action/pod_exec.py": STAND_IN_EXEC,
        core / "meta/runtime.yml": "action_groups: {k8s: []}",
    }
    for file, text in written.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    its = [ROOT / "roles/postgres_cluster" / name for name in ("defaults", "vars", "tasks/operator.yml")]
    for file in [
        ROOT / "meta",
        ROOT / "roles/monitoring",
        *its,
        *ROOT.glob("plugins/*"),
        *ROOT.glob("plugins/action/*.py"),
    ]:
        there = ours / file.relative_to(ROOT)
        if not there.exists():
            there.symlink_to(file)


def reported(
    tmp_path: Path, hosts: dict[str, dict[str, Any]], *arguments: str
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Run status.yml, three PostgreSQL clusters a query; return the run, what was asked, and what index.json says."""
    stand_ins(tmp_path)
    (tmp_path / "status.yml").write_text((ROOT / "playbooks/status.yml").read_text())
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    both = {"pgha_namespace": "shops", "monitoring_status_folder": str(tmp_path / "status"), **local}
    given = {
        name: {"pgha_k8s_auth": {key: own[key] for key in ("context", "api_key") if key in own}, **own}
        for name, own in hosts.items()
    }
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"children": {"postgres_clusters": {"hosts": given, "vars": both}}}}))
    asked = tmp_path / "asked"
    done = subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", "--extra-vars={__monitoring_status_at_once: 3}", *arguments,
         str(tmp_path / "status.yml")],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "ANSIBLE_NOCOLOR": "1", "ASKED": str(asked),
             "ANSIBLE_PIPELINING": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    page = tmp_path / "status/index.json"
    found = json.loads(page.read_text())["clusters"] if page.exists() else []
    calls = [json.loads(line) for line in asked.read_text().splitlines()] if asked.exists() else []
    return done, calls, {one["host"]: one for one in found}


def test_a_report_asks_prometheus_once_for_each_kubernetes_cluster(tmp_path: Path) -> None:
    hosts = {
        **EAST,
        "twin": {"context": "east", "postgres_cluster_name": "shop-1", "pgha_namespace": "stage"},
        "bank-1": {"context": "west"},
        "own-rights": {"context": "east", "api_key": "of-one-namespace"},
        "elsewhere": {"context": "east", "monitoring_namespace": "metrics"},
        "operated-1": {"context": "north", "monitoring_flavor": "prometheus_operator"},
        "operated-2": {"context": "north", "monitoring_flavor": "prometheus_operator"},
    }
    done, calls, page = reported(tmp_path, hosts)
    assert done.returncode == 0, done.stdout
    assert {host: one["state"] for host, one in page.items()} == dict.fromkeys(hosts, "well"), page
    assert "changed=0" in done.stdout.partition("PLAY RECAP")[2]
    # Of each, its own is in its report.
    for host, own in hosts.items():
        report = json.loads((tmp_path / f"status/{host}.json").read_text())
        lines = [line["name"] for chart in report["charts"] for line in chart["lines"]]
        assert lines == [f"{own.get('pgha_namespace', 'shops')}/{own.get('postgres_cluster_name', host)}"]
        assert len(report["instances"]) == 1
        assert report["until"] - report["from"] == 3600
    # Four on east are two queries, as three are asked for at a time; each is for what is now, and what was lately.
    execs = [(call["context"], call["in"]) for call in calls if call["kind"] == "exec"]
    assert {where: execs.count(where) for where in execs} == {
        ("east", "monitoring"): 4 + 2, ("east", "metrics"): 2, ("west", "monitoring"): 2, ("north", "monitoring"): 2,
    }  # fmt: skip
    read = [(call["kind"], call["in"]) for call in calls if call["kind"] != "exec"]
    # The pods of Pgpool-II, and those of the instances.
    kinds = ("Deployment", "Pod", "Pod")
    of_each = [(kind, own.get("pgha_namespace", "shops")) for own in hosts.values() for kind in kinds]
    once = [*[("Pod", "monitoring")] * 4, ("Pod", "metrics"), ("Prometheus", ""), ("Namespace", "")]
    once += [("Deployment", "")] * 5  # the operator's
    assert sorted(read) == sorted([*of_each, *once])


def test_a_report_on_one_asks_for_it_alone(tmp_path: Path) -> None:
    done, calls, page = reported(tmp_path, EAST, "--limit=shop-2")
    assert done.returncode == 0, done.stdout
    assert list(page) == ["shop-2"]
    assert [call["names"] for call in calls if call["kind"] == "exec"] == [["shop-2"]] * 2


def test_what_goes_wrong_with_one_keeps_no_other_from_its_report(tmp_path: Path) -> None:
    """Also where it is the one that asks for the others; and where Prometheus does not answer, each says so."""
    hosts = {
        "gone": {"context": "east"},
        "wrong": {"context": "east", "monitoring_status_minutes": "many"},
        "no_name": {"context": "east", "postgres_cluster_name": "it's"},
        **EAST,
        "away-1": {"context": "west", "monitoring_namespace": "without"},
        "away-2": {"context": "west", "monitoring_namespace": "without"},
        "refused": {"context": "refuses"},
    }
    done, calls, page = reported(tmp_path, hosts)
    assert done.returncode == 2, done.stdout
    asked = [call["by"] for call in calls if (call["kind"], call["in"]) == ("Pod", "monitoring")]
    assert sorted(asked) == ["gone", "refused"]
    assert [page[host]["state"] for host in EAST] == ["well"] * len(EAST)
    unknown = {host: " ".join(one["problems"]) for host, one in page.items() if one["state"] == "not known"}
    for host, said in {
        "gone": "there is no such PostgreSQL cluster",
        "wrong": "monitoring_status_minutes is 'many'",
        "away-1": "No pod of Prometheus runs in the namespace without.",
        "away-2": "No pod of Prometheus runs in the namespace without.",
        "refused": "the query is refused",
    }.items():
        assert said in unknown.pop(host)
    assert unknown == {}
    failed = re.findall(r"^(\S+) .* failed=[1-9]", done.stdout.partition("PLAY RECAP")[2], re.MULTILINE)
    assert sorted(failed) == ["away-1", "away-2", "gone", "refused", "wrong"]


@pytest.mark.parametrize("kind", ["Deployment", "Pod"])
def test_all_is_not_well_where_nothing_is_known_of_pgpool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("FORBIDDEN", kind)
    hosts = {
        "known": {"context": "east"},
        "unscraped": {"context": "east", "pgha_namespace": "unscraped"},
        "unread": {"context": "east", "pgha_namespace": "forbids"},
        "bare": {"context": "east", "pgha_namespace": "without", "pgpool_name": "front"},
        "bare-on-purpose": {"context": "east", "pgha_namespace": "without", "pgpool_state": "absent"},
    }
    done, _calls, page = reported(tmp_path, hosts)
    assert done.returncode == 0, done.stdout
    assert {host: one["problems"] for host, one in page.items()} == {
        "known": [],
        "unscraped": ["Prometheus knows 0 of 1 pods of Pgpool-II"],
        "unread": ["Deployment and pods of Pgpool-II (unread-pgpool) could not be read: 403 Forbidden"],
        "bare": ["there is no Deployment front of Pgpool-II"],
        "bare-on-purpose": [],
    }


def test_all_is_not_well_where_the_operator_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR", "[]")
    hosts = {**EAST, "other": {"context": "east", "pgha_operator": "existing"}}
    done, calls, page = reported(tmp_path, hosts)
    assert done.returncode == 0, done.stdout
    said = (
        "no pod of the operator is available (there is no Deployment labelled app.kubernetes.io/name=cloudnative-pg): "
        "until one is, nobody replaces a primary that fails, renews certificates or begins scheduled backups"
    )
    assert {host: one["problems"] for host, one in page.items()} == {**{host: [said] for host in EAST}, "other": []}
    # It may be back in a moment, so it is asked for again; by one of those whose operator it is.
    assert [call["by"] for call in calls if (call["kind"], call["in"]) == ("Deployment", "")] == ["shop-1"] * 6


def test_a_host_of_the_name_of_the_page_on_all_has_no_report_written_over(tmp_path: Path) -> None:
    done, calls, found = reported(tmp_path, {"index": {"context": "east"}})
    assert (done.returncode, calls) == (2, []), done.stdout
    assert "the inventory has a host index: index.html and index.json in" in " ".join(done.stdout.split())
    assert "give the host another name" in json.dumps(found["index"])


def test_a_report_asks_nobody_in_check_mode(tmp_path: Path) -> None:
    done, calls, _page = reported(tmp_path, EAST, "--check")
    assert (done.returncode, calls, (tmp_path / "status").exists()) == (0, [], False), done.stdout


def tasks(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all tasks, those in blocks, too."""
    return [
        task
        for item in items
        for task in [item, *(inner for part in ("block", "rescue", "always") for inner in tasks(item.get(part) or []))]
    ]


@pytest.mark.parametrize("files", ["postgres_cluster/tasks/*", "pgpool/tasks/*", "monitoring/tasks/status*"])
def test_what_runs_for_each_postgresql_cluster_does_not_list_what_is_in_all_namespaces(files: str) -> None:
    """For each of 200, that would be 200 times the same. What read.yml is given is seen to below.

    For the operator, one of them asks.
    """
    reads = []
    for file in sorted(
        set((ROOT / "roles").glob(f"{files}.yml")) - {ROOT / "roles/postgres_cluster/tasks/operator.yml"}
    ):
        for task in tasks(yaml.safe_load(file.read_text()) or []):
            found = [task[action] for action in READS if action in task]
            reads += [(file.name, task["name"]) for arguments in found if not {"namespace", "name"} & set(arguments)]
    assert reads == []


def test_for_the_operator_one_of_those_asks_that_have_the_same() -> None:
    included = {}
    for file in (ROOT / "roles").glob("*/tasks/*.yml"):
        for task in tasks(yaml.safe_load(file.read_text()) or []):
            if (task.get("ansible.builtin.include_role") or {}).get("tasks_from") == "operator":
                included[file.name] = task.get("when")
    # The former is included for one of them itself.
    assert included == {"status_ask.yml": None, "verify_operator.yml": "inventory_hostname == __pgpool_verify_asker"}


def test_of_a_cluster_that_is_there_one_object_is_read() -> None:
    assert [read["kind"] for read in cloudnativepg.reads("shop-042", "shops")] == ["Cluster"]


def test_the_stand_in_says_what_the_contract_wants_to_hear() -> None:
    roles = [{"name": "app", "passwordSecret": {"name": "shop-042-app"}}]
    made = {
        "kind": "Cluster",
        "metadata": {"name": "shop-042", "namespace": "shops"},
        "spec": {
            "instances": 3,
            "imageName": "postgresql:17",
            "enableSuperuserAccess": True,
            "managed": {"roles": roles},
        },
    }
    secret = {"kind": "Secret", "metadata": {"name": "shop-042-app", "resourceVersion": "7"}}
    assert cloudnativepg.contract("shop-042", "shops", [made, secret])["pending"]
    stand_in = program("molecule/fleet/stand_in_instances.py")
    made["status"] = stand_in.status(made, {"shop-042-app": "7"})
    found = cloudnativepg.contract("shop-042", "shops", [made, secret])
    assert (found["ready"], found["pending"], len(found["instances"])) == (True, [], 3)
    assert not stand_in.differs(stand_in.status(made, {"shop-042-app": "7"}), made["status"])
    assert stand_in.differs(stand_in.status(made, {"shop-042-app": "8"}), made["status"])
