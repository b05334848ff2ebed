# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runbook asks of the operator of a PostgreSQL cluster, and why it would be refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cluster_needs import major_upgrade_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_int

# What can be stopped can be started.
_AS = {"wake": "hibernate"}
_NO_PLAN: dict[str, Any] = {"problems": [], "request": {}, "name": "", "going": "", "secret": "", "old": []}


def is_by_request(operator: str, operation: str) -> bool:
    """Tell whether an operator is asked for something by an object of its own."""
    return operation in getattr(operators.adapter(operator), "REQUESTS", ())


def operation_problems(contract: Mapping[str, Any], operation: str) -> Iterator[str]:
    """Yield why the operator cannot be asked at all.

    :param contract: the PostgreSQL cluster
    :param operation: one of an adapter's OPERATIONS, or `wake`
    """
    adapter = operators.adapter(contract["operator"])
    if _AS.get(operation, operation) not in adapter.OPERATIONS:
        why = getattr(adapter, "REFUSALS", {}).get(operation, "do it with whatever runs the cluster")
        yield (
            f"postgres_cluster_operator is {contract['operator']!r} (string): this collection has no {operation} for "
            f"it; {why}"
        )
    elif not contract["exists"]:
        yield (
            f"postgres_cluster_name is {contract['name']!r} (string): there is no such PostgreSQL cluster in the "
            f"namespace {contract['namespace']}; give the name of one that is there, or make it with site.yml"
        )
    elif (
        operation == "hibernate"
        and getattr(adapter, "STOPS_ONLY_READY", False)
        and not contract["ready"]
        and not contract["hibernated"]
    ):
        yield _unready(contract, "the operator would stop it whenever it is again, be it hours from now")


