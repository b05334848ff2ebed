# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the variables of the role pgpool that a type or a format cannot say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import (
    certificates,
    operators,
    pgpool_conf,
    pgpool_lint,
    pgpool_load_balance,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_int
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_parameters import RESTART

# Parameters on which the pods, the probes and the Services of the role rely.
_FIXED = {
    "port": "the Services and the exporter rely on 9999",
    "listen_addresses": "the Services rely on '*'",
    "unix_socket_directories": "the exporter relies on the image's",
    "pcp_socket_dir": "the probes rely on the image's",
    "pcp_port": "the probes rely on 9898",
    "pool_passwd": "the role mounts its own",
    "pid_file_name": "the image's entry point relies on its own",
    "backends": "the role makes them of the cluster's instances; to change one, name its parameters (backend_weight1)",
}

# Endings of the names of what the role makes: its Services, Secrets and the ConfigMap.
_OBJECTS = ("", "-stats", "-tls", "-ca", "-entrypoint")


def pgpool_checks(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield sentences about the role's variables, each of which has its type by then.

    :param variables: the role's variables
    """
    yield from _name(variables)
    yield from _replicas(variables)
    yield from _params(variables)
    yield from _load_balance(variables)
    yield from _network_policy(variables.get("pgpool_network_policy") or {})
    yield from _tls(variables)
    yield from _hba_rules(variables)
    yield from pgpool_lint.unknown_ids(variables.get("pgpool_lint_allow") or [])
    weights = [variables.get(f"pgpool_{who}_weight") for who in ("primary", "standby")]
    if None not in weights and not any(float(weight) for weight in weights):  # type: ignore[arg-type]
        yield "pgpool_primary_weight and pgpool_standby_weight are 0 (number): give one of them a number over 0"
    service = variables.get("pgpool_service") or {}
    if int(service.get("node_port") or 0) and service.get("type", "ClusterIP") == "ClusterIP":
        yield (
            f"pgpool_service.node_port is {service['node_port']} (integer): a Service of the type ClusterIP has none;"
            " give type NodePort too, or leave node_port out"
        )


def _name(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield that objects of the role would take the place of those of the PostgreSQL cluster's operator."""
    name, cluster = (str(variables.get(variable) or "") for variable in ("pgpool_name", "pgpool_postgres_name"))
    adapter = operators.ADAPTERS.get(str(variables.get("pgpool_operator")))
    if not name or not cluster or not adapter:
        return
    taken = {cluster + ending for ending in (adapter.OWN_OBJECTS | adapter.RESERVED_SECRETS) - {"-pgpool"}}
    for made in (name + ending for ending in _OBJECTS):
        if made in taken or re.fullmatch(re.escape(cluster) + "-[0-9]+", made):
            yield (
                f"pgpool_name is {name!r} (string): {made} is the name of an object of the PostgreSQL cluster"
                f" {cluster}; give another name, such as {cluster}-pgpool"
            )
            return


def _replicas(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield that there would be another number of pods than the connections to PostgreSQL are counted by."""
    spec = (variables.get("pgpool_deployment_overrides") or {}).get("spec")
    pods = as_int(variables.get("pgpool_replicas", 2))
    if not isinstance(spec, Mapping) or "replicas" not in spec or (asked := spec["replicas"]) == pods:
        return
    shown = "null, and the API makes that 1" if asked is None else f"{asked!r}"
    yield (
        f"pgpool_deployment_overrides.spec.replicas is {shown}: pgpool_replicas is {pods} (integer), by which the"
        " connections to PostgreSQL are counted; leave it out, and say the number of pods by pgpool_replicas"
    )


def _params(variables: Mapping[str, Any]) -> Iterator[str]:
    for name, value in (variables.get("pgpool_params") or {}).items():
        if name in _FIXED:
            yield f"pgpool_params.{name} cannot be set: remove it, as {_FIXED[name]}"
            continue
        if isinstance(value, (list, tuple)):
            yield f"pgpool_params.{name} is a list: give each backend its own, as the role numbers them ({name}1)"
            continue
        if value and isinstance(name, str) and pgpool_conf.is_secret(name):
            yield (
                f"pgpool_params.{name} is a secret, which has no place among parameters: remove it, as the role takes"
                " the passwords of its users from their Secrets"
            )
            continue
        try:
            pgpool_conf.conf({name: value})
            if variables.get("pgpool_config_mode") != "files" and pgpool_conf.with_change({name: value}, RESTART):
                pgpool_conf.params({name: value})
        except InputError as exc:
            yield f"pgpool_params.{name}: {exc}"


def _load_balance(variables: Mapping[str, Any]) -> Iterator[str]:
    asked = variables.get("pgpool_load_balance") or {}
    try:
        pgpool_load_balance.load_balance(asked, variables.get("pgpool_topology") or "per_instance")
    except InputError as exc:
        yield f"pgpool_load_balance.{exc}"
    for key in pgpool_load_balance.conflicts(asked, variables.get("pgpool_params") or {}):
        parameter = pgpool_load_balance.PARAMETERS["databases" if key == "preset" else key]
        yield f"pgpool_load_balance.{key} and pgpool_params.{parameter} say the same thing: give one of them"


def _network_policy(policy: Mapping[str, Any]) -> Iterator[str]:
    for who in ("clients", "prometheus"):
        for index, peer in enumerate(policy.get(who) or []):
            shown = f"pgpool_network_policy.{who}[{index}]"
            if not peer:
                yield f"{shown} is empty: give podSelector, namespaceSelector or ipBlock; an empty list is everybody"
            elif "ipBlock" in peer:
                yield from _ip_block(shown, peer)


def _ip_block(shown: str, peer: Mapping[str, Any]) -> Iterator[str]:
    if len(peer) > 1:
        yield f"{shown} has ipBlock and a selector: make two peers of it, as Kubernetes takes either"
    block = peer["ipBlock"]
    unknown = [str(key) for key in block if key not in ("cidr", "except")]
    if unknown:
        yield f"{shown}.ipBlock.{unknown[0]} is not known: give cidr and except"
    try:
        whole = ipaddress.ip_network(block.get("cidr"))
        excepted = [ipaddress.ip_network(part) for part in block.get("except") or []]
        fine = all(part.version == whole.version and part.subnet_of(whole) for part in excepted)  # type: ignore[arg-type]
    except ValueError:
        fine = False
    if not fine:
        yield f"{shown}.ipBlock: give a network such as 10.0.0.0/8 as cidr, and parts of it as except"


def _tls(variables: Mapping[str, Any]) -> Iterator[str]:
    tls = variables.get("pgpool_tls") or {}
    mode = tls.get("mode", "disabled")
    unused = [key for key in ("secret", "issuer", "names") if tls.get(key)]
    # What is removed says which Secret is the user's, with or without TLS.
    if mode == "disabled" and unused and variables.get("pgpool_state") != "absent":
        said = f"is {mode!r} (string)" if "mode" in tls else "is missing"
        keys = " and ".join(unused)
        yield (
            f"pgpool_tls.mode {said}: clients then get no TLS, and {keys} would count for nothing; give allowed or"
            f" required, or leave {keys} out"
        )
    for name in tls.get("names") or []:
        if not certificates.is_name(name):
            yield f"pgpool_tls.names has {name!r}: give DNS names and addresses"
    for name in ("ssl", "ssl_cert", "ssl_key"):
        if mode != "disabled" and name in (variables.get("pgpool_params") or {}):
            yield f"pgpool_params.{name} cannot be set while pgpool_tls.mode is {mode!r}: remove it"


def _hba_rules(variables: Mapping[str, Any]) -> Iterator[str]:
    given = variables.get("pgpool_hba_rules") or []
    try:
        if given:
            pgpool_conf.hba(given)
        rules = list(map(pgpool_conf.hba_rule, given))
    except InputError as exc:
        yield f"pgpool_hba_rules: {exc}"
        return
    mode = (variables.get("pgpool_tls") or {}).get("mode", "disabled")
    for index, rule in enumerate(rules):
        if rule and mode == "required" and rule.type in ("host", "hostnossl") and rule.method != "reject":
            yield (
                f"pgpool_hba_rules[{index}] is of type {rule.type}, which lets plain connections in, and"
                " pgpool_tls.mode is 'required': give hostssl"
            )
        if rule and mode == "disabled" and rule.type == "hostssl":
            yield (
                f"pgpool_hba_rules[{index}] is of type hostssl, and pgpool_tls.mode is 'disabled', so it lets nobody"
                " in: set the mode to allowed or required"
            )
