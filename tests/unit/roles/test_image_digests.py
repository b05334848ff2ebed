# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each image that a cluster pulls can be named by its digest, and gets into the manifests as it was given."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import cloudnativepg_operator
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import FORMATS
from test_backup_manifests import made
from test_monitoring_discovery import render
from test_pgpool_pods import deployment, evaluate

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
    container = {"image": "x:1.29.0", "env": [{"name": "OPERATOR_IMAGE_NAME", "value": "x:1.29.0"}]}
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
    return cloudnativepg_operator.manifests(documents, "1.29.0", "cnpg-system", image=image)


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
    "kind_cluster_node_image": "an argument of kind",
    "pgpool_verify_image": "the image of a Job, as the next test says",
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


def test_jobs_take_it_as_given() -> None:
    assert evaluate("{{ __pgpool_verify_job.image }}", pgpool_verify_image=TAGGED) == TAGGED


def test_what_the_operator_gives_its_instances_is_the_same() -> None:
    [container] = operator(TAGGED)[-1]["spec"]["template"]["spec"]["containers"]
    assert container["env"][0]["value"] == TAGGED
