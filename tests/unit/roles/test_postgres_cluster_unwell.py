# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs do where a PostgreSQL cluster is not as it should be. Instead of an API, there is a file of objects."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_kubedb_manifests import evaluate

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = ROOT / "tests/unit/fixtures/cloudnativepg/after_failover.json"
NAME, NAMESPACE = "hot-postgres", "demo"
MANAGED_BY = "app.kubernetes.io/managed-by"
LABELS = {"app.kubernetes.io/managed-by": "pgha.kubernetes", "app.kubernetes.io/part-of": "pgha",
          "app.kubernetes.io/name": "postgresql", "app.kubernetes.io/component": "database",
          "app.kubernetes.io/instance": NAME, "pgha.kubernetes/cluster": NAME, "pgha.kubernetes/user": "true",
          "cnpg.io/reload": "true"}  # fmt: skip
# What asks the API, answered from the file. CloudNativePG is there, too: it takes up passwords at once, and stops what
# is to stop as its release 1.29 does (pkg/reconciler/hibernation). It may be `away` or `slow`, and with `unlucky` an
# instance is lost as soon as something is written. Kinds that are `refused` cannot be read, for a reason;
# a list has those of the first reads. What is deleted stays where it is `held`, and the text is what the module says.
STAND_IN = """
import json, os, pathlib, time
from ansible.plugins.action import ActionBase

STORE = pathlib.Path(os.environ["STORE"])
BEGUN = ("DeletingPods", "WaitingPodsDeletion", "Hibernated")

def merge(old, new):
    for key, value in new.items():
        old[key] = merge(old.get(key) or {}, value) if isinstance(value, dict) else value
    return old

def is_same(item, kind, name, namespace):
    return (item["kind"], item["metadata"]["name"], item["metadata"].get("namespace")) == (kind, name, namespace)

def operate(store):
    for cluster in (item for item in store["objects"] if item["kind"] == "Cluster"):
        status = cluster["status"]
        if store["operator"] == "unlucky":
            status.update(readyInstances=2, phase="Waiting for the instances to become active")
            next(item for item in status["conditions"] if item["type"] == "Ready")["status"] = "False"
        for role in cluster["spec"].get("managed", {}).get("roles", []):
            for item in store["objects"]:
                if item["kind"] == "Secret" and item["metadata"]["name"] == role["passwordSecret"]["name"]:
                    state = {"resourceVersion": item["metadata"]["resourceVersion"]}
                    status["managedRolesStatus"]["passwordStatus"][role["name"]] = state
                    done = status["managedRolesStatus"]["byStatus"]["reconciled"]
                    if role["name"] not in done + list(status["managedRolesStatus"].get("cannotReconcile", {})):
                        done.append(role["name"])
        found = [item for item in status["conditions"] if item["type"] != "cnpg.io/hibernation"]
        reason = next((item["reason"] for item in status["conditions"] if item not in found), "")
        asked = cluster["metadata"]["annotations"]["cnpg.io/hibernation"]
        if asked == "on" and store["operator"] != "away":
            if status["phase"] != "Cluster in healthy state" and reason not in BEGUN:
                reason, told = "WaitingForHealthy", "False"
            elif store["operator"] == "slow":
                reason, told = "DeletingPods", "False"
            else:
                reason, told = "Hibernated", "True"
            found.append({"type": "cnpg.io/hibernation", "status": told, "reason": reason})
        status["conditions"] = found

class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        store, what, args = json.loads(STORE.read_text()), self._task.action.split(".")[-1], self._task.args
        result = getattr(self, what)(store, args)
        if what in ("apply", "k8s") and not self._task.check_mode:
            done = f"{what} absent" if args.get("state") == "absent" else what
            for item in result["written"]:
                store["log"].append(f"{done} {item['kind']} {item['metadata']['name']}")
            operate(store)
            STORE.write_text(json.dumps(store))
        return result

    def read(self, store, args):
        answers = store["refused"].get(args["kind"])
        if isinstance(answers, list):  # one after another, and then it is there
            answers = answers.pop(0) if answers else None
            STORE.write_text(json.dumps(store))
        if answers:
            return {"failed": True, "msg": answers}
        found = [
            item for item in store["objects"]
            if item["kind"] == args["kind"] and args.get("namespace") in (None, item["metadata"].get("namespace"))
            and args.get("name") in (None, item["metadata"]["name"])
            and item["metadata"]["name"].startswith(args.get("name_prefix") or "")
        ]
        return {"changed": False, "resources": found, "api_found": True}

    def read_log(self, store, args):
        told = store["logs"].get(args["name"] + (" before" if args.get("previous") else ""), "")
        if told.startswith("refused: "):
            return {"failed": True, "msg": told.removeprefix("refused: "), "status": 400}
        if told == "no answer":
            return {"failed": True, "msg": "Connection refused"}
        return {"changed": False, "log": told}

    def k8s_info(self, store, args):
        found = self.read(store, args)["resources"]
        asked = args.get("wait_condition")
        if args.get("wait") and not any(
            (told["type"], told["status"]) == (asked["type"], asked["status"])
            for item in found for told in item["status"]["conditions"]
        ):
            return {"failed": True, "msg": "not as it was asked for, after waiting for 1 seconds"}
        return {"changed": False, "resources": found}

    def apply(self, store, args):
        return self.write(store, args["definition"])

    def k8s(self, store, args):
        if args["state"] == "absent":
            asked = args.get("definition") or [{"metadata": {}}]
            names = [args.get("name")] if args.get("name") else [item["metadata"].get("name") for item in asked]
            labels = {tuple(text.split("=", 1)) for text in args.get("label_selectors") or []}
            kind = args.get("kind", asked[0].get("kind"))
            gone = [
                item for item in store["objects"]
                if item["kind"] == kind and names in ([None], [item["metadata"]["name"]])
                and labels <= set(item["metadata"].get("labels", {}).items())
            ]
            if store["held"]:
                store["log"] += [f"k8s absent {kind} {name}" for name in names]
                STORE.write_text(json.dumps(store))
                return {"failed": True, "msg": store["held"], "changed": True, "written": []}
            store["objects"] = [item for item in store["objects"] if item not in gone]
            return {"changed": bool(gone), "written": gone}
        metadata = {"name": args["name"], "namespace": args["namespace"]}
        told = merge({"kind": args["kind"], "metadata": metadata}, args["definition"])
        return self.write(store, [told])

    def write(self, store, definitions):
        store["version"] += 1
        results = []
        for told in definitions:
            metadata = told["metadata"]
            key = told["kind"], metadata["name"], metadata.get("namespace")
            there = next((item for item in store["objects"] if is_same(item, *key)), None)
            if there is None:
                there = {}
                store["objects"].append(there)
            merge(there, told)
            there["metadata"]["resourceVersion"] = str(store["version"])
            results.append({"method": "patch", "changed": True, "result": there})
        return {"changed": True, "result": {"results": results}, "written": [item["result"] for item in results]}

    def pod_exec(self, store, args):
        store["log"].append(f"exec {args['pod']}: {args['command']}")
        STORE.write_text(json.dumps(store))
        if store["hangs"]:
            time.sleep(30)
        if args["command"].startswith("timeout 20 psql") and store["silent"]:
            return {"changed": True, "rc": 124, "failed": True, "stdout": "", "stderr": ""}
        return {"changed": True, "rc": 0, "stdout": "application_name,state,sync_state,behind", "stderr": ""}
"""
ACTIONS = {"pgha/kubernetes": ["apply", "pod_exec", "read", "read_log"], "kubernetes/core": ["k8s", "k8s_info"]}
HOST = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "pgha_namespace": NAMESPACE,
    "postgres_cluster_storage": {"size": "1Gi", "class": "standard"},
    "postgres_cluster_parameters": {"max_connections": 200},
    "postgres_cluster_wait_timeout": 3,
    "pgha_secure_logging": False,
}


