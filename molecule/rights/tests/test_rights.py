# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped rights are enough: with them, everything is removed, made again and run day to day."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cluster, Run, deployer_kubeconfig, give_rights, lent, run_playbook, until

# Where each file counts, as deploy/rbac/README.md says. "" is no namespace.
DAILY = [
    ("", "deployer"),
    ("", "lookup"),
    ("monitoring", "monitoring"),
    ("demo", "postgres"),
    ("demo", "monitored"),
]
OPERATOR = [("cnpg-system", "operator")]
DRILLS = [("demo", "drills"), ("cnpg-system", "drills-shared"), ("monitoring", "drills-shared")]
TEARDOWN = [
    ("cnpg-system", "teardown-operator"),
    ("monitoring", "teardown-monitoring"),
    ("demo", "teardown-monitoring"),
    ("demo", "teardown"),
]
NAMESPACES = ["cnpg-system", "monitoring", "demo"]
AS = "--as=system:serviceaccount:pgha:pgha-deployer"


def have_namespaces(cluster: Cluster) -> None:
    """Make the namespaces, once those that are being deleted are gone."""
    for name in NAMESPACES:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}

        def settled(name: str = name) -> bool:
            return "Terminating" not in cluster.kubectl("get", "namespaces", name, check=False)

        until(settled, 60, f"{name} is not on its way out")
        cluster.kubectl("apply", "--filename=-", text=yaml.safe_dump(namespace))


@pytest.fixture(scope="module")
def play(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Run]]:
    """Run playbooks as the deployer, who has a token and nothing else."""
    have_namespaces(cluster)
    give_rights(cluster, DAILY + OPERATOR)
    # As deploy/rbac/README.md says.
    inventory = {
        "pgha_k8s_auth": {"kubeconfig": deployer_kubeconfig(cluster, tmp_path_factory.mktemp("rights"))},
        "postgres_cluster_create_namespace": False,
        "monitoring_create_namespace": False,
        "monitoring_watched_namespaces": ["demo"],
    }

    def run(name: str, *arguments: str, **variables: Any) -> Run:
        done = run_playbook(name, *arguments, variables={**inventory, **variables}, timeout=1500)
        assert done.rc == 0, done.output
        assert "forbidden" not in done.output.lower(), done.output
        return done

    yield run
    give_rights(cluster, [*TEARDOWN, *OPERATOR, *reversed(DAILY)], "delete")


def may(cluster: Cluster, verb: str, what: str, namespace: str = "demo") -> bool:
    """Ask the API whether the deployer may do something."""
    answer = cluster.kubectl("auth", "can-i", AS, f"--namespace={namespace}", verb, what, check=False)
    return answer.strip() == "yes"


def test_teardown_removes_everything(cluster: Cluster, play: Callable[..., Run]) -> None:
    with lent(cluster, *TEARDOWN):
        play("teardown", teardown_confirm=cluster.name, teardown_keep_data=False)
    until(lambda: cluster.get("pods,persistentvolumeclaims") == [], 60, "nothing is left in the namespace")
    assert "clusters.postgresql.cnpg.io" not in cluster.kubectl("get", "customresourcedefinitions", "--output=name")


def test_site_makes_it_from_nothing(cluster: Cluster, play: Callable[..., Run], say: Callable[[str], None]) -> None:
    have_namespaces(cluster)
    give_rights(cluster, OPERATOR)
    run = play("site")
    assert len(cluster.instances()) == 3
    say(f"site.yml with the shipped rights took {run.seconds:.0f} s")


def test_day_to_day_takes_no_rights_on_the_operator(cluster: Cluster, play: Callable[..., Run]) -> None:
    give_rights(cluster, OPERATOR, "delete")
    assert play("site").changed == 0


@pytest.mark.parametrize("name", ["verify", "status", "log_report", "reload", "switchover"])
def test_runbook(play: Callable[..., Run], name: str, tmp_path: Path) -> None:
    folder = str(tmp_path)
    play(name, monitoring_status_folder=folder, log_report_directory=folder, log_report_pgbadger="")


def test_users_come_and_go(cluster: Cluster, play: Callable[..., Run]) -> None:
    play("users", postgres_cluster_users=[{"name": "app"}, {"name": "visitor"}])
    assert "visitor" in cluster.users()
    play("users", postgres_cluster_users=[{"name": "app"}, {"name": "visitor", "state": "absent"}])
    assert "visitor" not in cluster.users()


