# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What KubeDB's archiver and KubeStash make for backups: the objects and their phases. No data is written anywhere."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

from stand_in.api import Api
from stand_in.cluster import conditions

# On the Postgres object: the next backup fails with this message, or each takes so many seconds.
FAIL = "stand-in.pgha.kubernetes/fail-next-backup"
SECONDS = "stand-in.pgha.kubernetes/backup-seconds"
CORE, STORAGE = "core.kubestash.com/v1alpha1", "storage.kubestash.com/v1alpha1"
# The sessions of an archiver, and the ending of the Repository that each writes to.
SESSIONS = {"full-backup": "full", "manifest-backup": "manifest"}


class Backups:
    """The backups of clusters that have an archiver."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._made: set[str] = set()

    def reconcile(self, cluster: dict[str, Any]) -> None:
        """Make what KubeDB makes of a PostgresArchiver for one of its clusters, once it is ready."""
        metadata, spec = cluster["metadata"], cluster["spec"]
        named = (spec.get("archiver") or {}).get("ref")
        if not named or metadata["uid"] in self._made or (cluster.get("status") or {}).get("phase") != "Ready":
            return
        archiver = self.api.find("PostgresArchiver", named.get("namespace") or metadata["namespace"], named["name"])
        if archiver is None:
            print(f"not yet: there is no PostgresArchiver {named['name']}", flush=True)
            return
        for ending in SESSIONS.values():
            self._keep(self._repository(cluster, archiver, ending), {"phase": "Ready"})
        self._keep(self._configuration(cluster, archiver), {"phase": "Ready", "targetFound": True})
        self._archive(cluster)
        self._made.add(metadata["uid"])

    def _keep(self, manifest: dict[str, Any], status: dict[str, Any]) -> None:
        metadata = manifest["metadata"]
        self.api.apply(manifest)
        self.api.patch(manifest["kind"], metadata["namespace"], metadata["name"], {"status": status}, part="status")

    def _repository(self, cluster: dict[str, Any], archiver: dict[str, Any], ending: str) -> dict[str, Any]:
        metadata = cluster["metadata"]
        return {
            "apiVersion": STORAGE,
            "kind": "Repository",
            "metadata": {"name": f"{metadata['name']}-{ending}", "namespace": metadata["namespace"]},
            "spec": {
                "appRef": _target(cluster),
                "storageRef": archiver["spec"]["backupStorage"]["ref"],
                "encryptionSecret": archiver["spec"]["encryptionSecret"],
                "path": f"{metadata['namespace']}/{metadata['name']}/{ending}",
            },
        }

    def _configuration(self, cluster: dict[str, Any], archiver: dict[str, Any]) -> dict[str, Any]:
        name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
        spec = archiver["spec"]
        backend = {"storageRef": spec["backupStorage"]["ref"], "retentionPolicy": spec["retentionPolicy"]}
        return {
            "apiVersion": CORE,
            "kind": "BackupConfiguration",
            "metadata": {
                "name": f"{name}-backup-config",
                "namespace": namespace,
                "ownerReferences": [
                    {
                        "apiVersion": "kubedb.com/v1",
                        "kind": "Postgres",
                        "name": name,
                        "uid": cluster["metadata"]["uid"],
                    }
                ],
            },
            "spec": {
                "target": _target(cluster),
                "backends": [{"name": "archiver", **backend}],
                "sessions": [
                    {
                        "name": session,
                        "scheduler": {
                            "schedule": spec["fullBackup"]["scheduler"]["schedule"],
                            "jobTemplate": {"backoffLimit": 1},
                        },
                        "repositories": [
                            {
                                "name": f"{name}-{ending}",
                                "backend": "archiver",
                                "directory": f"/{namespace}/{name}/{ending}",
                                "encryptionSecret": spec["encryptionSecret"],
                            }
                        ],
                        "addon": {"name": "postgres-addon", "tasks": [{"name": "physical-backup"}]},
                    }
                    for session, ending in SESSIONS.items()
                ],
            },
        }

    def _archive(self, cluster: dict[str, Any]) -> None:
        """Say that WAL is archived up to now, as the archiver's sidecar does all the time."""
        status = {"phase": "Running", "components": {"wal": {"phase": "Running", "logStats": {"end": _now()}}}}
        self._keep(_snapshot(cluster, f"{cluster['metadata']['name']}-incremental-snapshot", "", "full"), status)

    def handle(self, session: dict[str, Any]) -> None:
        """Give a BackupSession its phases, and a Snapshot at the end."""
        namespace, name = session["metadata"]["namespace"], session["metadata"]["name"]
        configuration = self.api.find("BackupConfiguration", namespace, session["spec"]["invoker"]["name"]) or {}
        target = ((configuration.get("spec") or {}).get("target") or {}).get("name", "")
        cluster = self.api.find("Postgres v1", namespace, target)
        ending = SESSIONS.get(session["spec"].get("session", ""))
        if cluster is None or ending is None:
            self._tell(session, "Failed", "BackupExecutorEnsured", False, "there is nothing that this session backs up")
            return
        self._tell(session, "Running", "BackupExecutorEnsured", True, "the stand-in has begun")
        annotations = cluster["metadata"].get("annotations") or {}
        time.sleep(float(annotations.get(SECONDS, "2")))
        if annotations.get(FAIL):
            self.api.patch("Postgres v1", namespace, target, {"metadata": {"annotations": {FAIL: None}}})
            self._tell(session, "Failed", "SnapshotsEnsured", False, annotations[FAIL])
            return
        # KubeStash takes the digits at the end of the session's name.
        digits = re.fullmatch(r".*-([0-9]+)", name)
        if digits is None:
            self._tell(session, "Failed", "SnapshotsEnsured", False, f"the name {name} does not end with digits")
            return
        snapshot = _snapshot(cluster, f"{target}-{ending}-{digits[1]}", name, ending)
        self._keep(snapshot, {"phase": "Succeeded", "snapshotTime": _now(), "size": "1 MiB"})
        self._archive(cluster)
        made = [{"name": snapshot["metadata"]["name"], "repository": f"{target}-{ending}", "phase": "Succeeded"}]
        self._tell(session, "Succeeded", "MetricsPushed", True, "the stand-in has done it", snapshots=made)

    def _tell(
        self, session: dict[str, Any], phase: str, kind: str, true: bool, message: str, **more: list[dict[str, str]]
    ) -> None:
        metadata = session["metadata"]
        status = {"phase": phase, "conditions": conditions({kind: (true, message)}, []), **more}
        self.api.patch("BackupSession", metadata["namespace"], metadata["name"], {"status": status}, part="status")


def _target(cluster: dict[str, Any]) -> dict[str, str]:
    metadata = cluster["metadata"]
    return {
        "apiGroup": "kubedb.com",
        "kind": "Postgres",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
    }


def _snapshot(cluster: dict[str, Any], name: str, session: str, ending: str) -> dict[str, Any]:
    metadata = cluster["metadata"]
    return {
        "apiVersion": STORAGE,
        "kind": "Snapshot",
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "spec": {
            "appRef": _target(cluster),
            "repository": f"{metadata['name']}-{ending}",
            **({"backupSession": session} if session else {}),
        },
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
