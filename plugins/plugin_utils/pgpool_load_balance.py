# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Where reads go: the parameters of Pgpool-II for a preset, and what follows from them.

What Pgpool-II does with them is in its source: `select_load_balancing_node()` and `check_replication_delay()` of
pool_pg_utils.c, `extract_string_tokens2()` and `add_regex_array()` of regex_array.c. In short:

- A list of preferences is cut at `,`, each entry at its first `:`, without any escape. So a name with one of them
  cannot be written.
- A name is an extended regular expression that ignores case. `^` and `$` are put around it where they are missing, and
  a `$` at its end counts as one even where it is escaped: so a literal one is written `[$]`.
- The first entry that matches counts. Preferences of applications come before those of databases.
- `standby(0.3)` sends that part of the reads to standbys and the rest to the primary; `primary(0.3)` sends the rest to
  others by their weights. A standby of weight 0 is not chosen in either case. So `strict` does not set weights: it
  ends the list with an entry for all other databases.
- With a backend for each session, `prefer_lower_delay_standby` stays on, as the topology has it, though a session that
  reads while all standbys are late then stays on the primary. Off, the lag of a backend is not looked at when a session
  chooses it, so one session of as many as there are instances would choose the backend of the instance that is the
  primary, whose lag is huge, and read from the primary from its beginning.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pgpool_conf
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name

PRESETS = ("strict", "bounded", "eventual")
UNITS = ("session", "statement")
AFTER_WRITE = ("off", "transaction", "trans_transaction", "always", "dml_adaptive")
NODES = ("primary", "standby")

_KNOWN = ("preset", "per", "max_lag", "after_write", "databases", "applications")

# Bytes. More than Pgpool-II needs to be told a standby from the primary, whose own backend shows all that was ever
# written, or what was written since it was promoted: until that is more, it may get reads as a standby. So `eventual`
# has no limit that a standby in service reaches, but not none at all.
BOUNDED_LAG = 1_000_000
EVENTUAL_LAG = 1024**3

_LAGS = {"strict": BOUNDED_LAG, "bounded": BOUNDED_LAG, "eventual": EVENTUAL_LAG}
_AFTER_WRITE = {"strict": "always", "bounded": "transaction", "eventual": "transaction"}
_LISTS = {"databases": "database_redirect_preference_list", "applications": "app_name_redirect_preference_list"}
_EVERY_OTHER = ".*:primary"

_UNWRITABLE = re.compile("[,:='\0\r\n]")
_SPECIAL = re.compile(r"[][.*+?(){}|$]")

# Which parameter says what a key says: one of them in pgpool_params would silently win.
PARAMETERS = {
    "per": "statement_level_load_balance",
    "max_lag": "delay_threshold",
    "after_write": "disable_load_balance_on_write",
    **_LISTS,
}


def load_balance(asked: Mapping[str, Any], topology: str = "per_instance") -> dict[str, object]:
    """Return the parameters of Pgpool-II that send reads where they are wanted.

    :param asked: `preset`, `per`, `max_lag`, `after_write`, `databases` and `applications`, each of which may be left
        out
    :param topology: with `services`, nobody knows a lag, so there is no limit of it
    :raises InputError: one of them makes no sense
    """
    unknown = [str(key) for key in asked if key not in _KNOWN]
    if unknown:
        raise InputError(f"{unknown[0]} is not known; {', '.join(_KNOWN)} are")
    preset = _choice("preset", asked.get("preset", "bounded"), PRESETS)
    unit = _choice("per", asked.get("per", "statement"), UNITS)
    after_write = _choice("after_write", asked.get("after_write", _AFTER_WRITE[preset]), AFTER_WRITE)
    parameters: dict[str, object] = {
        "statement_level_load_balance": unit == "statement",
        "disable_load_balance_on_write": after_write,
    }
    if topology == "per_instance":
        parameters["delay_threshold"] = lag_in_bytes(asked.get("max_lag", _LAGS[preset]))
    elif "max_lag" in asked:
        raise InputError(
            f"max_lag is {asked['max_lag']!r}: leave it out, as Pgpool-II sees no lag in the topology services; or take"
            " the topology per_instance"
        )
    for key, parameter in _LISTS.items():
        entries = [*_entries(key, asked.get(key) or {})]
        if preset == "strict" and key == "databases":
            entries.append(_EVERY_OTHER)
        if entries:
            parameters[parameter] = ",".join(entries)
    return parameters


