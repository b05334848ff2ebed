# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the own Prometheus gets to an Alertmanager, and that alerts are as the role's user wants them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_monitoring_discovery import configuration, render
from test_monitoring_operator import objects
from test_monitoring_rules import loaded

TOLD = {
    "addresses": ["one.monitoring.svc:9093", "two.monitoring.svc:9093"],
    "secret": "access",
    "options": {
        "scheme": "https",
        "path_prefix": "/am",
        "tls_config": {"ca_file": "/etc/alertmanager/ca.crt"},
        "basic_auth": {"username": "pgha", "password_file": "/etc/alertmanager/password"},
    },
}


def deployment(**variables: Any) -> dict[str, Any]:
    return objects(monitoring_flavor="prometheus", **variables)[-1]["spec"]["template"]["spec"]


def test_there_is_none_unless_one_is_named() -> None:
    assert "alerting" not in configuration()
    assert [volume["name"] for volume in deployment()["volumes"]] == ["configuration", "data"]


def test_its_address_and_how_to_get_in() -> None:
    assert configuration(monitoring_alertmanager=TOLD)["alerting"] == {
        "alertmanagers": [{**TOLD["options"], "static_configs": [{"targets": TOLD["addresses"]}]}]
    }


def test_files_of_the_secret_are_there() -> None:
    spec = deployment(monitoring_alertmanager=TOLD)
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "alertmanager"]
    assert volume["secret"] == {"secretName": "access", "defaultMode": 0o440}
    assert {"name": "alertmanager", "mountPath": "/etc/alertmanager", "readOnly": True} in spec["containers"][0][
        "volumeMounts"
    ]


def test_promtool_accepts_it(tmp_path: Path, promtool: str) -> None:
    (tmp_path / "rules.yml").write_text("groups: []\n")
    for name in ("ca.crt", "password"):
        (tmp_path / name).write_text("x")
    text = render("prometheus.yml.j2", monitoring_alertmanager={**TOLD, "options": {"basic_auth": {"username": "u"}}})
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus", str(tmp_path)))
    checked = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("alert", ["PostgresLagBytes", "PgpoolPodMissing"])
def test_settings_of_an_alert(alert: str) -> None:
    def found(**told: Any) -> list[dict[str, Any]]:
        groups = yaml.safe_load(loaded(monitoring_alerts={alert: told}))["groups"]
        return [rule for group in groups for rule in group["rules"] if rule.get("alert") == alert]

    [rule] = found(**{"for": "7s", "severity": "page"})
    assert (rule["for"], rule["labels"]["severity"]) == ("7s", "page")
    assert rule["annotations"]["runbook_url"].endswith(f"{alert}.md")
    assert found(enabled=False) == []
