# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/how-to says to put into an inventory is what the roles take."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators, pgpool_conf
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import labels

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs/how-to").glob("*.md"))
CONNECT = ROOT / "docs/how-to/connect-an-application.md"
WHERE = ROOT / "docs/how-to/where-pods-run.md"
ROLES = tuple(f"{path.name}_" for path in (ROOT / "roles").iterdir())
NAMES = "|".join(ROLES)


def examples(page: Path) -> list[Any]:
    """Return what the blocks of YAML of a page hold."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [item for block in blocks for item in yaml.safe_load_all(block)]


@cache
def variables() -> frozenset[str]:
    """Return the names of all variables of the roles."""
    defaults = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("roles/*/defaults/main.yml")]
    return frozenset(name for role in defaults for name in role)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_name_variables_that_there_are(page: Path) -> None:
    given = [name for item in examples(page) if isinstance(item, dict) for name in item]
    assert [name for name in given if name.startswith(ROLES) and name not in variables()] == []
    words = re.findall(rf"`((?:{NAMES})[a-z_]+)", page.read_text(encoding="utf-8"))
    assert [word for word in words if word not in variables()] == []


def test_the_rules_that_keep_the_superuser_out_do() -> None:
    [rules] = [item["pgpool_hba_rules"] for item in examples(CONNECT) if "pgpool_hba_rules" in item]
    for mode in (rules, [rules[0], {**rules[1], "type": "hostssl"}]):
        assert not pgpool_conf.may_come("postgres", mode, "app")
        assert pgpool_conf.may_come("app", mode, "app")


def network_policy(name: str) -> dict[str, Any]:
    """Return a policy of the page on them by its name."""
    return {one["metadata"]["name"]: one for one in examples(ROOT / "docs/how-to/network-policies.md")}[name]


def test_the_policy_for_instances_lets_in_what_this_collection_makes() -> None:
    policy = network_policy("hot-postgres-instances")
    named = {
        peer["podSelector"]["matchLabels"].get("app.kubernetes.io/name"): peer["podSelector"]["matchLabels"]
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
    }
    instance = {"app.kubernetes.io/instance": "hot-postgres-pgpool"}
    assert named["pgpool"].items() <= labels("pgpool", "proxy", "hot-postgres-pgpool").items()
    assert named["pgpool"].items() >= instance.items()
    assert named["prometheus"].items() <= labels("prometheus", "monitoring", "prometheus").items()
    [cluster] = {peer.get("cnpg.io/cluster") for peer in named.values()} - {None}
    assert policy["spec"]["podSelector"]["matchLabels"] == {"cnpg.io/cluster": cluster}


def test_the_policy_for_instances_lets_them_find_dns_wherever_it_is() -> None:
    """Its pods are in another namespace with OpenShift, and it is no pod's address with NodeLocal DNSCache."""
    policy = network_policy("hot-postgres-instances")
    anywhere = [port for rule in policy["spec"]["egress"] if "to" not in rule for port in rule["ports"]]
    for port in (53, 5353):
        assert {entry["protocol"] for entry in anywhere if entry["port"] == port} == {"UDP", "TCP"}


def test_a_list_of_the_role_s_that_is_replaced_is_about_the_same_pods() -> None:
    [given] = [item for item in examples(WHERE) if "pgpool_deployment_overrides" in item]
    pod = given["pgpool_deployment_overrides"]["spec"]["template"]["spec"]
    [spread] = pod["topologySpreadConstraints"]
    wanted = spread["labelSelector"]["matchLabels"]
    assert wanted.items() <= labels("pgpool", "proxy", "hot-postgres-pgpool").items()


def test_examples_of_backups_are_ones_that_the_role_takes() -> None:
    [page] = [item for item in examples(ROOT / "docs/runbooks/backup.md") if "postgres_cluster_backup" in item]
    text = (ROOT / "inventories/production/group_vars/postgres_clusters.yml").read_text(encoding="utf-8")
    [lines] = re.findall(r"^(# postgres_cluster_backup:\n(?:#   .*\n)+)", text, re.MULTILINE)
    inventory = yaml.safe_load(re.sub("^# ", "", lines, flags=re.MULTILINE))
    spec = yaml.safe_load((ROOT / "roles/postgres_cluster/meta/argument_specs.yml").read_text(encoding="utf-8"))
    for given in (page, inventory):
        assert {"endpoint", "credentials_secret", "ca_secret"} <= set(given["postgres_cluster_backup"])
        assert input_problems(given, spec["argument_specs"]["main"]["options"], "postgres_cluster") == []
    assert page["postgres_cluster_backup"]["ca_secret"] == inventory["postgres_cluster_backup"]["ca_secret"]


