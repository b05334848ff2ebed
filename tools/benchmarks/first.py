# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first site.yml of a PostgreSQL cluster, until all is ready, against kubectl with the same manifests and Secrets."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import site
from benchmarks.measure import Row, at_most, in_turns, ratio

NAMESPACE = NAME = "bench-first"
CLUSTER = site.Cluster(name=NAME, namespace=NAMESPACE)
TIMEOUT = "--timeout=900s"


def inventory() -> dict[str, Any]:
    """Return an inventory of one PostgreSQL cluster, in a namespace of its own."""
    host = {NAME: {"pgha_namespace": NAMESPACE, "pgpool_service": {"type": "ClusterIP"}}}
    return {"all": {"children": {"postgres_clusters": {"hosts": host}, "demo": {"hosts": host}}}}


def gone() -> None:
    """Have nothing of it."""
    CLUSTER.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait", "--timeout=170s")


def ours(file: Path) -> float:
    """Run site.yml, which ends when all is ready."""
    gone()
    limit = f"--limit=kubernetes_clusters:{NAME}"
    command = site.playbook_command("site", limit, inventories=[*site.INVENTORIES, file])
    return site.timed(command, site.playbook_environment()).seconds


def kept() -> tuple[str, str]:
    """Return the Secrets that were made, and the manifests that were applied, as kubectl takes them."""
    secrets = CLUSTER.get("secrets", f"--selector={site.OURS}")
    copies = [
        {
            **{key: secret[key] for key in ("apiVersion", "kind", "type", "data")},
            "metadata": {key: secret["metadata"].get(key) for key in ("name", "namespace", "labels")},
        }
        for secret in secrets
    ]
    with tempfile.TemporaryDirectory() as folder:
        text = site.manifests(CLUSTER, Path(folder)).read_text()
    mine = [item for item in json.loads(text)["items"] if item["metadata"].get("namespace") == NAMESPACE]
    lists = [json.dumps({"apiVersion": "v1", "kind": "List", "items": items}) for items in (copies, mine)]
    return lists[0], lists[1]


def theirs(secrets: str, manifests: str) -> float:
    """Create and apply them with kubectl, and wait for the same."""
    gone()
    where = f"--namespace={NAMESPACE}"
    began = time.monotonic()
    CLUSTER.kubectl("create", "namespace", NAMESPACE)
    CLUSTER.kubectl("create", "--filename=-", text=secrets)
    CLUSTER.kubectl("apply", "--filename=-", text=manifests)
    for command in (
        ["wait", f"clusters.postgresql.cnpg.io/{NAME}", "--for=condition=Ready", TIMEOUT],
        ["rollout", "status", f"deployment/{NAME}-pgpool", TIMEOUT],
    ):
        site.timed([*site.KUBECTL, where, *command])
    return time.monotonic() - began


def run(runs: int) -> list[Row]:
    """Measure it; the operator and Prometheus are there."""
    site.ready()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "first.json"
        file.write_text(json.dumps(inventory()))
        try:
            ours(file)
            given = kept()
            times = in_turns(lambda: ours(file), lambda: theirs(*given), runs)
        finally:
            gone()
    what = "first `site.yml` of a PostgreSQL cluster of three instances, until all is ready"
    return [at_most(ratio(what, "`kubectl apply` of the same, and waiting for the same", *times, "s"), 1.2)]
