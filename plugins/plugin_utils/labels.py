# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels that every object of the collection carries."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

# The PostgreSQL cluster to which an object belongs.
CLUSTER_LABEL = "pgha.kubernetes/cluster"
# What made an object.
MANAGED_BY_LABEL, MANAGED_BY = "app.kubernetes.io/managed-by", "pgha.kubernetes"

_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def labels(name: str, component: str, instance: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make the recommended labels of Kubernetes for one object.

    :param name: the application, such as `postgresql` or `pgpool`
    :param component: its part in the whole, such as `database` or `proxy`
    :param instance: the PostgreSQL cluster, or what else tells two of them apart
    :param extra: more labels; they do not replace those above
    """
    made = {
        **(extra or {}),
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "pgha",
        MANAGED_BY_LABEL: MANAGED_BY,
    }
    for key, value in made.items():
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise InputError(
                f"label {key} is {value!r}: give 1 to 63 letters, digits, '-', '_' and '.', "
                "the first and the last of them a letter or a digit"
            )
    return made
