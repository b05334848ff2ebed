# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a survey, which are texts and numbers, as values of the variables that they are for.

A survey asks for `pgpool_replicas` as `survey_pgpool_replicas`, and for a key of a mapping,
`postgres_cluster_storage.size`, as `survey_postgres_cluster_storage__size`. What is not answered arrives as an empty
text, and stands for nothing given: as the variable itself is not among the extra variables then, the inventory and the
role's defaults apply.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

PREFIX = "survey_"
_TEMPLATE = re.compile(r"\{[{%#]")
# Ansible puts what is in the job's environment, as the token of the Kubernetes API, into options of type `path`, and
# into these: a chart for Helm, the words of a command, a file to look up.
_PATHS = ("cloudnativepg_manifest", "kubedb_chart", "kubedb_helm", "log_report_pgbadger")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list, as YAML",
    "dict": "a mapping, as YAML",
}
_NUMBERS = {"int": (int, r"[+-]?[0-9]+"), "float": (float, r"[+-]?[0-9]+(\.[0-9]+)?")}
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class _NotOfItsTypeError(Exception):
    """The answer cannot be read as what it is for."""


def survey_answers(variables: Mapping[str, Any], specs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a survey's answers make of variables.

    :param variables: every variable whose name starts with `survey_`, with its value
    :param specs: argument specs of roles and playbooks, which know the type of each variable
    :returns: `variables`, by name with their values; `mappings`, by name those of which single keys were asked for,
        with what each is by `default` and what was `given`; `problems`, a sentence for each answer that cannot be taken
    """
    options = {
        name: option
        for spec in specs
        for entry in spec["argument_specs"].values()
        for name, option in (entry.get("options") or {}).items()
    }
    given: dict[str, Any] = {}
    mappings: dict[str, Any] = {}
    problems = []
    for variable, answer in variables.items():
        if is_unset(answer):
            continue
        name, _dummy, key = variable.removeprefix(PREFIX).partition("__")
        option = _option(options, name, key)
        if option is None:
            problems.append(f"{variable} is no question of this collection: {_nearest(variable, options)}")
            continue
        try:
            value = _value(answer, option)
            _refuse_the_environment(value, {"type": "path"} if name in _PATHS else option)
        except _NotOfItsTypeError as exc:
            problems.append(f"{variable} is {_shown(answer, option)}: {exc}")
            continue
        if key:
            entry = mappings.setdefault(name, {"default": options[name].get("default") or {}, "given": {}})
            entry["given"][key] = value
        else:
            given[name] = value
    return {"variables": given, "mappings": mappings, "problems": problems}


def is_unset(answer: Any) -> bool:
    """Tell whether a question was not answered: an empty text, or no choice of several."""
    return answer is None or (isinstance(answer, str) and not answer.strip()) or answer == []


def _option(options: Mapping[str, Any], name: str, key: str) -> Mapping[str, Any] | None:
    option = options.get(name)
    return option if option is None or not key else (option.get("options") or {}).get(key)


def _value(answer: Any, option: Mapping[str, Any]) -> Any:
    kind = option.get("type", "str")
    if isinstance(answer, str) and _TEMPLATE.search(answer):
        # Whoever may answer a survey may not have Ansible run what they like.
        raise _NotOfItsTypeError("an answer is no template, so give the value itself")
    if kind in ("str", "path"):
        if isinstance(answer, (list, Mapping)):
            raise _NotOfItsTypeError("give a text")
        return answer
    read = _read(answer, kind)
    if kind == "list" and isinstance(read, str) and option.get("elements") == "str":
        return [entry.strip() for entry in re.split(r"[,\n]", answer) if entry.strip()]
    accepted = {"int": int, "float": (int, float), "bool": bool, "list": list, "dict": Mapping}.get(kind, object)
    if not isinstance(read, accepted) or (kind in _NUMBERS and isinstance(read, bool)):
        raise _NotOfItsTypeError(f"give {_WORDS[kind]}")
    return read


def _refuse_the_environment(value: Any, option: Mapping[str, Any]) -> None:
    """Refuse a path, also in a mapping, in which Ansible would put what is in the job's environment.

    :raises _NotOfItsTypeError: with what to give
    """
    if isinstance(value, Mapping):
        for key, inner in (option.get("options") or {}).items():
            _refuse_the_environment(value.get(key), inner)
    elif option.get("type") == "path" and ("$" in str(value) or str(value).startswith("~")):
        raise _NotOfItsTypeError("a path has no $ and does not begin with ~, so give all of it")


def _read(answer: Any, kind: str) -> Any:
    if not isinstance(answer, str):
        return answer
    text = answer.strip()
    if kind in _NUMBERS:
        make, pattern = _NUMBERS[kind]
        return make(text) if re.fullmatch(pattern, text) else answer
    if kind == "bool":
        return _BOOLEANS.get(text.lower(), answer)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 1} is not)" if mark else ""
        raise _NotOfItsTypeError(f"give {_WORDS.get(kind, 'a value')}{where}") from exc


def _nearest(variable: str, options: Mapping[str, Any]) -> str:
    known = [*options, *(f"{name}__{key}" for name, option in options.items() for key in option.get("options") or {})]
    near = difflib.get_close_matches(variable.removeprefix(PREFIX), known, n=1)
    return f"did you mean {PREFIX}{near[0]}?" if near else "remove it from the survey"


def _shown(answer: Any, option: Mapping[str, Any]) -> str:
    """Return an answer in words, and nothing of what may hold a secret."""
    if option.get("no_log") or option.get("type") in ("dict", "list"):
        return "a value that is not shown"
    text = str(answer)
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
