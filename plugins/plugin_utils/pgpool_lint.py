# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that Pgpool-II takes and that are dangerous, or unwise, in front of a cluster that fails over by itself.

Each rule below is a generator with an id and a severity, and yields a sentence for each thing that it finds. `refuse`
is for what loses connections, lets in whom it should not or gives wrong answers; `warn` for what is only unwise.
Whoever knows better allows a rule by its id. File and function names are those of Pgpool-II's source, where each reason
can be read; docs/pgpool-pitfalls.md has the whole list.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pgpool_conf, pgpool_topology
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

REFUSE = "refuse"
WARN = "warn"

# The first release of each branch that has the fix for CVE-2025-46801 (doc/src/sgml/release-4.*.sgml); all later
# branches have it, and none before.
CVE_FLOORS = {(4, 2): 22, (4, 3): 15, (4, 4): 12, (4, 5): 7, (4, 6): 1}

# The superuser that initdb makes in every operator's images; under another name it cannot be told from its name.
SUPERUSER = "postgres"

# A dead backend costs each new session this many milliseconds.
LONG_CONNECT_TIMEOUT = 5000

# What Pgpool-II takes where neither the role nor the user sets a parameter (pool_config_variables.c).
_DEFAULTS: dict[str, object] = {
    "backend_clustering_mode": "streaming_replication",
    "child_life_time": 300,
    "connect_timeout": 10000,
    "enable_pool_hba": False,
    "failover_on_backend_error": True,
    "health_check_timeout": 20,
    "max_spare_children": 10,
    "memqcache_cache_block_size": 1048576,
    "memqcache_maxcache": 409600,
    "memqcache_method": "shmem",
    "memqcache_total_size": 67108864,
    "min_spare_children": 5,
    "num_init_children": 32,
    "pcp_listen_addresses": "localhost",
    "process_management_mode": "static",
    "sr_check_period": 10,
}
_NODE = re.compile(r"(?:backend_[a-z_]+|health_check_[a-z_]+|connect_timeout)([0-9]+)")
_TAG = re.compile(r"v?([34])\.([0-9]+)\.([0-9]+)(?![0-9])")


class Finding(NamedTuple):
    """One thing that a rule found."""

    id: str
    severity: str
    message: str


class Picture:
    """All that is known before anything is read or written."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.topology: str = known.get("topology") or pgpool_topology.TOPOLOGIES[0]
        self.is_per_instance = self.topology == "per_instance"
        self.replicas = int(known.get("replicas") or 2)
        self.image = str(known.get("image") or "")
        self.users = {name: known[name] for name in ("check_user", "monitor_user") if known.get(name)}
        self.hba_rules = list(filter(None, map(pgpool_conf.hba_rule, known.get("hba_rules") or [])))
        self.params = pgpool_conf.numbered(known.get("params") or {})
        self.given = {**(known.get("load_balance") or {}), **self.params}
        base = pgpool_conf.numbered(known.get("base") or {})
        self.parameters = {**_DEFAULTS, **base, **pgpool_topology.settings(self.topology), **self.given}
        self.nodes = sorted({int(match[1]) for match in map(_NODE.fullmatch, self.parameters) if match})

    def text(self, name: str) -> str:
        """Return the value of a parameter as pgpool.conf has it; empty if nobody sets it."""
        return pgpool_conf.text_of(name, self.parameters[name]) if name in self.parameters else ""

    def is_on(self, name: str) -> bool:
        """Tell whether a boolean is on."""
        return self.text(name) == "on"

    def number(self, name: str) -> float:
        """Return a number in the unit of its parameter; 0 if nobody sets it."""
        return pgpool_conf.number(name, self.parameters[name]) if name in self.parameters else 0

    def of_node(self, name: str, node: int | None) -> str:
        """Return the name under which a node's parameter is set: its own, else that of all nodes."""
        return f"{name}{node}" if node is not None and f"{name}{node}" in self.parameters else name

    def said(self, name: str) -> str:
        """Return a parameter with its value, for a sentence: under the user's variable unless the role sets it."""
        if name in self.params or name not in self.parameters:
            where = f"pgpool_params.{name}"
        else:
            where = f"{name} (by pgpool_load_balance)" if name in self.given else name
        return f"{where} is {_shown(self.parameters.get(name))}"


