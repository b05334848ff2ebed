# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a manifest against the schema of its kind as the API does with `fieldValidation: Strict`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: dict[str, Any] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


def violations(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield each field that is unknown, missing, of another type or of a value that is not allowed."""
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, (int, str)) or isinstance(value, bool):
            yield f"{path}: {value!r} is neither a number nor a text"
        return
    kind = schema.get("type")
    if kind and not _TYPES[kind](value):
        yield f"{path}: {value!r} is not of the type {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from violations(item, schema.get("items", {}), f"{path}[{index}]")
    elif isinstance(value, Mapping):
        yield from _fields(value, schema, path)


def _fields(value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    # An object of which nothing is said takes everything.
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or (not known and others is None)
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, item in value.items():
        if (path, name) == ("", "metadata"):
            continue  # the same for every kind: the API knows it without the schema
        if name in known:
            yield from violations(item, known[name], f"{path}.{name}")
        elif isinstance(others, Mapping):
            yield from violations(item, others, f"{path}.{name}")
        elif not is_open and others is not True:
            yield f"{path}.{name} is not known"
