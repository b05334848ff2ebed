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


def tasks(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all tasks, those in blocks, too."""
    return [
        task
        for item in items
        for task in [item, *(inner for part in ("block", "rescue", "always") for inner in tasks(item.get(part) or []))]
    ]


@pytest.mark.parametrize("role", ["postgres_cluster", "pgpool"])
def test_what_runs_for_each_postgresql_cluster_does_not_list_what_is_in_all_namespaces(role: str) -> None:
    """For each of 200, that would be 200 times the same. What read.yml is given is seen to below."""
    reads = []
    for file in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
        for task in tasks(yaml.safe_load(file.read_text()) or []):
            found = [task[action] for action in READS if action in task]
            reads += [(file.name, task["name"]) for arguments in found if not {"namespace", "name"} & set(arguments)]
    assert reads == []


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
