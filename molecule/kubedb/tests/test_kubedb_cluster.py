# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped site.yml with pgha_operator: kubedb, by the stand-in: what an application and its DBA see.

The modules after it go on with the cluster that is made here.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from conftest import CONTEXT, KUBECONFIG, Run, time_limit, until
from kubedb_stand_in import KubeDB, play, stand_in, system, together

MANAGED_BY = "app.kubernetes.io/managed-by"


@pytest.fixture(scope="module")
def first() -> Iterator[Run]:
    with stand_in("v1"):
        yield system()


@pytest.fixture(scope="module")
def kubedb(first: Run) -> KubeDB:
    assert first.rc == 0, first.output
    return KubeDB()


@pytest.fixture(scope="module")
def then(kubedb: KubeDB) -> dict[str, Run]:
    """Run the same site.yml again, and verify.yml."""
    assert kubedb.instances()
    return dict(zip(("site", "verify"), together(lambda: play("site"), lambda: play("verify")), strict=True))


def helm(*arguments: str) -> str:
    where = [f"--kubeconfig={KUBECONFIG}", f"--kube-context={CONTEXT}", "--namespace=kubedb"]
    return subprocess.run(["helm", *where, *arguments], capture_output=True, text=True, check=True).stdout


def all_up(kubedb: KubeDB) -> bool:
    """Tell whether Pgpool-II has the primary and both standbys. The primary's own backend may stay detached."""
    nodes = kubedb.pool_nodes()
    standbys = [node for node in nodes if node["pg_role"] == "standby"]
    return [node["status"] for node in [nodes[0], *standbys]] == ["up"] * 3 and [
        node["replication_state"] for node in standbys
    ] == ["streaming"] * 2


def test_site_makes_the_cluster(first: Run, kubedb: KubeDB, say: Callable[[str], None]) -> None:
    say(f"site.yml took {first.seconds:.0f} s")
    [postgres] = kubedb.get("postgreses.kubedb.com", kubedb.name)
    assert postgres["status"]["phase"] == "Ready"
    assert kubedb.instances() == [f"kept-postgres-{number}" for number in range(3)]


def test_what_the_stand_in_makes_is_named_as_kubedb_names_it(kubedb: KubeDB) -> None:
    services = {item["metadata"]["name"]: item for item in kubedb.get("services")}
    own = {name for name, item in services.items() if item["metadata"]["labels"].get(MANAGED_BY) == "kubedb.com"}
    assert own == {f"kept-postgres{ending}" for ending in ("", "-standby", "-pods", "-stats")}
    stats = services["kept-postgres-stats"]
    assert [(port["name"], port["port"]) for port in stats["spec"]["ports"]] == [("metrics", 56790)]
    assert stats["metadata"]["labels"]["kubedb.com/role"] == "stats"
    claims = sorted(item["metadata"]["name"] for item in kubedb.get("persistentvolumeclaims"))
    assert claims == [f"data-kept-postgres-{number}" for number in range(3)]


@pytest.mark.usefixtures("kubedb")
def test_helm_installed_the_operator_and_does_not_keep_the_licence() -> None:
    [release] = json.loads(helm("list", "--output=json"))
    assert (release["name"], release["chart"], release["status"]) == ("kubedb", "kubedb-v2026.7.10", "deployed")
    values = json.loads(helm("get", "values", "kubedb", "--output=json"))
    assert values["global"]["licenseSecretName"] == "kubedb-license"
    assert "license" not in values["global"]
    assert values["global"]["featureGates"]["Kafka"] is False


def test_a_second_run_changes_nothing(then: dict[str, Run]) -> None:
    assert (then["site"].rc, then["site"].changed) == (0, 0), then["site"].output


def test_verify_finds_nothing_wrong(then: dict[str, Run]) -> None:
    run = then["verify"]
    assert (run.rc, run.changed) == (0, 0), run.output
    assert "1000 reads in one session" in run.output