def test_diagnose_reads_what_its_own_file_lets_it(cluster: Cluster, play: Callable[..., Run], tmp_path: Path) -> None:
    with lent(cluster, ("demo", "diagnose")):
        play("diagnose", diagnose_directory=str(tmp_path))
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        members = [member for member in files if "/objects/" in f"/{member.name}"]
        texts = {member.name: files.extractfile(member).read().decode() for member in members}
    assert len(texts) > 10
    assert [name for name, text in texts.items() if "not read" in text] == []


def test_all_instances_restart(play: Callable[..., Run]) -> None:
    play("restart")


def test_instances_go_and_come(cluster: Cluster, play: Callable[..., Run]) -> None:
    for count in (2, 3):
        play("scale", postgres_cluster_instances=count)
        assert len(cluster.instances()) == count


def test_a_user_has_a_new_password(cluster: Cluster, play: Callable[..., Run]) -> None:
    before = cluster.users()["app"]
    play("rotate_password", postgres_cluster_rotate_users=["app"])
    assert cluster.users()["app"] != before
    assert cluster.sql("SELECT 1 AS n") == [{"n": "1"}]


def test_images_are_replaced(cluster: Cluster, play: Callable[..., Run], stand_in_images: dict[str, str]) -> None:
    before = cluster.pgpool_pods()
    play("upgrade_pgpool", pgpool_image=stand_in_images["pgpool"])
    assert not set(before) & set(cluster.pgpool_pods())
    play(
        "upgrade_postgres", pgpool_image=stand_in_images["pgpool"], postgres_cluster_image=stand_in_images["postgresql"]
    )
    images = {
        pod["spec"]["containers"][0]["image"] for pod in cluster.get("pods", "--selector=cnpg.io/podRole=instance")
    }
    assert images == {stand_in_images["postgresql"]}
    # upgrade_postgres.yml does not go back, site.yml does.
    play("site")


def test_it_stops_and_starts(cluster: Cluster, play: Callable[..., Run]) -> None:
    play("hibernate", hibernate_confirm=cluster.name)
    until(lambda: cluster.instances() == [], 60, "no instance is left")
    play("wake")
    assert len(cluster.instances()) == 3
    assert cluster.sql("SELECT 1 AS n") == [{"n": "1"}]


def test_drills(cluster: Cluster, play: Callable[..., Run]) -> None:
    names = ["primary_and_volume_deleted", "node_drained", "operator_away", "prometheus_gone", "pgpool_objects_deleted"]
    with lent(cluster, *DRILLS):
        play("drill", drills_names=names, drills_shared=True, drills_hold=15)


def test_prometheus_may_watch_all_namespaces(cluster: Cluster, play: Callable[..., Run]) -> None:
    give_rights(cluster, [("demo", "monitored")], "delete")
    with lent(cluster, ("", "monitored-everywhere")):
        play("monitoring", monitoring_watched_namespaces=[])
        play("verify", monitoring_watched_namespaces=[])


@pytest.mark.parametrize(
    ("verb", "what", "namespace"),
    [
        ("delete", "clusters.postgresql.cnpg.io", "demo"),
        ("delete", "persistentvolumeclaims", "demo"),
        ("get", "secrets", "kube-system"),
        ("get", "secrets", "cnpg-system"),
        ("create", "clusterroles", "demo"),
        ("create", "namespaces", "demo"),
        ("patch", "nodes", "demo"),
    ],
)
def test_it_is_refused_what_day_to_day_does_not_take(cluster: Cluster, verb: str, what: str, namespace: str) -> None:
    assert may(cluster, "get", "secrets"), "the question is asked of the right one"
    assert not may(cluster, verb, what, namespace)


def test_an_operator_that_is_more_than_that_is_not_installed(cluster: Cluster) -> None:
    other = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "pgha-everything"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }
    with lent(cluster, *OPERATOR), pytest.raises(subprocess.CalledProcessError) as refused:
        cluster.kubectl("apply", "--server-side", AS, "--filename=-", text=yaml.safe_dump(other))
    assert "forbidden" in refused.value.stderr
