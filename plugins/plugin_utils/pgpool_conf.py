# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Pgpool-II's configuration: pgpool.conf, the same as PGPOOL_PARAMS_* variables, and pool_hba.conf.

Everything is checked here because Pgpool-II is lenient where that hurts: it ignores a parameter that it does not know,
takes a misspelt boolean for true, and drops pool_hba.conf as a whole for one bad line.

A value in pgpool.conf stands between single quotes, and its reader (src/config/pool_config.l) knows no escapes: it
takes what is between the quotes as it is, backslashes included, up to the last quote that it can reach. So ``''`` is a
syntax error, ``\'`` keeps its backslash, and a quote without a backslash before it cannot be written at all.

Every function is pure and raises only :class:`InputError`, which never holds a secret.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_parameters import (
    PARAMETERS,
    PATTERNS,
    RESTART,
    Parameter,
)

_NUMBERED = re.compile(r"(.*[a-z_])(0|[1-9][0-9]*)")
# What a backend in a list may say, and the parameter that it becomes, less its number.
_BACKEND_FIELDS = {
    name.removeprefix("backend_"): name
    for name, parameter in PARAMETERS.items()
    if parameter.indexes and name.startswith(("backend_", "health_check_", "connect_timeout"))
}
_SECRET = re.compile(r"_(password|authkey)[0-9]*$")
_UNSHOWN = re.compile(r"(password|key)[0-9]*$")
_FORBIDDEN = re.compile(r"[\0\r\n]")
_LINE = re.compile(r"(\w+) = '(.*)'")

_BOOLEANS = dict.fromkeys(("on", "true", "yes", "1"), "on") | dict.fromkeys(("off", "false", "no", "0"), "off")
# What C's strtol() and strtod() make of a number: 0x1f is hexadecimal, 0700 octal. A unit may follow.
_NUMBER = re.compile(
    r"([+-]?(?:0[xX][0-9a-fA-F]{1,16}|0[0-7]{1,22}|(?:0|[1-9][0-9]{0,18})(?:\.[0-9]*)?))[ \t]*([A-Za-z]*)"
)
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400}
_BYTES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}

_HBA_TYPES = ("local", "host", "hostssl", "hostnossl")
_HBA_METHODS = ("scram-sha-256", "md5", "cert", "pam", "ldap", "reject", "trust")
_HBA_LDAP = "url tls scheme server port binddn bindpasswd searchattribute searchfilter basedn prefix suffix"
_HBA_OPTIONS = {
    "pam": ("pamservice", "pam_use_hostname"),
    "ldap": (*(f"ldap{option}" for option in _HBA_LDAP.split()), "backend_use_passwd"),
}
# A login is made of a prefix and a suffix, or the user is searched for: not both, and not neither (parse_hba_line()).
_HBA_LDAP_BIND = ("ldapprefix", "ldapsuffix")
_HBA_LDAP_SEARCH = ("ldapbasedn", "ldapurl")
_HBA_LDAP_SEARCHED = ("ldapbinddn", "ldapbindpasswd", "ldapsearchattribute", "ldapsearchfilter")
_HBA_KEYS = ("type", "database", "user", "address", "method", "options")
_HBA_HEADER = ("# TYPE", "DATABASE", "USER", "ADDRESS", "METHOD", "OPTIONS")
_HBA_EVERYWHERE = {4: ipaddress.ip_network("0.0.0.0/0"), 6: ipaddress.ip_network("::/0")}
_HBA_PLAIN = re.compile(r"[A-Za-z0-9_.:/=-]+")
_HBA_HOST = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_HBA_BLANK = re.compile(r"[ \t,]*")
_HBA_TOKEN = re.compile(r'(?:[^ \t,"#]|"(?:[^"]|"")*")+')
_HBA_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
# MAX_TOKEN and MAX_LINE of src/auth/pool_hba.c, less the NUL and, of the line, the newline and one byte of its check.
_HBA_MAX_TOKEN = 255
_HBA_MAX_LINE = 8189


class HbaRule(NamedTuple):
    """What a rule of pool_hba.conf says of logins."""

    type: str
    users: tuple[str, ...]
    address: str | None
    method: str
    databases: tuple[str, ...] = ("all",)


