# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layouts of backends."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import conf, params, restart_needed
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_topology import backends


def instance(number: int, role: str = "standby", **fields: object) -> dict:
    """An instance of a contract."""
    name = f"pg-{number}"
    return {"name": name, "host": f"{name}.demo.svc", "role": role, "ready": True, "application_name": name, **fields}


def contract(*instances: dict, **fields: object) -> dict:
    """The contract of a cluster with those instances."""
    cluster = {"name": "pg", "namespace": "demo", "primary_host": "pg-rw", "port": 5432, "standby_host": "pg-ro"}
    return {**cluster, "instances": list(instances), **fields}


THREE = contract(instance(10), instance(2, "primary"), instance(1))


def numbered(parameters: dict) -> dict:
    """The parameters with a number at their end."""
    return {name: value for name, value in parameters.items() if name[-1].isdigit()}


class TestPerInstance:
    def test_has_the_primary_and_then_each_instance(self) -> None:
        assert numbered(backends(THREE)) == {
            "health_check_period0": 0,
            "backend_hostname0": "pg-rw",
            "backend_port0": 5432,
            "backend_weight0": 1,
            "backend_flag0": "ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER",
            "backend_data_directory0": "/tmp",
            "backend_hostname1": "pg-1.demo.svc",
            "backend_port1": 5432,
            "backend_weight1": 1,
            "backend_flag1": "ALLOW_TO_FAILOVER",
            "backend_data_directory1": "/tmp",
            "backend_application_name1": "pg-1",
            "backend_hostname2": "pg-2.demo.svc",
            "backend_port2": 5432,
            "backend_weight2": 1,
            "backend_flag2": "ALLOW_TO_FAILOVER",
            "backend_data_directory2": "/tmp",
            "backend_application_name2": "pg-2",
            "backend_hostname3": "pg-10.demo.svc",
            "backend_port3": 5432,
            "backend_weight3": 1,
            "backend_flag3": "ALLOW_TO_FAILOVER",
            "backend_data_directory3": "/tmp",
            "backend_application_name3": "pg-10",
        }

    def test_has_what_it_relies_on(self) -> None:
        parameters = backends(THREE)
        assert {name: value for name, value in parameters.items() if name not in numbered(parameters)} == {
            "backend_clustering_mode": "streaming_replication",
            "load_balance_mode": True,
            "statement_level_load_balance": True,
            "use_watchdog": False,
            "failover_command": "",
            "follow_primary_command": "",
            "failover_on_backend_error": False,
            "failover_on_backend_shutdown": False,
            "detach_false_primary": False,
            "connect_timeout": 2000,
            "sr_check_period": 2,
            "delay_threshold": 1000000,
            "prefer_lower_delay_standby": True,
            "health_check_period": 2,
            "health_check_timeout": 10,
            "health_check_max_retries": 2,
            "health_check_retry_delay": 1,
            "auto_failback": True,
            "auto_failback_interval": 10,
        }

    def test_does_not_change_with_roles_readiness_or_order(self) -> None:
        later = contract(instance(1, "primary", ready=False), instance(2), instance(10, "unknown"))
        assert backends(later) == backends(THREE)
        assert restart_needed(backends(THREE), backends(later)) == []

    def test_weights_can_be_set(self) -> None:
        parameters = backends(THREE, primary_weight=0, standby_weight="2.5")
        assert [parameters[f"backend_weight{number}"] for number in range(4)] == [0, 2.5, 2.5, 2.5]

    def test_an_application_name_is_the_name_by_default(self) -> None:
        assert backends(contract(instance(1, application_name="")))["backend_application_name1"] == "pg-1"
        assert (
            backends(contract(instance(1, application_name="walreceiver")))["backend_application_name1"]
            == "walreceiver"
        )

    def test_needs_no_standby_host(self) -> None:
        assert backends({**THREE, "standby_host": None}) == backends(THREE)


