# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the NetworkPolicy of Pgpool-II lets in, by evaluating what the role's template makes."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles" / "pgpool"
LABELS = {
    "app.kubernetes.io/name": "pgpool",
    "app.kubernetes.io/instance": "hot-pgpool",
    "app.kubernetes.io/component": "proxy",
}


@dataclass
class Peer:
    """Who comes: a pod of a namespace, or somebody outside with an address alone."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = "10.244.0.7"


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector with matchLabels and matchExpressions selects labels; an empty one selects all."""
    for expression in selector.get("matchExpressions", []):
        value, values = labels.get(expression["key"]), expression.get("values", [])
        if not {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[expression["operator"]]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def is_named(rule: Mapping[str, Any], peer: Peer, own_namespace: str) -> bool:
    """Whether one entry of `from` means the peer."""
    if "ipBlock" in rule:
        address = ipaddress.ip_address(peer.address)
        block = rule["ipBlock"]
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(part) for part in block.get("except", [])
        )
    if not peer.namespace:
        return False
    if "namespaceSelector" in rule:
        if not selects(rule["namespaceSelector"], {"kubernetes.io/metadata.name": peer.namespace}):
            return False
    elif peer.namespace != own_namespace:
        return False
    return selects(rule.get("podSelector", {}), peer.labels)


def allows(policy: Mapping[str, Any], pod: Mapping[str, str], peer: Peer, port: int) -> bool:
    """Whether the policy lets the peer to a TCP port of a pod, as Kubernetes' documentation says."""
    spec, namespace = policy["spec"], policy["metadata"]["namespace"]
    if not selects(spec["podSelector"], pod) or "Ingress" not in spec["policyTypes"]:
        return True
    return any(
        any(entry.get("protocol", "TCP") == "TCP" and entry.get("port", port) == port for entry in rule["ports"])
        and (not rule.get("from") or any(is_named(entry, peer, namespace) for entry in rule["from"]))
        for rule in spec["ingress"]
    )


@pytest.fixture
def policy(render: Callable[[str, str], Any]) -> Callable[..., dict[str, Any]]:
    def rendered(**given: Any) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        for part in ("defaults", "vars"):
            variables |= yaml.safe_load((ROLE / part / "main.yml").read_text(encoding="utf-8"))
        variables |= {"pgpool_postgres_name": "hot", "pgpool_postgres_namespace": "demo", **given}
        text = (ROLE / "templates" / "network_policy.yml.j2").read_text(encoding="utf-8")
        return yaml.safe_load(render(text, yaml.safe_dump(variables)))

    return rendered


SHOP = Peer("demo", {"app": "shop"}, "10.244.1.5")
STRANGER = Peer("demo", {"app": "stranger"}, "10.244.1.6")
NAMESAKE = Peer("other", {"app": "shop"}, "10.244.2.5")
PROMETHEUS = Peer("monitoring", {"app": "prometheus"}, "10.244.2.6")
OUTSIDE = Peer(address="192.0.2.1")
OFFICE = Peer(address="10.20.3.4")
VERIFY = Peer("demo", {**LABELS, "app.kubernetes.io/component": "verify"}, "10.244.1.7")
EVERYBODY = [SHOP, STRANGER, NAMESAKE, PROMETHEUS, OUTSIDE, OFFICE, VERIFY]


@pytest.mark.parametrize("peer", EVERYBODY)
def test_by_default_everybody_gets_to_the_two_ports_and_nobody_to_another(policy: Callable, peer: Peer) -> None:
    made = policy()
    assert {port for port in (22, 5432, 9000, 9719, 9898, 9999) if allows(made, LABELS, peer, port)} == {9719, 9999}


def test_it_is_about_the_pods_of_this_pgpool_alone(policy: Callable) -> None:
    made = policy()
    assert made["metadata"]["name"] == "hot-pgpool"
    assert not allows(made, {**LABELS, "more": "labels"}, SHOP, 9898)
    assert allows(made, {**LABELS, "app.kubernetes.io/instance": "other-pgpool"}, SHOP, 9898)
    assert allows(made, {**LABELS, "app.kubernetes.io/component": "verify"}, SHOP, 9898)


@pytest.mark.parametrize(
    ("clients", "let_in"),
    [
        ([{"podSelector": {"matchLabels": {"app": "shop"}}}], [SHOP, VERIFY]),
        ([{"podSelector": {}}], [SHOP, STRANGER, VERIFY]),
        (
            [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}],
            [NAMESAKE, VERIFY],
        ),
        (
            [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "shop"}}}],
            [SHOP, NAMESAKE, VERIFY],
        ),
        ([{"ipBlock": {"cidr": "10.20.0.0/16"}}], [OFFICE, VERIFY]),
        (
            [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop"]}]}},
             {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}],
            [SHOP, OUTSIDE, VERIFY],
        ),
    ],
)  # fmt: skip
def test_clients_that_are_named_get_in_and_so_does_verify(
    policy: Callable, clients: list[dict[str, Any]], let_in: list[Peer]
) -> None:
    made = policy(pgpool_network_policy={"clients": clients})
    assert [peer for peer in EVERYBODY if allows(made, LABELS, peer, 9999)] == let_in
    assert all(allows(made, LABELS, peer, 9719) for peer in EVERYBODY)
    assert not any(allows(made, LABELS, peer, 9898) for peer in EVERYBODY)


def test_prometheus_that_is_named_gets_in_alone(policy: Callable) -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    made = policy(pgpool_network_policy={"prometheus": peers})
    assert [peer for peer in EVERYBODY if allows(made, LABELS, peer, 9719)] == [PROMETHEUS]
    assert all(allows(made, LABELS, peer, 9999) for peer in EVERYBODY)


def test_without_the_exporter_its_port_is_closed(policy: Callable) -> None:
    made = policy(pgpool_exporter={"enabled": False})
    assert not any(allows(made, LABELS, peer, 9719) for peer in EVERYBODY)
    assert all(allows(made, LABELS, peer, 9999) for peer in EVERYBODY)


def test_nothing_is_said_of_what_leaves_the_pods(policy: Callable) -> None:
    assert policy()["spec"]["policyTypes"] == ["Ingress"]
