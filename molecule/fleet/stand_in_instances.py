#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for what CloudNativePG does with a Cluster: for measuring with more of them than a machine holds.

    molecule/fleet/stand_in_instances.py KUBECONFIG CONTEXT NAMESPACE

The Clusters have the annotation `cnpg.io/reconciliationLoop: disabled`, at which the real operator leaves them alone.
There are no instances: this says in their status that there are, all well and with each password taken up, and makes
the superuser's Secret. It goes on until it is ended.
"""

from __future__ import annotations

import base64
import sys
import time
from typing import Any

from kubernetes import client, config

GROUP, VERSION, PLURAL = "postgresql.cnpg.io", "v1", "clusters"
PAUSE = 1  # seconds
NOW = "2026-01-01T00:00:00Z"


def status(cluster: dict[str, Any], versions: dict[str, str]) -> dict[str, Any]:
    """Return the status of a Cluster that is as its spec asks for it.

    :param cluster: the Cluster
    :param versions: the resourceVersion of each Secret of its namespace
    """
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    instances = [f"{name}-{number}" for number in range(1, spec["instances"] + 1)]
    roles = (spec.get("managed") or {}).get("roles") or []
    kept = {
        role["name"]: {"resourceVersion": versions.get((role.get("passwordSecret") or {}).get("name", ""), "")}
        for role in roles
    }
    return {
        "phase": "Cluster in healthy state",
        "instances": len(instances),
        "readyInstances": len(instances),
        "instanceNames": instances,
        "instancesStatus": {"healthy": instances},
        "currentPrimary": instances[0],
        "targetPrimary": instances[0],
        "currentPrimaryTimestamp": NOW,
        "targetPrimaryTimestamp": NOW,
        "image": spec.get("imageName", ""),
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "stand-in",
            "lastTransitionTime": NOW,
        }],
        "managedRolesStatus": {
            "byStatus": {"reconciled": [role["name"] for role in roles]},
            "passwordStatus": kept,
        },
    }  # fmt: skip


def differs(wanted: Any, there: Any) -> bool:
    """Return whether something of what is wanted is not there."""
    if isinstance(wanted, dict):
        return any(differs(value, (there or {}).get(key)) for key, value in wanted.items())
    return wanted != there


def superuser(name: str) -> dict[str, Any]:
    """Return the Secret that the operator would make."""
    text = {"username": "postgres", "password": f"stand-in-{name}"}
    return {
        "metadata": {"name": f"{name}-superuser"},
        "type": "kubernetes.io/basic-auth",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in text.items()},
    }


def once(core: Any, custom: Any, namespace: str) -> int:
    """Look at all Clusters once, and return how many had to be changed."""
    secrets = {
        item.metadata.name: item.metadata.resource_version for item in core.list_namespaced_secret(namespace).items
    }
    changed = 0
    for cluster in custom.list_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL)["items"]:
        name = cluster["metadata"]["name"]
        if f"{name}-superuser" not in secrets:
            core.create_namespaced_secret(namespace, superuser(name))
        wanted = status(cluster, secrets)
        if differs(wanted, cluster.get("status")):
            custom.patch_namespaced_custom_object_status(GROUP, VERSION, namespace, PLURAL, name, {"status": wanted})
            changed += 1
    return changed


def main() -> None:
    """Go on until it is ended."""
    kubeconfig, context, namespace = sys.argv[1:]
    config.load_kube_config(kubeconfig, context=context)
    core, custom = client.CoreV1Api(), client.CustomObjectsApi()
    while True:
        try:
            once(core, custom, namespace)
        except client.exceptions.ApiException as exc:
            print(f"{exc.status} {exc.reason}", file=sys.stderr, flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
