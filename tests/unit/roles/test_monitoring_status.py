# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the report: it is safe, needs nothing else, and a browser shows it on a phone and on a desk."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.fleet_report import fleet_report
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.status_report import status_report
from test_monitoring_rules import ROLE, ROOT, trust_as_template

sys.path.insert(0, str(ROOT / "tests/unit/plugins/plugin_utils"))
from test_status_report_facts import CHARTS, SPAN, contract, healthy, lately, one

WIDTHS = (400, 1400)
EVIL = "<script>alert('x')</script>\"' onload=\"x"
ALERT = one("ALERTS", alertname="PostgresLagBytes", alertstate="firing", severity="warning", pod="pg-2")
# Elements that HTML does not close.
VOID = {"meta", "link", "br"}


def variables(**more: Any) -> dict[str, Any]:
    """The variables of the role, for a host that is a PostgreSQL cluster."""
    loader = DataLoader()
    known: dict[str, Any] = {"role_path": str(ROLE), "inventory_hostname": "pg", "__monitoring_asked": {"path": "/x"}}
    for name in ("defaults", "vars"):
        known |= loader.load(trust_as_template((ROLE / name / "main.yml").read_text()))
    return {**known, **more}


def rendered(template: str, **more: Any) -> Any:
    loader = DataLoader()
    loader.set_basedir(str(ROLE))
    templar = Templar(loader=loader, variables=variables(ansible_search_path=[str(ROLE)], **more))
    return templar.template(trust_as_template(template), escape_backslashes=False)


def page(report: dict[str, Any]) -> str:
    """What the role writes as <name>.html."""
    return str(rendered((ROLE / "templates/status.html.j2").read_text(), monitoring_status_result=report))


def fleet(*told: tuple[str, dict[str, Any], str]) -> str:
    """What the role writes as index.html."""
    made = fleet_report(*map(list, zip(*told, strict=True)))
    return str(rendered((ROLE / "templates/fleet.html.j2").read_text(), monitoring_fleet_result=made))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "pg"),
        ({"postgres_cluster_name": "hot"}, "hot"),
        ({"postgres_cluster_name": "hot", "monitoring_status_name": "another"}, "another"),
    ],
)
def test_the_cluster_is_the_host_s_and_so_is_the_file(given: dict[str, str], name: str) -> None:
    """Of two hosts with clusters of one name, each has a report."""
    known = {**given, "monitoring_status_folder": "/status"}
    assert rendered("{{ __monitoring_status_name }}", **known) == name
    assert rendered("{{ __monitoring_status_base }}", **known) == "/status/pg"


@pytest.mark.parametrize(
    ("given", "name"),
    [({}, "hot-pgpool"), ({"pgpool_name": "front"}, "front"), ({"pgpool_state": "absent", "pgpool_name": "front"}, "")],
)
def test_a_pgpool_is_expected_where_the_inventory_does_not_say_that_there_is_none(
    given: dict[str, str], name: str
) -> None:
    known = {"__monitoring_status_settled": "hot", **given}
    assert rendered("{{ __monitoring_status_pgpool_expected }}", **known) == name


def test_names_that_are_given_on_are_settled_before() -> None:
    """What is the default of postgres_cluster_name's own value would be read for ever."""
    for path, name in (
        ("monitoring/tasks/status", "__monitoring_status"),
        ("pgpool/tasks/discover_cluster", "__pgpool"),
    ):
        text = (ROOT / f"roles/{path}.yml").read_text()
        assert re.findall(r"postgres_cluster_name: (.*)", text) == [f'"{{{{ {name}_settled }}}}"']


@pytest.mark.parametrize("said", [True, False])
def test_files_are_in_the_current_folder_also_where_the_environment_does_not_say_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    """cron and services may have no PWD."""
    folder = tmp_path.resolve()
    if said:
        monkeypatch.setenv("PWD", str(folder))
    else:
        monkeypatch.delenv("PWD", raising=False)
        monkeypatch.chdir(folder)
    assert rendered("{{ monitoring_status_folder }}") == f"{folder}/status"
    for path, name in (("diagnose", "__diagnose_directory"), ("log_report", "__log_report_directory")):
        text = (ROOT / f"playbooks/{path}.yml").read_text()
        [directory] = re.findall(rf'{name}: "(.*)"', text)
        assert rendered(directory) == str(folder)


def test_files_of_other_playbooks_are_named_after_the_host() -> None:
    log_report, diagnose, record = (
        (ROOT / path).read_text()
        for path in ("playbooks/log_report.yml", "playbooks/diagnose.yml", "roles/drills/tasks/record.yml")
    )
    assert '"{{ __log_report_directory }}/{{ inventory_hostname }}"' in log_report
    assert 'dest: "{{ __log_report_pods_base }}{{ __log_report_pod }}.log"' in log_report
    assert "/{{ inventory_hostname }}-{{ now" in diagnose
    assert "/{{ inventory_hostname }}-drills.json" in record