def params(parameters: Mapping, version: str | None = None) -> list[dict[str, str]]:
    """Make the environment variables from which an image's entry point writes pgpool.conf.

    Upstream's entry point (pgpool2_on_k8s, pgpool.docker/entrypoint.sh) and that of this collection's image turn
    ``PGPOOL_PARAMS_PORT=9999`` into the line ``port = '9999'`` with the value as it is. Nothing in a value has to be
    escaped for that (see the top of this file); what cannot be written is refused. Two rules come on top:

    - upstream's entry point cuts a variable at its last ``=``, so a value may hold none;
    - Kubernetes expands ``$(NAME)`` in the ``env`` of a container and takes ``$$`` for ``$``, so each ``$`` is doubled.

    Args:
        parameters: ``{name: value}`` with Pgpool-II's own names; True and False become ``on`` and ``off``. Those
            with numbers may be given as lists, see :func:`numbered`.
        version: the release of Pgpool-II in the image, such as ``4.6.1``; None allows the parameters of all releases.

    Returns:
        ``[{"name": "PGPOOL_PARAMS_…", "value": "…"}]`` in the order given, fit for the ``env`` of a container.

    Raises:
        InputError: a parameter is unknown, has a wrong value, cannot be written, or is a secret, which has no place in
            an environment variable.

    """
    variables = []
    for name, text in _texts(parameters, version).items():
        if text and is_secret(name):
            raise InputError(
                f"{name} is a secret, and an environment variable shows it to everyone who can see the pod: leave it"
                " empty and put the user into pool_passwd, or give Pgpool-II a whole pgpool.conf as a file"
            )
        if "=" in text:
            raise InputError(
                f"{name} has a '=' in its value, where the upstream image's entry point cuts a variable in two: give"
                " Pgpool-II a whole pgpool.conf as a file instead (pgpool_config_mode: files)"
            )
        variables.append({"name": f"PGPOOL_PARAMS_{name.upper()}", "value": text.replace("$", "$$")})
    return variables


def conf(parameters: Mapping, version: str | None = None) -> str:
    """Make a pgpool.conf file: a line ``name = 'value'`` for each parameter, in the order given.

    Arguments and errors are those of :func:`params`, but secrets may be written, and ``=`` and ``$`` are characters
    like any other.
    """
    return "".join(f"{name} = '{text}'\n" for name, text in _texts(parameters, version).items())


def is_secret(name: str) -> bool:
    """Tell whether the value of a parameter is a password or a key."""
    return _SECRET.search(name) is not None


def numbered(parameters: Mapping) -> dict[str, object]:
    """Return the parameters with lists taken apart into numbered parameters, in the order given.

    Args:
        parameters: as for :func:`params`. Where Pgpool-II numbers a parameter, the value may be a list
            (``backend_weight: [0, 1]`` is ``backend_weight0`` and ``backend_weight1``). ``backends`` is a list of
            dicts, one for each backend, with ``hostname``, ``port``, ``weight``, ``flag``, ``data_directory``,
            ``application_name``, ``connect_timeout`` and ``health_check_…``.

    Raises:
        InputError: a list stands where there is nothing to number, or a parameter comes twice.

    """
    flat: dict[str, object] = {}
    for name, value in parameters.items():
        for key, one in _taken_apart(name, value):
            if key in flat:
                raise InputError(f"{key} is there twice, once by its name and once in a list")
            flat[key] = one
    return flat


def _taken_apart(name: object, value: object) -> Iterator[tuple[object, object]]:
    """Yield the numbered parameters that a list stands for, and all else as it is."""
    if name == "backends":
        yield from _backends(value)
        return
    parameter = PARAMETERS.get(name) if isinstance(name, str) and isinstance(value, (list, tuple)) else None
    if not parameter or not parameter.indexes:
        yield name, value
        return
    for number, one in enumerate(value):
        yield f"{name}{number}", one


