# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups go: what is refused, and what Barman is told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.backup_store import (
    backup_checks,
    backup_problems,
    barman_environment,
    barman_object_store,
    image_problems,
)

BACKUP = {"bucket": "backups", "credentials_secret": "s3"}
SECRET = {"kind": "Secret", "metadata": {"name": "s3"}, "data": {"ACCESS_KEY_ID": "eA==", "ACCESS_SECRET_KEY": "eQ=="}}


def operator(tag: str) -> dict[str, Any]:
    spec = {"template": {"spec": {"containers": [{"image": f"ghcr.io/cloudnative-pg/cloudnative-pg:{tag}"}]}}}
    return {"kind": "Deployment", "metadata": {"name": "cnpg"}, "spec": spec}


def checks(operator_name: str = "cloudnativepg", **backup: Any) -> list[str]:
    variables = {"postgres_cluster_operator": operator_name, "postgres_cluster_backup": {**BACKUP, **backup}}
    return list(backup_checks(variables))


def test_the_folder_of_a_cluster() -> None:
    store = barman_object_store({**BACKUP, "path": "/a//b/", "compression": "", "ca_secret": "ca"}, "old")
    assert (store["destinationPath"], store["serverName"]) == ("s3://backups/a/b", "old")
    assert store["endpointCA"] == {"name": "ca", "key": "ca.crt"}
    assert {"data", "wal", "endpointURL"} & set(store) == set()


def test_a_role_of_aws_needs_no_secret() -> None:
    backup = {"bucket": "backups", "iam_role": True}
    assert barman_object_store(backup)["s3Credentials"] == {"inheritFromIAMRole": True}
    assert backup_problems(backup, [operator("1.29.2")], "cloudnativepg", "demo") == []


WITHOUT_CHECKSUMS = {
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
}


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("", {}),
        ("https://s3.example.com", WITHOUT_CHECKSUMS),
        ("http://amazonaws.com.example:9000", WITHOUT_CHECKSUMS),
        ("https://bucket.vpce-1.s3.eu-central-1.vpce.amazonaws.com", {}),
        ("https://s3.cn-north-1.amazonaws.com.cn:443/x", {}),
    ],
)
def test_checksums_are_for_stores_of_aws(endpoint: str, expected: dict[str, str]) -> None:
    assert barman_environment({**BACKUP, "endpoint": endpoint}) == expected


def test_the_environment_that_is_given_counts() -> None:
    given = {"AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported", "AWS_DEFAULT_REGION": "", "HTTPS_PROXY": 1}
    backup = {**BACKUP, "endpoint": "https://s3.example.com", "region": "eu-1", "env": given}
    assert barman_environment(backup, {"HTTPS_PROXY": "old", "AWS_X": "1"}) == {
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "AWS_X": "1",
        "HTTPS_PROXY": "1",
    }
    assert barman_environment({}, {"AWS_X": "1"}) == {"AWS_X": "1"}


@pytest.mark.parametrize(
    ("operator_name", "backup", "count"),
    [
        ("cloudnativepg", {**BACKUP, "method": "plugin"}, 0),
        ("cloudnativepg", {}, 0),
        ("cloudnativepg", BACKUP, 1),
        ("kubedb", {}, 1),
    ],
)
def test_what_goes_into_an_object_store_needs_one(operator_name: str, backup: dict[str, Any], count: int) -> None:
    variables = {
        "postgres_cluster_operator": operator_name,
        "postgres_cluster_backup": backup,
        "postgres_cluster_object_store_overrides": {"spec": {}},
    }
    problems = list(backup_checks(variables))
    assert len(problems) == count
    assert all("there is an ObjectStore with the method plugin" in problem for problem in problems)


def test_nothing_is_said_of_no_backups() -> None:
    assert list(backup_checks({"postgres_cluster_operator": "existing"})) == []
    assert backup_problems({}, [], "cloudnativepg", "demo") == []