def cluster(ready: int = 3, hibernation: str = "off", reason: str = "", undroppable: str = "") -> dict[str, Any]:
    """A Cluster of three instances, of which so many are ready."""
    found = json.loads(CLUSTER.read_text())
    found["metadata"]["annotations"]["cnpg.io/hibernation"] = hibernation
    status = found["status"]
    if ready < 3:
        status.update(readyInstances=ready, phase="Waiting for the instances to become active")
        next(item for item in status["conditions"] if item["type"] == "Ready")["status"] = "False"
    if reason:
        told = "True" if reason == "Hibernated" else "False"
        status["conditions"].append({"type": "cnpg.io/hibernation", "status": told, "reason": reason})
    if undroppable:
        found["spec"]["managed"]["roles"].append(
            {"name": undroppable, "ensure": "absent", "passwordSecret": {"name": "none"}}
        )
        status["managedRolesStatus"]["cannotReconcile"] = {undroppable: ["it owns something"]}
    return found


def secret(user: str, password: str = "old") -> dict[str, Any]:
    data = {"username": user, "password": password}
    name = f"{NAME}-{user.replace('_', '-')}"
    return {
        "kind": "Secret",
        "type": "kubernetes.io/basic-auth",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": LABELS, "resourceVersion": "1"},
        "data": {key: b64encode(text.encode()).decode() for key, text in data.items()},
    }


def volumes(expandable: bool) -> list[dict[str, Any]]:
    """The StorageClass of the Cluster, and a claim of it."""
    standard = {"kind": "StorageClass", "metadata": {"name": "standard"}, "allowVolumeExpansion": expandable}
    labels = {"cnpg.io/cluster": NAME, "cnpg.io/pvcRole": "PG_DATA"}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"{NAME}-1", "namespace": NAMESPACE, "labels": labels},
        "spec": {"storageClassName": "standard", "resources": {"requests": {"storage": "1Gi"}}},
    }
    return [standard, claim]


SECRETS = [secret(user) for user in ("app", "pgpool_check", "pgha_monitor")]


class Run:
    """A run of ansible-playbook with a stand-in for the API, and what became of the objects."""

    def __init__(self, folder: Path, plays: list[dict[str, Any]] | str, *objects: dict[str, Any], **known: Any) -> None:
        self.store = folder / "store.json"
        state = {key: known.pop(key, value) for key, value in
                 {"operator": "there", "hangs": False, "silent": False, "refused": {}, "logs": {},
                  "held": ""}.items()}  # fmt: skip
        lay_out(folder, is_short_of_time=state["hangs"])
        arguments, others = known.pop("arguments", []), known.pop("others", {})
        if objects:
            self.store.write_text(json.dumps({"objects": objects, "log": [], "version": 100, **state}))
        text = (ROOT / f"playbooks/{plays}.yml").read_text() if isinstance(plays, str) else yaml.safe_dump(plays)
        (folder / "play.yml").write_text(text)
        told = {NAME: known, **others}
        hosts = {"postgres_clusters": {"hosts": {host: {**HOST, **has} for host, has in told.items()}}}
        (folder / "hosts.json").write_text(json.dumps({"all": {"children": hosts}}))
        done = subprocess.run(
            ["ansible-playbook", f"--inventory={folder / 'hosts.json'}", *arguments, str(folder / "play.yml")],
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder), "ANSIBLE_NOCOLOR": "1",
                 "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "STORE": str(self.store)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.rc, self.said, self.output = done.returncode, " ".join(done.stdout.split()), done.stdout + done.stderr
        found = json.loads(self.store.read_text())
        self.log, self.objects = found["log"], found["objects"]

    @property
    def hibernation(self) -> str:
        """What the Cluster's annotation says."""
        [found] = [item for item in self.objects if item["kind"] == "Cluster"]
        return found["metadata"]["annotations"]["cnpg.io/hibernation"]

    def password(self, user: str) -> str:
        """The password in the Secret of a user."""
        name = secret(user)["metadata"]["name"]
        [found] = [item for item in self.objects if item["metadata"]["name"] == name]
        return b64decode(found["data"]["password"]).decode()


def lay_out(folder: Path, is_short_of_time: bool) -> None:
    """Have this checkout and kubernetes.core as collections, with what asks the API replaced.

    :param is_short_of_time: whether Ansible gives a task up after a second, where it has a limit
    """
    for collection, names in ACTIONS.items():
        for name in names:
            there = folder / "ansible_collections" / collection / "plugins/action" / f"{name}.py"
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_text(STAND_IN)
    runtime = folder / "ansible_collections/kubernetes/core/meta/runtime.yml"
    runtime.parent.mkdir(exist_ok=True)
    runtime.write_text(f"action_groups: {{k8s: {ACTIONS['kubernetes/core']}}}")
    ours = folder / "ansible_collections/pgha/kubernetes"
    if is_short_of_time:
        shutil.copytree(ROOT / "roles", ours / "roles")
        for file in ("postgres_cluster/tasks/replication.yml", "pgpool/tasks/pool_nodes.yml"):
            tasks = (ours / "roles" / file).read_text()
            assert re.search(r"timeout: \d+$", tasks, re.MULTILINE)
            (ours / "roles" / file).write_text(re.sub(r"timeout: \d+$", "timeout: 1", tasks, flags=re.MULTILINE))
    for file in [ROOT / "meta", ROOT / "roles", *ROOT.glob("plugins/*"), *ROOT.glob("plugins/action/*.py")]:
        there = ours / file.relative_to(ROOT)
        if not there.exists():
            there.symlink_to(file)


def role(*entries: str, **variables: Any) -> list[dict[str, Any]]:
    """A play of entry points of the role, by their names."""
    tasks = [
        {
            "name": f"Run {entry}",
            "ansible.builtin.include_role": {
                "name": "pgha.kubernetes.postgres_cluster", "tasks_from": entry, "rolespec_validate": False,
            },
            "vars": variables,
        }
        for entry in entries
    ]  # fmt: skip
    return [{"hosts": "postgres_clusters", "gather_facts": False, "tasks": tasks}]


WORDS = "the PostgreSQL cluster hot-postgres is not as it should be ("
REMEDY = "run playbooks/pgpool.yml (pgha.kubernetes.pgpool), which lets Pgpool-II take up the passwords that are there"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (cluster(ready=2), "2 of 3 instances are ready; Waiting for the instances to become active): PostgreSQL would"),
        (cluster(undroppable="left"), "the user left cannot be dropped: it owns something; in each database where it"),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_no_password_changes_where_the_run_would_end_before_pgpool_ii(
    tmp_path: Path, found: dict[str, Any], words: str, arguments: list[str]
) -> None:
    run = Run(
        tmp_path, role("main"), found, *SECRETS, postgres_cluster_rotate_users=["app"], arguments=arguments,
    )  # fmt: skip
    assert f"postgres_cluster_rotate_users has 'app', and {WORDS}{words}" in run.said, run.output
    assert (run.rc, run.log, run.password("app")) == (2, [], "old")


def test_nor_one_that_the_inventory_changes(tmp_path: Path) -> None:
    users = [{"name": "app", "password": "new"}]
    run = Run(tmp_path, role("main"), cluster(ready=2), *SECRETS, postgres_cluster_users=users)
    assert f"postgres_cluster_users has another password for 'app', and {WORDS}2 of 3" in run.said, run.output
    assert (run.rc, run.log) == (2, [])


def named(*reconciled: str, ready: int = 3, cannot: str = "") -> dict[str, Any]:
    """A Cluster whose users have their passwords from the Secrets, as far as the operator has brought them there."""
    found = cluster(ready=ready)
    roles = [{"name": name, "passwordSecret": {"name": secret(name)["metadata"]["name"]}} for name in reconciled]
    found["spec"]["managed"]["roles"] = roles
    status = found["status"]["managedRolesStatus"]
    status["passwordStatus"] = {name: {"resourceVersion": "1"} for name in reconciled}
    if cannot:
        status["cannotReconcile"] = {cannot: ["failed to get password secret"]}
    return found


KUBEDB = {
    "apiVersion": "kubedb.com/v1",
    "kind": "Postgres",
    "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": LABELS},
    "spec": {},
    "status": {},
}
DESCRIBED = {
    "kind": "ConfigMap",
    "metadata": {"name": f"{NAME}-contract", "namespace": NAMESPACE, "labels": LABELS},
    "data": {"contract.json": "{}"},
}