def _backends(backends: object) -> Iterator[tuple[str, object]]:
    """Yield the parameters of a list of backends."""
    if not isinstance(backends, (list, tuple)):
        raise InputError(f"backends is of type {type_name(backends)}; a list of dicts is right")
    for number, backend in enumerate(backends):
        if not isinstance(backend, Mapping):
            raise InputError(
                f"backend {number} is of type {type_name(backend)}; a dict with hostname and port is right"
            )
        for field, value in backend.items():
            if field not in _BACKEND_FIELDS:
                raise InputError(f"backend {number}: unknown {field}; known are {', '.join(_BACKEND_FIELDS)}")
            yield f"{_BACKEND_FIELDS[field]}{number}", value


def number(name: str, value: object) -> float:
    """Return what a whole number of pgpool.conf counts, in the parameter's own unit: ``'16MB'`` is 16777216.

    Args:
        name: the parameter's name.
        value: its value, as for :func:`params`.

    Raises:
        InputError: the parameter is unknown, is no whole number, or has a wrong value.

    """
    parameter = _lookup(name)
    match = _NUMBER.fullmatch(_text(name, value, parameter)) if parameter.type == "int" else None
    if match is None:
        raise InputError(f"{name} is no parameter of Pgpool-II that counts something")
    return _c_number(match[1]) * (_scale(match[2], parameter.unit) or 1)


def restart_needed(old: Mapping, new: Mapping) -> list[str]:
    """Tell which parameters keep their old value until Pgpool-II restarts; a reload takes up all others.

    Args:
        old: the parameters that Pgpool-II runs with, as for :func:`params`.
        new: those that it should run with.

    Returns:
        The names of such parameters: those of ``new`` in its order, then those that are gone. A reload takes up a new
        backend, but leaves a parameter that is gone from the file as it was.

    Raises:
        InputError: a parameter is unknown or has a wrong value.

    """
    before, after = _texts(old), _texts(new)
    stuck = [name for name, text in after.items() if _is_stuck(name, before.get(name), text)]
    return stuck + [name for name in before if name not in after]


def with_change(parameters: Mapping, change: str) -> dict[str, object]:
    """Return those parameters whose change takes the one, ``reload`` or ``restart``, in the order given.

    Raises:
        InputError: a parameter is unknown.

    """
    return {name: value for name, value in numbered(parameters).items() if _lookup(name).change == change}


def parsed(text: str) -> dict[str, str]:
    """Return the parameters of a text that :func:`conf` made, with their values as texts."""
    return dict(match.groups() for match in map(_LINE.fullmatch, text.split("\n")) if match)


def text_of(name: str, value: object) -> str:
    """Return the value of one parameter as it stands between the quotes of pgpool.conf.

    Raises:
        InputError: the parameter is unknown or has a wrong value.

    """
    return _text(name, value, _lookup(name))


def hba_rule(rule: Mapping | str) -> HbaRule | None:
    """Return what a rule of pool_hba.conf says; None for a comment or an empty line.

    Args:
        rule: as for :func:`hba`.

    Raises:
        InputError: Pgpool-II would not take the rule.

    """
    where = "a rule of pool_hba"
    row = _hba_row(where, rule)
    fields = _hba_fields(where, row if isinstance(row, str) else "  ".join(filter(None, row)))
    if not fields:
        return None
    kind = _unquoted(fields[0][0])
    address, method = (None, fields[3]) if kind == "local" else (_unquoted(fields[3][0]), fields[4])
    databases, users = (tuple(map(_unquoted, field)) for field in fields[1:3])
    return HbaRule(kind, users, address, _unquoted(method[0]), databases)


def may_come(user: str, rules: Sequence[Mapping | str], database: str, version: int | None = None) -> bool:
    """Tell whether rules of pool_hba.conf let a user in over the network, from some address and by a password.

    Args:
        user: the name.
        rules: as for :func:`hba`.
        database: to which the user connects.
        version: of IP, by which the user connects. Where it is not known, rules for either may let the user in, and
            one that refuses all of IPv4 refuses all.

    """
    databases = {"all", database, *(["sameuser"] if user == database else [])}
    for rule in filter(None, map(hba_rule, rules)):
        if rule.type == "local" or not {user, "all"} & set(rule.users) or not databases & set(rule.databases):
            continue
        network = _hba_network("a rule of pool_hba", rule.address)
        if version and network and network.version != version:
            continue
        if rule.method not in ("reject", "cert"):
            return True
        is_everywhere = rule.address == "all" or (network and network == _HBA_EVERYWHERE[version or 4])
        if rule.type == "host" and is_everywhere:
            return False
    return False


