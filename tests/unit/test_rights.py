# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy/rbac grants what the tasks of the roles ask of the API, and nothing else.

What a task asks for is derived from it: its module, its kind, whether it names an object. Where a kind is only known
at run time, the table below says which it can be; a task that is not in it and whose kind cannot be told fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RBAC = ROOT / "deploy/rbac"

# API group and resource of each kind that the roles know.
CNPG, MONITORING = "postgresql.cnpg.io", "monitoring.coreos.com"
KINDS = {
    "Namespace": ("", "namespaces"),
    "Secret": ("", "secrets"),
    "ConfigMap": ("", "configmaps"),
    "Service": ("", "services"),
    "ServiceAccount": ("", "serviceaccounts"),
    "Pod": ("", "pods"),
    "Event": ("", "events"),
    "Node": ("", "nodes"),
    "PersistentVolume": ("", "persistentvolumes"),
    "PersistentVolumeClaim": ("", "persistentvolumeclaims"),
    "Deployment": ("apps", "deployments"),
    "ReplicaSet": ("apps", "replicasets"),
    "Job": ("batch", "jobs"),
    "PodDisruptionBudget": ("policy", "poddisruptionbudgets"),
    "NetworkPolicy": ("networking.k8s.io", "networkpolicies"),
    "EndpointSlice": ("discovery.k8s.io", "endpointslices"),
    "Lease": ("coordination.k8s.io", "leases"),
    "StorageClass": ("storage.k8s.io", "storageclasses"),
    "Role": ("rbac.authorization.k8s.io", "roles"),
    "RoleBinding": ("rbac.authorization.k8s.io", "rolebindings"),
    "ClusterRole": ("rbac.authorization.k8s.io", "clusterroles"),
    "ClusterRoleBinding": ("rbac.authorization.k8s.io", "clusterrolebindings"),
    "CustomResourceDefinition": ("apiextensions.k8s.io", "customresourcedefinitions"),
    "MutatingWebhookConfiguration": ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    "ValidatingWebhookConfiguration": ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    "Cluster": (CNPG, "clusters"),
    "Database": (CNPG, "databases"),
    "Backup": (CNPG, "backups"),
    "ScheduledBackup": (CNPG, "scheduledbackups"),
    "ImageCatalog": (CNPG, "imagecatalogs"),
    "ClusterImageCatalog": (CNPG, "clusterimagecatalogs"),
    "ObjectStore": ("barmancloud.cnpg.io", "objectstores"),
    "Certificate": ("cert-manager.io", "certificates"),
    "Prometheus": (MONITORING, "prometheuses"),
    "PrometheusRule": (MONITORING, "prometheusrules"),
    "ServiceMonitor": (MONITORING, "servicemonitors"),
    "PodMonitor": (MONITORING, "podmonitors"),
}
CLUSTER_SCOPED = {
    "nodes",
    "persistentvolumes",
    "storageclasses",
    "clusterimagecatalogs",
    "clusterroles",
    "clusterrolebindings",
    "customresourcedefinitions",
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
}

# What is not granted here, and why (deploy/rbac/README.md says so, too).
NOT_COVERED = re.compile(
    r"kind_cluster/|kubedb/"  # a local cluster, and a chart whose rights are KubeDB's to say
    r"|postgres_cluster/(request|restore_first|rotate_superuser|users_job|preflight_(again|superuser))"  # KubeDB alone
)

# A restore drill makes a namespace, in which nothing can be bound before: what it does counts in all namespaces, and
# has a file that needs no other but lookup.yml. Of what its task files include, these never run in it.
NOT_IN_A_DRILL = {
    "absent.yml",  # what is restored is there
    "another_archive.yml",  # nothing is upgraded, and there are no backups
    "backup_anew.yml",  # what is restored has none
    "backup_off.yml",  # what was just made has no backups that could be switched off
    "preflight_growth.yml",  # nor volumes that could grow
}

# The file of deploy/rbac that a task file counts for; the first one that fits.
PARTS = (
    (r"drills/(shared|scale_operator|drill_operator_killed)", "drills-shared"),
    (r"drills/", "drills"),
    (r"cloudnativepg/absent|monitoring/absent|pgpool/absent|postgres_cluster/(delete|absent)", "teardown"),
    (r"cloudnativepg/", "operator"),
    (r"monitoring/(operator|find_prometheus)", "prometheus-operator"),
    # It reads what is beside PostgreSQL, not beside Prometheus.
    (r"monitoring/status_re(asons|port)", "postgres"),
    (r"monitoring/", "monitoring"),
    (r"pgpool/tls_issuer", "certificate"),
    (r"postgres_cluster/(backup|preflight_backup|restore)", "backup"),
    (r"postgres_cluster/diagnose", "diagnose"),
    (r"", "postgres"),
)