@pytest.mark.parametrize(
    ("there", "operator", "kind"),
    [
        # This API has it for each version that is asked for.
        (KUBEDB, "cloudnativepg", f"Postgres {NAME} and the Postgres {NAME}"),
        (DESCRIBED, "cloudnativepg", f"ConfigMap {NAME}-contract"),
        (cluster(), "kubedb", f"Cluster {NAME}"),
    ],
)
@pytest.mark.parametrize("state", [{}, {"postgres_cluster_state": "absent", "postgres_cluster_keep_data": False}])
def test_what_another_operator_runs_under_that_name_is_not_made_anew_nor_are_its_passwords_deleted(
    tmp_path: Path, there: dict[str, Any], operator: str, kind: str, state: dict[str, Any]
) -> None:
    size = {"postgres_cluster_storage": {"size": "10Gi"}}
    run = Run(tmp_path, role("main"), there, *SECRETS, postgres_cluster_operator=operator, **size, **state)
    assert f"postgres_cluster_operator is '{operator}' (string): the PostgreSQL cluster {NAME} in the" in run.said
    assert f"was made with another one, as the {kind} is there; give that operator (pgha_operator)" in run.said
    assert (run.rc, run.log, '"spec"' in run.said) == (2, [], False), run.output


@pytest.mark.parametrize("refused", [{}, {"Postgres": 'Forbidden: postgreses is forbidden: User "x" cannot get'}])
def test_what_something_else_has_under_that_name_or_nobody_may_read_is_passed_over(
    tmp_path: Path, refused: dict[str, str]
) -> None:
    theirs = {**KUBEDB, "metadata": {"name": NAME, "namespace": NAMESPACE}}
    run = Run(
        tmp_path, role("preflight"), theirs, *volumes(True), refused=refused, postgres_cluster_operator_follows=True
    )
    assert (run.rc, "was made with another one" in run.said) == (0, False), run.output


def test_what_else_cannot_be_read_is_not_taken_for_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path, role("preflight"), KUBEDB, refused={"Postgres": "Connection reset by peer"})
    assert (run.rc, run.log, "Connection reset by peer" in run.said) == (2, [], True), run.output


def test_two_hosts_of_a_run_are_not_one_cluster(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        role("main"),
        cluster(),
        *SECRETS,
        others={
            "elsewhere": {"postgres_cluster_name": NAME, "pgha_namespace": "elsewhere"},
            "far": {"postgres_cluster_name": NAME, "pgha_k8s_auth": {"context": "far"}},
            "again": {"postgres_cluster_name": NAME, "postgres_cluster_instances": 2},
        },
    )
    assert (
        f'postgres_cluster_name is "{NAME}" (string): of the hosts {NAME}, again of this run, in the namespace '
        f"{NAMESPACE}, which would be one PostgreSQL cluster"
    ) in run.said, run.output
    assert (run.rc, run.log) == (2, [])


STORE = {"bucket": "backups", "path": "production", "credentials_secret": "object-store"}


def test_nor_do_two_have_their_backups_in_one_folder(tmp_path: Path) -> None:
    """One that has a folder of its own has another one."""
    elsewhere = {"postgres_cluster_name": NAME, "pgha_namespace": "elsewhere", "postgres_cluster_backup": STORE}
    moved = json.loads(json.dumps(cluster()).replace(f'"namespace": "{NAMESPACE}"', '"namespace": "moved"'))
    archives = {"17": f"{NAME}-1a2b3c4d-17"}
    moved["metadata"]["annotations"]["pgha.kubernetes/archives"] = json.dumps(archives)
    others = {
        "elsewhere": elsewhere,
        "moved": {**elsewhere, "pgha_namespace": "moved"},
        "other": {**elsewhere, "pgha_namespace": "other", "postgres_cluster_backup": {**STORE, "path": "other"}},
        "going": {**elsewhere, "pgha_namespace": "going", "postgres_cluster_state": "absent"},
    }
    run = Run(tmp_path, role("main"), moved, postgres_cluster_backup=STORE, others=others)
    assert (
        f"the PostgreSQL clusters of the hosts {NAME}, elsewhere of this run would have their backups in one folder, "
        f"s3://backups/production/{NAME}, as they have one name; give each another path"
    ) in run.said, run.output
    assert (run.rc, run.log) == (2, [])


@pytest.mark.parametrize("arguments", [[], ["--check"]])
@pytest.mark.parametrize("user", ["app", "pgpool_check"])
def test_nor_one_whose_secret_is_gone(tmp_path: Path, user: str, arguments: list[str]) -> None:
    """`app` was made with the Cluster, and is not among its roles yet."""
    left = [item for item in SECRETS if item["metadata"]["name"] != secret(user)["metadata"]["name"]]
    found = named("pgpool_check", "pgha_monitor", ready=2, cannot=user)
    run = Run(tmp_path, role("main"), found, *left, arguments=arguments)
    assert f"there is no password any more in the Secret of '{user}', and {WORDS}2 of 3" in run.said, run.output
    assert (run.rc, run.log) == (2, [])


def test_on_a_cluster_that_is_well_it_is_made_and_said(tmp_path: Path) -> None:
    """Also where the operator says that it cannot bring a password there, as a Secret is gone."""
    found = named("app", "pgpool_check", "pgha_monitor", cannot="app")
    run = Run(tmp_path, role("main"), found, *SECRETS[1:], operator="unlucky")
    assert "WARNING: the Secret of app is gone, or has no password in it: a run gives another password." in run.said
    assert "apply Secret hot-postgres-app" in run.log, run.output
    assert f"PostgreSQL may have the new passwords of app already, and Pgpool-II has the old ones: {REMEDY}" in run.said


def test_a_first_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """PostgreSQL has no password yet, so none is another one."""
    found = cluster(ready=0)
    del found["status"]["currentPrimary"]
    found["status"]["managedRolesStatus"] = {"passwordStatus": {}, "byStatus": {"reconciled": []}}
    run = Run(tmp_path, role("main"), found)
    assert "apply Secret hot-postgres-app" in run.log, run.output
    assert (WORDS in run.said, "WARNING: the Secret of" in run.said) == (False, False)


def taken_over(secret_of_owner: str) -> dict[str, Any]:
    """A Cluster that somebody made, with the label that lets it be taken over."""
    found = cluster()
    found["metadata"]["annotations"].pop("kubectl.kubernetes.io/last-applied-configuration")
    initdb = {"database": "app", "owner": "app", "secret": {"name": secret_of_owner}}
    found["spec"]["bootstrap"] = {"initdb": initdb}
    del found["spec"]["managed"]
    found["status"]["managedRolesStatus"] = {}
    return found


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_the_owner_of_a_cluster_that_is_taken_over_keeps_its_password(tmp_path: Path, arguments: list[str]) -> None:
    run = Run(tmp_path, role("main"), taken_over("my-app-secret"), arguments=arguments)
    assert (
        "the user 'app' has its password in the Secret my-app-secret: copy its username and password into "
        "hot-postgres-app (type kubernetes.io/basic-auth) first"
    ) in run.said, run.output
    assert (run.rc, run.log) == (2, [])


def test_once_it_is_copied_the_cluster_is_taken_over(tmp_path: Path) -> None:
    found = taken_over("my-app-secret")
    found["status"]["managedRolesStatus"] = {"passwordStatus": {}, "byStatus": {"reconciled": []}}
    run = Run(tmp_path, role("main"), found, secret("app"))
    assert f"apply Cluster {NAME}" in run.log, run.output
    assert run.password("app") == "old"