Check = Callable[[Picture], Iterator[str]]
_RULES: dict[str, tuple[str, Check]] = {}


def lint(known: Mapping[str, Any], allow: Iterable[str] = ()) -> list[Finding]:
    """Return what is dangerous or unwise.

    Args:
        known: ``params`` (the user's parameters of Pgpool-II), ``load_balance`` (those of ``pgpool_load_balance``,
            over which they win), ``base`` (those that the role sets beside those of the topology), ``topology``,
            ``replicas``, ``image``, ``check_user``, ``monitor_user`` and ``hba_rules`` (as for ``pgpool_conf.hba``).
            What is missing is not judged.
        allow: ids of rules that are passed over.

    Returns:
        The findings, in the order of the rules.

    Raises:
        InputError: an id is unknown, or a parameter or a rule is one that Pgpool-II would not take.

    """
    allowed = list(allow)
    for problem in unknown_ids(allowed):
        raise InputError(problem)
    picture = Picture(known)
    return [
        Finding(name, severity, f"{sentence} (to allow it: {name} in pgpool_lint_allow)")
        for name, (severity, check) in _RULES.items()
        if name not in allowed
        for sentence in check(picture)
    ]


def rules() -> dict[str, str]:
    """Return the severity of each rule by its id."""
    return {name: severity for name, (severity, _check) in _RULES.items()}


def unknown_ids(allow: Sequence[object]) -> Iterator[str]:
    """Yield a sentence for each entry of `pgpool_lint_allow` that is no id of a rule."""
    for index, name in enumerate(allow):
        if name not in _RULES:
            near = difflib.get_close_matches(str(name), _RULES, n=1, cutoff=0)[0]
            yield f"pgpool_lint_allow[{index}] is {_shown(name)}: there is no such rule; did you mean {near}?"