INCLUDE = "ansible.builtin.include_tasks"
MODULES = (
    "k8s", "k8s_info", "k8s_scale", "k8s_drain", "apply", "checksums", "patch_status", "pod_exec", "read",
    "read_log",
)  # fmt: skip

# What cannot be told from a task itself. Of modules that write: the kinds. Of k8s_info and read: verb, kind, and
# `everywhere` for all namespaces. With @file, what is asked for on behalf of another file than that of the task's
# folder.
MAIN = ["Cluster"]
SEEN_OPERATOR = ["list Pod", "list Event"]
OPERATOR_KINDS = [
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "Service",
    "Deployment",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
]
PROMETHEUS_KINDS = ["ServiceAccount", "ConfigMap", "PersistentVolumeClaim", "Service", "Deployment"]
MONITOR_KINDS = ["ServiceMonitor", "PodMonitor", "PrometheusRule"]
MANAGED_KINDS = ["Service", "ConfigMap", "Secret", "Deployment", "PodDisruptionBudget", "NetworkPolicy"]
DYNAMIC: dict[str, list[str]] = {
    "cloudnativepg/absent.yml | Absent | Delete what the release manifest has": [*OPERATOR_KINDS, "Lease"],
    "cloudnativepg/absent_find.yml | Absent, find | Look for what somebody may still need": [
        "list Backup everywhere",
        "list ImageCatalog everywhere",
        "list ClusterImageCatalog everywhere",
    ],
    # Whoever may not install an operator need not know it.
    "cloudnativepg/preflight_upgrade.yml | Preflight upgrade | Look for PostgreSQL clusters": [
        "list Cluster@operator everywhere"
    ],
    # The namespaces are there, as roles are bound in them.
    "cloudnativepg/install.yml | Install | Apply the release manifest": [
        *OPERATOR_KINDS,
        "get Namespace",
        "patch Namespace",
    ],
    "cloudnativepg/preflight.yml | Preflight | Look at what was applied": [f"get {kind}" for kind in OPERATOR_KINDS],
    "cloudnativepg/seal.yml | Seal | Look at what was applied": [f"get {kind}" for kind in OPERATOR_KINDS],
    "cloudnativepg/wait.yml | Wait | Until its webhook answers": ["get Cluster", "create Cluster"],  # a dry run
    "cloudnativepg/wait.yml | Wait | Read what there is to see": SEEN_OPERATOR,
    # Of either flavor: what monitoring_flavor was before goes, too.
    "monitoring/absent_own.yml | Absent, own | Read what has the names": [
        f"get {kind}" for kind in (*PROMETHEUS_KINDS, "Role", "RoleBinding", *MONITOR_KINDS)
    ],
    "monitoring/absent_own.yml | Absent, own | Delete what has the label": [
        *PROMETHEUS_KINDS,
        "Role",
        "RoleBinding",
        *MONITOR_KINDS,
    ],
    "monitoring/deploy.yml | Deploy | Apply the manifests": [
        *PROMETHEUS_KINDS,
        "Role",
        "RoleBinding",
        "ClusterRole@monitored-everywhere",
        "ClusterRoleBinding@monitored-everywhere",
    ],
    # Whoever may not ask for these has not given them, as the task itself says.
    "monitoring/deploy.yml | Deploy | Look for rights in all namespaces": [],
    "monitoring/deploy.yml | Deploy | Take back the rights in all namespaces": [],
    "monitoring/find_prometheus.yml | Verify | Read what Prometheus the operator runs, and the namespace": [
        "list Prometheus everywhere",
        "get Namespace",
    ],
    "monitoring/operator.yml | Operator | Apply the manifests": MONITOR_KINDS,
    "monitoring/other_flavor.yml | Other flavor | Look whether the operator's kinds are there": [],
    "monitoring/other_flavor.yml | Other flavor | Look for what the role made": [],
    "monitoring/verify.yml | Verify | Read what asks to be scraped": [
        "list Service",
        "list EndpointSlice",
        "list Service@monitored-everywhere everywhere",
        "list EndpointSlice@monitored-everywhere everywhere",
    ],
    "pgpool/deploy.yml | Deploy | Apply the manifests": [
        "Service",
        "NetworkPolicy",
        "ConfigMap",
        "PodDisruptionBudget",
        "Deployment",
    ],
    "pgpool/unwanted.yml | Unwanted | Read what has the names": ["get NetworkPolicy", "get Service"],
    "pgpool/unwanted.yml | Unwanted | Delete what an earlier run made": ["NetworkPolicy", "Service"],
    "pgpool/absent.yml | Absent | Delete its objects": [
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Secret",
        "ConfigMap",
        "Service",
    ],
    "pgpool/job_explain.yml | Job explain | Read what there is to see": ["list Pod", "list Event"],
    "pgpool/tls_own.yml | TLS, own | Write them where they differ": ["Secret"],
    "postgres_cluster/another_archive.yml | Another archive | Have its backups in a folder of their own": [
        "Cluster",
        "ObjectStore@backup",
    ],
    "postgres_cluster/another_archive.yml | Another archive | Take away the mark that one is due": [
        "Cluster",
        "ObjectStore@backup",
    ],
    "postgres_cluster/another_archive.yml | Another archive | Wait until its WAL is archived": ["get Cluster"],
    "postgres_cluster/apply.yml | Apply | Start the cluster, if it was stopped": [],  # KubeDB's alone
    "postgres_cluster/apply.yml | Apply | Apply the manifests": [
        "Cluster",
        "Database",
        "Service",
        "ScheduledBackup@backup",
        "ObjectStore@backup",
    ],
    "postgres_cluster/backup_anew.yml | Backup anew | Refuse what something else makes backups by": ["ScheduledBackup"],
    "postgres_cluster/backup_make.yml | Backup | Ask for it": ["Backup"],
    "postgres_cluster/backup_make.yml | Backup | Wait until it has ended": ["get Backup"],
    "postgres_cluster/backup_make.yml | Backup | Read what it made": [],  # KubeDB's alone
    "postgres_cluster/delete.yml | Delete | Have the operator take the volumes, too": [],  # KubeDB's alone
    # Backups are switched off by it, too.
    "postgres_cluster/delete_ours.yml | Delete ours | Read what has the names": [
        "get Cluster",
        "get Database",
        "get Service",
        "get ScheduledBackup",
        "get ScheduledBackup@backup",
        "get ObjectStore",
    ],
    "postgres_cluster/delete_ours.yml | Delete ours | Delete what is ours": [
        "Cluster",
        "Database",
        "Service",
        "ScheduledBackup",
        "ScheduledBackup@backup",
        "ObjectStore",
    ],
    "postgres_cluster/delete_kept.yml | Delete kept | Delete what the operator was asked for": [],  # KubeDB's alone
    "postgres_cluster/diagnose.yml | Diagnose | Read the objects": [
        "list StorageClass",
        "list Deployment everywhere",
        "list Pod everywhere",
        "list Node",
        "list Service",
        "list ConfigMap",
        "list ReplicaSet",
        "list Job",
        "list PodDisruptionBudget",
        "list NetworkPolicy",
    ],
    "postgres_cluster/explain.yml | Explain | Read what there is to see": [
        "get Cluster",
        "list Pod",
        "list PersistentVolumeClaim",
        "list Event",
    ],
    "postgres_cluster/operator.yml | Operator | Read what it runs as": ["list Deployment everywhere"],
    "postgres_cluster/preflight_backup.yml | Preflight | Read what backups need": [
        "get Secret",
        "list Deployment everywhere",
        "get CustomResourceDefinition",
    ],
    "postgres_cluster/preflight_growth.yml | Preflight growth | Read the StorageClasses and the volume claims": [
        "list StorageClass",
        "list PersistentVolumeClaim",
    ],
    # The contract, what a new cluster needs, and for a restore the backups of its source.
    "postgres_cluster/read.yml | Read | Read the cluster": [
        "get Cluster",
        "get Namespace",
        "list StorageClass",
        "list Deployment everywhere",
        "list Backup@backup",
    ],
    # What may not be read is passed over, so KubeDB's need not be known.
    "postgres_cluster/preflight_name.yml | Preflight name | Read what other operators have by that name": [
        "get Cluster",
        "get ConfigMap",
    ],
    "postgres_cluster/restore_wait.yml | Restore wait | Until the data is there, or it has failed": ["list Pod"],
    "postgres_cluster/wait.yml | Wait | Until what else there is says so, too": ["list Database"],
    # Without the namespace, which is there; without KubeDB's superuser.
    "postgres_cluster/users.yml | Users | Write the Secrets": ["Secret"],
    # Of another name each time.
    "pgpool/verify_job.yml | Verify job | Start it": ["get Job", "create Job"],
    "pgpool/ledger_start.yml | Ledger start | Start it": ["get Job", "create Job"],
    "drills/read.yml | Read | Read pods, and what others share": [
        "list Pod",
        "list Pod@drills-shared",
        "list Deployment everywhere",
        "list Node",
        "list PersistentVolume",
    ],
    "drills/scale_operator.yml | Scale operator | Have that many pods of it": ["Deployment"],
    "drills/shared.yml | Shared | Wait until a pod of the operator is available": ["Deployment"],
    "drills/delete.yml | Delete | Delete them": ["Pod", "Pod@drills-shared", "PersistentVolumeClaim"],
    "drills/drill_certificate_expired.yml | Drill certificate expired | Replace it by an expired one": ["Secret"],
    "drills/drill_certificate_expired.yml | Drill certificate expired | Put back the one that was there": ["Secret"],
    "drills/drill_objects_edited.yml | Drill objects edited | Edit them": [*MANAGED_KINDS, *MAIN],
    "drills/objects.yml | Objects | Read them": [f"list {kind}" for kind in MANAGED_KINDS],
    "drills/objects_deleted.yml | Objects deleted | Delete them": MANAGED_KINDS,
    "drills/objects_deleted.yml | Objects deleted | Wait until they have gone": [
        f"list {kind}" for kind in MANAGED_KINDS
    ],
    "drills/objects_deleted.yml | Objects deleted | Find them again": [f"list {kind}" for kind in MANAGED_KINDS],
}


