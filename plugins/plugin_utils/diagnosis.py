# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why objects are not ready, from what the Kubernetes API says about them, and from the end of their logs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import CLUSTER_LABEL
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.support import masked

LOG_LINES = 5
WARNINGS = 5
# Labels whose values are names of what a pod, a claim or a Deployment belongs to: a PostgreSQL cluster, or Pgpool-II.
# Others may have the same value for another reason: `app.kubernetes.io/name: postgresql` is on all of CloudNativePG's.
INSTANCE_LABEL = "app.kubernetes.io/instance"
CLUSTER_LABELS = ("cnpg.io/cluster", CLUSTER_LABEL, "kubedb.com/name")
NAME_LABEL, KUBEDB = "app.kubernetes.io/name", "postgreses.kubedb.com"
# A kubelet that works has confirmed a deletion by then, though clocks differ a little.
LATE = timedelta(seconds=60)


def diagnosis(
    objects: Sequence[Mapping[str, Any]], names: str = "", itself: str = "", now: datetime | None = None
) -> list[str]:
    """Return lines that say what is wrong with pods, claims and Deployments, then the WARNINGS newest warnings.

    :param objects: Pods, PersistentVolumeClaims, Deployments and Events, in any order
    :param names: only what belongs to objects whose name starts with this
    :param itself: and the warnings about what has this very name, such as the object of an operator
    :param now: the time; without it, no pod is taken for one whose deletion is late
    """
    lines: list[str] = []
    for item in objects:
        name = (item.get("metadata") or {}).get("name", "")
        if item.get("kind") in _LINES and name.startswith(names):
            lines += _LINES[item["kind"]](name, item)
            lines += _lost(name, item, now) if item["kind"] == "Pod" else []
    return lines + list(_warnings(objects, names, itself))


