# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real API server with the CRDs that KubeDB and KubeStash publish takes what the collection writes for them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import yaml
from conftest import CONTEXT, KUBECONFIG, Cluster, time_limit, until
from kubedb_crds import PUBLISHED
from kubedb_stand_in import HERE

NAMESPACE = "kubedb-schemas"
WRITTEN = {
    "Postgres": "kubedb.com_postgreses.yaml",
    "PostgresOpsRequest": "ops.kubedb.com_postgresopsrequests.yaml",
    "PostgresArchiver": "archiver.kubedb.com_postgresarchivers.yaml",
    "BackupStorage": "backupstorages.storage.kubestash.com.yaml",
    "RetentionPolicy": "retentionpolicies.storage.kubestash.com.yaml",
    "BackupConfiguration": "backupconfigurations.core.kubestash.com.yaml",
    "BackupSession": "backupsessions.core.kubestash.com.yaml",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    files = [PUBLISHED / name for name in WRITTEN.values()]
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        pytest.skip(f"what KubeDB and KubeStash publish is not at hand: {', '.join(missing)}")
    cluster = Cluster(namespace=NAMESPACE)
    before = {item["metadata"]["name"] for item in cluster.get("customresourcedefinitions")}
    names = [yaml.safe_load(path.read_text())["metadata"]["name"] for path in files]
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", *(f"--filename={path}" for path in files))
    crds = [f"customresourcedefinitions/{name}" for name in names]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *crds)
    # For a moment after that, the API server still answers that it is not ready for a kind.
    until(lambda: [cluster.get(name) for name in names], time_limit(60, 300), "each kind is served")
    yield cluster
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    new = set(names) - before
    if new:
        cluster.kubectl("delete", "customresourcedefinitions", *new)


def dry_run(objects: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    """Have the API server judge objects, unknown fields included, and keep none."""
    return subprocess.run(
        [
            *("kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", "create"),
            *("--dry-run=server", "--validate=strict", "--output=name", "--filename=-"),
        ],
        input="\n".join(json.dumps(item) for item in objects),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


@cache
def rendered() -> list[dict[str, Any]]:
    program = [sys.executable, str(HERE / "rendered.py"), NAMESPACE]
    return json.loads(subprocess.run(program, capture_output=True, text=True, check=True, timeout=180).stdout)


def test_each_object_is_taken(cluster: Cluster, say: Callable[[str], None]) -> None:
    objects = rendered()
    counts = Counter(item["kind"] for item in objects)
    assert set(WRITTEN) <= set(counts)
    done = dry_run(objects)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(objects)
    say("the API server takes " + ", ".join(f"{number} {kind}" for kind, number in counts.items()))


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_field_that_is_unknown_is_not(cluster: Cluster, kind: str) -> None:
    wrong = deepcopy(next(item for item in rendered() if item["kind"] == kind))
    wrong["spec"]["misspelt"] = 1
    done = dry_run([wrong])
    assert done.returncode != 0
    assert 'unknown field "spec.misspelt"' in done.stderr
