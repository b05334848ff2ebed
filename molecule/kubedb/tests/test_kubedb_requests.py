# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runbooks that ask KubeDB by a PostgresOpsRequest: each does what it says, and site.yml reverts none of it.

They run in their order, and each leaves the cluster as the next one's inventory says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import time_limit, until
from kubedb_stand_in import KubeDB, play, running_system, together

FAIL = "stand-in.pgha.kubernetes/fail-next-request"
NEWER = {"postgres_cluster_version": "17.10"}  # in the stand-in's catalogue
FIVE = {"postgres_cluster_instances": 5}
USERS = {"postgres_cluster_users": [{"name": "app"}, {"name": "report", "roles": ["pg_read_all_data"]}]}


@pytest.fixture(scope="module")
def kubedb() -> Iterator[KubeDB]:
    with running_system() as made:
        yield made


def requests(kubedb: KubeDB) -> list[tuple[str, str]]:
    """Return type and phase of each request."""
    found = kubedb.get("postgresopsrequests.ops.kubedb.com")
    return [(item["spec"]["type"], item["status"]["phase"]) for item in found]


def postgres(kubedb: KubeDB) -> dict[str, Any]:
    [found] = kubedb.get("postgreses.kubedb.com", kubedb.name)
    return found


def uids(kubedb: KubeDB) -> dict[str, str]:
    found = kubedb.get("pods", f"--selector=app.kubernetes.io/instance={kubedb.name},kubedb.com/role")
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in found}


def test_a_request_that_fails_ends_the_run_with_the_operator_s_words(kubedb: KubeDB) -> None:
    words = "the stand-in was told to fail: no leader was elected"
    where = [f"--namespace={kubedb.namespace}", "annotate", "postgreses.kubedb.com", kubedb.name]
    kubedb.kubectl(*where, f"{FAIL}={words}")
    before = uids(kubedb)
    run = play("restart")
    assert run.rc != 0
    assert words in run.said
    assert uids(kubedb) == before
    assert ("Restart", "Failed") in requests(kubedb)


def test_restart(kubedb: KubeDB, say: Callable[[str], None]) -> None:
    before = uids(kubedb)
    run = play("restart")
    assert run.rc == 0, run.output
    say(f"restart.yml took {run.seconds:.0f} s")
    after = uids(kubedb)
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in before)
    assert ("Restart", "Successful") in requests(kubedb)


def test_scale_up(kubedb: KubeDB, say: Callable[[str], None]) -> None:
    run = play("scale", variables=FIVE)
    assert run.rc == 0, run.output
    say(f"scale.yml to 5 took {run.seconds:.0f} s")
    assert kubedb.instances() == [f"kept-postgres-{number}" for number in range(5)]
    backends = {node["hostname"].partition(".")[0] for node in kubedb.pool_nodes()}
    assert backends == {kubedb.name, *kubedb.instances()}
    assert ("HorizontalScaling", "Successful") in requests(kubedb)


def test_upgrade_postgres(kubedb: KubeDB, say: Callable[[str], None]) -> None:
    run = play("upgrade_postgres", variables={**FIVE, **NEWER})
    assert run.rc == 0, run.output
    say(f"upgrade_postgres.yml took {run.seconds:.0f} s")
    assert postgres(kubedb)["spec"]["version"] == "17.10"
    assert ("UpdateVersion", "Successful") in requests(kubedb)


def test_rotate_password_and_a_user_who_comes(kubedb: KubeDB, say: Callable[[str], None]) -> None:
    old = kubedb.users()
    rotated = {"postgres_cluster_rotate_users": ["postgres", "app"]}
    run = play("rotate_password", variables={**FIVE, **NEWER, **USERS, **rotated})
    assert run.rc == 0, run.output
    say(f"rotate_password.yml took {run.seconds:.0f} s")
    new = KubeDB()  # with the passwords of now
    passwords = new.users()
    assert {user for user, password in passwords.items() if old.get(user) != password} == {"postgres", "app", "report"}
    for user in ("postgres", "app", "report"):
        until(
            lambda user=user: new.sql("SELECT current_user AS me", user=user) == [{"me": user}],
            time_limit(60, 300),
            "it logs in",
        )
    assert ("RotateAuth", "Successful") in requests(kubedb)


def test_site_reverts_none_of_it(kubedb: KubeDB) -> None:
    before = postgres(kubedb)["spec"]
    assert (before["replicas"], before["version"]) == (5, "17.10")
    kept = {**FIVE, **NEWER, **USERS}
    for run in together(
        lambda: play("site", variables=kept), lambda: play("site", "--check", "--diff", variables=kept)
    ):
        assert (run.rc, run.changed) == (0, 0), run.output
    assert postgres(kubedb)["spec"] == before


def test_scale_down(kubedb: KubeDB, say: Callable[[str], None]) -> None:
    """Those of the highest numbers go, whichever is the primary; their volumes go, too."""
    run = play("scale", variables={**NEWER, **USERS})
    assert run.rc == 0, run.output
    say(f"scale.yml to 3 took {run.seconds:.0f} s")
    assert kubedb.instances() == [f"kept-postgres-{number}" for number in range(3)]
    until(
        lambda: kubedb.primary() and len(kubedb.instances("standby")) == 2,
        time_limit(60, 300),
        "there are a primary and two standbys",
    )
    claims = [item["metadata"]["name"] for item in kubedb.get("persistentvolumeclaims")]
    assert sorted(claims) == [f"data-kept-postgres-{number}" for number in range(3)]
