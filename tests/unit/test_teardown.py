# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""teardown.yml keeps an operator for its own PostgreSQL clusters, and Prometheus for those of all; what it asks for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).resolve().parents[2]
PLAYS = yaml.safe_load((ROOT / "playbooks/teardown.yml").read_text())
PLAY = PLAYS[-1]
# What it looks for, in its order.
KINDS = ["cnpg pod", "Cluster", "Deployment", "kubedb pod", "Postgres", "pod of 2020", "Pgpool-II"]


def evaluate(name: str, operator: str, there: list[str]) -> Any:
    results = [{"resources": [{"metadata": {"name": kind, "uid": kind}}] if kind in there else []} for kind in KINDS]
    variables = {
        **DataLoader().load(trust_as_template(yaml.safe_dump(PLAY["vars"]))),
        "pgha_operator": operator,
        "__teardown_asked_with": [],
        "__teardown_found": {"results": results},
        "hostvars": {},
    }
    templar = Templar(loader=DataLoader(), variables=variables)
    return templar.template(trust_as_template("{{ " + name + " | list }}"))


def test_the_kinds_are_in_this_order() -> None:
    kinds = [(item["kind"], item.get("labels", [""])[0]) for item in PLAY["tasks"][2]["loop"]]
    assert kinds == [
        ("Pod", "cnpg.io/podRole=instance"),
        ("Cluster", ""),
        ("Deployment", "app.kubernetes.io/name=cloudnative-pg"),
        ("Pod", "app.kubernetes.io/name=postgreses.kubedb.com"),
        ("Postgres", ""),
        ("Pod", "kubedb.com/kind=Postgres"),
        ("Deployment", "app.kubernetes.io/name=pgpool"),
    ]


@pytest.mark.parametrize(
    ("operator", "there", "left"),
    [
        ("cloudnativepg", ["Cluster", "Postgres"], ["Cluster"]),
        ("cloudnativepg", ["Postgres"], []),
        ("kubedb", ["Cluster", "Postgres"], ["Postgres"]),
        ("kubedb", ["Cluster"], []),
        ("kubedb_v1alpha1", [], []),
    ],
)
def test_an_operator_stays_for_its_own_clusters(operator: str, there: list[str], left: list[str]) -> None:
    assert evaluate("__teardown_left", operator, there) == left


@pytest.mark.parametrize("pod", ["cnpg pod", "kubedb pod", "pod of 2020", "Pgpool-II"])
def test_prometheus_stays_for_whatever_runs(pod: str) -> None:
    assert evaluate("__teardown_running", "kubedb", [pod]) == [pod]
    assert evaluate("__teardown_running", "kubedb", ["Cluster", "Postgres"]) == []


def asked(
    tmp_path: Path, playbook: str, confirmed: str, *arguments: str, **variables: Any
) -> subprocess.CompletedProcess[str]:
    """Run the part of a playbook that asks, for two PostgreSQL clusters of one name and one of another."""
    of_one_name = {"postgres_cluster_name": "shop", "pgha_namespace": "a", "ansible_connection": "local"}
    hosts = {"stage": of_one_name, "production": {**of_one_name, "pgha_namespace": "b"}, "orders": {}}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"children": {"postgres_clusters": {"hosts": hosts}}}}))
    return subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", *(arguments or ["--tags=no-other"]),
         f"--extra-vars={json.dumps({f'{playbook}_confirm': confirmed, **variables})}",
         str(ROOT / f"playbooks/{playbook}.yml")],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("playbook", ["teardown", "hibernate"])
def test_of_two_clusters_of_one_name_it_asks_for_the_hosts(tmp_path: Path, playbook: str) -> None:
    refused = asked(tmp_path, playbook, "shop,orders")
    assert refused.returncode != 0
    for host in ("stage", "production"):
        assert f"-e {playbook}_confirm={host}" in " ".join(refused.stdout.split()), refused.stdout
    assert f"-e {playbook}_confirm=orders" not in refused.stdout
    taken = asked(tmp_path, playbook, "stage,production,orders")
    assert taken.returncode == 0, taken.stdout


@pytest.mark.parametrize("playbook", ["teardown", "hibernate"])
def test_whoever_skips_the_question_gets_no_further(tmp_path: Path, playbook: str) -> None:
    refused = asked(tmp_path, playbook, "shop,orders", "--start-at-task=Refuse what was not asked for")
    assert refused.returncode != 0
    assert f"{playbook}_confirm was not looked at" in refused.stdout


