# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of one's own for logins through Pgpool-II: whom they let in, and whom they do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import WITH_STATS, Cluster, Run, run_playbook, until
from test_services import AS_CONVERGED

# Two users are there, the owner of the database and the superuser.
OWNER_FROM = {"type": "host", "user": "app", "method": "scram-sha-256"}
# The pods of a kind cluster have addresses in the first, nobody has one in the other, which is for documents.
FROM_PODS, FROM_NOWHERE = "10.0.0.0/8", "192.0.2.0/24"


def run_with(playbook: str, *addresses: str) -> Run:
    rules = [{**OWNER_FROM, "address": address} for address in addresses]
    variables: dict[str, Any] = {**AS_CONVERGED, "pgpool_hba_rules": rules}
    return run_playbook(playbook, variables=variables, environment=WITH_STATS)


@pytest.fixture(scope="module", autouse=True)
def rules_of_before() -> Iterator[None]:
    yield
    run = run_playbook("pgpool", variables=AS_CONVERGED)
    assert run.rc == 0, run.output


def test_only_whom_a_rule_names_gets_in(cluster: Cluster) -> None:
    pods = cluster.pgpool_pods()
    run = run_with("pgpool", FROM_PODS)
    assert run.rc == 0, run.output
    assert cluster.pgpool_pods() == pods, "a reload is enough"
    for address in pods.values():
        assert cluster.sql("SELECT current_user", address=address) == [{"current_user": "app"}]
        refused = cluster.client().run(f"echo 'SELECT 1' | {cluster.psql_command('postgres', address)}")
        assert refused.rc != 0
        assert "no pool_hba.conf entry" in refused.stderr


def test_verify_logs_in_as_those_alone(cluster: Cluster) -> None:
    run = run_with("verify", FROM_PODS)
    assert run.rc == 0, run.output
    assert run.stats["pgpool_verify"][cluster.name]["users"] == ["app"]


def test_a_second_run_changes_nothing() -> None:
    run = run_with("pgpool", FROM_PODS)
    assert run.rc == 0, run.output
    assert run.changed == 0, run.recap


def test_the_exporter_gets_in_without_a_rule(cluster: Cluster) -> None:
    """By a new session, as the one that it had before the reload would go on."""
    for pod in cluster.pgpool_pods():
        cluster.kubectl(f"--namespace={cluster.namespace}", "delete", "pod", pod, "--wait=false")
    until(lambda: len(cluster.pgpool_pods()) == 2, 60, "two pods are there again")
    expression = f'pgpool2_up{{namespace="{cluster.namespace}"}} == 1'

    def up() -> bool:
        pods = set(cluster.pgpool_pods())
        return len(pods) == 2 and pods <= {one["metric"]["pod"] for one in cluster.promql(expression)}

    until(up, 120, "the exporter of each new pod has logged in")


def test_verify_says_who_is_refused_from_the_pods() -> None:
    run = run_with("pgpool", FROM_NOWHERE)
    assert run.rc == 0, run.output
    run = run_with("verify", FROM_NOWHERE)
    assert run.rc != 0
    assert "app" in run.said
    assert "no pool_hba.conf entry" in run.said
