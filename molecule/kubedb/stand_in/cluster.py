# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Postgres object: its children, which of its pods is the primary, and what its status says.

KubeDB decides on the primary in the pods (by raft, and in 2020 by a lease). Here the stand-in does, from outside: so
while it is away, nobody is promoted.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import string
import time
from datetime import UTC, datetime
from typing import Any

from stand_in.api import Api, ExecError
from stand_in.objects import children, secret
from stand_in.releases import Release

ROLE = "kubedb.com/role"
LAST_PRIMARY = "stand-in.pgha.kubernetes/primary"
# How long the recovery of a cluster that is made from backups is said to take: it begins with nothing all the same.
RECOVERY = 6.0  # seconds
IMAGE = "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie"
# Writes the order, where the start script waits for one.
ORDER = "cd /run/stand-in && [ -e waiting ] && echo {role} > order.new && mv order.new order"


class Clusters:
    """Looks after clusters. What it remembers saves requests, and a new one does without."""

    def __init__(self, api: Api, release: Release) -> None:
        self.api = api
        self.release = release
        self.paused: set[str] = set()  # by a request, by namespace/name
        self.preferred: dict[str, str] = {}  # who is promoted next, by uid
        self._applied: dict[str, int] = {}
        self._defaulted: dict[str, int] = {}
        self._ordered: set[tuple[str, int]] = set()
        self._known_primary: set[tuple[str, int]] = set()
        self._recovering: dict[str, float] = {}  # since when, by uid

    def reconcile(self, cluster: dict[str, Any]) -> None:
        """Bring one cluster a step nearer to what its object says."""
        if cluster["metadata"].get("deletionTimestamp"):
            return
        key = cluster["metadata"]["uid"]
        if self._defaulted.get(key) != cluster["metadata"]["generation"]:
            self._write_defaults(cluster)
            self._defaulted[key] = cluster["metadata"]["generation"]
            return  # what was written comes back as an event
        if _is_recovering(cluster):
            self._recover(cluster)
            return
        self._ensure_children(cluster)
        pods = self.pods(cluster)
        try:
            self._settle(cluster, pods)
        except ExecError as exc:
            print(f"not yet: {exc}", flush=True)
        self._write_status(cluster, self.pods(cluster))

    def _recover(self, cluster: dict[str, Any]) -> None:
        """Say that a cluster is being made from backups, then that it was."""
        metadata, archiver = cluster["metadata"], cluster["spec"]["init"]["archiver"]
        name = (archiver.get("fullDBRepository") or {}).get("name", "")
        found = self.api.find("Repository", metadata["namespace"], name)
        words = f"recovers from the Repository {name}" if found else f"there is no Repository {name}"
        told = {"DataRestoreStarted": (True, words), "DataRestored": (False, words)}
        wanted = {
            "phase": "DataRestoring",
            "observedGeneration": metadata["generation"],
            "conditions": conditions(told, (cluster.get("status") or {}).get("conditions") or []),
        }
        if not _same(wanted, cluster.get("status") or {}):
            self._patch(cluster, {"status": wanted}, part="status")
        began = self._recovering.setdefault(metadata["uid"], time.monotonic())
        if found and time.monotonic() - began > RECOVERY:
            self._patch(cluster, {"spec": {"init": {"initialized": True}}})

    def pods(self, cluster: dict[str, Any]) -> list[dict[str, Any]]:
        metadata = cluster["metadata"]
        found = self.api.list("Pod", metadata["namespace"], self.release.pod_labels(metadata["name"]))
        return sorted(found, key=lambda pod: int(pod["metadata"]["name"].rpartition("-")[2]))

    def _write_defaults(self, cluster: dict[str, Any]) -> None:
        wanted = self.release.defaults(cluster["spec"], cluster["metadata"]["name"])
        self._patch(cluster, {"spec": wanted})

    def _patch(self, cluster: dict[str, Any], patch: dict[str, Any], part: str = "") -> None:
        metadata = cluster["metadata"]
        self.api.patch(f"Postgres {self.release.version}", metadata["namespace"], metadata["name"], patch, part)

    def image(self, cluster: dict[str, Any]) -> str:
        """Return the image of the PostgresVersion. The catalogue of 2020 is not there: all are of one version."""
        if self.release.version == "v1alpha1":
            return IMAGE
        version = self.api.get(f"/apis/catalog.kubedb.com/v1alpha1/postgresversions/{cluster['spec']['version']}")
        return version["spec"]["db"]["image"] if version else ""

    def took_up(self, cluster: dict[str, Any]) -> bool:
        """Tell whether the children are those of the object as it is."""
        return self._applied.get(cluster["metadata"]["uid"]) == cluster["metadata"]["generation"]

    def _ensure_children(self, cluster: dict[str, Any]) -> None:
        metadata = cluster["metadata"]
        if self.took_up(cluster):
            return
        name = self.release.secret(cluster["spec"], metadata["name"])
        if not self.api.find("Secret", metadata["namespace"], name):
            if (cluster["spec"].get("authSecret") or {}).get("externallyManaged"):
                print(f"not yet: there is no Secret {name}", flush=True)
                return
            self.api.create(secret(self.release, cluster, name, new_password()))
        for manifest in children(self.release, cluster, self.image(cluster)):
            self.api.apply(manifest)
        self._applied[metadata["uid"]] = metadata["generation"]

    def _settle(self, cluster: dict[str, Any], pods: list[dict[str, Any]]) -> None:
        """See to it that there is one primary, and that each pod that waits is told what to be."""
        namespace = cluster["metadata"]["namespace"]
        primary = next((pod for pod in pods if role(pod) == "primary"), None)
        if primary and primary["metadata"].get("deletionTimestamp"):
            return  # it may still take writes
        if primary is None:
            primary = self._choose(cluster, [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")])
            if primary is None:
                return
        self._order(namespace, primary, "primary")
        if not is_ready(primary):
            return
        for pod in pods:
            if pod["metadata"]["name"] != primary["metadata"]["name"] and not is_ready(pod):
                if role(pod) != self.release.standby:
                    self._label(namespace, pod, self.release.standby)
                self._order(namespace, pod, "standby")

    def _choose(self, cluster: dict[str, Any], pods: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the pod that becomes the primary, promoted if it was a standby; None if there is none yet."""
        metadata = cluster["metadata"]
        standbys = [pod for pod in pods if is_ready(pod) and role(pod) == self.release.standby]
        if standbys:
            preferred = self.preferred.get(metadata["uid"])
            named = [pod for pod in standbys if pod["metadata"]["name"] == preferred]
            best = max(named or standbys, key=lambda pod: self._position(metadata["namespace"], pod))
            self.promote(cluster, best)
            return best
        stateful_set = self.api.find("StatefulSet", metadata["namespace"], metadata["name"])
        annotations = ((stateful_set or {}).get("metadata") or {}).get("annotations") or {}
        last = annotations.get(LAST_PRIMARY) or f"{metadata['name']}-0"
        for pod in pods:
            if pod["metadata"]["name"] == last:
                self._become_primary(cluster, pod)
                return pod
        return None

    def _position(self, namespace: str, pod: dict[str, Any]) -> int:
        query = "SELECT pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')"
        return int(self.api.sql(namespace, pod["metadata"]["name"], query))

    def promote(self, cluster: dict[str, Any], pod: dict[str, Any]) -> None:
        """Make a standby the primary. The others find it by the Service."""
        namespace, name = cluster["metadata"]["namespace"], pod["metadata"]["name"]
        if self.api.sql(namespace, name, "SELECT pg_promote(true, 60)") != "t":
            raise ExecError(f"{name} was not promoted within 60 s")
        self._become_primary(cluster, pod)

    def _become_primary(self, cluster: dict[str, Any], pod: dict[str, Any]) -> None:
        metadata = cluster["metadata"]
        self._label(metadata["namespace"], pod, "primary")
        note = {"metadata": {"annotations": {LAST_PRIMARY: pod["metadata"]["name"]}}}
        self.api.patch("StatefulSet", metadata["namespace"], metadata["name"], note)
        print(f"{metadata['name']}: the primary is {pod['metadata']['name']}", flush=True)

    def _label(self, namespace: str, pod: dict[str, Any], value: str) -> None:
        self.api.patch("Pod", namespace, pod["metadata"]["name"], {"metadata": {"labels": {ROLE: value}}})
        pod["metadata"].setdefault("labels", {})[ROLE] = value

    def _order(self, namespace: str, pod: dict[str, Any], what: str) -> None:
        """Tell a pod whose container waits what to be. One that starts again waits again."""
        container = _container(pod)
        mark = (pod["metadata"]["uid"], container.get("restartCount", 0))
        if is_ready(pod):
            if what == "primary" and mark not in self._known_primary:
                self._leave_recovery(namespace, pod)
                self._known_primary.add(mark)
        elif mark not in self._ordered and "running" in (container.get("state") or {}):
            self.api.run(namespace, pod["metadata"]["name"], ORDER.format(role=what))
            self._ordered.add(mark)

    def _leave_recovery(self, namespace: str, pod: dict[str, Any]) -> None:
        """Promote the primary of before, where its data are those of a standby: the whole cluster had been stopped."""
        name = pod["metadata"]["name"]
        if self.api.sql(namespace, name, "SELECT pg_is_in_recovery()") == "t":
            self.api.sql(namespace, name, "SELECT pg_promote(true, 60)")

    def _write_status(self, cluster: dict[str, Any], pods: list[dict[str, Any]]) -> None:
        wanted = self._old_status(cluster, pods) if self.release.version == "v1alpha1" else self._status(cluster, pods)
        if not _same(wanted, cluster.get("status") or {}):
            self._patch(cluster, {"status": wanted}, part="status")

    def _status(self, cluster: dict[str, Any], pods: list[dict[str, Any]]) -> dict[str, Any]:
        metadata, replicas = cluster["metadata"], cluster["spec"].get("replicas", 1)
        before = (cluster.get("status") or {}).get("phase", "")
        all_ready = [is_ready(pod) for pod in pods].count(True) == len(pods) == replicas
        primary = any(role(pod) == "primary" and is_ready(pod) for pod in pods)
        if cluster["spec"].get("halted"):
            phase = "NotReady" if pods else "Halted"
        elif all_ready and primary:
            phase = "Ready"
        elif before in ("", "Provisioning", "DataRestoring"):
            phase = "Provisioning"
        else:
            phase = "Critical" if primary else "NotReady"
        told = {
            "ProvisioningStarted": (True, "The stand-in has started on it"),
            "ReplicaReady": (all_ready, "All replicas are ready" if all_ready else "Some replicas are not ready"),
            "AcceptingConnection": (primary, "The primary takes connections" if primary else "There is no primary"),
            "Ready": (phase == "Ready", "The PostgreSQL cluster is ready" if phase == "Ready" else "It is not ready"),
            "Provisioned": (phase != "Provisioning", "It was provisioned"),
        }
        if (cluster["spec"].get("init") or {}).get("archiver"):
            told["DataRestored"] = (True, "It was made from backups, says the stand-in")
        if cluster["spec"].get("halted") or before == "Halted":
            told["Halted"] = (phase == "Halted", "It is halted")
        if f"{metadata['namespace']}/{metadata['name']}" in self.paused:
            told["Paused"] = (True, "A PostgresOpsRequest is under way")
        return {
            "phase": phase,
            "observedGeneration": metadata["generation"],
            "conditions": conditions(told, (cluster.get("status") or {}).get("conditions") or []),
        }

    def _old_status(self, cluster: dict[str, Any], pods: list[dict[str, Any]]) -> dict[str, Any]:
        """As the operator of 2020: Running comes with the primary, before a standby streams, and stays."""
        running = any(role(pod) == "primary" and is_ready(pod) for pod in pods)
        was = (cluster.get("status") or {}).get("phase") == "Running"
        digest = hashlib.sha256(json.dumps(cluster["spec"], sort_keys=True).encode()).hexdigest()
        return {
            "phase": "Running" if running or was else "Creating",
            "observedGeneration": f"{cluster['metadata']['generation']}${int(digest[:15], 16)}",
        }

    def delete(self, cluster: dict[str, Any]) -> None:
        """Do what the policy says with volumes and Secret. The rest goes with its owner."""
        metadata, policy = cluster["metadata"], cluster["spec"].get(self.release.policy, "")
        self.api.delete("StatefulSet", metadata["namespace"], metadata["name"])
        if policy in ("Delete", "WipeOut"):
            for claim in self.api.list(
                "PersistentVolumeClaim", metadata["namespace"], self.release.pod_labels(metadata["name"])
            ):
                self.api.delete("PersistentVolumeClaim", metadata["namespace"], claim["metadata"]["name"])
        managed = not (cluster["spec"].get("authSecret") or {}).get("externallyManaged")
        if policy == "WipeOut" and managed and self.release.version == "v1":
            name = self.release.secret(cluster["spec"], metadata["name"])
            self.api.delete("Secret", metadata["namespace"], name)


def _is_recovering(cluster: dict[str, Any]) -> bool:
    init = cluster["spec"].get("init") or {}
    return "archiver" in init and not init.get("initialized")


def new_password() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(16))


def role(pod: dict[str, Any]) -> str:
    return (pod["metadata"].get("labels") or {}).get(ROLE, "")


def is_ready(pod: dict[str, Any]) -> bool:
    if pod["metadata"].get("deletionTimestamp"):
        return False
    found = (pod.get("status") or {}).get("conditions") or []
    return any(item["type"] == "Ready" and item["status"] == "True" for item in found)


def conditions(told: dict[str, tuple[bool, str]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return conditions of a status. Each keeps its time while it is as it was."""
    times = {(item["type"], item["status"]): item["lastTransitionTime"] for item in before}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {
            "type": kind,
            "status": str(true),
            "reason": kind if true else f"Not{kind}",
            "message": message,
            "lastTransitionTime": times.get((kind, str(true)), now),
        }
        for kind, (true, message) in told.items()
    ]


def _container(pod: dict[str, Any]) -> dict[str, Any]:
    found = (pod.get("status") or {}).get("containerStatuses") or []
    return next((item for item in found if item["name"] == "postgres"), {})


def _same(wanted: dict[str, Any], now: dict[str, Any]) -> bool:
    return all(now.get(key) == value for key, value in wanted.items())
