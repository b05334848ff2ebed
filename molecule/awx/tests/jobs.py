# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs by ansible-runner, from a folder as AWX lays it out for one: project, inventory, credential, answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import ansible_runner
import yaml
from conftest import (
    CACHE,
    IMAGE,
    INVENTORIES,
    KUBECONFIG,
    PODMAN_OPTIONS,
    ROOT,
    Cluster,
    playbook_environment,
    podman_environment,
)
from jinja2 import Template

ACCOUNT = "pgha-awx"


class Loader(yaml.SafeLoader):
    """Reads `!unsafe`, with which Ansible keeps a text from being a template."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def objects() -> dict[str, Any]:
    """Return what awx/controller has."""
    files = sorted((ROOT / "awx/controller").glob("*.yml"))
    return {
        name: value
        for path in files
        for name, value in yaml.load(
            path.read_text(encoding="utf-8"), Loader
        ).items()  # a safe loader with one tag more
    }


@dataclass
class Job:
    """A job that ended."""

    status: str
    rc: int
    stdout: str
    events: list[dict[str, Any]]
    seconds: float

    @property
    def last(self) -> dict[str, Any]:
        """Return what Ansible says at its end, and nothing of a job that did not come to it."""
        ends = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return ends[-1] if ends else {}

    @property
    def artifacts(self) -> dict[str, Any]:
        """Return what AWX keeps of a job and hands on to the next one of a workflow."""
        return self.last.get("artifact_data", {})

    @property
    def reason(self) -> str:
        """Return why it failed, as AWX shows it of the task."""
        failed = [event["event_data"]["res"]["msg"] for event in self.events if event["event"] == "runner_on_failed"]
        return str(failed[-1])

    @property
    def changed(self) -> int:
        return sum(self.last.get("changed", {}).values())


class Controller:
    """What AWX has: a checkout of the project, an inventory, a credential, the shipped templates."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder = folder
        self.templates = {template["name"]: template for template in objects()["controller_templates"]}
        self.used: set[str] = set()
        for name in ("project", "inventory", "home", "secrets"):
            (folder / name).mkdir()
        known = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        files = subprocess.run(known, cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["xargs", "-0", "cp", "--parents", "-Pt", folder / "project"], cwd=ROOT, input=files, check=True)
        self._write_inventory()
        self.environment = self._credential(cluster)

    def _write_inventory(self) -> None:
        """Write the inventory as AWX does, as a program that prints it; without how to reach Kubernetes."""
        # From where it is, Ansible would take the variables beside it, too.
        groups = self.folder / "groups.yml"
        shutil.copy(ROOT / "inventories/production/z_groups.yml", groups)
        sources = [f"--inventory={path}" for path in (*INVENTORIES, groups)]
        listed = subprocess.run(
            ["ansible-inventory", "--list", *sources],
            env=playbook_environment(),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        inventory = json.loads(listed)
        for variables in inventory["_meta"]["hostvars"].values():
            del variables["pgha_k8s_auth"]
        script = self.folder / "inventory/hosts"
        script.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(inventory)!r})\n")
        script.chmod(0o700)

    def _credential(self, cluster: Cluster) -> dict[str, str]:
        """Return the environment that the credential type's injectors make of a service account's token."""
        made = ["--dry-run=client", "--output=yaml"]
        account = cluster.kubectl("create", "serviceaccount", ACCOUNT, "--namespace=default", *made)
        rights = ["--clusterrole=cluster-admin", f"--serviceaccount=default:{ACCOUNT}"]
        binding = cluster.kubectl("create", "clusterrolebinding", ACCOUNT, *rights, *made)
        cluster.kubectl("apply", "--filename=-", text=f"{account}---\n{binding}")
        [known] = yaml.safe_load(KUBECONFIG.read_text(encoding="utf-8"))["clusters"]
        inputs = {
            "host": known["cluster"]["server"],
            "api_key": cluster.kubectl("create", "token", ACCOUNT, "--namespace=default", "--duration=2h").strip(),
            "ca_cert": b64decode(known["cluster"]["certificate-authority-data"]).decode(),
        }
        self.token = inputs["api_key"]
        [kind] = [kind for kind in objects()["controller_credential_types"] if kind["name"] == "pgha Kubernetes API"]
        names = {}
        for name, text in kind["injectors"]["file"].items():
            path = self.folder / "secrets" / name
            path.write_text(Template(text).render(inputs))
            path.chmod(0o600)
            names[name.removeprefix("template.")] = str(path)
        injected = kind["injectors"]["env"]
        return {name: Template(text).render(**inputs, tower={"filename": names}) for name, text in injected.items()}

    def _isolation(self) -> dict[str, Any]:
        """Return what has ansible-runner take the image, in which what a job is given has the paths it has here."""
        if not IMAGE:
            return {}
        return {
            "process_isolation": True,
            "process_isolation_executable": "podman",
            "container_image": IMAGE,
            "container_volume_mounts": [f"{self.folder.parent}:{self.folder.parent}:rw", f"{CACHE}:{CACHE}:ro"],
            "container_options": PODMAN_OPTIONS,
        }

    def run(
        self,
        name: str,
        answers: dict[str, Any] | None = None,
        *,
        limit: str = "",
        check: bool = False,
        artifacts: dict[str, Any] | None = None,
        cancel_at: Callable[[dict[str, Any]], bool] | None = None,
    ) -> Job:
        """Run a job of a shipped template.

        :param answers: by the names of variables, as `postgres_cluster_storage.size`; the other questions get the empty
            texts that AWX' form sends for them
        :param artifacts: of jobs before it in a workflow
        :param cancel_at: the event at which somebody cancels it
        """
        template = self.templates[name]
        self.used.add(name)
        asked = {question["question_name"]: question for question in template["survey_spec"].get("spec", [])}
        assert set(answers or {}) <= set(asked)
        empty = {
            question["variable"]: ""
            for question in asked.values()
            if question["type"] in ("text", "textarea", "password") and not question["required"]
        }
        given = {asked[question]["variable"]: answer for question, answer in (answers or {}).items()}
        ident = uuid.uuid4().hex
        canceled = False

        def seen(event: dict[str, Any]) -> bool:
            nonlocal canceled
            canceled = canceled or bool(cancel_at and cancel_at(event))
            return True

        began = time.monotonic()
        inherited = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "TMPDIR")}
        with mock.patch.dict(os.environ, {**inherited, **podman_environment()}, clear=True):
            done = ansible_runner.run(
                private_data_dir=str(self.folder),
                ident=ident,
                project_dir=str(self.folder / "project"),
                playbook=template["playbook"],
                extravars={**template["extra_vars"], **empty, **given, **(artifacts or {})},
                envvars={
                    **self.environment,
                    # No kubeconfig in the default place, and no collections but those beside the playbook and Python's.
                    "HOME": str(self.folder / "home"),
                    "XDG_CACHE_HOME": str(CACHE.parent),
                    "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "requirements_collections"),
                },
                limit=limit or None,
                cmdline="--check --diff" if check else None,
                event_handler=seen,
                cancel_callback=lambda: canceled,
                settings={"pexpect_timeout": 1},
                **self._isolation(),
                # What one job was given is else given to the next one, too.
                suppress_env_files=True,
                quiet=True,
            )
        stdout = (self.folder / "artifacts" / ident / "stdout").read_text()
        return Job(done.status, done.rc, stdout, list(done.events), time.monotonic() - began)