def release_of(image: str) -> tuple[int, int, int] | None:
    """Return the release of Pgpool-II that an image's tag names in full, else None: a tag ``4.6`` may be any of 4.6."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    match = _TAG.match(tag)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _rule(name: str, severity: str) -> Callable[[Check], Check]:
    """Make a function the check of a rule."""

    def register(check: Check) -> Check:
        _RULES[name] = (severity, check)
        return check

    return register


def _shown(value: object) -> str:
    """Return a value and its kind for a sentence."""
    if isinstance(value, bool):
        return f"{str(value).lower()} (boolean)"
    if isinstance(value, (int, float)):
        return f"{value} (number)"
    return f"{str(value)!r} (string)" if value is not None else "not set"


# Who may log in.


@_rule("enable-pool-hba-off", REFUSE)
def _enable_pool_hba_off(picture: Picture) -> Iterator[str]:
    if not picture.is_on("enable_pool_hba"):
        yield (
            f"{picture.said('enable_pool_hba')}: nothing then says who may log in from where, and before 4.4.12, 4.5.7"
            " and 4.6.1 a user without an entry in pool_passwd gets in with any password where pg_hba.conf says"
            " password, pam or ldap (CVE-2025-46801); remove it"
        )


@_rule("clear-text-frontend-auth", REFUSE)
def _clear_text_frontend_auth(picture: Picture) -> Iterator[str]:
    if picture.is_on("allow_clear_text_frontend_auth"):
        yield (
            f"{picture.said('allow_clear_text_frontend_auth')}: Pgpool-II then asks whoever is not in pool_passwd for"
            " the password itself, readable on a line without TLS; remove it, and give the user a Secret"
        )


@_rule("hba-trust-on-loopback", REFUSE)
def _hba_trust_on_loopback(picture: Picture) -> Iterator[str]:
    for rule in picture.hba_rules:
        if rule.method == "trust" and rule.type != "local":
            yield (
                f"pgpool_hba_rules trusts {', '.join(rule.users)} from {rule.address}: whoever may do kubectl"
                " port-forward comes from there, as does each container of the pod, and would be any of these users;"
                " give the method scram-sha-256"
            )


@_rule("hba-trust-on-socket", WARN)
def _hba_trust_on_socket(picture: Picture) -> Iterator[str]:
    for rule in picture.hba_rules:
        if rule.method == "trust" and rule.type == "local":
            yield (
                f"pgpool_hba_rules trusts {', '.join(rule.users)} on the Unix socket: whoever may do kubectl exec is"
                " any of these users; give the method scram-sha-256"
            )


@_rule("hba-cert-ca", WARN)
def _hba_cert_ca(picture: Picture) -> Iterator[str]:
    for rule in picture.hba_rules:
        if rule.method == "cert":
            yield (
                f"pgpool_hba_rules lets in {', '.join(rule.users)} by certificate: only those count that the CA of the"
                " PostgreSQL cluster has signed, as Pgpool-II has one CA for the certificates of its backends and of"
                " its clients (ssl_ca_cert, SSL_ServerSide_init()), and none where the cluster has no CA; give clients"
                " certificates of that CA, or the method scram-sha-256"
            )


@_rule("check-user-superuser", REFUSE)
def _check_user_superuser(picture: Picture) -> Iterator[str]:
    names = ("sr_check_user", "health_check_user", "wd_lifecheck_user")
    said = [f"pgpool_{name} is {_shown(user)}" for name, user in picture.users.items() if user == SUPERUSER]
    said += [
        picture.said(name)
        for name, value in picture.given.items()
        if name.rstrip("0123456789") in names and value == SUPERUSER
    ]
    for start in said:
        yield (
            f"{start}: what runs all the time would hold the rights of a superuser, while pg_monitor is enough; give a"
            " user of its own that is in the role pg_monitor"
        )


@_rule("image-below-cve-floor", REFUSE)
def _image_below_cve_floor(picture: Picture) -> Iterator[str]:
    release = release_of(picture.image)
    if release is None or release[:2] > max(CVE_FLOORS):
        return
    floor = CVE_FLOORS.get(release[:2])
    if floor is None or release[2] < floor:
        yield (
            f"pgpool_image is {_shown(picture.image)}: Pgpool-II {'.'.join(map(str, release))} lets in users without a"
            " check under some configurations (CVE-2025-46801); take 4.4.12, 4.5.7, 4.6.1, 4.7.0 or later"
        )


@_rule("pcp-reachable", WARN)
def _pcp_reachable(picture: Picture) -> Iterator[str]:
    if picture.text("pcp_listen_addresses"):
        yield (
            f"{picture.said('pcp_listen_addresses')}: who reaches port 9898 can try passwords for commands that detach"
            " backends and stop Pgpool-II; leave it empty, and run the commands in the pod"
        )


@_rule("parameter-newer-than-image", REFUSE)
def _parameter_newer_than_image(picture: Picture) -> Iterator[str]:
    release = release_of(picture.image)
    for name, value in picture.given.items() if release else ():
        try:
            pgpool_conf.conf({name: value}, ".".join(map(str, release)))
        except InputError as exc:
            yield f"pgpool_params.{name} goes with a newer pgpool_image than {_shown(picture.image)}: {exc}"


# Who fails over: the operator, and nobody else.


@_rule("failover-on-backend-error", REFUSE)
def _failover_on_backend_error(picture: Picture) -> Iterator[str]:
    if picture.is_on("failover_on_backend_error"):
        yield (
            f"{picture.said('failover_on_backend_error')}: one broken connection or one name that does not resolve"
            " detaches a backend for everybody; remove it, as the health check with its retries does that"
        )


@_rule("failover-on-backend-shutdown", REFUSE)
def _failover_on_backend_shutdown(picture: Picture) -> Iterator[str]:
    if picture.is_on("failover_on_backend_shutdown"):
        yield (
            f"{picture.said('failover_on_backend_shutdown')}: one pg_terminate_backend() detaches a backend for"
            " everybody, as it sends the code of a shutdown, 57P01; remove it"
        )


@_rule("failover-command", REFUSE)
def _failover_command(picture: Picture) -> Iterator[str]:
    for name in ("failover_command", "follow_primary_command"):
        if picture.text(name):
            yield (
                f"{picture.said(name)}: the operator of PostgreSQL fails over, and two that do so make two primaries;"
                " remove it"
            )


@_rule("watchdog", REFUSE)
def _watchdog(picture: Picture) -> Iterator[str]:
    if picture.is_on("use_watchdog"):
        yield (
            f"{picture.said('use_watchdog')}: the Service and the Deployment do what the watchdog is for, and a pod has"
            " neither a fixed address nor the right to move one; remove it"
        )


@_rule("clustering-mode", REFUSE)
def _clustering_mode(picture: Picture) -> Iterator[str]:
    if picture.text("backend_clustering_mode") != "streaming_replication":
        yield (
            f"{picture.said('backend_clustering_mode')}: the standbys replicate by streaming, and another mode writes"
            " to each backend, or asks any of them; remove it"
        )


@_rule("detach-false-primary", REFUSE)
def _detach_false_primary(picture: Picture) -> Iterator[str]:
    if picture.is_on("detach_false_primary"):
        yield (
            f"{picture.said('detach_false_primary')}: the primary's Service and the instance that is the primary are"
            " two backends of one server, which looks like a false primary, so it would be detached; remove it"
        )


# Backends and their flags.


@_rule("primary-flags", REFUSE)
def _primary_flags(picture: Picture) -> Iterator[str]:
    if "backend_flag0" in picture.given:
        flags = set(picture.text("backend_flag0").upper().replace(" ", "").split("|"))
        if flags != {"ALWAYS_PRIMARY", "DISALLOW_TO_FAILOVER"}:
            yield (
                f"{picture.said('backend_flag0')}: backend 0 is the Service that follows the primary; without"
                " ALWAYS_PRIMARY Pgpool-II keeps to the primary that it found at its start, and without"
                " DISALLOW_TO_FAILOVER it detaches all writes; remove it"
            )
    for node in picture.nodes:
        if node > 0 and "ALWAYS_PRIMARY" in picture.text(f"backend_flag{node}").upper():
            yield f"{picture.said(f'backend_flag{node}')}: writes go to backend 0, the primary's Service; remove it"


@_rule("standby-disallow-to-failover", REFUSE)
def _standby_disallow_to_failover(picture: Picture) -> Iterator[str]:
    for node in picture.nodes if picture.is_per_instance else ():
        flag = f"backend_flag{node}"
        if node > 0 and "DISALLOW_TO_FAILOVER" in picture.text(flag).upper():
            yield (
                f"{picture.said(flag)}: a standby that is away could not be detached, and the lag of all standbys then"
                " stays what it was (pool_worker_child.c, No persistent db connection); give ALLOW_TO_FAILOVER"
            )


# Checks, lag and what follows from them.


@_rule("lag-without-sr-check", REFUSE)
def _lag_without_sr_check(picture: Picture) -> Iterator[str]:
    limits = [name for name in ("delay_threshold", "delay_threshold_by_time") if picture.number(name) > 0]
    if limits and picture.number("sr_check_period") <= 0:
        yield (
            f"{picture.said('sr_check_period')} and {picture.said(limits[0])}: nobody measures the lag, so the limit"
            " limits nothing; give sr_check_period a number of seconds"
        )


@_rule("auto-failback-without-sr-check", REFUSE)
def _auto_failback_without_sr_check(picture: Picture) -> Iterator[str]:
    if picture.is_on("auto_failback") and picture.number("sr_check_period") <= 0:
        yield (
            f"{picture.said('sr_check_period')} and {picture.said('auto_failback')}: a backend is attached again when"
            " the streaming check sees it stream, so none would be; give sr_check_period a number of seconds"
        )


@_rule("auto-failback-off", WARN)
def _auto_failback_off(picture: Picture) -> Iterator[str]:
    if picture.is_per_instance and not picture.is_on("auto_failback"):
        yield (
            f"{picture.said('auto_failback')}: a standby that was away once gets no reads until someone runs"
            " pcp_attach_node in each pod; remove it"
        )


@_rule("standbys-without-health-check", REFUSE)
def _standbys_without_health_check(picture: Picture) -> Iterator[str]:
    names = {picture.of_node("health_check_period", node) for node in (None, *picture.nodes) if node != 0}
    for name in sorted(names) if picture.is_per_instance else ():
        if picture.number(name) <= 0:
            yield (
                f"{picture.said(name)}: a standby that is away is never detached, so the lag of all standbys stays what"
                " it was and each new session waits for it; give a number of seconds"
            )


@_rule("health-check-of-primary", WARN)
def _health_check_of_primary(picture: Picture) -> Iterator[str]:
    name = picture.of_node("health_check_period", 0)
    if picture.number(name) > 0:
        yield (
            f"{picture.said(name)}: backend 0 must not be detached, so its health check does nothing but log, and"
            " leaves fail_count at 0 (health_check.c); give health_check_period0: 0"
        )


@_rule("health-check-without-retries", WARN)
def _health_check_without_retries(picture: Picture) -> Iterator[str]:
    for node in (None, *picture.nodes):
        period, retries = (picture.of_node(f"health_check_{what}", node) for what in ("period", "max_retries"))
        if node != 0 and picture.number(period) > 0 and picture.number(retries) < 1:
            yield f"{picture.said(retries)}: one check that is lost on the way detaches a backend; give 1 or more"
            return


@_rule("connect-timeout-over-health-check-timeout", REFUSE)
def _connect_timeout_over_health_check_timeout(picture: Picture) -> Iterator[str]:
    said = set()
    for node in (None, *picture.nodes):
        connect, timeout = picture.of_node("connect_timeout", node), picture.of_node("health_check_timeout", node)
        if (connect, timeout) in said or picture.number(picture.of_node("health_check_period", node)) <= 0:
            continue
        said.add((connect, timeout))
        wait, limit = picture.number(connect), picture.number(timeout) * 1000
        if limit > 0 and not 0 < wait < limit:
            yield (
                f"{picture.said(connect)} and {picture.said(timeout)}: {wait:g} ms (0 is for ever) are not less than"
                f" {limit:g} ms, so the second fires first at a backend that does not answer, and then all clients are"
                " cut off, where else only those of that backend are (health_check.c, pgpool_main.c); give"
                " connect_timeout less, such as 2000"
            )


@_rule("long-connect-timeout", WARN)
def _long_connect_timeout(picture: Picture) -> Iterator[str]:
    for name in sorted({picture.of_node("connect_timeout", node) for node in (None, *picture.nodes)}):
        if not 0 < picture.number(name) <= LONG_CONNECT_TIMEOUT:
            yield (
                f"{picture.said(name)}: each new session waits that many milliseconds, 0 for ever, for each backend"
                f" that is dead; give {LONG_CONNECT_TIMEOUT} or less"
            )


@_rule("delay-threshold-by-time-and-bytes", REFUSE)
def _delay_threshold_by_time_and_bytes(picture: Picture) -> Iterator[str]:
    if picture.number("delay_threshold_by_time") > 0 and picture.number("delay_threshold") > 0:
        yield (
            f"{picture.said('delay_threshold_by_time')} and {picture.said('delay_threshold')}: Pgpool-II compares the"
            " microseconds with the limit in bytes too (check_replication_delay()), so the lower number holds; give"
            " one of them 0"
        )


@_rule("delay-threshold-by-time", WARN)
def _delay_threshold_by_time(picture: Picture) -> Iterator[str]:
    if picture.number("delay_threshold_by_time") > 0:
        yield (
            f"{picture.said('delay_threshold_by_time')}: a standby that does not stream keeps its last delay, often 0,"
            " and so gets reads however old its data is (pool_worker_child.c); give delay_threshold, in bytes, instead"
        )


@_rule("lag-without-limit", WARN)
def _lag_without_limit(picture: Picture) -> Iterator[str]:
    limits = picture.number("delay_threshold"), picture.number("delay_threshold_by_time")
    if picture.is_per_instance and not any(limits):
        yield (
            f"{picture.said('delay_threshold')}: a standby gets reads however old its data is, and so does the backend"
            " of the instance that is the primary; give a number of bytes"
        )


@_rule("lag-of-any-standby", WARN)
def _lag_of_any_standby(picture: Picture) -> Iterator[str]:
    for name in ("sr_check_period", "auto_failback", "health_check_period1"):
        is_set = name in picture.given and picture.text(name) not in ("off", "0", "")
        if not picture.is_per_instance and is_set:
            yield (
                f"{picture.said(name)} with pgpool_topology 'services': each check lands on any of the standbys, so it"
                " says nothing of the others; remove it, or take the topology per_instance"
            )


# Processes, connections and caches.


@_rule("spare-children", REFUSE)
def _spare_children(picture: Picture) -> Iterator[str]:
    if picture.text("process_management_mode") != "dynamic":
        return
    least, most, children = map(picture.number, ("min_spare_children", "max_spare_children", "num_init_children"))
    if most > children:
        yield (
            f"{picture.said('max_spare_children')} and {picture.said('num_init_children')}: Pgpool-II does not start"
            f" with more spare children than children; give max_spare_children {children:g} or less"
        )
    if least >= most:
        yield (
            f"{picture.said('min_spare_children')} and {picture.said('max_spare_children')}: Pgpool-II does not start"
            " unless the second is more; give min_spare_children less"
        )


@_rule("serialize-accept-with-child-life-time", WARN)
def _serialize_accept_with_child_life_time(picture: Picture) -> Iterator[str]:
    if picture.is_on("serialize_accept") and picture.number("child_life_time") > 0:
        yield (
            f"{picture.said('serialize_accept')} and {picture.said('child_life_time')}: Pgpool-II serializes only where"
            " children live for ever, and says nothing (SERIALIZE_ACCEPT in pool.h); give child_life_time: 0"
        )


@_rule("reserved-connections-off", WARN)
def _reserved_connections_off(picture: Picture) -> Iterator[str]:
    if picture.number("reserved_connections") <= 0:
        yield (
            f"{picture.said('reserved_connections')}: a client over num_init_children waits in silence, in place of"
            " being told that there are too many; give 1"
        )


@_rule("reserved-connections-all", REFUSE)
def _reserved_connections_all(picture: Picture) -> Iterator[str]:
    reserved, children = map(picture.number, ("reserved_connections", "num_init_children"))
    if 0 < children <= reserved:
        yield (
            f"{picture.said('reserved_connections')} and {picture.said('num_init_children')}: each client is told that"
            " there are too many, as so many children are kept from them (child.c); give num_init_children"
            f" {reserved + 1:g} or more, or less reserved_connections"
        )


@_rule("connection-life-time-off", WARN)
def _connection_life_time_off(picture: Picture) -> Iterator[str]:
    if picture.number("connection_life_time") <= 0:
        yield (
            f"{picture.said('connection_life_time')}: a pooled connection outlives a change of roles without end, and a"
            " name's new address is never looked up; give 300 to 600 seconds"
        )


@_rule("relcache-never-expires", WARN)
def _relcache_never_expires(picture: Picture) -> Iterator[str]:
    if picture.number("relcache_expire") <= 0:
        yield (
            f"{picture.said('relcache_expire')}: what Pgpool-II knows of a table is never read again, so a table that"
            " becomes unlogged or is made anew is balanced as it was; give 60 to 300 seconds"
        )


@_rule("memory-cache", WARN)
def _memory_cache(picture: Picture) -> Iterator[str]:
    if picture.is_on("memory_cache_enabled"):
        yield (
            f"{picture.said('memory_cache_enabled')}: each pod has a cache of its own, and none sees writes that go"
            " through another pod or past Pgpool-II, so a client reads old rows until memqcache_expire, of which 0, the"
            " default, is for ever; remove it, or give memqcache_expire the seconds for which old rows are fine"
        )


@_rule("memory-cache-sizes", REFUSE)
def _memory_cache_sizes(picture: Picture) -> Iterator[str]:
    # The memory is measured without memory_cache_enabled, too (pgpool_main.c).
    if picture.text("memqcache_method") != "shmem":
        return
    names = ("memqcache_maxcache", "memqcache_cache_block_size", "memqcache_total_size")
    for less, more in itertools.pairwise(names):
        if picture.number(less) > picture.number(more):
            yield (
                f"{picture.said(less)} and {picture.said(more)}: Pgpool-II does not start unless the second is as much"
                f" at least, with memory_cache_enabled or without; give {less} {int(picture.number(more))} or less, or"
                f" more {more}"
            )


@_rule("single-replica", WARN)
def _single_replica(picture: Picture) -> Iterator[str]:
    if picture.replicas == 1:
        yield (
            "pgpool_replicas is 1 (number): a node that is lost or drained leaves nobody to log in to for a while;"
            " give 2"
        )