THEIRS = {
    "metadata": {"name": NAME, "labels": {MANAGED_BY: "pgha.kubernetes"}},
    "spec": {
        "instances": 5,
        "replica": {"enabled": True, "source": "west"},
        "certificates": {"serverCASecret": "their-ca"},
        "minSyncReplicas": 1,
        "storage": {"size": "1Gi", "storageClass": "standard"},
        "postgresql": {"parameters": {"max_connections": "200", "jit": "off"}, "pg_hba": ["host all all all md5"]},
    },
}
KEPT = {
    "replica": THEIRS["spec"]["replica"],
    "certificates": THEIRS["spec"]["certificates"],
    "minSyncReplicas": None,
    "postgresql": {"pg_hba": None, "parameters": {"jit": "off"}},
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {},
            [
                "the Cluster hot-postgres is taken over from something else, and spec.replica, spec.certificates, "
                "spec.minSyncReplicas, spec.postgresql.parameters.jit, spec.postgresql.pg_hba would be taken away: ",
                "postgres_cluster_instances is 3 (integer): the Cluster hot-postgres is taken over with 5, and those",
            ],
        ),
        ({"postgres_cluster_instances": 5, "postgres_cluster_overrides": {"spec": KEPT}}, []),
    ],
    ids=["without them", "with them"],
)
def test_nothing_is_taken_from_a_cluster_that_is_taken_over_without_a_word(
    tmp_path: Path, changes: dict[str, Any], words: list[str]
) -> None:
    """The label is in what they applied, or the Cluster alone has it."""
    found = cluster()
    found["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json.dumps(THEIRS)
    found["spec"]["instances"] = 5
    run = Run(tmp_path, role("preflight"), found, **changes)
    assert (run.rc, run.log) == (2 if words else 0, []), run.output
    for sentence in words:
        assert sentence in run.said, run.output


def test_what_a_stopped_run_wrote_is_brought_on_and_the_way_out_is_named(tmp_path: Path) -> None:
    users = [{"name": "app", "password": "old"}]
    run = Run(tmp_path, role("main"), cluster(ready=2), *SECRETS, postgres_cluster_users=users)
    assert run.rc == 2
    assert "The PostgreSQL cluster hot-postgres was not ready within 3 s" in run.said, run.output
    assert f"Where a run before this one gave users new passwords and ended here, too: {REMEDY}" in run.said
    assert WORDS not in run.said


def test_passwords_that_changed_before_an_instance_was_lost_are_named_with_the_way_out(tmp_path: Path) -> None:
    run = Run(
        tmp_path, role("main"), cluster(), *SECRETS, postgres_cluster_rotate_users=["app"], operator="unlucky",
    )  # fmt: skip
    assert run.rc == 2
    assert run.password("app") != "old", run.output
    assert "2 of 3 instances are ready" in run.said
    assert f"PostgreSQL may have the new passwords of app already, and Pgpool-II has the old ones: {REMEDY}" in run.said


def test_a_login_that_is_not_in_use_gets_its_password(tmp_path: Path) -> None:
    users = [{"name": "app", "overlap": True}]
    login = secret("app")
    login["metadata"] = {**login["metadata"], "name": f"{NAME}-app-login",
                         "labels": {**LABELS, "pgha.kubernetes/login": "true"}}  # fmt: skip
    secrets = [*SECRETS, secret("app_2"), login]
    run = Run(
        tmp_path, role("main"), cluster(ready=2), *secrets, postgres_cluster_users=users,
        postgres_cluster_rotate_users=["app"],
    )  # fmt: skip
    assert WORDS not in run.said, run.output
    assert (run.password("app"), run.password("app_2") == "old") == ("old", False)


NOT_READY = "the PostgreSQL cluster hot-postgres is not ready, and the operator would stop it whenever it is again"


def test_what_is_not_ready_is_not_told_to_stop(tmp_path: Path) -> None:
    run = Run(tmp_path, role("hibernate"), cluster(ready=2))
    assert f"{NOT_READY}, be it hours from now (2 of 3 instances are ready; " in run.said, run.output
    assert (run.rc, run.log, run.hibernation) == (2, [], "off")


@pytest.mark.parametrize(("keep", "refused"), [(True, True), (False, False)])
def test_a_teardown_refuses_it_before_anything_goes_where_the_data_stays(
    tmp_path: Path, keep: bool, refused: bool
) -> None:
    check = role("preflight", postgres_cluster_state="absent", postgres_cluster_keep_data=keep)
    run = Run(tmp_path, check, cluster(ready=2))
    assert ((NOT_READY in run.said), run.rc) == (refused, 2 if refused else 0), run.output


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("labels", [{}, {"app.kubernetes.io/managed-by": "Helm"}])
def test_somebody_elses_cluster_of_that_name_is_left_alone(tmp_path: Path, labels: dict[str, str], state: str) -> None:
    """It is neither changed, nor stopped, nor deleted with its data."""
    found = cluster()
    found["metadata"]["labels"] = labels
    known = {"postgres_cluster_state": state, "postgres_cluster_keep_data": False}
    run = Run(tmp_path, role("main", **known), found, *SECRETS)
    assert "has a Cluster of that name that something else made" in run.said, run.output
    assert (run.rc, run.log) == (2, [])


def scheduled_backup(made_by: str) -> dict[str, Any]:
    """What makes base backups of the cluster, and who made it."""
    metadata = {"name": NAME, "namespace": NAMESPACE, "labels": {**LABELS, MANAGED_BY: made_by}}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "metadata": metadata}


def archived() -> dict[str, Any]:
    """A Cluster of this collection to which somebody has added backups."""
    found = cluster()
    found["spec"]["backup"] = {"barmanObjectStore": {"destinationPath": "s3://theirs"}}
    return found


STAYS = f"The ScheduledBackup {NAME} stays, as something else made it: it does not have the label app.kubernetes.io/"


@pytest.mark.parametrize(("made_by", "stays"), [("pgha.kubernetes", False), ("Helm", True)])
def test_what_somebody_else_makes_backups_by_stays_and_is_named(tmp_path: Path, made_by: str, stays: bool) -> None:
    run = Run(tmp_path, role("main"), archived(), *SECRETS, scheduled_backup(made_by))
    assert f"apply Cluster {NAME}" in run.log, run.output
    assert (f"k8s absent ScheduledBackup {NAME}" in run.log, STAYS in run.said) == (not stays, stays), run.output


@pytest.mark.parametrize("backup", [{}, {"bucket": "ours", "credentials_secret": "s3"}], ids=["theirs", "of both"])
@pytest.mark.parametrize(("made_by", "stays"), [("pgha.kubernetes", False), ("Helm", True)])
def test_so_it_does_where_the_cluster_is_deleted_with_its_data(
    tmp_path: Path, made_by: str, stays: bool, backup: dict[str, str]
) -> None:
    known = {"postgres_cluster_state": "absent", "postgres_cluster_keep_data": False}
    found = {"apiVersion": "postgresql.cnpg.io/v1", **archived()}
    run = Run(
        tmp_path, role("main", **known), found, *SECRETS, scheduled_backup(made_by), postgres_cluster_backup=backup,
    )  # fmt: skip
    assert run.rc == 0, run.output
    assert (f"k8s absent ScheduledBackup {NAME}" in run.log, STAYS in run.said) == (not stays, stays), run.output
    assert f"k8s absent Cluster {NAME}" in run.log
    left = [(item["kind"], item["metadata"]["name"]) for item in run.objects]
    assert left == ([("ScheduledBackup", NAME)] if stays else [])


def test_so_does_what_another_cluster_has_under_a_name_of_ours(tmp_path: Path) -> None:
    # Pgpool-II of a cluster `hot` would be named hot-postgres, where `pgpool_name` says so, and so would its Service.
    labels = {MANAGED_BY: "pgha.kubernetes", "pgha.kubernetes/cluster": "hot"}
    metadata = {"name": f"{NAME}-stats", "namespace": NAMESPACE, "labels": labels}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
    gone = {"postgres_cluster_state": "absent", "postgres_cluster_keep_data": False}
    run = Run(tmp_path, role("main", **gone), cluster(), *SECRETS, service)
    assert run.rc == 0, run.output
    assert f"k8s absent Cluster {NAME}" in run.log
    assert f"The Service {NAME}-stats stays, as it belongs to the PostgreSQL cluster hot." in run.said, run.output
    assert service in run.objects


BY_US = {"metadata": {"labels": {MANAGED_BY: "us"}}}


