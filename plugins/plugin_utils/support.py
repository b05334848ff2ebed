# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What support would ask for, as texts without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_operator import LICENSED

MASK = "********"

# By the label app.kubernetes.io/name of their pods.
_OPERATORS = ("cloudnative-pg", *LICENSED)

_SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?key|access_?key|private_?key|passphrase", re.IGNORECASE)
# What is said before the secret stays, so that a line can still be understood.
_PATTERNS = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|\Z)",
        r"(\b[a-z][a-z0-9+.-]*://[^\s:/@\"']+:)[^\s@\"']+(?=@)",  # postgres://app:…@host
        r"(\b(?:password|passphrase)\s+(?:E|U&)?\\*')(?:[^'\\]|''|\\.)*(?=')",  # ALTER ROLE … PASSWORD '…'
        r"(\b[\w-]*(?:passw(?:or)?d|passphrase|secret_?key|access_?key|token)\\?[\"']?\s*[=:]\s*\\?[\"']?)"
        r"(?!null\b|true\b|false\b|[{\[])[^\s\"',;&\\}]+",
        r"(\bauthorization\\?[\"']?\s*[=:]\s*\\?[\"']?(?:bearer|basic)\s+)[^\s\"'\\]+",
        r"(\bSCRAM-SHA-256\$)[0-9]+:[A-Za-z0-9+/=$:]+",
        r"(\bmd5)[0-9a-f]{32}\b",
        r"((?:^|(?<=[\s:\"'])|(?<=\\n))AES)[A-Za-z0-9+/]{22,}={0,2}",  # pool_passwd
        r"(\beyJ)[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    )
]


def masked(text: str) -> str:
    """Return a text with the secrets of the known patterns in it masked."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def support_logs(objects: Sequence[Mapping[str, Any]], name: str, instances: Sequence[str]) -> list[dict[str, str]]:
    """List the containers whose logs are wanted: the instances', those of the collection's own pods, the operator's.

    :param objects: Pods, among other objects
    :param name: the PostgreSQL cluster
    :param instances: the names of its instances' pods
    :returns: for each container its `namespace`, `pod` and `container`
    """
    return [
        {"namespace": pod["metadata"]["namespace"], "pod": pod["metadata"]["name"], "container": container["name"]}
        for pod in objects
        if pod.get("kind") == "Pod" and _is_wanted(pod["metadata"], name, instances)
        for container in pod["spec"]["containers"]
    ]


def support_files(
    reads: Sequence[Mapping[str, Any]], logs: Sequence[Mapping[str, Any]], answers: Mapping[str, str]
) -> dict[str, str]:
    """Return the files of the archive by their names, without secrets.

    :param reads: what k8s_info returned for each kind, with `kind`, and `resources` or `msg`
    :param logs: what k8s_log returned for each container, with `namespace`, `pod`, `container`, and `log` or `msg`
    :param answers: other texts by the names of their files
    """
    files: dict[str, str] = {}
    for read in reads:
        if read["kind"] == "Secret":
            continue
        objects = read.get("resources")
        text = _objects(objects) if objects is not None else f"not read: {read.get('msg') or 'no answer'}\n"
        path = f"objects/{read['kind']}.json"
        files[path] = masked(files.get(path, "") + text)
    for log in logs:
        text = log["log"] if log.get("log") is not None else f"not read: {log.get('msg') or 'no answer'}\n"
        files[f"logs/{log['namespace']}/{log['pod']}/{log['container']}.log"] = masked(text)
    return {**files, **{path: masked(text) for path, text in answers.items()}}


def _is_wanted(metadata: Mapping[str, Any], name: str, instances: Sequence[str]) -> bool:
    labels = metadata.get("labels") or {}
    return (
        metadata["name"] in instances
        or labels.get("pgha.kubernetes/cluster") == name
        or labels.get("app.kubernetes.io/name") in _OPERATORS
    )


def _objects(objects: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(_without_secrets(item), indent=1, default=str) + "\n" for item in objects)


def _without_secrets(value: Any) -> Any:
    """Return an object without what is long and says nothing, and without the values of variables named as secrets."""
    if isinstance(value, Mapping):
        named = str(value.get("name", "")) if "value" in value else ""
        return {
            name: MASK if name == "value" and _SECRET_NAME.search(named) else _without_secrets(item)
            for name, item in value.items()
            if name not in ("managedFields", "kubectl.kubernetes.io/last-applied-configuration")
        }
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item) for item in value]
    return value
