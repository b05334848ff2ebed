# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why Pgpool-II cannot work in front of a PostgreSQL cluster as it is, as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_files import pgpool_missing_users

# PostgreSQL keeps 3 for superusers; the operator, the exporter and someone with psql need some more.
RESERVED_CONNECTIONS = 10


def pgpool_problems(
    wanted: Mapping[str, Any], contract: Mapping[str, Any], secrets: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong.

    :param wanted: `replicas`, `params` (all of Pgpool-II's parameters, backends too) and `users` (those whom
        Pgpool-II and its exporter log in as)
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
    for user in pgpool_missing_users(secrets, contract, wanted["users"]):
        yield (
            f"the user {user} has no Secret in the namespace {namespace}; make it with the playbook"
            " pgha.kubernetes.postgres_cluster, or give another name in pgpool_check_user or pgpool_monitor_user"
        )
    yield from _capacity(wanted, contract)


def connections_per_instance(replicas: int, params: Mapping[str, Any], contract: Mapping[str, Any]) -> int:
    """Return how many connections Pgpool-II can open to the instance that gets most: the primary.

    Each child keeps `max_pool` connections to each backend. In the topology per_instance two backends lead to the
    primary: the primary's own address, and that of the instance which is primary at the time.
    """
    hosts = [value for name, value in params.items() if name.startswith("backend_hostname")]
    own_addresses = {instance["host"] for instance in contract.get("instances") or []}
    landing = 2 if len(hosts) > 1 and any(host.rstrip(".") in own_addresses for host in hosts) else 1
    return replicas * int(params["num_init_children"]) * int(params["max_pool"]) * landing


def _capacity(wanted: Mapping[str, Any], contract: Mapping[str, Any]) -> Iterator[str]:
    limit = contract.get("max_connections")
    if not limit:
        return
    replicas, params = int(wanted["replicas"]), wanted["params"]
    needed = connections_per_instance(replicas, params, contract)
    room = int(limit) - RESERVED_CONNECTIONS
    if needed > room:
        children = int(params["num_init_children"])
        fitting = max(1, room * children // needed)
        yield (
            f"pgpool_replicas is {replicas} (integer), with num_init_children {children} and max_pool"
            f" {params['max_pool']}: Pgpool-II could open {needed} connections to one instance, and max_connections of"
            f" {contract['name']} leaves {max(room, 0)} of {limit}; set postgres_cluster_parameters.max_connections to"
            f" {needed + RESERVED_CONNECTIONS} or more, or pgpool_params.num_init_children to {fitting} or less"
        )