@pytest.mark.parametrize("playbook", ["teardown", "hibernate"])
def test_all_are_asked_about_whatever_the_strategy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, playbook: str
) -> None:
    """Those of one that was named would go on without the others."""
    monkeypatch.setenv("ANSIBLE_STRATEGY", "free")
    refused = asked(tmp_path, playbook, "orders", "--tags=always")
    assert refused.returncode != 0
    assert "Remember that it was asked for" not in refused.stdout


@pytest.mark.parametrize(("named", "goes_on"), [(["hot", "shop"], True), (["hot"], False), ([], False)])
def test_nothing_goes_with_a_cluster_that_was_not_named(named: list[str], goes_on: bool) -> None:
    refusal = next(task for task in PLAY["tasks"] if "was not given" in task["name"])
    variables = {
        **DataLoader().load(trust_as_template(yaml.safe_dump(refusal["vars"]))),
        "__teardown_asked_with": ["hot", "shop"],
        "hostvars": {
            host: {"inventory_hostname": host, **({"__teardown_asked": True} if host in named else {})}
            for host in ("hot", "shop")
        },
    }
    templar = Templar(loader=DataLoader(), variables=variables)
    condition = "{{ " + refusal["ansible.builtin.assert"]["that"] + " }}"
    assert templar.template(trust_as_template(condition)) is goes_on


def test_an_extra_variable_does_not_delete_what_the_question_keeps(tmp_path: Path) -> None:
    tasks = next(play for play in PLAYS if play["name"] == "Remove Pgpool-II and the PostgreSQL clusters")["tasks"]
    begin = f"--start-at-task={tasks[1]['name']}"
    refused = asked(tmp_path, "teardown", "stage,production,orders", begin, postgres_cluster_keep_data=False)
    assert refused.returncode != 0
    assert "postgres_cluster_keep_data is false among the extra variables, and teardown_keep_data is true" in " ".join(
        refused.stdout.split()
    )


# In place of the module that reads: of the objects of a file, those that it is asked for.
READ = """
import json, pathlib
from ansible.module_utils.basic import AnsibleModule
lists = {name: {"type": "list", "elements": "str", "default": []} for name in ("label_selectors", "field_selectors")}
module = AnsibleModule(
    {"api_version": {}, "kind": {}, "namespace": {}, "objects": {"type": "path"}, **lists}, supports_check_mode=True
)
asked = module.params

def fits(item):
    metadata = item["metadata"]
    fields = {"metadata.name=" + metadata["name"]}
    labels = {name + "=" + value for name, value in metadata.get("labels", {}).items()}
    return (
        (item["apiVersion"], item["kind"]) == (asked["api_version"], asked["kind"])
        and asked["namespace"] in (None, metadata["namespace"])
        and set(asked["label_selectors"]) <= labels
        and set(asked["field_selectors"]) <= fields
    )

objects = json.loads(pathlib.Path(asked["objects"]).read_text())
module.exit_json(resources=[item for item in objects if fits(item)])
"""
SHOWN = "{{ {'running': __teardown_running, 'left': __teardown_left, 'operator': __teardown_of_operator} | to_json }}"


def there(name: str, namespace: str) -> list[dict[str, Any]]:
    """All that there is of a PostgreSQL cluster of CloudNativePG with Pgpool-II in front of it."""

    def thing(api: str, kind: str, name: str, **labels: str) -> dict[str, Any]:
        uid = f"{namespace}/{kind}/{name}"
        metadata = {"name": name, "namespace": namespace, "uid": uid, "labels": labels}
        return {"apiVersion": api, "kind": kind, "metadata": metadata}

    pgpool = {
        "app.kubernetes.io/name": "pgpool",
        "app.kubernetes.io/managed-by": "pgha.kubernetes",
        "pgha.kubernetes/cluster": name,
    }
    return [
        thing("postgresql.cnpg.io/v1", "Cluster", name),
        thing("v1", "Pod", f"{name}-1", **{"cnpg.io/podRole": "instance", "cnpg.io/cluster": name}),
        thing("apps/v1", "Deployment", f"{name}-pgpool", **pgpool),
    ]


