# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runbook asks of the operator of a PostgreSQL cluster, and why it would be refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import operators
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_int


def operation_problems(contract: Mapping[str, Any], operation: str) -> Iterator[str]:
    """Yield why the operator cannot be asked at all.

    :param contract: the PostgreSQL cluster
    :param operation: one of an adapter's OPERATIONS
    """
    if operation not in operators.adapter(contract["operator"]).OPERATIONS:
        yield (
            f"postgres_cluster_operator is {contract['operator']!r} (string): this collection has no {operation} for "
            "it; do it with whatever runs the cluster"
        )
    elif not contract["exists"]:
        yield (
            f"postgres_cluster_name is {contract['name']!r} (string): there is no such PostgreSQL cluster in the "
            f"namespace {contract['namespace']}; give the name of one that is there, or make it with site.yml"
        )


def restart_plan(contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], now: str) -> dict[str, Any]:
    """Say how the instances are restarted, or why not.

    :param contract: the PostgreSQL cluster
    :param objects: its main object and its pods
    :param now: the time, which tells this restart from others
    :returns: `problems` (sentences), `pending` (sentences about a restart that is going on) and `patch`
    """
    problems = list(operation_problems(contract, "restart"))
    if problems:
        return {"problems": problems, "pending": [], "patch": {}}
    adapter = operators.adapter(contract["operator"])
    pending = adapter.restart_pending(contract["name"], objects)
    if not pending and not contract["ready"]:
        problems.append(
            f"the PostgreSQL cluster {contract['name']} is not ready, and a restart would take away what is left "
            f"({'; '.join(contract['pending'])}): mend that first"
        )
    return {"problems": problems, "pending": pending, "patch": adapter.restart(now)}


def backup_refusals(contract: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say why no base backup is made of a cluster as it is, as sentences.

    :param contract: the PostgreSQL cluster
    :param objects: its objects
    """
    problems = list(operation_problems(contract, "backup"))
    return problems or operators.adapter(contract["operator"]).backup_refusals(contract["name"], objects)


def scale_problems(contract: Mapping[str, Any], instances: Any) -> list[str]:
    """Say why the number of instances cannot be changed, as sentences. That commits wait for more is said elsewhere.

    :param contract: the PostgreSQL cluster
    :param instances: how many instances there are to be
    """
    problems = list(operation_problems(contract, "scale"))
    wanted, has = as_int(instances), len(contract["instances"])
    if not problems and wanted is not None and wanted < has and not contract["ready"]:
        problems.append(
            f"postgres_cluster_instances is {wanted} (integer): the cluster has {has} and is not ready "
            f"({'; '.join(contract['pending'])}); mend that before instances are removed"
        )
    return problems