def request_plan(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], operation: str, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Say which request has to be made of the operator, or which to wait for; nothing where it takes no requests.

    :param contract: the PostgreSQL cluster
    :param objects: its main object, and the requests that there are
    :param operation: one of an adapter's OPERATIONS
    :param wanted: what the operation needs, and `timeout` in seconds
    :returns: `problems` (sentences), `request` (a manifest, empty where there is none to make), `name` (of the one to
        wait for), `going` (a sentence where it goes on already), `secret` (that a new password has to be in), `old`
        (definitions of requests to delete)
    """
    problems = list(operation_problems(contract, operation))
    if problems or not is_by_request(contract["operator"], operation):
        return {**_NO_PLAN, "problems": problems}
    plan = operators.adapter(contract["operator"]).request_plan(contract["name"], objects, operation, wanted)
    if plan["request"] and not plan["problems"] and not contract["ready"]:
        plan["problems"] = [_unready(contract, f"{operation.replace('_', ' ')} begins only on one that is")]
    return {**plan, "request": {} if plan["problems"] else plan["request"]}


def restart_plan(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], now: str, timeout: int = 600
) -> dict[str, Any]:
    """Say how the instances are restarted, or why not.

    :param contract: the PostgreSQL cluster
    :param objects: its main object and its pods, and the requests that there are
    :param now: the time, which tells this restart from others
    :param timeout: how many seconds a step may take
    :returns: `problems` (sentences), `pending` (sentences about a restart that is going on), `patch` (of the main
        object) and `request`, as `request_plan` returns it
    """
    plan = request_plan(contract, objects, "restart", {"timeout": timeout})
    going = [plan["going"]] if plan["going"] else []
    result = {"problems": plan["problems"], "pending": going, "patch": {}, "request": plan}
    if plan["problems"] or is_by_request(contract["operator"], "restart"):
        return result
    adapter = operators.adapter(contract["operator"])
    pending = adapter.restart_pending(contract["name"], objects)
    problems = []
    if not pending and not contract["ready"]:
        problems.append(_unready(contract, "a restart would take away what is left"))
    return {**result, "problems": problems, "pending": pending, "patch": adapter.restart(now)}


def backup_refusals(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], operation: str = "backup"
) -> list[str]:
    """Say why no base backup is made of a cluster as it is, as sentences.

    :param contract: the PostgreSQL cluster
    :param objects: its objects, and what the adapter's `backup_reads` read
    :param operation: `backup`, or what else needs backups: `restore_drill`
    """
    problems = list(operation_problems(contract, operation))
    if not problems and contract.get("hibernation_asked"):
        # The request would fail, or be waited for in vain, and carried out when the cluster is started one day.
        is_how, remedy = (
            ("stopped", "start it by wake.yml first")
            if contract.get("hibernated")
            else ("to stop", "take that back by wake.yml first")
        )
        problems = [
            f"postgres_cluster_name is {contract['name']!r} (string): that PostgreSQL cluster is {is_how}, and what is "
            f"{is_how} makes no backups; {remedy}"
        ]
    adapter = operators.adapter(contract["operator"])
    if operation == "restore_drill" and not problems and hasattr(adapter, "drill_problems"):
        problems = list(adapter.drill_problems(contract["name"]))
    return problems or adapter.backup_refusals(contract["name"], objects)


def scale_problems(contract: Mapping[str, Any], instances: Any) -> list[str]:
    """Say why the number of instances cannot be changed, as sentences. That commits wait for more is said elsewhere.

    :param contract: the PostgreSQL cluster
    :param instances: how many instances there are to be
    """
    problems = list(operation_problems(contract, "scale"))
    wanted, has = as_int(instances), len(contract["instances"])
    # Where the operator was told that number before, by a run that was stopped, it removes them whatever is said here.
    if problems or wanted is None or wanted >= has or wanted == contract["instances_wanted"]:
        return problems
    if not contract["ready"]:
        return [
            f"postgres_cluster_instances is {wanted} (integer): the cluster has {has} and is not ready "
            f"({'; '.join(contract['pending'])}); mend that before instances are removed"
        ]
    adapter = operators.adapter(contract["operator"])
    return list(adapter.scale_problems(contract, wanted)) if hasattr(adapter, "scale_problems") else []


def upgrade_plan(
    contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Say what another version or image of PostgreSQL comes to, or why it cannot be.

    :param contract: the PostgreSQL cluster
    :param objects: its main object and its pods, the requests that there are, and what the adapter reads for it
    :param wanted: `version`, `image`, `allow_major_upgrade` and `timeout` in seconds; also `versions`, once they were
        asked: what each instance says it runs
    :returns: `problems` (sentences), `kind` (`none`, `minor` or `major`), `from`, `to`, `pending` (sentences about one
        that is going on) and `request`, as `request_plan` returns it
    """
    none = {"kind": "none", "from": "", "to": "", "pending": [], "request": _NO_PLAN}
    problems = list(operation_problems(contract, "upgrade"))
    if problems:
        return {**none, "problems": problems}
    adapter, name = operators.adapter(contract["operator"]), contract["name"]
    step = adapter.upgrade(name, objects, wanted)
    result = {**none, "from": step["from"], "to": step["to"], "problems": step["problems"]}
    if step["from"] == step["to"]:
        return {**result, "pending": adapter.upgrade_pending(name, objects)}
    result["kind"] = "major" if step["major"] else "minor"
    plan = request_plan(contract, objects, "upgrade", wanted)
    if step["problems"] or plan["going"]:
        return {**result, "request": plan, "pending": [plan["going"]] if plan["going"] else []}
    problems = list(major_upgrade_problems(wanted, contract["version"])) if step["major"] else []
    if not contract["ready"]:
        problems.append(_unready(contract, "an upgrade would take away what is left"))
    return {**result, "request": plan, "problems": plan["problems"] or problems[:1]}


def _unready(contract: Mapping[str, Any], why: str) -> str:
    return (
        f"the PostgreSQL cluster {contract['name']} is not ready, and {why} ({'; '.join(contract['pending'])}): "
        "mend that first"
    )
