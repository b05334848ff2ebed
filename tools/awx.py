#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make AWX' job templates and workflows, with their surveys, from awx/jobs.yml and the roles' argument specs.

They are shipped as YAML, for infra.aap_configuration and infra.controller_configuration; docs/awx.md says how. The
rulebook that starts them at an alert is made of the same page.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "awx/jobs.yml"
CONTROLLER = ROOT / "awx/controller"
RULEBOOK = ROOT / "extensions/eda/rulebooks/alerts.yml"
if AnsibleCollectionConfig.collection_finder is None:
    init_plugin_loader([str(ROOT / "playbooks/collections")])

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import FORMATS  # noqa: E402
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.survey import PREFIX  # noqa: E402

PLAYBOOK = "playbooks/job.yml"
# By their names in the other files of awx/controller.
COMMON = {
    "organization": "{{ pgha_awx_organization }}",
    "project": "pgha",
    "inventory": "pgha",
    "credentials": "{{ ['pgha Kubernetes'] + pgha_awx_more_credentials | default([]) }}",
    "execution_environment": "pgha",
    "labels": ["pgha"],
    "notification_templates_error": ["pgha"],
}
# Whoever starts a job says for what and how: which clusters, whether only to look, what of it is shown.
PROMPTS = ("inventory", "credential", "limit", "job_type", "diff_mode", "verbosity", "forks", "tags", "skip_tags")
TYPES = {"int": "integer", "float": "float", "dict": "textarea", "list": "textarea"}
LONGEST = {"text": 1024, "password": 1024, "textarea": 65536}
APPROVAL_SECONDS = 86400
# The last node where a step failed: with one that succeeds, the workflow would count as successful.
FAILED = "failed"
# An alert that goes on firing is sent again and again: what it starts is started once in this time for each alert and
# cluster. An archive is enough for all alerts of a cluster: a primary that goes down has many.
ONCE_WITHIN = "1 hour"
FOR_ALL_ALERTS = ("diagnose",)
# Cluster and namespace become the job's limit, which is a pattern of Ansible: so they have to be names, as Kubernetes
# has them. An alert that lacks one starts nothing: there may be several clusters of the name, and the engine throttles
# no event that lacks a label to group by.
IS_ONE = (
    'event.status == "firing" and event.labels.cluster is match("^[a-z]([-a-z0-9]*[a-z0-9])?$") '
    'and event.labels.namespace is match("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")'
)
# The groups are those of inventories/production/z_groups.yml.
LIMIT = (
    "cluster_{{ event.labels.cluster | replace('-', '_') }}:&namespace_{{ event.labels.namespace | replace('-', '_') }}"
)
HEAD = "---\n# Made by tools/awx.py from awx/jobs.yml and the argument specs of the roles: change those.\n"


class _Dumper(yaml.SafeDumper):
    """Writes lists as this project's linter wants them, and nothing by reference."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


@cache
def source() -> dict[str, Any]:
    """Return awx/jobs.yml."""
    return yaml.safe_load(SOURCE.read_text(encoding="utf-8"))


@cache
def options() -> dict[str, Any]:
    """Return the options of all roles and playbooks by name."""
    specs = [source()]
    specs += [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    entries = [entry for spec in specs for entry in spec["argument_specs"].values()]
    return {name: option for entry in entries for name, option in (entry.get("options") or {}).items()}


def option_of(path: str) -> dict[str, Any]:
    """Return the option of a variable, or of one key of a mapping (`variable.key`).

    :raises KeyError: where there is none
    """
    name, _, key = path.partition(".")
    return options()[name]["options"][key] if key else options()[name]


def plain(description: str | Sequence[str]) -> str:
    """Return a description without Ansible's markup."""
    text = " ".join([description] if isinstance(description, str) else description)
    text = re.sub(r"\b[CVOEB]\(([^()]*)\)", r"\1", text)
    return re.sub(r"\bP\(([^#()]*)#?[^()]*\)", r"\1", text).strip()


