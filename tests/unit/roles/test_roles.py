# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every role keeps to: its defaults, its argument specs and its README say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.role_include import IncludeRole
from ansible.playbook.task_include import TaskInclude
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems

ROLES = sorted((Path(__file__).resolve().parents[3] / "roles").iterdir())
MAXIMUM_LINES = 80


@pytest.fixture(params=ROLES, ids=lambda role: role.name)
def role(request):
    return request.param


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def options_of(role):
    return load(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def test_every_default_has_its_option(role):
    assert set(load(role / "defaults/main.yml")) <= set(options_of(role))


def test_every_option_has_a_default_or_is_required_or_may_be_left_out(role):
    defaults = load(role / "defaults/main.yml")
    text = (role / "defaults/main.yml").read_text(encoding="utf-8")
    missing = [
        name
        for name, option in options_of(role).items()
        if name not in defaults and not option.get("required") and not re.search(rf"^# ?{name}:", text, re.MULTILINE)
    ]
    assert missing == []


def test_plain_defaults_are_equal_in_both_places(role):
    defaults = load(role / "defaults/main.yml")
    different = {
        name: (defaults[name], option["default"])
        for name, option in options_of(role).items()
        if "default" in option
        and name in defaults
        and "{{" not in str(defaults[name])
        and defaults[name] != option["default"]
    }
    assert different == {}


def test_ansibles_own_validation_takes_the_defaults(role):
    """So that a role can be used by its name alone; it looks into mappings that are empty, too."""
    plain = {name: value for name, value in load(role / "defaults/main.yml").items() if "{{" not in str(value)}
    options = {name: option for name, option in options_of(role).items() if name in plain}
    assert ArgumentSpecValidator(options).validate(plain).error_messages == []


def test_names_have_the_roles_prefix(role):
    assert [name for name in load(role / "defaults/main.yml") if not name.startswith(f"{role.name}_")] == []
    assert [name for name in load(role / "vars/main.yml") if not name.startswith(f"__{role.name}_")] == []


def test_every_option_is_described(role):
    def undescribed(options, path=""):
        for name, option in options.items():
            if not option.get("description"):
                yield path + name
            yield from undescribed(option.get("options", {}), f"{path}{name}.")

    assert list(undescribed(options_of(role))) == []


def test_the_readme_names_every_variable(role):
    readme = (role / "README.md").read_text(encoding="utf-8")
    assert [name for name in options_of(role) if not re.search(rf"\b{name}\b", readme)] == []


def test_an_empty_text_is_refused_or_the_default(role):
    """As an answer of a survey it is no answer: tests/unit/test_job_playbook.py."""
    options = options_of(role)
    for name, option in options.items():
        if option.get("type", "str") in ("dict", "list", "raw") or option.get("default") == "":
            continue
        [problem] = input_problems({name: ""}, {name: option}, role.name)
        assert problem.startswith(f"{name} is empty (string): give ")


def test_task_files_are_short(role):
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (role / "tasks").glob("*.yml")}
    assert {name: lines for name, lines in lengths.items() if lines > MAXIMUM_LINES} == {}
    assert lengths["main.yml"] <= MAXIMUM_LINES


def test_nothing_hides_a_failure(role):
    text = "".join(path.read_text(encoding="utf-8") for path in (role / "tasks").glob("*.yml"))
    assert "ignore_errors" not in text


def test_seconds_are_those_of_the_clock():
    """now(utc=true) has no time zone, so its timestamp() takes it for local time, and is off by hours outside UTC."""
    root = ROLES[0].parents[1]
    files = [path for folder in ("roles", "playbooks", "plugins") for path in (root / folder).rglob("*")]
    files = [path for path in files if path.suffix in (".yml", ".py", ".j2")]
    assert len(files) > 100
    wrong = re.compile(r"now\(utc=true\)\.timestamp", re.IGNORECASE)
    assert [path.name for path in files if wrong.search(path.read_text(encoding="utf-8"))] == []


def tasks_in(tasks):
    """Yield tasks, those in blocks among them."""
    for task in tasks or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_in(task.get(part))


def test_includes_have_no_keyword_that_they_do_not_know(role):
    """A file that is included is read when it is needed, so Ansible's check of the syntax does not see it."""
    includes = {
        "ansible.builtin.include_tasks": TaskInclude.VALID_INCLUDE_KEYWORDS,
        "ansible.builtin.include_role": IncludeRole.VALID_INCLUDE_KEYWORDS | {"apply"},
    }
    unknown = {
        f"{path.name}: {task['name']}": keywords
        for path in (role / "tasks").glob("*.yml")
        for task in tasks_in(load(path))
        for action, known in includes.items()
        if action in task and (keywords := set(task) - {action} - known)
    }
    assert unknown == {}