def look(folder: Path, objects: list[dict[str, Any]], *arguments: str, **variables: Any) -> dict[str, Any]:
    """Run what looks for what goes, and then for what is left, where the hosts `hot` and `shop` are asked for."""
    (folder / "library").mkdir(exist_ok=True)
    (folder / "library/objects.py").write_text(READ)
    (folder / "objects.json").write_text(json.dumps(objects))
    [looks] = [play for play in PLAYS if play["name"] == "Remove Pgpool-II and the PostgreSQL clusters"]

    def reading(play: dict[str, Any]) -> dict[str, Any]:
        [task] = [task for task in play["tasks"] if "pgha.kubernetes.read" in task]
        given = {**task["pgha.kubernetes.read"], "objects": str(folder / "objects.json")}
        kept = {key: value for key, value in task.items() if key not in ("module_defaults", "pgha.kubernetes.read")}
        return {**kept, "objects": given}

    common = {"gather_facts": False}
    asked_with = {"ansible.builtin.set_fact": {"__teardown_asked_with": ["hot", "shop"]}}
    last = [reading(PLAY), {"ansible.builtin.debug": {"msg": f"SHOWN {SHOWN}"}}]
    plays = [
        {"hosts": "all", **common, "tasks": [asked_with]},
        {"hosts": "postgres_clusters", **common, "vars": looks["vars"], "tasks": [reading(looks)]},
        {"hosts": "kubernetes_clusters", **common, "vars": PLAY["vars"], "tasks": last},
    ]
    (folder / "play.yml").write_text(yaml.safe_dump(plays))
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    clusters = {"hot": {"pgha_namespace": "demo"}, "shop": {"pgha_namespace": "demo"}}
    children = {"kubernetes_clusters": {"hosts": {"east": {}}}, "postgres_clusters": {"hosts": clusters}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"vars": {**local, **variables}, "children": children}}))
    done = subprocess.run(
        ["ansible-playbook", f"--inventory={folder}/hosts.json", *arguments, str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return json.JSONDecoder().raw_decode(done.stdout.partition("SHOWN ")[2])[0]


OURS = [*there("hot", "demo"), *there("shop", "demo")]


@pytest.mark.parametrize(
    ("variables", "others", "found"),
    [
        ({}, [], {"running": [], "left": ["hot", "shop"], "operator": "kept"}),
        ({"teardown_keep_data": False}, [], {"running": [], "left": [], "operator": "removed"}),
        # One of the same name, which something else made, or that is in another namespace.
        (
            {"teardown_keep_data": False},
            there("hot", "other"),
            {"running": ["hot-1", "hot-pgpool"], "left": ["hot"], "operator": "kept"},
        ),
        (
            {"postgres_cluster_operator": "existing", "teardown_keep_data": False},
            [],
            {"running": ["hot-1", "shop-1"], "left": ["hot", "shop"], "operator": "kept"},
        ),
    ],
)
def test_in_check_mode_what_a_run_would_have_removed_keeps_nothing(
    tmp_path: Path, variables: dict[str, Any], others: list[dict[str, Any]], found: dict[str, Any]
) -> None:
    assert look(tmp_path, OURS + others, "--check", **variables) == found


def test_what_is_there_in_a_run_keeps_it(tmp_path: Path) -> None:
    """It has been removed by then: what is found in spite of that stays."""
    found = look(tmp_path, OURS, teardown_keep_data=False)
    assert found == {
        "running": ["hot-1", "shop-1", "hot-pgpool", "shop-pgpool"],
        "left": ["hot", "shop"],
        "operator": "kept",
    }


@pytest.mark.parametrize("role", ["cloudnativepg", "kubedb"])
@pytest.mark.parametrize(("going", "allowed"), [(["1"], True), ([], False), (["2"], False)])
def test_an_operator_may_go_with_what_would_have_gone_before(role: str, going: list[str], allowed: bool) -> None:
    tasks = yaml.safe_load((ROOT / f"roles/{role}/tasks/absent.yml").read_text())
    refusal = next(task for task in tasks if "ansible.builtin.assert" in task)
    clusters = [{"metadata": {"name": "hot", "namespace": "demo", "uid": "1"}}]
    variables = {
        **DataLoader().load(trust_as_template(yaml.safe_dump(refusal["vars"]))),
        f"__{role}_clusters": {"resources": clusters},
        f"__{role}_going": going,
    }
    templar = Templar(loader=DataLoader(), variables=variables)
    condition = "{{ " + refusal["ansible.builtin.assert"]["that"] + " }}"
    assert templar.template(trust_as_template(condition)) is allowed
    [include] = [task for task in PLAY["tasks"] if f"__{role}_going" in task.get("vars", {})]
    assert include["ansible.builtin.include_role"]["name"] == f"pgha.kubernetes.{role}"
    assert include["vars"][f"__{role}_going"] == "{{ __teardown_gone }}"