def question(path: str, *, required: bool) -> dict[str, Any]:
    """Return the question of a survey for a variable.

    :param path: `variable`, or `variable.key`
    :param required: whether it has to be answered
    """
    option = option_of(path)
    kind = option.get("type", "str")
    choices = ["true", "false"] if kind == "bool" else [choice for choice in option.get("choices") or [] if choice]
    if option.get("no_log"):
        form = "password"
    elif choices:
        form = "multiselect" if kind == "list" else "multiplechoice"
    else:
        form = TYPES.get(kind, "text")
    asked: dict[str, Any] = {
        "question_name": path,
        "question_description": " ".join([plain(option["description"]), *_hints(option, form, required)]),
        "required": required,
        "type": form,
        "variable": PREFIX + path.replace(".", "__"),
    }
    if choices:
        # AWX' page of the survey breaks where a question with choices has no default. An empty one is no answer.
        asked |= {"choices": choices, "default": ""}
    elif form in LONGEST:
        asked |= {"min": int(required), "max": LONGEST[form]}
    elif form == "integer" and path in FORMATS:
        limits = {"min": FORMATS[path].low, "max": FORMATS[path].high}
        asked |= {end: limit for end, limit in limits.items() if limit is not None}
    return asked


def _hints(option: Mapping[str, Any], form: str, required: bool) -> Iterator[str]:
    inner = option.get("options") or {}
    if form == "textarea" and option.get("elements") == "str":
        yield "Separated by commas, or one in each line."
    elif form == "textarea":
        keys = f", with the keys {', '.join(inner)}" if inner else ""
        yield f"As YAML{keys}, in place of all that the inventory says of it."
        if any(key.get("no_log") for key in inner.values()):
            yield "Leave passwords out: they would be there to read."
    if not required:
        default = option.get("default")
        known = default is not None and default not in ("", {}, [])
        otherwise = yaml.safe_dump(default, default_flow_style=True, width=1000).splitlines()[0] if known else ""
        yield f"Left empty: what the inventory says{', else ' if known else ''}{otherwise}."


def survey(playbook: str) -> dict[str, Any]:
    """Return what a job template or workflow has for the survey of a playbook."""
    told = source()["templates"][playbook]
    spec = [question(path, required=True) for path in told.get("needs", [])]
    spec += [question(path, required=False) for path in told.get("asks", [])]
    # AWX takes no survey without a question.
    return {"survey_enabled": bool(spec), "survey_spec": {"name": "", "description": "", "spec": spec} if spec else {}}


def title(playbook: str) -> str:
    """Return the name of a playbook's job template."""
    return f"pgha {playbook}"


def job_template(playbook: str) -> dict[str, Any]:
    """Return a playbook's job template."""
    told = source()["templates"][playbook]
    only = " Run it by the workflow of the same name, which somebody has to approve." if told.get("approval") else ""
    return {
        "name": title(playbook),
        "description": f"{told['description']}.{only}",
        **COMMON,
        "job_type": "run",
        "playbook": PLAYBOOK,
        # Ansible asks for it before it knows variables of hosts, so it cannot come from the inventory.
        "extra_vars": {
            "job_playbook": playbook,
            "pgha_any_errors_fatal": "{{ pgha_awx_any_errors_fatal | default(true) }}",
        },
        # AWX runs one job of a template after the other, of whichever clusters they are.
        "allow_simultaneous": told.get("reads", False),
        **{f"ask_{prompt}_on_launch": True for prompt in PROMPTS},
        **survey(playbook),
    }


def approved(playbook: str) -> dict[str, Any]:
    """Return the workflow that runs a playbook once somebody has approved."""
    told = source()["templates"][playbook]
    return {
        **_workflow(f"{title(playbook)} once approved", f"{told['description']}, once somebody has approved", playbook),
        "simplified_workflow_nodes": [
            {
                "identifier": "approve",
                "approval_node": {
                    "name": f"{title(playbook)}?",
                    "description": f"{told['description']}. The limit and the answers of this workflow say where.",
                    "timeout": APPROVAL_SECONDS,
                },
                "success_nodes": [playbook],
            },
            {"identifier": playbook, "unified_job_template": title(playbook), "failure_nodes": ["diagnose"]},
            *_after_failure("diagnose"),
        ],
    }


