# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role cloudnativepg looks for before it deletes the CRDs, and every cluster with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles" / "cloudnativepg"
[BLOCK] = yaml.safe_load((ROLE / "tasks/absent_find.yml").read_text(encoding="utf-8"))
VARIABLES = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
KNOWN = {name: VARIABLES[name] for name in ("__cloudnativepg_cluster_crd", "__cloudnativepg_crds")}
CLUSTERS, BACKUPS = "clusters.postgresql.cnpg.io", "backups.postgresql.cnpg.io"


@pytest.mark.parametrize(
    ("crds", "answer", "told"),
    [
        ([], {"failed": False, "api_found": False}, True),
        ([CLUSTERS, BACKUPS], {"failed": False, "api_found": True}, True),
        ([CLUSTERS, BACKUPS], {"failed": False, "api_found": False}, False),
        ([], {"failed": True, "msg": "away"}, False),
    ],
)
@pytest.mark.parametrize("task", BLOCK["block"][1:], ids=["clusters", "others"])
def test_a_kind_of_a_crd_that_the_api_does_not_know_is_asked_for_again(
    render: Callable[[str, str], Any], task: dict[str, Any], crds: list[str], answer: dict[str, Any], told: bool
) -> None:
    given = {
        **KNOWN,
        "__cloudnativepg_defined": {"results": [{"resources": [{"metadata": {"name": name}}]} for name in crds]},
        "__cloudnativepg_kind": {"kind": "Backup", "crd": BACKUPS},
        task["register"]: answer,
    }
    assert render("{{ " + task["until"] + " }}", yaml.safe_dump(given)) is told


def test_the_crds_of_all_kinds_that_are_looked_for_are_read(render: Callable[[str, str], Any]) -> None:
    given = {**KNOWN, "__cloudnativepg_keep": VARIABLES["__cloudnativepg_keep"]}
    found = render(BLOCK["block"][0]["loop"], yaml.safe_dump(given))
    assert found == [CLUSTERS, *(kind["crd"] for kind in VARIABLES["__cloudnativepg_keep"])]


@pytest.mark.parametrize(
    "result",
    [
        {"failed": True, "msg": "no API"},
        {
            "failed": True,
            "msg": "One or more items failed",
            "results": [{"failed": False}, {"failed": True, "msg": "no API"}],
        },
    ],
)
def test_what_cannot_be_told_is_refused(render: Callable[[str, str], Any], result: dict[str, Any]) -> None:
    [refusal] = BLOCK["rescue"]
    given = yaml.safe_dump({**KNOWN, **refusal["vars"], "ansible_failed_result": result})
    assert render(refusal["ansible.builtin.fail"]["msg"], given) == (
        "cloudnativepg_state is absent, but what would go with the CRDs of the operator cannot be told (no API), so "
        f"nothing is deleted: run this again once `kubectl get {CLUSTERS} --all-namespaces` answers"
    )


def test_nothing_is_deleted_before_that() -> None:
    first, *later = yaml.safe_load((ROLE / "tasks/absent.yml").read_text(encoding="utf-8"))
    assert first["ansible.builtin.include_tasks"] == "absent_find.yml"
    assert [task["kubernetes.core.k8s"]["state"] for task in later if "kubernetes.core.k8s" in task] == ["absent"]