@pytest.mark.parametrize(
    ("kind", "made_by", "changes", "ours"),
    [
        ("Cluster", "us", {}, False),
        ("Cluster", "us", {"postgres_cluster_overrides": BY_US}, True),
        ("ScheduledBackup", "us", {"postgres_cluster_overrides": BY_US}, False),
        ("ObjectStore", "us", {"postgres_cluster_object_store_overrides": BY_US}, True),
        ("ObjectStore", "pgha.kubernetes", {"postgres_cluster_overrides": {"metadata": {}}}, True),
        ("Service", None, {}, False),
    ],
)
def test_what_is_ours_has_our_label_or_that_of_overrides(
    kind: str, made_by: str | None, changes: dict[str, Any], ours: bool
) -> None:
    item = {"kind": kind, "metadata": {"name": NAME, **({"labels": {MANAGED_BY: made_by}} if made_by else {})}}
    known = {"operator": "cloudnativepg", "__postgres_cluster_item": item, **changes}
    assert evaluate("{{ __postgres_cluster_item_is_ours }}", **known) is ours


@pytest.mark.parametrize("reason", ["DeletingPods", "WaitingPodsDeletion", "Hibernated"])
def test_what_is_stopping_goes_on_to_stop(tmp_path: Path, reason: str) -> None:
    check = role("preflight", "hibernate", postgres_cluster_state="absent")
    run = Run(tmp_path, check, cluster(ready=0, hibernation="on", reason=reason))
    assert (run.rc, run.hibernation) == (0, "on"), run.output
    assert "hot-postgres is stopped already, or is just being stopped." in run.said


def test_what_is_ready_stops(tmp_path: Path) -> None:
    run = Run(tmp_path, role("hibernate"), cluster())
    assert (run.rc, run.hibernation, run.log) == (0, "on", [f"k8s Cluster {NAME}"]), run.output


@pytest.mark.parametrize("operator", ["unlucky", "away"])
def test_an_order_that_nobody_follows_does_not_stand(tmp_path: Path, operator: str) -> None:
    run = Run(tmp_path, role("hibernate"), cluster(), operator=operator)
    assert (run.rc, run.hibernation) == (2, "off"), run.output
    assert "have not stopped within 3 s (postgres_cluster_wait_timeout). As the operator had not begun, the" in run.said


def test_instances_that_take_long_to_stop_are_not_started_again(tmp_path: Path) -> None:
    run = Run(tmp_path, role("hibernate"), cluster(), operator="slow")
    assert (run.rc, run.hibernation) == (2, "on"), run.output
    assert "have not stopped within 3 s (postgres_cluster_wait_timeout): " in run.said


def test_an_order_that_stands_is_taken_back_by_waking(tmp_path: Path) -> None:
    waiting = cluster(ready=2, hibernation="on", reason="WaitingForHealthy")
    run = Run(tmp_path, role("wake_plan"), waiting)
    assert "Takes back the order to stop hot-postgres, which the operator has not begun." in run.said, run.output
    run = Run(tmp_path, role("hibernate"), waiting)
    assert "it is to stop once it is healthy (cnpg.io/hibernation is on), which wake.yml takes back" in run.said


PGPOOL_POD = {
    "kind": "Pod",
    "metadata": {"name": "hot-postgres-pgpool-1", "namespace": NAMESPACE},
    "spec": {"containers": []},
    "status": {"phase": "Running"},
}


def diagnosed(folder: Path, *pods: dict[str, Any], **known: Any) -> tuple[Run, dict[str, str]]:
    """Run diagnose.yml, and return the files of the archive."""
    run = Run(folder, "diagnose", cluster(), PGPOOL_POD, *pods, diagnose_directory=str(folder), **known)
    assert run.rc == 0, run.output
    [path] = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return run, {name.partition("/")[2]: archive.extractfile(name).read().decode() for name in archive.getnames()}


WAITS = 'container "postgres" in pod "hot-postgres-3" is waiting to start: ContainerCreating'
LOGS = {
    "hot-postgres-1": "began again\n", "hot-postgres-1 before": "password=hunter2 PANIC\n", "hot-postgres-2": "runs\n",
    "hot-postgres-3": f"refused: {WAITS}", "hot-postgres-pgpool-1": "serves\n",
    "hot-postgres-pgpool-1 before": "refused: it is gone",
}  # fmt: skip
# In the place of pgBadger: says what it was given.
READER = """#!/bin/sh
printf '%s\\n' "$@" > "$9"
"""


def log_report(folder: Path, logs: dict[str, str], **more: Any) -> tuple[Run, dict[str, str]]:
    """Run log_report.yml, and return the files that it wrote."""
    (folder / "reader").write_text(READER)
    (folder / "reader").chmod(0o755)
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "logs/hot-postgres-3.log").write_text("of yesterday\n")
    known = {"log_report_directory": str(folder / "logs"), "log_report_pgbadger": str(folder / "reader")}
    run = Run(folder, "log_report", cluster(), PGPOOL_POD, logs=logs, **known, **more)
    return run, {path.name: path.read_text() for path in (folder / "logs").iterdir()}


def test_a_report_says_whose_log_it_has_not_and_goes_on(tmp_path: Path) -> None:
    run, files = log_report(tmp_path, LOGS)
    assert run.rc == 0, run.output
    assert {name: text for name, text in files.items() if name.endswith(".log")} == {
        "hot-postgres-1.log": "password=******** PANIC\nbegan again\n",
        "hot-postgres-2.log": "runs\n",
        "hot-postgres-3.log": f"not read: {WAITS}\n",
        "hot-postgres-pgpool-1.log": "serves\n",
    }
    given = {name: text.splitlines() for name, text in files.items() if name.endswith(".html")}
    assert "hot-postgres (not read: hot-postgres-3)" in given["hot-postgres-logs.html"]
    read = [Path(line).name for line in given["hot-postgres-logs.html"] if line.endswith(".log")]
    assert read == ["hot-postgres-1.log", "hot-postgres-2.log"]
    escaped = json.dumps(WAITS)[1:-1]
    lost = "hot-postgres-pgpool-1: what it logged before it restarted: it is gone"
    assert f"Not read: hot-postgres-3: {escaped}; {lost}." in run.said, run.output
    assert "Nothing was logged by" not in run.said
    assert "hunter2" not in run.output


def test_pgbadger_is_given_nothing_of_the_environment(tmp_path: Path) -> None:
    """Which has the token of the API in AWX, and the output what pgBadger was given, where that fails."""
    run, files = log_report(tmp_path, LOGS, log_report_prefix="%m $HOME ")
    assert run.rc == 0, run.output
    assert "%m $HOME " in files["hot-postgres-logs.html"].splitlines()


