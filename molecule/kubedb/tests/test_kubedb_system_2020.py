# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped inventories/kubedb-2020 by the stand-in, with the names of its API. It comes last, and removes all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conftest import Run, time_limit, until
from kubedb_stand_in import KubeDB, old_cluster, play, remove, stand_in, together


@pytest.fixture(scope="module")
def first() -> Iterator[Run]:
    # The CRD of today serves another schema under the same name. Namespaces may take their time.
    remove(wait=False)
    with stand_in("v1alpha1"):
        kind = "postgreses.v1alpha1.kubedb.com"
        until(lambda: old_cluster().get(kind, everywhere=True) == [], time_limit(60, 300), "the API is there")
        yield play("site", release="v1alpha1")
    remove()


@pytest.fixture(scope="module")
def old(first: Run) -> KubeDB:
    assert first.rc == 0, first.output
    return old_cluster()


def test_site_makes_the_system_of_2020(first: Run, old: KubeDB, say: Callable[[str], None]) -> None:
    say(f"site.yml took {first.seconds:.0f} s")
    [postgres] = old.get("postgreses.kubedb.com", old.name)
    assert postgres["apiVersion"] == "kubedb.com/v1alpha1"
    assert postgres["status"]["phase"] == "Running"
    services = {item["metadata"]["name"]: item for item in old.get("services")}
    assert {"hot-postgres", "hot-postgres-replicas", "hot-postgres-stats", "pgpool", "pgpool-stats"} <= set(services)
    assert [port["name"] for port in services["hot-postgres-stats"]["spec"]["ports"]] == ["prom-http"]
    assert (len(old.instances("primary")), len(old.instances("replica"))) == (1, 2)


@pytest.fixture(scope="module")
def then(old: KubeDB) -> dict[str, Run]:
    """Run the same site.yml again, and verify.yml."""
    assert old.instances()
    runs = together(lambda: play("site", release="v1alpha1"), lambda: play("verify", release="v1alpha1"))
    return dict(zip(("site", "verify"), runs, strict=True))


@pytest.mark.parametrize("name", ["site", "verify"])
def test_a_second_run_changes_nothing_and_verify_finds_nothing_wrong(then: dict[str, Run], name: str) -> None:
    assert (then[name].rc, then[name].changed) == (0, 0), then[name].output


def test_show_pool_nodes_is_that_of_the_talk(old: KubeDB) -> None:
    """Two backends of equal weight; SELECTs count on both, writes go to node 0."""
    before = old.pool_nodes()
    hosts = [f"{name}.kubedb-2020.svc" for name in ("hot-postgres", "hot-postgres-replicas")]
    assert [node["hostname"] for node in before] == hosts
    assert [float(node["lb_weight"]) for node in before] == [0.5, 0.5]
    assert [node["status"] for node in before] == ["up", "up"]
    assert [node["role"] for node in before] == ["primary", "standby"]
    nodes, _servers = old.read_many(200)
    assert all(int(node["reads"]) >= 25 for node in nodes), nodes


def test_prometheus_sees_them(old: KubeDB) -> None:
    instances = f'pg_up{{job="postgres", namespace="{old.namespace}", service="hot-postgres-stats"}} == 1'
    until(lambda: len(old.promql(instances)) == 3, time_limit(60, 300), "Prometheus has each instance")
    pgpool = f'pgpool2_up{{namespace="{old.namespace}", service="pgpool-stats"}} == 1'
    until(lambda: len(old.promql(pgpool)) == 1, time_limit(60, 300), "Prometheus has Pgpool-II")


def test_a_replica_takes_over(old: KubeDB) -> None:
    primary, client = old.primary(), old.instances("replica")[0]
    old.sql("DROP TABLE IF EXISTS written; CREATE TABLE written (number int)")
    old.kubectl(f"--namespace={old.namespace}", "delete", "pod", primary, "--wait=false")

    def written() -> bool:
        old.sql("INSERT INTO written VALUES (1)", client=client)
        return old.primary() != primary

    until(written, time_limit(90, 300), "a row is written to another primary")
    until(lambda: len(old.instances("replica")) == 2, time_limit(90, 300), "the old primary is a replica")


def test_it_is_removed_with_its_data(old: KubeDB) -> None:
    run = play("teardown", release="v1alpha1", variables={"teardown_confirm": old.name, "teardown_keep_data": False})
    assert run.rc == 0, run.output
    assert old.get("postgreses.kubedb.com") == []
    assert old.get("persistentvolumeclaims") == []
    secrets = {item["metadata"]["name"] for item in old.get("secrets")}
    assert not {name for name in secrets if name.startswith("hot-postgres")}, secrets
