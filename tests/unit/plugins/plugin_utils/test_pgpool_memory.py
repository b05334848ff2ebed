# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory Pgpool-II asks for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_resources import (
    MIB,
    memory,
    memory_at_start,
    pgpool_resources,
)

# What the role sets.
PARAMS: dict[str, Any] = {"num_init_children": 32, "max_pool": 1, "memqcache_total_size": 16777216}


@pytest.mark.parametrize(
    ("params", "mib"),
    [
        ({}, 192),
        ({"num_init_children": 64}, 272),
        ({"num_init_children": "128"}, 448),
        ({"num_init_children": 500}, 1376),
        ({"max_pool": 4}, 224),
        ({"memqcache_total_size": "64MB"}, 240),
        ({"enable_shared_relcache": "off"}, 112),
        ({"enable_shared_relcache": False, "memory_cache_enabled": "on"}, 192),
        ({"memqcache_method": "memcached"}, 112),
        ({"memqcache_max_num_cache": 1000}, 128),
        ({"backend_hostname7": "one.more"}, 192),
    ],
)
def test_memory_follows_from_the_parameters(params: dict[str, Any], mib: int) -> None:
    assert memory({**PARAMS, **params}) == mib * MIB


def test_what_the_manual_says_of_pgpools_own_defaults() -> None:
    # 10 MB, 0.02 MB for each of 32 x 4 pools, 128 MB for the shared cache, 0.16 MB for each child
    assert memory_at_start({}) / MIB == pytest.approx(10 + 2.56 + 128 + 5.12)


@pytest.mark.parametrize("children", [1, 32, 1000])
def test_more_is_asked_for_than_the_start_takes(children: int) -> None:
    params = {**PARAMS, "num_init_children": children}
    assert memory(params) > memory_at_start(params)


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ({}, {"requests": {"cpu": "50m", "memory": "192Mi"}}),
        ({"requests": None}, {"requests": {"cpu": "50m", "memory": "192Mi"}}),
        ({"requests": {"cpu": 0.5}}, {"requests": {"cpu": "500m", "memory": "192Mi"}}),
        ({"requests": {"memory": "1024Mi"}}, {"requests": {"cpu": "50m", "memory": "1Gi"}}),
        (
            {"limits": {"memory": "1Gi", "cpu": 1}},
            {"requests": {"cpu": "50m", "memory": "192Mi"}, "limits": {"memory": "1Gi", "cpu": "1"}},
        ),
        (
            {"limits": {"memory": "150Mi", "cpu": "20m"}},
            {"requests": {"cpu": "20m", "memory": "150Mi"}, "limits": {"memory": "150Mi", "cpu": "20m"}},
        ),
    ],
)
def test_what_was_asked_for_wins(asked: dict[str, Any], made: dict[str, Any]) -> None:
    assert pgpool_resources(asked, PARAMS) == made


def test_a_quantity_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"requests\.memory is 'much'"):
        pgpool_resources({"requests": {"memory": "much"}}, PARAMS)
