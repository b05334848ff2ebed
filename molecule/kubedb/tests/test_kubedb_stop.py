# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""teardown.yml stops a cluster of KubeDB and keeps its data; site.yml starts it; with its data, nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import time_limit, until
from kubedb_stand_in import KubeDB, play, running_system

CONFIRM = {"teardown_confirm": "kept-postgres"}


@pytest.fixture(scope="module")
def kubedb() -> Iterator[KubeDB]:
    with running_system() as made:
        yield made


def kept(kubedb: KubeDB) -> dict[str, Any]:
    """Return the version that the runbooks before may have brought, which an inventory would say."""
    [postgres] = kubedb.get("postgreses.kubedb.com", kubedb.name)
    return {"postgres_cluster_version": postgres["spec"]["version"]}


def claims(kubedb: KubeDB) -> int:
    return len(kubedb.get("persistentvolumeclaims"))


def test_it_stops_and_keeps_its_data(kubedb: KubeDB) -> None:
    kubedb.sql("DROP TABLE IF EXISTS precious; CREATE TABLE precious AS SELECT 'kept' AS word")
    run = play("teardown", variables={**CONFIRM, **kept(kubedb)})
    assert run.rc == 0, run.output
    until(lambda: kubedb.instances() == [], time_limit(60, 300), "the pods are gone")
    [postgres] = kubedb.get("postgreses.kubedb.com", kubedb.name)
    assert (postgres["spec"]["halted"], postgres["status"]["phase"]) == (True, "Halted")
    assert postgres["spec"]["deletionPolicy"] == "Halt"
    assert claims(kubedb) == 3
    # There is a cluster that the operator will be needed for.
    assert kubedb.kubectl("--namespace=kubedb", "get", "statefulsets", "--output=name") != ""


def test_site_starts_it_with_its_data(kubedb: KubeDB) -> None:
    variables = kept(kubedb)
    run = play("site", variables=variables)
    assert run.rc == 0, run.output
    started = KubeDB()
    until(
        lambda: started.sql("SELECT word FROM precious") == [{"word": "kept"}], time_limit(60, 300), "the row is there"
    )
    [postgres] = kubedb.get("postgreses.kubedb.com", kubedb.name)
    assert (postgres["spec"].get("halted", False), postgres["spec"]["deletionPolicy"]) == (False, "DoNotTerminate")
    again = play("site", "--check", "--diff", variables=variables)
    assert (again.rc, again.changed) == (0, 0), again.output


def test_with_its_data_it_leaves_nothing(kubedb: KubeDB) -> None:
    run = play("teardown", variables={**CONFIRM, **kept(kubedb), "teardown_keep_data": False})
    assert run.rc == 0, run.output
    assert claims(kubedb) == 0
    assert kubedb.get("postgreses.kubedb.com", everywhere=True) == []

    def left() -> list[str]:
        found = kubedb.get("services,secrets,jobs,pods,postgresopsrequests.ops.kubedb.com")
        return [f"{item['kind']} {item['metadata']['name']}" for item in found]

    until(lambda: not left(), time_limit(60, 300), f"nothing is left of {left()}")
    operator = ["--namespace=kubedb", "get", "pods,secrets", "--output=name"]
    until(lambda: kubedb.kubectl(*operator) == "", time_limit(60, 300), "nor is the operator there")
