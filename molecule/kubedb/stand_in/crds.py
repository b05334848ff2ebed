# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of KubeDB: by its published CRDs where they are at hand, else by small ones of our own.

Of `postgreses.kubedb.com` there can be one in a Kubernetes cluster, and its versions share one storage: what KubeDB
published for v1 and what ran in 2020 have no conversion between them. So the stand-in serves one of them at a time.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import yaml
from kubedb_crds import PUBLISHED

from stand_in.api import CRDS, Api

ROOT = Path(__file__).resolve().parents[3]
OWN = ROOT / "tests/unit/fixtures/kubedb"
# Where the published schemas are, and ours: group, version, kind, plural.
KINDS = {
    "kubedb.com_postgreses.yaml": ("kubedb.com", "v1", "Postgres", "postgreses"),
    "ops.kubedb.com_postgresopsrequests.yaml": (
        "ops.kubedb.com",
        "v1alpha1",
        "PostgresOpsRequest",
        "postgresopsrequests",
    ),
    "archiver.kubedb.com_postgresarchivers.yaml": (
        "archiver.kubedb.com",
        "v1alpha1",
        "PostgresArchiver",
        "postgresarchivers",
    ),
    "backupstorages.storage.kubestash.com.yaml": (
        "storage.kubestash.com",
        "v1alpha1",
        "BackupStorage",
        "backupstorages",
    ),
    "retentionpolicies.storage.kubestash.com.yaml": (
        "storage.kubestash.com",
        "v1alpha1",
        "RetentionPolicy",
        "retentionpolicies",
    ),
    "repositories.storage.kubestash.com.yaml": ("storage.kubestash.com", "v1alpha1", "Repository", "repositories"),
    "snapshots.storage.kubestash.com.yaml": ("storage.kubestash.com", "v1alpha1", "Snapshot", "snapshots"),
    "backupconfigurations.core.kubestash.com.yaml": (
        "core.kubestash.com",
        "v1alpha1",
        "BackupConfiguration",
        "backupconfigurations",
    ),
    "backupsessions.core.kubestash.com.yaml": ("core.kubestash.com", "v1alpha1", "BackupSession", "backupsessions"),
}


def crds(version: str) -> list[dict[str, Any]]:
    """Return the CRDs that make the API of a release."""
    if version == "v1alpha1":
        return [_crd("kubedb.com", version, "Postgres", "postgreses", _open())]
    published = [PUBLISHED / name for name in KINDS]
    if all(path.is_file() for path in published):
        return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in published]
    return [
        _crd(group, version, kind, plural, _own(f"{kind.lower()}-{version}"))
        for group, version, kind, plural in KINDS.values()
    ]


def install(api: Api, version: str) -> None:
    """Apply the CRDs, and wait until the API server serves their kinds."""
    for crd in crds(version):
        crd.pop("status", None)
        crd["metadata"].pop("creationTimestamp", None)
        name = crd["metadata"]["name"]
        api.apply(crd, f"/{CRDS}/{name}")
        while not _is_established(api.get(f"/{CRDS}/{name}") or {}):
            time.sleep(0.3)


def _is_established(crd: dict[str, Any]) -> bool:
    found = (crd.get("status") or {}).get("conditions") or []
    return any(item["type"] == "Established" and item["status"] == "True" for item in found)


def _open() -> dict[str, Any]:
    """Return the schema of an object that keeps whatever it is given: no misspelt field is refused by it."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"type": "object", "properties": {"spec": anything, "status": anything}}


def _own(name: str) -> dict[str, Any]:
    """Return our own strict schema, which the unit tests take, with an open status; none of what only KubeDB writes."""
    if not (OWN / f"{name}.yml").is_file():
        return _open()
    schema = yaml.safe_load((OWN / f"{name}.yml").read_text(encoding="utf-8"))
    properties = {"spec": schema["properties"]["spec"], "status": _open()["properties"]["status"]}
    return {"type": "object", "required": ["spec"], "properties": properties}


def _crd(group: str, version: str, kind: str, plural: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
            ],
        },
    }
