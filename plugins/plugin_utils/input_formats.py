# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats that a role's variable can have beside its type.

A `Format` is a test and the sentence that says what would be right. The functions here make
formats; `input_problems.FORMATS` says which variable has which.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pool_passwd import MAX_AES_PASSWORD
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.scram import READY_MADE, is_forbidden, saslprep

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
# As Kubernetes reads it, without a sign; exponents of three digits and more are none of an amount that there is.
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i))?")
# As Prometheus reads it (ParseDuration of prometheus/common): each unit once, the largest first, 292 years at most.
_MILLISECONDS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _MILLISECONDS))
_LONGEST_DURATION = (2**63 - 1) // 10**6
_IMAGE = re.compile(
    r"[a-z0-9]+(?:[._-][a-z0-9]+)*(?::[0-9]+(?=/))?"  # registry, or the first part of the name
    r"(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*"
    r"(?P<tag>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?"
)
_ROLE = re.compile(r"[a-z_][a-z0-9_-]*[a-z0-9]|[a-z]")
# What PostgreSQL takes for everybody and for nobody, in quotes, too (RoleSpec of its gram.y).
_NO_ROLES = frozenset({"public", "none"})
# Those of Prometheus' own begin with __.
_PROMETHEUS_LABEL = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){0,2}(-[A-Za-z0-9.]+)?")

# The fields of cron: the first and the last number, and names for them.
_CRON = (
    (0, 59, ""),
    (0, 23, ""),
    (1, 31, ""),
    (1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    (0, 6, "sun mon tue wed thu fri sat"),
)

_FACTORS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}

# Where quotes are needed.
_NO_TEXT = "where YAML takes one for a number, a date or a truth value"


@dataclass(frozen=True)
class Format:
    """What a value has to look like, and the words for it.

    `remedy` ends the sentence "<variable> is <value> (<type>): …". `low` and `high` are those of a whole number, where
    a form can ask for them.
    """

    remedy: str
    accepts: Callable[[Any], bool]
    low: int | None = None
    high: int | None = None


def kind_of(value: Any) -> str:
    """Return the word for a value's type; those of Ansible's own derive from Python's."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, Mapping):
        return "mapping"
    if isinstance(value, (list, tuple)):
        return "list"
    return type(value).__name__


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, (str, int, float)) and pattern.fullmatch(str(value)) is not None


def _is_text(value: str) -> bool:
    """Tell whether YAML reads it as text where a manifest has it without quotes."""
    try:
        return isinstance(yaml.safe_load(value), str)
    except ValueError:  # such as 2026-13-13
        return False


def as_int(value: Any) -> int | None:
    """Return the integer that a value of type `int` stands for ('3' given by -e is 3), else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+", value.strip()):
        return int(value)
    return None


def as_bytes(value: Any) -> Decimal | None:
    """Return the number that a Kubernetes quantity stands for ('1Gi' is 1073741824), else None."""
    match = _QUANTITY.fullmatch(str(value))
    if not match:
        return None
    try:
        return Decimal(match[1]).scaleb(int(match[2] or 0)) * _FACTORS[match[3] or ""]
    except InvalidOperation:  # pragma: no cover - the pattern lets only numbers through
        return None