def test_a_report_is_for_whoever_ran_it(tmp_path: Path) -> None:
    """Statements are in logs and pages alike. A page of an older run keeps the mode that it has."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/hot-postgres-logs.html").write_text("of yesterday")
    (tmp_path / "logs/hot-postgres-logs.html").chmod(0o644)
    run, files = log_report(tmp_path, LOGS)
    assert run.rc == 0, run.output
    assert files["hot-postgres-logs.html"] != "of yesterday"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "logs").iterdir()}
    assert {"hot-postgres-1.log", "hot-postgres-logs.html", "hot-postgres-pgpool-logs.html"} <= set(modes)
    assert modes == dict.fromkeys(modes, "0o600")


def test_a_report_without_a_log_of_an_instance_has_no_page_of_them(tmp_path: Path) -> None:
    logs = {f"hot-postgres-{number}": f"refused: node {number} is gone" for number in (1, 2, 3)}
    run, files = log_report(tmp_path, logs)
    assert run.rc == 0, run.output
    assert sorted(name for name in files if name.endswith(".html")) == ["hot-postgres-pgpool-logs.html"]
    assert "the logs of 1 pods and hot-postgres-pgpool-logs.html to" in run.said
    assert "Not read: hot-postgres-1: node 1 is gone; " in run.said
    assert "Nothing was logged by hot-postgres-pgpool-1." in run.said


def test_a_report_without_any_log_is_none(tmp_path: Path) -> None:
    pods = [*(f"hot-postgres-{number}" for number in (1, 2, 3)), PGPOOL_POD["metadata"]["name"]]
    run, files = log_report(tmp_path, dict.fromkeys(pods, "refused: 403 Forbidden"))
    assert run.rc == 2
    assert "no log could be read, so this says nothing of what happened: hot-postgres-1: 403 Forbidden; " in run.said
    assert list(files) == ["hot-postgres-3.log"]


def test_what_does_not_answer_is_asked_again_and_what_is_refused_is_not(tmp_path: Path) -> None:
    run, files = log_report(tmp_path, {**LOGS, "hot-postgres-2": "no answer"})
    assert run.rc == 0, run.output
    assert files["hot-postgres-2.log"] == "not read: Connection refused\n"
    assert run.output.count("FAILED - RETRYING") == 3


def test_the_archive_has_what_was_logged_before_a_restart(tmp_path: Path) -> None:
    restarted = {
        "kind": "Pod",
        "metadata": {"name": "hot-postgres-1", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "postgres"}]},
        "status": {"containerStatuses": [{"name": "postgres", "restartCount": 1}]},
    }
    _run, files = diagnosed(tmp_path, restarted, logs=LOGS, arguments=["--skip-tags=pgpool"])
    assert {name: text for name, text in files.items() if name.startswith("logs/")} == {
        f"logs/{NAMESPACE}/hot-postgres-1/postgres.log": "began again\n",
        f"logs/{NAMESPACE}/hot-postgres-1/postgres.previous.log": "password=******** PANIC\n",
    }


def test_the_primary_is_asked_for_20_s_at_most_in_its_own_pod(tmp_path: Path) -> None:
    run, files = diagnosed(tmp_path, silent=True, arguments=["--skip-tags=pgpool"])
    [asked] = run.log
    assert asked.startswith("exec hot-postgres-2: timeout 20 psql ")
    assert files["pg_stat_replication.csv"] == "no answer within 20 s"


def test_the_archive_is_written_where_nobody_answers(tmp_path: Path) -> None:
    """Ansible's limit ends a task whatever its `failed_when` says."""
    run, files = diagnosed(tmp_path, hangs=True)
    assert [line.partition(":")[0] for line in run.log] == ["exec hot-postgres-2", "exec hot-postgres-pgpool-1"]
    assert files["pg_stat_replication.csv"] == "Task failed: Timed out after 1 second(s)."
    assert files["pool_nodes/hot-postgres-pgpool-1.csv"] == "no answer: Task failed: Timed out after 1 second(s)."
    assert "objects/Cluster.json" in files


def test_nor_does_a_switchover_end_without_a_reason(tmp_path: Path) -> None:
    run = Run(tmp_path, role("switchover_plan"), cluster(), hangs=True)
    assert "the primary hot-postgres-2 does not answer (Task failed: Timed out after 1 second(s).): wait" in run.said
    assert run.rc == 2


def test_ansible_gives_up_later_than_the_api_does() -> None:
    """It says after some 30 s that a node does not answer."""
    text = (ROOT / "roles/postgres_cluster/tasks/replication.yml").read_text()
    assert [int(number) for number in re.findall(r"timeout: (\d+)$", text, re.MULTILINE)] == [90]


LARGER = {"size": "2Gi", "class": "standard"}
FORBIDDEN = 'storageclasses.storage.k8s.io is forbidden: User "someone" cannot list resource'


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_volumes_that_cannot_grow_are_refused_before_the_first_write(tmp_path: Path, arguments: list[str]) -> None:
    run = Run(
        tmp_path, role("main"), cluster(), *SECRETS, *volumes(False), arguments=arguments,
        postgres_cluster_storage=LARGER,
    )  # fmt: skip
    assert "postgres_cluster_storage.size is '2Gi' (string): volumes of the cluster have 1Gi, and their" in run.said, (
        run.output
    )
    assert (run.rc, run.log) == (2, [])


@pytest.mark.parametrize(
    ("classes", "changes", "refused", "words"),
    [
        (True, {"postgres_cluster_storage": LARGER}, {}, ""),
        (False, {"postgres_cluster_storage": LARGER}, {"StorageClass": FORBIDDEN}, "was not looked at, as the cred"),
        # Where none is to grow, none of that is asked for.
        (False, {}, {"StorageClass": "asked", "PersistentVolumeClaim": "asked"}, ""),
        (
            False,
            {
                "postgres_cluster_storage": LARGER,
                "postgres_cluster_overrides": {"spec": {"storage": {"resizeInUseVolumes": False}}},
            },
            {"StorageClass": "asked", "PersistentVolumeClaim": "asked"},
            "",
        ),
    ],
    ids=["they can", "unknown", "none is to", "left as they are"],
)
def test_others_are_not(
    tmp_path: Path, classes: bool, changes: dict[str, Any], refused: dict[str, str], words: str
) -> None:
    run = Run(tmp_path, role("preflight"), cluster(), *volumes(classes), refused=refused, **changes)
    assert run.rc == 0, run.output
    assert words in run.said
    assert ("was not looked at" in run.said) is bool(words)


AWAY = "Exception '503\\nReason: Service Unavailable' raised while trying to get resource"
GONE = "HTTPSConnectionPool(host='k8s', port=6443): Max retries exceeded (Caused by: [Errno 111] Connection refused)"
FORBIDDEN = "Exception '403\\nReason: Forbidden' raised while trying to get resource"


@pytest.mark.parametrize(
    ("answers", "again", "words"),
    [
        ([AWAY], 1, ""),
        ([GONE, AWAY, GONE], 3, ""),
        (AWAY, 3, "the Kubernetes API cannot be used, it has an error of its own: set pgha_k8s_auth"),
        ([FORBIDDEN], 0, "the credentials may not do this (403)"),
        (["Read timed out."], 0, "it does not answer in time"),
        (["Could not create API client: no such file"], 0, "there is no usable kubeconfig"),
    ],
)
def test_what_is_away_for_a_moment_is_read_again(
    tmp_path: Path, answers: str | list[str], again: int, words: str
) -> None:
    run = Run(tmp_path, role("discover"), cluster(), *SECRETS, refused={"Cluster": answers})
    assert run.rc == (2 if words else 0), run.output
    assert run.output.count("FAILED - RETRYING") == again
    assert words in run.said


def test_that_the_api_does_not_answer_is_no_want_of_rights(tmp_path: Path) -> None:
    refused = {"StorageClass": "it is overloaded"}
    run = Run(tmp_path, role("preflight"), cluster(), refused=refused, postgres_cluster_storage=LARGER)
    assert (run.rc, "it is overloaded" in run.said) == (2, True), run.output


@pytest.mark.parametrize(
    ("storage", "refused", "words"),
    [
        (
            "fast",
            {},
            "postgres_cluster_storage.class is 'fast' (string): the cluster's volumes are of the class 'stand",
        ),
        ("", {}, "postgres_cluster_storage.class is '' (string): the cluster's volumes are of the class 'standard'"),
        # What may not be read does not let another one pass.
        ("fast", {"PersistentVolumeClaim": FORBIDDEN}, "the cluster's volumes are of the class 'standard' and cannot"),
        ("", {"StorageClass": FORBIDDEN}, "the cluster's volumes are of the class 'standard' and cannot change it"),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_another_class_is_refused_before_the_first_write(
    tmp_path: Path, storage: str, refused: dict[str, str], words: str, arguments: list[str]
) -> None:
    run = Run(
        tmp_path, role("main"), cluster(), *SECRETS, *volumes(True), arguments=arguments, refused=refused,
        postgres_cluster_storage={"size": "1Gi", "class": storage},
    )  # fmt: skip
    assert words in run.said, run.output
    assert (run.rc, run.log) == (2, [])


ENDED = "401\nReason: Unauthorized"
ELSEWHERE = "Nothing in the namespace says why. Where the API has refused a pod or a volume claim"
IN_VAIN = role("explain", __postgres_cluster_first="It was waited in vain:")


def test_a_token_that_has_ended_is_named_beside_what_was_waited_for(tmp_path: Path) -> None:
    run = Run(tmp_path, IN_VAIN, cluster(), refused=dict.fromkeys(("Cluster", "Pod", "Event"), ENDED))
    assert run.rc == 2
    words = "the Kubernetes API cannot be used, it does not accept the credentials (401): set pgha_k8s_auth"
    assert f"It was waited in vain:\\n{words}" in run.said, run.output


def test_what_may_not_be_read_beside_the_cluster_is_left_out_of_the_reasons(tmp_path: Path) -> None:
    run = Run(tmp_path, IN_VAIN, cluster(ready=2), refused={"Event": FORBIDDEN})
    assert "It was waited in vain:\\n2 of 3 instances are ready" in run.said, run.output
    assert "403" not in run.said.partition("Say why it is not as it should be")[2]
    assert ELSEWHERE in run.said


def test_a_node_that_does_not_answer_is_named_and_nobody_is_sent_to_the_operators_log(tmp_path: Path) -> None:
    lost = {
        "kind": "Pod",
        "metadata": {"name": f"{NAME}-3", "namespace": NAMESPACE, "labels": {"cnpg.io/cluster": NAME}},
        "spec": {"nodeName": "worker-2"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "postgres", "ready": True, "state": {"running": {}}}],
        },
    }
    run = Run(tmp_path, IN_VAIN, cluster(ready=2), lost)
    assert run.rc == 2
    assert f"pod {NAME}-3 on the node worker-2 is not ready although its containers were" in run.said, run.output
    assert "Nothing in the namespace" not in run.said


