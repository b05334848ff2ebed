# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role pgpool refuses: its variables alone, and what the PostgreSQL cluster lacks for them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_inputs import pgpool_checks
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_problems import (
    connections_per_instance,
    pgpool_problems,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_topology import backends

USERS = ("pgpool_check", "pgha_monitor")
CONTRACT: dict[str, Any] = {
    "name": "hot",
    "namespace": "demo",
    "exists": True,
    "primary_host": "hot-rw.demo.svc",
    "standby_host": "hot-ro.demo.svc",
    "port": 5432,
    "auth_method": "scram-sha-256",
    "max_connections": 300,
    "instances": [
        {"name": f"hot-{n}", "host": f"hot-{n}.demo.svc", "role": "primary" if n == 1 else "standby"} for n in (1, 2, 3)
    ],
}


def secrets(*users: str) -> list[dict[str, Any]]:
    def one(user: str) -> dict[str, Any]:
        data = {"username": base64.b64encode(user.encode()).decode(), "password": "eA=="}
        return {"metadata": {"name": user}, "type": "kubernetes.io/basic-auth", "data": data}

    return [one(user) for user in users]


def wanted(replicas: int = 2, topology: str = "per_instance", **params: Any) -> dict[str, Any]:
    whole = {"num_init_children": 32, "max_pool": 1, **backends(CONTRACT, topology), **params}
    return {"replicas": replicas, "params": whole, "users": list(USERS)}


def problems(asked: dict[str, Any], found: list[dict[str, Any]] | None = None, **contract: Any) -> list[str]:
    return list(pgpool_problems(asked, {**CONTRACT, **contract}, secrets(*USERS) if found is None else found))


def test_all_is_well() -> None:
    assert problems(wanted()) == []


def test_no_cluster_is_said_alone() -> None:
    (problem,) = problems({**wanted(), "params": {}}, [], exists=False)
    assert problem.startswith("pgpool_postgres_name is 'hot' (string): there is no such PostgreSQL cluster")


def test_a_user_without_a_secret() -> None:
    (problem,) = problems(wanted(), secrets("pgpool_check"))
    assert problem.startswith("the user pgha_monitor has no Secret in the namespace demo")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"username": "app", "password": "hunter2\n"}, "the Secret hot-app cannot be used: user 'app': the"),
        ({"username": "app", "password": "hunter2" * 12}, "the Secret hot-app cannot be used: user 'app': the"),
        ({"username": "app"}, "the Secret hot-app lacks the key password, so it is no user's; mend it"),
        ({"username": "pgha_monitor", "password": "hunter2"}, "the Secrets pgha_monitor and hot-app both say"),
    ],
)
def test_a_secret_that_pgpool_cannot_take(data: dict[str, str], sentence: str) -> None:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    bad = {"metadata": {"name": "hot-app"}, "type": "kubernetes.io/basic-auth", "data": encoded}
    (problem,) = problems(wanted(), [*secrets(*USERS), bad])
    assert problem.startswith(sentence)
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("username", "password", "what"),
    [
        ("app", "hunter2 ", "its password begins"),
        ("app", " hunter2", "its password begins"),
        (" app", "hunter2", "its username begins"),
        ("app ", " hunter2", "its username and its password begins"),
    ],
)
def test_blanks_that_cloudnativepg_cuts_off(username: str, password: str, what: str) -> None:
    data = {"username": username, "password": password}
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    bad = {"metadata": {"name": "hot-app"}, "type": "kubernetes.io/basic-auth", "data": encoded}
    found = [*secrets(*USERS), bad]
    (problem,) = problems(wanted(), found, operator="cloudnativepg")
    assert problem.startswith(f"the Secret hot-app cannot be used: {what} or ends with blanks, which CloudNativePG")
    assert "hunter2" not in problem
    # Its Job reads them as they are.
    assert problems(wanted(), found, operator="kubedb") == []
    own = {"name": "hot-app", "username_key": "username", "password_key": "password"}
    assert problems(wanted(), found, operator="cloudnativepg", superuser_secret=own) == []


def test_each_secret_that_pgpool_cannot_take_is_said() -> None:
    found = [{**one, "data": {"username": one["data"]["username"]}} for one in secrets(*USERS)]
    assert [problem.split()[2] for problem in problems(wanted(), found)] == list(USERS)


def test_a_long_password_is_fine_where_it_is_hashed() -> None:
    (app,) = secrets("app")
    app["data"]["password"] = base64.b64encode(b"x" * 100).decode()
    assert problems(wanted(), [*secrets(*USERS), app], auth_method="md5") == []