def belonging(objects: Sequence[Mapping[str, Any]], owners: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return what belongs to some, such as a PostgreSQL cluster and its Pgpool-II, and nothing of like name.

    Pods, claims and Deployments have the names of their owners in labels that each operator has. Events are about one
    of these, or about an owner itself.

    :param objects: Pods, PersistentVolumeClaims, Deployments and Events
    :param owners: names, also those of pods whose labels are another operator's
    """
    mine = [
        item
        for item in objects
        if item.get("kind") != "Event"
        and set(owners)
        & {item["metadata"]["name"], *(_labels(item).get(key) for key in (*CLUSTER_LABELS, INSTANCE_LABEL))}
    ]
    names = {*owners, *(item["metadata"]["name"] for item in mine)}
    events = [item for item in objects if item.get("kind") == "Event"]
    return [*mine, *(event for event in events if (event.get("involvedObject") or {}).get("name") in names)]


def without_others(objects: Sequence[Mapping[str, Any]], cluster: str) -> list[Mapping[str, Any]]:
    """Return what does not belong to another PostgreSQL cluster, whose name may begin with that of this one.

    What has no label that tells is kept. Events are about things that may be gone, or that were not read, as a
    ReplicaSet: the longest name of something known that theirs begins with says whose they are.

    :param objects: Pods, PersistentVolumeClaims, Deployments, Events, and others, in any order
    :param cluster: the name of the PostgreSQL cluster
    """
    ours, theirs = {cluster}, set()
    kept = []
    for item in objects:
        of = "" if item.get("kind") == "Event" else _cluster(item)
        if of:
            (ours if of == cluster else theirs).add(item["metadata"]["name"])
        if of not in ("", cluster):
            theirs.add(of)
        else:
            kept.append(item)

    def is_ours(about: str) -> bool:
        return _nearest(about, ours) >= _nearest(about, theirs)

    return [
        item
        for item in kept
        if item.get("kind") != "Event" or is_ours((item.get("involvedObject") or {}).get("name", ""))
    ]


def _labels(item: Mapping[str, Any]) -> Mapping[str, str]:
    return (item.get("metadata") or {}).get("labels") or {}


def _cluster(item: Mapping[str, Any]) -> str:
    """Return the PostgreSQL cluster that an object's labels name; nothing where they name none."""
    labels = _labels(item)
    # The instance of anything else may be anything, and of Pgpool-II it is its own name.
    keys = (*CLUSTER_LABELS, INSTANCE_LABEL) if labels.get(NAME_LABEL) == KUBEDB else CLUSTER_LABELS
    return next((labels[key] for key in keys if labels.get(key)), "")


def _nearest(name: str, names: Set[str]) -> int:
    """Return how long the longest of some names is that a name is, or begins with."""
    return max((len(one) for one in names if f"{name}-".startswith(f"{one}-")), default=0)


def unready_containers(objects: Sequence[Mapping[str, Any]], names: str = "") -> list[dict[str, str]]:
    """List the containers that have begun and are not ready: what they logged may say why.

    :param objects: Pods, among other objects
    :param names: only those of pods whose name starts with this
    :returns: for each its `pod` and `container`
    """
    return [
        {"pod": pod["metadata"]["name"], "container": status["name"]}
        for pod in objects
        if pod.get("kind") == "Pod" and pod["metadata"]["name"].startswith(names)
        for status in _container_statuses(pod)
        if status.get("containerID") and not status.get("ready") and not _ended_well(status)
    ]


def log_ends(logs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the last lines of logs, LOG_LINES of each, without passwords.

    :param logs: for each container its `pod`, `container`, and `log` (what `kubectl logs` shows)
    """
    lines: list[str] = []
    for one in logs:
        # str.splitlines() would split a record at U+0085 and others as well, and half of it is no JSON.
        said = [_words(line.strip()) for line in masked(one["log"]).split("\n") if line.strip()]
        if said:
            lines.append(f"pod {one['pod']}, container {one['container']} logged last:")
            lines += [f"  {line}" for line in said[-LOG_LINES:]]
    return lines


def _words(line: str) -> str:
    """Say what a line says; CloudNativePG's are JSON, in which some have a record of PostgreSQL's log."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    if not isinstance(told, Mapping):
        return line
    record = told.get("record")
    if isinstance(record, Mapping) and record.get("message"):
        return f"{record.get('error_severity', '')}: {record['message']}"
    return ": ".join(str(told[key]) for key in ("msg", "error") if told.get(key)) or line


def _container_statuses(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _ended_well(status: Mapping[str, Any]) -> bool:
    return ((status.get("state") or {}).get("terminated") or {}).get("exitCode") == 0


def _pod(name: str, pod: Mapping[str, Any]) -> Iterator[str]:
    status = pod.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield f"pod {name} has no node: {condition.get('message', '')}"
    for container in _container_statuses(pod):
        state, last = container.get("state") or {}, (container.get("lastState") or {}).get("terminated") or {}
        waiting = state.get("waiting") or {}
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            text = f"pod {name}, container {container['name']}: {waiting['reason']} {waiting.get('message', '')}"
            yield text.rstrip() + (f" (ended with exit code {last['exitCode']})" if "exitCode" in last else "")
        elif "running" in state and not container.get("ready"):
            yield f"pod {name}, container {container['name']}: runs, is not ready"


def _lost(name: str, pod: Mapping[str, Any], now: datetime | None) -> Iterator[str]:
    """Yield what Kubernetes alone says of a pod: its node is gone, or did away with it. Its containers tell nothing."""
    metadata, status = pod.get("metadata") or {}, pod.get("status") or {}
    node, due = (pod.get("spec") or {}).get("nodeName", ""), metadata.get("deletionTimestamp")
    if status.get("phase") in ("Succeeded", "Failed"):
        # One of a ReplicaSet stays there when another has taken its place, which speaks for itself.
        replaced = any(owner.get("kind") == "ReplicaSet" for owner in metadata.get("ownerReferences") or [])
        if status["phase"] == "Failed" and status.get("reason") and not replaced:
            yield ": ".join(text for text in (f"pod {name} ended", status["reason"], status.get("message")) if text)
    elif node and due and now and datetime.fromisoformat(due) + LATE < now:
        # Its time to end is in `due` already.
        yield f"pod {name} was to be deleted by {due}, and the node {node} has not confirmed it"
    elif node and _is_unheard_of(pod):
        yield (
            f"pod {name} on the node {node} is not ready although its containers were when last heard of: "
            "the node does not answer"
        )


def _is_unheard_of(pod: Mapping[str, Any]) -> bool:
    """Tell whether the node lifecycle controller took a pod for not ready (MarkPodsNotReady): no kubelet would."""
    status = pod.get("status") or {}
    ready = [item.get("status") for item in status.get("conditions") or [] if item.get("type") == "Ready"]
    return (
        ready == ["False"]
        and bool(status.get("containerStatuses"))
        and all(item.get("ready") or _ended_well(item) for item in _container_statuses(pod))
        and not (pod.get("spec") or {}).get("readinessGates")
    )


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


def _warnings(objects: Sequence[Mapping[str, Any]], names: str, itself: str) -> Iterator[str]:
    def is_told(name: str) -> bool:
        return name.startswith(names) or (bool(name) and name == itself)

    found = [
        item
        for item in objects
        if item.get("kind") == "Event"
        and item.get("type") == "Warning"
        and is_told((item.get("involvedObject") or {}).get("name", ""))
    ]
    newest = sorted(found, key=_time, reverse=True)[:WARNINGS]
    for event in reversed(newest):
        about = event["involvedObject"]
        yield f"{about.get('kind', '')} {about['name']}: {event.get('reason', '')}: {event.get('message', '')}"


def _time(event: Mapping[str, Any]) -> str:
    return event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or ""


_LINES = {"Pod": _pod, "PersistentVolumeClaim": _claim, "Deployment": _deployment}
