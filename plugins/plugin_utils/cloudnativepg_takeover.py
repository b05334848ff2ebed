# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Cluster of CloudNativePG that something else made would lose where it is taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import last_applied
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_int

# Each manifest of ours has it. The label that lets a Cluster be taken over may be in that of the others by now.
_LABEL, _OURS = "app.kubernetes.io/part-of", "pgha"


def takeover_problems(manifest: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the first apply of ours takes away from a Cluster; nothing of one that was applied by us last.

    A field that was applied and is not in the next manifest goes, as with `kubectl apply`. One that no manifest
    brought there stays.

    :param manifest: the Cluster as it would be applied
    :param cluster: the Cluster as it is
    """
    last = last_applied(cluster)
    labels = (last.get("metadata") or {}).get("labels") or {}
    ours = ((manifest.get("metadata") or {}).get("labels") or {}).get(_LABEL) or _OURS
    if labels.get(_LABEL) in (_OURS, ours):
        return
    spec, wanted = cluster.get("spec") or {}, manifest.get("spec") or {}
    lost = list(_lost(last.get("spec") or {}, wanted, "spec"))
    if lost:
        yield (
            f"the Cluster {cluster['metadata']['name']} is taken over from something else, and {', '.join(lost)} would "
            "be taken away: give them in postgres_cluster_overrides (null where they are to go), or by the variables "
            "that say the same"
        )
    has, asked = as_int(spec.get("instances")) or 1, as_int(wanted.get("instances")) or 1
    if asked < has:
        yield (
            f"postgres_cluster_instances is {asked} (integer): the Cluster {cluster['metadata']['name']} is taken over "
            f"with {has}, and those that are too many would be deleted with their volumes; give {has}, and fewer by "
            "scale.yml afterwards"
        )


def _lost(last: Mapping[str, Any], wanted: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield which fields were applied and are not wanted. What is there as null is to go."""
    for key, value in last.items():
        if value is not None and key not in wanted:
            yield f"{path}.{key}"
        elif isinstance(value, Mapping) and isinstance(wanted.get(key), Mapping):
            yield from _lost(value, wanted[key], f"{path}.{key}")
