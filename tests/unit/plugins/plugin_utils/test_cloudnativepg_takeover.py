# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Cluster that something else made would lose."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cloudnativepg_takeover import takeover_problems

PART_OF = "app.kubernetes.io/part-of"
MANIFEST: dict[str, Any] = {
    "metadata": {"name": "hot", "labels": {PART_OF: "pgha"}},
    "spec": {"instances": 3, "backup": None, "affinity": {"podAntiAffinityType": "preferred"}},
}
THEIRS = {"backup": {"retentionPolicy": "7d"}, "affinity": {"nodeSelector": {"disk": "ssd"}}, "replica": None}


def cluster(spec: dict[str, Any] | None, labels: dict[str, str] | None = None, instances: int = 3) -> dict[str, Any]:
    last = {"metadata": {"name": "hot", "labels": labels}, "spec": spec}
    key = "kubectl.kubernetes.io/last-applied-configuration"
    annotations = {} if spec is None else {key: json.dumps(last)}
    return {"metadata": {"name": "hot", "annotations": annotations}, "spec": {"instances": instances}}


@pytest.mark.parametrize("labels", [None, {}, {"app.kubernetes.io/managed-by": "pgha.kubernetes"}])
def test_what_was_applied_and_is_not_wanted_is_named(labels: dict[str, str] | None) -> None:
    [problem] = takeover_problems(MANIFEST, cluster(THEIRS, labels))
    assert problem.startswith("the Cluster hot is taken over from something else, and spec.affinity.nodeSelector would")


def test_what_nobody_applied_stays_and_instances_are_counted() -> None:
    assert list(takeover_problems(MANIFEST, cluster(None))) == []
    [problem] = takeover_problems(MANIFEST, cluster(None, instances=5))
    assert problem.startswith("postgres_cluster_instances is 3 (integer): the Cluster hot is taken over with 5")


@pytest.mark.parametrize("ours", ["pgha", "databases"])
def test_of_what_we_applied_fields_go_without_a_word(ours: str) -> None:
    """Also where overrides give it other labels."""
    manifest = {**MANIFEST, "metadata": {"name": "hot", "labels": {PART_OF: ours}}}
    assert list(takeover_problems(manifest, cluster(THEIRS, {PART_OF: ours}, instances=5))) == []