def hba(rules: Sequence[Mapping | str]) -> str:
    """Make a pool_hba.conf file.

    Args:
        rules: in the order in which Pgpool-II tries them. A dict has ``type`` (local, host, hostssl, hostnossl),
            ``database`` and ``user`` (a name or a list of names, ``all`` by default), ``address`` (for all types but
            local), ``method`` and ``options`` (a dict). A text is a line of the file: it is checked and kept as it is.

    Returns:
        The text of the file, with a heading and aligned columns.

    Raises:
        InputError: Pgpool-II would refuse or never match a rule, or a rule lets in whom it should not: method
            ``password`` (CVE-2025-46801), or ``trust`` for clients from elsewhere.

    """
    rows = [_hba_row(f"rule {number} of pool_hba", rule) for number, rule in enumerate(rules, start=1)]
    if not any(_hba_fields("", row) if isinstance(row, str) else row for row in rows):
        raise InputError("pool_hba has no rules, so nobody could log in")
    columns = zip(_HBA_HEADER, *(row for row in rows if not isinstance(row, str)), strict=True)
    widths = [max(map(len, column)) for column in columns]
    return "".join(f"{_hba_text(row, widths)}\n" for row in (_HBA_HEADER, *rows))


def _texts(parameters: Mapping, version: str | None = None) -> dict[str, str]:
    """Return the parameters with their values as they stand between the quotes of pgpool.conf."""
    texts = {}
    for name, value in numbered(parameters).items():
        if not isinstance(name, str):
            raise InputError(f"{name!r} is no name of a Pgpool-II parameter")
        parameter = _lookup(name)
        if version is not None and _release(version) < _release(parameter.since):
            raise InputError(f"{name} is new in Pgpool-II {parameter.since}; {version} would ignore it")
        texts[name] = _text(name, value, parameter)
    return texts


def _release(version: object) -> list[int]:
    """Return a release such as ``4.6.1`` as numbers that can be compared."""
    if not isinstance(version, str) or not re.fullmatch(r"[0-9]+(\.[0-9]+)+", version):
        raise InputError(f"version {version!r} is no release of Pgpool-II; a text such as '4.6.1' is right")
    return [int(part) for part in version.split(".")]


def _lookup(name: str) -> Parameter:
    """Return the parameter of that name, with or without a number at its end."""
    parameter = PARAMETERS.get(name)
    if parameter and parameter.bare:
        return parameter
    numbered = _NUMBERED.fullmatch(name)
    base = numbered[1] if numbered else name
    parameter = PARAMETERS.get(base)
    if not parameter or not parameter.indexes:
        near = difflib.get_close_matches(name.lower(), PARAMETERS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"Pgpool-II has no parameter {name!r} and would ignore it{hint}")
    if not numbered or int(numbered[2]) >= parameter.indexes:
        raise InputError(f"{name} is not one of {base}0 to {base}{parameter.indexes - 1}")
    return parameter


def _is_stuck(name: str, before: str | None, after: str) -> bool:
    """Tell whether a reload would leave the parameter at the text ``before``; None if it was not there."""
    parameter = _lookup(name)
    is_new_backend = before is None and parameter.indexes > 0
    if name in PATTERNS:
        return bool(before) and before != after
    return parameter.change == RESTART and before != after and not is_new_backend


def _text(name: str, value: object, parameter: Parameter) -> str:
    """Return the value as it stands between the quotes of pgpool.conf."""
    if value is None:
        raise InputError(f"{name} has no value; leave it out for Pgpool-II's default")
    text = _TO_TEXT[parameter.type](value, parameter)
    if text is None:
        shown = "a value that is not shown" if _UNSHOWN.search(name) else repr(value)
        raise InputError(f"{name} is {shown} ({type_name(value)}); right would be {_expected(parameter)}")
    if _FORBIDDEN.search(text):
        raise InputError(f"{name} holds a line break or a NUL, which pgpool.conf cannot")
    if re.search(r"(?<!\\)'", text):
        raise InputError(f"{name} holds a single quote, for which pgpool.conf has no escape")
    return text


