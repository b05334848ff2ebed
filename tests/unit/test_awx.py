# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller is given in awx/: made of what the playbooks take, whole, and of names that exist."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[2]
AWX = ROOT / "awx"
GROUPS = ROOT / "inventories/production/z_groups.yml"
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}

_spec = importlib.util.spec_from_file_location("awx_tool", ROOT / "tools/awx.py")
awx = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(awx)


class Loader(yaml.SafeLoader):
    """Reads `!unsafe`, with which Ansible keeps a text from being a template."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


CONTROLLER = {name: value for path in sorted((AWX / "controller").glob("*.yml")) for name, value in load(path).items()}
TEMPLATES = {template["name"]: template for template in CONTROLLER["controller_templates"]}
WORKFLOWS = {workflow["name"]: workflow for workflow in CONTROLLER["controller_workflows"]}
ALL = {**TEMPLATES, **WORKFLOWS}
SURVEYED = {name: each for name, each in ALL.items() if each["survey_enabled"]}

# Fields that the roles of infra.aap_configuration and infra.controller_configuration hand on to the modules of awx.awx.
COMMON = {"name", "description", "organization"}
PROMPTS = {f"ask_{what}_on_launch" for what in awx.PROMPTS}
FIELDS = {
    # It may be there, with what others say of it.
    "aap_organizations": {"name"},
    "aap_teams": COMMON,
    "controller_labels": {"name", "organization"},
    "controller_execution_environments": COMMON | {"image", "pull"},
    "controller_projects": COMMON
    | {"scm_type", "scm_url", "scm_branch", "scm_clean", "scm_update_on_launch", "allow_override", "wait"}
    | {"scm_update_cache_timeout"}
    | {"default_environment"},
    "controller_credential_types": {"name", "description", "kind", "inputs", "injectors"},
    "controller_credentials": COMMON | {"credential_type", "inputs"},
    "controller_inventories": COMMON,
    "controller_inventory_sources": {"name", "inventory", "organization", "source", "source_project", "source_path"}
    | {"execution_environment", "overwrite", "overwrite_vars", "update_on_launch", "update_cache_timeout"},
    "controller_schedules": COMMON | {"unified_job_template", "rrule", "limit", "extra_data"},
    "controller_notifications": COMMON | {"notification_type", "notification_configuration"},
    "controller_roles": {"team", "role", "job_templates", "workflows", "inventories", "credentials", "organization"}
    | {"lookup_organization"},
    "controller_templates": COMMON
    | PROMPTS
    | {"project", "inventory", "credentials", "execution_environment", "labels", "notification_templates_error"}
    | {"job_type", "playbook", "extra_vars", "allow_simultaneous", "survey_enabled", "survey_spec"},
    # Without destroy_current_nodes: awx/jobs.yml says why.
    "controller_workflows": COMMON
    | {"inventory", "labels", "allow_simultaneous", "ask_inventory_on_launch", "ask_limit_on_launch"}
    | {"notification_templates_error", "notification_templates_approvals", "survey_enabled", "survey_spec"}
    | {"simplified_workflow_nodes"},
}
# What is run, and where it comes from.
WHAT_RUNS = re.compile(r"_(image|manifest|chart|registry|values|helm|pgbadger)(\.|$)")
# The same under the name that infra.controller_configuration has for it.
SAME = {"controller_organizations": "aap_organizations", "controller_teams": "aap_teams"}


@pytest.mark.parametrize("path", awx.files(), ids=lambda path: path.name)
def test_what_is_shipped_is_what_the_tool_makes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == awx.files()[path], "run tools/awx.py"


def test_each_playbook_has_a_template_or_a_reason_for_none() -> None:
    told = load(AWX / "jobs.yml")
    assert set(told["templates"]) | set(told["without"]) == PLAYBOOKS
    assert set(told["templates"]) & set(told["without"]) == set()
    assert {template["extra_vars"]["job_playbook"] for template in TEMPLATES.values()} == set(told["templates"])


def test_a_site_says_for_all_templates_whether_one_refused_cluster_stops_all() -> None:
    [wanted] = {template["extra_vars"]["pgha_any_errors_fatal"] for template in TEMPLATES.values()}
    assert load(AWX / "settings.yml")["pgha_awx_any_errors_fatal"] is True
    for variables, expected in (({}, True), ({"pgha_awx_any_errors_fatal": False}, False)):
        assert Templar(loader=DataLoader(), variables=variables).template(trust_as_template(wanted)) is expected


def test_a_fleet_is_told_not_to_take_the_workflow() -> None:
    """Its preflight job fails where one PostgreSQL cluster of many is refused, and nothing goes on from that."""
    [first, *_] = WORKFLOWS["pgha site step by step"]["simplified_workflow_nodes"]
    assert first["unified_job_template"] == "pgha preflight"
    assert not {"failure_nodes", "always_nodes"} & set(first)
    for page in ("docs/awx.md", "docs/how-to/many-clusters.md", "awx/settings.yml"):
        text = " ".join((ROOT / page).read_text(encoding="utf-8").replace("\n#", "").split())
        assert re.search(r"template .pgha site.", text), page
        assert re.search(r"goes on only where a step did well for all hosts", text), page


@pytest.mark.parametrize("playbook", load(AWX / "jobs.yml")["argument_specs"])
def test_a_playbook_that_has_variables_of_its_own_asks_for_all_of_them(playbook: str) -> None:
    told = load(AWX / "jobs.yml")
    options = set(told["argument_specs"][playbook]["options"])
    template = told["templates"][playbook]
    # Which program runs with the job's rights and what it is told is the inventory's.
    asked = options - {"log_report_pgbadger", "log_report_prefix"}
    assert {name for name in template.get("needs", []) + template.get("asks", []) if name in options} == asked
    text = (ROOT / f"playbooks/{playbook}.yml").read_text(encoding="utf-8")
    assert set(re.findall(rf"(?<![\w.]){playbook}_[a-z_]+", text)) == options


def test_no_other_playbook_has_variables_of_its_own() -> None:
    with_specs = load(AWX / "jobs.yml")["argument_specs"]
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    for playbook in PLAYBOOKS - set(with_specs) - roles - {"job", "demo"}:
        text = (ROOT / f"playbooks/{playbook}.yml").read_text(encoding="utf-8")
        names = set(re.findall(rf"(?<![\w.'/]){playbook}_[a-z_]+(?!\.yml)", text))
        # Names of plays' tasks_from, which are files.
        assert {name for name in names if f"tasks_from: {name}" not in text} == set(), playbook


def test_what_waits_or_only_reads_keeps_no_other_cluster_waiting() -> None:
    """docs/adr/0039: AWX has one job of a template or workflow wait for the other, unless they may run at once."""
    reading = ("preflight", "verify", "status", "diagnose", "log_report", "failed")
    at_once = {name for name, each in ALL.items() if each["allow_simultaneous"]}
    assert at_once == {awx.title(playbook) for playbook in reading} | set(WORKFLOWS)
    # What an approval lets go on is one after the other.
    assert not any(TEMPLATES[f"pgha {playbook}"]["allow_simultaneous"] for playbook in ("restart", "teardown", "site"))


def test_the_objects_have_fields_that_the_roles_know() -> None:
    assert set(CONTROLLER) == set(FIELDS) | set(SAME)
    for same, name in SAME.items():
        assert CONTROLLER[same] == CONTROLLER[name]
    unknown = {
        (name, field)
        for name, fields in FIELDS.items()
        for entry in CONTROLLER[name]
        for field in entry
        if field not in fields
    }
    assert unknown == set()


def set_to(value: Any) -> Any:
    """Return what a setting is, where the value is one."""
    if not isinstance(value, str) or "{{" not in value:
        return value
    settings = load(AWX / "settings.yml")
    setting = re.fullmatch(r"\{\{ (pgha_\w+) \}\}", value)
    if setting:
        return settings[setting[1]]
    return Templar(loader=DataLoader(), variables=settings).template(trust_as_template(value))


def references() -> Iterator[tuple[str, str, Any]]:
    """Yield (what it is, where it is named, the name) of each name of another object."""
    kinds = {
        "project": ["project", "source_project"],
        "execution_environment": ["execution_environment", "default_environment"],
        "inventory": ["inventory", "inventories"],
        "credential": ["credentials"],
        "credential_type": ["credential_type"],
        "label": ["labels"],
        "notification": ["notification_templates_error", "notification_templates_approvals"],
        "team": ["team"],
        "template": ["unified_job_template", "job_templates"],
        "workflow": ["workflows"],
    }
    for where, entries in CONTROLLER.items():
        nodes = [node for entry in entries for node in entry.get("simplified_workflow_nodes", [])]
        for entry in [*entries, *nodes]:
            for kind, fields in kinds.items():
                for field in fields:
                    named = set_to(entry.get(field, []))
                    yield from ((kind, where, name) for name in ([named] if isinstance(named, str) else named))


def test_each_name_of_another_object_is_one() -> None:
    known = {
        kind: {entry["name"] for entry in CONTROLLER[where]}
        for kind, where in {
            "project": "controller_projects",
            "execution_environment": "controller_execution_environments",
            "inventory": "controller_inventories",
            "credential": "controller_credentials",
            "credential_type": "controller_credential_types",
            "label": "controller_labels",
            "notification": "controller_notifications",
            "team": "aap_teams",
            "template": "controller_templates",
            "workflow": "controller_workflows",
        }.items()
    }
    assert [entry for entry in references() if entry[2] not in known[entry[0]]] == []


def test_each_variable_of_the_objects_is_in_the_settings() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (AWX / "controller").glob("*.yml"))
    assert set(re.findall(r"\{\{ (pgha_\w+)", text)) <= set(load(AWX / "settings.yml"))


def test_without_a_question_there_is_no_survey() -> None:
    """AWX refuses an empty list of them; an empty mapping takes a survey away that was there."""
    without = {name: each["survey_spec"] for name, each in ALL.items() if name not in SURVEYED}
    assert without == {"pgha failed": {}}


@pytest.mark.parametrize("name", SURVEYED)
def test_the_survey_is_one_that_awx_takes(name: str) -> None:
    """What AWX checks of a survey: `_validate_spec_data` in awx/api/views."""
    spec = SURVEYED[name]["survey_spec"]["spec"]
    assert spec
    assert len({question["variable"] for question in spec}) == len(spec)
    for question in spec:
        assert question["type"] in ("text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float")
        assert isinstance(question["required"], bool)
        assert all(isinstance(question[field], str) for field in ("question_name", "question_description", "variable"))
        assert all(isinstance(question[end], int) for end in ("min", "max") if end in question)
        assert ("choices" in question) == (question["type"] in ("multiplechoice", "multiselect"))
        # An answer that nobody gave would win over the inventory. An empty one is none; AWX' page wants it of choices.
        assert question.get("default") == ("" if "choices" in question else None)
        assert question["type"] not in ("text", "textarea", "password") or question["min"] == int(question["required"])


@pytest.mark.parametrize("name", SURVEYED)
def test_no_question_asks_for_a_secret_of_several_lines(name: str) -> None:
    """A password is one line in AWX. A licence is PEM: it comes by a credential."""
    asked = {question["question_name"] for question in SURVEYED[name]["survey_spec"]["spec"]}
    assert asked & {"kubedb_license", "kubedb_license.text"} == set()
    assert "kubedb_license" in json.dumps(CONTROLLER["controller_credential_types"])


@pytest.mark.parametrize("name", SURVEYED)
def test_each_question_is_one_of_a_variable(name: str) -> None:
    for question in SURVEYED[name]["survey_spec"]["spec"]:
        option = awx.option_of(question["question_name"])
        assert question["variable"] == "survey_" + question["question_name"].replace(".", "__")
        assert (question["type"] == "password") == bool(option.get("no_log"))
        assert (question["type"] == "multiselect") == ("choices" in option and option["type"] == "list")
        if option.get("type") == "int":
            assert question["type"] == "integer"
            assert "min" in question or question["question_name"] in (
                "postgres_cluster_restore.timeline",
                "log_report_minutes",
            )
        if option.get("type") in ("dict", "list") and "choices" not in option:
            assert question["type"] == "textarea"


@pytest.mark.parametrize(
    "playbook", [name for name, told in load(AWX / "jobs.yml")["templates"].items() if told.get("reads")]
)
def test_what_only_looks_asks_not_for_what_runs(playbook: str) -> None:
    """Who may have a look is not whoever may have the passwords: verify runs an image that is given each user's."""
    told = load(AWX / "jobs.yml")["templates"][playbook]
    asked = [name for name in told.get("needs", []) + told.get("asks", []) if WHAT_RUNS.search(name)]
    # It runs no image, and has to check the answers of the workflow that it begins.
    assert asked == (["postgres_cluster_image", "pgpool_image"] if playbook == "preflight" else [])


