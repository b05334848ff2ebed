# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of objects that somebody could have made by hand, and that a playbook has to find and to mend."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

# The field of each kind that is edited: keys, where several mean the first of them that is there, and nothing the first
# key. It is one that a playbook sets, as what somebody adds is nobody's to take away.
FIELDS: dict[str, tuple[str | tuple[str, ...], ...]] = {
    "Service": ("spec", "selector", ("app.kubernetes.io/instance", "")),
    "Deployment": ("spec", "replicas"),
    "PodDisruptionBudget": ("spec", ("maxUnavailable", "minAvailable")),
    "NetworkPolicy": ("spec", "podSelector", "matchLabels", ""),
    "ConfigMap": ("data", ""),
    "Secret": ("data", ("pool_passwd", "")),
    "Cluster": ("spec", "stopDelay"),
}


def drift_edits(objects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say how objects could be edited, one field of each.

    :param objects: objects as the Kubernetes API returns them; those of kinds without a field above, and certificates,
        are left out
    :returns: of each `patch`, and `was`: the `object`, the `field` and `value`, a checksum, as it may be a secret
    """
    edits = []
    for item in objects:
        path, value = _field(item)
        if not path:
            continue
        patch: Any = _other(value, item["kind"])
        for key in reversed(path):
            patch = {key: patch}
        metadata = {key: item["metadata"][key] for key in ("name", "namespace")}
        edits.append(
            {
                "patch": {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata, **patch},
                "was": {
                    "object": f"{item['kind']} {metadata['name']}",
                    "field": ".".join(path),
                    "value": hashlib.sha256(json.dumps(value).encode()).hexdigest(),
                },
            }
        )
    return edits


def _field(item: Mapping[str, Any]) -> tuple[list[str], Any]:
    """Return the path and the value of the field that is edited; an empty path where there is none."""
    path: list[str] = []
    value: Any = item
    if item.get("type") == "kubernetes.io/tls":
        return path, None
    for step in FIELDS.get(item["kind"], ()):
        keys = [step] if isinstance(step, str) and step else [*filter(None, step), *sorted(value)]
        key = next((key for key in keys if key in value), None)
        if key is None:
            return [], None
        path.append(key)
        value = value[key]
    return path, value


def _other(value: Any, kind: str) -> Any:
    """Return another value that the API takes in its place."""
    if isinstance(value, int):
        return value + 1
    if kind == "Secret":
        return base64.b64encode(b"edited by a drill").decode()
    return "edited-by-a-drill"
