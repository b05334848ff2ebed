# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One adapter per operator: everything about PostgreSQL clusters that differs between operators.

An adapter is a module of pure functions. To add one, write the module and give it a row in ADAPTERS; nothing outside
the role postgres_cluster has to know. It has:

`reads(name, namespace)`
    arguments of `kubernetes.core.k8s_info`, one dict for each kind of object that the contract needs
`database_reads(name, namespace)`
    the same for what makes databases and users beside the main object, if something does; the contract takes it, too
`contract(name, namespace, objects)`
    the contract (docs/architecture.md, README of the role postgres_cluster) from the objects that were read
`prerequisites(namespace)`
    arguments of `k8s_info` for what has to be in the Kubernetes cluster before a PostgreSQL cluster can be made
`growth_reads(wanted, current)` (may be missing)
    the same for what tells whether volumes of a cluster that exists can become as large as is wanted, and of which
    class they are where another is wanted; `problems` takes it in place of the prerequisites
`operator_reads()` (may be missing)
    arguments of `k8s_info` for the operator's own pods, whose logs go into the archive for support
`problems(wanted, current, prerequisites)`
    sentences that say why what is wanted cannot be made of what is there
`parameter_problems(parameters)`
    sentences about PostgreSQL parameters that the operator keeps to itself, or cannot write into a file
`input_problems(variables)`
    sentences about variables of the role postgres_cluster that the operator cannot do
`is_reserved_role(name)`, `RESERVED_SECRETS`, `OWN_OBJECTS`
    names of roles, endings of names of Secrets, and of other objects, that belong to the operator
`OLDEST_VERSION`
    the oldest major version of PostgreSQL that is made
`INSTANCE_LABELS`
    by which labels Prometheus tells an instance's pod (`label`: its name and value), its `cluster` and its `role`
`OPERATIONS`
    what the runbooks can have the operator do: `switchover`, `restart`, `scale`, `upgrade` (of PostgreSQL),
    `hibernate`, `rotate_password` (of the superuser), `backup`, `restore`, `restore_drill`. For what is named here:
`switchover(primary, standby, now)`
    `status`, `unless` and `expect` of the module patch_status on the main object, which make the standby the primary,
    and `labels`: those that the pods of both have then, by the names of the pods
`restart(now)`, `restart_pending(name, objects)`
    what is merged into the main object to have the instances restarted one by one, and sentences about those that
    still have to be, from the main object and the pods
`STOPS_ONLY_READY` (may be missing)
    true where the operator does not stop (`hibernate`) what is not ready, but keeps the order until it is
`scale_problems(contract, instances)` (may be missing)
    sentences about a number of instances that would do harm
`upgrade_reads()`, `upgrade(name, objects, wanted)`, `upgrade_pending(name, objects)`
    what to read beside the main object, what another version or image comes to (`from`, `to`, `major`, `problems`), and
    sentences about the instances that do not have it yet
`REFUSALS` (may be missing)
    for what is not among OPERATIONS, why, as the end of a sentence
`REQUESTS` (may be missing)
    those of OPERATIONS that are asked for by an object of its own, in place of a change of the main object. For these:
`request_reads(namespace)`, `request_plan(name, objects, operation, wanted)`, `request_verdict(objects, name)`
    which requests there are, which one to make or to wait for, and what became of it
`backup_reads(name, namespace)` (may be missing)
    what to read beside the contract's objects, to judge backups
`backup_refusals(name, objects)`, `backup_plan(name, objects, now)`, `backup_result(backup, objects)`
    sentences that say why no base backup can be made of a cluster as it is, the name of the object that asks for one or
    which one goes on, and what became of it
`drill_problems(name)` (may be missing)
    sentences that say why a drill cannot restore a cluster of that name
`backup_makers(name, objects)` (may be missing)
    what beside the main object makes backups of a cluster: API version, kind and name of each; nothing where the main
    object has none
`restore_reads(source, namespace)`, `restore(wanted, current, sources)`, `restore_progress(objects)`
    what to read of the source, what a new cluster is made with, to come from its backups, or why it cannot, and how far
    it is (cloudnativepg_restore.py, kubedb_restore.py)
"""

from __future__ import annotations

from types import ModuleType

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import (
    cloudnativepg,
    existing,
    kubedb,
    kubedb_v1alpha1,
)

ADAPTERS: dict[str, ModuleType] = {
    "cloudnativepg": cloudnativepg,
    "existing": existing,
    "kubedb": kubedb,
    "kubedb_v1alpha1": kubedb_v1alpha1,
}


def adapter(operator: str) -> ModuleType:
    """Return the adapter of an operator."""
    if operator not in ADAPTERS:
        raise InputError(f"operator is {operator!r}: give one of {', '.join(ADAPTERS)}")
    return ADAPTERS[operator]
