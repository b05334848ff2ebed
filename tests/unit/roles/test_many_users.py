# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What postgres_cluster writes of a cluster with thousands of users is what the Kubernetes API takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import patch_for, with_annotation
from test_cloudnativepg_role import made

USERS = [{"name": f"service_{number:04}", "roles": ["pg_read_all_data"]} for number in range(3000)]
# Bytes of all annotations (ValidateAnnotationsSize), of a ConfigMap's data (MaxSecretSize), and of an object in etcd
# (--max-request-bytes), less its status.
ANNOTATIONS, DATA, OBJECT = 256 * 1024, 1024 * 1024, 1024 * 1024


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


@pytest.mark.parametrize("operator", ["cloudnativepg", "kubedb"])
def test_the_api_takes_each_object_of_3000_users(operator: str) -> None:
    for manifest in made(operator=operator, postgres_cluster_users=USERS):
        there = with_annotation(manifest)
        where = f"{manifest['kind']} {manifest['metadata']['name']}"
        assert sum(len(key) + len(text) for key, text in there["metadata"]["annotations"].items()) < ANNOTATIONS, where
        assert sum(len(text.encode()) for text in manifest.get("data", {}).values()) < DATA, where
        assert size(there) < OBJECT, where
        assert patch_for(manifest, there) == {}, where
