# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/demo_object_store.yml, which writes before site.yml has checked anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("led_away", [True, False])
def test_another_cluster_is_not_written_to(led_away: bool, tmp_path: Path, collections_path: str) -> None:
    # Nothing listens there.
    elsewhere = {"K8S_AUTH_HOST": "http://127.0.0.1:1", "K8S_AUTH_API_KEY": "key"} if led_away else {}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("K8S_AUTH_")}
    inventories = [f"--inventory={ROOT / 'inventories' / name}" for name in ("kind", "kind_backups")]
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", *inventories, str(ROOT / "playbooks/demo_object_store.yml")],
        env={
            **clean,
            **elsewhere,
            "KUBECONFIG": str(tmp_path / "none"),
            "ANSIBLE_COLLECTIONS_PATH": f"{collections_path}:{os.environ.get('ANSIBLE_COLLECTIONS_PATH', '')}",
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "999",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 2
    refused = "pgha_k8s_auth.context is 'kind-pgha' (string): it would be ignored" in said
    assert refused == led_away, said
    assert ("TASK [Make the namespaces]" in said) != led_away
