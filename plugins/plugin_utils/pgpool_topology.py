# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends of Pgpool-II for a PostgreSQL cluster that fails over by itself, and the parameters that go with them.

In both layouts backend 0 is the Service that follows the primary, ``ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER``: writes find
the new primary without a reload, and Pgpool-II never searches for it. File and function names are those of Pgpool-II's
source, where each reason can be read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_parameters import BACKENDS

TOPOLOGIES = ("per_instance", "services")

# BackendAppNameAssignFunc() copies into NAMEDATALEN - 1 bytes, the NUL included.
_MAX_APPLICATION_NAME = 62

_COMMON: dict[str, object] = {
    "backend_clustering_mode": "streaming_replication",
    "load_balance_mode": True,
    # By default the node is chosen once for a session, so a connection pool of an application keeps to one standby.
    "statement_level_load_balance": True,
    # There is one brain that fails over, the operator. Pgpool-II only follows it.
    "use_watchdog": False,
    "failover_command": "",
    "follow_primary_command": "",
    # Both would detach a backend for one broken connection, even one that pg_terminate_backend() ended.
    "failover_on_backend_error": False,
    "failover_on_backend_shutdown": False,
    # Two backends are the same server as soon as an instance is the primary, which looks like a false primary.
    "detach_false_primary": False,
    # Milliseconds. Each new pool entry connects to all backends, so a dead one costs this much (by default 10 s), in
    # this collection's image; and it has to be less than health_check_timeout, which drops every client when it fires.
    "connect_timeout": 2000,
}

_PER_INSTANCE: dict[str, object] = {
    # Seconds. It measures the lag of each instance, and tells auto_failback who streams again.
    "sr_check_period": 2,
    # Bytes. An instance that is the primary replays nothing, so its lag is huge and it gets no reads through its own
    # backend: this is what lets roles change without a reload. Time will not do (delay_threshold_by_time): an instance
    # that does not stream keeps its last delay, often 0.
    "delay_threshold": 1000000,
    "prefer_lower_delay_standby": True,
    # Standbys have to be detachable: one that is down and attached stops the lag check of all (pool_worker_child.c,
    # "No persistent db connection"). So they are checked, detached and attached again.
    "health_check_period": 2,
    # connect_timeout ends with the connect: an instance whose kernel takes connections and whose PostgreSQL does not
    # answer is found by this one alone, after three tries, and new sessions wait for it until then. It is no shorter,
    # as it drops every client, and an instance that is only busy has to fail three logins in a row.
    "health_check_timeout": 10,
    "health_check_max_retries": 2,
    "health_check_retry_delay": 1,
    # The primary's Service must not be detached, and a check of it would only log. The number beats the default.
    "health_check_period0": 0,
    "auto_failback": True,
    # Seconds from one that is attached again to the next: after a switchover there are two or more.
    "auto_failback_interval": 10,
}

_SERVICES: dict[str, object] = {
    # A connection to the standbys' Service lands on any of them, so a lag, a health check or a failback would be about
    # one that nobody knows.
    "sr_check_period": 0,
    "delay_threshold": 0,
    "prefer_lower_delay_standby": False,
    "health_check_period": 0,
    "auto_failback": False,
}


def settings(topology: str = "per_instance") -> dict[str, object]:
    """Return the parameters that a topology sets for every cluster alike, the backends themselves left out.

    Raises:
        InputError: there is no such topology.

    """
    if topology not in TOPOLOGIES:
        raise InputError(f"topology is {topology!r}; {', '.join(TOPOLOGIES)} are known")
    return {**_COMMON, **(_PER_INSTANCE if topology == "per_instance" else _SERVICES)}