def lag_in_bytes(lag: object) -> int:
    """Return how many bytes a lag is: a whole number from 1 up, or a text such as `16MB`."""
    try:
        size = pgpool_conf.number("delay_threshold", lag)
    except InputError:
        size = 0
    if size < 1:
        raise InputError(
            f"max_lag is {lag!r}: give a whole number of bytes from 1 up, or a text with a unit (kB, MB, GB, TB) such"
            " as '16MB'; the preset eventual is for no limit"
        )
    return int(size)


def name_pattern(name: str) -> str:
    """Return the regular expression that matches a name, and nothing else, in a list of preferences."""
    if not name or _UNWRITABLE.search(name):
        raise InputError(
            f"{name!r} cannot be written in a list of preferences: Pgpool-II has no escape for ',', ':', '=' and"
            " quotes there; give another name"
        )
    escaped = name.replace("\\", "\\\\").replace("^", r"\^")
    return _SPECIAL.sub(lambda special: f"[{special[0]}]", escaped)


def conflicts(asked: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys that a parameter of the user's own would overrule.

    :param asked: as for :func:`load_balance`
    :param parameters: the user's own parameters of Pgpool-II
    """
    for key, parameter in PARAMETERS.items():
        implied = key == "databases" and asked.get("preset") == "strict"
        given = asked.get(key) not in (None, "", {})  # YAML makes False of `after_write: off`
        if (given or implied) and parameter in parameters:
            yield key if given else "preset"


def primary_share(parameters: Mapping[str, Any], database: str, application: str = "") -> float | None:
    """Tell which part of the reads of a session the preferences send to the primary.

    :param parameters: Pgpool-II's, from anywhere
    :param database: that of the session
    :param application: its application_name at the start
    :returns: 0 to 1, None where no preference speaks of it, and not a number for one of a certain backend
    """
    for key, name in (("applications", application), ("databases", database)):
        for entry in str(parameters.get(_LISTS[key]) or "").split(","):
            pattern, _colon, preference = entry.partition(":")
            if not name or not pattern or not re.fullmatch(_in_python(pattern), name, re.IGNORECASE):
                continue
            node, _bracket, share = preference.partition("(")
            part = float(share.rstrip(") ") or 1)
            return {"primary": part, "standby": 1 - part}.get(node, math.nan)
    return None


def _in_python(pattern: str) -> str:
    """Return a pattern of ours for Python, which warns of a bracket in brackets."""
    return pattern.replace("[[]", r"\[").replace("[]]", r"\]")


def _entries(what: str, preferences: Mapping[str, Any]) -> Iterator[str]:
    """Yield the entries of a list of preferences."""
    if not isinstance(preferences, Mapping):
        raise InputError(f"{what} is of type {type_name(preferences)}: give a mapping of names to primary or standby")
    seen: dict[str, str] = {}
    for name, preference in preferences.items():
        shown = f"{what}.{name}"
        if name is None or isinstance(name, (bool, float)):  # what was written is not known any more
            raise InputError(f"{shown} is of type {type_name(name)}, which YAML made of a name: put it in quotes")
        try:
            pattern = name_pattern(str(name))
        except InputError as exc:
            raise InputError(f"{what}: {exc}") from None
        other = seen.get(str(name).lower())
        if other is not None:
            raise InputError(
                f"{shown}: {other!r} is there, too, and Pgpool-II does not tell upper from lower case here; leave one"
            )
        seen[str(name).lower()] = str(name)
        yield f"{pattern}:{_target(shown, preference)}"


def _target(shown: str, preference: object) -> str:
    """Return what stands behind the colon: `standby`, `primary(0.3)`."""
    if not isinstance(preference, Mapping):
        return _choice(shown, preference, NODES)
    unknown = [str(key) for key in preference if key not in ("prefer", "share")]
    if unknown:
        raise InputError(f"{shown}.{unknown[0]} is not known; prefer, share are")
    node = _choice(f"{shown}.prefer", preference.get("prefer"), NODES)
    share = preference.get("share", 1)
    try:
        part = math.nan if isinstance(share, bool) else float(share)
    except (TypeError, ValueError):
        part = math.nan
    if not 0 <= part <= 1:
        raise InputError(f"{shown}.share is {share!r}: give a number from 0 to 1, the part of the reads")
    # Without an exponent, as a person would write it.
    return node if part == 1 else f"{node}({format(part, '.6f').rstrip('0').rstrip('.')})"


def _choice(what: str, value: object, choices: tuple[str, ...]) -> str:
    """Return one of the choices as a text of Python's own; YAML makes a boolean of `off`."""
    word = "off" if value is False else str(value)
    for choice in choices:
        if word == choice and value is not True:
            return choice
    raise InputError(f"{what} is {value!r}: give one of {', '.join(choices)}")
