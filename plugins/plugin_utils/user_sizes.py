# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the Kubernetes API takes what the users of a cluster come to, as all of them are in one object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import all_users
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.users_sql import users_sql

# Bytes of the data of a ConfigMap (MaxSecretSize of Kubernetes' pkg/apis/core).
_CONFIG_MAP = 1024 * 1024
# Bytes of an object in etcd (its --max-request-bytes is 1.5 MiB), less what is no user's.
_OBJECT = (1536 - 128) * 1024
# Bytes of a user in a Cluster of CloudNativePG beside its names: in the spec with its flags, in the status
# (managedRolesStatus, managedRoleSecretVersion), in managedFields, and in what is kept of the manifest, compressed.
_IN_SPEC, _IN_STATUS, _IN_MANAGED_FIELDS, _KEPT = 125, 80, 70, 50


def size_problems(variables: Mapping[str, Any], operator: str) -> Iterator[str]:
    """Yield that there are more users than the Kubernetes API takes, before the Secrets of the first are written."""
    if variables.get("postgres_cluster_state") == "absent":
        return
    databases = variables.get("postgres_cluster_databases") or []
    given = variables.get("postgres_cluster_users") or []
    users = all_users(given, databases, str(variables.get("postgres_cluster_name")))
    if operator == "cloudnativepg":
        size, most, what = sum(_in_cluster(user) for user in users), _OBJECT, "the operator's Cluster"
    else:
        size, most, what = len(users_sql(users, databases).encode()), _CONFIG_MAP, "the ConfigMap of the Job for them"
    if size > most:
        fewer = len(users) * most // size
        yield (
            f"postgres_cluster_users has {len(given)} users (list): give about {fewer // 100 * 100 or fewer} or fewer, "
            f"as they come to {size // 1024} KiB in {what}, of which the Kubernetes API takes {most // 1024} KiB"
        )


def _in_cluster(user: Mapping[str, Any]) -> int:
    """Return about how many bytes a user has in a Cluster, with its name four times, and that of its Secret three."""
    words = 4 * len(user["name"]) + 3 * len(user["secret"]) + sum(len(role) + 3 for role in user["roles"])
    return words + _IN_SPEC + _IN_STATUS + _IN_MANAGED_FIELDS + _KEPT