def _expected(parameter: Parameter) -> str:
    """Say which values the parameter takes."""
    if parameter.type == "bool":
        return "true or false"
    if parameter.type == "enum":
        return f"one of {', '.join(parameter.choices)}"
    if parameter.type == "string":
        return "a text (in YAML, put it in quotes)"
    kind = "a whole number" if parameter.type == "int" else "a number"
    unit = f" (of {parameter.unit}, or a text with its unit such as '10{parameter.unit}')" if parameter.unit else ""
    return f"{kind} from {parameter.low} to {parameter.high}{unit}"


def _bool_text(value: object, _parameter: Parameter) -> str | None:
    """Return ``on`` or ``off`` for a boolean or a word for one, else None."""
    return _BOOLEANS.get(str(value).lower())


def _enum_text(value: object, parameter: Parameter) -> str | None:
    """Return the choice that the value names, else None. YAML makes booleans of on and off; that is undone."""
    word = _BOOLEANS[str(value).lower()] if isinstance(value, bool) else str(value).lower()
    return next((choice for choice in parameter.choices if choice.lower() == word), None)


def _string_text(value: object, _parameter: Parameter) -> str | None:
    """Return a text as it is, and None for anything else."""
    return value if isinstance(value, str) else None


def _int_text(value: object, parameter: Parameter) -> str | None:
    """Return as a text a whole number in range, or a text of one with or without a unit; else None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    match = _NUMBER.fullmatch(str(value).strip())
    if not match or isinstance(value, float):
        return None
    scale = _scale(match[2], parameter.unit)
    if scale is None or not parameter.low <= _c_number(match[1]) * scale <= parameter.high:
        return None
    return match[0]


def _real_text(value: object, parameter: Parameter) -> str | None:
    """Return as a text a number in range, or a text of one; else None."""
    text = str(value).strip()
    return text if _REAL.fullmatch(text) and parameter.low <= float(text) <= parameter.high else None


_TO_TEXT: dict[str, Callable[[object, Parameter], str | None]] = {
    "bool": _bool_text,
    "enum": _enum_text,
    "int": _int_text,
    "real": _real_text,
    "string": _string_text,
}


def _scale(unit: str, base: str) -> float | None:
    """Return how many of the base unit one unit is, or None if the one does not convert. No unit is the base."""
    if not unit:
        return 1
    for family in (_SECONDS, _BYTES):
        if unit in family and base in family:
            return family[unit] / family[base]
    return None


def _c_number(text: str) -> float:
    """Return the value of a number that fits _NUMBER."""
    digits = text.lstrip("+-")
    if digits[:2] in ("0x", "0X"):
        return int(text, 16)
    return int(text, 8) if digits.startswith("0") and digits.isdigit() else float(text)


def _hba_row(where: str, rule: object) -> tuple[str, ...] | str:
    """Return the columns of a rule that is a dict, and a rule that is a text as it is."""
    row = _hba_columns(where, rule) if isinstance(rule, Mapping) else _hba_line(where, rule)
    line = row if isinstance(row, str) else "  ".join(row)
    if len(line.encode()) > _HBA_MAX_LINE:
        raise InputError(f"{where} takes more than the {_HBA_MAX_LINE} bytes that Pgpool-II reads: split it")
    return row


def _hba_columns(where: str, rule: Mapping) -> tuple[str, ...]:
    """Return the columns of a rule that is a dict."""
    unknown = sorted(str(field) for field in rule if field not in _HBA_KEYS)
    if unknown:
        raise InputError(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(_HBA_KEYS)}")
    kind, address, method = rule.get("type"), rule.get("address"), rule.get("method")
    options = rule.get("options") or {}
    if not isinstance(options, Mapping):
        raise InputError(f"{where}: options is of type {type_name(options)}; a dict of names and values is right")
    given = {str(name): str(int(value) if isinstance(value, bool) else value) for name, value in options.items()}
    _check_hba(where, kind, address, method, given)
    texts = [f"{name}={value}" for name, value in given.items()]
    return (
        str(kind),
        _hba_names(f"{where}: database", rule.get("database", "all"), ("all", "sameuser")),
        _hba_names(f"{where}: user", rule.get("user", "all"), ("all",)),
        str(address or ""),
        str(method),
        " ".join(_hba_token(f"{where}: an option", text) for text in texts),
    )


def _hba_line(where: str, line: object) -> str:
    """Return a line of the file as it is, if it passes the checks of a rule that is a dict."""
    if not isinstance(line, str) or _FORBIDDEN.search(line):
        raise InputError(f"{where}: a dict is right, or a text of one line")
    fields = _hba_fields(where, line)
    if not fields:
        return line
    kind = _hba_word(where, fields[0])
    method_at = 3 if kind == "local" else 4
    if len(fields) <= method_at:
        raise InputError(f"{where} ends before its method; right is type, database, user, address (not local), method")
    for token in fields[1] + fields[2]:
        _check_hba_name(where, token)
    options = [_unquoted(token).partition("=") for field in fields[method_at + 1 :] for token in field]
    address = None if kind == "local" else _hba_word(where, fields[3])
    method = _hba_word(where, fields[method_at])
    # It is not shown, as it may be a password that was parted from its name.
    if method in _HBA_OPTIONS and not all(equals for _name, equals, _value in options):
        raise InputError(f"{where}: an option of method {method} has no '='; name=value is right, without blanks")
    _check_hba(where, kind, address, method, {name: value for name, _equals, value in options})
    return line


def _check_hba(where: str, kind: object, address: object, method: object, options: Mapping[str, str]) -> None:
    """Raise InputError unless Pgpool-II takes the rule and the rule keeps strangers out."""
    if kind not in _HBA_TYPES:
        raise InputError(f"{where}: type is {kind!r}; {', '.join(_HBA_TYPES)} are known")
    if method == "password":
        raise InputError(
            f"{where}: method 'password' is refused. With it, Pgpool-II before 4.4.12, 4.5.7 and 4.6.1 lets in, without"
            " a check, whoever has no entry in pool_passwd (CVE-2025-46801): use scram-sha-256"
        )
    if method not in _HBA_METHODS:
        raise InputError(f"{where}: method is {method!r}; {', '.join(_HBA_METHODS)} are known")
    unknown = [str(option) for option in options if option not in _HBA_OPTIONS.get(method, ())]
    if unknown:
        raise InputError(f"{where}: method {method} has no option {', '.join(unknown)}")
    if method == "ldap":
        _check_hba_ldap(where, options)
    if kind == "local":
        if address:
            raise InputError(f"{where}: type local has no address")
        return
    network = _hba_network(where, address)
    if method == "trust" and not (network and network.is_loopback):
        raise InputError(
            f"{where}: method 'trust' for {address} is refused. Whoever reaches that port would be any user of"
            " pool_passwd, since Pgpool-II logs in to PostgreSQL for them (see also CVE-2025-46801):"
            " use scram-sha-256, or an address such as 127.0.0.1/32"
        )


def _check_hba_ldap(where: str, options: Mapping[str, str]) -> None:
    """Raise InputError for what Pgpool-II does not take, which then takes none of the file's rules."""
    bind, search = ([name for name in names if name in options] for names in (_HBA_LDAP_BIND, _HBA_LDAP_SEARCH))
    searched = [name for name in _HBA_LDAP_SEARCHED if name in options]
    if not bind and not search:
        raise InputError(f"{where}: method ldap needs one of {', '.join(_HBA_LDAP_SEARCH + _HBA_LDAP_BIND)}")
    if bind and search + searched:
        raise InputError(f"{where}: {', '.join(search + searched)} cannot go with {', '.join(bind)}; give either")
    url = options.get("ldapurl")
    if url is not None and not re.match("ldaps?://", url, re.IGNORECASE):
        raise InputError(f"{where}: ldapurl has to begin with ldap:// or ldaps://")
    # Base, attributes, scope and filter of a URL.
    _base, attributes, _scope, search_filter = [*(url or "").split("?"), "", "", ""][:4]
    if ("ldapsearchattribute" in options or attributes) and ("ldapsearchfilter" in options or search_filter):
        raise InputError(
            f"{where}: ldapsearchattribute cannot go with ldapsearchfilter, in ldapurl neither; give one of the two"
        )
    port = options.get("ldapport", "389")
    if not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise InputError(f"{where}: ldapport is {port!r}; a whole number from 1 to 65535 is right")