@pytest.mark.parametrize("name", SURVEYED)
def test_where_an_operator_comes_from_is_no_question(name: str) -> None:
    """A manifest or chart of one's own is whatever one wants, with the rights of whoever installs operators."""
    asked = {question["question_name"] for question in SURVEYED[name]["survey_spec"]["spec"]}
    assert {each for each in asked if re.match(r"(cloudnativepg|kubedb)_", each)} <= {
        f"{operator}_{what}" for operator in ("cloudnativepg", "kubedb") for what in ("version", "wait_timeout")
    }


def test_what_destroys_something_is_for_nobody_without_approval() -> None:
    told = load(AWX / "jobs.yml")["templates"]
    wanting = {awx.title(playbook) for playbook, entry in told.items() if entry.get("approval")}
    assert {"pgha teardown", "pgha restore"} <= wanting
    allowed = [name for entry in CONTROLLER["controller_roles"] for name in entry.get("job_templates", [])]
    assert sorted(allowed) == sorted(set(TEMPLATES) - wanting)
    for name in wanting:
        first, *others = WORKFLOWS[f"{name} once approved"]["simplified_workflow_nodes"]
        assert "approval_node" in first
        assert "unified_job_template" not in first
        reached = {
            target
            for node in [first, *others]
            for way in ("success_nodes", "failure_nodes")
            for target in node.get(way, [])
        }
        assert reached == {node["identifier"] for node in others}
        assert WORKFLOWS[f"{name} once approved"]["survey_spec"] == TEMPLATES[name]["survey_spec"]
    [approval] = [entry for entry in CONTROLLER["controller_roles"] if entry["role"] == "approval"]
    assert set(approval["workflows"]) == {name for name in WORKFLOWS if name.endswith(" once approved")}
    assert set(approval["workflows"]) > {f"{name} once approved" for name in wanting}
    assert approval["team"] == "pgha approvers"