def test_the_secret_of_a_user_is_not_written_over() -> None:
    (problem,) = problems({**wanted(), "name": "app"}, secrets("app", *USERS))
    assert problem.startswith("pgpool_name is 'app' (string): the namespace demo has a Secret of that name")
    own = {"metadata": {"name": "hot-pgpool"}, "type": "Opaque", "data": {}}
    assert problems({**wanted(), "name": "hot-pgpool"}, [*secrets(*USERS), own]) == []


@pytest.mark.parametrize(("cluster", "fine"), [("hot", True), ("cold", False)])
def test_the_pgpool_of_another_cluster_is_not_taken_over(cluster: str, fine: bool) -> None:
    labels = {"app.kubernetes.io/managed-by": "pgha.kubernetes", "pgha.kubernetes/cluster": cluster}
    there = {"metadata": {"name": "pgpool", "labels": labels}, "type": "Opaque", "data": {"pgpoolkey": "eA=="}}
    found = problems({**wanted(), "name": "pgpool"}, [*secrets(*USERS), there])
    assert found == (
        []
        if fine
        else [
            "pgpool_name is 'pgpool' (string): the namespace demo has a Secret of that name that belongs to the"
            " PostgreSQL cluster cold; give another name, or first remove the Pgpool-II of cold with"
            " pgpool_state=absent"
        ]
    )
    assert problems({**wanted(), "name": "pgpool-2"}, [*secrets(*USERS), there]) == []  # a second one of the cluster


@pytest.mark.parametrize(
    ("data", "labels", "fine"),
    [
        ({"token": "aHVudGVyMg==", "ca.crt": "eA=="}, None, False),
        ({"token": "aHVudGVyMg==", "ca.crt": "eA=="}, {"app.kubernetes.io/managed-by": "Helm"}, False),
        ({"pool_passwd": "eA=="}, {"app.kubernetes.io/managed-by": "pgha.kubernetes"}, True),
        ({"pool_passwd": "eA==", "pgpoolkey": "eA=="}, None, True),  # whose labels somebody took away
        (None, None, True),
    ],
)
def test_a_secret_that_somebody_else_made_is_not_emptied(
    data: dict[str, str] | None, labels: dict[str, str] | None, fine: bool
) -> None:
    there = {"metadata": {"name": "hot-pgpool", **({"labels": labels} if labels else {})}, "type": "Opaque"}
    found = problems({**wanted(), "name": "hot-pgpool"}, [*secrets(*USERS), {**there, "data": data}])
    assert len(found) == (0 if fine else 1)
    assert fine or found[0] == (
        "pgpool_name is 'hot-pgpool' (string): the namespace demo has a Secret of that name with the keys ca.crt,"
        " token, which this role did not make and would take away; give another name, or delete that Secret"
    )


def test_a_cluster_without_instances_has_no_backends() -> None:
    """It is stopped, or just being made, or something else runs it and its Services alone are known."""
    asked = {**wanted(), "topology": "per_instance", "params": {}}
    (problem,) = problems(asked, instances=[])
    assert problem.startswith(
        "pgpool_topology is 'per_instance' (string): the PostgreSQL cluster hot in the namespace demo has 0 instances;"
    )
    assert problem.endswith("topology services needs none")
    assert problems({**wanted(topology="services"), "topology": "services"}, instances=[]) == []
    # What else is wrong is said, too.
    assert len(problems(asked, secrets("pgpool_check"), instances=[])) == 2


@pytest.mark.parametrize(
    ("topology", "max_pool", "connections"),
    [("per_instance", 1, 192), ("per_instance", 4, 768), ("services", 1, 96)],
)
def test_connections(topology: str, max_pool: int, connections: int) -> None:
    params = wanted(2, topology, max_pool=max_pool)["params"]
    assert connections_per_instance(2, params, CONTRACT).total == connections


def test_a_cluster_that_is_too_small_says_both_ways_out() -> None:
    (problem,) = problems(wanted(), max_connections=150)
    assert problem == (
        "pgpool_replicas is 2 (integer): 3 pods (one more while they are replaced) x 32 num_init_children x 1 max_pool"
        " x 2 backends on the primary = 192 connections that Pgpool-II could open to one instance, and 150"
        " max_connections of hot - 10 kept for others = 140; set postgres_cluster_parameters.max_connections to 202 or"
        " more, or pgpool_params.num_init_children to 23 or less, or pgpool_replicas to 1 or less"
    )


def test_where_less_of_pgpool_does_not_help_it_is_not_said() -> None:
    (problem,) = problems(wanted(num_init_children="1"), max_connections=14)
    assert problem.endswith(
        " = 4; set postgres_cluster_parameters.max_connections to 16 or more, or pgpool_replicas to 1 or less"
    )
    (problem,) = problems(wanted(), max_connections=5)
    assert problem.endswith(" = 0; set postgres_cluster_parameters.max_connections to 202 or more")