def backends(
    contract: Mapping,
    topology: str = "per_instance",
    primary_weight: float = 1,
    standby_weight: float = 1,
) -> dict[str, object]:
    """Lay out Pgpool-II's backends for a PostgreSQL cluster.

    Args:
        contract: what is known of the cluster: ``name``, ``primary_host``, ``port``, ``instances`` (dicts with
            ``name``, ``host``, ``role`` and ``application_name``) and ``standby_host``. The layout per_instance needs
            no role, so it is the same before and after a failover; services needs no host of an instance.
        topology: ``per_instance``: backends 1 to N are the instances in the natural order of their names, detachable,
            with their lag seen. ``services``: backend 1 is the standbys' Service, with the weight of all of them; it is
            left out where there are none, as each session would end with a new child process.
        primary_weight: the share of reads of the primary's Service; 0 for none.
        standby_weight: the share of reads of each standby.

    Returns:
        Parameters of Pgpool-II with Python values, fit for ``pgpool_conf.params`` and ``pgpool_conf.conf``.

    Raises:
        InputError: the contract lacks something that the layout needs, or a weight makes no sense.

    """
    parameters = settings(topology)
    cluster = f"cluster {contract.get('name')!r}"
    port = _required(contract, "port", cluster)
    weight = _weight("primary_weight", primary_weight)
    share = _weight("standby_weight", standby_weight)
    primary = {
        "hostname": _required(contract, "primary_host", cluster),
        "weight": weight,
        "flag": "ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER",
    }
    is_per_instance = topology == "per_instance"
    standbys = _instance_nodes(contract, cluster, share) if is_per_instance else _service_nodes(contract, share)
    if weight + sum(node["weight"] for node in standbys) == 0:
        raise InputError(f"{cluster}: primary_weight and standby_weight leave nothing to read from")
    for number, node in enumerate([primary, *standbys]):
        # Only failover commands and online recovery make use of the folder, and there is neither.
        whole = {**node, "port": port, "data_directory": "/tmp"}  # noqa: S108
        parameters |= {f"backend_{field}{number}": value for field, value in whole.items()}
    return parameters


def _instance_nodes(contract: Mapping, cluster: str, weight: float) -> list[dict]:
    """Return a backend for each instance, in the natural order of their names."""
    instances = contract.get("instances") or []
    if not 0 < len(instances) < BACKENDS:
        raise InputError(
            f"{cluster} has {len(instances)} instances; topology per_instance takes 1 to {BACKENDS - 1}, and topology"
            " services needs none"
        )
    return [
        {
            "hostname": _required(instance, "host", f"{cluster}, instance {name}"),
            "weight": weight,
            "flag": "ALLOW_TO_FAILOVER",
            "application_name": _application_name(instance, f"{cluster}, instance {name}"),
        }
        for name, instance in sorted(_named(instances, cluster).items(), key=lambda item: _natural(item[0]))
    ]


def _service_nodes(contract: Mapping, weight: float) -> list[dict]:
    """Return one backend for all standbys, or none if there are none. Where no instance is known, one standby is."""
    host, instances = contract.get("standby_host"), contract.get("instances") or []
    count = sum(instance.get("role") != "primary" for instance in instances) if instances else 1
    if not host or host == contract.get("primary_host") or count == 0:
        return []
    return [{"hostname": host, "weight": weight * count, "flag": "DISALLOW_TO_FAILOVER"}]


def _named(instances: Sequence[Mapping], cluster: str) -> dict[str, Mapping]:
    """Return the instances by name; raise InputError if one has none or two have the same."""
    named = {str(_required(instance, "name", f"an instance of {cluster}")): instance for instance in instances}
    if len(named) < len(instances):
        raise InputError(f"{cluster} has two instances of one name")
    return named


def _natural(name: str) -> list[str | int]:
    """Return a key that sorts ``pg-2`` before ``pg-10``."""
    return [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", name)]


def _application_name(instance: Mapping, who: str) -> str:
    """Return the name by which pg_stat_replication knows the instance."""
    name = str(instance.get("application_name") or instance["name"])
    if len(name.encode()) > _MAX_APPLICATION_NAME:
        raise InputError(
            f"{who}: Pgpool-II cuts application_name {name!r} at {_MAX_APPLICATION_NAME} bytes, so it would never find"
            " it streaming"
        )
    return name


def _required(found: Mapping, field: str, who: str) -> Any:
    """Return a field of the contract; raise InputError if it is missing or empty."""
    value = found.get(field)
    if not value:
        raise InputError(f"{who} has no {field}")
    return value


def _weight(what: str, weight: object) -> float:
    """Return a weight; raise InputError unless it is a finite number from 0 up. A text of a number is one, too."""
    try:
        number = float(weight)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(weight, bool) or not 0 <= number < math.inf:
        raise InputError(f"{what} is {weight!r}; a number from 0 up is right")
    return int(number) if number.is_integer() else number
