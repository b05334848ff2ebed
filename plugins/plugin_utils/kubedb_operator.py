# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The KubeDB operator: what its Helm chart is given, what of it is there, and why it does not run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

RELEASE = "kubedb"
# The parts without which no PostgreSQL cluster is made or operated, by the label app.kubernetes.io/name of their pods.
PARTS = ("kubedb-provisioner", "kubedb-ops-manager", "kubedb-webhook-server", "petset", "sidekick")
# Those that look at their licence.
LICENSED = ("kubedb-provisioner", "kubedb-ops-manager")
AGAIN = "ends again and again"

# What somebody does about it where Helm was killed.
_ENDED_BY = {"pending-upgrade": "rollback", "pending-rollback": "rollback", "uninstalling": "uninstall"}
_ENGINES = ("Elasticsearch", "Kafka", "MariaDB", "MongoDB", "MySQL", "Redis", "Pgpool")


def values(secret: str, registry: str, pull_secrets: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return the values of the chart: PostgreSQL alone, and the licence by the name of its Secret.

    :param secret: the Secret with the licence
    :param registry: where images are pulled from; empty for the chart's own
    :param pull_secrets: as Kubernetes writes them
    """
    more: dict[str, Any] = {}
    if registry:
        more["registryFQDN"] = registry
    if pull_secrets:
        more["imagePullSecrets"] = [{"name": str(item["name"])} for item in pull_secrets]
    return {
        "global": {
            "licenseSecretName": secret,
            "featureGates": {"Postgres": True, **dict.fromkeys(_ENGINES, False)},
            **more,
        },
        "kubedb-autoscaler": {"enabled": False},
        "kubedb-kubestash-catalog": {"enabled": False},
        "sidekick": {"enabled": True},
        # A version that is deprecated by the next release must not go while a cluster is of it.
        "kubedb-catalog": {"skipDeprecated": False},
    }


def status(release: Mapping[str, Any] | None, version: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Say what is there of the operator.

    :param release: `status` of `kubernetes.core.helm_info`; empty for none
    :param wanted: the values that it has to have
    :returns: `installed` (its version, empty for none), `current` (of the version, with these values, and no half-done
        upgrade), `engines` (what else it may run: databases that it was not told to leave alone), `half_done` (empty,
        or what Helm has begun and not ended)
    :raises InputError: Helm says a time in another way
    """
    found = release or {}
    gates = ((found.get("values") or {}).get("global") or {}).get("featureGates") or {}
    installed = str(found.get("chart") or "").removeprefix(f"{RELEASE}-")
    same = installed == version and found.get("values") == wanted
    return {
        "installed": installed,
        "current": same and str(found.get("status", "")).lower() == "deployed",
        "engines": [engine for engine in _ENGINES if installed and gates.get(engine) is not False],
        "half_done": _half_done(found),
    }


def _half_done(release: Mapping[str, Any]) -> dict[str, Any]:
    """Say what Helm has begun and not ended, and what ends it where nobody is at it any more.

    Helm refuses to go on with such a release, and its state stays where Helm itself was killed. A first installation
    has nothing to go back to: without Helm's record of it (`secret`) it is installed once more, over what there is, and
    when it began is known (`since`, seconds since 1970). The others have a `command`.
    """
    state = str(release.get("status", "")).lower()
    if state in _ENDED_BY:
        return {"status": state, "command": f"helm {_ENDED_BY[state]} {RELEASE}"}
    if state != "pending-install":
        return {}
    # As Go prints a time: 2026-11-25 10:02:00.123456789 +0000 UTC
    found = re.match(r"(\S+ \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d{4})", str(release.get("updated")))
    if not found:
        raise InputError(f"Helm says that the release {RELEASE} is of {release.get('updated')!r}: that is no time")
    since = datetime.strptime(" ".join(found.groups()), "%Y-%m-%d %H:%M:%S %z")
    secret = f"sh.helm.release.v1.{RELEASE}.v{release.get('revision')}"
    return {"status": state, "since": int(since.timestamp()), "secret": secret}


def pending(objects: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """Say what of one kind is not there yet, or not ready.

    :param objects: what was read of that kind
    :param kind: `Pod` for the pods of the release; of others, one has to be there
    """
    if kind == "Pod":
        return [words for part in PARTS for words in _part_pending(part, objects)]
    if not objects:
        return [f"there is no such {kind} yet"]
    if kind == "CustomResourceDefinition":
        names = [item["metadata"]["name"] for item in objects if not _has(item, "Established")]
        return [f"{name} is not established yet" for name in names]
    return []


def _part_pending(part: str, pods: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    mine = [pod for pod in pods if _name_label(pod) == part]
    if any(_has(pod, "Ready") for pod in mine):
        return
    crashed = [pod["metadata"]["name"] for pod in mine if _crashes(pod)]
    yield f"{part} {AGAIN} (pod {', '.join(crashed)})" if crashed else f"{part} has no pod that is ready"


def _name_label(item: Mapping[str, Any]) -> str:
    return ((item.get("metadata") or {}).get("labels") or {}).get("app.kubernetes.io/name", "")


def _crashes(pod: Mapping[str, Any]) -> bool:
    containers = (pod.get("status") or {}).get("containerStatuses") or []
    return any(
        ((one.get("state") or {}).get("waiting") or {}).get("reason") == "CrashLoopBackOff"
        and one.get("restartCount", 0) > 1
        for one in containers
    )


def _has(item: Mapping[str, Any], condition: str) -> bool:
    return any(
        one.get("type") == condition and one.get("status") == "True"
        for one in (item.get("status") or {}).get("conditions") or []
    )


def refusal(objects: Sequence[Mapping[str, Any]], cluster: str, issue: str) -> str:
    """Say that the operator does not take its licence, if its Events do; else nothing.

    Events stay for an hour: those from before its pods are about another licence.

    :param objects: the Events and the pods of its namespace
    :param cluster: the UID of the namespace kube-system
    :param issue: where a licence is requested
    """
    began = [_time(item["metadata"].get("creationTimestamp")) for item in objects if _name_label(item) in LICENSED]
    refused = [
        (_time(item.get("lastTimestamp") or item.get("eventTime")), item.get("message") or "it does not say why")
        for item in objects
        if item.get("kind") == "Event" and item.get("reason") == "License Verification Failed"
    ]
    for last, message in sorted(refused)[-1:]:
        if not last or last >= max(began, default=""):
            return (
                f"KubeDB's operator refuses its licence ({message}): give one that was issued for the cluster "
                f"{cluster} (the UID of the namespace kube-system), from {issue}"
            )
    return ""


def _time(stamp: Any) -> str:
    """Return a time so that two of them compare, with or without parts of a second."""
    return str(stamp or "")[:19]