def report(*more: dict[str, Any], **fields: Any) -> dict[str, Any]:
    now = json.dumps([*healthy(), *more])
    return status_report(contract(**fields), now, lately(), CHARTS, SPAN, "https://wiki.example")


def spoilt(value: Any) -> Any:
    """The same with all texts replaced by one that would do harm."""
    if isinstance(value, dict):
        return {key: value[key] if key == "unit" else spoilt(value[key]) for key in value}
    if isinstance(value, list):
        return [spoilt(item) for item in value]
    return EVIL if isinstance(value, str) else value


class Elements(HTMLParser):
    """Reads a page and keeps its elements, its attributes, and what was not closed as it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_it_says_that_all_is_well() -> None:
    text = page(report())
    assert "All is well." in text
    assert "<title>pg: all is well</title>" in text
    assert text.lstrip().startswith("<!DOCTYPE html>")
    assert "2026-11-22 23:00 UTC, charts since 2026-11-22 22:00 UTC" in text


def test_it_says_what_is_wrong_and_leads_to_the_runbook() -> None:
    text = page(report(ALERT, pending=["2 of 3 instances are ready"]))
    assert "2 to look at" in text
    assert "<li>2 of 3 instances are ready</li>" in text
    assert "Kubernetes says" not in text
    assert '<a href="https://wiki.example/PostgresLagBytes.md">PostgresLagBytes</a>' in text


def test_it_says_why_where_kubernetes_does() -> None:
    broken = report(pending=["2 of 3 instances are ready"]) | {"reasons": ["pod pg-3 has no node: 0/3 <nodes>"]}
    assert "<li>pod pg-3 has no node: 0/3 &lt;nodes&gt;</li>" in page(broken)
    assert '<br><span class="quiet">pod pg-3 has no node: 0/3 &lt;nodes&gt;</span>' in fleet(("bad", broken, ""))
    assert (Elements(page(broken)).wrong, Elements(fleet(("bad", broken, ""))).wrong) == ([], [])


def test_what_is_noted_is_shown_and_is_no_problem() -> None:
    noted = report() | {"notes": ["both pods are on the node <a>"]}
    assert "All is well." in page(noted)
    assert "<title>pg: all is well</title>" in page(noted)
    assert "<li>both pods are on the node &lt;a&gt;</li>" in page(noted)
    assert "To be noted" not in page(report())
    assert Elements(page(noted)).wrong == []
    assert fleet_report(["pg"], [noted], [""])["counts"] == {"well": 1, "to look at": 0, "not known": 0}


@pytest.mark.parametrize("found", [report(), report(ALERT), status_report(contract(), "[]", "[]", CHARTS, SPAN)])
def test_each_element_is_closed(found: dict[str, Any]) -> None:
    read = Elements(page(found))
    assert (read.wrong, read.open) == ([], [])
    assert read.names.count("svg") == len(CHARTS)


def test_it_needs_nothing_else() -> None:
    text = page(report(ALERT))
    read = Elements(text)
    assert {"script", "img", "iframe", "object", "embed", "base", "form"} & set(read.names) == set()
    links = [value for name, value in read.attributes if name in ("href", "src", "srcset", "action")]
    assert [link for link in links if not link.startswith("https://wiki.example/")] == ["data:,"]
    assert "url(" not in text
    assert "@import" not in text


def test_texts_cannot_do_harm() -> None:
    good, bad = Elements(page(report(ALERT))), Elements(page(spoilt(report(ALERT))))
    assert "script" not in bad.names
    assert {name for name, _value in bad.attributes} <= {name for name, _value in good.attributes}
    assert (bad.wrong, bad.open) == ([], [])
    assert html.escape(EVIL.partition("(")[0]) in page(spoilt(report(ALERT)))


def about(*hosts: str) -> dict[str, Any]:
    """PostgreSQL clusters, each <namespace>/<name>, that one query is about."""
    pairs = [host.split("/") for host in hosts]
    return {
        "__monitoring_status_about": [
            {"__monitoring_status_settled_in": where, "__monitoring_status_settled": name} for where, name in pairs
        ]
    }


def test_what_is_asked_and_where() -> None:
    assert rendered("{{ __monitoring_status_url }}") == "http://localhost:9090/x"
    assert rendered("{{ __monitoring_status_now }}", **about("demo/pg")).strip() == (
        '{__name__=~"pgha:.+|pgpool2_up|pgpool2_pool_nodes_.+|pgpool2_frontend_.+", namespace=~"demo", '
        'cluster=~"pg", job=~"postgres|pgpool|"} or ALERTS{namespace=~"demo", cluster=~"pg|"} '
        'or {__name__=~"pgha:limit:.+"}'
    )
    lines = rendered("{{ __monitoring_status_lately }}", **about("demo/pg"))
    assert lines.strip().endswith(', namespace=~"demo", cluster=~"pg"}')
    assert "pgha:standby:lag_bytes|pgha:standby:lag_seconds|" in lines
    assert "'" not in lines + rendered("{{ __monitoring_status_now }}", **about("demo/pg"))


def test_one_query_asks_for_several() -> None:
    """Each name once; and what is no name in Kubernetes would spoil the query for the others."""
    hosts = about("demo/pg", "stage/pg", "demo/shop", "demo/it's", 'demo/"} or x{y=')
    lines = rendered("{{ __monitoring_status_lately }}", **hosts)
    assert lines.strip().endswith(', namespace=~"demo|stage", cluster=~"pg|shop"}')


@pytest.mark.parametrize(
    ("given", "alike"),
    [
        ({}, True),
        ({"inventory_hostname": "another", "monitoring_status_name": "another"}, True),
        ({"monitoring_k8s_auth": {"context": "west"}}, False),
        ({"monitoring_k8s_auth": {"context": "east", "api_key": "of-one-namespace"}}, False),
        ({"monitoring_namespace": "metrics"}, False),
        ({"monitoring_flavor": "prometheus_operator"}, False),
        ({"monitoring_operator_labels": {"release": "mine"}}, False),
        ({"monitoring_status_minutes": 5}, False),
        ({"monitoring_status_folder": "/elsewhere"}, False),
    ],
)
def test_who_asks_the_same_prometheus_for_the_same(given: dict[str, Any], alike: bool) -> None:
    east = {"monitoring_k8s_auth": {"context": "east"}, "ansible_connection": "local"}
    groups = [rendered("{{ __monitoring_status_group }}", **known).strip() for known in (east, {**east, **given})]
    assert (groups[0] == groups[1]) is alike
    assert re.fullmatch(r"pgha_status_[0-9a-f]{64}", groups[0])


def test_where_tasks_run_elsewhere_each_asks_for_itself() -> None:
    """The same path of a kubeconfig leads elsewhere on another machine."""
    hosts = ({"inventory_hostname": name, "ansible_connection": "ssh"} for name in ("one", "two"))
    assert len({rendered("{{ __monitoring_status_group }}", **host) for host in hosts}) == 2


def test_charts_are_of_what_is_recorded() -> None:
    metrics = (ROOT / "docs/metrics.md").read_text()
    charts = rendered("{{ __monitoring_charts }}")
    assert len(charts) > 4
    for chart in charts:
        assert f"`{chart['record']}`" in metrics
        assert "limit" not in chart or f"`pgha:limit:{chart['limit']}`" in metrics


def test_the_page_of_all_leads_to_each_and_says_what_is_wrong() -> None:
    text = fleet(("good", report(), ""), ("bad", report(pending=["it waits"]), ""), ("away", {}, EVIL))
    read = Elements(text)
    assert (read.wrong, read.open) == ([], [])
    assert {"script", "img", "iframe", "object", "embed", "base", "form"} & set(read.names) == set()
    assert [value for name, value in read.attributes if name == "href"] == ["data:,", "bad.html", "good.html"]
    assert "<title>PostgreSQL clusters: 1 of 3 well</title>" in text
    assert "1 to look at, 1 of which nothing is known." in text
    assert "it waits" in text
    assert html.escape(EVIL.partition("(")[0]) in text


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no Chromium is on the PATH")
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_a_browser_shows_it_without_a_word_and_without_scrolling_sideways(
    chromium: str, tmp_path: Path, width: int
) -> None:
    inner = page(
        report(ALERT, one("pgha:standby:lag_bytes", 5, pod="a-pod-whose-name-is-as-long-as-names-of-pods-can-be"))
    )
    # The page in a frame of that width, which says how wide it has become.
    (tmp_path / "frame.html").write_text(
        f'<iframe id="f" style="width:{width}px;height:900px;border:0" srcdoc="{html.escape(inner)}"></iframe>'
        "<script>f.onload = () => { const e = f.contentDocument.documentElement;"
        " document.title = e.scrollWidth + ' ' + f.contentDocument.querySelectorAll('svg').length; }</script>"
    )
    shown = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=5000",
            "--dump-dom",
            (tmp_path / "frame.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert re.findall(r".*CONSOLE.*", shown.stderr) == []
    assert f"<title>{width} {len(CHARTS)}</title>" in shown.stdout, shown.stderr[-2000:]
