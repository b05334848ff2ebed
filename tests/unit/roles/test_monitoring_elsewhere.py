# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves the own Prometheus: labels that say where it is from, and where series are written to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.monitoring_inputs import _LABELS
from test_monitoring_alertmanager import deployment
from test_monitoring_discovery import ROLE, configuration, render

LABELS = {"kubernetes_cluster": "east"}
WRITTEN = [
    {
        "url": "https://mimir.example/api/v1/push",
        "headers": {"X-Scope-OrgID": "pgha"},
        "basic_auth": {"username": "pgha", "password_file": "/etc/remote-write/password"},
        "write_relabel_configs": [{"source_labels": ["__name__"], "regex": "pgha:.*", "action": "keep"}],
    }
]


def test_nothing_leaves_unless_it_is_said() -> None:
    made = configuration()
    assert list(made["global"]) == ["scrape_interval", "evaluation_interval"]
    assert "remote_write" not in made


def test_what_leaves_says_where_it_is_from() -> None:
    made = configuration(monitoring_external_labels=LABELS, monitoring_remote_write=WRITTEN)
    assert made["global"]["external_labels"] == LABELS
    assert made["remote_write"] == WRITTEN


def test_files_of_the_secret_are_there() -> None:
    spec = deployment(monitoring_remote_write=WRITTEN, monitoring_remote_write_secret="access")
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "remote-write"]
    assert volume["secret"] == {"secretName": "access", "defaultMode": 0o440}
    mount = {"name": "remote-write", "mountPath": "/etc/remote-write", "readOnly": True}
    assert mount in spec["containers"][0]["volumeMounts"]


def test_promtool_accepts_it(tmp_path: Path, promtool: str) -> None:
    (tmp_path / "rules.yml").write_text("groups: []\n")
    (tmp_path / "password").write_text("x")
    text = render("prometheus.yml.j2", monitoring_external_labels=LABELS, monitoring_remote_write=WRITTEN)
    for folder in ("/etc/prometheus", "/etc/remote-write"):
        text = text.replace(folder, str(tmp_path))
    (tmp_path / "prometheus.yml").write_text(text)
    checked = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_no_label_that_rules_or_discovery_name_is_taken() -> None:
    """Of an external one, a series that has a label of that name would say nothing."""
    rules = "".join(path.read_text() for path in sorted((ROLE / "files/rules").glob("*.yml")))
    named = {
        label.strip()
        for labels in re.findall(r"\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)", rules)
        for label in labels.split(",")
        if label.strip()
    }
    for job in configuration()["scrape_configs"]:
        named |= {step["target_label"] for step in job["relabel_configs"] if "target_label" in step}
    for group in yaml.safe_load((ROLE / "files/rules/2-postgres.yml").read_text())["groups"]:
        named |= {label for rule in group["rules"] for label in rule.get("labels", {})}
    assert {"cluster", "namespace", "severity"} < named
    assert {label for label in named if not label.startswith("__")} <= _LABELS
