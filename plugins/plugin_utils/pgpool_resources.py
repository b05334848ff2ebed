# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory Pgpool-II takes for its number of children, and what its container asks for.

The figures of shared memory are those of Pgpool-II's manual ("Performance considerations") and of pool_hash_init() of
pool_memqcache.c, which touches all of its table at the start. What a child takes is many times what it starts with, as
messages, prepared statements and catalogue data come on top. Nothing here depends on the number of backends: one more
must not make other pods.

Measured with Pgpool-II 4.6.1, 32 children and one pool in each, after 28 clients of pgbench with simple and prepared
statements: 1.6 MiB of its own in the mean of children, 3.5 MiB in the largest, 148 MiB in all; 192 MiB are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pgpool_conf
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_bytes
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.resources import resources

MIB = 1024**2
CPU = "50m"

_DEFAULTS: dict[str, Any] = {
    "num_init_children": 32,
    "max_pool": 4,
    "enable_shared_relcache": True,
    "memory_cache_enabled": False,
    "memqcache_method": "shmem",
    "memqcache_total_size": 64 * MIB,
    "memqcache_max_num_cache": 1_000_000,
}

_SHARED = 10 * MIB
_SHARED_PER_POOL = 0.02 * MIB
_BYTES_PER_CACHED = 64  # POOL_HASH_ELEMENT and POOL_HEADER_ELEMENT
_AT_START_PER_CHILD = 0.16 * MIB
_OTHER_PROCESSES = 20 * MIB
_PER_CHILD = 2.25 * MIB
_PER_POOL = 0.25 * MIB
_STEP = 16 * MIB


def memory_at_start(params: Mapping[str, Any]) -> int:
    """Return how many bytes Pgpool-II takes before the first client comes: with less, it never runs.

    :param params: its parameters; what is missing has Pgpool-II's default
    """
    children, pools = _count(params, "num_init_children"), _count(params, "max_pool")
    return round(_SHARED + children * pools * _SHARED_PER_POOL + _cache(params) + children * _AT_START_PER_CHILD)


def memory(params: Mapping[str, Any]) -> int:
    """Return how many bytes Pgpool-II takes with a client in each child, in whole steps of 16 MiB.

    :param params: its parameters; what is missing has Pgpool-II's default
    """
    children, pools = _count(params, "num_init_children"), _count(params, "max_pool")
    shared = _SHARED + children * pools * _SHARED_PER_POOL + _cache(params)
    private = _OTHER_PROCESSES + children * (_PER_CHILD + pools * _PER_POOL)
    return -(-round(shared + private) // _STEP) * _STEP


def pgpool_resources(asked: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return requests and limits of the container, where what was not asked for follows from the parameters.

    :param asked: `requests` and `limits`, each of which, and each key of which, may be missing
    :param params: Pgpool-II's parameters
    """
    limits = asked.get("limits") or {}
    needed = memory(params)
    limit = as_bytes(limits["memory"]) if "memory" in limits else None
    computed = {"cpu": CPU, "memory": f"{needed // MIB}Mi"}
    if limit is not None and limit < needed:
        computed["memory"] = limits["memory"]  # the API refuses a request over its limit
    if "cpu" in limits and (as_bytes(limits["cpu"]) or 0) < (as_bytes(CPU) or 0):
        computed["cpu"] = limits["cpu"]
    return resources({**asked, "requests": {**computed, **(asked.get("requests") or {})}})


def _cache(params: Mapping[str, Any]) -> float:
    """Return the size of the cache of catalogue data and results, which are one."""
    value = {**_DEFAULTS, **params}
    if not any(_is_on(value[name]) for name in ("enable_shared_relcache", "memory_cache_enabled")):
        return 0
    if str(value["memqcache_method"]).lower() != "shmem":
        return 0
    entries = 2
    while entries < _count(params, "memqcache_max_num_cache"):
        entries *= 2
    return _count(params, "memqcache_total_size") + entries * _BYTES_PER_CACHED


def _count(params: Mapping[str, Any], name: str) -> float:
    return pgpool_conf.number(name, params.get(name, _DEFAULTS[name]))


def _is_on(value: object) -> bool:
    return str(value).lower() in ("true", "on", "yes", "1")