def test_a_row_that_is_written_is_read_back(kubedb: KubeDB) -> None:
    kubedb.sql("CREATE TABLE IF NOT EXISTS kept (id int PRIMARY KEY, word text)")
    kubedb.sql("INSERT INTO kept VALUES (1, 'naïve') ON CONFLICT (id) DO UPDATE SET word = excluded.word")
    query = "SELECT word, current_setting('transaction_read_only') AS standby FROM kept WHERE id = 1"
    until(lambda: kubedb.sql(query) == [{"word": "naïve", "standby": "on"}], time_limit(5, 60), "a standby has the row")


def test_reads_spread_over_the_standbys(kubedb: KubeDB) -> None:
    until(lambda: all_up(kubedb), time_limit(60, 300), "each backend is up")
    nodes, servers = kubedb.read_many(1000)
    assert {read_only for _server, read_only in servers} == {"on"}
    assert len(servers) == 2
    standbys = [node for node in nodes if node["pg_role"] == "standby"]
    assert all(int(node["reads"]) >= 1000 / 2 / 4 for node in standbys), nodes
    assert sum(int(node["reads"]) for node in nodes if node not in standbys) == 0, nodes


def test_pool_nodes_knows_each_instance(kubedb: KubeDB) -> None:
    until(lambda: all_up(kubedb), time_limit(60, 300), "each backend is up")
    first, *others = kubedb.pool_nodes()
    # What serves writes is not checked, so Pgpool-II says alone what it takes it for.
    assert (first["hostname"], first["role"]) == (f"{kubedb.name}.{kubedb.namespace}.svc", "primary")
    roles = {node["hostname"].partition(".")[0]: node["pg_role"] for node in others}
    assert roles == {name: "primary" if name == kubedb.primary() else "standby" for name in kubedb.instances()}


@pytest.mark.parametrize("user", ["app", "pgpool_check", "pgha_monitor", "postgres"])
def test_each_user_logs_in(kubedb: KubeDB, user: str) -> None:
    assert kubedb.sql("SELECT current_user AS me", user=user) == [{"me": user}]


def test_the_job_made_roles_and_databases(kubedb: KubeDB) -> None:
    [job] = kubedb.get("jobs", f"--selector=pgha.kubernetes/cluster={kubedb.name}")
    assert job["status"]["succeeded"] == 1
    query = "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = 'app'"
    assert kubedb.sql(query, user="postgres") == [{"owner": "app"}]
    query = "SELECT pg_has_role('pgpool_check', 'pg_monitor', 'MEMBER') AS watches"
    assert kubedb.sql(query, user="postgres") == [{"watches": "t"}]


def test_prometheus_sees_pgpool_and_each_instance(kubedb: KubeDB) -> None:
    def by_role() -> bool:
        found = kubedb.promql(f'pg_up{{job="postgres", namespace="{kubedb.namespace}", cluster="{kubedb.name}"}} == 1')
        roles = {item["metric"]["pod"]: item["metric"]["role"] for item in found}
        assert {item["metric"]["service"] for item in found} == {"kept-postgres-stats"}
        return roles == {name: "primary" if name == kubedb.primary() else "standby" for name in kubedb.instances()}

    until(by_role, time_limit(60, 300), "Prometheus has each instance with its role")
    pgpool = f'pgpool2_up{{namespace="{kubedb.namespace}"}} == 1'
    until(lambda: len(kubedb.promql(pgpool)) == 2, time_limit(60, 300), "Prometheus has both pods of Pgpool-II")


def test_writes_go_on_where_the_primary_s_pod_is_deleted(kubedb: KubeDB, say: Callable[[str], None]) -> None:
    until(lambda: all_up(kubedb), time_limit(60, 300), "each backend is up")
    kubedb.sql("DROP TABLE IF EXISTS written; CREATE TABLE written (number int)")
    old, client = kubedb.primary(), kubedb.instances("standby")[0]
    began = time.monotonic()
    kubedb.kubectl(f"--namespace={kubedb.namespace}", "delete", "pod", old, "--wait=false")

    def written() -> bool:
        kubedb.sql("INSERT INTO written VALUES (1)", client=client)
        return kubedb.primary() != old

    until(written, time_limit(90, 300), "a row is written to another primary")
    say(f"{old} deleted, {kubedb.primary()} took over: written to after {time.monotonic() - began:.0f} s")
    until(lambda: all_up(kubedb), time_limit(150, 300), "the old primary streams from the new one")
    assert old in kubedb.instances("standby")
