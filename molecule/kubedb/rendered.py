#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print as a JSON list what the collection writes for KubeDB, as the unit tests render it from wide inputs, each once.

A program of its own, as the unit tests make this checkout a collection in their own way when they are imported.

    rendered.py NAMESPACE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.extend(
    str(Path(__file__).resolve().parents[2] / "tests/unit" / part) for part in ("", "roles", "plugins/plugin_utils")
)

import conftest  # noqa: F401 - makes the imports after it work
import test_backup_manifests as backups
import test_kubedb_manifests as clusters
import test_kubedb_requests as requests


def rendered(namespace: str) -> list[dict[str, Any]]:
    """Return the objects, each once."""
    found: list[dict[str, Any]] = []
    for changes in clusters.WIDE.values():
        found += clusters.plain(clusters.manifests(**changes))
    for backup in backups.KUBESTASH.values():
        found += backups.by_kubedb(backup)
    found += [*backups.restored_by_kubedb(), backups.backup_session()]
    found += [requests.plan(operation)["request"] for operation in requests.KINDS]
    found += [clusters.template("superuser-secret.yml.j2", postgres_cluster_superuser={"password": "for-a-test"})]
    for item in found:
        item["metadata"]["namespace"] = namespace
    return [json.loads(text) for text in dict.fromkeys(json.dumps(item, sort_keys=True) for item in found)]


if __name__ == "__main__":
    print(json.dumps(rendered(sys.argv[1])))
