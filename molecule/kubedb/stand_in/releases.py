# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two APIs of KubeDB name differently, and what their webhooks write into an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Release:
    """An API version of KubeDB."""

    version: str
    standby: str  # how the label kubedb.com/role calls a standby
    standby_service: str
    governing: str  # the headless Service, from the cluster's name
    client_port: str
    metrics_port: str
    user_key: str
    password_key: str
    policy: str
    # The labels of pods and volumes, and what else has more of them.
    pod_labels: Callable[[str], dict[str, str]]
    labels: Callable[[str], dict[str, str]]
    secret: Callable[[Spec, str], str]
    defaults: Callable[[Spec, str], dict[str, Any]]


def _v1_pod_labels(name: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "postgreses.kubedb.com",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": "kubedb.com",
        "app.kubernetes.io/component": "database",
    }


def _v1_defaults(spec: Spec, name: str) -> dict[str, Any]:
    """What the webhook of kubedb.com/v1 fills in, of which the API server would keep nothing by itself."""
    template = ((spec.get("podTemplate") or {}).get("spec")) or {}
    containers = {item["name"]: dict(item) for item in template.get("containers") or []}
    coordinator = ["pg-coordinator"] if spec.get("replicas", 1) > 1 else []
    resources = {
        "postgres": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "pg-coordinator": {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
    }
    for each in ["postgres", *coordinator]:
        container = containers.setdefault(each, {"name": each})
        container.setdefault("resources", resources[each])
        container.setdefault("securityContext", {"runAsUser": 70, "runAsNonRoot": True})
    init = {
        "name": "postgres-init-container",
        "resources": {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
    }
    return {
        "replicas": spec.get("replicas", 1),
        "standbyMode": spec.get("standbyMode", "Hot"),
        "storageType": spec.get("storageType", "Durable"),
        "deletionPolicy": spec.get("deletionPolicy", "Delete"),
        "authSecret": spec.get("authSecret") or {"kind": "Secret", "name": f"{name}-auth"},
        "sslMode": spec.get("sslMode", "disable"),
        "leaderElection": spec.get("leaderElection")
        or {"period": "300ms", "electionTick": 10, "heartbeatTick": 1, "maximumLagBeforeFailover": 67108864},
        "podTemplate": {
            "spec": {
                "containers": list(containers.values()),
                "initContainers": template.get("initContainers") or [init],
                "podPlacementPolicy": template.get("podPlacementPolicy") or {"name": "default"},
                "serviceAccountName": template.get("serviceAccountName", name),
            }
        },
    }


def _v1alpha1_defaults(spec: Spec, name: str) -> dict[str, Any]:
    """What the operator of 2020 was seen to write."""
    return {
        "terminationPolicy": spec.get("terminationPolicy", "Pause"),
        "leaderElection": spec.get("leaderElection")
        or {"leaseDurationSeconds": 15, "renewDeadlineSeconds": 10, "retryPeriodSeconds": 2},
        "updateStrategy": spec.get("updateStrategy") or {"type": "RollingUpdate"},
        "podTemplate": {"spec": {"serviceAccountName": name}},
        **({"monitor": {"prometheus": {"port": 56790}}} if spec.get("monitor") else {}),
    }


def _v1alpha1_pod_labels(name: str) -> dict[str, str]:
    return {"kubedb.com/kind": "Postgres", "kubedb.com/name": name}


RELEASES = {
    "v1": Release(
        version="v1",
        standby="standby",
        standby_service="standby",
        governing="{name}-pods",
        client_port="primary",
        metrics_port="metrics",
        user_key="username",
        password_key="password",
        policy="deletionPolicy",
        pod_labels=_v1_pod_labels,
        labels=_v1_pod_labels,
        secret=lambda spec, name: (spec.get("authSecret") or {}).get("name") or f"{name}-auth",
        defaults=_v1_defaults,
    ),
    "v1alpha1": Release(
        version="v1alpha1",
        standby="replica",
        standby_service="replicas",
        governing="kubedb",
        client_port="api",
        metrics_port="prom-http",
        user_key="POSTGRES_USER",
        password_key="POSTGRES_PASSWORD",
        policy="terminationPolicy",
        pod_labels=_v1alpha1_pod_labels,
        labels=lambda name: {
            **_v1alpha1_pod_labels(name),
            "app.kubernetes.io/name": "postgres",
            "app.kubernetes.io/instance": name,
            "app.kubernetes.io/component": "database",
            "app.kubernetes.io/managed-by": "kubedb.com",
        },
        secret=lambda spec, name: (spec.get("databaseSecret") or {}).get("secretName") or f"{name}-auth",
        defaults=_v1alpha1_defaults,
    ),
}
