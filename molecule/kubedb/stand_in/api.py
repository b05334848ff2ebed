# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few requests to the Kubernetes API that the stand-in makes."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from kubernetes import config
from kubernetes.client import ApiException
from kubernetes.dynamic import DynamicClient

# Where the API has the kinds: what stands before the namespace, and the plural.
KINDS = {
    "ConfigMap": ("api/v1", "configmaps"),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims"),
    "Pod": ("api/v1", "pods"),
    "Secret": ("api/v1", "secrets"),
    "Service": ("api/v1", "services"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets"),
    "Postgres v1": ("apis/kubedb.com/v1", "postgreses"),
    "Postgres v1alpha1": ("apis/kubedb.com/v1alpha1", "postgreses"),
    "PostgresArchiver": ("apis/archiver.kubedb.com/v1alpha1", "postgresarchivers"),
    "BackupConfiguration": ("apis/core.kubestash.com/v1alpha1", "backupconfigurations"),
    "BackupSession": ("apis/core.kubestash.com/v1alpha1", "backupsessions"),
    "Repository": ("apis/storage.kubestash.com/v1alpha1", "repositories"),
    "Snapshot": ("apis/storage.kubestash.com/v1alpha1", "snapshots"),
    "PostgresOpsRequest": ("apis/ops.kubedb.com/v1alpha1", "postgresopsrequests"),
}
CRDS = "apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MANAGER = "kubedb-stand-in"


class ExecError(Exception):
    """A command in a container failed."""


class Api:
    """The Kubernetes cluster of KUBECONFIG's current context."""

    def __init__(self) -> None:
        self._client = DynamicClient(config.new_client_from_config())

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        return self._client.request(method, path, body=body, **more).to_dict()

    def get(self, path: str) -> dict[str, Any] | None:
        """Return one object, None where there is none."""
        try:
            return self.request("GET", path)
        except ApiException as exc:
            if exc.status == 404:
                return None
            raise

    def find(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        return self.get(_path(kind, namespace, name))

    def list(self, kind: str, namespace: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return self.request("GET", _path(kind, namespace), label_selector=selector)["items"]

    def apply(self, manifest: dict[str, Any], path: str = "") -> None:
        """Make an object what the manifest says, server-side."""
        metadata = manifest["metadata"]
        path = path or _path(manifest["kind"], metadata.get("namespace", ""), metadata["name"])
        self.request(
            "PATCH",
            path,
            json.dumps(manifest),
            content_type="application/apply-patch+yaml",
            field_manager=MANAGER,
            force_conflicts="true",
        )

    def create(self, manifest: dict[str, Any]) -> None:
        self.request("POST", _path(manifest["kind"], manifest["metadata"]["namespace"]), manifest)

    def patch(self, kind: str, namespace: str, name: str, patch: dict[str, Any], part: str = "") -> None:
        path = _path(kind, namespace, name) + (f"/{part}" if part else "")
        self.request("PATCH", path, patch, content_type="application/merge-patch+json", field_manager=MANAGER)

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object, if it is there."""
        try:
            self.request("DELETE", _path(kind, namespace, name))
        except ApiException as exc:
            if exc.status != 404:
                raise

    def run(self, namespace: str, pod: str, script: str, text: str = "") -> str:
        """Run a script of the shell in the container postgres, and return what it printed.

        :param text: what it reads
        """
        where = [f"--namespace={namespace}", "exec", "--stdin", pod, "--container=postgres"]
        done = subprocess.run(
            ["kubectl", *where, "--", "sh", "-c", script],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise ExecError(f"{pod}: {done.stderr.strip() or done.stdout.strip() or f'exit code {done.returncode}'}")
        return done.stdout.strip()

    def sql(self, namespace: str, pod: str, statement: str) -> str:
        """Run SQL as the superuser on the instance of a pod. It reaches psql by its standard input."""
        psql = "psql --no-psqlrc --no-align --tuples-only --set=ON_ERROR_STOP=1"
        return self.run(namespace, pod, f"{psql} --username=postgres postgres", statement)


def _path(kind: str, namespace: str, name: str = "") -> str:
    root, plural = KINDS[kind]
    return f"/{root}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")
