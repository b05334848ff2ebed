# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hard names and passwords log in directly and through each Pgpool-II, with SCRAM and with MD5."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Cluster, run_playbook
from logins import NAMES, NASTY, logins

# Pgpool-II's own tool writes the entry of each password, in Base64, of a line of standard input, among other lines.
ORACLE = r"""
key=$(cat /run/pgpool/pgpoolkey)
while read -r password; do
  pg_enc -K "$key" -- "$(printf %s "$password" | base64 -d)" 2>&1 | sed -n 's/^pool_passwd string: //p'
done
"""
# A small cluster beside that of the scenario, of which only the inventory host is used.
MD5: dict[str, Any] = {
    "postgres_cluster_name": "hot-md5",
    "postgres_cluster_instances": 1,
    "postgres_cluster_synchronous": {"number": 0},
    "postgres_cluster_parameters": {"password_encryption": "md5"},
    "pgpool_postgres_name": "hot-md5",
    "pgpool_name": "hot-md5-pgpool",
    "pgpool_replicas": 1,
    "pgpool_service": {"type": "ClusterIP"},
}
ALL = {**NASTY, **NAMES}


def users(state: str = "present") -> list[dict[str, str]]:
    return [
        {"name": "app"},
        *(
            {"name": name, "password": password} if state == "present" else {"name": name, "state": state}
            for name, password in NASTY.items()
        ),
    ]


def identifier(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def named_secrets(cluster: Cluster) -> dict[str, Any]:
    """Return Secrets of users that something else made, for Pgpool-II: names that the role postgres_cluster refuses."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/basic-auth",
            "metadata": {
                "name": f"{cluster.name}-named-{number}",
                "namespace": cluster.namespace,
                "labels": {"pgha.kubernetes/cluster": cluster.name, "named": "true"},
            },
            "stringData": {"username": name, "password": password},
        }
        for number, (name, password) in enumerate(NAMES.items())
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


@pytest.fixture(scope="module", params=["scram-sha-256", "md5"])
def method(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def there(method: str, cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with all users."""
    where = Cluster(name="hot-md5") if method == "md5" else cluster
    variables = MD5 if method == "md5" else {}
    limit = "--limit=hot-postgres"
    if method == "md5":
        made = run_playbook("site", limit, variables=variables)
        assert made.rc == 0, made.output
    where.on_instance(
        "SET standard_conforming_strings = on;\n"
        + "".join(f"CREATE ROLE {identifier(name)} LOGIN PASSWORD {literal(NAMES[name])};\n" for name in NAMES),
    )
    where.kubectl("create", "--filename=-", text=json.dumps(named_secrets(where)))
    run = run_playbook("postgres_cluster", limit, variables={**variables, "postgres_cluster_users": users()})
    assert run.rc == 0, run.output
    run = run_playbook("pgpool", limit, variables=variables)
    assert run.rc == 0, run.output
    yield where
    where.kubectl(f"--namespace={where.namespace}", "delete", "secrets", "--selector=named=true")
    if method == "md5":
        gone = {**variables, "teardown_confirm": "hot-md5", "teardown_keep_data": False}
        run = run_playbook("teardown", limit, variables=gone)
    else:
        where.on_instance("".join(f"DROP ROLE {identifier(name)};\n" for name in NAMES))
        run = run_playbook("users", limit, variables={"postgres_cluster_users": users("absent")})
    assert run.rc == 0, run.output


def test_all_log_in_both_ways(there: Cluster) -> None:
    addresses = [*there.pgpool_pods().values(), f"{there.name}-rw"]
    wanted = [(name, password, address) for name, password in ALL.items() for address in addresses]
    said = logins(there, wanted)
    assert {wanted[i][::2]: text for i, text in enumerate(said) if text} == {}


def test_nobody_logs_in_with_a_part_of_a_password(there: Cluster) -> None:
    address = next(iter(there.pgpool_pods().values()))
    wanted = [(name, password[:-1] or "y", address) for name, password in ALL.items()]
    assert [name for (name, *_), said in zip(wanted, logins(there, wanted), strict=True) if not said] == []


def test_pool_passwd_has_what_the_tool_of_pgpool_writes(there: Cluster) -> None:
    pod = next(iter(there.pgpool_pods()))
    where = [f"--namespace={there.namespace}", "exec", "--stdin", pod, "--container=pgpool", "--"]
    lines = "".join(f"{b64encode(password.encode()).decode()}\n" for password in NASTY.values())
    written = there.kubectl(*where, "sh", "-c", ORACLE, text=lines).splitlines()
    pool_passwd = there.kubectl(*where, "cat", "/run/pgpool/pool_passwd")
    entries = dict(line.rsplit(":", 1) for line in pool_passwd.splitlines())
    assert {name: entries[name] for name in NASTY} == dict(zip(NASTY, written, strict=True))


def test_the_superuser_and_the_users_of_the_role_log_in(there: Cluster) -> None:
    """Their verifiers are the operator's doing, for SCRAM from CloudNativePG 1.29.2 on, also with MD5."""
    addresses = [*there.pgpool_pods().values(), f"{there.name}-rw"]
    found = {}
    for secret in (f"{there.name}-superuser", f"{there.name}-app"):
        [item] = there.get("secrets", f"--field-selector=metadata.name={secret}")
        found.update([[b64decode(item["data"][key]).decode() for key in ("username", "password")]])
    assert sorted(found) == ["app", "postgres"]
    wanted = [(name, password, address) for name, password in found.items() for address in addresses]
    assert [text for text in logins(there, wanted) if text] == []


@pytest.mark.parametrize(
    "password", ["", "line\nbreak", "x" * 80, " space at an end", "ﬁ is changed by SASLprep", "🐘 is forbidden by it"]
)
def test_what_cannot_log_in_is_refused_before_any_write(cluster: Cluster, password: str) -> None:
    entries = [{"name": "app"}, {"name": "refused", "password": password}]
    run = run_playbook("users", variables={"postgres_cluster_users": entries})
    assert run.rc == 2
    said = run.said
    assert "postgres_cluster_users[1].password is" in said
    if len(password) > 5:
        assert password not in run.output
    left = [secret["metadata"]["name"] for secret in cluster.get("secrets", "--selector=pgha.kubernetes/user=true")]
    assert f"{cluster.name}-refused" not in left