def test_pools_are_a_way_out_too() -> None:
    (problem,) = problems(wanted(max_pool=4), max_connections=400)
    assert "pgpool_params.max_pool to 2 or less" in problem
    assert problems(wanted(max_pool=2), max_connections=400) == []


@pytest.mark.parametrize(("limit", "fine"), [("100Mi", True), ("64Mi", False), (None, True)])
def test_a_limit_of_memory_with_which_it_never_starts(limit: str | None, fine: bool) -> None:
    asked = {**wanted(memqcache_total_size=16777216), "resources": {"limits": {"memory": limit} if limit else {}}}
    found = problems(asked)
    assert (found == []) is fine
    assert fine or found[0].startswith(
        "pgpool_resources.limits.memory is '64Mi': Pgpool-II takes 96Mi before the first client comes, and 192Mi"
    )


@pytest.mark.parametrize(("children", "limit"), [(15, 100), (31, 200)])
def test_the_ways_out_are_ways_out(children: int, limit: int) -> None:
    assert problems(wanted(num_init_children=children), max_connections=limit) == []
    assert len(problems(wanted(num_init_children=children + 1), max_connections=limit)) == 1


def test_an_unknown_limit_is_none() -> None:
    assert problems(wanted(), max_connections=None) == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"pgpool_params": {"num_init_childern": 5}},
            "pgpool_params.num_init_childern: Pgpool-II has no parameter 'num_init_childern'",
        ),
        ({"pgpool_params": {"max_pool": "many"}}, "pgpool_params.max_pool: max_pool is 'many' (str)"),
        ({"pgpool_params": {"port": 5432}}, "pgpool_params.port cannot be set: remove it"),
        (
            {"pgpool_params": {"backend_weight": [0, 1]}},
            "pgpool_params.backend_weight is a list: give each backend its",
        ),
        (
            {"pgpool_params": {"backends": []}},
            "pgpool_params.backends cannot be set: remove it, as the role makes them",
        ),
        (
            {"pgpool_params": {"sr_check_password": "hunter2"}, "pgpool_config_mode": "files"},
            "pgpool_params.sr_check_password is a secret, which has no place among parameters: remove it",
        ),
        (
            {"pgpool_params": {"wd_lifecheck_query": "SELECT 1 = 1"}},
            "pgpool_params.wd_lifecheck_query: wd_lifecheck_query has a '=' in its value",
        ),
        (
            {"pgpool_hba_rules": [{"type": "host", "address": "all", "method": "trust"}]},
            "pgpool_hba_rules: rule 1 of pool_hba: method 'trust' for all is refused",
        ),
        ({"pgpool_primary_weight": 0, "pgpool_standby_weight": "0"}, "pgpool_primary_weight and pgpool_standby_weight"),
        ({"pgpool_service": {"node_port": 30999}}, "pgpool_service.node_port is 30999 (integer)"),
        # The API's default; and what the connections are not counted by.
        (
            {"pgpool_replicas": 3, "pgpool_deployment_overrides": {"spec": {"replicas": None}}},
            "pgpool_deployment_overrides.spec.replicas is null, and the API makes that 1: pgpool_replicas is 3",
        ),
        (
            {"pgpool_replicas": "3", "pgpool_deployment_overrides": {"spec": {"replicas": 5}}},
            "pgpool_deployment_overrides.spec.replicas is 5: pgpool_replicas is 3 (integer)",
        ),
        ({"pgpool_network_policy": {"clients": [{}]}}, "pgpool_network_policy.clients[0] is empty: give podSelector"),
        (
            {"pgpool_network_policy": {"prometheus": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}},
            "pgpool_network_policy.prometheus[0] has ipBlock and a selector",
        ),
        (
            {"pgpool_network_policy": {"clients": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.1/8"}}]}},
            "pgpool_network_policy.clients[1].ipBlock: give a network such as 10.0.0.0/8",
        ),
        (
            {"pgpool_network_policy": {"clients": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}},
            "pgpool_network_policy.clients[0].ipBlock: give a network such as 10.0.0.0/8",
        ),
        (
            {"pgpool_network_policy": {"clients": [{"ipBlock": {"cidr": "::/0", "cdir": "::/0"}}]}},
            "pgpool_network_policy.clients[0].ipBlock.cdir is not known",
        ),
        (
            {"pgpool_tls": {"secret": "shop-tls"}},
            "pgpool_tls.mode is missing: clients then get no TLS, and secret would count for nothing; give allowed or"
            " required, or leave secret out",
        ),
        (
            {"pgpool_tls": {"mode": "disabled", "issuer": {"name": "internal"}, "names": ["db.example.org"]}},
            "pgpool_tls.mode is 'disabled' (string): clients then get no TLS, and issuer and names would count",
        ),
        ({"pgpool_tls": {"mode": "allowed", "names": ["a b"]}}, "pgpool_tls.names has 'a b': give DNS names"),
        (
            {"pgpool_tls": {"mode": "allowed"}, "pgpool_params": {"ssl": False}},
            "pgpool_params.ssl cannot be set while pgpool_tls.mode is 'allowed'",
        ),
        (
            {
                "pgpool_tls": {"mode": "required"},
                "pgpool_hba_rules": [
                    {"type": "hostssl", "address": "all", "method": "scram-sha-256"},
                    {"type": "host", "address": "all", "method": "reject"},
                    {"type": "host", "address": "10.0.0.0/8", "method": "scram-sha-256"},
                ],
            },
            "pgpool_hba_rules[2] is of type host, which lets plain connections in",
        ),
        (
            {"pgpool_tls": {"mode": "required"}, "pgpool_hba_rules": ["hostnossl all all 10.0.0.0/8 scram-sha-256"]},
            "pgpool_hba_rules[0] is of type hostnossl",
        ),
        (
            {"pgpool_hba_rules": ["hostssl all all 10.0.0.0/8 scram-sha-256 # comment"]},
            "pgpool_hba_rules[0] is of type hostssl, and pgpool_tls.mode is 'disabled'",
        ),
        ({"pgpool_load_balance": {"max_lag": "far"}}, "pgpool_load_balance.max_lag is 'far': give a whole number"),
        (
            {"pgpool_load_balance": {"max_lag": "1MB"}, "pgpool_topology": "services"},
            "pgpool_load_balance.max_lag is '1MB': leave it out, as Pgpool-II sees no lag",
        ),
        (
            {
                "pgpool_load_balance": {"preset": "strict"},
                "pgpool_params": {"database_redirect_preference_list": "a:standby"},
            },
            "pgpool_load_balance.preset and pgpool_params.database_redirect_preference_list say the same thing",
        ),
    ],
)
def test_wrong_variables(variables: dict[str, Any], sentence: str) -> None:
    (problem,) = pgpool_checks(variables)
    assert problem.startswith(sentence)
    assert "hunter2" not in problem


