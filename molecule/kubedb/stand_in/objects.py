# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that KubeDB makes for a Postgres object, name for name. Its PetSet is a plain StatefulSet here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stand_in.releases import Release

HERE = Path(__file__).parent
METRICS_PORT = 56790
# The user `postgres` of the image.
UID = 26
# As many pods as a cluster may be scaled to: KubeDB names them in synchronous_standby_names, too.
MOST = 9


def children(release: Release, cluster: dict[str, Any], image: str) -> list[dict[str, Any]]:
    """Return what a cluster needs, the pods' Secret left out."""
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    found = [
        _object(release, cluster, "v1", "ServiceAccount", name),
        {**_object(release, cluster, "v1", "ConfigMap", f"{name}-stand-in"), "data": _files(cluster["spec"])},
        *_services(release, cluster),
        {
            **_object(release, cluster, "policy/v1", "PodDisruptionBudget", name),
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": release.pod_labels(name)}},
        },
        _stateful_set(release, cluster, image),
    ]
    if release.governing == "kubedb":
        # One for the namespace, of no owner.
        governing = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubedb", "namespace": namespace}}
        found.insert(0, {**governing, "spec": {"clusterIP": "None"}})
    return found


def secret(release: Release, cluster: dict[str, Any], name: str, password: str) -> dict[str, Any]:
    """Return the superuser's Secret, which KubeDB makes where none is there."""
    kind = "kubernetes.io/basic-auth" if release.user_key == "username" else "Opaque"
    metadata = {"name": name, "namespace": cluster["metadata"]["namespace"]}
    data = {release.user_key: "postgres", release.password_key: password}
    return {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "stringData": data}


def _object(release: Release, cluster: dict[str, Any], api_version: str, kind: str, name: str) -> dict[str, Any]:
    owner = {
        "apiVersion": f"kubedb.com/{release.version}",
        "kind": "Postgres",
        "name": cluster["metadata"]["name"],
        "uid": cluster["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": cluster["metadata"]["namespace"],
            "labels": release.labels(cluster["metadata"]["name"]),
            "ownerReferences": [owner],
        },
    }


def _files(spec: dict[str, Any]) -> dict[str, str]:
    inline = (spec.get("configuration") or {}).get("inline") or {}
    return {
        "start.sh": (HERE / "start.sh").read_text(encoding="utf-8"),
        "exporter.pl": (HERE / "exporter.pl").read_text(encoding="utf-8"),
        "user.conf": inline.get("user.conf", ""),
    }