def test_a_cluster_whose_name_begins_in_the_same_way_gives_no_reasons(tmp_path: Path) -> None:
    def broken(of: str) -> dict[str, Any]:
        container = {"name": "postgres", "containerID": "x", "ready": False, "state": {"waiting": {"reason": "Broken"}}}
        metadata = {"name": f"{of}-1", "namespace": NAMESPACE, "labels": {"cnpg.io/cluster": of}}
        return {"kind": "Pod", "metadata": metadata, "status": {"containerStatuses": [container]}}

    other = f"{NAME}-eu"
    events = [event(kind, name, "Late", "x") for kind, name in (("Cluster", other), ("Pod", f"{other}-1"))]
    found = [broken(NAME), broken(other), *events, event("Pod", f"{NAME}-1", "Late", "x")]
    run = Run(tmp_path, IN_VAIN, cluster(ready=2), *found, logs=dict.fromkeys((f"{NAME}-1", f"{other}-1"), "panic"))
    assert run.rc == 2
    for words in (f"pod {NAME}-1, container postgres: Broken", f"{NAME}-1, container postgres logged", "Late"):
        assert words in run.said, run.output
    assert other not in run.said, run.output


RECOVERY = f"{NAME}-1-full-recovery"
MISSING = 'while reconciling: secrets "company-ca" not found'


def restored(phase: str = "Setting up primary", reason: str = "") -> dict[str, Any]:
    """A Cluster that is made from backups, and has no instance yet."""
    found = cluster(ready=0)
    found["spec"]["managed"] = {"roles": []}
    found["status"].update(phase=phase, phaseReason=reason, instancesStatus={})
    return found


def event(kind: str, name: str, reason: str, message: str) -> dict[str, Any]:
    about = {"kind": kind, "name": name}
    metadata = {"name": f"{name}.1", "namespace": NAMESPACE, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"kind": "Event", "type": "Warning", "metadata": metadata, "involvedObject": about, "reason": reason,
            "message": message}  # fmt: skip


def recovering(phase: str = "Pending", **state: Any) -> dict[str, Any]:
    """The pod that recovers."""
    labels = {"cnpg.io/cluster": NAME, "cnpg.io/jobRole": "full-recovery"}
    return {
        "kind": "Pod",
        "metadata": {"name": f"{RECOVERY}-x", "namespace": NAMESPACE, "labels": labels},
        "status": {"phase": phase, "containerStatuses": [{"name": "full-recovery", "ready": False, "state": state}]},
    }


def waited(folder: Path, *objects: dict[str, Any], drill: bool = False, timeout: int = 3, **known: Any) -> Run:
    """Wait for a recovery, for so many seconds."""
    words = yaml.safe_load((ROOT / "roles/postgres_cluster/tasks/restore_drill_restore.yml").read_text())[-1]["vars"]
    own = {name: value for name, value in words.items() if drill and name.startswith("__postgres_cluster_restore_")}
    wait = role(
        "restore_wait", __postgres_cluster_restore_plan={"words": "shop"}, __postgres_cluster_stuck_reads=2,
        __postgres_cluster_restore_began="{{ began }}", postgres_cluster_restore={"source": "shop", "timeout": timeout},
        **own,
    )  # fmt: skip
    began = {"name": "Begin", "ansible.builtin.set_fact": {"began": "{{ now().timestamp() }}"}}
    [play] = wait
    return Run(folder, [{**play, "tasks": [began, *play["tasks"]]}], *objects, **known)


QUOTA = 'pods "x" is forbidden: exceeded quota: team'
PULL = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "r.io/p:17"'}}


@pytest.mark.parametrize(
    ("found", "words", "drill"),
    [
        (event("Job", RECOVERY, "FailedCreate", QUOTA),
         f"Job {RECOVERY}: FailedCreate: {json.dumps(QUOTA)[1:-1]}", False),
        (recovering(**PULL),
         f"pod {RECOVERY}-x, container full-recovery: ImagePullBackOff Back-off pulling image", True),
    ],
    ids=["quota", "image"],
)  # fmt: skip
def test_what_keeps_a_recovery_from_its_begin_is_told(
    tmp_path: Path, found: dict[str, Any], words: str, drill: bool
) -> None:
    run = waited(tmp_path, restored(), found, drill=drill)
    assert run.rc == 2
    assert "hot-postgres is not made yet of shop: the recovery has not begun within 3 s (" in run.said, run.output
    assert words in run.said, run.output
    assert "Setting up primary" in run.said
    assert "larger" not in run.said
    assert ("The drill removes what it has made." in run.said) is drill


def test_of_a_recovery_that_runs_more_time_is_asked_for(tmp_path: Path) -> None:
    run = waited(tmp_path, restored(), recovering("Running", running={}), drill=True)
    assert "the recovery has not ended within 3 s (postgres_cluster_drill_timeout)." in run.said, run.output
    assert "the next one takes a larger postgres_cluster_drill_timeout." in run.said


STUCK = restored("Unable to create required cluster objects", MISSING)


def test_nobody_waits_for_what_the_operator_cannot_begin(tmp_path: Path) -> None:
    run = waited(tmp_path, STUCK, event("Cluster", NAME, "SecretNotFound", "Getting secret company-ca"))
    assert run.rc == 2
    assert "hot-postgres is not made yet of shop: the operator cannot make what it needs." in run.said, run.output
    assert f"Unable to create required cluster objects ({json.dumps(MISSING)[1:-1]})" in run.said
    assert "Cluster hot-postgres: SecretNotFound: Getting secret company-ca" in run.said
    assert ELSEWHERE not in run.said
    # Not at the first sight of it, and not until the time is over.
    assert run.output.count("FAILED - RETRYING") == 2
    assert "larger" not in run.said


def test_what_the_operator_could_not_begin_for_a_moment_goes_on(tmp_path: Path) -> None:
    ended = recovering("Succeeded", terminated={"exitCode": 0})
    run = waited(tmp_path, STUCK, ended)
    assert run.rc == 0, run.output


@pytest.mark.parametrize(
    ("kinds", "answer"), [(("Cluster", "Pod"), ENDED), (("Pod",), f"Exception '{ENDED}"), (("Pod",), "403\nReason: No")]
)
def test_a_wait_for_a_recovery_ends_with_the_token(tmp_path: Path, kinds: tuple[str, ...], answer: str) -> None:
    run = waited(tmp_path, restored(), refused=dict.fromkeys(kinds, answer))
    assert run.rc == 2
    number = 403 if "403" in answer else 401
    words = r"hot-postgres, which is made of shop, is by now is not known: the Kubernetes API cannot be used, (it|the)"
    assert re.search(words + rf"[a-z ]* \({number}\): set pgha_k8s_auth", run.said), run.output
    assert "RETRYING" not in run.output
    assert "within 3 s" not in run.said


def test_one_that_is_away_for_a_moment_does_not(tmp_path: Path) -> None:
    ended = recovering("Succeeded", terminated={"exitCode": 0})
    run = waited(tmp_path, restored(), ended, refused={"Pod": [AWAY, GONE]}, timeout=120)
    assert run.rc == 0, run.output
    assert run.output.count("FAILED - RETRYING") == 2


