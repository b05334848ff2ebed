# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""teardown.yml asks, keeps the data unless told otherwise, and leaves nothing but what it says. In this order."""

from __future__ import annotations

import json
import re
from typing import Any

from conftest import WITH_STATS, Cluster, run_playbook, until

# What of ours could be named: by its own name or by its namespace.
OURS = re.compile(r"cnpg|hot-postgres|pgpool|prometheus|pgha(?!-test)|(^|/)(demo|monitoring)(/|$)")
# What Kubernetes itself puts into each namespace.
KUBERNETES_OWN = re.compile(r"ServiceAccount [^ ]*/default|ConfigMap [^ ]*/kube-root-ca\.crt|Event .*")

# CloudNativePG makes the first together with the cluster, and has an object of its own for each other.
TWO_DATABASES = {"postgres_cluster_databases": [{"name": "app", "owner": "app"}, {"name": "reports", "owner": "app"}]}

CATALOG = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "ImageCatalog",
    "metadata": {"name": "somebody-s", "namespace": "demo"},
    "spec": {"images": [{"major": 17, "image": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie"}]},
}


def ours(cluster: Cluster) -> set[str]:
    """Return all objects that belong to what the collection makes: `Kind namespace/name`."""
    found = set()
    for namespaced in ("true", "false"):
        listed = cluster.kubectl("api-resources", "--verbs=list", f"--namespaced={namespaced}", "--output=name")
        for item in cluster.get(",".join(listed.split()), everywhere=True):
            place = "/".join(filter(None, (item["metadata"].get("namespace"), item["metadata"]["name"])))
            line = f"{item['kind']} {place}"
            if OURS.search(place) and not KUBERNETES_OWN.fullmatch(line):
                found.add(line)
    return found


def test_without_a_word_it_removes_nothing(cluster: Cluster) -> None:
    before = cluster.get("deployments,clusters.postgresql.cnpg.io,services,secrets", everywhere=True)
    run = run_playbook("teardown")
    assert run.rc != 0
    assert run.changed == 0
    assert "Nothing was removed. To do it, give -e teardown_confirm=hot-postgres." in run.output
    for word in ("Pgpool-II", "stopped", "Prometheus", "operator", "teardown_keep_data=false"):
        assert word in run.output
    wrong = run_playbook("teardown", variables={"teardown_confirm": "another"})
    assert wrong.rc != 0
    assert wrong.changed == 0
    checked = run_playbook("teardown", "--check", variables={"teardown_confirm": "hot-postgres"})
    assert checked.rc == 0, checked.output
    # As the run ends: what it removes first keeps nothing.
    assert "Kept: the namespaces; the operator, as there are PostgreSQL clusters (hot-postgres)." in checked.said
    after = cluster.get("deployments,clusters.postgresql.cnpg.io,services,secrets", everywhere=True)
    assert [item["metadata"]["uid"] for item in after] == [item["metadata"]["uid"] for item in before]


def test_it_keeps_the_data_and_says_so(cluster: Cluster) -> None:
    cluster.sql("DROP TABLE IF EXISTS precious; CREATE TABLE precious AS SELECT 'kept' AS word")
    passwords = cluster.users()

    run = run_playbook("teardown", variables={"teardown_confirm": "hot-postgres"}, environment=WITH_STATS)

    assert run.rc == 0, run.output
    kept = {"hot-postgres": {"data": "kept"}, "demo-k8s": {"prometheus": "removed", "operator": "kept"}}
    assert run.stats["teardown"] == kept
    assert "Kept: the volumes of hot-postgres" in run.said
    assert cluster.instances() == []
    assert cluster.pgpool_pods() == {}
    left = ours(cluster)
    assert not [item for item in left if "pgpool" in item and item != "Secret demo/hot-postgres-pgpool-check"]
    assert not [item for item in left if "prometheus" in item]
    assert len([item for item in left if item.startswith("PersistentVolumeClaim ")]) == 3
    assert cluster.users() == passwords


def test_again_it_has_nothing_to_do() -> None:
    run = run_playbook("teardown", variables={"teardown_confirm": "hot-postgres"})
    assert run.rc == 0, run.output
    assert run.changed == 0, run.output


def test_site_brings_the_data_back(cluster: Cluster) -> None:
    run = run_playbook("site", variables=TWO_DATABASES)
    assert run.rc == 0, run.output
    assert cluster.sql("SELECT word FROM precious") == [{"word": "kept"}]
    assert [item["spec"]["name"] for item in cluster.get("databases.postgresql.cnpg.io")] == ["reports"]


def test_with_its_data_it_leaves_nothing_but_namespaces(cluster: Cluster) -> None:
    """Of a stopped cluster, too: there is no PostgreSQL in which the operator could drop its second database."""
    confirmed: dict[str, Any] = {**TWO_DATABASES, "teardown_confirm": "hot-postgres"}
    run = run_playbook("teardown", "--limit=postgres_clusters", variables=confirmed)
    assert run.rc == 0, run.output
    assert cluster.instances() == []

    # Somebody else's, which would go with their CRD or with the operator's namespace.
    cluster.kubectl("apply", "--filename=-", text=json.dumps(CATALOG))
    cluster.kubectl("--namespace=cnpg-system", "create", "configmap", "somebody-s")
    confirmed["teardown_keep_data"] = False
    run = run_playbook("teardown", variables=confirmed, environment=WITH_STATS)
    assert run.rc == 0, run.output
    assert "Kept, as there are such objects: the CRDs imagecatalogs.postgresql.cnpg.io." in run.said
    assert [item["metadata"]["name"] for item in cluster.get("imagecatalogs.postgresql.cnpg.io")] == ["somebody-s"]
    cluster.kubectl("delete", "customresourcedefinitions", "imagecatalogs.postgresql.cnpg.io", "--timeout=60s")
    cluster.kubectl("--namespace=cnpg-system", "delete", "configmap", "somebody-s")
    gone = {"hot-postgres": {"data": "deleted"}, "demo-k8s": {"prometheus": "removed", "operator": "removed"}}
    assert run.stats["teardown"] == gone
    assert "Kept: the namespace" in run.said
    # Secrets that the operator made go a moment after it.
    until(lambda: [item for item in ours(cluster) if not item.startswith("Namespace ")] == [], 30, "nothing is left")


def test_with_its_data_again_it_has_nothing_to_do() -> None:
    run = run_playbook("teardown", variables={"teardown_confirm": "hot-postgres", "teardown_keep_data": False})
    assert run.rc == 0, run.output
    assert run.changed == 0, run.output


def test_without_its_operator_a_cluster_is_refused() -> None:
    run = run_playbook("postgres_cluster")
    assert run.rc != 0
    assert run.changed == 0
    shown = run.said
    assert "postgres_cluster_operator is 'cloudnativepg' (string)" in shown.replace("''", "'")
    assert "install it with the playbook pgha.kubernetes.cloudnativepg" in shown
