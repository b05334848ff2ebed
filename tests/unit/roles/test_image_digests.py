# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each image that a cluster pulls can be named by its digest, and gets into the manifests as it was given."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import cloudnativepg_operator
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import FORMATS
from test_backup_manifests import made
from test_monitoring_discovery import render
from test_pgpool_pods import deployment, evaluate

ROOT = Path(__file__).resolve().parents[3]
KIND = ROOT / "roles/kind_cluster"
DIGEST = "@sha256:" + "0123456789abcdef" * 4
TAGGED = "registry.example:5000/team/name:1.2.3" + DIGEST
BARE = "registry.example:5000/team/name" + DIGEST
# Those that a build makes: what is built has a digest of its own.
BUILT = {"kind_cluster_images[].reference", "kind_cluster_extra_images[].reference"}
IMAGES = {name for name, form in FORMATS.items() if getattr(form, "remedy", "").startswith("give an image reference")}


def images_of(value: Any) -> set[str]:
    """Return every image that is named anywhere in a manifest."""
    if isinstance(value, dict):
        here = {item for key, item in value.items() if key in ("image", "imageName")}
        return here.union(*(images_of(item) for item in value.values()))
    return set().union(*(images_of(item) for item in value)) if isinstance(value, list) else set()


def operator(image: str) -> list[dict[str, Any]]:
    container = {"image": "x:1.29.2", "env": [{"name": "OPERATOR_IMAGE_NAME", "value": "x:1.29.2"}]}
    documents = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cnpg-system"}},
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "c"}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "cnpg-controller-manager", "namespace": "cnpg-system"},
            "spec": {"template": {"spec": {"containers": [container]}}},
        },
    ]
    return cloudnativepg_operator.manifests(documents, "1.29.2", "cnpg-system", image=image)


RENDERED = {
    "cloudnativepg_image": operator,
    "monitoring_prometheus_image": lambda image: yaml.safe_load(
        render(
            "deployment.yml.j2", monitoring_prometheus_image=image, __monitoring_configuration="", __monitoring_rules=""
        )
    ),
    "pgpool_image": lambda image: deployment(pgpool_image=image),
    "pgpool_exporter.image": lambda image: deployment(pgpool_exporter={"image": image}),
    "postgres_cluster_image": lambda image: made({}, postgres_cluster_image=image),
}
# Those that get into no manifest of a Pod that can be rendered here, and what becomes of them.
ELSEWHERE = {
    "kind_cluster_node_image": "an argument of kind, as a test below says",
    "pgpool_verify_image": "the image of a Job, as a test below says",
}


def test_each_variable_is_looked_at() -> None:
    assert set(RENDERED) | set(ELSEWHERE) | BUILT == IMAGES


@pytest.mark.parametrize("image", [TAGGED, BARE], ids=["tag and digest", "digest"])
@pytest.mark.parametrize("variable", sorted(IMAGES))
def test_a_digest_is_taken(variable: str, image: str) -> None:
    assert FORMATS[variable].accepts(image) == (variable not in BUILT)


@pytest.mark.parametrize("image", [TAGGED, BARE], ids=["tag and digest", "digest"])
@pytest.mark.parametrize("variable", sorted(RENDERED))
def test_it_is_in_the_manifests_as_given(variable: str, image: str) -> None:
    assert image in images_of(RENDERED[variable](image))


@pytest.mark.parametrize("image", [TAGGED, BARE], ids=["tag and digest", "digest"])
def test_jobs_take_it_as_given(image: str) -> None:
    assert evaluate("{{ __pgpool_verify_job.image }}", pgpool_verify_image=image) == image


def argument(tasks: Any, word: str) -> str:
    """Return what follows a word in a command of some tasks, a template."""
    for task in tasks:
        for module in task.values():
            argv = module.get("argv", []) if isinstance(module, dict) else []
            if word in argv:
                return argv[argv.index(word) + 1]
        found = argument(task.get("block", []), word)
        if found:
            return found
    return ""


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        # podman refuses a tag and a digest together, and the role would take that for a registry that does not answer.
        (TAGGED, BARE),
        (BARE, BARE),
        ("docker.io/kindest/node:v1.34.0" + DIGEST, "docker.io/kindest/node" + DIGEST),
        ("registry.example:5000/kindest/node:v1.34.0", "registry.example:5000/kindest/node:v1.34.0"),
    ],
)
def test_nodes_are_asked_for_by_the_digest_alone(render: Callable, image: str, asked: str) -> None:
    tasks = {name: yaml.safe_load((KIND / f"tasks/{name}.yml").read_text("utf-8")) for name in ("images", "create")}
    variables = yaml.safe_dump({"kind_cluster_node_image": image, "__kind_cluster_source": "pull"})
    assert render(argument(tasks["images"], "inspect"), variables) == asked
    # kind itself takes both.
    assert render(argument(tasks["create"], "--image"), variables) == image


def defaults() -> dict[str, Any]:
    """Return the defaults of all roles."""
    return {
        name: value
        for path in ROOT.glob("roles/*/defaults/main.yml")
        for name, value in yaml.safe_load(path.read_text("utf-8")).items()
    }


def test_the_page_says_of_each_variable_what_its_default_is() -> None:
    page = (ROOT / "docs/how-to/images.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+(?:\.image)?)` \| [^|]* \| (tag|digest|none) \| .*@sha256:", page, re.MULTILINE))
    assert set(rows) == IMAGES - BUILT
    known = defaults()
    for name, word in rows.items():
        role_variable, _, key = name.partition(".")
        value = known[role_variable][key] if key else known[role_variable]
        if name == "cloudnativepg_image":  # the release manifest's
            assert (value, word) == ("", "tag")
            continue
        assert word == ("digest" if "@sha256:" in value else "tag" if value else "none")


def test_what_the_operator_gives_its_instances_is_the_same() -> None:
    [container] = operator(TAGGED)[-1]["spec"]["template"]["spec"]["containers"]
    assert container["env"][0]["value"] == TAGGED