def _hba_network(where: str, address: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network that an address stands for; None for a name of a host or of several."""
    if not isinstance(address, str) or not address:
        raise InputError(f"{where}: the address is missing; a network such as 10.0.0.0/8, or all, is right")
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        if not _HBA_HOST.fullmatch(address) or address.replace(".", "").isdigit():
            raise InputError(f"{where}: {address!r} is neither a network such as 10.0.0.0/8 nor a host") from None
        return None
    if "/" not in address:
        raise InputError(f"{where}: {address} lacks the length of its prefix; {network} is right for one host")
    return network


def _hba_names(what: str, names: object, keywords: tuple[str, ...]) -> str:
    """Return a name or a list of names as one column; a keyword in it keeps its meaning."""
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, Sequence) or not listed or not all(isinstance(name, str) for name in listed):
        raise InputError(f"{what} is {names!r}; a name or a list of names is right")
    if isinstance(names, str) and "," in names:
        raise InputError(f"{what} is {names!r}; write several names as a list")
    for name in listed:
        _check_hba_name(what, name)
    return ",".join(name if name in keywords else _hba_token(what, name) for name in listed)


def _check_hba_name(what: str, name: str) -> None:
    """Raise InputError for the keywords of PostgreSQL's file that Pgpool-II logs and then never matches."""
    if name.startswith("+") or name in ("samerole", "samegroup"):
        raise InputError(f"{what}: Pgpool-II knows no groups, so {name} matches nobody")


def _hba_token(what: str, text: str) -> str:
    """Return the text as one token of the file, in double quotes if it needs them."""
    if not text or _FORBIDDEN.search(text):
        raise InputError(f"{what} is empty, or holds a line break or a NUL")
    if len(text.encode()) > _HBA_MAX_TOKEN:
        raise InputError(f"{what} takes more than the {_HBA_MAX_TOKEN} bytes that Pgpool-II reads")
    is_plain = _HBA_PLAIN.fullmatch(text) and text not in ("all", "sameuser")
    return text if is_plain else '"' + text.replace('"', '""') + '"'


def _hba_fields(where: str, line: str) -> list[list[str]]:
    """Split a line of the file into its fields, each a list of tokens with their quotes, as next_token() does."""
    fields: list[list[str]] = []
    continues = False
    position = _HBA_BLANK.match(line).end()
    while position < len(line) and line[position] != "#":
        token = _HBA_TOKEN.match(line, position)
        if not token:
            raise InputError(f"{where} has a double quote without its counterpart")
        if len(_unquoted(token[0]).encode()) > _HBA_MAX_TOKEN:
            raise InputError(f"{where} has a word of more than the {_HBA_MAX_TOKEN} bytes that Pgpool-II reads")
        if continues:
            fields[-1].append(token[0])
        else:
            fields.append([token[0]])
        continues = line[token.end() : token.end() + 1] == ","
        position = _HBA_BLANK.match(line, token.end()).end()
    return fields


def _hba_word(where: str, field: list[str]) -> str:
    """Return a field that is one word, without its quotes."""
    if len(field) > 1:
        raise InputError(f"{where}: {','.join(field)} stands where one word is right")
    return _unquoted(field[0])


def _unquoted(token: str) -> str:
    """Return the token as Pgpool-II reads it: a double quote within double quotes is written twice."""
    return _HBA_QUOTED.sub(lambda quoted: quoted[1].replace('""', '"'), token)


def _hba_text(row: tuple[str, ...] | str, widths: list[int]) -> str:
    """Return one line of the file; columns are padded to their widths."""
    if isinstance(row, str):
        return row
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