def as_milliseconds(value: Any) -> int | None:
    """Return the span of time that a duration of Prometheus stands for ('1m30s' is 90000), else None."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if not match:
        return 0 if value == "0" else None
    span = sum(int(count or 0) * unit for count, unit in zip(match.groups(), _MILLISECONDS.values(), strict=True))
    return span if span <= _LONGEST_DURATION else None


def non_empty(what: str = "at least one character") -> Format:
    """Take text or a collection with something in it."""

    def accepts(value: Any) -> bool:
        if isinstance(value, (list, tuple, Mapping)):
            return len(value) > 0
        return value is not None and bool(str(value).strip())

    return Format(f"give {what}", accepts)


def integer(low: int, high: int | None = None) -> Format:
    """Take a whole number in a range, both ends included."""

    def accepts(value: Any) -> bool:
        number = as_int(value)
        return number is not None and number >= low and (high is None or number <= high)

    span = f"of at least {low}" if high is None else f"from {low} to {high}"
    return Format(f"give a whole number {span}", accepts, low, high)


def number(low: float) -> Format:
    """Any number from a limit up."""

    def accepts(value: Any) -> bool:
        try:
            return not isinstance(value, bool) and low <= float(value) < math.inf
        except (TypeError, ValueError):
            return False

    return Format(f"give a number of at least {low:g}", accepts)


def share() -> Format:
    """Take a part of a whole, more than nothing."""

    def accepts(value: Any) -> bool:
        try:
            return not isinstance(value, bool) and 0 < float(value) <= 1
        except (TypeError, ValueError):
            return False

    return Format("give a number above 0, and 1 at most, such as 0.9", accepts)


def port() -> Format:
    """Take a TCP port."""
    return integer(1, 65535)


def host_and_port(example: str) -> Format:
    """Take the address of a server."""
    pattern = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?):([0-9]{1,5})")

    def accepts(value: Any) -> bool:
        found = pattern.fullmatch(value) if isinstance(value, str) else None
        return found is not None and 1 <= int(found[3]) <= 65535

    return Format(f"give a host and a port, such as {example}", accepts)


def node_port(zero: str = "") -> Format:
    """Take a port that Kubernetes opens on each node. `zero` says what 0 means, where it means something."""
    plain = integer(30000, 32767)
    if not zero:
        return Format("give a port from 30000 to 32767, the range of node ports", plain.accepts, plain.low, plain.high)
    return Format(
        f"give a port from 30000 to 32767, the range of node ports, or 0 ({zero})",
        lambda value: as_int(value) == 0 or plain.accepts(value),
        0,
        plain.high,
    )


def dns_label(longest: int = 63, starts_with_letter: bool = False) -> Format:
    """Take the name of a Kubernetes object that becomes part of a host name."""
    pattern = _NAME if starts_with_letter else _LABEL
    start = "start with a letter" if starts_with_letter else "start with a letter or a digit"
    return Format(
        f"give a DNS label: lower-case letters, digits and hyphens, {start}, "
        f"end with a letter or a digit, {longest} characters at most, and not what YAML takes for a number, a date or "
        "a truth value",
        lambda value: _matches(pattern, value) and len(str(value)) <= longest and _is_text(str(value)),
    )


def quantity(zero: bool = False) -> Format:
    """Take an amount of storage, memory or CPU as Kubernetes writes it, more than nothing.

    :param zero: nothing is an amount, too
    """

    def accepts(value: Any) -> bool:
        number = as_bytes(value)
        return number is not None and (number > 0 or zero)

    return Format(f"give a Kubernetes quantity such as {'500m, 2 or 1Gi' if zero else '10Gi or 500Mi'}", accepts)


def duration(example: str = "15d", zero: bool = False, longest: str = "292y") -> Format:
    """Take a span of time as Prometheus writes it, more than nothing.

    :param zero: nothing is a span, too
    :param longest: the longest one
    """
    most = as_milliseconds(longest) or 0

    def accepts(value: Any) -> bool:
        span = as_milliseconds(value)
        return span is not None and (0 < span <= most or (span == 0 and zero))

    return Format(
        "give numbers with units (y, w, d, h, m, s, ms), each unit once and the largest first, such as "
        f"{example}; {longest} at most",
        accepts,
    )


def image(pinned: bool = True, digest: bool = True) -> Format:
    """Take the reference of a container image.

    :param pinned: it has to say which one, by tag or digest
    :param digest: it may have a digest, which an image that is yet to be built has not
    """

    def accepts(value: Any) -> bool:
        match = _IMAGE.fullmatch(value) if isinstance(value, str) else None
        if not match or (match["digest"] and not digest):
            return False
        return not pinned or bool(match["tag"] or match["digest"])

    pin = ", with a tag or a digest" if pinned and digest else ", with a tag" if pinned else ""
    return Format(f"give an image reference such as registry.example/team/name:1.0{pin}", accepts)


def version(example: str) -> Format:
    """Take a version number, but none that YAML made a number of: 17.10 without quotes is 17.1."""
    return Format(
        f"give a version such as {example}, in quotes where it has a dot",
        lambda value: not isinstance(value, float) and _matches(_VERSION, value),
    )


def chart_version(example: str) -> Format:
    """Take the version of a Helm chart, as its registry has it."""
    return Format(
        f"give a version such as {example}",
        lambda value: isinstance(value, str) and _VERSION.fullmatch(value.removeprefix("v")) is not None,
    )


def chart() -> Format:
    """Take where a Helm chart is."""
    return Format(
        "give a reference such as oci://registry.example/charts/kubedb, or the path of a file",
        lambda value: isinstance(value, str) and re.fullmatch(r"oci://[^/\s]+/\S+|(?!\S*://)\S+", value) is not None,
    )


def url_or_path() -> Format:
    """Take where a file is."""
    return Format(
        "give an http(s) address or the path of a file",
        lambda value: isinstance(value, str) and re.fullmatch(r"https?://\S+|(?!\S*://)\S+", value) is not None,
    )


def url() -> Format:
    """Take the address of something on the web."""
    return Format(
        "give an http(s) address",
        lambda value: isinstance(value, str) and re.fullmatch(r"https?://\S+", value) is not None,
    )


def bucket() -> Format:
    """Take the name of a bucket of an object store."""
    return Format(
        "give the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, and not what YAML takes for "
        "a number, a date or a truth value",
        lambda value: (
            isinstance(value, str)
            and re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value) is not None
            and _is_text(value)
        ),
    )


def folder() -> Format:
    """Take a folder in a bucket."""
    return Format(
        "give a folder such as databases/production: letters, digits, '-', '_', '.' and slashes between them",
        lambda value: isinstance(value, str) and re.fullmatch(r"[\w.-]+(/[\w.-]+)*", value, re.ASCII) is not None,
    )


def cron() -> Format:
    """Take when something is done, as cron writes it: without seconds, and as the operators read it (robfig/cron)."""

    def accepts(value: Any) -> bool:
        fields = value.split(" ") if isinstance(value, str) else []
        return len(fields) == len(_CRON) and all(
            _in_cron(part, *limits) for field, limits in zip(fields, _CRON, strict=True) for part in field.split(",")
        )

    return Format(
        "give five fields as cron has them, such as '0 2 * * *': minute, hour, day, month, day of the week (0 to 6)",
        accepts,
    )


def _in_cron(part: str, low: int, high: int, names: str) -> bool:
    """Tell whether a part of a field of cron is a number, a range, or all, with a step or not."""
    match = re.fullmatch(r"(?:([*?])|(\w+)(?:-(\w+))?)(?:/0*[1-9][0-9]*)?", part, re.ASCII)
    if not match or match[1]:
        return match is not None
    known = {name: number for number, name in enumerate(names.split(), start=low)}
    ends = [known.get(end.lower(), as_int(end)) for end in match.groups()[1:] if end]
    return None not in ends and low <= ends[0] <= ends[-1] <= high


def days_weeks_months() -> Format:
    """Take how long backups are kept."""
    return Format(
        "give a number of days, weeks or months such as 30d, 4w or 6m",
        lambda value: isinstance(value, str) and re.fullmatch(r"[1-9][0-9]*[dwm]", value) is not None,
    )


def point_in_time() -> Format:
    """Take a time with its zone, as text (YAML makes a time of its own of one without quotes)."""
    pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"

    def accepts(value: Any) -> bool:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            return False
        try:
            return bool(datetime.fromisoformat(value))
        except ValueError:  # such as that of a 30th of February
            return False

    return Format("give a time with its zone, in quotes, such as '2026-11-25T21:04:05Z'", accepts)


def lsn() -> Format:
    """Take a place in the WAL."""
    return Format(
        "give a place in the WAL such as 0/5000060, as pg_current_wal_lsn() says it",
        lambda value: isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}", value) is not None,
    )


def database_role() -> Format:
    """Take the name of a PostgreSQL role that also becomes part of a Secret's name."""
    return Format(
        "give a name of lower-case letters, digits, underscores and hyphens that starts with a letter or an "
        "underscore and ends with a letter or a digit, 63 characters at most, and not public or none, which no role of "
        "PostgreSQL can be called",
        lambda value: (
            isinstance(value, str)
            and _ROLE.fullmatch(value) is not None
            and len(value) <= 63
            and value not in _NO_ROLES
        ),
    )


