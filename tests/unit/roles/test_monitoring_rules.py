# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the role monitoring: promtool accepts them, and each alert has a test and a page.

tests/rules has the tests, for `promtool test rules`. The scenario `site` runs them in the pod of Prometheus, too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import as_milliseconds
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import FORMATS

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles/monitoring"
PAGES = ROOT / "docs/runbooks"
TESTS = sorted((ROOT / "tests/rules").glob("*.yml"))
PLAYBOOKS = {path.name for path in (ROOT / "playbooks").glob("*.yml")}


def loaded(**variables: Any) -> str:
    """What the role gives to Prometheus as rules.yml."""
    loader = DataLoader()
    loader.set_basedir(str(ROLE))
    known: dict[str, Any] = {"role_path": str(ROLE)}
    for name in ("defaults", "vars"):
        known |= loader.load(trust_as_template((ROLE / name / "main.yml").read_text()))
    templar = Templar(loader=loader, variables={**known, **variables})
    return str(templar.template(trust_as_template("{{ __monitoring_rules }}")))


GROUPS = yaml.safe_load(loaded())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
CASES = [
    case for path in TESTS for test in yaml.safe_load(path.read_text())["tests"] for case in test["alert_rule_test"]
]


def test_there_are_alerts() -> None:
    assert len(ALERTS) == sum("alert" in rule for rule in RULES) > 20