class Need(NamedTuple):
    """One right: in which file, whether in all namespaces, and what."""

    part: str
    everywhere: bool
    group: str
    resource: str
    verb: str


# Rights that are not asked for but handed on, or guarded by names: (file, everywhere, group, resource, verbs).
RBAC_GROUP = "rbac.authorization.k8s.io"
HANDED_ON = [
    # CloudNativePG's ClusterRoles hold more than whoever installs it; named ones alone may be handed on.
    ("operator", True, RBAC_GROUP, "clusterroles", ("escalate", "bind")),
    # Prometheus may read these, and nobody may give away what he has not himself.
    *(
        (part, part == "monitored-everywhere", group, resource, ("get", "list", "watch"))
        for part in ("monitored", "monitored-everywhere")
        for group, resource in (("", "services"), ("", "pods"), ("discovery.k8s.io", "endpointslices"))
    ),
]

# What a file adds to: rights that are there already are not granted a second time.
BASES = {
    "backup": ("postgres", "lookup"),
    "certificate": ("postgres",),
    "diagnose": ("postgres", "lookup"),
    "drills": ("postgres", "lookup"),
    "drills-shared": ("lookup",),  # in other namespaces than those
    "prometheus-operator": ("monitoring", "lookup"),
    "restore-drill": ("lookup",),
    "teardown": ("postgres", "lookup"),
    "teardown-monitoring": ("monitoring",),
    "teardown-operator": ("operator", "lookup"),
}
WRITES = {
    "apply": ("get", "create", "patch"),
    "present": ("get", "create", "patch"),
    "patched": ("get", "patch"),
    "absent": ("get", "delete"),
}