def _services(release: Release, cluster: dict[str, Any]) -> list[dict[str, Any]]:
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    client = {"name": release.client_port, "port": 5432, "targetPort": 5432}

    def service(ending: str, selector: dict[str, str], ports: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        body = _object(release, cluster, "v1", "Service", name + ending)
        return {**body, "spec": {"selector": {**release.pod_labels(name), **selector}, "ports": ports, **more}}

    found = [service("", {"kubedb.com/role": "primary"}, [client])]
    if spec.get("replicas", 1) > 1:
        found.append(service(f"-{release.standby_service}", {"kubedb.com/role": release.standby}, [client]))
    if release.governing != "kubedb":
        found.append(service("-pods", {}, [client], clusterIP="None", publishNotReadyAddresses=True))
    if spec.get("monitor"):
        metrics = {"name": release.metrics_port, "port": METRICS_PORT, "targetPort": METRICS_PORT}
        stats = service("-stats", {}, [metrics])
        stats["metadata"]["labels"] = {**stats["metadata"]["labels"], "kubedb.com/role": "stats"}
        stats["metadata"]["annotations"] = {
            "monitoring.appscode.com/agent": spec["monitor"].get("agent", ""),
            "prometheus.io/scrape": "true",
            "prometheus.io/path": "/metrics",
            "prometheus.io/port": str(METRICS_PORT),
            **({"prometheus.io/scheme": "http"} if release.version == "v1" else {}),
        }
        found.append(stats)
    return found


def _stateful_set(release: Release, cluster: dict[str, Any], image: str) -> dict[str, Any]:
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    labels = release.pod_labels(name)
    claim = {"metadata": {"name": "data", "labels": labels}, "spec": spec["storage"]}
    return {
        **_object(release, cluster, "apps/v1", "StatefulSet", name),
        "spec": {
            "replicas": 0 if spec.get("halted") else spec.get("replicas", 1),
            "serviceName": release.governing.format(name=name),
            "selector": {"matchLabels": labels},
            "podManagementPolicy": "Parallel",
            # What differs is taken up by a request, pod by pod.
            "updateStrategy": {"type": "OnDelete"},
            "template": {"metadata": {"labels": labels}, "spec": _pod(release, cluster, image)},
            "volumeClaimTemplates": [claim],
        },
    }


def _pod(release: Release, cluster: dict[str, Any], image: str) -> dict[str, Any]:
    spec, name = cluster["spec"], cluster["metadata"]["name"]
    secret_items = [
        {"key": release.user_key, "path": "username"},
        {"key": release.password_key, "path": "password"},
    ]
    postgres = {
        "name": "postgres",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "/stand-in/start.sh"],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            *({"name": key, "value": value} for key, value in _environment(cluster).items()),
        ],
        "ports": [{"name": "db", "containerPort": 5432}],
        "readinessProbe": {
            "exec": {"command": ["pg_isready", "--quiet"]},
            "periodSeconds": 2,
            "timeoutSeconds": 5,
        },
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/pv"},
            {"name": "run", "mountPath": "/run/stand-in"},
            {"name": "socket", "mountPath": "/var/run/postgresql"},
            {"name": "auth", "mountPath": "/etc/auth", "readOnly": True},
            {"name": "files", "mountPath": "/stand-in", "readOnly": True},
        ],
    }
    exporter = {
        "name": "exporter",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["perl", "/stand-in/exporter.pl"],
        "env": [{"name": "EXPORTER_PORT", "value": str(METRICS_PORT)}],
        "ports": [{"name": release.metrics_port, "containerPort": METRICS_PORT}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "volumeMounts": [{"name": "files", "mountPath": "/stand-in", "readOnly": True}],
    }
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {"runAsUser": UID, "runAsGroup": UID, "fsGroup": UID, "runAsNonRoot": True},
        "containers": [postgres, *([exporter] if spec.get("monitor") else [])],
        "volumes": [
            {"name": "run", "emptyDir": {"medium": "Memory"}},
            {"name": "socket", "emptyDir": {"medium": "Memory"}},
            {"name": "files", "configMap": {"name": f"{name}-stand-in"}},
            {"name": "auth", "secret": {"secretName": release.secret(spec, name), "items": secret_items}},
        ],
        "affinity": {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "podAffinityTerm": {
                            "topologyKey": "kubernetes.io/hostname",
                            "labelSelector": {"matchLabels": release.pod_labels(name)},
                        },
                    }
                ]
            }
        },
    }


def _environment(cluster: dict[str, Any]) -> dict[str, str]:
    spec, name = cluster["spec"], cluster["metadata"]["name"]
    synchronous = ""
    if spec.get("streamingMode") == "Synchronous":
        asked = spec.get("synchronousReplicationConfig") or {}
        names = ", ".join(f'"{name}-{number}"' for number in range(MOST))
        synchronous = f"{asked.get('mode', 'Any').upper()} {asked.get('numSyncReplicas', 1)} ({names})"
    return {
        "PRIMARY_HOST": f"{name}.{cluster['metadata']['namespace']}.svc",
        "AUTH_METHOD": "scram-sha-256" if spec.get("clientAuthMode") == "scram" else "md5",
        "WAL_KEEP_SIZE": str((spec.get("replication") or {}).get("walKeepSize", 256)),
        "SYNCHRONOUS": synchronous,
    }