SAME = "schema,table,rows,checksum,writes\npublic,orders,3,99,3:1\n"
OTHER = SAME.replace("99", "98")
# What a drill asks and restores, without a database.
DRILLED = {
    "source": {"__postgres_cluster_drill_before": {"app": SAME}, "__postgres_cluster_drill_primary": "hot-postgres-2",
               "__postgres_cluster_drill_lsn": "0/5", "__postgres_cluster_drill_began": 0},
    "restore": {"postgres_cluster_result": {"instances": [{"role": "primary", "pod": "hot-postgres-1"}]},
                "__postgres_cluster_restored": {"newest_transaction": "", "seconds": 9}},
}  # fmt: skip
HELD = "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1: stale GroupVersion discovery"


def drilled(folder: Path, tables: str = SAME, held: str = "") -> Run:
    """Compare a restored cluster that has these tables with its source, and remove it."""
    roles = folder / "ansible_collections/pgha/kubernetes/roles"
    shutil.copytree(ROOT / "roles", roles)
    for name, facts in {**DRILLED, "ask": {"__postgres_cluster_drill_tables": {"app": tables}}}.items():
        file = roles / f"postgres_cluster/tasks/restore_drill_{name}.yml"
        file.write_text(json.dumps([{"name": f"Be {name}", "ansible.builtin.set_fact": facts}]))
    conditions = [
        {"type": "NamespaceDeletionDiscoveryFailure", "status": "True", "message": HELD},
        {"type": "NamespaceContentRemaining", "status": "False", "message": "All content successfully removed"},
    ]
    namespace = {"kind": "Namespace", "metadata": {"name": f"{NAME}-drill"}, "status": {"conditions": conditions}}
    return Run(folder, role("restore_drill_make"), cluster(), namespace, held=held)


GOES, PROOF = f"k8s absent Namespace {NAME}-drill", f"apply ConfigMap {NAME}-restore-drill"
WAITED = f'"Namespace" "{NAME}-drill": Timed out waiting on resource'


def test_a_namespace_that_does_not_go_takes_nothing_of_the_proof(tmp_path: Path) -> None:
    run = drilled(tmp_path, held=WAITED)
    # It is deleted once, as it was waited in vain.
    assert (run.rc, run.log) == (2, [PROOF, GOES]), run.output
    words = f"{NAME}-drill was not gone within 3 s (postgres_cluster_wait_timeout): {HELD}. The next drill of"
    assert words in run.said, run.output
    assert "All content" not in run.said


def test_one_that_may_not_be_deleted_is_told_as_the_api_says_it(tmp_path: Path) -> None:
    run = drilled(tmp_path, held=ENDED)
    assert (run.rc, run.log) == (2, [PROOF, *[GOES] * 4]), run.output
    words = "could not be deleted: the Kubernetes API cannot be used, it does not accept the credentials (401)"
    assert words in run.said, run.output


@pytest.mark.parametrize(("tables", "log"), [(SAME, [PROOF, GOES]), (OTHER, [GOES])], ids=["the same", "others"])
def test_what_a_drill_has_made_goes_whatever_came_of_it(tmp_path: Path, tables: str, log: list[str]) -> None:
    run = drilled(tmp_path, tables)
    assert (run.rc, run.log) == (2 if tables == OTHER else 0, log), run.output
    # What is no proof leaves none.
    assert ("were restored, and that is no proof:" in run.said) is (tables == OTHER)


TWO = {"postgres_cluster_databases": [{"name": "app"}, {"name": "eu-app", "owner": "app"}]}
PREFLIGHT = {"name": "pgha.kubernetes.postgres_cluster", "tasks_from": "preflight", "rolespec_validate": False}
PREFLIGHT_PLAY = [
    {
        "hosts": "postgres_clusters",
        "gather_facts": False,
        "tasks": [{"name": "Run it", "ansible.builtin.include_role": PREFLIGHT}],
    }
]


def database(of: str) -> dict[str, Any]:
    """The object of a database, of one cluster or another."""
    metadata = {"name": f"{NAME}-eu-app", "namespace": NAMESPACE}
    return {"kind": "Database", "metadata": metadata, "spec": {"cluster": {"name": of}, "name": "any"}}


def test_a_database_whose_object_is_another_clusters_is_refused_before_the_first_write(tmp_path: Path) -> None:
    run = Run(tmp_path, "postgres_cluster", cluster(), *SECRETS, database(f"{NAME}-eu"), **TWO)
    assert f"the Database {NAME}-eu-app, the operator's object for it, is that of the PostgreSQL cluster" in run.said
    assert (run.rc, run.log) == (2, []), run.output


@pytest.mark.parametrize("known", [TWO, {"refused": {"Database": "asked"}}], ids=["its own", "the first one alone"])
def test_other_databases_are_in_nobodys_way(tmp_path: Path, known: dict[str, Any]) -> None:
    run = Run(tmp_path, PREFLIGHT_PLAY, cluster(), *SECRETS, database(NAME), **known)
    assert run.rc == 0, run.output


POSTGRES = {
    "kind": "Postgres",
    "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": LABELS},
    "spec": {
        "version": "17.9", "replicas": 3, "clientAuthMode": "scram", "authSecret": {"name": f"{NAME}-auth"},
        "storage": {"storageClassName": "standard", "resources": {"requests": {"storage": "4Gi"}}},
    },
    "status": {"phase": "Ready", "conditions": [{"type": "Ready", "status": "True"}]},
}  # fmt: skip
WITH_KUBEDB = {"postgres_cluster_operator": "kubedb", "postgres_cluster_storage": {"size": "4Gi"}}
SUPERUSER = secret("postgres") | {"metadata": {**secret("postgres")["metadata"], "name": f"{NAME}-auth"}}


def with_another_run(folder: Path, before: str, after: str) -> list[dict[str, Any]]:
    """A run whose preflight is some minutes older than the rest, between which another one has changed the cluster."""
    [first], [then] = role("preflight"), role("main")
    change = {"path": str(folder / "store.json"), "regexp": re.escape(before), "replace": after}
    meanwhile = {"name": "Be another run", "ansible.builtin.replace": change}
    return [{**first, "tasks": [*first["tasks"], meanwhile, *then["tasks"]]}]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"replicas": 3', '"replicas": 5', "postgres_cluster_instances is 3 (integer): the cluster has 5, and only"),
        ('"version": "17.9"', '"version": "17.10"', "postgres_cluster_version is '17.9' (string): the cluster has"),
        ('"authSecret": {"name": "hot-postgres-auth"}', '"authSecret": {"name": "hot-postgres-auth-new"}',
         "the superuser has another password by now, in the Secret hot-postgres-auth-new"),
        ('"clientAuthMode": "scram"', '"clientAuthMode": "md5"', "the cluster has 'md5' and keeps its passwords"),
        ('"phase": "Ready"', '"phase": "NotReady"', ""),
    ],
    ids=["scaled", "upgraded", "rotated", "another way to log in", "not as it is wanted"],
)  # fmt: skip
def test_what_kubedb_has_done_since_the_preflight_is_not_taken_back(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    plays = with_another_run(tmp_path, before, after)
    run = Run(tmp_path, plays, POSTGRES, SUPERUSER, *SECRETS, **WITH_KUBEDB)
    said = "hot-postgres has changed meanwhile, as by another run, and this one would take" in run.said
    assert said is bool(words), run.output
    assert words in run.said, run.output
    assert (f"apply Postgres {NAME}" in run.log) is not bool(words), run.output


def test_the_superusers_secret_that_another_run_has_made_since_the_preflight_stays(tmp_path: Path) -> None:
    """With the one that is there, that run made the cluster."""
    plays = with_another_run(tmp_path, '"name": "not-there"', f'"name": "{NAME}-auth"')
    later = {**SUPERUSER, "metadata": {**SUPERUSER["metadata"], "name": "not-there"}}
    run = Run(tmp_path, plays, POSTGRES, later, *SECRETS, **WITH_KUBEDB)
    assert f"apply Postgres {NAME}" in run.log, run.output
    [found] = [item for item in run.objects if item["metadata"]["name"] == f"{NAME}-auth"]
    assert found["data"] == SUPERUSER["data"]