def image_of_pgpool(inventory: Path) -> str:
    """Return which image the PostgreSQL cluster of an inventory has for Pgpool-II."""
    command = ["ansible-inventory", f"--inventory={inventory}", "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    listed = json.loads(done.stdout)
    [image] = {listed["_meta"]["hostvars"][name].get("pgpool_image") for name in listed["postgres_clusters"]["hosts"]}
    return image


def test_inventories_to_copy_name_an_image_of_pgpool_that_somebody_has(tmp_path: Path) -> None:
    """As the role's own is published by nobody."""
    [fleet] = [item for item in examples(ROOT / "docs/how-to/many-clusters.md") if "all" in item]
    (tmp_path / "fleet.yml").write_text(yaml.safe_dump(fleet))
    folders = [ROOT / "inventories" / name for name in ("production", "kubedb-2020")]
    images = {image_of_pgpool(path) for path in (tmp_path / "fleet.yml", *folders)}
    assert images == {"registry.example/pgha/pgpool:4.6"}


@pytest.mark.parametrize("playbook", ["site", "preflight", "verify", "teardown"])
def test_an_inventory_may_leave_the_kubernetes_cluster_to_another_one(tmp_path: Path, playbook: str) -> None:
    """Its operator and Prometheus are that one's: no play is about them."""
    [other] = [item for item in examples(ROOT / "docs/how-to/many-clusters.md") if "postgres_clusters" in item]
    (tmp_path / "other.yml").write_text(yaml.safe_dump(other))
    command = ["ansible-playbook", f"--inventory={tmp_path}/other.yml", "--list-hosts", f"playbooks/{playbook}.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    plays = set(re.findall(r"play #\d+ \((\S+?)\): .*\n +pattern: .*\n +hosts \((\d+)\):", done.stdout))
    both = {("postgres_clusters:kubernetes_clusters", "20")} if playbook == "teardown" else set()
    assert plays == {("kubernetes_clusters", "0"), ("postgres_clusters", "20")} | both


def test_where_prometheus_is_is_said_where_status_sees_it() -> None:
    folder = ROOT / "inventories/production/group_vars"
    line = re.compile(r"^(?:# )?(monitoring_(?:namespace|flavor|operator_labels)):", re.MULTILINE)
    said = {path.stem: set(line.findall(path.read_text(encoding="utf-8"))) for path in folder.glob("*.yml")}
    known = {"monitoring_namespace", "monitoring_flavor", "monitoring_operator_labels"}
    assert {name: names for name, names in said.items() if names} == {"staging": known, "live": known}


@pytest.mark.parametrize("operator", ["cloudnativepg", "kubedb"])
def test_parameters_for_long_reports_can_be_set(operator: str) -> None:
    rows = re.findall(r"^  \| `([a-z_]+: .+?)` \|", CONNECT.read_text(encoding="utf-8"), re.MULTILINE)
    parameters = {name: value for row in rows for name, value in yaml.safe_load(row).items()}
    assert list(parameters) == ["hot_standby_feedback", "max_standby_streaming_delay"]
    assert list(operators.adapter(operator).parameter_problems(parameters)) == []


def test_the_number_of_sessions_is_that_of_the_defaults() -> None:
    params = yaml.safe_load((ROOT / "roles/pgpool/vars/main.yml").read_text(encoding="utf-8"))["__pgpool_base_params"]
    replicas = yaml.safe_load((ROOT / "roles/pgpool/defaults/main.yml").read_text(encoding="utf-8"))["pgpool_replicas"]
    children, reserved = params["num_init_children"], params["reserved_connections"]
    sessions = replicas * (children - reserved - 1)
    text = f"With the defaults that is {replicas} x ({children} - {reserved} - 1) = {sessions}."
    assert text in CONNECT.read_text(encoding="utf-8")