def database_name() -> Format:
    """Take the name of a database: what PostgreSQL takes, without what breaks tools."""
    return Format(
        "give a name of 1 to 63 bytes without control characters, quotes, slashes or backslashes",
        lambda value: (
            isinstance(value, str)
            and 0 < len(value.encode()) <= 63
            and not any(c in "\"'/\\" or ord(c) < 32 or ord(c) == 127 for c in value)
        ),
    )


def password() -> Format:
    """Take a password that logs in to PostgreSQL and through Pgpool-II.

    Pgpool-II cannot read back what is longer than 79 bytes, and does not apply SASLprep as PostgreSQL does. What looks
    like a hash, PostgreSQL keeps as one, and Pgpool-II has to know the password itself.
    CloudNativePG cuts spaces off at both ends (getPassword in its roles/runnable.go), so the two would differ.
    """
    return Format(
        f"give 1 to {MAX_AES_PASSWORD} bytes without control characters, without characters that SASLprep changes or "
        "forbids, such as emoji, without spaces at its ends, and not what PostgreSQL takes for a hash (md5 and 32 "
        "hexadecimal digits, or SCRAM-SHA-256$…) but the password itself, or leave it out to have one generated",
        lambda value: (
            isinstance(value, str)
            and 0 < len(value.encode()) <= MAX_AES_PASSWORD
            and not any(ord(c) < 32 or ord(c) == 127 for c in value)
            and saslprep(value) == value.strip() == value
            and not is_forbidden(value)
            and not READY_MADE.fullmatch(value)
        ),
    )


