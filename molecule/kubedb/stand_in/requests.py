# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PostgresOpsRequest asks for. Types that are not here fail with a message that says so."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stand_in.api import Api, ExecError
from stand_in.cluster import Clusters, conditions, is_ready, new_password, role

# On the Postgres object: the next request fails with this message.
FAIL = "stand-in.pgha.kubernetes/fail-next-request"
TIMEOUT = 300  # seconds for each step


class RequestError(Exception):
    """A request cannot be done; its message is the operator's word."""


class Requests:
    """The requests of one kind of cluster."""

    def __init__(self, api: Api, clusters: Clusters) -> None:
        self.api = api
        self.clusters = clusters

    def handle(self, request: dict[str, Any]) -> None:
        """Do what a request asks for, and keep its status."""
        steps: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
            "Restart": self._restart,
            "HorizontalScaling": self._scale,
            "UpdateVersion": self._update_version,
            "RotateAuth": self._rotate,
        }
        spec = request["spec"]
        self._tell(request, "Progressing", "Running", f"{spec['type']} is under way")
        try:
            cluster = self._cluster(request)
            with self._paused(cluster):
                self._fail_if_told(cluster)
                step = steps.get(spec["type"])
                if step is None:
                    raise RequestError(f"the stand-in does not do {spec['type']}")
                step(cluster, spec)
        except (RequestError, ExecError) as exc:
            self._tell(request, "Failed", "Failed", str(exc))
        else:
            self._tell(request, "Successful", "Successful", f"{spec['type']} is done")

    def _tell(self, request: dict[str, Any], phase: str, kind: str, message: str) -> None:
        metadata = request["metadata"]
        status = {
            "phase": phase,
            "observedGeneration": metadata.get("generation", 1),
            "conditions": conditions({kind: (True, message)}, []),
        }
        self.api.patch("PostgresOpsRequest", metadata["namespace"], metadata["name"], {"status": status}, part="status")

    def _cluster(self, request: dict[str, Any]) -> dict[str, Any]:
        namespace, name = request["metadata"]["namespace"], request["spec"]["databaseRef"]["name"]
        cluster = self.api.find("Postgres v1", namespace, name)
        if cluster is None:
            raise RequestError(f"there is no Postgres {namespace}/{name}")
        phase = (cluster.get("status") or {}).get("phase")
        if request["spec"].get("apply", "IfReady") == "IfReady" and phase != "Ready":
            raise RequestError(f"Postgres {namespace}/{name} is not Ready, and apply is IfReady")
        return cluster

    @contextmanager
    def _paused(self, cluster: dict[str, Any]) -> Iterator[None]:
        key = f"{cluster['metadata']['namespace']}/{cluster['metadata']['name']}"
        self.clusters.paused.add(key)
        try:
            yield
        finally:
            self.clusters.paused.discard(key)

    def _fail_if_told(self, cluster: dict[str, Any]) -> None:
        message = (cluster["metadata"].get("annotations") or {}).get(FAIL)
        if message:
            self._patch(cluster, {"metadata": {"annotations": {FAIL: None}}})
            raise RequestError(message)

    def _patch(self, cluster: dict[str, Any], patch: dict[str, Any]) -> None:
        """Change the Postgres object, and wait until its pods would start as it says."""
        namespace, name = cluster["metadata"]["namespace"], cluster["metadata"]["name"]
        self.api.patch("Postgres v1", namespace, name, patch)

        def is_taken_up() -> bool:
            now = self.api.find("Postgres v1", namespace, name)
            return now is not None and self.clusters.took_up(now)

        self._wait(cluster, "what was changed is taken up", is_taken_up)

    def _restart(self, cluster: dict[str, Any], _spec: dict[str, Any]) -> None:
        """Delete the pods one by one, standbys first. A standby takes over where the primary goes."""
        primary = self._primary(cluster)
        names = [pod["metadata"]["name"] for pod in self.clusters.pods(cluster)]
        for name in [*(name for name in names if name != primary), primary]:
            [uid] = [pod["metadata"]["uid"] for pod in self.clusters.pods(cluster) if pod["metadata"]["name"] == name]
            self.api.delete("Pod", cluster["metadata"]["namespace"], name)
            self._wait(cluster, f"{name} is back", lambda old=uid: self._all_ready(cluster, not_uid=old))

    def _scale(self, cluster: dict[str, Any], spec: dict[str, Any]) -> None:
        wanted = (spec.get("horizontalScaling") or {}).get("replicas")
        if not wanted:
            raise RequestError("horizontalScaling.replicas is missing")
        number = int(self._primary(cluster).rpartition("-")[2])
        if number >= wanted:
            self._switch(cluster, f"{cluster['metadata']['name']}-0")
        self._patch(cluster, {"spec": {"replicas": wanted}})
        self._wait(cluster, f"{wanted} replicas are ready", lambda: self._all_ready(cluster, replicas=wanted))
        for gone in range(wanted, cluster["spec"].get("replicas", 1)):
            claim = f"data-{cluster['metadata']['name']}-{gone}"
            self.api.delete("PersistentVolumeClaim", cluster["metadata"]["namespace"], claim)

    def _update_version(self, cluster: dict[str, Any], spec: dict[str, Any]) -> None:
        """Take up another PostgresVersion. In the stand-in's catalogue all are of one image."""
        version = (spec.get("updateVersion") or {}).get("targetVersion", "")
        if not self.api.get(f"/apis/catalog.kubedb.com/v1alpha1/postgresversions/{version}"):
            raise RequestError(f"there is no PostgresVersion {version}")
        self._patch(cluster, {"spec": {"version": version}})
        self._restart(cluster, spec)

    def _rotate(self, cluster: dict[str, Any], spec: dict[str, Any]) -> None:
        namespace = cluster["metadata"]["namespace"]
        given = ((spec.get("authentication") or {}).get("secretRef") or {}).get("name")
        name = given or self.clusters.release.secret(cluster["spec"], cluster["metadata"]["name"])
        secret = self.api.find("Secret", namespace, name)
        if secret is None:
            raise RequestError(f"there is no Secret {name}")
        if given:
            password = b64decode(secret["data"]["password"]).decode()
            self._patch(cluster, {"spec": {"authSecret": {"name": name}}})
        else:
            password = new_password()
            before = {f"{key}.prev": secret["data"][key] for key in ("username", "password")}
            self.api.patch("Secret", namespace, name, {"data": before, "stringData": {"password": password}})
        self.api.sql(namespace, self._primary(cluster), f"ALTER ROLE postgres PASSWORD '{password}'")
        self._restart(cluster, spec)

    def _switch(self, cluster: dict[str, Any], name: str) -> None:
        """Have an instance become the primary, which it does when the old one's pod goes."""
        old = self._primary(cluster)
        if name == old:
            return
        self.clusters.preferred[cluster["metadata"]["uid"]] = name
        self.api.delete("Pod", cluster["metadata"]["namespace"], old)
        try:
            self._wait(cluster, f"{name} is the primary", lambda: self._primary(cluster) == name)
            self._wait(cluster, "all are ready", lambda: self._all_ready(cluster))
        finally:
            self.clusters.preferred.pop(cluster["metadata"]["uid"], None)

    def _primary(self, cluster: dict[str, Any]) -> str:
        found = [pod["metadata"]["name"] for pod in self.clusters.pods(cluster) if role(pod) == "primary"]
        return found[0] if found else ""

    def _all_ready(self, cluster: dict[str, Any], replicas: int = 0, not_uid: str = "") -> bool:
        pods = self.clusters.pods(cluster)
        wanted = replicas or cluster["spec"].get("replicas", 1)
        if [is_ready(pod) for pod in pods] != [True] * wanted or not_uid in [pod["metadata"]["uid"] for pod in pods]:
            return False
        primary = self._primary(cluster)
        if not primary:
            return False
        streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        return int(self.api.sql(cluster["metadata"]["namespace"], primary, streaming)) >= wanted - 1

    def _wait(self, cluster: dict[str, Any], what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        problem = ""
        while time.monotonic() < deadline:
            try:
                if condition():
                    return
            except ExecError as exc:
                problem = f": {exc}"
            time.sleep(1)
        raise RequestError(f"{cluster['metadata']['name']}: not within {TIMEOUT} s: {what}{problem}")