class TestServices:
    def test_has_two_backends_and_no_checks(self) -> None:
        parameters = backends(THREE, "services")
        assert numbered(parameters) == {
            "backend_hostname0": "pg-rw",
            "backend_port0": 5432,
            "backend_weight0": 1,
            "backend_flag0": "ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER",
            "backend_data_directory0": "/tmp",
            "backend_hostname1": "pg-ro",
            "backend_port1": 5432,
            "backend_weight1": 2,
            "backend_flag1": "DISALLOW_TO_FAILOVER",
            "backend_data_directory1": "/tmp",
        }
        assert parameters["sr_check_period"] == parameters["delay_threshold"] == parameters["health_check_period"] == 0
        assert parameters["auto_failback"] is parameters["prefer_lower_delay_standby"] is False

    @pytest.mark.parametrize(
        ("cluster", "weight"),
        [
            (contract(), 3),
            (contract(instance(1), instance(2)), 6),
            (contract(*(instance(number, "standby" if number else "primary") for number in range(5))), 12),
        ],
        ids=["unknown", "two standbys", "five instances"],
    )
    def test_the_weight_is_that_of_all_standbys(self, cluster: dict, weight: float) -> None:
        assert backends(cluster, "services", standby_weight=3)["backend_weight1"] == weight

    @pytest.mark.parametrize(
        "cluster",
        [
            contract(instance(1, "primary")),
            contract(standby_host=""),
            contract(standby_host=None),
            contract(standby_host="pg-rw"),
        ],
        ids=["one instance", "empty", "none", "the primary's"],
    )
    def test_without_standbys_there_is_one_backend(self, cluster: dict) -> None:
        assert "backend_hostname1" not in backends(cluster, "services")
        assert backends(cluster, "services")["backend_hostname0"] == "pg-rw"


@pytest.mark.parametrize("topology", ["per_instance", "services"])
def test_pgpool_takes_all_of_it(topology: str) -> None:
    parameters = backends(MappingProxyType(THREE), topology)
    assert len(params(parameters, "4.4")) == len(conf(parameters).splitlines()) == len(parameters)


def test_a_new_instance_takes_no_restart() -> None:
    assert restart_needed(backends(THREE), backends(contract(*THREE["instances"], instance(11)))) == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("cluster", "arguments", "message"),
        [
            (THREE, {"topology": "pods"}, "topology is 'pods'; per_instance, services are known"),
            ({**THREE, "primary_host": ""}, {}, "cluster 'pg' has no primary_host"),
            ({**THREE, "port": None}, {}, "cluster 'pg' has no port"),
            ({}, {}, "cluster None has no port"),
            (contract(), {}, "cluster 'pg' has 0 instances; topology per_instance takes 1 to 127"),
            (contract(*map(instance, range(128))), {}, "cluster 'pg' has 128 instances"),
            (contract({"host": "a"}), {}, "an instance of cluster 'pg' has no name"),
            (contract({"name": "a"}), {}, "cluster 'pg', instance a has no host"),
            (contract(instance(1), instance(1)), {}, "cluster 'pg' has two instances of one name"),
            (contract(instance(1, application_name="a" * 63)), {}, "cuts application_name"),
            (THREE, {"primary_weight": -1}, "primary_weight is -1; a number from 0 up is right"),
            (THREE, {"primary_weight": True}, "primary_weight is True; a number from 0 up is right"),
            (THREE, {"standby_weight": "much"}, "standby_weight is 'much'; a number from 0 up is right"),
            (THREE, {"standby_weight": None}, "standby_weight is None; a number from 0 up is right"),
            (THREE, {"standby_weight": float("inf")}, "standby_weight is inf; a number from 0 up is right"),
            (THREE, {"primary_weight": 0, "standby_weight": 0}, "leave nothing to read from"),
            (
                contract(),
                {"primary_weight": 0, "standby_weight": 0, "topology": "services"},
                "leave nothing to read from",
            ),
            (contract(standby_host=""), {"primary_weight": 0, "topology": "services"}, "leave nothing to read from"),
        ],
    )
    def test_say_what_is_missing(self, cluster: dict, arguments: dict, message: str) -> None:
        with pytest.raises(InputError) as caught:
            backends(cluster, **arguments)
        assert message in str(caught.value)

    def test_the_longest_application_name_passes(self) -> None:
        assert backends(contract(instance(1, application_name="ä" * 31)))["backend_application_name1"] == "ä" * 31