def labels() -> Format:
    """Take a mapping of Kubernetes labels. The API takes text alone, also where YAML makes something else of it."""
    return Format(
        "give a mapping of label names to values: letters, digits, '-', '_' and '.', 63 characters at most, in quotes "
        f"{_NO_TEXT}",
        lambda value: (
            isinstance(value, Mapping)
            and all(_is_entry(key, entry) and _LABEL_VALUE.fullmatch(entry) for key, entry in value.items())
        ),
    )


def annotations() -> Format:
    """Take a mapping of Kubernetes annotations: any text under names like those of labels."""
    return Format(
        f"give a mapping of names such as example.com/name to texts, in quotes {_NO_TEXT}",
        lambda value: isinstance(value, Mapping) and all(_is_entry(key, entry) for key, entry in value.items()),
    )


def prometheus_labels() -> Format:
    """Take a mapping of labels as Prometheus has them."""
    return Format(
        "give a mapping of label names (letters, digits and '_', no digit first, not '__' first) to texts, in quotes "
        f"{_NO_TEXT}",
        lambda value: (
            isinstance(value, Mapping)
            and all(_is_entry(key, entry, _PROMETHEUS_LABEL) and entry.strip() for key, entry in value.items())
        ),
    )


def environment() -> Format:
    """Take a mapping of names of an environment to texts and numbers, which become texts there."""
    return Format(
        "give a mapping of names such as AWS_REQUEST_CHECKSUM_CALCULATION to texts",
        lambda value: (
            isinstance(value, Mapping)
            and all(
                isinstance(name, str)
                and _ENVIRONMENT_NAME.fullmatch(name)
                and isinstance(text, (str, int, float))
                and not isinstance(text, bool)
                for name, text in value.items()
            )
        ),
    )


def _is_entry(key: Any, value: Any, names: re.Pattern[str] = _LABEL_KEY) -> bool:
    """Tell whether a name and a text are those of a label, or of an annotation of Kubernetes."""
    return isinstance(key, str) and names.fullmatch(key) is not None and isinstance(value, str)
