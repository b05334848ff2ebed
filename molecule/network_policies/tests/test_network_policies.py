# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in gets in, all others do not, and nothing that the collection does needs more. In this order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from conftest import ROOT, Cluster, run_playbook, until

PAGE = ROOT / "docs/how-to/network-policies.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
# What the page has its reader apply: for the instances, for a namespace that is closed, and for Pgpool-II in it.
POLICIES = {policy["metadata"]["name"]: policy for policy in map(yaml.safe_load, BLOCKS)}
*_, SITE = yaml.safe_load((ROOT / "molecule/network_policies/converge.yml").read_text(encoding="utf-8"))
AS_CONVERGED: dict[str, Any] = SITE["vars"]
# Pods with psql in the namespace of the cluster: one is let in, the other is not.
CLIENT, STRANGER = "shop", "stranger"
# Take the jumps to the chains of kube-router out, which its own --cleanup-config says that it does.
TAKE_BACK = """{
  echo '*filter'
  iptables-save --table filter | sed -n '/ -j KUBE-ROUTER-/s/^-A/-D/p'
  echo COMMIT
} | iptables-restore --noflush && sleep infinity"""


def client_pod(name: str, image: str) -> dict[str, Any]:
    container = {"name": "postgres", "image": image, "command": ["sleep", "infinity"]}
    container["securityContext"] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    security = {"runAsNonRoot": True, "runAsUser": 10070, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container], "securityContext": security, "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


@pytest.fixture(scope="module", autouse=True)
def _network(cluster: Cluster) -> Iterator[None]:
    """Have the two pods; afterwards, take kube-router and its rules away, and then the policies."""
    [instance] = cluster.get("pod", cluster.primary())
    where = f"--namespace={cluster.namespace}"
    pods = [client_pod(name, instance["spec"]["containers"][0]["image"]) for name in (CLIENT, STRANGER)]
    cluster.kubectl(where, "apply", "--filename=-", text=yaml.safe_dump_all(pods))
    cluster.kubectl(where, "wait", "--for=condition=Ready", "--timeout=120s", f"pod/{CLIENT}", f"pod/{STRANGER}")
    yield
    container = {"name": "kube-router", "command": ["sh", "-c", TAKE_BACK], "readinessProbe": None}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    router = ["--namespace=kube-system", "daemonset", "kube-router"]
    cluster.kubectl("patch", *router, f"--patch={json.dumps(change)}")
    until(lambda: all_are_open(cluster), 120, "the rules of kube-router are gone from both workers")
    cluster.kubectl("delete", *router)
    cluster.kubectl("delete", "clusterrole,clusterrolebinding", "kube-router")
    cluster.kubectl("delete", router[0], "serviceaccount", "kube-router")
    cluster.kubectl(where, "delete", "networkpolicy", *POLICIES, "--ignore-not-found")
    cluster.kubectl(where, "delete", "pod", CLIENT, STRANGER)
    run = run_playbook("site")
    assert run.rc == 0, run.output


def reaches(cluster: Cluster, pod: str, host: str, port: int) -> bool:
    """Tell whether a pod gets a connection, whatever it may do with it."""
    return cluster.host(pod, "postgres").run(f"timeout 5 bash -c '</dev/tcp/{host}/{port}'").rc == 0


def all_are_open(cluster: Cluster) -> bool:
    """Tell whether a pod that no policy lets out reaches all of Pgpool-II and PostgreSQL, on each node."""
    pods = cluster.get("pods", "--selector=app.kubernetes.io/component=proxy") + cluster.get(
        "pods", f"--selector=cnpg.io/cluster={cluster.name},cnpg.io/podRole=instance"
    )
    ports = {pod["status"]["podIP"]: 5432 if "cnpg.io/podRole" in pod["metadata"]["labels"] else 9999 for pod in pods}
    return all(reaches(cluster, STRANGER, address, port) for address, port in ports.items())


def applied(cluster: Cluster, *names: str) -> None:
    text = yaml.safe_dump_all([POLICIES[name] for name in names])
    cluster.kubectl(f"--namespace={cluster.namespace}", "apply", "--filename=-", text=text)


def all_are_scraped(cluster: Cluster) -> bool:
    found = cluster.promql(f'up{{namespace="{cluster.namespace}"}} == 1')
    return {one["metric"]["pod"] for one in found} == {*cluster.instances(), *cluster.pgpool_pods()}