def test_the_kind_inventory_finds_the_manifest_that_was_built():
    root = ROLES[0].parents[1]
    inventory = load(root / "inventories/kind/group_vars/kubernetes_clusters.yml")
    version = inventory["cloudnativepg_version"]
    kind_defaults = load(root / "roles/kind_cluster/defaults/main.yml")
    images = {image["folder"]: image for image in kind_defaults["kind_cluster_images"]}
    assert images["cloudnative-pg"]["reference"].endswith(f":{version}")
    tasks = load(root / "roles/kind_cluster/tasks/create.yml")
    (task,) = [task for task in tasks if "manifest" in task["name"] and "ansible.builtin.copy" in task]
    assert task["ansible.builtin.copy"]["dest"].endswith(
        "/manifests/cnpg-{{ __kind_cluster_operator.reference | split(':') | last }}.yaml"
    )
    assert inventory["demo_manifest"].endswith(f"/manifests/cnpg-{version}.yaml")
    assert inventory["cloudnativepg_manifest"].rstrip(" }").endswith(f"/v{version}/cnpg-{version}.yaml'")


@pytest.mark.parametrize("name", ["monitoring", "pgpool"])
def test_what_differs_between_operators_is_elsewhere(name):
    role = ROLES[0].parent / name
    files = [path for folder in ("tasks", "templates") for path in (role / folder).iterdir()]
    named = re.compile(r"kubedb|cnpg|cloudnative", re.IGNORECASE)
    assert len(files) > 10
    assert [path.name for path in files if named.search(path.read_text(encoding="utf-8"))] == []


def test_what_is_waited_for_is_known_to_each_release_of_kubernetes_core(role):
    """Without a condition, those before 6.6 take a Job for ready as soon as it is there."""
    for file in role.glob("tasks/*.yml"):
        for task in tasks_in(load(file)):
            call = task.get("kubernetes.core.k8s_info", {})
            if call.get("wait") is True and "wait_condition" not in call:
                known = call["kind"] == "Deployment" or "__drills_operators" in call["kind"]
                assert known, f"{file.name}: {task['name']}"


# A template whose only document is given as it is: what stands before the lookup is no bracket and no comma.
BARE = re.compile(r"([^\s\[,])\s*lookup\('ansible\.builtin\.template', '([\w/.-]+)'\) \| from_yaml\b")


def test_what_is_applied_is_a_list(role):
    """The module takes no mapping, which is what a template of one document makes."""
    files = {path: list(tasks_in(load(path))) for path in sorted((role / "tasks").glob("*.yml"))}
    known = load(role / "vars/main.yml")
    for task in (task for tasks in files.values() for task in tasks):
        known |= {**task.get("vars", {}), **task.get("ansible.builtin.set_fact", {})}
    for path, task in ((path, task) for path, tasks in files.items() for task in tasks):
        definition = task.get("pgha.kubernetes.apply", {}).get("definition", [])
        if isinstance(definition, list):
            continue
        named = re.fullmatch(r"{{ (\w+) }}", definition)
        text = str(known[named[1]] if named else definition)
        assert re.search(r"\[|from_yaml", text), f"{path.name}: {task['name']}"
        for _before, template in BARE.findall(text):
            whole = (role / "templates" / template).read_text(encoding="utf-8")
            is_list = re.search(r"^- ", whole, re.MULTILINE) and not re.search(r"^apiVersion", whole, re.MULTILINE)
            assert is_list, f"{path.name}: {task['name']}: {template}"


def test_a_wait_is_as_long_as_its_variable_says(role):
    """As an attempt may take next to no time, the pauses between them have to make up for all of it."""
    short = []
    for path in (role / "tasks").glob("*.yml"):
        for task in tasks_in(load(path)):
            of = re.search(r"(\w+_timeout)\b", str(task.get("retries", "")))
            if not of:
                continue
            values = {of[1]: 61, "__postgres_cluster_has_job": True}
            retries = int(Templar(loader=DataLoader(), variables=values).template(trust_as_template(task["retries"])))
            if retries * task["delay"] < 61:
                short.append(f"{path.name}: {task['name']}: {retries} x {task['delay']} s")
    assert short == []


@pytest.mark.parametrize("name", ["monitoring", "pgpool", "postgres_cluster"])
def test_a_wait_goes_on_where_the_api_is_away_for_a_moment(name):
    """And is not begun once more where it was waited in vain."""
    waits = [
        task
        for path in (ROLES[0].parent / name / "tasks").glob("*.yml")
        for task in tasks_in(load(path))
        if task.get("kubernetes.core.k8s_info", {}).get("wait")
    ]
    assert waits
    for task in waits:
        assert "register" in task, task["name"]
        assert task["retries"] == 3 or "wait_timeout" in task["retries"], task["name"]
        assert "'after waiting for' in " in task["until"], task["name"]
