# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods share a node, and what would be lost with it.

Kubernetes keeps pods apart when it places them, where there are enough nodes then. After each node has been drained in
turn two may share one, with another one empty: nothing moves them apart again, and all of them are well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.diagnosis import NAME_LABEL

_ENDED = ("Failed", "Succeeded")


def shared_nodes(pods: Sequence[Mapping[str, Any]], contract: Mapping[str, Any]) -> list[str]:
    """Say which instances of a PostgreSQL cluster share a node, and whether all pods of Pgpool-II do.

    Pods that are being deleted, have ended, or have no node yet do not count.

    :param pods: those of the instances, of which other clusters' do not matter, and those of one Pgpool-II
    :param contract: the PostgreSQL cluster
    :returns: sentences, none if they do not
    """
    placed = {pod["metadata"]["name"]: pod for pod in pods if _stays(pod)}
    instances = [one for one in contract["instances"] if one.get("pod") in placed]
    pgpool = [pod for pod in placed.values() if (pod["metadata"].get("labels") or {}).get(NAME_LABEL) == "pgpool"]
    return [*_instances(instances, placed, contract), *_pgpool({_node(pod) for pod in pgpool}, len(pgpool))]


def _stays(pod: Mapping[str, Any]) -> bool:
    ends = pod["metadata"].get("deletionTimestamp") or (pod.get("status") or {}).get("phase") in _ENDED
    return bool(_node(pod)) and not ends


def _node(pod: Mapping[str, Any]) -> str:
    return (pod.get("spec") or {}).get("nodeName") or ""


def _instances(
    found: Sequence[Mapping[str, Any]], placed: Mapping[str, Mapping[str, Any]], contract: Mapping[str, Any]
) -> Iterator[str]:
    by_node: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        by_node.setdefault(_node(placed[one["pod"]]), []).append(one)
    for node, here in sorted(by_node.items()):
        if len(here) > 1:
            names = [f"{one['name']} (primary)" if one["role"] == "primary" else one["name"] for one in here]
            shown = f"{', '.join(names[:-1])} and {names[-1]} are {'both' if len(here) == 2 else 'all'}"
            yield f"{shown} on the node {node}: where it is lost, {_loss(here, contract)}"


def _loss(here: Sequence[Mapping[str, Any]], contract: Mapping[str, Any]) -> str:
    """Say what comes of the loss of some instances.

    CloudNativePG promotes a standby only where those that it reaches and those that confirm a commit are together more
    than all standbys: so where fewer of them are lost than confirm (`failoverQuorum`, for which the API does not say
    here whether it is asked for).
    """
    lost = sum(one["role"] != "primary" for one in here)
    left = len(contract["instances"]) - len(here)
    confirm = (contract.get("synchronous") or {}).get("number") or 0
    if not left:
        return "nobody is left to be promoted"
    if lost < len(here):
        return "nobody may be promoted" if confirm and lost >= confirm else "so are they"
    return "commits may wait" if left - 1 < confirm else "so are they"


def _pgpool(nodes: set[str], number: int) -> Iterator[str]:
    if number > 1 and len(nodes) == 1:
        shown = "both" if number == 2 else f"all {number}"
        yield (
            f"{shown} pods of Pgpool-II are on the node {nodes.pop()}: where it is lost, the address does not answer "
            "until they run elsewhere"
        )
