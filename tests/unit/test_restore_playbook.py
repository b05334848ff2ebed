# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""restore.yml makes no two clusters of the backups of one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PLAY = yaml.safe_load((ROOT / "playbooks/restore.yml").read_text())[0]
SHOP = {"postgres_cluster_name": "shop"}


def source(name: str, namespace: str | None = None, **variables: Any) -> dict[str, Any]:
    """Return variables of a host with a source of its own."""
    asked = {"source": name, **({} if namespace is None else {"source_namespace": namespace})}
    return {"postgres_cluster_restore": asked, **variables}


def refused(tmp_path: Path, hosts: dict[str, dict[str, Any]], extra: dict[str, Any], *arguments: str) -> str:
    """Run the first task of restore.yml for these hosts, and return what it says."""
    inventory, play = tmp_path / "hosts.json", tmp_path / "play.yml"
    local = {host: {"ansible_connection": "local", **given} for host, given in hosts.items()}
    inventory.write_text(json.dumps({"all": {"children": {"postgres_clusters": {"hosts": local}}}}))
    play.write_text(json.dumps([{**PLAY, "tasks": PLAY["tasks"][:1]}]))
    done = subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", f"--extra-vars={json.dumps(extra)}", *arguments, str(play)],
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode != 0) == ("each of them would be made of the backups" in done.stdout), done.stdout
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize(
    ("hosts", "extra"),
    [
        ({"billing": {}, "orders": {}}, source("billing")),
        ({"orders": {}, "billing": {"pgha_namespace": "a"}}, source("billing", "a")),
        # None of them is that one.
        ({"orders": {}, "goods": {}}, source("billing")),
        # They are not lost: both would have the data of one.
        ({"stage": SHOP, "production": SHOP}, source("shop", "a")),
        ({"orders": source("billing"), "goods": source("billing", "")}, {}),
        ({"orders": source("billing", "a"), "goods": source("billing", "a"), "other": source("o")}, {}),
    ],
)
def test_no_two_hosts_are_made_of_the_backups_of_one(
    tmp_path: Path, hosts: dict[str, dict[str, Any]], extra: dict[str, Any]
) -> None:
    said = refused(tmp_path, hosts, extra)
    assert "(string) for " + ", ".join(host for host in hosts if host != "other") + ": each of them" in said
    # AWX runs for one host at a time.
    assert refused(tmp_path, hosts, extra, f"--limit={next(iter(hosts))}") == ""


@pytest.mark.parametrize(
    ("hosts", "extra"),
    [
        ({"orders": source("old-orders"), "billing": source("old-billing")}, {}),
        ({"orders": source("shop", "a"), "billing": source("shop", "b")}, {}),
        # After a total loss, each under its own name.
        ({"orders": source("orders"), "billing": source("billing")}, {}),
        ({"orders": {}, "billing": {}}, source("{{ inventory_hostname }}")),
        ({"stage": {**SHOP, "pgha_namespace": "a"}, "production": {**SHOP, "pgha_namespace": "b"}}, source("shop")),
        # Which the role refuses, with the reason.
        ({"orders": {}, "billing": {}}, {}),
        ({"orders": {}, "billing": {}}, {"postgres_cluster_restore": {}}),
        ({"orders": {}, "billing": {}}, {"postgres_cluster_restore": "billing"}),
    ],
)
def test_several_hosts_have_sources_of_their_own(
    tmp_path: Path, hosts: dict[str, dict[str, Any]], extra: dict[str, Any]
) -> None:
    assert refused(tmp_path, hosts, extra) == ""


def test_it_is_looked_at_before_anything_else() -> None:
    assert PLAY["tasks"][0]["name"] == "Refuse to make several clusters of the backups of one"
    assert PLAY["strategy"] == "linear"
