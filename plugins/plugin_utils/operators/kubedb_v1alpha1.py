# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapter for PostgreSQL clusters that KubeDB's open-source releases run (kubedb.com/v1alpha1): the system of 2020.

These releases are past their end: nobody mends them, and the newest Kubernetes that they run on is 1.21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_cluster as common
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cluster_needs import (
    namespace_problems,
    storage_class_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_int
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.users_sql import job_reads

API_VERSION = "kubedb.com/v1alpha1"
RUNNING = "Running"
OLDEST_VERSION = 9
RESERVED_SECRETS = frozenset({"-auth", "-pgpool"})
OWN_OBJECTS = frozenset({"", "-replicas", "-pods", "-stats"})

# The releases that it is for do nothing else: no requests, no switchover, no other version.
OPERATIONS = frozenset({"scale"})

# Labels of the instances' pods: the one that only they have, that of the cluster's name, and that of the role.
INSTANCE_LABELS = {"label": ("kubedb.com/kind", "Postgres"), "cluster": "kubedb.com/name", "role": "kubedb.com/role"}

SUPERUSER_KEYS = {"username_key": "POSTGRES_USER", "password_key": "POSTGRES_PASSWORD"}

is_reserved_role = common.is_reserved_role
# A Job makes users and databases.
database_reads = job_reads


def parameter_problems(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each parameter: these releases take them from a volume of the user's own alone."""
    for name in parameters:
        yield (
            f"postgres_cluster_parameters.{name} cannot be set: remove it, and name a volume with a user.conf in "
            "postgres_cluster_overrides (spec.configSource), as these releases of KubeDB take parameters from there"
        )


def input_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of the role's variables these releases cannot do."""
    number = as_int((variables.get("postgres_cluster_synchronous") or {}).get("number", 0))
    if number:
        yield (
            f"postgres_cluster_synchronous.number is {number} (integer): give 0, as these releases of KubeDB replicate "
            "asynchronously: a failover may lose commits"
        )
    if variables.get("postgres_cluster_kubedb"):
        yield (
            "postgres_cluster_kubedb is a mapping: leave it empty, as the operator is 'kubedb_v1alpha1'; "
            "postgres_cluster_overrides reaches each field"
        )
    if variables.get("postgres_cluster_state") == "absent" and str(
        variables.get("postgres_cluster_keep_data", True)
    ).lower() not in ("false", "no"):
        yield (
            "postgres_cluster_keep_data is true (boolean): give false, or leave the cluster there, as these releases "
            "of KubeDB start a stopped cluster with its first pod as the primary, which may lack the newest commits"
        )
    yield from common.superuser_input_problems(variables)


def labels(name: str) -> dict[str, str]:
    """Return the labels of a cluster's pods and volumes."""
    return {"kubedb.com/kind": "Postgres", "kubedb.com/name": name}


def reads(name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read for the contract: only the pods say which of them is the primary."""
    return common.reads(API_VERSION, labels(name), name, namespace)


def contract(name: str, namespace: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the contract of a cluster. Without a Postgres among the objects, it says that there is none."""
    cluster = common.postgres(name, objects)
    spec = cluster.get("spec") or {}
    secret = (spec.get("databaseSecret") or {}).get("secretName") or f"{name}-auth"
    return {
        **common.contract(name, namespace, objects, labels(name), _phase_pending),
        "operator": "kubedb_v1alpha1",
        "standby_host": f"{name}-replicas.{namespace}.svc",
        "superuser_secret": {"name": secret, **SUPERUSER_KEYS} if cluster else None,
        "auth_method": "md5",
        "tls": {"enabled": False},
        "metrics": _metrics(name, spec),
        "synchronous": None,
        # A volume of the user's own may say another number; PostgreSQL's own is 100.
        "max_connections": None if spec.get("configSource") or not cluster else 100,
    }


def prerequisites(namespace: str) -> list[dict[str, Any]]:
    """Say what has to be looked at before a cluster is made."""
    return [
        {"api_version": "v1", "kind": "Namespace", "name": namespace},
        {"api_version": "storage.k8s.io/v1", "kind": "StorageClass"},
    ]


def problems(
    wanted: Mapping[str, Any],
    current: Sequence[Mapping[str, Any]],
    prerequisites: Sequence[Mapping[str, Any]],  # pylint: disable=redefined-outer-name
) -> Iterator[str]:
    """Yield why what is wanted cannot be made.

    :param wanted: the role's inputs without their prefix, and `api_found` (the Kubernetes API knows the kind Postgres)
    :param current: the objects that `reads` read
    :param prerequisites: the objects that `prerequisites` read; read only where there is no Postgres yet
    """
    cluster = common.postgres(wanted["name"], current)
    if cluster:
        yield from _change_problems(wanted, cluster, current)
        return
    if not wanted["api_found"]:
        yield (
            "postgres_cluster_operator is 'kubedb_v1alpha1' (string): the Kubernetes cluster has no such operator (no "
            f"API {API_VERSION}), and this collection does not install releases that are past their end; give kubedb "
            "or cloudnativepg"
        )
    yield from storage_class_problems(wanted, prerequisites)
    yield from namespace_problems(wanted, prerequisites)


def _change_problems(
    wanted: Mapping[str, Any], cluster: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    how = {
        "storage": "these releases of KubeDB cannot change it; give that one",
        "version": "these releases of KubeDB cannot change it; give that one, or move the data to a new cluster",
    }
    yield from common.change_problems(wanted, cluster, how)
    found = common.instances(wanted["name"], wanted["namespace"], labels(wanted["name"]), objects)
    yield from common.primary_goes(found, as_int(wanted["instances"]) or 0)


def scale_problems(contract: Mapping[str, Any], instances: int) -> Iterator[str]:  # pylint: disable=redefined-outer-name
    """Yield that the primary would go."""
    yield from common.primary_goes(contract["instances"], instances)


def _phase_pending(cluster: Mapping[str, Any]) -> Iterator[str]:
    status = cluster.get("status") or {}
    if not status.get("phase"):
        yield "the operator has not started on it (a Secret that is missing or a deprecated version shows as an Event)"
        return
    # As text: the generation, then `$` and a checksum.
    yield from common.generation_pending(cluster, as_int(str(status.get("observedGeneration", "")).partition("$")[0]))
    if status["phase"] != RUNNING:
        reason = status.get("reason")
        yield f"{status['phase']}{f' ({reason})' if reason else ''}"


def _metrics(name: str, spec: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return where metrics are. The Service <cluster>-stats is KubeDB's."""
    if not spec.get("monitor"):
        return None
    port = (spec["monitor"].get("prometheus") or {}).get("port") or common.METRICS_PORT
    return {"port": port, "port_name": "prom-http", "selector": labels(name)}
