# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/job.yml, which AWX runs: answers become variables, and empty ones leave all as it is without them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = ["cloudnativepg", "drills", "kubedb", "monitoring", "pgpool", "postgres_cluster"]
OPTIONS = {
    name: option
    for role in ROLES
    for name, option in yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8"))[
        "argument_specs"
    ]["main"]["options"].items()
}
SCALARS = [name for name, option in OPTIONS.items() if option.get("type", "str") not in ("dict", "list")]
KEYS = [
    f"{name}__{key}"
    for name, option in OPTIONS.items()
    if option.get("type") == "dict"
    for key, inner in (option.get("options") or {}).items()
    if inner.get("type", "str") not in ("dict", "list")
]
INVENTORY = {
    "all": {
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "children": {
            "postgres_clusters": {
                "hosts": {
                    "one": {
                        "postgres_cluster_instances": 5,
                        "postgres_cluster_storage": {"size": "1Gi", "class": "fast"},
                    },
                    "two": {},
                }
            }
        },
    }
}
# What each host's variables are, in a file of its own.
SHOW = [
    {
        "name": "Show the variables",
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            # Their defaults are those of the play; their tasks are not run.
            *(
                {
                    "name": f"Have the defaults of {role}",
                    "ansible.builtin.import_role": {"name": f"pgha.kubernetes.{role}", "rolespec_validate": False},
                    "tags": ["never"],
                }
                for role in ROLES
            ),
            {
                "name": "Write the variables",
                "ansible.builtin.copy": {
                    "content": "{{ dict(names | zip(query('ansible.builtin.vars', *names))) | to_json }}",
                    "dest": "{{ folder }}/{{ inventory_hostname }}.json",
                    "mode": "0600",
                },
                "vars": {
                    "names": "{{ query('ansible.builtin.varnames', '^(' ~ roles | join('|') ~ ')_') }}",
                    "roles": ROLES,
                },
            },
        ],
    }
]

Run = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a playbook with extra variables, and return what the variables of each host are."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "inventory.yml").write_text(yaml.safe_dump(INVENTORY))
    (folder / "show.yml").write_text(yaml.safe_dump(SHOW))

    def run_it(
        playbook: str = str(ROOT / "playbooks/job.yml"), storage_of_two: Any = None, **variables: Any
    ) -> dict[str, dict[str, Any]]:
        own = {} if storage_of_two is None else {"postgres_cluster_storage": storage_of_two}
        (folder / "host_vars").mkdir(exist_ok=True)
        (folder / "host_vars/two.yml").write_text(yaml.safe_dump(own))
        extra = {"job_playbook": str(folder / "show"), "folder": str(folder)}
        done = subprocess.run(
            [
                "ansible-playbook",
                f"--inventory={folder / 'inventory.yml'}",
                playbook,
                "-e",
                json.dumps({**extra, **variables}),
            ],
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections"), "ANSIBLE_NOCOLOR": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return {host: json.loads((folder / f"{host}.json").read_text()) for host in ("one", "two")}

    run_it.show = str(folder / "show.yml")  # type: ignore[attr-defined]
    return run_it


@pytest.fixture(scope="module")
def plain(run: Run) -> dict[str, dict[str, Any]]:
    """What the variables are where nobody has asked anything."""
    return run(run.show)  # type: ignore[attr-defined]


def test_there_are_scalars_of_each_role() -> None:
    assert {role for role in ROLES for name in SCALARS if name.startswith(role)} == set(ROLES)
    assert len(SCALARS) > 80
    assert len(KEYS) > 30


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_no_answer_leaves_every_variable_of_every_role_as_it_is(
    run: Run, plain: dict[str, dict[str, Any]], empty: str | None
) -> None:
    answered = run(**{f"survey_{name}": empty for name in [*SCALARS, *KEYS]})
    assert answered == plain
    assert plain["one"]["postgres_cluster_instances"] == 5
    assert plain["two"]["postgres_cluster_instances"] == OPTIONS["postgres_cluster_instances"]["default"]


def test_answers_win_over_the_inventory(run: Run, plain: dict[str, dict[str, Any]]) -> None:
    answered = run(
        survey_postgres_cluster_instances=4,
        survey_postgres_cluster_version="16",
        survey_postgres_cluster_storage__size="2Gi",
        survey_pgpool_params="num_init_children: 64",
        survey_monitoring_dashboards="true",
        survey_postgres_cluster_rotate_users="app, report",
        survey_pgpool_image="",
    )
    expected = {
        "postgres_cluster_instances": 4,
        "postgres_cluster_version": "16",
        # A default that follows from another variable follows from its answer.
        "postgres_cluster_image": plain["two"]["postgres_cluster_image"].replace(":17-", ":16-"),
        "pgpool_params": {"num_init_children": 64},
        "monitoring_dashboards": True,
        "postgres_cluster_rotate_users": ["app", "report"],
    }
    one = {**plain["one"], **expected, "postgres_cluster_storage": {"size": "2Gi", "class": "fast"}}
    two = {**plain["two"], **expected, "postgres_cluster_storage": {"size": "2Gi", "class": ""}}
    assert answered == {"one": one, "two": two}


def test_what_cannot_be_taken_ends_the_job_before_the_playbook(run: Run) -> None:
    with pytest.raises(AssertionError) as caught:
        run(survey_pgpool_replicas="two", survey_pgpol_image="x:1")
    text = str(caught.value)
    assert "survey_pgpool_replicas is 'two': give a whole number" in text
    assert "survey_pgpol_image is no question of this collection: did you mean survey_pgpool_image?" in text
    assert "Write the variables" not in text


def test_what_is_no_mapping_in_the_inventory_is_left_to_the_preflight_of_its_role(
    run: Run, plain: dict[str, dict[str, Any]]
) -> None:
    answered = run(survey_postgres_cluster_storage__size="2Gi", storage_of_two="10Gi")
    assert answered["one"]["postgres_cluster_storage"] == {"size": "2Gi", "class": "fast"}
    assert answered["two"] == {**plain["two"], "postgres_cluster_storage": "10Gi"}


@pytest.mark.parametrize("fatal", [True, False])
def test_a_host_whose_answers_cannot_be_taken_stops_the_others_where_that_is_wanted(run: Run, fatal: bool) -> None:
    with pytest.raises(AssertionError) as caught:
        run(
            survey_postgres_cluster_storage__size="2Gi",
            storage_of_two="{{ nobody_knows_this }}",
            pgha_any_errors_fatal=fatal,
        )
    assert ("TASK [Write the variables]" in str(caught.value)) is not fatal


@pytest.mark.parametrize("fatal", [True, False])
def test_an_answer_that_cannot_be_taken_stops_all_in_either_case(run: Run, fatal: bool) -> None:
    with pytest.raises(AssertionError) as caught:
        run(survey_pgpool_replicas="two", pgha_any_errors_fatal=fatal)
    assert "Write the variables" not in str(caught.value)


def test_passwords_are_not_told(run: Run) -> None:
    with pytest.raises(AssertionError) as caught:
        run(survey_postgres_cluster_superuser__password="hunter2-S3cret", folder="/nowhere")
    assert "hunter2" not in str(caught.value).partition("TASK [Write the variables]")[0]
    assert "TASK [Write the variables]" in str(caught.value)
