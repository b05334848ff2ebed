# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a Postgres object that is there must not change: KubeDB takes it up, and does not do all that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import merge_for
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import kubedb_cluster as common
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_requests import KIND
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import applied_spec

# What instances that run get by a request of a type, and which fields of the spec it is.
_BY_REQUEST = {
    "postgres_cluster_parameters": ("Reconfigure", ("configuration",)),
    "postgres_cluster_resources": ("VerticalScaling", ("podTemplate", "spec", "containers")),
    "postgres_cluster_kubedb.issuer": ("ReconfigureTLS", ("tls",)),
}


def client_auth(spec: Mapping[str, Any]) -> str:
    """Return how users log in. Where it is not said, KubeDB takes md5 below PostgreSQL 18."""
    return spec.get("clientAuthMode") or ("md5" if int(common.major(spec.get("version")) or 18) < 18 else "scram")


def change_problems(manifest: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what of a cluster that exists must not become as it is wanted.

    :param manifest: the Postgres object that is wanted
    :param objects: the cluster's objects as they are; without a Postgres among them nothing is wrong
    """
    cluster = common.postgres(manifest["metadata"]["name"], objects)
    if cluster:
        yield from _client_auth_problems(manifest["spec"], cluster.get("spec") or {})


def _client_auth_problems(wanted: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield that passwords are kept for the way in which users log in now, and Pgpool-II knows them for one alone."""
    asked, now = client_auth(wanted), client_auth(spec)
    if asked != now:
        yield (
            f"postgres_cluster_kubedb.client_auth is {asked!r} (string): the cluster has {now!r} and keeps its "
            "passwords for that, so Pgpool-II could log in with none of them; give that, or make another cluster with "
            f"{asked!r} and move the data to it"
        )


def requests_left(manifest: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what applying the manifest does not bring to instances that run, as KubeDB does that by request.

    What a request has done by now is in the Postgres object. Nothing is said of a cluster that is stopped, whose
    instances start with what the object has then, nor of one that something else applied.

    :param manifest: the Postgres object that is wanted
    :param objects: the cluster's objects as they are
    """
    cluster = common.postgres(manifest["metadata"]["name"], objects)
    spec, before = cluster.get("spec") or {}, applied_spec(cluster)
    if not before or spec.get("halted"):
        return
    for name, (kind, path) in _BY_REQUEST.items():
        wanted, applied, there = (_part(of, path) for of in (manifest["spec"], before, spec))
        if wanted != applied and (wanted is None or merge_for({"": wanted}, {"": there})):
            yield (
                f"{name} is not what {manifest['metadata']['name']} was applied with: this run writes it into the "
                f"Postgres object, and KubeDB brings it to instances that run by a {kind} of {KIND}, which is yours to "
                "make"
            )


def _part(spec: Mapping[str, Any], path: Sequence[str]) -> Any:
    """Return what is in a place of a spec; nothing where it has none."""
    found: Any = spec
    for key in path:
        found = (found or {}).get(key)
    return found or None