def test_promtool_accepts_them(promtool: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(loaded())
    checked = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", str(tmp_path / "rules.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_each_fires_and_is_quiet_where_it_should(path: Path, promtool: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(loaded())
    shutil.copy(path, tmp_path)
    tested = subprocess.run(
        [promtool, "test", "rules", str(tmp_path / path.name)], capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_each_has_a_case_that_fires_and_one_that_does_not(alert: str) -> None:
    assert {bool(case["exp_alerts"]) for case in CASES if case["alertname"] == alert} == {True, False}


def test_those_that_start_a_job_fire() -> None:
    """What AWX starts is for the host of the cluster's name."""
    started = yaml.safe_load((ROOT / "awx/jobs.yml").read_text())["alerts"]["run"]
    names = {name for alerts in started.values() for name in alerts}
    assert names <= {case["alertname"] for case in CASES if case["exp_alerts"]}


def test_each_says_of_which_cluster() -> None:
    """Dashboards and drills tell those of others by that."""
    fired = [alert["exp_labels"] for case in CASES for alert in case["exp_alerts"]]
    assert fired
    assert [labels for labels in fired if not labels.get("cluster")] == []


def test_each_case_is_of_an_alert() -> None:
    assert {case["alertname"] for case in CASES} == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_says_what_is_the_matter(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert {"namespace"} <= set(re.findall(r"\$labels\.([a-z_]+)", rule["annotations"]["summary"]))
    assert re.search(r"\$(value|labels)\b", rule["annotations"]["description"])


@pytest.mark.parametrize("alert", ALERTS)
def test_none_fires_on_one_answer_that_an_exporter_keeps(alert: str) -> None:
    """CloudNativePG's gives it for 30 s (metricsQueriesTTL)."""
    numbers = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", ALERTS[alert]["for"])
    assert 60 * int(numbers[1] or 0) + int(numbers[2] or 0) >= 60


def test_each_range_has_two_samples_at_the_longest_interval() -> None:
    """Where it has one, a rate is empty. Past five minutes, Prometheus takes a series for gone between two scrapes."""
    ranges = {found for rule in RULES for found in re.findall(r"\[(\w+)[]:]", rule["expr"])}
    shortest = min(map(as_milliseconds, ranges))
    longest = FORMATS["monitoring_scrape_interval"]
    assert longest.accepts(f"{shortest // 2}ms")
    assert not longest.accepts(f"{shortest // 2 + 1}ms")


@pytest.mark.parametrize("alert", ALERTS)
def test_each_has_a_page(alert: str) -> None:
    assert ALERTS[alert]["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{alert}.md")
    page = (PAGES / f"{alert}.md").read_text()
    assert page.startswith(f"# {alert}\n\nSeverity: {ALERTS[alert]['labels']['severity']}.")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["What it means", "How to confirm it", "What to do"]
    named = set(re.findall(r"playbooks/([a-z_]+\.yml)", page))
    assert named <= PLAYBOOKS
    assert f"[{alert}]({alert}.md)" in (PAGES / "README.md").read_text()


def test_each_page_is_of_an_alert() -> None:
    # Those of playbooks begin with a small letter.
    assert {path.stem for path in PAGES.glob("[A-Z]*.md")} - {"README"} == set(ALERTS)


def test_each_limit_is_recorded_and_each_that_is_read_is_there() -> None:
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    read = {name for rule in RULES for name in re.findall(r"pgha:[a-z0-9_:]+", str(rule))}
    assert read <= recorded
    limits = {rule["record"]: rule["expr"] for rule in RULES if rule.get("record", "").startswith("pgha:limit:")}
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    assert limits == {
        name.replace("monitoring_alert_", "pgha:limit:"): f"vector({value})"
        for name, value in defaults.items()
        if name.startswith("monitoring_alert_")
    }


@pytest.mark.parametrize("where", ["README.md", "defaults/main.yml"])
def test_an_alert_of_one_s_own_reaches_prometheus_as_it_is_written(where: str, promtool: str, tmp_path: Path) -> None:
    text = (ROLE / where).read_text()
    if where == "README.md":
        [example] = [one for one in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "extra_rule_groups" in one]
    else:
        [example] = re.findall(r"^# (monitoring_extra_rule_groups:\n(?:#  .*\n)+)", text, re.MULTILINE)
        example = re.sub(r"^# ", "", example, flags=re.MULTILINE)
    found = loaded(**DataLoader().load(trust_as_template(example)))
    (tmp_path / "rules.yml").write_text(found)
    checked = subprocess.run(
        [promtool, "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    [alert] = [rule for rule in yaml.safe_load(found)["groups"][-1]["rules"] if "alert" in rule]
    assert alert["annotations"] == {"summary": "{{ $labels.pod }} has {{ $value }} sessions"}


SELECTOR = re.compile(r"(?<![\w:.\"|])((?:cnpg|barman_cloud|pgpool2|pg)_\w+)(\{[^}]*\})?")


def without_a_job(expression: str) -> list[str]:
    """The selectors of series of exporters that take those of another scrape of the same pods, too."""
    found = [(name, labels) for name, labels in SELECTOR.findall(expression) if name != "pg_role"]
    found += [("pg_", labels) for labels in re.findall(r"\{__name__=~\"(?!pgha:)[^}]*\}", expression)]
    jobs = {True: 'job="pgpool"', False: 'job="postgres"'}
    return [name + labels for name, labels in found if jobs[name.startswith("pgpool2_")] not in labels]


def test_each_selector_names_the_job() -> None:
    assert without_a_job("cnpg_a or b{pg_role='x'} or pg_b{job=\"pgpool\"}") == ["cnpg_a", 'pg_b{job="pgpool"}']
    assert [found for rule in RULES for found in without_a_job(rule["expr"])] == []


def test_limits_and_pages_are_the_user_s() -> None:
    mine = [{"name": "mine", "rules": [{"record": "a:b", "expr": "up"}]}]
    groups = yaml.safe_load(
        loaded(
            monitoring_alert_lag_bytes="5",
            monitoring_runbook_url="https://wiki.example/x/",
            monitoring_extra_rule_groups=mine,
        )
    )["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {"record": "pgha:limit:lag_bytes", "expr": "vector(5)"} in rules
    assert groups[-1:] == mine
    [page] = [rule["annotations"]["runbook_url"] for rule in rules if rule.get("alert") == "PostgresNoPrimary"]
    assert page == "https://wiki.example/x/PostgresNoPrimary.md"
