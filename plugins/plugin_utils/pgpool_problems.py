# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why Pgpool-II cannot work in front of a PostgreSQL cluster as it is, as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pgpool_conf
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import CLUSTER_LABEL, MANAGED_BY, MANAGED_BY_LABEL
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_files import (
    pgpool_missing_users,
    pgpool_user_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_resources import MIB, memory, memory_at_start

# PostgreSQL keeps 3 for superusers; the operator, the exporter and someone with psql need some more.
RESERVED_CONNECTIONS = 10


def pgpool_problems(
    wanted: Mapping[str, Any], contract: Mapping[str, Any], secrets: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong.

    :param wanted: `name` (that of Pgpool-II's Secret), `replicas`, `topology`, `params` (all of Pgpool-II's parameters,
        backends too; none where the cluster has no backends for the topology), `resources` (as asked for) and `users`
        (those whom Pgpool-II and its exporter log in as)
    :param contract: the PostgreSQL cluster
    :param secrets: the Secrets that were read
    """
    name, namespace = contract["name"], contract["namespace"]
    if not contract["exists"]:
        yield (
            f"pgpool_postgres_name is {name!r} (string): there is no such PostgreSQL cluster in the namespace"
            f" {namespace}; make it with the playbook pgha.kubernetes.postgres_cluster, or name one that is there"
        )
        return
    yield from _own_secret(wanted, contract, secrets)
    of_users = list(pgpool_user_problems(secrets, contract))
    yield from of_users
    # Whose Secret it is that cannot be read is not known.
    for user in [] if of_users else pgpool_missing_users(secrets, contract, wanted["users"]):
        yield (
            f"the user {user} has no Secret in the namespace {namespace}; make it with the playbook"
            " pgha.kubernetes.postgres_cluster, or give another name in pgpool_check_user or pgpool_monitor_user"
        )
    if wanted.get("topology") == "per_instance" and not contract.get("instances"):
        yield (
            f"pgpool_topology is 'per_instance' (string): the PostgreSQL cluster {name} in the namespace {namespace}"
            " has 0 instances; start it if it is stopped, wait if it is just being made, or name them in"
            " postgres_cluster_existing.instances if something else runs it; topology services needs none"
        )
        return  # without backends there are no parameters to judge
    yield from _capacity(wanted, contract)
    yield from _memory(wanted)


def _own_secret(
    wanted: Mapping[str, Any], contract: Mapping[str, Any], secrets: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield that a Secret with the name of Pgpool-II's own is somebody else's, such as a user's."""
    namespace = contract["namespace"]
    for secret in secrets:
        if secret["metadata"]["name"] != wanted.get("name"):
            continue
        kind, keys = secret.get("type") or "Opaque", sorted(secret.get("data") or {})
        labels = secret["metadata"].get("labels") or {}
        if kind != "Opaque":
            yield (
                f"pgpool_name is {wanted['name']!r} (string): the namespace {namespace} has a Secret of that name and"
                f" of the type {kind}, which is not Pgpool-II's; give another name"
            )
        # Written over, clients of that cluster would find themselves in this one.
        elif labels.get(CLUSTER_LABEL, contract["name"]) != contract["name"]:
            other = labels[CLUSTER_LABEL]
            yield (
                f"pgpool_name is {wanted['name']!r} (string): the namespace {namespace} has a Secret of that name that"
                f" belongs to the PostgreSQL cluster {other}; give another name, or first remove the Pgpool-II of"
                f" {other} with pgpool_state=absent"
            )
        # A label may have been taken away by hand; the key is in each Secret that the role made.
        elif keys and "pgpoolkey" not in keys and labels.get(MANAGED_BY_LABEL) != MANAGED_BY:
            yield (
                f"pgpool_name is {wanted['name']!r} (string): the namespace {namespace} has a Secret of that name with"
                f" the keys {', '.join(keys)}, which this role did not make and would take away; give another name, or"
                " delete that Secret"
            )


# While the Deployment replaces its pods, a new one serves before an old one goes (maxSurge in deployment.yml.j2).
SURGE_PODS = 1


class Connections(NamedTuple):
    """What Pgpool-II can open to the instance that gets most, the primary: a product of four numbers."""

    pods: int
    children: int
    pools: int
    backends: int

    @property
    def total(self) -> int:
        """Return how many connections that makes."""
        return math.prod(self)


def connections_per_instance(replicas: int, params: Mapping[str, Any], contract: Mapping[str, Any]) -> Connections:
    """Return how many connections Pgpool-II can open to the primary.

    Each child keeps `max_pool` connections to each backend. In the topology per_instance two backends lead to the
    primary: the primary's own address, and that of the instance which is primary at the time. Pods that are replaced
    keep the sessions that they have for `pgpool_stop_delay` and `pgpool_stop_timeout`; they are not counted, as they
    take no new ones.
    """
    children, pools = (int(pgpool_conf.number(name, params[name])) for name in ("num_init_children", "max_pool"))
    hosts = [value for name, value in params.items() if name.startswith("backend_hostname")]
    own_addresses = {instance["host"] for instance in contract.get("instances") or []}
    is_twice = len(hosts) > 1 and any(host.rstrip(".") in own_addresses for host in hosts)
    return Connections(replicas + SURGE_PODS, children, pools, 2 if is_twice else 1)


def _capacity(wanted: Mapping[str, Any], contract: Mapping[str, Any]) -> Iterator[str]:
    limit = contract.get("max_connections")
    if not limit:
        return
    asked = connections_per_instance(int(wanted["replicas"]), wanted["params"], contract)
    needed = asked.total
    room = int(limit) - RESERVED_CONNECTIONS
    if needed <= room:
        return
    ways = [f"postgres_cluster_parameters.max_connections to {needed + RESERVED_CONNECTIONS} or more"]
    for variable, now in (("pgpool_params.num_init_children", asked.children), ("pgpool_params.max_pool", asked.pools)):
        fitting = room * now // needed
        if fitting >= 1:
            ways.append(f"{variable} to {fitting} or less")
    fitting = room * asked.pods // needed - SURGE_PODS
    if fitting >= 1:
        ways.append(f"pgpool_replicas to {fitting} or less")
    replicas = asked.pods - SURGE_PODS
    yield (
        f"pgpool_replicas is {replicas} (integer): {asked.pods} pods (one more while they are replaced)"
        f" x {asked.children} num_init_children x {asked.pools} max_pool x {asked.backends} backends on the primary"
        f" = {needed} connections that Pgpool-II could open to one instance, and {limit} max_connections of"
        f" {contract['name']} - {RESERVED_CONNECTIONS} kept for others = {max(room, 0)}; set {', or '.join(ways)}"
    )


def _memory(wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the limit is too low to start. A killed Pgpool-II starts again and again."""
    limits = (wanted.get("resources") or {}).get("limits") or {}
    limit = as_bytes(limits.get("memory"))
    least = memory_at_start(wanted["params"])
    if limit is not None and limit < least:
        yield (
            f"pgpool_resources.limits.memory is {limits['memory']!r}: Pgpool-II takes {math.ceil(least / MIB)}Mi before"
            f" the first client comes, and {memory(wanted['params']) // MIB}Mi with all of them; give that much, or"
            " less num_init_children, or less memqcache_max_num_cache"
        )
