# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linter: what the role sets passes, and each rule finds what it is for and not what is close to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_lint import (
    REFUSE,
    WARN,
    lint,
    release_of,
    rules,
    unknown_ids,
)

ROLE = Path(__file__).resolve().parents[4] / "roles/pgpool"
# What the role sets, less what it takes from the cluster.
BASE = {
    name: value
    for name, value in yaml.safe_load((ROLE / "vars/main.yml").read_text())["__pgpool_base_params"].items()
    if "{{" not in str(value)
}
KNOWN: dict[str, Any] = {
    "base": BASE,
    "topology": "per_instance",
    "replicas": 2,
    "image": "ghcr.io/pgha/pgpool:4.6",
    "check_user": "pgpool_check",
    "monitor_user": "pgha_monitor",
    "hba_rules": [],
}


def found(allow: tuple[str, ...] = (), **known: Any) -> dict[str, str]:
    """The message of each rule that finds something."""
    return {finding.id: finding.message for finding in lint({**KNOWN, **known}, allow)}


def params(**parameters: Any) -> dict[str, Any]:
    return {"params": parameters}


def trust(kind: str, **fields: str) -> dict[str, Any]:
    return {"hba_rules": [{"type": kind, "method": "trust", **fields}]}


@pytest.mark.parametrize("topology", ["per_instance", "services"])
def test_what_the_role_sets_is_fine(topology: str) -> None:
    assert lint({**KNOWN, "topology": topology}) == []


def test_the_role_judges_its_own_defaults() -> None:
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    known = {
        name: defaults[f"pgpool_{name}"]
        for name in ("topology", "replicas", "image", "check_user", "monitor_user", "hba_rules", "params")
    }
    assert lint({"base": BASE, **known}) == []