def steps(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a workflow of several playbooks, one after the other, the first of which writes nothing.

    :param name: its name
    :param told: an entry of `workflows` of the source
    """
    order = told["steps"]
    following = dict(itertools.pairwise(order))
    return {
        **_workflow(title(name), told["description"], told["survey"]),
        "simplified_workflow_nodes": [
            {
                "identifier": step,
                "unified_job_template": title(step),
                **({"success_nodes": [following[step]]} if step in following else {}),
                **({"failure_nodes": [told["failure"]]} if step != order[0] else {}),
            }
            for step in order
        ]
        + _after_failure(told["failure"])
        + [{"identifier": step, "state": "absent"} for step in told.get("gone", [])],
    }


def _after_failure(playbook: str) -> list[dict[str, Any]]:
    return [
        {"identifier": playbook, "unified_job_template": title(playbook), "success_nodes": [FAILED]},
        {"identifier": FAILED, "unified_job_template": title(FAILED)},
    ]


def _workflow(name: str, description: str, asks: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"{description}.",
        "organization": COMMON["organization"],
        "inventory": COMMON["inventory"],
        "labels": COMMON["labels"],
        # One that waits for approval keeps no other waiting; the jobs of its templates still come one after the other.
        "allow_simultaneous": True,
        "ask_inventory_on_launch": True,
        "ask_limit_on_launch": True,
        "notification_templates_error": COMMON["notification_templates_error"],
        "notification_templates_approvals": COMMON["notification_templates_error"],
        **survey(asks),
    }


def rulebook() -> list[dict[str, Any]]:
    """Return the rulebook that starts at an alert what awx/jobs.yml says."""
    told = source()["alerts"]
    rules = [
        _rule(
            playbook,
            f"event.labels.alertname in {_listed(alerts)}",
            "run_job_template",
            title(playbook),
            each_alert=playbook not in FOR_ALL_ALERTS,
        )
        for playbook, alerts in told["run"].items()
    ]
    named = "event.annotations.playbook in "
    by_name = "{{ event.annotations.playbook }}"
    rules += [
        _rule("the playbook that it names", named + _listed(told["run"]), "run_job_template", title(by_name)),
        _rule(
            "the playbook that it names, once approved",
            named + _listed(told["approve"]),
            "run_workflow_template",
            f"{title(by_name)} once approved",
        ),
    ]
    webhook = {
        "host": "{{ pgha_eda_host | default('0.0.0.0') }}",
        "port": "{{ pgha_eda_port }}",
        "token": "{{ pgha_eda_token }}",
    }
    split = {"splitter_key": "payload.alerts"}
    return [
        {
            "name": "Alerts of pgha",
            "hosts": "all",
            # One after the other, an alert would wait until somebody has approved of what the one before it started.
            "execution_strategy": "parallel",
            "sources": [
                {
                    "name": "Alertmanager",
                    "eda.builtin.webhook": webhook,
                    "filters": [{"eda.builtin.event_splitter": split}],
                }
            ],
            "rules": rules,
        }
    ]


def _rule(what: str, condition: str, action: str, name: str, *, each_alert: bool = True) -> dict[str, Any]:
    by = [*(["alertname"] if each_alert else []), "namespace", "cluster"]
    return {
        "name": f"Start {what}",
        "condition": f"{IS_ONE} and {condition}",
        "throttle": {"once_within": ONCE_WITHIN, "group_by_attributes": [f"event.labels.{label}" for label in by]},
        "action": {
            action: {
                "name": name,
                "organization": COMMON["organization"],
                "job_args": {"limit": LIMIT},
                # They would be extra variables, which the templates do not take.
                "include_events": False,
            }
        },
    }


def _listed(names: Iterable[str]) -> str:
    return json.dumps(sorted(names))


def wants_approval(playbook: str) -> bool:
    """Tell whether there is a workflow that runs a playbook once somebody has approved."""
    return bool(source()["templates"][playbook].get("approval")) or playbook in source()["alerts"]["approve"]


def files() -> dict[Path, str]:
    """Return the text of each file that is made."""
    told = source()
    templates = [job_template(playbook) for playbook in told["templates"]]
    workflows = [steps(name, entry) for name, entry in told["workflows"].items()]
    workflows += [approved(playbook) for playbook in told["templates"] if wants_approval(playbook)]
    return {
        CONTROLLER / "job_templates.yml": _text({"controller_templates": templates}),
        CONTROLLER / "workflows.yml": _text({"controller_workflows": workflows}),
        RULEBOOK: _text(rulebook()),
    }


def _text(content: Any) -> str:
    return HEAD + yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=130)


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
