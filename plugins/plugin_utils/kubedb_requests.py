# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What KubeDB does to a cluster that runs, it does by request: an object PostgresOpsRequest for each time.

A request cannot be changed, so each has a name of its own. The name follows from the cluster, from what is asked for
and from the newest request that has ended: a run that was stopped finds its own again, and two runs at once make one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.labels import CLUSTER_LABEL, labels

API_VERSION = "ops.kubedb.com/v1alpha1"
KIND = "PostgresOpsRequest"
TYPES = {
    "restart": "Restart",
    "scale": "HorizontalScaling",
    "upgrade": "UpdateVersion",
    "rotate_password": "RotateAuth",
}
SUCCESSFUL = "Successful"
ENDED = frozenset({SUCCESSFUL, "Failed", "Denied", "Skipped"})

# How many of our own that have ended stay, to be looked at.
KEPT = 3
_LONGEST = 1500  # characters of the operator's own words
_WRONG = re.compile("fail|denied|skipped", re.IGNORECASE)


def reads(namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read: all of them, as somebody else's may go on, too."""
    return [{"api_version": API_VERSION, "kind": KIND, "namespace": namespace}]


def plan(
    cluster: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], operation: str, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Say which request has to be made, which goes on already, or why none can be made now.

    :param cluster: the Postgres object
    :param objects: the requests, among others
    :param operation: a key of TYPES
    :param wanted: `timeout` in seconds, `instances` for `scale`, `version` for `upgrade`
    :returns: `problems` (sentences), `request` (the manifest to make; empty where one goes on), `name` (of the one to
        wait for), `going` (a sentence about it, where it is there already), `secret` (of the new password) and `old`
        (definitions of those to delete)
    """
    name, namespace = (cluster["metadata"][key] for key in ("name", "namespace"))
    found = sorted((item for item in objects if _is_of(item, name)), key=_age)
    ended = [item for item in found if _is_ours(item, name) and phase(item) in ENDED]
    made = manifest(cluster, operation, wanted, ended[-1]["metadata"]["uid"] if ended else "")
    result = {"problems": [], "request": {}, "name": "", "going": "", "secret": "", "old": []}
    going = [item for item in found if phase(item) not in ENDED]
    same = [item for item in going if _is_same(item, made, operation, name)]
    if same:
        found_name = same[0]["metadata"]["name"]
        return {**result, "name": found_name, "going": f"{_words(same[0])}", "secret": _secret(same[0])}
    if operation == "scale" and (cluster.get("spec") or {}).get("replicas", 1) == int(wanted["instances"]):
        return result
    return {
        **result,
        "problems": [_other(item, name) for item in going[:1]],
        "request": made,
        "name": made["metadata"]["name"],
        "secret": _secret(made),
        "old": [_address(item, namespace) for item in ended[: max(0, len(ended) - KEPT)]],
    }


def manifest(cluster: Mapping[str, Any], operation: str, wanted: Mapping[str, Any], after: str = "") -> dict[str, Any]:
    """Return a request.

    :param after: the uid of the newest one that has ended
    """
    metadata = cluster["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    asked = _asked(operation, cluster, wanted)
    text = json.dumps([metadata.get("uid", ""), TYPES[operation], asked, after], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:6]
    if operation == "rotate_password":
        # KubeDB's own passwords would do, but a Secret that is externally managed is not KubeDB's to write.
        asked = {"authentication": {"secretRef": {"kind": "Secret", "name": f"{name}-auth-{digest}"}}}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": f"{name}-{operation.replace('_', '-')}-{digest}",
            "namespace": namespace,
            "labels": labels("postgresql", "request", name, {CLUSTER_LABEL: name}),
        },
        "spec": {
            "type": TYPES[operation],
            "databaseRef": {"name": name},
            "apply": "IfReady",
            "timeout": f"{int(wanted['timeout'])}s",
            **asked,
        },
    }


def _asked(operation: str, cluster: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the spec that the type has. The modes are the cluster's: left out, KubeDB takes its own."""
    spec = cluster.get("spec") or {}
    if operation == "scale":
        return {
            "horizontalScaling": {
                "replicas": int(wanted["instances"]),
                "standbyMode": spec.get("standbyMode") or "Hot",
                "streamingMode": spec.get("streamingMode") or "Asynchronous",
            }
        }
    return {"updateVersion": {"targetVersion": str(wanted["version"])}} if operation == "upgrade" else {}


def phase(request: Mapping[str, Any]) -> str:
    """Return the phase of a request; empty where the operator has not looked at it."""
    return (request.get("status") or {}).get("phase") or ""


def verdict(requests: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Say what became of a request.

    :param requests: the request, or nothing where it is gone
    :param name: its name
    :returns: `ended`, `successful`, and `words`, with the operator's own message
    """
    item = next((item for item in requests if (item.get("metadata") or {}).get("name") == name), None)
    if item is None:
        return {"ended": False, "successful": False, "words": f"there is no {KIND} {name} any longer"}
    now, said = phase(item), message(item)
    return {
        "ended": now in ENDED,
        "successful": now == SUCCESSFUL,
        "words": _words(item) + (f": {said}" if said else ""),
    }


def message(request: Mapping[str, Any]) -> str:
    """Return the operator's own words: what went wrong, else what it did last."""
    conditions = [item for item in (request.get("status") or {}).get("conditions") or [] if item.get("message")]
    wrong = [
        item["message"]
        for item in conditions
        if item.get("status") != "True" or _WRONG.search(f"{item['type']} {item.get('reason')}")
    ]
    said = wrong if wrong and phase(request) != SUCCESSFUL else [item["message"] for item in conditions[-1:]]
    text = "; ".join(dict.fromkeys(" ".join(words.split()) for words in said))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."


def allowed(release: str, constraints: Mapping[str, Any]) -> bool:
    """Tell whether the catalog lets a version be updated to a release.

    What is written in another way than as comparisons is left for the operator to judge.

    :param release: such as `17.9`
    :param constraints: `allowlist` and `denylist` of the version that runs
    """
    if any(_fits(release, entry) for entry in constraints.get("denylist") or []):
        return False
    entries = constraints.get("allowlist") or []
    return not entries or any(_fits(release, entry) is not False for entry in entries)


_COMPARISON = re.compile(r"(>=|<=|!=|>|<|=)?\s*v?([0-9]+(?:\.[0-9]+){0,2})")
_HOLDS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _fits(release: str, entry: str) -> bool | None:
    """Tell whether a release fits comparisons joined by commas; None where they are not comparisons."""
    number = numbers(release)
    results = []
    for term in str(entry).split(","):
        match = _COMPARISON.fullmatch(term.strip())
        if not match:
            return None
        results.append(_HOLDS[match[1] or "="](number, numbers(match[2])))
    return all(results)


def numbers(release: Any) -> tuple[int, int, int]:
    """Return a release as numbers that compare: those of `17.9-bookworm` are 17, 9 and 0."""
    match = re.match(r"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?", str(release))
    first, second, third = match.groups() if match else ("0", None, None)
    return int(first), int(second or 0), int(third or 0)


def _is_of(item: Mapping[str, Any], cluster: str) -> bool:
    reference = (item.get("spec") or {}).get("databaseRef") or {}
    return item.get("kind") == KIND and reference.get("name") == cluster


def _is_ours(item: Mapping[str, Any], cluster: str) -> bool:
    return (item["metadata"].get("labels") or {}).get(CLUSTER_LABEL) == cluster


def _is_same(item: Mapping[str, Any], made: Mapping[str, Any], operation: str, cluster: str) -> bool:
    """Tell whether a request is what would be asked for, whoever made it. A new password has to be in our Secret."""
    spec = item["spec"]
    if spec.get("type") != TYPES[operation]:
        return False
    if operation == "rotate_password":
        return _is_ours(item, cluster) and bool(_secret(item))
    parts = {key: value for key, value in made["spec"].items() if isinstance(value, Mapping)}
    return all({**(spec.get(key) or {}), **value} == (spec.get(key) or {}) for key, value in parts.items())


def _secret(item: Mapping[str, Any]) -> str:
    authentication = (item.get("spec") or {}).get("authentication") or {}
    return (authentication.get("secretRef") or {}).get("name") or ""


def _words(item: Mapping[str, Any]) -> str:
    return f"the {KIND} {item['metadata']['name']} ({item['spec'].get('type')}) is {phase(item) or 'not begun'}"


def _other(item: Mapping[str, Any], cluster: str) -> str:
    said = message(item)
    remedy = "approve it or delete it" if phase(item) == "WaitingForApproval" else "wait until it has ended"
    return (
        f"{_words(item)}{f' ({said})' if said else ''}, and KubeDB does one thing at a time to {cluster}: {remedy}, "
        "then run this again"
    )


def _age(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["metadata"].get("creationTimestamp") or "", item["metadata"]["name"]


def _address(item: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": item["metadata"]["name"], "namespace": namespace},
    }


_LISTS = ("allowlist", "denylist")


def version_problems(running: str, wanted: str, catalog: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield why KubeDB would not update from one PostgresVersion to another. Both are in the catalog.

    :param running: the name of the one that the cluster has
    :param wanted: the name of the one that is asked for
    :param catalog: the PostgresVersions by name
    """
    old, new = (catalog[name].get("spec") or {} for name in (running, wanted))
    shown = f"postgres_cluster_version is {wanted!r} (string)"
    had, has = numbers(old.get("version") or running), numbers(new.get("version") or wanted)
    if has < had:
        yield f"{shown}: the cluster runs {running} and cannot go back; give a newer one"
        return
    for key, what in (("distribution", "distribution"), ("db.baseOS", "base system")):
        before, after = (_at(spec, key) for spec in (old, new))
        if before and after and before != after:
            yield f"{shown}: its {what} is {after}, and KubeDB does not change the cluster's; give one of {before}"
            return
    if not allowed(str(new.get("version") or wanted), old.get("updateConstraints") or {}):
        rules = old["updateConstraints"]
        said = "; ".join(f"{key}: {', '.join(map(str, rules[key]))}" for key in _LISTS if rules.get(key))
        yield f"{shown}: KubeDB does not update {running} to it ({said}); give one that fits, and go on from there"


def _at(spec: Mapping[str, Any], path: str) -> Any:
    for key in path.split("."):
        spec = (spec or {}).get(key) or {}
    return spec or None
