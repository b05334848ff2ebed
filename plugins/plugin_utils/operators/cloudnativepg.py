# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapter for PostgreSQL clusters that CloudNativePG runs (postgresql.cnpg.io/v1)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import cloudnativepg_restore, cloudnativepg_volumes
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import destination
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_names import (
    database_part,
    drill_name_problems,
    new_name_problems,
    taken_problems,
    upgrade_name_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_restore import archives, own_environment
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_takeover import takeover_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cluster_needs import (
    deletion_problems,
    major_upgrade_problems,
    namespace_problems,
    storage_class_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes, as_int
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import owner_of, secret_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_parameters import plain_parameter_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import annotation, applied_spec

API_VERSION = "postgresql.cnpg.io/v1"
HEALTHY = "Cluster in healthy state"
# All instances are ready, some are to restart, and their turn is later (handleRollingUpdate of cluster_controller.go of
# 1.30). The status does not say what for: where it is for max_connections, Pgpool-II must not go ahead, so it counts as
# any other restart.
DELAYED = "Cluster upgrade delayed"

OLDEST_VERSION = 14

# Endings of Secrets that the operator (or the role pgpool) makes next to those of the users.
RESERVED_SECRETS = frozenset({"-superuser", "-ca", "-server", "-replication", "-pgpool"})
# Endings of its Services and PodDisruptionBudgets.
OWN_OBJECTS = frozenset({"", "-rw", "-ro", "-r", "-any", "-primary", "-stats"})

OPERATIONS = frozenset({"switchover", "restart", "scale", "upgrade", "hibernate", "backup", "restore", "restore_drill"})
REFUSALS = {"rotate_password": "CloudNativePG makes the superuser's Secret itself, and a new one where it is deleted"}

# Labels of the instances' pods: the one that only they have, that of the cluster's name, and that of the role.
ROLE_LABEL = "cnpg.io/instanceRole"
INSTANCE_LABELS = {
    "label": ("cnpg.io/podRole", "instance"),
    "cluster": "cnpg.io/cluster",
    "role": ROLE_LABEL,
}

backup_makers = cloudnativepg_restore.backup_makers
backup_refusals = cloudnativepg_restore.backup_refusals
backup_plan = cloudnativepg_restore.backup_plan
backup_result = cloudnativepg_restore.backup_result
restore_reads = cloudnativepg_restore.restore_reads
restore = cloudnativepg_restore.restore
restore_progress = cloudnativepg_restore.progress
drill_problems = drill_name_problems

# What the operator writes as the next primary while it looks for one.
FAILING_OVER = "pending"
# When a restart was asked for: on the Cluster, and on each pod that has started since.
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
# On each pod: its spec as the operator made it, without what the API, LimitRanges and webhooks have made of it. By this
# the operator itself tells who is to restart (checkPodSpecIsOutdated of cluster_upgrade.go of 1.30), unless the Cluster
# has the second one with `disabled`. The third one, on the Cluster, may change what comes of its own resources.
POD_SPEC = "cnpg.io/podSpec"
COMPARES_POD_SPEC = "cnpg.io/reconcilePodSpec"
POD_PATCH = "cnpg.io/podPatch"
# `on` asks for the instances to be stopped and the volumes kept. The condition of that name says how far it is: with
# these reasons the operator has begun, and goes on; before, it waits until the cluster is healthy, however long that
# is (pkg/reconciler/hibernation/status.go of 1.29).
HIBERNATION = "cnpg.io/hibernation"
HIBERNATION_BEGUN = frozenset({"DeletingPods", "WaitingPodsDeletion", "Hibernated"})
STOPS_ONLY_READY = True

# What initdb is told, by the key of postgres_cluster_initdb.
INITDB = {
    "encoding": "encoding",
    "locale_provider": "localeProvider",
    "locale": "locale",
    "collate": "localeCollate",
    "ctype": "localeCType",
    "icu_locale": "icuLocale",
    "builtin_locale": "builtinLocale",
    "wal_segment_size": "walSegmentSize",
}

INITDB_DEFAULTS = {"encoding": "UTF8", "localeProvider": "libc", "walSegmentSize": 16}

# Parameters that CloudNativePG sets itself or blocks (pkg/postgres/configuration.go of 1.29).
FIXED_PARAMETERS = frozenset(
    """
    allow_system_table_mods archive_cleanup_command archive_command
    archive_mode bonjour bonjour_name cluster_name config_file data_directory data_sync_retry event_source
    external_pid_file hba_file hot_standby ident_file jit_provider listen_addresses log_destination log_directory
    log_file_mode log_filename log_rotation_age log_rotation_size log_truncate_on_rotation logging_collector
    pg_failover_slots.primary_dsn pg_failover_slots.standby_slot_names port primary_conninfo primary_slot_name
    promote_trigger_file recovery_end_command recovery_min_apply_delay recovery_target recovery_target_action
    recovery_target_inclusive recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline
    recovery_target_xid restart_after_crash restore_command shared_preload_libraries ssl ssl_ca_file ssl_cert_file
    ssl_crl_file ssl_dh_params_file ssl_ecdh_curve ssl_key_file ssl_passphrase_command
    ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers stats_temp_directory synchronized_standby_slots
    synchronous_standby_names syslog_facility syslog_ident syslog_sequence_numbers syslog_split_messages
    temp_tablespaces unix_socket_directories unix_socket_group unix_socket_permissions
    """.split()  # noqa: SIM905 - as a list it would be sixty lines
)


def is_reserved_role(name: str) -> bool:
    """Tell whether CloudNativePG refuses to manage a role of this name."""
    return name in ("postgres", "streaming_replica") or name.startswith(("pg_", "cnpg_"))


def parameter_problems(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each parameter that cannot be set through this operator."""
    for name in parameters:
        if str(name).lower() == "shared_preload_libraries":
            yield (
                f"postgres_cluster_parameters.{name} cannot be set: remove it, and give its libraries as a list, as in "
                "postgres_cluster_overrides: {spec: {postgresql: {shared_preload_libraries: [pg_cron]}}}, where "
                "CloudNativePG takes them"
            )
        elif str(name).lower() in FIXED_PARAMETERS:
            yield f"postgres_cluster_parameters.{name} cannot be set: remove it, CloudNativePG sets it itself"
    # It writes each backslash twice from 1.28.3 and 1.29.1 on (RenderPostgresConfiguration of pkg/configfile, #10515).
    yield from plain_parameter_problems(
        {name: value for name, value in parameters.items() if str(name).lower() not in FIXED_PARAMETERS},
        doubles_backslashes=True,
    )


def input_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of the role's variables is for other operators, or is not all that this one needs."""
    for name in ("postgres_cluster_kubedb", "postgres_cluster_superuser", "postgres_cluster_job_overrides"):
        if variables.get(name):
            yield f"{name} is a mapping: leave it empty, as it is for KubeDB alone and the operator is 'cloudnativepg'"
    version = str(variables.get("postgres_cluster_version") or "")
    if "-" in version:
        yield (
            f"postgres_cluster_version is {version!r} (string): give the number alone, {version.partition('-')[0]}, "
            "and the image of that name as postgres_cluster_image"
        )
    image = str(variables.get("postgres_cluster_image") or "")
    if image and not _release(image):
        yield (
            f"postgres_cluster_image is {image!r} (string): give an image whose tag begins with PostgreSQL's version, "
            "with or without a digest after it, such as registry.example/postgresql:17.11@sha256:…, as CloudNativePG "
            "tells upgrades by it"
        )
    yield from _blanks_in_databases(variables)
    yield from _database_problems(variables)
    yield from cloudnativepg_restore.input_problems(variables)


def _blanks_in_databases(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield which databases CloudNativePG cannot connect to, as a space ends the name.

    It writes the name without quotes into a connection string (GetDsn in pkg/management/postgres/pool/pool.go of 1.30).
    The Job that makes the first database fails by that. Of any other database, the instance manager of the primary
    ends its work at that place each time (reconcileDatabases of its instance_controller.go). Quotes, backslashes and
    other white space than spaces are in no name of a database.
    """
    for index, database in enumerate(variables.get("postgres_cluster_databases") or []):
        if " " in database["name"]:
            yield (
                f"postgres_cluster_databases[{index}].name is {database['name']!r} (string): give one without spaces, "
                "as CloudNativePG cannot connect to such a database, and then does not bring its work on PostgreSQL "
                "to its end"
            )


def _database_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield which databases would have one object. The first one is made with the cluster, and has none."""
    names: dict[str, str] = {}
    for index, database in enumerate((variables.get("postgres_cluster_databases") or [])[1:], start=1):
        name = str(database["name"])
        part = database_part(name)
        other = names.setdefault(part, name)
        shown = f"postgres_cluster_databases[{index}].name is {name!r} (string): give"
        if not part:
            yield f"{shown} one with a Latin letter or a digit, as the operator's object for it is named after them"
        elif other != name:
            yield (
                f"{shown} one that differs from {other!r} in letters and digits, as the operator's object for each is "
                f"{variables.get('postgres_cluster_name')}-{part}"
            )


def reads(name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read for the contract: the Cluster says it all, so it is one request."""
    return [{"api_version": API_VERSION, "kind": "Cluster", "name": name, "namespace": namespace}]


def database_reads(name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read to see whether the databases beside the first are made."""
    selector = f"app.kubernetes.io/instance={name}"
    return [{"api_version": API_VERSION, "kind": "Database", "namespace": namespace, "label_selectors": [selector]}]


def contract(name: str, namespace: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the contract of a cluster. Without a Cluster among the objects, it says that there is none."""
    cluster = _cluster(name, objects)
    spec, status = cluster.get("spec") or {}, cluster.get("status") or {}
    parameters = (spec.get("postgresql") or {}).get("parameters") or {}
    pending = [
        *(_pending(cluster) if cluster else ["it does not exist"]),
        *_passwords_pending(cluster, objects),
        *_databases_pending(name, objects),
        *_resources_pending(cluster, objects),
    ]
    superuser = ((spec.get("superuserSecret") or {}).get("name")) or f"{name}-superuser"
    certificates = status.get("certificates") or spec.get("certificates") or {}
    return {
        "name": name,
        "namespace": namespace,
        "operator": "cloudnativepg",
        "exists": bool(cluster),
        "ready": bool(cluster) and _is_ready(cluster),
        "phase": status.get("phase", "") or ("" if not cluster else "Not started"),
        "pending": pending,
        "version": _version(cluster),
        "image": status.get("image") or spec.get("imageName", ""),
        "image_pull_secrets": list(spec.get("imagePullSecrets") or []),
        "primary_host": f"{name}-rw.{namespace}.svc",
        "standby_host": f"{name}-ro.{namespace}.svc",
        "port": 5432,
        "instances": [_instance(instance, name, namespace, status) for instance in _instance_names(status)],
        "instances_wanted": (as_int(spec.get("instances")) or 1) if cluster else 0,
        "switching_to": _switching_to(status),
        "hibernated": _hibernation(cluster) in HIBERNATION_BEGUN,
        "hibernation_asked": annotation(cluster, HIBERNATION) == "on",
        # When the operator chose the primary of now, and when that was promoted.
        "primary_times": {
            "chosen": status.get("targetPrimaryTimestamp") or "",
            "promoted": status.get("currentPrimaryTimestamp") or "",
        },
        "superuser_secret": {"name": superuser, "username_key": "username", "password_key": "password"}
        if spec.get("enableSuperuserAccess")
        else None,
        "auth_method": "md5" if parameters.get("password_encryption") == "md5" else "scram-sha-256",
        "tls": {"enabled": True, "ca_secret": certificates.get("serverCASecret") or f"{name}-ca", "ca_key": "ca.crt"},
        "metrics": {
            "port": 9187,
            "port_name": "metrics",
            "selector": {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"},
        },
        "role_label": ROLE_LABEL,
        "synchronous": _synchronous(spec),
        "max_connections": as_int(parameters.get("max_connections")) or (100 if cluster else None),
        "databases": _databases(spec),
        "passwords": _passwords(name, spec, status),
    }


def origin(
    name: str,
    objects: Sequence[Mapping[str, Any]],
    databases: Sequence[Mapping[str, Any]],
    restored: Mapping[str, Any] | None = None,
    version: str = "",
    initdb: Mapping[str, Any] | None = None,
    store: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Say how a cluster came to be: `bootstrap` of its spec, and the `database` and `owner` made with it.

    Where it was restored, `external_clusters` say from what, and `region` is that of the object store there. Of the
    folder of its own backups, which must not be another cluster's, it has what `archives` says.

    The operator looks at `bootstrap` once. So a cluster that exists keeps what it was applied with, also where the
    order of the databases changed since, or where it was recovered from a backup.

    :param objects: what `reads` read
    :param databases: the databases that are wanted, for a cluster that does not exist
    :param restored: the same as this returns, for a cluster that does not exist and is made from backups
    :param version: PostgreSQL's version that is wanted
    :param initdb: what initdb is told, for a cluster that does not exist
    :param store: Barman's configuration of the object store that is wanted; nothing where there are to be no backups
    """
    cluster, place = _cluster(name, objects), destination(store or {})
    if not cluster and restored:
        return {**restored, "destination": place}
    applied = applied_spec(cluster)
    bootstrap = applied.get("bootstrap") or (cluster.get("spec") or {}).get("bootstrap")
    if not bootstrap:
        owner = owner_of(databases[0])
        bootstrap = {
            "initdb": {
                "database": databases[0]["name"],
                "owner": owner,
                "secret": {"name": secret_name(name, owner)},
                "dataChecksums": True,
                **_initdb(initdb or {}),
            }
        }
    method = next(iter(bootstrap.values())) or {}
    return {
        "bootstrap": bootstrap,
        "database": method.get("database", ""),
        "owner": method.get("owner", ""),
        "external_clusters": [
            item for item in applied.get("externalClusters") or [] if item.get("name") == method.get("source")
        ],
        **archives(name, cluster, "", version, place),
        "env": own_environment(applied) if method.get("source") else {},
    }


def _initdb(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what initdb is told as the API has it.

    The operator gives it `C` for collation and character classes (api/v1/cluster_defaults.go), also beside a locale,
    which would then count for messages alone.
    """
    locale = {"collate": asked["locale"], "ctype": asked["locale"]} if asked.get("locale") else {}
    told = {**locale, **{key: value for key, value in asked.items() if value not in ("", None)}}
    return {INITDB[key]: as_int(value) if key == "wal_segment_size" else value for key, value in told.items()}


def prerequisites(namespace: str) -> list[dict[str, Any]]:
    """Say what has to be looked at before a cluster is made."""
    return [
        {"api_version": "v1", "kind": "Namespace", "name": namespace},
        {"api_version": "storage.k8s.io/v1", "kind": "StorageClass"},
        {"api_version": "apps/v1", "kind": "Deployment", "label_selectors": ["app.kubernetes.io/name=cloudnative-pg"]},
    ]


def growth_reads(wanted: Mapping[str, Any], current: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say what has to be looked at before volumes of a cluster grow or have another class; nothing where none is to."""
    return cloudnativepg_volumes.growth_reads(wanted, _cluster(wanted["name"], current))


def operator_reads() -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read of the operator itself."""
    return [{"api_version": "v1", "kind": "Pod", "label_selectors": ["app.kubernetes.io/name=cloudnative-pg"]}]


def problems(
    wanted: Mapping[str, Any],
    current: Sequence[Mapping[str, Any]],
    prerequisites: Sequence[Mapping[str, Any]],  # pylint: disable=redefined-outer-name
) -> Iterator[str]:
    """Yield why what is wanted cannot be made.

    :param wanted: the role's inputs without their prefix, and `operator_follows` (the operator is installed later in
        this run) and `api_found` (the Kubernetes API knows the kind Cluster); and `manifest`, the Cluster as it would
        be applied, where something else applied it last
    :param current: the objects that `reads` read, and Databases that may have names which this cluster's are to have
    :param prerequisites: the objects that `prerequisites` read, where there is no Cluster yet; else those that
        `growth_reads` read, or none where not all may be read
    """
    cluster = _cluster(wanted["name"], current)
    if any(item.get("kind") == "Database" for item in current):
        yield from taken_problems(wanted, origin(wanted["name"], current, wanted["databases"])["database"], current)
    if cluster:
        yield from _change_problems(wanted, cluster)
        yield from cloudnativepg_volumes.class_problems(wanted, cluster, prerequisites)
        yield from cloudnativepg_volumes.growth_problems(wanted, cluster, prerequisites)
        return
    yield from new_name_problems(wanted)
    if not wanted["operator_follows"]:
        yield from _operator_problems(wanted, prerequisites)
    yield from storage_class_problems(wanted, prerequisites)
    yield from namespace_problems(wanted, prerequisites)


def _operator_problems(wanted: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    install = "install it with the playbook pgha.kubernetes.cloudnativepg"
    if not wanted["api_found"]:
        yield (
            "postgres_cluster_operator is 'cloudnativepg' (string): the Kubernetes cluster has no such operator "
            f"(no API {API_VERSION}); {install}, or name the operator that is there"
        )
        return
    deployments = [item for item in objects if item.get("kind") == "Deployment"]
    if not deployments:
        yield (
            "postgres_cluster_operator is 'cloudnativepg' (string): the Kubernetes cluster has its API but no "
            f"Deployment labelled app.kubernetes.io/name=cloudnative-pg; {install}"
        )
    elif not any((item.get("status") or {}).get("availableReplicas") for item in deployments):
        where = ", ".join(f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in deployments)
        yield (
            "postgres_cluster_operator is 'cloudnativepg' (string): its Deployment has no pod that is ready "
            f"({where}); see why with kubectl describe, then run this again"
        )


def _change_problems(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[str]:
    spec = cluster.get("spec") or {}
    yield from cloudnativepg_volumes.size_problems(wanted, cluster)
    yield from _update_problems(wanted, cluster)
    yield from _owner_problems(wanted["databases"], origin(wanted["name"], [cluster], wanted["databases"]))
    yield from _initdb_problems(wanted.get("initdb") or {}, (spec.get("bootstrap") or {}).get("initdb") or {})
    running, major = _version(cluster), str(wanted["version"]).partition(".")[0]
    if running and int(major) < int(running):
        yield (
            f"postgres_cluster_version is {wanted['version']!r} (string): the cluster runs PostgreSQL {running} and "
            f"cannot go back; give {running}"
        )
    elif running and int(major) > int(running):
        yield from major_upgrade_problems(wanted, running)
        yield from upgrade_name_problems(cluster)
    yield from deletion_problems(wanted, cluster)
    if wanted.get("manifest"):
        yield from takeover_problems(wanted["manifest"], cluster)


def _initdb_problems(asked: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the cluster was not made with. One that came from backups has what its source had."""
    for key, value in _initdb(asked).items() if made else ():
        # A locale is what it is for text; of messages, each session says it.
        if key != "locale" and str(made.get(key, INITDB_DEFAULTS.get(key, ""))) != str(value):
            [name] = [name for name, api in INITDB.items() if api == key]
            has = f"{made[key]!r}" if key in made else "the default"
            yield (
                f"postgres_cluster_initdb.{name} is {value!r}: the cluster was made with {has}, and that does not "
                "change; move the data to a new cluster, or leave it out"
            )


def _update_problems(wanted: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the operator refuses where it updates the primary by a switchover."""
    spec = cluster.get("spec") or {}
    has = (spec.get("postgresql") or {}).get("parameters") or {}
    other = [name for name, value in wanted["parameters"].items() if has.get(name) != parameter(value)]
    # Those that go are other ones, too. What it was not applied with, the operator has added, and keeps.
    applied = (applied_spec(cluster).get("postgresql") or {}).get("parameters") or {}
    other += [name for name in applied if name in has and name not in wanted["parameters"]]
    if other and spec.get("imageName") != wanted["image"] and spec.get("primaryUpdateMethod") == "switchover":
        yield (
            f"postgres_cluster_image is {wanted['image']!r} (string): it differs from the cluster's, and so do the "
            f"parameters {', '.join(sorted(other))}; change one of the two, run this, then change the other"
        )


def _owner_problems(databases: Sequence[Mapping[str, Any]], made: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the database which was made with the cluster keeps its owner, as `bootstrap` is looked at once."""
    for index, database in enumerate(databases):
        if made["owner"] and database["name"] == made["database"] and owner_of(database) != made["owner"]:
            yield (
                f"postgres_cluster_databases[{index}].owner is {owner_of(database)!r} (string): {database['name']!r} "
                f"was made with the cluster, for {made['owner']!r}, and keeps its owner; give {made['owner']!r}, of "
                "which others can be members (roles in postgres_cluster_users)"
            )


def switchover(primary: str, standby: str, now: str) -> dict[str, Any]:
    """Say how a standby is made the primary: what `kubectl cnpg promote` writes (promote.go of 1.29).

    The labels are those that the operator gives the pods once it is (SetInstanceRole of labels_annotations.go).
    """
    return {
        "status": {
            "targetPrimary": standby,
            "targetPrimaryTimestamp": now,
            "phase": "Switchover in progress",
            "phaseReason": f"Switching over to {standby}",
        },
        "unless": {"targetPrimary": standby},
        "expect": {"currentPrimary": primary, "targetPrimary": primary},
        "labels": {pod: {ROLE_LABEL: role, "role": role} for pod, role in ((standby, "primary"), (primary, "replica"))},
    }


def restart(now: str) -> dict[str, Any]:
    """Say how the instances are restarted one by one, the primary last and after a switchover."""
    return {"metadata": {"annotations": {RESTARTED_AT: now}}}


def restart_pending(name: str, objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the instances that have not restarted since it was asked for, as sentences."""
    asked = annotation(_cluster(name, objects), RESTARTED_AT)
    return [
        f"the instance {item['metadata']['name']} has not restarted yet"
        for item in objects
        if asked and _is_instance(name, item) and annotation(item, RESTARTED_AT) != asked
    ]


def upgrade_reads() -> list[dict[str, Any]]:
    """Say nothing: only the registry knows which images there are."""
    return []


def upgrade(name: str, objects: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Say what another image comes to.

    :returns: `from` and `to` (images), `major` (whether it is another major version) and `problems`
    """
    cluster = _cluster(name, objects)
    spec, status = cluster.get("spec") or {}, cluster.get("status") or {}
    running, asked = spec.get("imageName") or status.get("image") or "", str(wanted["image"])
    old, new = _release(running), _release(asked) or _release(f":{wanted['version']}")
    problems = []
    # A tag such as 17 says nothing of the minor version, so it is neither older nor newer than 17.6.
    if old and new and new[: len(old)] < old[: len(new)]:
        problems.append(
            f"postgres_cluster_image is {asked!r} (string): the cluster runs {running} and cannot go back; "
            "give a newer one"
        )
    elif asked != running:
        problems += _instance_newer(asked, new, wanted.get("versions") or {})
    major = (_version(cluster) or asked) != str(new[0] if new else wanted["version"])
    if cluster and major and not problems:
        problems += upgrade_name_problems(cluster)
    return {"from": running, "to": asked, "major": major, "problems": problems}


def _instance_newer(asked: str, release: tuple[int, ...], versions: Mapping[str, str]) -> Iterator[str]:
    """Yield that an instance says that it runs a newer release, which the tag of the Cluster's image need not tell."""
    running = {name: _release(f":{said.partition(' ')[0]}") for name, said in versions.items()}
    newest = max(running, key=lambda name: running[name], default="")
    if newest and running[newest][: len(release)] > release:
        is_now = ".".join(str(number) for number in running[newest])
        yield (
            f"postgres_cluster_image is {asked!r} (string): the instance {newest} runs {is_now} and cannot go back; "
            f"give {is_now} or a newer one"
        )


def upgrade_pending(name: str, objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the instances that do not run the image of the Cluster yet, and how many are missing, as sentences."""
    spec = _cluster(name, objects).get("spec") or {}
    images = {
        item["metadata"]["name"]: container["image"]
        for item in objects
        if _is_instance(name, item) and not item["metadata"].get("deletionTimestamp")
        for container in (item.get("spec") or {}).get("containers") or []
        if container["name"] == "postgres"
    }
    missing = spec.get("instances", 1) - len(images)
    wanted = spec.get("imageName")
    others = [f"the instance {each} still runs {image}" for each, image in images.items() if image != wanted]
    return others + ([f"{missing} of {spec.get('instances', 1)} instances are not there"] if missing > 0 else [])


def _is_instance(name: str, item: Mapping[str, Any]) -> bool:
    labels = (item.get("metadata") or {}).get("labels") or {}
    return item.get("kind") == "Pod" and (labels.get("cnpg.io/cluster"), labels.get("cnpg.io/podRole")) == (
        name,
        "instance",
    )


def parameter(value: Any) -> str:
    """Return the value of a PostgreSQL parameter as the text that the Cluster has."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _cluster(name: str, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    for item in objects:
        if item.get("kind") == "Cluster" and (item.get("metadata") or {}).get("name") == name:
            return item
    return {}


def _instance_names(status: Mapping[str, Any]) -> list[str]:
    """List the instances by number. Before the operator lists them, those whose state it knows."""
    names = set(status.get("instanceNames") or [])
    if not names:
        names = {name for group in (status.get("instancesStatus") or {}).values() for name in group}
    return sorted(names, key=lambda name: (len(name), name))


def _instance(instance: str, cluster: str, namespace: str, status: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": instance,
        "pod": instance,
        "host": f"{instance}.{namespace}.svc",
        "role": "primary" if instance == status.get("currentPrimary") else "standby",
        "ready": instance in ((status.get("instancesStatus") or {}).get("healthy") or []),
        "application_name": instance,
        "selector": {
            "cnpg.io/cluster": cluster,
            "cnpg.io/instanceName": instance,
            "cnpg.io/podRole": "instance",
        },
        "needs_service": True,
    }


def _switching_to(status: Mapping[str, Any]) -> str:
    """Name the instance that becomes the primary, or nothing. In a failover it may not be chosen yet."""
    target = status.get("targetPrimary") or ""
    if target == status.get("currentPrimary"):
        return ""
    return "another instance" if target == FAILING_OVER else target


def _is_ready(cluster: Mapping[str, Any]) -> bool:
    return not list(_instances_pending(cluster))


def _hibernation(cluster: Mapping[str, Any]) -> str:
    """Return the operator's word for how far a stop is that is asked for, or nothing."""
    asked = annotation(cluster, HIBERNATION) == "on"
    conditions = (cluster.get("status") or {}).get("conditions") or []
    return next((item.get("reason", "") for item in conditions if asked and item["type"] == HIBERNATION), "")


def _pending(cluster: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is not yet as the spec asks for it."""
    yield from _instances_pending(cluster)
    if _hibernation(cluster) == "WaitingForHealthy":
        yield "it is to stop once it is healthy (cnpg.io/hibernation is on), which wake.yml takes back"
    status = (cluster.get("status") or {}).get("managedRolesStatus") or {}
    done = set((status.get("byStatus") or {}).get("reconciled") or [])
    errors = status.get("cannotReconcile") or {}
    for role in ((cluster.get("spec") or {}).get("managed") or {}).get("roles") or []:
        absent = role.get("ensure") == "absent"
        if role["name"] in errors:
            reasons = "; ".join(errors[role["name"]])
            yield f"the user {role['name']} cannot be {'dropped' if absent else 'made'}: {reasons}"
            if absent:
                yield (
                    f"in each database where it owns something, give that away (REASSIGN OWNED BY {role['name']} TO"
                    f" another) and take its rights back (DROP OWNED BY {role['name']}), then run this again"
                )
        elif role["name"] not in done:
            yield f"the user {role['name']} is not {'dropped' if absent else 'made'} yet"


def _passwords_pending(cluster: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield whose password PostgreSQL does not have from a Secret yet, of those Secrets that are among the objects."""
    status = ((cluster.get("status") or {}).get("managedRolesStatus") or {}).get("passwordStatus") or {}
    versions = {
        item["metadata"]["name"]: item["metadata"].get("resourceVersion")
        for item in objects
        if item.get("kind") == "Secret"
    }
    for role in ((cluster.get("spec") or {}).get("managed") or {}).get("roles") or []:
        version = versions.get((role.get("passwordSecret") or {}).get("name"))
        if version and (status.get(role["name"]) or {}).get("resourceVersion") != version:
            yield f"the user {role['name']} does not have its new password yet"


def _passwords(name: str, spec: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, str]:
    """Say from which Secret PostgreSQL has the password of each user, as far as the operator has brought it there.

    That of the owner who is made with the cluster has come with it, once a primary has run; the operator makes a
    Secret for it where none is named (GetApplicationSecretName of api/v1/cluster_funcs.go of 1.30).
    """
    found = {}
    for method in (spec.get("bootstrap") or {}).values() if status.get("currentPrimary") else ():
        if (method or {}).get("owner"):
            found[method["owner"]] = (method.get("secret") or {}).get("name") or f"{name}-app"
    taken = (status.get("managedRolesStatus") or {}).get("passwordStatus") or {}
    for role in (spec.get("managed") or {}).get("roles") or []:
        secret = (role.get("passwordSecret") or {}).get("name")
        if secret and role["name"] in taken:
            found[role["name"]] = secret
    return found


def _databases_pending(name: str, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for item in objects:
        spec, status = item.get("spec") or {}, item.get("status") or {}
        if item.get("kind") == "Database" and (spec.get("cluster") or {}).get("name") == name:
            if status.get("message"):
                yield f"the database {spec['name']} cannot be made: {status['message']}"
            elif not status.get("applied"):
                yield f"the database {spec['name']} is not made yet"


def _resources_pending(cluster: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield which instances do not have the requests and limits of the spec yet, of those whose pods are there."""
    asked = _quantities((cluster.get("spec") or {}).get("resources") or {})
    if annotation(cluster, COMPARES_POD_SPEC) == "disabled" or annotation(cluster, POD_PATCH):
        return
    for item in objects if cluster else ():
        if _is_instance(cluster["metadata"]["name"], item) and not item["metadata"].get("deletionTimestamp"):
            made = _made_with(item)
            if made is not None and _quantities(made) != asked:
                yield f"the instance {item['metadata']['name']} does not have its resources yet"


def _made_with(pod: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the resources that the operator made an instance with, or nothing where it did not note them."""
    try:
        containers = json.loads(annotation(pod, POD_SPEC)).get("containers") or []
    except ValueError:
        return None
    return next((item.get("resources") or {} for item in containers if item["name"] == "postgres"), None)


def _quantities(resources: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Return requests and limits as numbers: one that overrides give as 1024Mi is 1Gi in a pod."""
    return {
        (group, name): as_bytes(value)
        for group in ("requests", "limits")
        for name, value in (resources.get(group) or {}).items()
    }


def _instances_pending(cluster: Mapping[str, Any]) -> Iterator[str]:
    status = cluster.get("status") or {}
    if not status:
        yield "the operator has not started on it"
        return
    wanted, ready = (cluster.get("spec") or {}).get("instances", 1), status.get("readyInstances", 0)
    if ready != wanted:
        yield f"{ready} of {wanted} instances are ready"
    yield from _image_pending(cluster)
    phase, reason = status.get("phase", ""), status.get("phaseReason", "")
    conditions = {item["type"]: item.get("status") for item in status.get("conditions") or []}
    if phase != HEALTHY or conditions.get("Ready") != "True":
        turn = (
            ": its instances restart when it is their turn (CLUSTERS_ROLLOUT_DELAY or INSTANCES_ROLLOUT_DELAY of "
            "cloudnativepg_environment)"
        )
        yield f"{phase or 'no phase yet'}{f' ({reason})' if reason else ''}{turn if phase == DELAYED else ''}"
    elif status.get("currentPrimary") != status.get("targetPrimary"):
        yield f"the primary moves from {status.get('currentPrimary')} to {status.get('targetPrimary')}"


def _image_pending(cluster: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the status is of before a change of the image.

    The operator writes the spec's image there as it is: one of the same major version when it begins, also where it
    then stops the cluster, and one of another when pg_upgrade has ended (cluster_image.go and
    majorupgrade/reconciler.go of 1.29). Until it has begun, `phase` and `Ready` say that all is well. Where a catalog
    names the image, the spec does not; a new cluster has neither, nor has one that an operator before 1.26 made.
    """
    asked = (cluster.get("spec") or {}).get("imageName")
    has = ((cluster.get("status") or {}).get("pgDataImageInfo") or {}).get("image")
    if asked and has and asked != has:
        yield f"it is to have the image {asked}, and has {has}"


def _version(cluster: Mapping[str, Any]) -> str:
    """Return the major version that runs, else the one that the tag of the image names."""
    major = ((cluster.get("status") or {}).get("pgDataImageInfo") or {}).get("majorVersion")
    if major:
        return str(major)
    release = _release((cluster.get("spec") or {}).get("imageName") or "")
    return str(release[0]) if release else ""


def _release(image: str) -> tuple[int, ...]:
    """Return the release that the tag of an image names, as far as it does: 17 and 6 for `name:17.6-standard`."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    digits = tag.partition("-")[0].split(".")
    return tuple(int(each) for each in digits[:2]) if all(each.isdigit() for each in digits[:2]) else ()


def _synchronous(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    asked = (spec.get("postgresql") or {}).get("synchronous")
    if asked:
        return {"method": asked["method"], "number": int(asked["number"])}
    if spec.get("minSyncReplicas"):  # the older way to ask for it
        return {"method": "any", "number": int(spec["minSyncReplicas"])}
    return None


def _databases(spec: Mapping[str, Any]) -> list[str]:
    bootstrap = spec.get("bootstrap") or {}
    for method in ("initdb", "recovery", "pg_basebackup"):
        if (bootstrap.get(method) or {}).get("database"):
            return [bootstrap[method]["database"]]
    return []
