# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS between clients and Pgpool-II, as libpq judges it."""

from __future__ import annotations

import time
from base64 import b64decode
from typing import Any

import pytest
from conftest import Cluster, run_playbook, until
from testinfra.backend.base import CommandResult

CA_FILE = "/dev/shm/pgpool-ca.crt"
REQUIRED: dict[str, Any] = {"pgpool_tls": {"mode": "required"}}


def connect(cluster: Cluster, sslmode: str, address: str = "") -> CommandResult:
    """Log in through Pgpool-II with the role's CA and say how."""
    client = cluster.client()
    [secret] = cluster.get("secrets", f"{cluster.name}-pgpool-tls")
    authority = b64decode(secret["data"]["ca.crt"]).decode()
    write = ["--container=postgres", "--", "sh", "-c", f"cat > {CA_FILE}"]
    pod = cluster.instances("replica")[0]
    cluster.kubectl(f"--namespace={cluster.namespace}", "exec", "--stdin", pod, *write, text=authority)
    command = cluster.psql_command(address=address)
    # psql says nothing of the connection where it is to be quiet.
    loud = command.replace("--quiet ", "")
    return client.run(f"PGSSLMODE={sslmode} PGSSLROOTCERT={CA_FILE} {loud} --command='\\conninfo'")


def test_a_client_that_verifies_all_gets_in(cluster: Cluster) -> None:
    for address in (f"{cluster.name}-pgpool", f"{cluster.name}-pgpool.{cluster.namespace}.svc.cluster.local"):
        done = connect(cluster, "verify-full", address)
        assert done.rc == 0, done.stderr
        assert "TLSv1.3" in done.stdout, done.stdout


def test_it_does_not_take_an_address_that_the_certificate_lacks(cluster: Cluster) -> None:
    address = next(iter(cluster.pgpool_pods().values()))
    assert connect(cluster, "verify-ca", address).rc == 0
    done = connect(cluster, "verify-full", address)
    assert done.rc != 0
    assert "does not match" in done.stderr


def test_a_plain_connection_is_refused(cluster: Cluster) -> None:
    done = connect(cluster, "disable")
    assert done.rc != 0
    assert "no pool_hba.conf entry" in done.stderr


def test_the_key_is_the_owners_alone(cluster: Cluster) -> None:
    for pod in cluster.pgpool_pods():
        assert cluster.host(pod, "pgpool").run("stat -c '%a %u' /run/pgpool/tls.key").stdout.split() == ["600", "10001"]


def test_its_end_is_a_metric(cluster: Cluster) -> None:
    def ends() -> list[dict[str, Any]]:
        found = cluster.promql("pgpool2_tls_certificate_expiry_timestamp_seconds")
        return found if len(found) == len(cluster.pgpool_pods()) else []

    found = until(ends, 60, "the certificate's end is there for each pod")
    assert all(360 < (float(one["value"][1]) - time.time()) / 86400 <= 366 for one in found)


def test_verify_finds_nothing_wrong() -> None:
    run = run_playbook("verify", variables=REQUIRED)
    assert run.rc == 0, run.output


@pytest.mark.parametrize("arguments", [(), ("--check",)])
def test_a_second_run_changes_nothing(cluster: Cluster, arguments: tuple[str, ...]) -> None:
    pods = cluster.pgpool_pods()
    run = run_playbook("pgpool", *arguments, variables=REQUIRED)
    assert run.rc == 0, run.output
    assert run.changed == 0, run.recap
    assert cluster.pgpool_pods() == pods


def test_another_certificate_rolls_the_pods(cluster: Cluster) -> None:
    before = cluster.pgpool_pods()
    assert connect(cluster, "verify-full", f"{cluster.name}-pgpool.{cluster.namespace}").rc == 0
    run = run_playbook("pgpool", variables={"pgpool_tls": {"mode": "required", "names": ["pgpool.example.org"]}})
    assert run.rc == 0, run.output
    until(lambda: not set(before) & set(cluster.pgpool_pods()), 90, "all pods are other ones")
    # libpq resolves the address from PGHOSTADDR, and holds the certificate against the name.
    address = next(iter(cluster.pgpool_pods().values()))
    command = cluster.psql_command(address="pgpool.example.org")
    settings = f"PGHOSTADDR={address} PGSSLMODE=verify-full PGSSLROOTCERT={CA_FILE}"
    done = cluster.client().run(f"echo 'SELECT 1' | {settings} {command}")
    assert done.rc == 0, done.stderr
