# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod of one image to run programs in, for as long as it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks import site

CLUSTER = site.Cluster()
NAMESPACE = f"--namespace={CLUSTER.namespace}"


def image_of_pgpool() -> str:
    """Return the image that runs Pgpool-II."""
    [deployment] = CLUSTER.get("deployments", f"{CLUSTER.name}-pgpool")
    return _image(deployment["spec"]["template"]["spec"], "pgpool")


def image_of_postgres() -> str:
    """Return the image that runs PostgreSQL; the programs of its clients are in it, too."""
    [pod] = CLUSTER.get("pods", CLUSTER.primary())
    return _image(pod["spec"], "postgres")


def _image(spec: dict[str, Any], container: str) -> str:
    return next(one["image"] for one in spec["containers"] if one["name"] == container)


@contextmanager
def running(
    name: str, image: str, secrets: Sequence[str] = (), command: str = "sleep 3600", port: int = 0
) -> Iterator[str]:
    """Have a pod that waits, or serves a port, with Secrets mounted in /secrets/<name>, and delete it in the end."""
    mounts = [{"name": f"s{number}", "mountPath": f"/secrets/{one}"} for number, one in enumerate(secrets)]
    volumes = [{"name": f"s{number}", "secret": {"secretName": one}} for number, one in enumerate(secrets)]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": CLUSTER.namespace, "labels": {"bench": name}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001},
            "containers": [{
                "name": "bench", "image": image, "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/sh", "-c", command], "volumeMounts": mounts,
                **({"readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1}} if port else {}),
            }],
            "volumes": volumes,
        },
    }  # fmt: skip
    CLUSTER.kubectl(NAMESPACE, "delete", "pod", name, "--ignore-not-found", "--wait")
    CLUSTER.kubectl("apply", "--filename=-", text=json.dumps(pod))
    try:
        CLUSTER.kubectl(NAMESPACE, "wait", "pod", name, "--for=condition=Ready", "--timeout=120s")
        yield name
    finally:
        CLUSTER.kubectl(NAMESPACE, "delete", "pod", name, "--wait=false")


@contextmanager
def service(name: str, port: int) -> Iterator[None]:
    """Have a Service before the pod of this name, and delete it in the end."""
    made = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": CLUSTER.namespace},
        "spec": {"selector": {"bench": name}, "ports": [{"port": port}]},
    }
    CLUSTER.kubectl("apply", "--filename=-", text=json.dumps(made))
    try:
        yield
    finally:
        CLUSTER.kubectl(NAMESPACE, "delete", "service", name)


def shell(pod: str, script: str) -> str:
    """Run a script in a pod; what it prints is returned."""
    command = [*site.KUBECTL, NAMESPACE, "exec", "--stdin", pod, "--", "sh", "-s"]
    return site.timed(command, text=script).output
