# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `verify` saw through Pgpool-II: who logs in, and a verdict on a row written and on where reads went.

The script `roles/pgpool/files/verify.sh` prints one fact per line: its kind, a tab, and fields separated by tabs. Each
pod of Pgpool-II has its own view of the backends, so each is judged by what was seen through it.
"""

from __future__ import annotations

import base64
import ipaddress
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pgpool_conf
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_load_balance import BOUNDED_LAG, primary_share
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import is_login_of_now

# What PGAPPNAME of the script is.
APPLICATION = "pgha-verify"

# A standby may get this part of its share of the reads, and no less. A backend that is too far behind for a moment is
# passed over, and the reads that the primary's own backend does not get go to one standby: so it is not 1.
LEAST_SHARE = 0.25

_USER_TYPE = "kubernetes.io/basic-auth"
_USABLE = ("up", "waiting")
_COLUMNS = (
    "pod",
    "node_id",
    "hostname",
    "status",
    "lb_weight",
    "role",
    "pg_role",
    "replication_state",
    "replication_sync_state",
    "replication_delay",
    "select_cnt",
    "reads",
)


def logins(
    secrets: Sequence[Mapping[str, Any]],
    contract: Mapping[str, Any],
    hba_rules: Sequence[Mapping | str] = (),
    database: str = "",
    addresses: Sequence[str] = (),
) -> list[dict[str, str]]:
    """List whose login can be tried, the superuser last.

    :param secrets: Secrets as the Kubernetes API returns them
    :param contract: the PostgreSQL cluster
    :param hba_rules: the user's own rules of pool_hba.conf; whom none lets in, over the network and by a password, is
        left out
    :param database: to which they are to connect, for these rules
    :param addresses: to all of which they are to connect, as their versions of IP tell which of these rules count
    :returns: for each, the Secret's name and the keys of the user's name and password in it
    """
    superuser = contract.get("superuser_secret") or {}
    found: list[dict[str, str]] = []
    users = [secret for secret in secrets if secret.get("type") == _USER_TYPE and not is_login_of_now(secret)]
    for name in sorted(secret["metadata"]["name"] for secret in users):
        if name != superuser.get("name"):
            found.append({"secret": name, "username_key": "username", "password_key": "password"})
    if superuser.get("name") in [secret["metadata"]["name"] for secret in secrets]:
        keys = {key: superuser[key] for key in ("username_key", "password_key")}
        found.append({"secret": superuser["name"], **keys})
    if not hba_rules:
        return found
    data = {secret["metadata"]["name"]: secret.get("data") or {} for secret in secrets}
    names = [base64.b64decode(data[login["secret"]].get(login["username_key"], "")).decode() for login in found]
    versions: set[int | None] = {6 if ":" in address else 4 for address in addresses} or {None}
    return [
        login
        for login, name in zip(found, names, strict=True)
        if all(pgpool_conf.may_come(name, hba_rules, database, version) for version in versions)
    ]


def verdict(
    log: str,
    standbys: int,
    topology: str = "per_instance",
    params: Mapping[str, Any] | None = None,
    database: str = "",
    gone: Sequence[str] = (),
) -> dict[str, Any]:
    """Read what the script printed and judge it.

    :param log: all that it printed
    :param standbys: how many standbys the PostgreSQL cluster has
    :param topology: Pgpool-II's layout; with `services`, all standbys are one backend whose replication is not seen
    :param params: Pgpool-II's parameters, of which delay_threshold is 1000000 where it is missing
    :param database: where it read
    :param gone: addresses of pods that took clients when the script was told them, and take none any longer
    :returns: `problems` (sentences, empty if all is well), `notes` (sentences about what will mend itself), `users`,
        `written_by`, `read_back_after` (seconds), `reads`, `nodes` (the rows of SHOW POOL_NODES through each `pod`,
        with `reads`, what each got), `servers` (who answered through each `pod`) and `table`
    """
    facts = _facts(log)
    parameters = params or {}
    tried = [fields[0] for fields in facts.get("pod", [])]
    views = {pod: _view(facts, pod, parameters) for pod in tried if pod not in gone}
    nodes = [node for view in views.values() for node in view["nodes"]]
    servers = [server for view in views.values() for server in view["servers"]]
    logins = _logins_through(facts, gone)
    asked = int(facts["selects"][0][0]) if "selects" in facts else 0
    seen = {
        pod: [
            *(f"the session that reads broke off: {error}" for error in view["errors"]),
            *_node_problems(view["nodes"], standbys, topology),
            *_count_problems(view["nodes"], view["servers"], asked),
            *_share_problems(view, asked, topology, parameters, database),
        ]
        for pod, view in views.items()
    }
    return {
        "problems": [_broken_off(log)]
        if "end" not in facts
        else [
            *_login_problems(logins),
            *_write_problems(facts, logins),
            *_unseen_problems(tried, gone),
            *_by_pod(seen),
        ],
        "notes": [
            *(f"{pod} takes no clients any longer, and does not count" for pod in tried if pod in gone),
            *_by_pod({pod: [*_view_notes(view)] for pod, view in views.items()}),
        ],
        "users": [user for user, failures in logins.items() if not failures],
        "written_by": next((fields[0] for fields in facts.get("write", []) if fields[1] == "ok"), ""),
        "read_back_after": next((float(fields[1]) for fields in facts.get("read_back", []) if fields[0] == "ok"), None),
        "reads": sum(server["reads"] for server in servers),
        "nodes": nodes,
        "servers": servers,
        "table": table(nodes),
    }


def table(nodes: Sequence[Mapping[str, Any]]) -> str:
    """Return the backends as text in columns: those of SHOW POOL_NODES that matter, and the reads of this run."""
    rows = [_COLUMNS, *(tuple(str(node.get(column, "")) for column in _COLUMNS) for node in nodes)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _broken_off(log: str) -> str:
    lines = log.strip().splitlines()[-5:]
    return f"the test of SQL through Pgpool-II did not come to its end: {' / '.join(lines) or 'no output'}"


def _facts(log: str) -> dict[str, list[list[str]]]:
    """Return the lines' fields by kind. What else is in the log, such as a warning of the shell, is passed over."""
    facts: dict[str, list[list[str]]] = {}
    for line in log.splitlines():
        kind, separator, rest = line.partition("\t")
        if separator and kind.replace("_", "").isalpha():
            facts.setdefault(kind, []).append(rest.split("\t"))
    return facts


