# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several variables of the role monitoring say together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.monitoring_inputs import monitoring_checks

THERE = {"addresses": ["a:9093"]}
FOR = "give numbers with units (y, w, d, h, m, s, ms), each unit once and the largest first, such as 5m; 292y at most"


def problems(**variables: Any) -> list[str]:
    return list(monitoring_checks({f"monitoring_{name}": value for name, value in variables.items()}))


def test_what_is_right() -> None:
    options = {"scheme": "https", "basic_auth": {"username": "u", "password_file": "/etc/alertmanager/p"}}
    assert problems(alertmanager={**THERE, "secret": "s", "options": options}) == []
    assert problems(alerts={"A": {"for": "1h30m", "severity": "page"}, "B": {"enabled": False}}) == []
    assert problems(alerts={"A": {"for": "0s"}, "B": {"for": "0"}}) == []
    assert problems() == []


@pytest.mark.parametrize(
    ("alerts", "sentence"),
    [
        ({"A": {"for": "soon"}}, f"monitoring_alerts.A.for is 'soon': {FOR}"),
        ({"A": {"for": "30s1m"}}, f"monitoring_alerts.A.for is '30s1m': {FOR}"),
        ({"A": {"enabled": "no"}}, "monitoring_alerts.A.enabled is 'no': give true or false"),
        ({"A": {"expr": "up"}}, "monitoring_alerts.A.expr is no setting of an alert: give for, severity or enabled"),
        ({"A": "5m"}, "monitoring_alerts.A is no mapping: give {for: 5m}, {severity: warning} or {enabled: false}"),
    ],
)
def test_settings_of_alerts(alerts: dict[str, Any], sentence: str) -> None:
    assert problems(alerts=alerts) == [sentence]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"basic_auth": {"password": "s3cret"}}, "basic_auth.password"),
        ({"authorization": {"credentials": "s3cret"}}, "authorization.credentials"),
        ({"bearer_token": "s3cret"}, "bearer_token"),
        ({"oauth2": {"client_secret": "s3cret"}}, "oauth2.client_secret"),
        ({"tls_config": {"key": "s3cret"}}, "tls_config.key"),
        ({"oauth2": {"tls_config": {"key": "s3cret"}}}, "oauth2.tls_config.key"),
        ({"sigv4": {"secret_key": "s3cret"}}, "sigv4.secret_key"),
        ({"http_sd_configs": [{}, {"basic_auth": {"password": "s3cret"}}]}, "http_sd_configs[1].basic_auth.password"),
    ],
)
def test_no_secret_gets_into_a_config_map(options: dict[str, Any], name: str) -> None:
    [sentence] = problems(alertmanager={**THERE, "options": options})
    assert sentence.startswith(f"monitoring_alertmanager.options.{name} would be in a ConfigMap: put it in a Secret")
    [other] = problems(extra_scrape_configs=[{"job_name": "a"}, {"job_name": "b", **options}])
    assert other.startswith(f"monitoring_extra_scrape_configs[1].{name} would be in a ConfigMap: put it in a Secret")
    [third] = problems(remote_write=[{"url": "https://a"}, {"url": "https://b", **options}])
    assert third.startswith(f"monitoring_remote_write[1].{name} would be in a ConfigMap: put it in a Secret, name ")
    assert third.partition(" give ")[2] == sentence.partition(" give ")[2]
    remedy = "a role of AWS" if name.endswith("secret_key") else f"{name}_file"
    assert (sentence.endswith(f" give {remedy}"), other.endswith(f" give {remedy}")) == (True, True)
    assert "s3cret" not in sentence + other


@pytest.mark.parametrize("url", ["https://u:s3cret@a/push", "https://s3cret@a", "http://:s3cret@a:1?x=@"])
def test_no_secret_is_in_an_address(url: str) -> None:
    [sentence] = problems(remote_write=[{"url": url}])
    assert sentence.startswith("monitoring_remote_write[0].url would be in a ConfigMap: put it in a Secret")
    assert sentence.endswith("give basic_auth with a password_file")
    assert "s3cret" not in sentence


def test_where_series_are_written_to() -> None:
    access = {"basic_auth": {"username": "u", "password_file": "/etc/remote-write/password"}}
    right = {"url": "https://a/push?x=a@b", **access, "headers": {"X-Scope-OrgID": "pgha"}}
    assert problems(remote_write=[right, right], remote_write_secret="s", external_labels={"region": "x"}) == []
    assert problems(remote_write=[{}, {"url": "a:1"}]) == [
        "monitoring_remote_write[0].url is '': give an http(s) address",
        "monitoring_remote_write[1].url is 'a:1': give an http(s) address",
    ]
    [sentence] = problems(remote_write_secret="s")
    assert sentence.startswith("monitoring_remote_write is empty")
    azure = {"cloud": "AzurePublic", "oauth": {"client_id": "i", "client_secret": "s3cret", "tenant_id": "t"}}
    [sentence] = problems(remote_write=[{"url": "https://a", "azuread": azure}])
    assert sentence.endswith("monitoring_remote_write_secret, and give a managed identity of Azure")


def test_an_operator_s_prometheus_has_its_own_labels_and_writes() -> None:
    told = {"external_labels": {"region": "x"}, "remote_write": [{"url": "https://a"}], "remote_write_secret": "s"}
    found = problems(flavor="prometheus_operator", **told)
    assert [sentence.partition(" ")[0] for sentence in found] == [f"monitoring_{name}" for name in told]
    assert "spec.externalLabels" in found[0]
    assert "spec.remoteWrite" in found[1]


def test_labels_of_the_series_are_no_external_ones() -> None:
    found = problems(external_labels={"pod": "x", "cluster": "east", "kubernetes_cluster": "east"})
    assert [sentence.partition(" ")[0] for sentence in found] == [
        "monitoring_external_labels.cluster",
        "monitoring_external_labels.pod",
    ]
    assert all("give another one, such as kubernetes_cluster" in sentence for sentence in found)


def test_what_is_in_a_file_or_named_alike_is_no_secret() -> None:
    job = {
        "job_name": "mine",
        "basic_auth": {"username": "u", "password_file": "/etc/mine/password"},
        "tls_config": {"key_file": "/etc/mine/key"},
        "relabel_configs": [{"source_labels": ["password"], "target_label": "key"}],
        "static_configs": [{"targets": ["a:1"], "labels": {"key": "x", "password": "y"}}],
    }
    assert problems(extra_scrape_configs=[job]) == []


def test_names_of_more_jobs() -> None:
    jobs = [{"job_name": name} for name in ("mine", "mine", "postgres", "pgpool", "")]
    where = [f"monitoring_extra_scrape_configs[{index}].job_name" for index in range(5)]
    assert problems(extra_scrape_configs=jobs) == [
        f"{where[1]} is 'mine', as another job is: give each its own name",
        f"{where[2]} is 'postgres': this collection has a job of that name; give another one",
        f"{where[3]} is 'pgpool': this collection has a job of that name; give another one",
        f"{where[4]} is missing: give the job a name",
    ]
    assert problems(extra_scrape_configs=[{"job_name": "mine"}, {"job_name": "other"}]) == []


def test_whose_alertmanager_it_is() -> None:
    [sentence] = problems(alertmanager=THERE, flavor="prometheus_operator")
    assert "spec.alerting" in sentence
    assert len(problems(alertmanager={"secret": "s"})) == 1
    assert len(problems(alertmanager={**THERE, "options": {"static_configs": []}})) == 1