def tasks_in(tasks: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """Yield tasks, those of blocks as well."""
    for task in tasks or []:
        for part in ("block", "rescue", "always"):
            yield from tasks_in(task.get(part))
        yield task


def part_of(path: str, resource: str) -> str:
    """Say in which file of deploy/rbac a right of a task file belongs."""
    part = next(name for pattern, name in PARTS if re.match(pattern, path))
    if part == "teardown" and not path.startswith(("pgpool/", "postgres_cluster/")):
        return "teardown-operator" if path.startswith("cloudnativepg/") else "teardown-monitoring"
    return "monitored" if part == "monitoring" and resource in ("roles", "rolebindings", "endpointslices") else part


def kinds_of(task: dict[str, Any], path: str, call: dict[str, Any]) -> list[str]:
    """Return of what kinds the objects of a task are; with verb and place where the table says them."""
    told = DYNAMIC.get(f"{path} | {task['name']}")
    if told is not None:
        return told
    kind = str(call.get("kind", ""))
    if "__postgres_cluster_main.kind" in kind:
        return MAIN
    if kind and "{{" not in kind:
        return [kind]
    looped = [item.get("kind", "") for item in task.get("loop", []) if isinstance(item, dict)]
    if kind and looped and all(looped):
        return looped
    written = [item["kind"] for item in call.get("definition", []) if isinstance(item, dict)]
    if written:
        return written
    templates = re.findall(r"template', '([\w/.-]+\.j2)'", str(call.get("definition", "")))
    text = "\n".join(
        (ROOT / "roles" / path.partition("/")[0] / "templates" / name).read_text("utf-8") for name in templates
    )
    found = re.findall(r"^(?:- )?kind: (\w+)", text, re.MULTILINE) or re.findall(r"^  kind: (\w+)", text, re.MULTILINE)
    assert found, f"{path}, task {task['name']}: say in DYNAMIC of what kind its objects are"
    return sorted(set(found))


def words(told: str) -> tuple[str, str, bool]:
    """Return verb (empty where it follows from the module), kind, and whether it is everywhere."""
    verb, kind, where = re.fullmatch(r"(?:([a-z]+) )?(\S+)( everywhere)?", told).groups()
    return verb or "", kind, bool(where)


def needs_of(path: str, task: dict[str, Any]) -> Iterator[Need]:
    """Yield the rights that one task takes."""

    def need(kind: str, verb: str, everywhere: bool = False, subresource: str = "") -> Need:
        kind, _, other = kind.partition("@")
        group, resource = KINDS[kind]
        part = other or part_of(path, resource)
        everywhere = everywhere or resource in CLUSTER_SCOPED
        if everywhere and verb == "list" and not other and part in ("postgres", "monitoring", "operator"):
            part = "lookup"
        return Need(part, everywhere, group, resource + subresource, verb)

    for name, call in task.items():
        module = name.removeprefix("kubernetes.core.").removeprefix("pgha.kubernetes.")
        if module not in MODULES:
            continue
        if module == "pod_exec":
            # Kubernetes up to 1.34 asks for `get`, as a WebSocket begins with GET; later ones for `create` as well.
            yield from (need("Pod", verb, subresource="/exec") for verb in ("get", "create"))
        elif module == "read_log":
            yield need("Pod", "get", subresource="/log")
        elif module == "k8s_drain":
            # Of all namespaces, as whatever is on the node has to go.
            yield from (need("Node", "get"), need("Node", "patch"))
            yield from (need("Pod", verb, everywhere=True) for verb in ("get", "list"))
            yield need("Pod", "create", everywhere=True, subresource="/eviction")
        elif module in ("checksums", "k8s_info", "read"):
            for told in kinds_of(task, path, call):
                verb, kind, everywhere = words(told)
                alone = not verb and "namespace" not in call and kind != "Namespace"
                yield need(kind, verb or ("get" if "name" in call else "list"), everywhere or alone)
        elif module == "k8s_scale":
            yield from (need("Deployment", "get"), need("Deployment", "patch", subresource="/scale"))
        elif module == "patch_status":
            yield from (need("Cluster", "get"), need("Cluster", "patch", subresource="/status"))
            if "then_label" in call:
                yield need("Pod", "patch")
                yield from (need("Pod", verb, subresource="/exec") for verb in ("get", "create"))
        else:
            verbs = WRITES["apply" if module == "apply" else call["state"]]
            if call.get("delete_all"):
                verbs = ("list", *verbs)
            for told in kinds_of(task, path, call):
                verb, kind, everywhere = words(told)
                yield from (need(kind, each, everywhere) for each in ([verb] if verb else verbs))


def tasks_of(role: str, file: str) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a task file."""
    yield from tasks_in(yaml.safe_load((ROOT / f"roles/{role}/tasks/{file}").read_text("utf-8")))


def in_a_drill() -> set[str]:
    """The task files that a restore drill includes, by names that each include writes out."""
    found, rest = set(), ["restore_drill.yml"]
    while rest:
        file = rest.pop()
        found.add(file)
        included = {task[INCLUDE] for task in tasks_of("postgres_cluster", file) if INCLUDE in task}
        assert all(re.fullmatch(r"\w+\.yml", name) for name in included), f"{file} includes {included}"
        new = included - found - NOT_IN_A_DRILL
        rest += [name for name in new if not NOT_COVERED.match(f"postgres_cluster/{name}")]
    return found


@cache
def needed() -> frozenset[Need]:
    """The rights that all tasks take, and those that are handed on."""
    found = {
        Need(part, everywhere, group, resource, verb)
        for part, everywhere, group, resource, verbs in HANDED_ON
        for verb in verbs
    }
    for file in sorted(ROOT.glob("roles/*/tasks/*.yml")):
        role = file.parts[-3]
        path = f"{role}/{file.name}"
        if not NOT_COVERED.match(path) and not file.name.startswith("restore_drill"):
            for task in tasks_of(role, file.name):
                found |= set(needs_of(path, task))
    for name in in_a_drill():
        for task in tasks_of("postgres_cluster", name):
            needs = needs_of(f"postgres_cluster/{name}", task)
            # What is restored makes no backups of its own.
            found |= {Need("restore-drill", True, *need[2:]) for need in needs if need.resource != "scheduledbackups"}
    [play] = yaml.safe_load((ROOT / "playbooks/teardown.yml").read_text("utf-8"))[-1:]
    # What it looks for of KubeDB is not asked of an API that does not know the kind.
    for item in next(task for task in play["tasks"] if "loop" in task)["loop"]:
        if "kubedb.com" not in item["api_version"]:
            group, resource = KINDS[item["kind"]]
            found.add(Need("teardown", True, group, resource, "list"))
    return frozenset(found)


@cache
def granted(part: str) -> frozenset[Need]:
    """The rights that a file of deploy/rbac grants."""
    found = set()
    for item in yaml.safe_load_all((RBAC / f"{part}.yml").read_text("utf-8")):
        for rule in (item or {}).get("rules", []):
            assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
            found |= {
                Need(part, item["kind"] == "ClusterRole", group, resource, verb)
                for group in rule["apiGroups"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
            }
    return frozenset(found)


def alike(needs: frozenset[Need]) -> set[tuple[bool, str, str, str]]:
    return {need[1:] for need in needs}


FILES = sorted(path.stem for path in RBAC.glob("*.yml") if path.stem != "deployer")


def test_there_is_a_file_for_each_part() -> None:
    assert set(FILES) == {need.part for need in needed()}


@pytest.mark.parametrize("part", FILES)
def test_a_file_grants_what_its_tasks_take_and_nothing_else(part: str) -> None:
    wanted = alike(frozenset(need for need in needed() if need.part == part))
    there = set().union(*(alike(granted(base)) for base in BASES.get(part, ())))
    # What may be done everywhere may be done in each namespace.
    there |= {(False, *right[1:]) for right in there if right[0]}
    assert sorted(alike(granted(part))) == sorted(wanted - there)


@pytest.mark.parametrize("part", FILES)
def test_each_role_is_bound_to_the_deployer(part: str) -> None:
    items = list(yaml.safe_load_all((RBAC / f"{part}.yml").read_text("utf-8")))
    roles = {(item["kind"], item["metadata"]["name"]) for item in items if "rules" in item}
    bound = {(item["roleRef"]["kind"], item["roleRef"]["name"]) for item in items if "roleRef" in item}
    assert roles == bound
    subjects = [item["subjects"] for item in items if "roleRef" in item]
    assert subjects == [[{"kind": "ServiceAccount", "name": "pgha-deployer", "namespace": "pgha"}]] * len(subjects)
    # Without a namespace, as `kubectl apply --namespace` says where they count.
    assert [item["metadata"] for item in items if "namespace" in item["metadata"]] == []


@pytest.mark.parametrize("part", FILES)
def test_the_page_says_what_counts_in_all_namespaces(part: str) -> None:
    page = (RBAC / "README.md").read_text("utf-8")
    [where] = re.findall(rf"^\| \[{part}\.yml\]\({part}\.yml\) \| (.+?) \|", page, re.MULTILINE)
    bound = {item["kind"] for item in yaml.safe_load_all((RBAC / f"{part}.yml").read_text("utf-8"))}
    assert ("all namespaces" in where) == ("ClusterRoleBinding" in bound)
    assert (where == "all namespaces") == ("RoleBinding" not in bound)


def test_of_playbooks_the_teardown_alone_asks_the_api_itself() -> None:
    modules = re.compile(rf"(kubernetes\.core|pgha\.kubernetes)\.({'|'.join(MODULES)}):")
    asking = {path.name for path in (ROOT / "playbooks").glob("*.yml") if modules.search(path.read_text("utf-8"))}
    # The demo's object store is for whoever made the cluster.
    assert asking == {"teardown.yml", "demo_object_store.yml"}
