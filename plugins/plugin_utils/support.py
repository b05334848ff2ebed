# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What support would ask for, as texts without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import ANNOTATION, PACKED_ANNOTATION
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_operator import LICENSED

MASK = "********"

# By the label app.kubernetes.io/name of their pods.
_OPERATORS = ("cloudnative-pg", *LICENSED)

_SECRET_NAME = re.compile(
    r"passw|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|passphrase"
    r"|(?<![a-z])(?:pass|pwd)(?![a-z])",  # DB_PASS, and neither BYPASS nor PGPASSFILE, which is a path
    re.IGNORECASE,
)
# Keys that say where a secret is, or how it is kept.
_NO_SECRET = re.compile(r"(?:name|namespace|ref|version|encryption|(?:tls|ca)secret)$", re.IGNORECASE)

# A key whose value is a secret, with a number behind it or none; serverTLSSecret and the like are names of Secrets.
_KEY = (
    r"[\w-]*(?:passw(?:or)?d|passphrase|(?:secret|access|api|private)[_-]?key|token|(?<!tls)(?<!ca)secret"
    r"|(?<=[_-])(?:pass|pwd))[0-9]*+"
)
_KEY_QUOTE = r"\\*[\"']{1,2}"
# The value may be in the next line, further in, where that is no key of its own.
_IS = r"[^\S\n]*[=:][^\S\n]*(?:\n[^\S\n]+(?![\w.-]+\\*[\"']*:|[\"'][\w.-]+[\"']:|-\s))?"
_NO_VALUE = r"(?!null\b|true\b|false\b|[{\[])"
# What a value begins with: quotes, which are doubled inside of others in SQL and CSV, and have backslashes in JSON; and
# all up to the same quotes.
_DOUBLED = r"(?=[^\s\"'\\,;)}\]])"
_QUOTES = rf"(?P<quotes>\\*(?:''{_DOUBLED}|\"\"{_DOUBLED}|[\"']))"
_QUOTED = r"(?:(?!(?P=quotes))(?:\\++[^\n]|[^\\\n])|''(?=\w))+(?=(?P=quotes))"
_TO_A_COMMA = rf"{_NO_VALUE}[^\s\"',;&}}\\]+"
# What is said before the secret stays, so that a line can still be understood.
_PATTERNS = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|\Z)",
        # postgres://app:…@host, redis://:…@host; one URL at a time, so that many without a password take no time
        r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@\"']*:)(?:(?!://)[^\s@\"'])++(?=@)",
        rf"(\b(?:password|passphrase)\s+(?:E|U&)?(?P<quotes>\\*(?:''{_DOUBLED}|'))){_QUOTED}",  # … PASSWORD '…'
        r"(\b(?:password|passphrase)\s+)\$(\w*)\$.*?\$\2\$",  # … PASSWORD $$…$$
        rf"((?<![\w-]){_KEY}(?:{_KEY_QUOTE})?{_IS}{_QUOTES}){_QUOTED}",
        rf"((?<![\w-]){_KEY}(?:{_KEY_QUOTE})?{_IS}{_KEY_QUOTE}){_TO_A_COMMA}",  # a line that was cut off
        # Without quotes: where the key has some, or in a URL, to a comma and the like; else as far as libpq reads on.
        rf"((?<![\w-]){_KEY}{_KEY_QUOTE}{_IS}){_TO_A_COMMA}",
        rf"((?<=[?&]){_KEY}=){_TO_A_COMMA}",
        rf"((?<![?&\w-]){_KEY}{_IS}){_NO_VALUE}(?:[^\s\"'\\]|\\(?![ntr\"'\\])|\\\\|'{{1,2}}(?=\w))+",
        r"(\bauthorization\\?[\"']?\s*[=:]\s*\\?[\"']?(?:bearer|basic)\s+)[^\s\"'\\]+",
        r"(\bSCRAM-SHA-256\$)[0-9]+:[A-Za-z0-9+/=$:]+",
        r"(\bmd5)[0-9a-f]{32}\b",
        r"((?:^|(?<=[\s:\"'])|(?<=\\n))AES)[A-Za-z0-9+/]{22,}={0,2}",  # pool_passwd
        # The same in plain text, to the end of its line, also where that is one of a text in JSON.
        r"((?:(?m:^)|\\n|[\"'])[^\S\n]*+[^\s:\"'\\]++:(?-i:TEXT))(?:[^\n\\\"]|\\[^n\n]|\"(?![,}\]\n]|\Z))+",
        r"(\beyJ)[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    )
]


def masked(text: str) -> str:
    """Return a text with the secrets of the known patterns in it masked."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def support_logs(objects: Sequence[Mapping[str, Any]], name: str, instances: Sequence[str]) -> list[dict[str, Any]]:
    """List the containers whose logs are wanted: the instances', those of the collection's own pods, the operator's.

    :param objects: Pods, among other objects
    :param name: the PostgreSQL cluster
    :param instances: the names of its instances' pods
    :returns: for each container its `namespace`, `pod`, `container`, and `previous`: false; and once more with true
        where it has restarted
    """
    return [
        {
            "namespace": pod["metadata"]["namespace"],
            "pod": pod["metadata"]["name"],
            "container": container["name"],
            "previous": previous,
        }
        for pod in objects
        if pod.get("kind") == "Pod" and _is_wanted(pod["metadata"], name, instances)
        for container in pod["spec"]["containers"]
        for previous in ((False, True) if container["name"] in _restarted(pod) else (False,))
    ]


def support_files(
    reads: Sequence[Mapping[str, Any]], logs: Sequence[Mapping[str, Any]], answers: Mapping[str, str]
) -> dict[str, str]:
    """Return the files of the archive by their names, without secrets.

    :param reads: what k8s_info returned for each kind, with `kind`, and `resources` or `msg`
    :param logs: what read_log returned for each container, with `namespace`, `pod`, `container`, `previous`, and `log`
        or `msg`
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
        ending = ".previous.log" if log.get("previous") else ".log"
        files[f"logs/{log['namespace']}/{log['pod']}/{log['container']}{ending}"] = masked(text)
    return {**files, **{path: masked(text) for path, text in answers.items()}}


def _is_wanted(metadata: Mapping[str, Any], name: str, instances: Sequence[str]) -> bool:
    labels = metadata.get("labels") or {}
    return (
        metadata["name"] in instances
        or labels.get("pgha.kubernetes/cluster") == name
        or labels.get("app.kubernetes.io/name") in _OPERATORS
    )


def _restarted(pod: Mapping[str, Any]) -> set[str]:
    """Return the names of the containers of a pod that have restarted."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return {one["name"] for one in statuses if one.get("restartCount")}


def _objects(objects: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(_without_secrets(item), indent=1, default=str) + "\n" for item in objects)


def _without_secrets(value: Any) -> Any:
    """Return an object without what is long and says nothing, and without the values of what is named as a secret."""
    if isinstance(value, Mapping):
        named = str(value.get("name", "")) if "value" in value else ""
        return {
            name: MASK
            if (name == "value" and _SECRET_NAME.search(named)) or _is_secret(name, item)
            else _without_secrets(item)
            for name, item in value.items()
            if name not in ("managedFields", ANNOTATION, PACKED_ANNOTATION)
        }
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item) for item in value]
    return value


def _is_secret(name: Any, value: Any) -> bool:
    """Tell whether a text is secret by its key, as in a ConfigMap."""
    named = _SECRET_NAME.search(str(name)) and not _NO_SECRET.search(str(name))
    return bool(named and value and isinstance(value, str))
