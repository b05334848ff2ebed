# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/metrics.md names each metric that the exporters and the rules give, and no other."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from program import program

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "roles/monitoring/files/rules"
MANIFEST = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgha/manifests/cnpg-1.30.0.yaml"
ROWS = re.findall(r"^\| (\**)`([A-Za-z_:0-9]+)`\** \| ", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
METRICS = [name for _bold, name in ROWS]
OF_THE_TALK = {name for bold, name in ROWS if bold}


def rules() -> list[dict[str, Any]]:
    """The rules of all files."""
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def test_each_is_named_once() -> None:
    assert len(METRICS) == len(set(METRICS)) > 100


def test_pgpool_s_are_those_of_the_exporter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    exporter = program("images/pgpool/exporter.py")
    (tmp_path / "tls.crt").write_text("no certificate")
    monkeypatch.setenv("PGPOOL_EXPORTER_CERTIFICATE", str(tmp_path / "tls.crt"))

    class Answering:
        """Answers each command with one row in which each column is a number."""

        def ask(self, commands: Any, _deadline: float) -> dict[str, list[dict[str, str]]]:
            tables = exporter.TABLES
            rows = {name: [dict.fromkeys((*tables[name].gauges, *tables[name].counters), "1")] for name in tables}
            return {**{name: [{"username": "app", "database": "app"}] for name in commands}, **rows}

    page = exporter.Exporter(Answering()).page()
    given = set(re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE))
    assert {name for name in METRICS if name.startswith("pgpool2_")} == given


def test_what_is_recorded() -> None:
    defaults = yaml.safe_load((ROOT / "roles/monitoring/defaults/main.yml").read_text())
    limits = {
        name.replace("monitoring_alert_", "pgha:limit:") for name in defaults if name.startswith("monitoring_alert_")
    }
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert {name for name in METRICS if name.startswith("pgha:")} == recorded | limits


def test_what_rules_read_is_on_the_page() -> None:
    read = {name for rule in rules() for name in re.findall(r"\b(?:cnpg|pgpool2|kubelet|pg)_[a-z_0-9]+", rule["expr"])}
    assert read - {"pg_role"} - set(METRICS) == set()


def test_postgres_exporter_s_are_those_that_rules_read() -> None:
    read = {name for rule in rules() for name in re.findall(r"\bpg_[a-z_0-9]+", rule["expr"])} - {"pg_role"}
    assert {name for name in METRICS if name.startswith("pg_")} == read


def test_postgresql_s_are_those_of_the_operator() -> None:
    if not MANIFEST.is_file():
        pytest.skip("the manifest of CloudNativePG was not made here (`make demo` or `make test` does)")
    [text] = [
        one["data"]["queries"]
        for one in yaml.safe_load_all(MANIFEST.read_text())
        if one and one["kind"] == "ConfigMap" and "queries" in one.get("data", {})
    ]
    given = {
        f"cnpg_{query.get('name', name)}_{column}"
        for name, query in yaml.safe_load(text).items()
        for metric in query["metrics"]
        for column, told in metric.items()
        if told["usage"] != "LABEL"
    }
    named = {name for name in METRICS if name.startswith("cnpg_") and not name.startswith("cnpg_collector_")}
    assert len(named) > 15
    assert named - given == set()


def test_the_talk_s_are_marked() -> None:
    assert {
        "pgpool2_frontend_total",
        "pgpool2_frontend_used",
        "pgpool2_pool_cache_cache_hit_ratio",
        "pgpool2_pool_cache_num_cache_entries",
        "pgpool2_pool_cache_num_hash_entries",
        "pgpool2_pool_cache_used_hash_entries",
        "pgpool2_pool_nodes_replication_delay",
        "pgpool2_pool_nodes_select_cnt",
        "pgpool2_pool_nodes_status",
    } == OF_THE_TALK