def present(name: str) -> list[dict[str, Any]]:
    """Return the nodes that a workflow has in AWX once it was applied."""
    return [node for node in WORKFLOWS[name]["simplified_workflow_nodes"] if node.get("state") != "absent"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_step_that_a_workflow_had_is_kept_by_awx(name: str) -> None:
    """Who takes a step out names it in `gone` of awx/jobs.yml, and lets it stand here."""
    once = {
        "pgha site step by step": {"preflight", "cloudnativepg", "kubedb", "postgres_cluster", "pgpool", "monitoring"}
        | {"verify"}
    }
    of_approval = {"approve", name.removeprefix("pgha ").removesuffix(" once approved")}
    named = {node["identifier"] for node in WORKFLOWS[name]["simplified_workflow_nodes"]}
    assert named == once.get(name, of_approval) | {"diagnose", "failed"}


def test_a_step_that_is_gone_is_taken_out_of_awx() -> None:
    told = load(AWX / "jobs.yml")["workflows"]["site step by step"]
    told |= {"steps": ["preflight", "verify"], "gone": ["pgpool"]}
    nodes = awx.steps("site", told)["simplified_workflow_nodes"]
    assert [node["identifier"] for node in nodes] == ["preflight", "verify", "diagnose", "failed", "pgpool"]
    # No template and no links, which the module would look for.
    assert nodes[-1] == {"identifier": "pgpool", "state": "absent"}
    assert not any("pgpool" in node.get("success_nodes", []) for node in nodes)


def test_the_workflow_has_the_parts_of_site_in_their_order() -> None:
    imported = re.findall(r"import_playbook: (\w+)\.yml", (ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    nodes = present("pgha site step by step")
    assert [node["identifier"] for node in nodes] == [*imported, "verify", "diagnose", "failed"]
    for node, following in pairwise(nodes[:-2]):
        assert node["success_nodes"] == [following["identifier"]]
    assert [node.get("failure_nodes") for node in nodes] == [None, *[["diagnose"]] * (len(nodes) - 3), None, None]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_of_which_a_step_failed_fails(name: str) -> None:
    """AWX' has_workflow_failed: only a job that failed and that no failure or always path follows makes it fail."""
    nodes = {node["identifier"]: node for node in present(name)}
    assert not any("always_nodes" in node for node in nodes.values())
    for node in nodes.values():
        for after in node.get("failure_nodes", []):
            assert nodes[after]["success_nodes"] == ["failed"]
            assert "failure_nodes" not in nodes[after]
    assert nodes["failed"] == {"identifier": "failed", "unified_job_template": "pgha failed"}


def test_the_last_job_of_a_workflow_that_failed_fails_and_says_where_to_look(tmp_path: Path) -> None:
    template = TEMPLATES["pgha failed"]
    told = {"awx_workflow_job_name": "pgha site step by step", "awx_workflow_job_id": 12}
    done = subprocess.run(
        ["ansible-playbook", *constructed(tmp_path, {"hot-postgres": {}}), "--limit=hot-postgres",
         "--extra-vars", json.dumps({**template["extra_vars"], **told}), ROOT / template["playbook"]],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "A step of the workflow pgha site step by step (job 12) failed" in done.stdout + done.stderr


def test_answers_of_a_workflow_are_those_of_its_jobs() -> None:
    """AWX hands a workflow's answers on to each of its jobs, which take what is theirs and leave the others out."""
    site = {question["variable"] for question in WORKFLOWS["pgha site step by step"]["survey_spec"]["spec"]}
    assert site == {question["variable"] for question in TEMPLATES["pgha site"]["survey_spec"]["spec"]}


def test_schedules_have_rules_that_awx_takes() -> None:
    for schedule in CONTROLLER["controller_schedules"]:
        assert re.fullmatch(
            r"DTSTART:2\d{7}T\d{6}Z RRULE:FREQ=(DAILY|WEEKLY);INTERVAL=1(;BYDAY=(MO|TU|WE|TH|FR|SA|SU))?",
            schedule["rrule"],
        )
        asked = {
            question["variable"] for question in TEMPLATES[schedule["unified_job_template"]]["survey_spec"]["spec"]
        }
        assert set(schedule.get("extra_data", {})) <= asked
    wanted = {"pgha verify", "pgha status", "pgha backup", "pgha restore_drill"}
    assert {schedule["unified_job_template"] for schedule in CONTROLLER["controller_schedules"]} == wanted


def test_what_is_pushed_is_taken_up_by_the_next_job() -> None:
    """AWX updates the sources of the job's own inventory, and not those of what a constructed one is made of."""
    [project] = CONTROLLER["controller_projects"]
    [inventory] = CONTROLLER["controller_inventories"]
    [source] = CONTROLLER["controller_inventory_sources"]
    assert inventory.get("kind", "") == ""
    assert {each["inventory"] for each in ALL.values()} == {source["inventory"]} == {inventory["name"]}
    assert (source["source"], source["source_project"]) == ("scm", project["name"])
    assert source["execution_environment"] == "pgha"
    assert project["scm_update_on_launch"] is source["update_on_launch"] is True
    assert max(project["scm_update_cache_timeout"], source["update_cache_timeout"]) <= 60


def test_the_inventory_of_the_settings_makes_the_groups_itself() -> None:
    """A folder in git, with the file that makes them and what AWX asks Ansible for of it."""
    path = load(AWX / "settings.yml")["pgha_awx_inventory_path"]
    assert (ROOT / path / GROUPS.name).samefile(GROUPS)
    made = listed(f"--inventory={path}", "--export")
    hosts = {"staging-k8s", "live-k8s", "hot-postgres", "billing", "reporting"}
    assert set(made["operator_cloudnativepg"]["hosts"]) == set(made["namespace_databases"]["hosts"]) == hosts


def test_credential_types_hand_on_each_input_and_no_secret_by_a_file_of_the_project() -> None:
    for kind in CONTROLLER["controller_credential_types"]:
        fields = {field["id"]: field for field in kind["inputs"]["fields"]}
        assert set(kind["inputs"]["required"]) == set(fields)
        injected = json.dumps(kind["injectors"])
        files = {name.removeprefix("template.") for name in kind["injectors"].get("file", {})}
        assert {name for name in re.findall(r"\{\{ ([\w.]+) \}\}", injected) if not name.startswith("tower.")} == set(
            fields
        )
        assert set(re.findall(r"tower\.filename\.(\w+)", injected)) == files
        assert not any(name.startswith("ANSIBLE_") for name in kind["injectors"].get("env", {}))
        assert any(field.get("secret") for field in fields.values())


def listed(*options: str) -> dict[str, Any]:
    """Return what ansible-inventory says that there is."""
    done = subprocess.run(
        ["ansible-inventory", "--list", *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def constructed(tmp_path: Path, hosts: dict[str, Any]) -> list[str]:
    """Return the option for a folder as one copies it: hosts, files of variables and the one of the groups."""
    groups = {
        "postgres_clusters": {"hosts": dict.fromkeys(hosts)},
        "kubernetes_clusters": {"hosts": {"k8s": {"pgha_drills_allowed": True}}},
    }
    folder = tmp_path / "inventory"
    (folder / "host_vars").mkdir(parents=True)
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}))
    for name, variables in hosts.items():
        (folder / "host_vars" / f"{name}.yml").write_text(yaml.safe_dump(variables))
    (folder / GROUPS.name).write_text(GROUPS.read_text(encoding="utf-8"))
    return [f"--inventory={folder}"]


def test_the_settings_have_what_the_type_of_the_credential_asks_for() -> None:
    [credential] = CONTROLLER["controller_credentials"]
    types = {kind["name"]: kind["inputs"]["required"] for kind in CONTROLLER["controller_credential_types"]}
    assert set(set_to(credential["inputs"])) == set(types[set_to(credential["credential_type"])])
    # The other one, which is there as a comment.
    text = (AWX / "settings.yml").read_text(encoding="utf-8")
    block = text.partition("For several:\n")[2].partition("\npgha_awx_kubernetes_type:")[0]
    other = yaml.safe_load("\n".join(line.removeprefix("# ") for line in block.splitlines()))
    assert set(other["pgha_awx_kubernetes"]) == set(types[other["pgha_awx_kubernetes_type"]])
    # All templates have it, so that its type is the one for each job.
    assert {tuple(set_to(template["credentials"])) for template in TEMPLATES.values()} == {(credential["name"],)}


def test_the_groups_of_the_inventory(tmp_path: Path) -> None:
    hosts = {
        "billing": {"postgres_cluster_backup": {"bucket": "b"}, "pgha_namespace": "finance"},
        "hot-postgres": {"pgha_drills_allowed": True, "pgha_operator": "kubedb"},
        "orders": {"postgres_cluster_backup": {"bucket": "b"}, "pgha_operator": "kubedb"},
        "shop": {"postgres_cluster_backup": {"bucket": "b", "method": "plugin"}},
        "stock": {"postgres_cluster_backup": {"bucket": "b", "method": "built_in"}},
    }
    options = constructed(tmp_path, hosts)
    made = {name: entry["hosts"] for name, entry in listed(*options).items() if "hosts" in entry}
    assert made["with_backups"] == ["billing", "orders", "shop", "stock"]
    assert made["for_restore_drills"] == ["billing", "stock"]
    assert made["for_drills"] == ["hot-postgres"]
    assert made["namespace_finance"] == ["billing"]
    assert made["operator_kubedb"] == ["hot-postgres", "orders"]
    assert made["cluster_hot_postgres"] == ["hot-postgres"]


def test_awx_reads_an_inventory_with_a_value_from_a_vault_without_its_password(tmp_path: Path) -> None:
    options = constructed(tmp_path, {"billing": {"postgres_cluster_backup": {"secret": "{{ vault_key }}"}}})
    password = tmp_path / "password"
    password.write_text("a password")
    vaulted = subprocess.run(
        ["ansible-vault", "encrypt_string", f"--vault-password-file={password}", "--name=vault_key", "a key"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    with (tmp_path / "inventory/host_vars/billing.yml").open("a") as file:
        file.write(vaulted)
    made = listed(*options, "--export")
    assert made["with_backups"]["hosts"] == ["billing"]
    assert set(made["_meta"]["hostvars"]["billing"]["vault_key"]) == {"__ansible_vault"}


@pytest.mark.parametrize("name", ["pgha backup", "pgha restore drill"])
def test_a_schedule_does_not_fail_before_anything_has_backups(tmp_path: Path, name: str) -> None:
    [schedule] = [entry for entry in CONTROLLER["controller_schedules"] if entry["name"] == name]
    template = TEMPLATES[schedule["unified_job_template"]]
    done = subprocess.run(
        ["ansible-playbook", *constructed(tmp_path, {"hot-postgres": {}}), f"--limit={schedule['limit']}",
         "--extra-vars", json.dumps(template["extra_vars"]), ROOT / template["playbook"]],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("skipping: no hosts matched") == 1


def test_each_alert_starts_one_playbook() -> None:
    told = load(AWX / "jobs.yml")["alerts"]
    rules = (ROOT / "roles/monitoring/files/rules").glob("*.yml")
    alerts = sorted(re.findall(r"- alert: (\w+)", "".join(path.read_text(encoding="utf-8") for path in rules)))
    assert sorted(alert for names in told["run"].values() for alert in names) == alerts
    templates = load(AWX / "jobs.yml")["templates"]
    for playbook in [*told["run"], *told["approve"]]:
        assert not templates[playbook].get("approval")
        # Nobody is there to answer.
        assert not templates[playbook].get("needs")
    assert {f"pgha {playbook} once approved" for playbook in told["approve"]} <= set(WORKFLOWS)
    assert set(told["run"]) & set(told["approve"]) == set()


def test_an_alert_starts_at_once_only_what_looks_or_adds_something() -> None:
    """docs/adr/0023: nothing that makes a cluster what the inventory says, as that wakes one which was put to sleep."""
    told = load(AWX / "jobs.yml")["alerts"]
    assert set(told["run"]) == {"diagnose", "verify", "backup"}
    # Its limit is a PostgreSQL cluster, so that nobody asks Prometheus.
    plays = load(ROOT / "playbooks/verify.yml")
    assert [play["hosts"] for play in plays if "Prometheus" in play["name"]] == ["kubernetes_clusters"]
    assert {"ExporterDown", "ExporterBlind", "ScrapeMissing"} <= set(told["run"]["diagnose"])


def test_the_rulebook_is_one_that_the_engine_takes() -> None:
    rulebook = load(awx.RULEBOOK)
    schema = json.loads((files("ansible_rulebook") / "schema/ruleset_schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(rulebook, schema)
    for rule in rulebook[0]["rules"]:
        [(action, told)] = rule["action"].items()
        if "{{" not in told["name"]:
            assert (action, told["name"] in TEMPLATES) == ("run_job_template", True)
        assert told["job_args"] == {"limit": awx.LIMIT}
        # What becomes a pattern is a name.
        assert all(f"event.labels.{label} is match(" in rule["condition"] for label in ("cluster", "namespace"))
        labels = ["alertname", "namespace", "cluster"][rule["name"] == "Start diagnose" :]
        assert rule["throttle"]["group_by_attributes"] == [f"event.labels.{label}" for label in labels]


def test_an_alert_is_for_the_cluster_of_its_namespace_alone(tmp_path: Path) -> None:
    """PostgreSQL clusters of one name: hosts of other names, one of its own, and namespaces by each variable."""
    hosts = {
        "live-orders": {"postgres_cluster_name": "orders", "pgha_namespace": "team-a"},
        "test-orders": {
            "postgres_cluster_name": "orders",
            "pgha_namespace": "x",
            "postgres_cluster_namespace": "team-b",
        },
        "their-orders": {
            "postgres_cluster_name": "orders",
            "pgpool_postgres_namespace": "team-c",
            "pgha_namespace": "x",
        },
        "orders": {},
    }
    options = constructed(tmp_path, hosts)
    for namespace, host in zip(("team-a", "team-b", "team-c", "default"), hosts, strict=True):
        event = {"labels": {"cluster": "orders", "namespace": namespace}}
        limit = NativeEnvironment().from_string(awx.LIMIT).render(event=event)
        found = subprocess.run(
            ["ansible", *options, "all", "--limit", limit, "--list-hosts"], capture_output=True, text=True, check=True
        )
        assert found.stdout.split()[-1] == host
        assert "hosts (1)" in found.stdout


def test_the_page_shows_no_token_where_others_can_read_it() -> None:
    page = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
    assert "--controller-token" not in page
    assert "EDA_CONTROLLER_TOKEN" in page
    assert "http://" not in page
    # The rights that its user takes are those for what the rulebook starts.
    told = load(AWX / "jobs.yml")["alerts"]
    rights = page.partition("the role *Execute* on")[2].partition("With that of an")[0].replace("\n", " ")
    for playbook in told["run"]:
        assert f"*pgha {playbook}*" in rights
    assert f"of {', '.join(told['approve'][:-1])} and {told['approve'][-1]}." in rights


@pytest.mark.parametrize("name", ["execution-environment", "execution-environment-debian"])
def test_the_image_of_the_jobs_can_be_defined(name: str, tmp_path: Path) -> None:
    """What ansible-builder makes of it: a Containerfile and what that copies. Building it needs a registry."""
    subprocess.run(
        ["ansible-builder", "create", "--file", AWX / f"{name}.yml", "--context", tmp_path / "context"],
        capture_output=True,
        check=True,
        text=True,
    )
    [containerfile] = (tmp_path / "context").glob("*file")
    made = containerfile.read_text(encoding="utf-8")
    definition = load(AWX / f"{name}.yml")
    assert f'ARG EE_BASE_IMAGE="{definition["images"]["base_image"]["name"]}"' in made
    assert definition["dependencies"]["ansible_core"]["package_pip"] in made
    needed = (tmp_path / "context/_build/requirements.txt").read_text(encoding="utf-8")
    assert needed == (ROOT / "meta/requirements.txt").read_text(encoding="utf-8")
    assert (tmp_path / "context/_build/requirements.yml").exists() == ("galaxy" in definition["dependencies"])


@pytest.mark.parametrize("name", ["execution-environment", "execution-environment-debian"])
def test_helm_comes_into_the_image_as_the_page_says(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
    [recipe] = re.findall(r"^   ```yaml\n(.*?)^   ```$", page, re.MULTILINE | re.DOTALL)
    added = yaml.safe_load(recipe)
    definition = load(AWX / f"{name}.yml")
    steps = definition.get("additional_build_steps", {})
    last = [*steps.get("append_final", []), *added["additional_build_steps"]["append_final"]]
    definition |= {**added, "additional_build_steps": {**steps, "append_final": last}}
    shutil.copytree(AWX, tmp_path / "awx")
    for path in ("meta/requirements.txt", "requirements.yml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / "awx/helm").write_text("#!/bin/sh\n")
    (tmp_path / "awx/helm").chmod(0o755)
    (tmp_path / "awx/with-helm.yml").write_text(yaml.safe_dump(definition))
    subprocess.run(
        ["ansible-builder", "create", "--file", tmp_path / "awx/with-helm.yml", "--context", tmp_path / "context"],
        capture_output=True,
        check=True,
        text=True,
    )
    [containerfile] = (tmp_path / "context").glob("*file")
    final = containerfile.read_text(encoding="utf-8").rpartition("FROM ")[2]
    [source] = re.findall(r"^COPY (\S+) /usr/local/bin/helm$", final, re.MULTILINE)
    assert os.access(tmp_path / "context" / source, os.X_OK)


@pytest.mark.parametrize(
    ("given", "host"), [({}, "0.0.0.0"), ({"pgha_eda_host": "::"}, "::"), ({"pgha_eda_host": "::1"}, "::1")]
)
def test_the_rulebook_listens_where_it_is_told(given: dict[str, str], host: str) -> None:
    [source] = load(awx.RULEBOOK)[0]["sources"]
    # As render_string() of ansible-rulebook does it.
    asked = NativeEnvironment(undefined=StrictUndefined).from_string(source["eda.builtin.webhook"]["host"])
    assert asked.render(given) == host
    assert "`pgha_eda_host: '::'`" in (ROOT / "docs/awx.md").read_text(encoding="utf-8")


def test_the_rulebook_s_source_comes_with_the_engine_that_the_page_names() -> None:
    [source] = [name for name in load(awx.RULEBOOK)[0]["sources"][0] if name not in ("name", "filters")]
    page = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
    assert re.search(rf"ansible-rulebook 1\.2\.1 or newer, which brings the source `{re.escape(source)}`", page)
    assert files("ansible_rulebook").joinpath(f"event_source/{source.rpartition('.')[2]}.py").is_file()


def test_the_image_has_the_ansible_of_the_developers() -> None:
    wanted = load(AWX / "execution-environment-debian.yml")["dependencies"]["ansible_core"]["package_pip"]
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    assert f'{wanted}; python_version >= "3.12"' in lines


def test_the_page_names_each_result() -> None:
    page = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
    table = page.partition("| artifact (`set_stats`)")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    sources = [*(ROOT / "playbooks").glob("*.yml"), *(ROOT / "roles").glob("*/tasks/*.yml")]
    texts = "".join(path.read_text(encoding="utf-8") for path in sources)
    kept = dict(re.findall(r"data: \"\{\{ \{'(\w+)': (\{\w+:|)", texts))
    assert named == set(kept)
    # PostgreSQL clusters of two hosts may have one name.
    assert {name for name, by in kept.items() if by != "{inventory_hostname:"} == {"monitoring_fleet"}


def test_each_controller_has_the_collections_that_apply_takes_for_it() -> None:
    """infra.aap_configuration calls the modules of ansible.*, so that awx.awx is none in their place."""
    [play] = load(AWX / "apply.yml")
    wanted = {
        "aap": {
            "ansible.platform",
            "ansible.controller",
            "ansible.hub",
            "ansible.eda",
            play["vars"]["pgha_awx_collection"],
        },
        "awx": {"awx.awx", "infra.controller_configuration"},
    }
    page = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
    for name, collections in wanted.items():
        path = AWX / f"requirements-{name}.yml"
        assert {entry["name"] for entry in load(path)["collections"]} == collections
        assert f"ansible-galaxy collection install -r awx/{path.name}\n" in page
    assert {path.name for path in AWX.glob("requirements*")} == {f"requirements-{name}.yml" for name in wanted}


def applied(tmp_path: Path, tasks: list[dict[str, Any]], given: Any, **more: Any) -> Any:
    """Run apply.yml with a role of these tasks in place of the collection's.

    :return: what `given`, a template, was then
    """
    folder = tmp_path / "ansible_collections/probe/probe/roles/dispatch/tasks"
    folder.mkdir(parents=True)
    write = {"content": "{{ given | to_json }}", "dest": str(tmp_path / "given.json"), "mode": "0600"}
    last = {"name": "Write", "ansible.builtin.copy": write, "vars": {"given": given}}
    (folder / "main.yml").write_text(yaml.safe_dump([*tasks, last]))
    settings = load(AWX / "settings.yml")
    settings["pgha_awx_kubernetes"] = {"host": "https://api", "api_key": "token", "ca_cert": "PEM"}
    settings |= {"aap_token": "token", "pgha_awx_collection": "probe.probe", **more}
    subprocess.run(
        ["ansible-playbook", AWX / "apply.yml", "-e", json.dumps(settings)],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads((tmp_path / "given.json").read_text())


def test_apply_hands_the_objects_on_with_the_settings_in_them(tmp_path: Path) -> None:
    """With a role that writes down what it was given, in place of the collection's."""
    given = {name: f"{{{{ {name} }}}}" for name in CONTROLLER}
    made = applied(tmp_path, [], given, pgha_awx_more_credentials=["our vault"])
    settings = load(AWX / "settings.yml")
    assert {entry["organization"] for entry in made["controller_templates"]} == {settings["pgha_awx_organization"]}
    credentials = ["pgha Kubernetes", "our vault"]
    assert all(entry["credentials"] == credentials for entry in made["controller_templates"])
    assert made["controller_credentials"][0]["inputs"] == {"host": "https://api", "api_key": "token", "ca_cert": "PEM"}
    assert made["controller_credentials"][0]["credential_type"] == "pgha Kubernetes API"
    [kind] = [kind for kind in made["controller_credential_types"] if kind["name"] == "pgha Kubernetes API"]
    assert kind["injectors"]["env"]["K8S_AUTH_API_KEY"] == "{{ api_key }}"
    for name, workflow in zip(WORKFLOWS, made["controller_workflows"], strict=True):
        assert workflow["survey_spec"] == WORKFLOWS[name]["survey_spec"]


@pytest.mark.parametrize(
    ("objects", "field"),
    [
        ("controller_notifications", "messages"),
        ("controller_inventories", "variables"),
        ("controller_inventory_sources", "source_vars"),
    ],
)
def test_what_an_object_leaves_out_is_left_out(tmp_path: Path, objects: str, field: str) -> None:
    """The roles of both collections send it through regex_replace, `omit`, too. What is written there is AWX' own."""
    written = f"{{{{ item.{field} | default(omit, true) | regex_replace('{{  {{', '{{{{') }}}}"
    tasks = [
        {
            "name": "Take what a module would be given",
            "ansible.builtin.set_fact": {"name": "{{ item.name }}", field: written},
            "loop": f"{{{{ {objects} + [{{'name': 'of a site', '{field}': {{'key': 'a  value'}}}}] }}}}",
            "register": "taken",
        }
    ]
    made = applied(tmp_path, tasks, "{{ taken.results | map(attribute='ansible_facts') }}")
    *ours, of_a_site = made
    assert ours == [{"name": entry["name"]} for entry in CONTROLLER[objects]]
    assert of_a_site == {"name": "of a site", field: "{'key': 'a  value'}"}


@pytest.mark.parametrize("collection", ["aap", "controller"])
def test_the_roles_wait_for_the_first_update_of_the_project(tmp_path: Path, collection: str) -> None:
    """By default they ask 30 times, once a second. The module itself is ended after 1000 seconds."""
    retries = f"{{{{ {collection}_configuration_async_retries | default(30) | int }}}}"
    assert 300 <= applied(tmp_path, [], retries) < 1000
