# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change in an object of Kubernetes so that it is as wanted: the three-way merge of `kubectl apply`.

The three are what is wanted, what was applied last (kept in an annotation), and what is there. A field that was applied
and is not wanted any more goes; a field that something else set stays. Where nothing differs, the patch is empty.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

# kubectl's own, which kubectl reads, too.
ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
# In place of it where the manifest is long, and compressed: the API takes 256 KiB of annotations of one object in all.
# Of kubectl's, the one that is newer is there: whoever writes one of them takes the other away, or is kubectl.
PACKED_ANNOTATION = "pgha.kubernetes/last-applied-configuration"
# Bytes of the longest manifest in kubectl's annotation; half of that, as there are others.
_LONGEST_PLAIN = 128 * 1024
# Bytes that are read of a compressed one. The API takes less of an object.
_LONGEST_PACKED = 8 * 1024 * 1024

# What tells the items of a list apart, best first. Used only where every item of both lists has it, each another.
_IDENTITIES = ("name", "mountPath", "devicePath", "containerPort", "port", "key", "topologyKey")

# Mappings of text to text. The API keeps an empty text in them, so that one that is gone is to be written again.
_TEXTS = ("annotations", "data", "labels", "matchLabels", "nodeSelector", "parameters", "selector")


def patch_for(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch that makes an object as wanted; empty where it is.

    :param wanted: the whole manifest
    :param there: the object as the API has it
    """
    last = last_applied(there)
    patch = _mapping_patch(last, _annotated(wanted), there, _keeps_others(wanted))
    # kubectl keeps `annotations: {}` of an object that it was to give none.
    if patch or _annotated(last) != _annotated(_plain(wanted)):
        record = _record(wanted)
        outdated = {ANNOTATION, PACKED_ANNOTATION}.intersection(_annotations(there)) - set(record)
        annotations = patch.setdefault("metadata", {}).setdefault("annotations", {})
        annotations.update(record, **dict.fromkeys(outdated))
    return patch


def with_annotation(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest as it is created, with the annotation that a later run compares with."""
    metadata = {**wanted["metadata"], "annotations": {**_annotations(wanted), **_record(wanted)}}
    return {**wanted, "metadata": metadata}


def last_applied(there: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the manifest that an object was applied with last; empty where that cannot be told."""
    annotations = _annotations(there)
    try:
        text = annotations.get(ANNOTATION) or _unpacked(annotations.get(PACKED_ANNOTATION) or "")
        return _mapping(json.loads(text or "{}"))
    except (ValueError, zlib.error):
        return {}


def merge_for(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a manifest that, as a JSON merge patch, would change an object; empty where none would.

    It asks for no annotation, and leaves alone what the manifest does not have. Null takes a field away.

    :param wanted: the manifest
    :param there: the object as the API has it
    """
    patch: dict[str, Any] = {}
    for key, value in wanted.items():
        now = there.get(key)
        if isinstance(value, Mapping):
            inner = merge_for(value, _mapping(now))
            if inner:
                patch[key] = inner
        elif value != now:
            patch[key] = value
    return patch


def patched(there: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as a JSON merge patch leaves it."""
    result = dict(there)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = patched(_mapping(result.get(key)), value)
        else:
            result[key] = value
    return result


def _record(wanted: Mapping[str, Any]) -> dict[str, str]:
    """Return the annotation that keeps what was applied."""
    text = json.dumps(wanted, separators=(",", ":"), sort_keys=True)
    if len(text) <= _LONGEST_PLAIN:
        return {ANNOTATION: text}
    return {PACKED_ANNOTATION: b64encode(zlib.compress(text.encode(), 9)).decode()}


def _unpacked(text: str) -> str:
    return zlib.decompressobj().decompress(b64decode(text), _LONGEST_PACKED).decode()


def _annotations(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(_mapping(item.get("metadata")).get("annotations"))


def _annotated(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with annotations, if only empty ones: those of others stay where none are wanted any more."""
    return {**manifest, "metadata": {**_mapping(manifest.get("metadata")), "annotations": _annotations(manifest)}}


def _keeps_others(wanted: Mapping[str, Any]) -> bool:
    """Tell whether items that something else added to a list stay: in Kubernetes' own kinds, as with kubectl."""
    group = wanted["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def _mapping_patch(
    last: Mapping[str, Any], wanted: Mapping[str, Any], there: Mapping[str, Any], others: bool, texts: bool = False
) -> dict[str, Any]:
    patch: dict[str, Any] = {key: None for key in last if key not in wanted and there.get(key) is not None}
    for key, value in wanted.items():
        now = there.get(key)
        if now is None:
            # Some of what is empty means something (`namespaceSelector: {}`: all of them), and the API leaves out the
            # rest. So it is written once; what was applied as it is wanted, and is not there, was left out.
            was_left_out = key in last and last[key] == value and not (texts and value == "") and _is_empty(value, key)
            if value is not None and not was_left_out:
                patch[key] = value
        elif isinstance(value, Mapping) and isinstance(now, Mapping):
            inner = _mapping_patch(_mapping(last.get(key)), value, now, others, key in _TEXTS)
            if inner:
                patch[key] = inner
        elif _is_list(value) and _is_list(now):
            merged = _merged_list(last.get(key), value, now, others)
            if merged != list(now):
                patch[key] = merged
        elif value != now or isinstance(value, bool) != isinstance(now, bool):
            patch[key] = value
    return patch


def _merged_list(last: Any, wanted: Sequence[Any], there: Sequence[Any], others: bool) -> list[Any]:
    """Return what a list has to be. Items keep what the API filled in."""
    before = last if _is_list(last) else []
    identity = _identity(wanted, there)
    if identity is None:
        if len(wanted) != len(there) or not all(isinstance(item, Mapping) for item in [*wanted, *there]):
            return list(wanted)
        pairs = [_merged(_mapping(_at(before, i)), wanted[i], there[i], others) for i in range(len(wanted))]
        return list(there) if pairs == list(there) else list(wanted)
    now = {item[identity]: item for item in there}
    applied = {item.get(identity): item for item in before if isinstance(item, Mapping)}
    names = [item[identity] for item in wanted]
    merged = {
        item[identity]: _merged(_mapping(applied.get(item[identity])), item, now[item[identity]], others)
        if item[identity] in now
        else item
        for item in wanted
    }
    kept = {name: item for name, item in now.items() if others and name not in merged and name not in applied}
    if set(now) == {*merged, *kept} and names == [name for name in now if name in merged]:
        return [{**merged, **kept}[name] for name in now]  # same order as there
    return [*merged.values(), *kept.values()]


def _merged(last: Mapping[str, Any], wanted: Any, there: Any, others: bool) -> dict[str, Any]:
    return patched(there, _mapping_patch(last, wanted, there, others))


def _identity(wanted: Sequence[Any], there: Sequence[Any]) -> str | None:
    for key in _IDENTITIES:
        if all(_names_each(items, key) for items in (wanted, there)):
            return key
    return None


def _names_each(items: Sequence[Any], key: str) -> bool:
    names = [item.get(key) for item in items if isinstance(item, Mapping)]
    plain = all(isinstance(name, (str, int)) for name in names)
    return len(names) == len(items) > 0 and plain and len(set(names)) == len(names)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _at(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _is_empty(value: Any, key: str) -> bool:
    """Tell whether the API may leave a field out: null, an empty text, or containers with nothing but such in them."""
    if isinstance(value, Mapping):
        if key in _TEXTS:
            return all(item is None for item in value.values())
        return all(_is_empty(item, name) for name, item in value.items())
    return value is None or value == "" or (_is_list(value) and len(value) == 0)


def _plain(value: Any) -> Any:
    """Return a value as JSON gives it back."""
    return json.loads(json.dumps(value))
