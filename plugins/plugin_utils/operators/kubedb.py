# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapter for PostgreSQL clusters that KubeDB runs (kubedb.com/v1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_backup, kubedb_requests, kubedb_restore
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_cluster as common
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cluster_needs import (
    namespace_problems,
    storage_class_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes, as_int
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_changes import client_auth
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_operator import LICENSED
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_parameters import plain_parameter_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.users_sql import job_reads

API_VERSION = "kubedb.com/v1"
READY = "Ready"
OLDEST_VERSION = 13  # older ones keep WAL by segments, and nobody mends them

# Endings of Secrets that the operator (or the role pgpool) makes next to those of the users.
RESERVED_SECRETS = frozenset({"-auth", "-server-cert", "-client-cert", "-metrics-exporter-cert", "-pgpool"})
# Endings of its Services and PodDisruptionBudgets.
OWN_OBJECTS = frozenset({"", "-standby", "-pods", "-stats"})

# Those of REQUESTS, and a backup, are asked for by objects of their own.
OPERATIONS = frozenset({"restart", "scale", "upgrade", "rotate_password", "hibernate", "backup", "restore"})
REQUESTS = frozenset(kubedb_requests.TYPES)
REFUSALS = {
    "switchover": (
        "KubeDB has none, and its ForceFailOver promotes a standby whatever that one lacks; restart.yml moves the "
        "primary, to an instance that KubeDB chooses"
    ),
    "restore_drill": (
        "a drill compares source and restored cluster at one place in the WAL, and KubeDB restores to a time alone; "
        "restore.yml makes a cluster to look at, and compares the answer to a query"
    ),
}

# Labels of the instances' pods: the one that only they have, that of the cluster's name, and that of the role.
INSTANCE_LABELS = {
    "label": ("app.kubernetes.io/name", "postgreses.kubedb.com"),
    "cluster": "app.kubernetes.io/instance",
    "role": "kubedb.com/role",
}

# The keys of the superuser's Secret.
SUPERUSER_KEYS = {"username_key": "username", "password_key": "password"}

is_reserved_role = common.is_reserved_role
# A Job makes users and databases.
database_reads = job_reads

WAL_KEEP_SIZE = 1536  # MB, KubeDB's own default

# Parameters on which the start scripts of its images, and the coordinator beside PostgreSQL, rely.
FIXED_PARAMETERS = frozenset(
    """
    archive_mode config_file data_directory hba_file hot_standby ident_file listen_addresses password_encryption port
    primary_conninfo primary_slot_name promote_trigger_file shared_preload_libraries ssl ssl_ca_file ssl_cert_file
    ssl_key_file synchronous_commit synchronous_standby_names unix_socket_directories wal_keep_size wal_level
    wal_log_hints
    """.split()  # noqa: SIM905 - as a list it would be twenty lines
)

_CATALOG = {"api_version": "catalog.kubedb.com/v1alpha1", "kind": "PostgresVersion"}


def parameter_problems(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each parameter that cannot be set through this operator."""
    for name in parameters:
        if str(name).lower() in FIXED_PARAMETERS:
            yield f"postgres_cluster_parameters.{name} cannot be set: remove it, KubeDB sets it itself"
    yield from plain_parameter_problems(
        {name: value for name, value in parameters.items() if str(name).lower() not in FIXED_PARAMETERS}
    )


def input_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of the role's variables KubeDB cannot do."""
    instances = as_int(variables.get("postgres_cluster_instances", 3))
    if instances and instances % 2 == 0:
        yield (
            f"postgres_cluster_instances is {instances} (integer): give an odd number, as KubeDB adds an arbiter to an "
            "even one, which holds no data and yet has a vote"
        )
    if (variables.get("postgres_cluster_synchronous") or {}).get("data_durability") == "preferred":
        yield (
            "postgres_cluster_synchronous.data_durability is 'preferred' (string): give required, as KubeDB lets "
            "commits wait for standbys that are away"
        )
    yield from _name_of_version(variables.get("postgres_cluster_version", ""))
    yield from _wal_problems(variables)
    yield from common.superuser_input_problems(variables)
    yield from kubedb_restore.input_problems(variables)


def _name_of_version(version: Any) -> Iterator[str]:
    if not re.match(r"[0-9]+\.[0-9]+", str(version)):
        yield (
            f"postgres_cluster_version is {str(version)!r} (string): give the name of a PostgresVersion such as 17.9, "
            "as KubeDB does not choose the minor version (kubectl get postgresversions lists them)"
        )


def _wal_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the WAL which is kept for standbys would fill the volume, on which PostgreSQL stops."""
    megabytes = as_int((variables.get("postgres_cluster_kubedb") or {}).get("wal_keep_size", WAL_KEEP_SIZE))
    size = (variables.get("postgres_cluster_storage") or {}).get("size")
    amount = as_bytes(size)
    if megabytes is None or amount is None or megabytes * 1024**2 * 2 <= amount:
        return
    yield (
        f"postgres_cluster_kubedb.wal_keep_size is {megabytes} (integer): so many MB of WAL are more than half of each "
        f"volume (postgres_cluster_storage.size is {size}) and would fill it; "
        f"give {int(amount // 1024**2 // 2)} or less, or larger volumes"
    )


def labels(name: str) -> dict[str, str]:
    """Return the labels of everything that KubeDB makes for a cluster."""
    return {"app.kubernetes.io/name": "postgreses.kubedb.com", "app.kubernetes.io/instance": name}


def reads(name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read for the contract: only the pods say which of them is the primary."""
    return common.reads(API_VERSION, labels(name), name, namespace)


def contract(name: str, namespace: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the contract of a cluster. Without a Postgres among the objects, it says that there is none."""
    cluster = common.postgres(name, objects)
    spec = cluster.get("spec") or {}
    return {
        **common.contract(name, namespace, objects, labels(name), _phase_pending),
        "operator": "kubedb",
        "standby_host": f"{name}-standby.{namespace}.svc",
        "superuser_secret": {"name": (spec.get("authSecret") or {}).get("name") or f"{name}-auth", **SUPERUSER_KEYS}
        if cluster
        else None,
        "auth_method": "md5" if client_auth(spec) == "md5" else "scram-sha-256",
        "tls": _tls(name, spec),
        "metrics": _metrics(name, spec),
        "synchronous": _synchronous(spec),
        "max_connections": _max_connections(spec) if cluster else None,
    }


def prerequisites(namespace: str) -> list[dict[str, Any]]:
    """Say what has to be looked at before a cluster is made."""
    provisioner = ["app.kubernetes.io/name=kubedb-provisioner"]
    return [
        {"api_version": "v1", "kind": "Namespace", "name": namespace},
        {"api_version": "storage.k8s.io/v1", "kind": "StorageClass"},
        {"api_version": "apps/v1", "kind": "StatefulSet", "label_selectors": provisioner},
        _CATALOG,
    ]


def operator_reads() -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read of the operator itself: of what makes databases, and of what changes them."""
    names = f"app.kubernetes.io/name in ({','.join(LICENSED)})"
    return [{"api_version": "v1", "kind": "Pod", "label_selectors": [names]}]


def request_reads(namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read to see what KubeDB has been asked for."""
    return kubedb_requests.reads(namespace)


def request_plan(
    name: str, objects: Sequence[Mapping[str, Any]], operation: str, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Say which request has to be made, which goes on already, or why none can be made now."""
    return kubedb_requests.plan(common.postgres(name, objects), objects, operation, wanted)


request_verdict = kubedb_requests.verdict

backup_makers = kubedb_backup.makers
backup_reads = kubedb_backup.reads
backup_refusals = kubedb_backup.refusals
backup_plan = kubedb_backup.plan
backup_result = kubedb_backup.result
restore = kubedb_restore.restore
restore_progress = kubedb_restore.progress


def restore_reads(source: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read of the source of a restore."""
    return kubedb_restore.reads(API_VERSION, source, namespace)


def scale_problems(contract: Mapping[str, Any], instances: int) -> Iterator[str]:  # pylint: disable=redefined-outer-name
    """Yield what a new number of instances would cost: those of the highest numbers go, whatever they are."""
    if not contract["synchronous"]:
        yield from common.primary_goes(contract["instances"], instances)


def upgrade_reads() -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read to judge another version."""
    return [_CATALOG]


def upgrade(name: str, objects: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Say what another version comes to.

    :returns: `from` and `to` (names of PostgresVersions), `major` (whether it is another major version) and `problems`
    """
    running, asked = str((common.postgres(name, objects).get("spec") or {}).get("version")), str(wanted["version"])
    catalog = {item["metadata"]["name"]: item for item in objects if item.get("kind") == "PostgresVersion"}
    problems = list(_catalog_problems(wanted, objects)) if asked != running else []
    if not problems and asked != running and running in catalog:
        problems = list(kubedb_requests.version_problems(running, asked, catalog))
    return {
        "from": running,
        "to": asked,
        "major": common.major(asked) != common.major(running),
        "problems": problems,
    }


def upgrade_pending(name: str, objects: Sequence[Mapping[str, Any]]) -> list[str]:  # noqa: ARG001 - adapters are called alike
    """List nothing: the request has ended only when each instance runs the new version."""
    return []


def problems(
    wanted: Mapping[str, Any],
    current: Sequence[Mapping[str, Any]],
    prerequisites: Sequence[Mapping[str, Any]],  # pylint: disable=redefined-outer-name
) -> Iterator[str]:
    """Yield why what is wanted cannot be made.

    :param wanted: the role's inputs without their prefix, `operator_follows` (the operator is installed later in this
        run) and `api_found` (the Kubernetes API knows the kind Postgres)
    :param current: the objects that `reads` read
    :param prerequisites: the objects that `prerequisites` read; read only where there is no Postgres yet
    """
    cluster = common.postgres(wanted["name"], current)
    if cluster:
        yield from _change_problems(wanted, cluster)
        return
    if not wanted["operator_follows"]:
        yield from _operator_problems(wanted, prerequisites)
    yield from storage_class_problems(wanted, prerequisites)
    yield from namespace_problems(wanted, prerequisites)


def _operator_problems(wanted: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    install = "install it with the playbook pgha.kubernetes.kubedb"
    if not wanted["api_found"]:
        yield (
            "postgres_cluster_operator is 'kubedb' (string): the Kubernetes cluster has no such operator "
            f"(no API {API_VERSION}); {install}, or name the operator that is there"
        )
        return
    provisioners = [item for item in objects if item.get("kind") == "StatefulSet"]
    if not any((item.get("status") or {}).get("readyReplicas") for item in provisioners):
        where = ", ".join(f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in provisioners)
        yield (
            "postgres_cluster_operator is 'kubedb' (string): the Kubernetes cluster has its API but no provisioner "
            f"that is ready ({where or 'none labelled app.kubernetes.io/name=kubedb-provisioner'}); {install}, which "
            "says why, too: often it is the licence"
        )
    yield from _catalog_problems(wanted, objects)


def _catalog_problems(wanted: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    catalog = {item["metadata"]["name"]: item for item in objects if item.get("kind") == "PostgresVersion"}
    name = str(wanted["version"])
    offered = [each for each, item in catalog.items() if not (item.get("spec") or {}).get("deprecated")]
    if name not in offered:
        what = "is deprecated" if name in catalog else "has no PostgresVersion"
        known = ", ".join(sorted(offered, key=_by_number)) or "none"
        yield (
            f"postgres_cluster_version is {name!r} (string): it {what} in the Kubernetes cluster; "
            f"give one of those it has: {known}"
        )


def _by_number(name: str) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"[0-9]+", name)], name


def _change_problems(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[str]:
    spec = cluster.get("spec") or {}
    now, replicas = str(spec.get("version")), spec.get("replicas", 1)
    how = {
        "storage": "KubeDB changes that by a PostgresOpsRequest (VolumeExpansion); make one, then give its size",
        "version": f"only upgrade_postgres.yml changes that; give {now}, or run it",
    }
    yield from common.change_problems(wanted, cluster, how)
    if as_int(replicas) != as_int(wanted["instances"]) and wanted.get("operation") != "scale":
        yield (
            f"postgres_cluster_instances is {wanted['instances']} (integer): the cluster has {replicas}, and only "
            f"scale.yml changes that; give {replicas}, or run it"
        )
    secret = (spec.get("authSecret") or {}).get("name") or f"{wanted['name']}-auth"
    asked = wanted.get("superuser_secret")
    if asked and asked != secret:
        yield (
            f"postgres_cluster_superuser.secret is {asked!r} (string): the cluster has {secret}, and only a rotation "
            "changes that; leave it out, so that it follows"
        )


def _phase_pending(cluster: Mapping[str, Any]) -> Iterator[str]:
    status = cluster.get("status") or {}
    if not status.get("phase"):
        yield "the operator has not started on it"
        return
    yield from common.generation_pending(cluster, as_int(status.get("observedGeneration")))
    if status["phase"] != READY:
        reasons = [
            item["message"]
            for item in status.get("conditions") or []
            if item.get("status") == "False" and item.get("message")
        ]
        yield f"{status['phase']}{f' ({reasons[-1]})' if reasons else ''}"


def _tls(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    certificates = {item.get("alias"): item for item in (spec.get("tls") or {}).get("certificates") or []}
    secret = (certificates.get("server") or {}).get("secretName") or f"{name}-server-cert"
    return {"enabled": True, "ca_secret": secret, "ca_key": "ca.crt"} if spec.get("tls") else {"enabled": False}


def _metrics(name: str, spec: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return where metrics are. The Service <cluster>-stats is KubeDB's."""
    if not spec.get("monitor"):
        return None
    exporter = (spec["monitor"].get("prometheus") or {}).get("exporter") or {}
    return {"port": exporter.get("port") or common.METRICS_PORT, "port_name": "metrics", "selector": labels(name)}


def _synchronous(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    if spec.get("streamingMode") != "Synchronous":
        return None
    asked = spec.get("synchronousReplicationConfig") or {}
    return {"method": str(asked.get("mode") or "Any").lower(), "number": int(asked.get("numSyncReplicas") or 1)}


def _max_connections(spec: Mapping[str, Any]) -> int | None:
    """Return how many connections an instance takes; nothing where a Secret says it."""
    configuration = spec.get("configuration") or {}
    if configuration.get("secretName") or spec.get("configSecret"):
        return None
    text = (configuration.get("inline") or {}).get("user.conf") or ""
    asked = re.findall(r"^\s*max_connections\s*=?\s*'?([0-9]+)", text, re.MULTILINE)
    return int(asked[-1]) if asked else as_int((configuration.get("tuning") or {}).get("maxConnections")) or 100
