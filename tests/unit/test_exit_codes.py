# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run ends with, as docs/awx.md tells it: with the checkout's ansible.cfg, and without it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import ansible_runner
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/awx.md"
HOST = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
# Where no folder can be made, as a host on which nothing can be run.
LOST = {**HOST, "ansible_pipelining": False, "ansible_remote_tmp": "/proc/no/such"}
FAULT = """from ansible.plugins.strategy import StrategyBase


class StrategyModule(StrategyBase):
    def run(self, iterator, play_context):
        raise RuntimeError("a fault")
"""
CODES = {
    "all is well": (0, ["hosts.json", "ping.json"]),
    "a host fails": (2, ["hosts.json", "fail.json"]),
    "the limit matches no host": (1, ["hosts.json", "ping.json", "--limit=nobody"]),
    "no such playbook": (1, ["hosts.json", "nothing.yml"]),
    "no such inventory": (1, ["nothing", "ping.json"]),
    "an inventory that cannot be read": (1, ["broken.yml", "ping.json"]),
    "one of two that cannot be read": (1, ["hosts.json", "--inventory=broken.yml", "ping.json"]),
    "a file of a folder that cannot be read": (1, ["folder", "ping.json"]),
    "a playbook that cannot be read": (4, ["hosts.json", "broken.yml"]),
    "variables that cannot be read": (4, ["variables", "ping.json"]),
    "a host out of reach": (4, ["lost.json", "ping.json"]),
    "a fault of Ansible's": (250, ["hosts.json", "fault.json"]),
}
UNREAD = ["no such inventory", "an inventory that cannot be read"]
INTERRUPTED, CANCELED = 99, 254


def play(task: dict[str, object], **more: str) -> str:
    return json.dumps([{"name": "Play", "hosts": "all", "gather_facts": False, "tasks": [task], **more}])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with inventories and playbooks, good and bad."""
    files = {
        "hosts.json": json.dumps({"all": {"hosts": {"one": HOST}}}),
        "lost.json": json.dumps({"all": {"hosts": {"one": LOST}}}),
        "broken.yml": "all: {hosts: {one: {}\n",
        "ping.json": play({"name": "Ping", "ansible.builtin.ping": {}}),
        "fail.json": play({"name": "Fail", "ansible.builtin.fail": {}}),
        "fault.json": play({"name": "Ping", "ansible.builtin.ping": {}}, strategy="fault"),
        "sleep.json": play({"name": "Wait", "ansible.builtin.shell": f"touch '{tmp_path}/begun'; sleep 20"}),
        "strategies/fault.py": FAULT,
    }
    files |= {f"{name}/hosts.json": files["hosts.json"] for name in ("folder", "variables")}
    files |= {"folder/more.yml": files["broken.yml"], "variables/group_vars/all.yml": files["broken.yml"]}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return {**kept, "ANSIBLE_STRATEGY_PLUGINS": str(folder / "strategies"), "ANSIBLE_NOCOLOR": "1", **more}


def run(folder: Path, arguments: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    inventory, *rest = arguments
    return subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", *rest],
        cwd=folder, env=environment(folder, **more), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", CODES)
def test_what_a_run_from_the_checkout_ends_with(name: str, folder: Path) -> None:
    code, arguments = CODES[name]
    done = run(folder, arguments, ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"))
    assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.parametrize("name", UNREAD)
def test_an_installed_collection_needs_a_word_for_an_inventory_that_cannot_be_read(name: str, folder: Path) -> None:
    """As an ansible.cfg is that of the folder in which somebody runs it."""
    _code, arguments = CODES[name]
    without = run(folder, arguments)
    assert without.returncode == 0
    assert "skipping: no hosts matched" in without.stdout
    [variable] = re.findall(r"`(ANSIBLE_INVENTORY_\w+)=true`", PAGE.read_text(encoding="utf-8"))
    assert run(folder, arguments, **{variable: "true"}).returncode == 1


def test_what_needs_no_inventory_runs_without_one(folder: Path) -> None:
    """As awx/apply.yml does."""
    (folder / "local.json").write_text(play({"name": "Ping", "ansible.builtin.ping": {}}, hosts="localhost"))
    configuration = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    command = ["ansible-playbook", "local.json"]
    done = subprocess.run(command, cwd=folder, env=environment(folder, **configuration), check=False)
    assert done.returncode == 0


def test_what_an_interrupted_run_ends_with(folder: Path) -> None:
    with subprocess.Popen(
        # What runs in the background of a script has the signal ignored.
        ["env", "--default-signal=INT", "ansible-playbook", "--inventory=hosts.json", "sleep.json"],
        cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as started:  # fmt: skip
        while not (folder / "begun").exists():
            assert started.poll() is None
            time.sleep(0.1)
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=50)
    assert started.returncode == INTERRUPTED


def test_what_a_canceled_job_ends_with(folder: Path) -> None:
    done = ansible_runner.run(
        private_data_dir=str(folder),
        playbook=str(folder / "sleep.json"),
        inventory=str(folder / "hosts.json"),
        cancel_callback=(folder / "begun").exists,
        quiet=True,
    )
    assert (done.status, done.rc) == ("canceled", CANCELED)


def test_the_page_has_each_of_these_codes() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| code | AWX' status |")[2].partition("\n\n")[0]
    told = {int(code) for code in re.findall(r"^\| ([0-9]+) \|", table, re.MULTILINE)}
    assert told == {code for code, _arguments in CODES.values()} | {INTERRUPTED, CANCELED}
