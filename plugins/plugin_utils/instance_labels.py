# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which labels of pods Prometheus tells the instances of PostgreSQL, whatever runs them."""

from __future__ import annotations

import re

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import ADAPTERS


def instance_labels(prefix: str) -> list[dict[str, str]]:
    """List what the adapters say, in the words of Prometheus' discovery.

    :param prefix: what discovery puts before the name of a pod's label
    :returns: for each operator its name (`operator`); the label that only instances have (`label`), and its `value`
        as a regular expression; and the labels of the cluster's name (`cluster`) and of the role (`role`)
    """
    return [
        {
            "operator": name,
            "label": _discovered(prefix, module.INSTANCE_LABELS["label"][0]),
            "value": re.escape(module.INSTANCE_LABELS["label"][1]),
            "cluster": _discovered(prefix, module.INSTANCE_LABELS["cluster"]),
            "role": _discovered(prefix, module.INSTANCE_LABELS["role"]),
        }
        for name, module in ADAPTERS.items()
        if module.INSTANCE_LABELS
    ]


def _discovered(prefix: str, label: str) -> str:
    """Return how discovery calls a label: what its own names cannot have is a `_`."""
    return prefix + re.sub(r"[^A-Za-z0-9_]", "_", label)