def _view(facts: Mapping[str, list[list[str]]], pod: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was seen through one pod, and which backends may rightly get other reads than their weights say."""
    before, after = (_tables(_of_pod(facts, kind, pod)) for kind in ("before", "after"))
    limit = pgpool_conf.number("delay_threshold", params.get("delay_threshold", BOUNDED_LAG))
    nodes = _nodes(pod, before, after)
    seen: dict[str, list[int]] = {}
    for row in [row for rows in [*before, *after] for row in rows]:
        seen.setdefault(row["node_id"], []).append(_delay(row) or 0)
    delays = {node_id: max(each) for node_id, each in seen.items()}
    return {
        "nodes": nodes,
        "servers": [
            {"pod": pod, "address": address, "role": "standby" if answer == "on" else "primary", "reads": int(count)}
            for count, answer, address in _of_pod(facts, "reads", pod)
        ],
        "errors": [" ".join(fields) for fields in _of_pod(facts, "error", pod)],
        "limit": limit,
        "delays": delays,
        "least_delays": {node_id: min(each) for node_id, each in seen.items()},
        "promoted": [node for node in nodes[1:] if _is_promoted(node, limit)],
        "late": [node for node in _standbys(nodes) if limit and delays[node["node_id"]] > limit],
    }


def _of_pod(facts: Mapping[str, list[list[str]]], kind: str, pod: str) -> list[list[str]]:
    return [fields[1:] for fields in facts.get(kind, []) if fields[0] == pod]


def _by_pod(said: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each sentence once, with the pods through which that was seen where it was not through all of them."""
    for sentence in dict.fromkeys(sentence for sentences in said.values() for sentence in sentences):
        pods = [pod for pod, sentences in said.items() if sentence in sentences]
        yield sentence if len(pods) == len(said) else f"through {' and '.join(pods)}: {sentence}"


def _view_notes(view: Mapping[str, Any]) -> Iterator[str]:
    for node in view["promoted"]:
        yield (
            f"{_name(node)} has become the primary and still gets reads as the standby that it was, until it has "
            f"written {view['limit']:.0f} bytes (delay_threshold; now {node['replication_delay']})"
        )
    for node in view["late"]:
        yield (
            f"{_name(node)} may have been left without reads, as it was up to {view['delays'][node['node_id']]} bytes "
            f"behind and {view['limit']:.0f} are the most (delay_threshold)"
        )


def _nodes(
    pod: str, before: Sequence[Sequence[Mapping[str, str]]], samples: Sequence[Sequence[Mapping[str, str]]]
) -> list[dict[str, Any]]:
    """Return SHOW POOL_NODES after the reads, each row with the reads that it got since the one before."""
    if not samples:
        return []
    counts = {row["node_id"]: int(row["select_cnt"]) for row in before[0]} if before else {}
    best = [max(rows, key=_health) for rows in zip(*samples, strict=False)]
    return [{"pod": pod, **row, "reads": int(row["select_cnt"]) - counts.get(row["node_id"], 0)} for row in best]


def _tables(lines: Sequence[Sequence[str]]) -> list[list[dict[str, str]]]:
    """Return the answers to several SHOW POOL_NODES, each of which begins with the names of its columns."""
    tables: list[list[dict[str, str]]] = []
    header: Sequence[str] = ()
    for line in lines:
        if line[0] == "node_id":
            header = line
            tables.append([])
        elif tables:
            tables[-1].append(dict(zip(header, line, strict=False)))
    return tables


def _health(row: Mapping[str, Any]) -> tuple[bool, bool]:
    """Rank samples of one backend: Pgpool-II forgets the state for the moment in which it asks for it."""
    return row["status"] in _USABLE, bool(row.get("replication_state"))


def _is_promoted(node: Mapping[str, Any], delay_threshold: float) -> bool:
    """Tell whether an instance is the primary, and Pgpool-II cannot know yet.

    It measures how far an instance is behind by what it replayed last. A primary replays nothing, so the distance
    grows, but after a failover it starts from nothing.
    """
    delay = _delay(node)
    return node.get("pg_role") == "primary" and delay is not None and delay <= delay_threshold


def _delay(node: Mapping[str, Any]) -> int | None:
    """Return how many bytes a backend is behind, if Pgpool-II says it in bytes."""
    delay = str(node.get("replication_delay", "")).partition(" ")[0]
    return int(delay) if delay.isdigit() else None


def _logins_through(facts: Mapping[str, list[list[str]]], gone: Sequence[str]) -> dict[str, list[str]]:
    """Return for each user the pods that did not let it in, each with what was said."""
    users: dict[str, list[str]] = {}
    for user, outcome, *where in facts.get("login", []):
        failures = users.setdefault(user, [])
        if outcome != "ok" and where[0] not in gone:
            failures.append(": ".join(where))
    return users


def _login_problems(logins: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for user, failures in logins.items():
        if failures:
            yield f"the user {user} cannot log in through Pgpool-II: {failures[0]}"
    if not logins:
        yield "there is no user whose login could be tried"


def _unseen_problems(tried: Sequence[str], gone: Sequence[str]) -> Iterator[str]:
    if not tried:
        yield "Pgpool-II did not answer SHOW POOL_NODES"
    elif set(tried) <= set(gone):
        yield f"each pod of Pgpool-II that was tried ({', '.join(tried)}) takes no clients any longer: run it again"


def _write_problems(facts: Mapping[str, list[list[str]]], logins: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if all(logins.values()):
        return
    written = facts.get("write", [["", "no user may make a schema in this database"]])[0]
    if written[1] != "ok":
        by = f" by {written[0]}" if written[0] else ""
        yield f"no row could be written through Pgpool-II{by}: {' '.join(written[1:])}"
        return
    read = facts.get("read_back", [["failed", "it was not tried"]])[0]
    if read[0] != "ok":
        yield f"the row that was written could not be read back through Pgpool-II: {' '.join(read[1:])}"


def _node_problems(nodes: Sequence[Mapping[str, Any]], standbys: int, topology: str) -> Iterator[str]:
    if not nodes:
        yield "Pgpool-II did not answer SHOW POOL_NODES"
        return
    for node in nodes:
        # The instance that is primary is served by backend 0. Its own backend, detached in a failover, is taken back
        # when it streams from another primary, and until then nothing is missing.
        spare = topology == "per_instance" and node is not nodes[0] and _role(node) == "primary"
        if node["status"] not in _USABLE and not spare:
            seen_as = node.get("pg_status", "unknown")
            yield f"{_name(node)} is {node['status']} for Pgpool-II (PostgreSQL there is {seen_as})"
    if _role(nodes[0]) != "primary":
        yield f"{_name(nodes[0])}, the address of the primary, leads to a {_role(nodes[0])}"
    seen = _standbys(nodes)
    wanted = standbys if topology == "per_instance" else min(standbys, 1)
    if len(seen) != wanted:
        yield f"Pgpool-II sees {len(seen)} standbys of {wanted}"
    if topology == "per_instance":
        for node in seen:
            if node.get("replication_state") != "streaming":
                yield f"{_name(node)} is a standby that does not stream ({node.get('replication_state') or 'no state'})"


def _count_problems(
    nodes: Sequence[Mapping[str, Any]], servers: Sequence[Mapping[str, Any]], asked: int
) -> Iterator[str]:
    answered = sum(server["reads"] for server in servers)
    if nodes and answered != asked:
        yield f"{answered} of {asked} reads were answered"


def _share_problems(
    view: Mapping[str, Any], asked: int, topology: str, params: Mapping[str, Any], database: str
) -> Iterator[str]:
    """Yield where reads went that should not. Weights decide among those that a preference leaves."""
    nodes, late = view["nodes"], view["late"]
    readers = _standbys(nodes)
    weights = [float(node["lb_weight"]) for node in readers]
    behind = sum(weights)
    also = sum(float(node["lb_weight"]) for node in view["promoted"])  # the primary, taken for a standby
    total = behind + also + (float(nodes[0]["lb_weight"]) if nodes else 0)
    preferred = primary_share(params, database, APPLICATION)
    if total == 0 or asked == 0 or (preferred is not None and math.isnan(preferred)):
        return
    if preferred is None:
        part = 1 - behind / total
    else:
        part = 1 - (1 - preferred) * (behind / (behind + also) if behind else 0)
    by_statement = _is_on(params, "statement_level_load_balance")
    if not by_statement and (part > 0 or _may_stay_on_the_primary(view, params)):
        return  # all reads of the session are those of one backend, and that may be the primary
    leasts = [
        _least_reads(asked, (1 - part) * weight / behind) if behind and by_statement and node not in late else 0
        for node, weight in zip(readers, weights, strict=True)
    ]
    few = [(node, least) for node, least in zip(readers, leasts, strict=True) if node["reads"] < least]
    for node, least in few:
        yield f"{_name(node)} got {node['reads']} of {asked} reads, and {least} are the least for its weight"
    # Four standard deviations from what is right: chance goes there once in thirty thousand runs.
    chance = 4 * math.sqrt(asked * max(0, part * (1 - part)))
    got = sum(server["reads"] for server in view["servers"] if server["role"] == "primary")
    most, least = math.ceil(asked * part + chance), math.floor(asked * part - chance)
    # The part of a standby that lags goes to another one, which may be the primary, taken for one; where each lags, to
    # the primary.
    alone = all(node in late for node, weight in zip(readers, weights, strict=True) if weight > 0)
    handed = bool(late) and (alone or bool(view["promoted"]) or not _is_on(params, "prefer_lower_delay_standby"))
    if got > most and not handed:
        yield f"the primary answered {got} of {asked} reads, and {most} are the most for its weight"
    elif not few and topology == "per_instance":
        yield from _server_problems(view["servers"], leasts)
    # Standbys that lag hand their part to the primary, and it hands none to them.
    if by_statement and preferred is not None and got < least:
        yield f"the primary answered {got} of {asked} reads, and {least} are the least that the preference leaves it"


def _least_reads(asked: int, share: float) -> int:
    """Return how many reads a standby got at least, and fewer where chance makes as much of so few."""
    right = asked * share
    return max(0, min(round(LEAST_SHARE * right), math.floor(right - 4 * math.sqrt(right * max(0, 1 - share)))))


def _server_problems(servers: Sequence[Mapping[str, Any]], leasts: Sequence[int]) -> Iterator[str]:
    """Yield that fewer standbys answered than were sent reads: Pgpool-II counts by backend, and all of its clients."""
    wanted = sorted((least for least in leasts if least > 0), reverse=True)
    found = sorted(((one["reads"], one["address"]) for one in servers if one["role"] == "standby"), reverse=True)
    # Behind a proxy of its pod, an instance is asked at an address that others have, too.
    if any(not address or ipaddress.ip_address(address).is_loopback for _reads, address in found):
        return
    got = [reads for reads, _address in found] + [0] * len(wanted)
    if any(reads < least for reads, least in zip(got, wanted, strict=False)):
        shown = ", ".join(f"{address} ({reads} reads)" for reads, address in found) or "none"
        yield f"{len(wanted)} standbys should have answered, and {shown} did: two backends may lead to one server"


def _may_stay_on_the_primary(view: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Tell whether a session that keeps to one backend may have taken the own one of the instance that is the primary.

    Only its lag keeps a session from it, with prefer_lower_delay_standby: without, the lag is not looked at until it
    reads (`select_load_balancing_node()` of pool_pg_utils.c). It took it when it began, so when the lag was least: that
    of one that was just promoted grows with what is written.
    """
    limited = view["limit"] and _is_on(params, "prefer_lower_delay_standby")
    return any(
        float(node["lb_weight"]) > 0
        for node in view["nodes"][1:]
        if _role(node) == "primary" and not (limited and view["least_delays"][node["node_id"]] > view["limit"])
    )


def _is_on(params: Mapping[str, Any], name: str) -> bool:
    return pgpool_conf.text_of(name, params.get(name, True)) == "on"


def _standbys(nodes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [node for node in nodes[1:] if _role(node) == "standby"]


def _role(node: Mapping[str, Any]) -> str:
    """Return what the backend is; where it has no health check, Pgpool-II only says what it takes it for."""
    return node["pg_role"] if node.get("pg_role") in ("primary", "standby") else node["role"]


def _name(node: Mapping[str, Any]) -> str:
    return f"backend {node['node_id']} ({node['hostname']})"