# What is given, and the rules that find something: all of them, so that none says more than it should.
CASES: list[tuple[dict[str, Any], set[str]]] = [
    (params(enable_pool_hba=False), {"enable-pool-hba-off"}),
    (params(enable_pool_hba="off"), {"enable-pool-hba-off"}),
    (params(allow_clear_text_frontend_auth=True), {"clear-text-frontend-auth"}),
    (trust("host", address="127.0.0.1/32"), {"hba-trust-on-loopback"}),
    ({"hba_rules": ["host all pgpool_check ::1/128 trust"]}, {"hba-trust-on-loopback"}),
    (trust("local"), {"hba-trust-on-socket"}),
    ({"hba_rules": ["local all all trust", "# host all all 127.0.0.1/32 trust"]}, {"hba-trust-on-socket"}),
    ({"hba_rules": [{"type": "host", "address": "10.0.0.0/8", "method": "scram-sha-256"}]}, set()),
    ({"hba_rules": [{"type": "hostssl", "address": "10.0.0.0/8", "method": "cert"}]}, {"hba-cert-ca"}),
    ({"hba_rules": ["hostssl all bi,app 10.0.0.0/8 cert", "hostssl all all all reject"]}, {"hba-cert-ca"}),
    ({"hba_rules": ["# hostssl all all 10.0.0.0/8 cert"]}, set()),
    ({"check_user": "postgres"}, {"check-user-superuser"}),
    ({"monitor_user": "postgres"}, {"check-user-superuser"}),
    (params(sr_check_user="postgres"), {"check-user-superuser"}),
    (params(health_check_user2="postgres"), {"check-user-superuser"}),
    (params(sr_check_database="postgres", health_check_user="checker"), set()),
    ({"image": "docker.io/pgpool/pgpool:4.4.3"}, {"image-below-cve-floor"}),
    ({"image": "registry.example:5000/pgpool:4.5.6-r1"}, {"image-below-cve-floor"}),
    ({"image": "pgpool:v4.6.0@sha256:" + "0" * 64}, {"image-below-cve-floor"}),
    ({"image": "pgpool:4.1.25"}, {"image-below-cve-floor"}),
    ({"image": "pgpool:3.7.26"}, {"image-below-cve-floor"}),
    *(({"image": f"pgpool:{tag}"}, set()) for tag in ("4.4.12", "4.5.10", "4.6.1", "4.7.0", "4.6", "latest", "1.0.0")),
    ({"image": "registry.example:4.4/pgpool@sha256:" + "0" * 64}, set()),
    (params(pcp_listen_addresses="*"), {"pcp-reachable"}),
    ({**params(log_backend_messages="terse"), "image": "pgpool:4.5.7"}, {"parameter-newer-than-image"}),
    ({**params(log_backend_messages="terse"), "image": "pgpool:4.6.1"}, set()),
    (params(failover_on_backend_error=True), {"failover-on-backend-error"}),
    (params(failover_on_backend_shutdown="yes"), {"failover-on-backend-shutdown"}),
    (params(failover_command="/bin/promote"), {"failover-command"}),
    (params(follow_primary_command="/bin/follow"), {"failover-command"}),
    (params(failover_command=""), set()),
    (params(use_watchdog=True), {"watchdog"}),
    (params(backend_clustering_mode="raw"), {"clustering-mode"}),
    (params(detach_false_primary=True), {"detach-false-primary"}),
    (params(backend_flag0="ALWAYS_PRIMARY"), {"primary-flags"}),
    (params(backend_flag0="DISALLOW_TO_FAILOVER"), {"primary-flags"}),
    (params(backend_flag0="disallow_to_failover | always_primary"), set()),
    (params(backend_flag2="ALWAYS_PRIMARY"), {"primary-flags"}),
    (params(backend_flag1="DISALLOW_TO_FAILOVER"), {"standby-disallow-to-failover"}),
    (params(backend_flag1="ALLOW_TO_FAILOVER"), set()),
    ({**params(backend_flag1="DISALLOW_TO_FAILOVER"), "topology": "services"}, set()),
    (params(sr_check_period=0), {"lag-without-sr-check", "auto-failback-without-sr-check"}),
    (params(sr_check_period=0, auto_failback=False, delay_threshold=0), {"auto-failback-off", "lag-without-limit"}),
    (params(auto_failback=False), {"auto-failback-off"}),
    (params(health_check_period="0s"), {"standbys-without-health-check"}),
    (params(health_check_period2=0), {"standbys-without-health-check"}),
    (params(health_check_period0=10), {"health-check-of-primary"}),
    (
        {**params(health_check_period=10), "topology": "services"},
        {"health-check-of-primary", "health-check-without-retries"},
    ),
    (params(health_check_max_retries=0), {"health-check-without-retries"}),
    (params(health_check_max_retries0=0), set()),
    (params(connect_timeout="5s", health_check_timeout=5), {"connect-timeout-over-health-check-timeout"}),
    (params(health_check_timeout3=1), {"connect-timeout-over-health-check-timeout"}),
    (params(connect_timeout=4999, health_check_timeout="5s"), set()),
    (params(health_check_timeout0=1), set()),
    (params(connect_timeout=6000), {"long-connect-timeout"}),
    (params(connect_timeout1=0), {"long-connect-timeout", "connect-timeout-over-health-check-timeout"}),
    (params(delay_threshold_by_time="10s"), {"delay-threshold-by-time-and-bytes", "delay-threshold-by-time"}),
    (params(delay_threshold_by_time="10s", delay_threshold=0), {"delay-threshold-by-time"}),
    (params(delay_threshold=0), {"lag-without-limit"}),
    (params(delay_threshold="16MB"), set()),
    ({**params(sr_check_period=5), "topology": "services"}, {"lag-of-any-standby"}),
    ({**params(sr_check_period=0), "topology": "services"}, set()),
    (params(process_management_mode="dynamic", max_spare_children=33), {"spare-children"}),
    (params(process_management_mode="dynamic", min_spare_children=10), {"spare-children"}),
    (params(process_management_mode="dynamic", num_init_children=8), {"spare-children"}),
    (params(process_management_mode="dynamic"), set()),
    (params(max_spare_children=33), set()),
    (params(serialize_accept=True), {"serialize-accept-with-child-life-time"}),
    (params(serialize_accept=True, child_life_time=0), set()),
    (params(reserved_connections=0), {"reserved-connections-off"}),
    (params(num_init_children=1), {"reserved-connections-all"}),
    (params(num_init_children=8, reserved_connections=8), {"reserved-connections-all"}),
    (params(num_init_children=1, reserved_connections=0), {"reserved-connections-off"}),
    (params(num_init_children=2), set()),
    (params(connection_life_time=0), {"connection-life-time-off"}),
    (params(relcache_expire=0), {"relcache-never-expires"}),
    (params(memory_cache_enabled=True), {"memory-cache"}),
    (params(memqcache_maxcache="1025kB"), {"memory-cache-sizes"}),
    (params(memqcache_maxcache="1MB"), set()),
    (params(memqcache_cache_block_size=409599), {"memory-cache-sizes"}),
    (params(memqcache_cache_block_size="17MB"), {"memory-cache-sizes"}),
    (params(memqcache_total_size="512kB"), {"memory-cache-sizes"}),
    (params(memqcache_total_size="1MB"), set()),
    (params(memqcache_total_size="512kB", memqcache_method="memcached"), set()),
    ({"replicas": 1}, {"single-replica"}),
]


