# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter of clusters that something else made, and the choice of an adapter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg, existing


def config_map(told: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": "old-contract"}, "data": {"contract.json": json.dumps(told)}}


def contract(*objects: dict[str, Any]) -> dict[str, Any]:
    return existing.contract("old", "demo", objects)


def test_reads_the_description() -> None:
    assert existing.reads("old", "demo") == [
        {"api_version": "v1", "kind": "ConfigMap", "name": "old-contract", "namespace": "demo"}
    ]
    assert existing.database_reads("old", "demo") == []


def test_not_described() -> None:
    found = contract()
    assert (found["exists"], found["ready"], found["pending"]) == (False, False, ["it is not described"])


def test_the_least() -> None:
    found = contract(config_map({"primary_host": "pg.example"}))
    assert (found["exists"], found["ready"], found["pending"]) == (True, True, [])
    assert (found["primary_host"], found["standby_host"], found["port"]) == ("pg.example", "pg.example", 5432)
    assert (found["auth_method"], found["tls"], found["metrics"]) == ("scram-sha-256", {"enabled": False}, None)
    assert (found["instances"], found["superuser_secret"]) == ([], None)


def test_everything() -> None:
    found = contract(
        config_map(
            {
                "primary_host": "pg.example",
                "standby_host": "ro.example",
                "port": "6432",
                "version": 17,
                "instances": [
                    {"host": "a.example", "role": "primary"},
                    {"host": "b.example", "name": "b1", "selector": {"x": "y"}, "application_name": "walreceiver"},
                ],
                "superuser_secret": {"name": "su", "password_key": "POSTGRES_PASSWORD"},
                "tls": {"enabled": True, "ca_secret": "ca"},
            }
        )
    )
    assert (found["port"], found["version"]) == (6432, "17")
    assert found["superuser_secret"] == {"name": "su", "username_key": "username", "password_key": "POSTGRES_PASSWORD"}
    assert found["tls"] == {"enabled": True, "ca_secret": "ca", "ca_key": "ca.crt"}
    assert [
        (item["name"], item["role"], item["needs_service"], item["application_name"]) for item in found["instances"]
    ] == [
        ("a", "primary", False, "a"),
        ("b1", "standby", True, "walreceiver"),
    ]


@pytest.mark.parametrize(
    ("told", "enabled"), [("false", False), ("no", False), (0, False), ("true", True), ("yes", True), (1, True)]
)
def test_tls_however_it_is_written(told: Any, enabled: bool) -> None:
    found = contract(config_map({"primary_host": "pg", "tls": {"enabled": told, "ca_secret": "ca"}}))
    assert found["tls"] == {"enabled": enabled, "ca_secret": "ca", "ca_key": "ca.crt"}


@pytest.mark.parametrize(
    ("told", "key"), [({}, "ca.crt"), ({"ca_key": ""}, "ca.crt"), ({"ca_key": "root.pem"}, "root.pem")]
)
def test_the_ca_has_a_key(told: dict[str, str], key: str) -> None:
    """It is what pods of Pgpool-II mount."""
    found = contract(config_map({"primary_host": "pg", "tls": {"enabled": True, "ca_secret": "ca", **told}}))
    assert found["tls"] == {"enabled": True, "ca_secret": "ca", "ca_key": key}


def test_instances_without_names_have_those_of_their_hosts() -> None:
    hosts = ["pg-1.demo.svc", "10.0.0.11", "10.0.0.12", "fd00::1"]
    found = contract(config_map({"primary_host": "pg", "instances": [{"host": host} for host in hosts]}))
    assert [item["name"] for item in found["instances"]] == ["pg-1", "10.0.0.11", "10.0.0.12", "fd00::1"]


def test_both_contracts_have_the_same_fields() -> None:
    assert list(contract()) == list(cloudnativepg.contract("old", "demo", []))


def test_problems() -> None:
    wanted = {"namespace": "demo", "create_namespace": False}
    assert "there is no such namespace" in next(iter(existing.problems(wanted, [], [])))
    assert list(existing.problems(wanted, [], [{"kind": "Namespace"}])) == []


def test_choice() -> None:
    assert operators.adapter("existing") is existing
    names = "cloudnativepg, existing, kubedb, kubedb_v1alpha1"
    with pytest.raises(InputError, match=rf"^operator is 'kubdb': give one of {names}$"):
        operators.adapter("kubdb")


@pytest.mark.parametrize("name", sorted(operators.ADAPTERS))
def test_each_adapter_is_complete(name: str) -> None:
    module = operators.ADAPTERS[name]
    for function in (
        "reads",
        "database_reads",
        "contract",
        "prerequisites",
        "problems",
        "input_problems",
        "parameter_problems",
        "is_reserved_role",
    ):
        assert callable(getattr(module, function))
    assert module.RESERVED_SECRETS
    assert "" in module.OWN_OBJECTS