def test_a_secret_of_the_user_is_named_where_all_is_removed() -> None:
    """Whether TLS is on or no longer: it is what stays."""
    assert list(pgpool_checks({"pgpool_state": "absent", "pgpool_tls": {"secret": "shop-tls"}})) == []


@pytest.mark.parametrize(
    ("operator", "name", "fine"),
    [
        ("cloudnativepg", "hot", False),
        ("existing", "hot", False),
        ("cloudnativepg", "hot-rw", False),
        ("cloudnativepg", "hot-superuser", False),
        ("cloudnativepg", "hot-12", False),
        ("kubedb", "hot-standby", False),
        ("kubedb_v1alpha1", "hot-replicas", False),
        ("cloudnativepg", "hot-pgpool", True),
        ("cloudnativepg", "hot-pgpool-2", True),
        ("cloudnativepg", "hotter-1", True),
        ("kubedb", "hot-rw", True),
    ],
)
def test_pgpool_is_not_named_as_what_the_operator_makes(operator: str, name: str, fine: bool) -> None:
    variables = {"pgpool_name": name, "pgpool_postgres_name": "hot", "pgpool_operator": operator}
    found = list(pgpool_checks(variables))
    assert len(found) == (0 if fine else 1)
    assert fine or found[0] == (
        f"pgpool_name is {name!r} (string): {name} is the name of an object of the PostgreSQL cluster hot; give another"
        " name, such as hot-pgpool"
    )


@pytest.mark.parametrize(
    ("mode", "name", "value"),
    [
        ("env", "log_line_prefix", "%m [%p]: user=%u,db=%d "),
        ("files", "log_line_prefix", "%m [%p]: user=%u,db=%d "),
        ("files", "wd_lifecheck_query", "SELECT 1 = 1"),
        ("env", "sr_check_password", ""),
    ],
)
def test_an_equals_sign_in_a_file_is_a_character_like_any_other(mode: str, name: str, value: str) -> None:
    assert list(pgpool_checks({"pgpool_config_mode": mode, "pgpool_params": {name: value}})) == []


def test_right_variables() -> None:
    variables = {
        "pgpool_params": {"num_init_children": 64, "disable_load_balance_on_write": "always"},
        "pgpool_hba_rules": [{"type": "host", "address": "10.0.0.0/8", "method": "scram-sha-256"}],
        "pgpool_primary_weight": 0,
        "pgpool_standby_weight": 1,
        "pgpool_replicas": 3,
        "pgpool_deployment_overrides": {
            "spec": {"replicas": 3, "template": {"metadata": {"labels": {"team": "shop"}}}}
        },
        "pgpool_service": {"type": "NodePort", "node_port": 30999},
        "pgpool_network_policy": {
            "clients": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]
        },
    }
    assert list(pgpool_checks(variables)) == []