@pytest.mark.parametrize(("known", "ids"), CASES, ids=[str(index) for index in range(len(CASES))])
def test_finds_what_is_there_and_no_more(known: dict[str, Any], ids: set[str]) -> None:
    assert set(found(**known)) == ids
    assert found(tuple(ids), **known) == {}


def test_every_rule_has_a_case() -> None:
    assert set().union(*(ids for _, ids in CASES)) == set(rules())


def test_every_message_names_the_variable_and_a_way_out() -> None:
    messages = [(rule, message) for known, _ in CASES for rule, message in found(**known).items()]
    for rule, message in messages:
        assert "pgpool_" in re.split(r": |, so| trusts ", message)[0], message
        assert message.endswith(f" (to allow it: {rule} in pgpool_lint_allow)")
        assert re.search(r"; (remove|give|take|leave)\b|would ignore it", message), message


def test_a_message_says_whose_value_it_is() -> None:
    message = found(**params(connect_timeout="12s"))["connect-timeout-over-health-check-timeout"]
    assert message.startswith(
        "pgpool_params.connect_timeout is '12s' (string) and health_check_timeout is 10 (number): "
    )
    assert "12000 ms (0 is for ever) are not less than 10000 ms" in message
    chosen = {"delay_threshold": 16777216}
    both = found(**params(delay_threshold_by_time="10s"), load_balance=chosen)["delay-threshold-by-time-and-bytes"]
    assert "and delay_threshold (by pgpool_load_balance) is 16777216 (number): " in both
    over = found(**params(delay_threshold=0), load_balance=chosen)["lag-without-limit"]
    assert over.startswith("pgpool_params.delay_threshold is 0 (number): ")


def test_a_message_says_what_sizes_would_do() -> None:
    message = found(**params(memqcache_cache_block_size="17MB"))["memory-cache-sizes"]
    assert message.startswith(
        "pgpool_params.memqcache_cache_block_size is '17MB' (string) and memqcache_total_size is 16777216 (number): "
    )
    assert "give memqcache_cache_block_size 16777216 or less, or more memqcache_total_size" in message


def test_pgpools_own_defaults_are_judged_where_the_role_sets_nothing() -> None:
    ids = {finding.id for finding in lint({"topology": "services"})}
    assert {"enable-pool-hba-off", "reserved-connections-off", "relcache-never-expires", "pcp-reachable"} <= ids


@pytest.mark.parametrize(
    ("image", "release"),
    [
        ("pgpool:4.6.1", (4, 6, 1)),
        ("registry.example:5000/a/pgpool:v4.10.12-alpine", (4, 10, 12)),
        ("pgpool:4.6", None),
        ("pgpool:4.6-debian12", None),
        ("pgpool", None),
        ("registry.example:5000/pgpool", None),
        ("pgpool@sha256:" + "4" * 64, None),
        ("pgpool:20250101.4.6.1", None),
        ("", None),
    ],
)
def test_release_of(image: str, release: tuple | None) -> None:
    assert release_of(image) == release


def test_an_unknown_id_is_refused_with_the_nearest() -> None:
    sentence = "pgpool_lint_allow[1] is 'wachdog' (string): there is no such rule; did you mean watchdog?"
    assert list(unknown_ids(["watchdog", "wachdog"])) == [sentence]
    with pytest.raises(InputError, match=r"did you mean watchdog\?"):
        lint(KNOWN, ["watchdog", "wachdog"])


@pytest.mark.parametrize(("entry", "shown"), [(5, "5 (number)"), (None, "not set"), ("", "'' (string)")])
def test_an_entry_of_another_kind_is_refused_too(entry: object, shown: str) -> None:
    (sentence,) = unknown_ids([entry])
    assert sentence.startswith(f"pgpool_lint_allow[0] is {shown}: there is no such rule; did you mean ")


def test_what_pgpool_would_not_take_is_refused() -> None:
    with pytest.raises(InputError, match="connect_timeout is 'soon'"):
        lint({**KNOWN, **params(connect_timeout="soon")})


def test_severities() -> None:
    assert set(rules().values()) == {REFUSE, WARN}
    assert {finding.severity for finding in lint({**KNOWN, **params(use_watchdog=True)})} == {REFUSE}
    assert {finding.severity for finding in lint({**KNOWN, "replicas": 1})} == {WARN}


def test_the_readme_lists_every_rule_where_it_belongs() -> None:
    text = (ROLE / "README.md").read_text().partition("## What the linter says")[2].partition("\n## ")[0]
    refused, _, warned = text.partition("\nWarned of:\n")
    listed = {REFUSE: refused.partition("\nRefused:\n")[2], WARN: warned}
    for severity, part in listed.items():
        assert re.findall(r"`([a-z-]+)`", part) == [name for name, kind in rules().items() if kind == severity]
