# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site on the cluster of the tests, as the scenario `site` makes it, and its manifests for kubectl."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.measure import Timed, timed

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "playbooks" / "collections"), str(ROOT / "molecule")]
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import last_applied  # noqa: E402
from api_requests import writes, written  # noqa: E402


def _tests() -> ModuleType:
    """Return what the tests of molecule share. By this name, as the unit tests have a conftest of their own."""
    spec = importlib.util.spec_from_file_location("molecule_conftest", ROOT / "molecule" / "conftest.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TESTS = _tests()
Cluster, KUBECONFIG, CONTEXT, INVENTORIES = TESTS.Cluster, TESTS.KUBECONFIG, TESTS.CONTEXT, TESTS.INVENTORIES
playbook_command, playbook_environment = TESTS.playbook_command, TESTS.playbook_environment

OURS = "app.kubernetes.io/managed-by=pgha.kubernetes"
KUBECTL = ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}"]
# Events come and go; of what a Secret was made from there is no copy.
NEVER_APPLIED = {"secrets", "events", "events.events.k8s.io"}

__all__ = ["writes", "written"]


def ready() -> None:
    """Bring the site to what it should be, and have all that is cached cached."""
    playbook("site")


def playbook(name: str, *arguments: str, environment: dict[str, str] | None = None) -> Timed:
    """Run a playbook on the cluster of the tests."""
    return timed(playbook_command(name, *arguments), {**playbook_environment(), **(environment or {})})


def manifests(cluster: Cluster, folder: Path, selector: str = OURS) -> Path:
    """Write what the module `apply` was given into a file, from what it has kept with each object.

    Secrets are not among them, nor is the operator's release manifest: so `kubectl apply` has less to do than we have.
    """
    kinds = set(cluster.kubectl("api-resources", "--verbs=list", "--output=name").split()) - NEVER_APPLIED
    found = cluster.get(",".join(sorted(kinds)), f"--selector={selector}", everywhere=True)
    given = applied(found)
    if not given:
        raise RuntimeError(f"no object of the cluster has the label {selector} and was applied: run site.yml first")
    file = folder / "manifests.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": given}))
    return file


def applied(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the manifests that objects were made from, of those that were applied."""
    return [dict(manifest) for manifest in map(last_applied, objects) if manifest]


def apply(file: Path) -> Timed:
    """Apply them with kubectl, whose list of kinds is cached after the first time."""
    return timed([*KUBECTL, "apply", f"--filename={file}"])
