# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why objects are not ready, from what the Kubernetes API says about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def diagnosis(objects: Sequence[Mapping[str, Any]], names: str = "", events: int = 5) -> list[str]:
    """Return lines that say what is wrong with pods, claims and Deployments, then the newest warnings.

    :param objects: Pods, PersistentVolumeClaims, Deployments and Events, in any order
    :param names: only what belongs to objects whose name starts with this
    :param events: how many warnings at most
    """
    lines: list[str] = []
    for item in objects:
        name = (item.get("metadata") or {}).get("name", "")
        if item.get("kind") in _LINES and name.startswith(names):
            lines += _LINES[item["kind"]](name, item)
    return lines + list(_warnings(objects, names, events))


def _pod(name: str, pod: Mapping[str, Any]) -> Iterator[str]:
    status = pod.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield f"pod {name} has no node: {condition.get('message', '')}"
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        state, last = container.get("state") or {}, (container.get("lastState") or {}).get("terminated") or {}
        waiting = state.get("waiting") or {}
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            text = f"pod {name}, container {container['name']}: {waiting['reason']} {waiting.get('message', '')}"
            yield text.rstrip() + (f" (ended with exit code {last['exitCode']})" if "exitCode" in last else "")
        elif "running" in state and not container.get("ready"):
            yield f"pod {name}, container {container['name']}: runs, is not ready"


def _claim(name: str, claim: Mapping[str, Any]) -> Iterator[str]:
    phase = (claim.get("status") or {}).get("phase")
    if phase != "Bound":
        storage_class = (claim.get("spec") or {}).get("storageClassName", "")
        yield f"volume claim {name} is {phase} (class {storage_class or 'none'})"


def _deployment(name: str, deployment: Mapping[str, Any]) -> Iterator[str]:
    for condition in (deployment.get("status") or {}).get("conditions") or []:
        if (condition.get("type") in ("Available", "Progressing") and condition.get("status") == "False") or (
            condition.get("type") == "ReplicaFailure" and condition.get("status") == "True"
        ):
            yield f"deployment {name}: {condition.get('message', '')}"


def _warnings(objects: Sequence[Mapping[str, Any]], names: str, most: int) -> Iterator[str]:
    found = [
        item
        for item in objects
        if item.get("kind") == "Event"
        and item.get("type") == "Warning"
        and (item.get("involvedObject") or {}).get("name", "").startswith(names)
    ]
    newest = sorted(found, key=_time, reverse=True)[:most]
    for event in reversed(newest):
        about = event["involvedObject"]
        yield f"{about.get('kind', '')} {about['name']}: {event.get('reason', '')}: {event.get('message', '')}"


def _time(event: Mapping[str, Any]) -> str:
    return event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or ""


_LINES = {"Pod": _pod, "PersistentVolumeClaim": _claim, "Deployment": _deployment}