@pytest.mark.parametrize(
    ("name", "backup", "said"),
    [
        ("cloudnativepg", {}, []),
        ("cloudnativepg", {"credentials_secret": "", "iam_role": True}, []),
        ("cloudnativepg", {"credentials_secret": ""}, ["postgres_cluster_backup.credentials_secret is missing"]),
        ("cloudnativepg", {"iam_role": "yes"}, ["leave it out, as iam_role is true"]),
        ("kubedb", {"credentials_secret": "", "iam_role": True, "encryption_secret": "x"}, ["iam_role is true"]),
        ("cloudnativepg", {"encryption_secret": "x"}, ["leave it out, as it is KubeDB's"]),
        ("cloudnativepg", {"ca_secret": "x"}, ["give an endpoint that starts with https://"]),
        ("existing", {}, ["leave it empty, as the operator is 'existing'"]),
        ("kubedb_v1alpha1", {}, ["this collection has no backup for it"]),
        ("kubedb", {"encryption_secret": "x"}, []),
        ("kubedb", {}, ["postgres_cluster_backup.encryption_secret is missing"]),
        ("kubedb", {"encryption_secret": "x", "env": {"A": "b"}}, ["env is a mapping: leave it out"]),
        ("kubedb", {"encryption_secret": "x", "method": "plugin"}, ["method is 'plugin' (string): leave it out"]),
    ],
)
def test_variables(name: str, backup: dict[str, Any], said: list[str]) -> None:
    problems = checks(name, **backup)
    assert len(problems) == len(said)
    assert all(part in problem for part, problem in zip(said, problems, strict=True))


def test_what_the_cluster_lacks() -> None:
    assert backup_problems(BACKUP, [SECRET, operator("1.29.2")], "cloudnativepg", "demo") == []
    [problem] = backup_problems(BACKUP, [operator("1.29.2")], "cloudnativepg", "demo")
    assert problem == (
        "postgres_cluster_backup names the Secret 's3': the namespace demo has none of that name; make it, with the "
        "keys ACCESS_KEY_ID and ACCESS_SECRET_KEY, and run this again"
    )
    [problem] = backup_problems({**BACKUP, "secret_key": "password"}, [SECRET], "cloudnativepg", "demo")
    assert "it lacks password" in problem


def test_no_value_of_a_secret_is_said() -> None:
    said = backup_problems({**BACKUP, "access_key": "other"}, [SECRET], "cloudnativepg", "demo")
    assert "eA==" not in str(said)
    assert "eQ==" not in str(said)


def test_what_the_operator_can() -> None:
    [problem] = backup_problems(BACKUP, [SECRET, operator("v1.31.0")], "cloudnativepg", "demo")
    assert "1.31 is there; give plugin" in problem
    assert backup_problems(BACKUP, [SECRET, operator("v1.30.1")], "cloudnativepg", "demo") == []
    assert backup_problems(BACKUP, [SECRET, operator("latest")], "cloudnativepg", "demo") == []
    # OLM's images have no tag.
    of_olm = operator("")
    of_olm["spec"]["template"]["spec"]["containers"][0]["image"] = "ghcr.io/cloudnative-pg/cloudnative-pg@sha256:ab12"
    assert backup_problems(BACKUP, [SECRET, of_olm], "cloudnativepg", "demo") == []
    of_olm["metadata"]["labels"] = {"olm.owner": "cloudnative-pg.v1.31.0"}
    [problem] = backup_problems(BACKUP, [SECRET, of_olm], "cloudnativepg", "demo")
    assert "1.31 is there; give plugin" in problem
    plugin = {**BACKUP, "method": "plugin"}
    [problem] = backup_problems(plugin, [SECRET], "cloudnativepg", "demo")
    assert "has no Barman Cloud plugin" in problem
    crd = {"kind": "CustomResourceDefinition", "metadata": {"name": "objectstores.barmancloud.cnpg.io"}}
    assert backup_problems(plugin, [SECRET, crd], "cloudnativepg", "demo") == []


def test_an_image_without_barman_is_refused_before_backups_fail() -> None:
    standard = {"postgres_cluster_image": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie"}
    [problem] = backup_checks({**standard, "postgres_cluster_backup": BACKUP})
    assert problem.startswith("postgres_cluster_image is 'ghcr.io/")
    assert list(backup_checks({**standard, "postgres_cluster_backup": {**BACKUP, "method": "plugin"}})) == []
    assert list(backup_checks(standard)) == []


@pytest.mark.parametrize(
    ("image", "method", "count"),
    [
        ("ghcr.io/cloudnative-pg/postgresql:17-standard-trixie", "built_in", 1),
        ("ghcr.io/cloudnative-pg/postgresql:17-minimal-trixie", "built_in", 1),
        ("ghcr.io/cloudnative-pg/postgresql:17-system-trixie", "built_in", 0),
        ("registry.example/standards/postgresql:17", "built_in", 0),
        ("registry.example:5000/my-standard-images/postgresql", "built_in", 0),
        ("registry.example:5000/my-standard-images/postgresql:17@sha256:12", "built_in", 0),
        ("registry.example:5000/postgresql:17-standard@sha256:12", "built_in", 1),
        ("ghcr.io/cloudnative-pg/postgresql:17-standard-trixie", "plugin", 0),
    ],
)
def test_images_without_barman(image: str, method: str, count: int) -> None:
    assert len(list(image_problems("postgres_cluster_image", image, method))) == count