def test_who_is_named_gets_to_pgpool_and_nobody_else(cluster: Cluster) -> None:
    cluster.sql("CREATE TABLE IF NOT EXISTS kept (id int PRIMARY KEY, word text)", client=CLIENT)
    cluster.sql(
        "INSERT INTO kept VALUES (3, 'let in') ON CONFLICT (id) DO UPDATE SET word = excluded.word", client=CLIENT
    )
    assert cluster.sql("SELECT word FROM kept WHERE id = 3", client=CLIENT) == [{"word": "let in"}]
    refused = cluster.client(STRANGER).run(f"echo 'SELECT 1' | {cluster.psql_command()}")
    assert refused.rc == 2 and "connection to server" in refused.stderr, refused.stderr
    for address in cluster.pgpool_pods().values():
        assert reaches(cluster, CLIENT, address, 9999)
        for pod, port in ((STRANGER, 9999), (STRANGER, 9719), (CLIENT, 9719), (CLIENT, 9898)):
            assert not reaches(cluster, pod, address, port), (pod, port)


def test_prometheus_is_let_in(cluster: Cluster) -> None:
    until(lambda: all_are_scraped(cluster), 60, "up is 1 for all")


def test_the_instances_are_open_until_they_have_a_policy(cluster: Cluster) -> None:
    """As the page says, who is kept out of Pgpool-II gets in there."""
    service = f"{cluster.name}-rw.{cluster.namespace}.svc"
    [primary] = cluster.get("pod", cluster.primary())
    assert reaches(cluster, STRANGER, service, 5432)
    assert reaches(cluster, STRANGER, primary["status"]["podIP"], 9187)
    applied(cluster, f"{cluster.name}-instances")
    until(lambda: not reaches(cluster, STRANGER, service, 5432), 60, "the policy is in force")
    for port in (5432, 8000, 9187):
        assert not reaches(cluster, CLIENT, primary["status"]["podIP"], port), port
    assert cluster.sql("SELECT word FROM kept WHERE id = 3", client=CLIENT) == [{"word": "let in"}]


def test_verify_finds_nothing_wrong_where_all_else_is_closed(cluster: Cluster) -> None:
    address = f"{cluster.name}-pgpool.{cluster.namespace}.svc"
    assert reaches(cluster, CLIENT, address, 9999)
    applied(cluster, *POLICIES)
    until(lambda: not reaches(cluster, CLIENT, address, 9999), 60, "nothing leaves a pod that has no policy")
    run = run_playbook("verify", variables=AS_CONVERGED)
    assert run.rc == 0, run.output
    until(lambda: all_are_scraped(cluster), 60, "up is 1 for all")


def test_nor_does_a_switchover_with_its_client(cluster: Cluster) -> None:
    old = cluster.primary()
    run = run_playbook("switchover", variables=AS_CONVERGED)
    assert run.rc == 0, run.output
    assert cluster.primary() != old


def test_a_new_pod_of_pgpool_serves(cluster: Cluster) -> None:
    old = next(iter(cluster.pgpool_pods()))
    cluster.kubectl(f"--namespace={cluster.namespace}", "delete", "pod", old)
    deployment = f"deployment/{cluster.name}-pgpool"
    cluster.kubectl(f"--namespace={cluster.namespace}", "rollout", "status", deployment, "--timeout=120s")
    assert old not in cluster.pgpool_pods()
    run = run_playbook("verify", variables=AS_CONVERGED)
    assert run.rc == 0, run.output


def test_a_new_standby_joins(cluster: Cluster) -> None:
    standby = cluster.instances("replica")[0]
    before = set(cluster.restarts(f"cnpg.io/cluster={cluster.name}").values())
    where = f"--namespace={cluster.namespace}"
    cluster.kubectl(where, "delete", "persistentvolumeclaim", standby, "--wait=false")
    cluster.kubectl(where, "delete", "pod", standby)

    def joined() -> bool:
        now = set(cluster.restarts(f"cnpg.io/cluster={cluster.name},cnpg.io/podRole=instance").values())
        streaming = cluster.on_instance("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")
        return len(now - before) == 1 and streaming == "2"

    until(joined, 240, "a new standby streams")


def test_site_changes_nothing_and_leaves_them(cluster: Cluster) -> None:
    run = run_playbook("site", variables=AS_CONVERGED)
    assert run.rc == 0, run.output
    assert run.changed == 0, run.output
    there = {item["metadata"]["name"] for item in cluster.get("networkpolicies")}
    assert there == {f"{cluster.name}-pgpool", *POLICIES}
