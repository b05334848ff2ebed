# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that are made of that of a cluster of CloudNativePG, and which of them cannot be had.

A Job, and the host of its pod, is called <cluster>-<number of the instance>-<role> (pkg/specs/jobs.go of 1.30). Its
webhook takes names of clusters of 50 characters, with which some of these are longer than a host's name can be: such a
Job is never made, and the operator tries for ever (cloudnative-pg#6753).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LONGEST_HOST = 63
# A name does not change, so a new one leaves room for each role, of which this is the longest (standbys from snapshots
# of volumes, by postgres_cluster_overrides), and for two digits, as releases before 1.30 use no number twice.
LONGEST_NEW = _LONGEST_HOST - len("-99-snapshot-recovery")
_SHORTER = f"of {LONGEST_NEW} characters at most"
_NO_HOST = f"Kubernetes takes none whose name is longer than {_LONGEST_HOST} characters"


def new_name_problems(wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield that a cluster which is not there yet cannot have its name.

    :param wanted: `name`, and `restore` of the role's inputs
    """
    name = wanted["name"]
    # Made anew from its own backups, be it after a loss or by a drill, it had the name before.
    if (wanted.get("restore") or {}).get("source") == name:
        job = _first_job(name, "full-recovery")
        if len(job) > _LONGEST_HOST:
            yield (
                f"postgres_cluster_name is {name!r} (string): CloudNativePG would recover it by the Job {job}, and "
                f"{_NO_HOST}; restore under a name {_SHORTER}"
            )
    elif len(name) > LONGEST_NEW:
        yield (
            f"postgres_cluster_name is {name!r} (string): give one {_SHORTER}, as CloudNativePG adds to it in the "
            "names of the Jobs that recover a cluster, upgrade it or make a standby of a snapshot, and "
            f"{_NO_HOST}"
        )


def upgrade_name_problems(cluster: Mapping[str, Any]) -> Iterator[str]:
    """Yield that a Cluster cannot have a major upgrade.

    The Job has the number of the primary (getPrimarySerial in pkg/reconciler/majorupgrade/reconciler.go of 1.30), and
    is made once all pods are deleted.
    """
    name, primary = cluster["metadata"]["name"], (cluster.get("status") or {}).get("currentPrimary")
    job = f"{primary}-major-upgrade" if primary else _first_job(name, "major-upgrade")
    if len(job) > _LONGEST_HOST:
        yield (
            f"postgres_cluster_name is {name!r} (string): CloudNativePG would stop all instances, and then upgrade by "
            f"the Job {job}, and {_NO_HOST}; move the data to a new cluster with a name {_SHORTER}"
        )


def drill_name_problems(name: str) -> Iterator[str]:
    """Yield that a drill cannot restore a cluster, which it does under its name."""
    job = _first_job(name, "full-recovery")
    if len(job) > _LONGEST_HOST:
        yield (
            f"postgres_cluster_name is {name!r} (string): CloudNativePG would recover it by the Job {job}, and "
            f"{_NO_HOST}; prove its backups by the playbook restore, under a name {_SHORTER}"
        )


def _first_job(name: str, role: str) -> str:
    """Return the name of a Job of the first instance, which has the number 1 in each new cluster."""
    return f"{name}-1-{role}"


def database_part(database: str) -> str:
    """Return what is left of the name of a database in that of its object, as databases.yml.j2 has it."""
    return re.sub("[^a-z0-9]+", "-", database.lower()).strip("-")


def taken_problems(wanted: Mapping[str, Any], first: str, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield which databases would have an object that is there for another cluster; the API gives it to no other.

    :param wanted: `name` and `databases` of the role's inputs
    :param first: the database that is made together with the cluster, which has no object
    :param objects: the Databases of the namespace, among others
    """
    clusters = {
        item["metadata"]["name"]: ((item.get("spec") or {}).get("cluster") or {}).get("name")
        for item in objects
        if item.get("kind") == "Database"
    }
    for index, database in enumerate(wanted["databases"]):
        found = f"{wanted['name']}-{database_part(database['name'])}"
        if database["name"] != first and clusters.get(found, wanted["name"]) != wanted["name"]:
            yield (
                f"postgres_cluster_databases[{index}].name is {database['name']!r} (string): the Database {found}, the "
                f"operator's object for it, is that of the PostgreSQL cluster {clusters[found]!r} in this namespace; "
                "give it another name, or one of the clusters a namespace of its own"
            )
