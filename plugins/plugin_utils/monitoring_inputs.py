# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several variables of the role monitoring say together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_formats import duration

# The jobs of templates/prometheus.yml.j2, which the rules read.
_JOBS = ("pgpool", "postgres")
_FOR = duration("5m", zero=True)
# What the series and the alerts of this collection have themselves.
_LABELS = {
    "alertname", "alertstate", "application_name", "cluster", "datname", "hostname", "instance", "job", "namespace",
    "node", "node_id", "persistentvolumeclaim", "pgpool", "pod", "role", "service", "severity", "slot_name", "state",
    "usename", "version",
}  # fmt: skip
# What of an Alertmanager, a scrape config or a remote write is a secret, wherever in it these keys are; a file may be
# in its place.
_SECRETS = (
    ("basic_auth", "password"),
    ("authorization", "credentials"),
    ("bearer_token",),
    ("oauth2", "client_secret"),
    ("oauth", "client_secret"),
    ("tls_config", "key"),
    ("sigv4", "secret_key"),
    ("ec2_sd_configs", "secret_key"),
)
# Where Prometheus takes no file in its place.
_INSTEAD = {"secret_key": "a role of AWS", "oauth.client_secret": "a managed identity of Azure"}
# What only an own Prometheus has, and where that of an operator has it.
_OWN = {
    "monitoring_external_labels": "externalLabels",
    "monitoring_remote_write": "remoteWrite",
    "monitoring_remote_write_secret": "remoteWrite",
}
_USER_IN_URL = re.compile(r"[^/]*//[^/?#]*@")


def monitoring_checks(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each thing that Prometheus would not load, or should not have.

    :param variables: the role's variables, of the right types
    """
    yield from _job_problems(variables)
    yield from _group_problems(variables)
    yield from _alert_problems(variables)
    yield from _alertmanager_problems(variables)
    yield from _own_problems(variables)
    yield from _remote_write_problems(variables)


def _alert_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    for name, told in (variables.get("monitoring_alerts") or {}).items():
        path = f"monitoring_alerts.{name}"
        if not isinstance(told, Mapping):
            yield f"{path} is no mapping: give {{for: 5m}}, {{severity: warning}} or {{enabled: false}}"
            continue
        for key, value in told.items():
            if key == "for" and not _FOR.accepts(value):
                yield f"{path}.for is {value!r}: {_FOR.remedy}"
            elif key == "enabled" and not isinstance(value, bool):
                yield f"{path}.enabled is {value!r}: give true or false"
            elif key not in ("for", "severity", "enabled"):
                yield f"{path}.{key} is no setting of an alert: give for, severity or enabled"


def _alertmanager_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    told = variables.get("monitoring_alertmanager") or {}
    addresses, options = told.get("addresses") or [], told.get("options") or {}
    if addresses and variables.get("monitoring_flavor") == "prometheus_operator":
        yield (
            f"monitoring_alertmanager.addresses is {list(addresses)!r}: leave it empty, as monitoring_flavor is "
            "'prometheus_operator', whose Prometheus sends to what spec.alerting of its own object names"
        )
    if (options or told.get("secret")) and not addresses:
        yield "monitoring_alertmanager.addresses is empty: name the Alertmanager that the rest is for, or leave it out"
    if "static_configs" in options:
        yield "monitoring_alertmanager.options.static_configs is set: give monitoring_alertmanager.addresses instead"
    for place, remedy in _secrets_in(options):
        yield (
            f"monitoring_alertmanager.options.{place} would be in a ConfigMap: put it in a Secret, name "
            f"that in monitoring_alertmanager.secret, and give {remedy}"
        )


def _own_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    for name, field in _OWN.items():
        if variables.get(name) and variables.get("monitoring_flavor") == "prometheus_operator":
            yield (
                f"{name} is set: leave it out, as monitoring_flavor is 'prometheus_operator', whose Prometheus has it "
                f"in spec.{field} of its own object"
            )
    for label in sorted(_LABELS.intersection(variables.get("monitoring_external_labels") or {})):
        yield (
            f"monitoring_external_labels.{label} is set: series and alerts have a label of that name, which would win; "
            "give another one, such as kubernetes_cluster"
        )


def _remote_write_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    written = variables.get("monitoring_remote_write") or []
    if variables.get("monitoring_remote_write_secret") and not written:
        yield "monitoring_remote_write is empty: say where to write with the files of the Secret, or leave that out"
    for index, told in enumerate(written):
        path, address = f"monitoring_remote_write[{index}]", str(told.get("url") or "")
        secrets = list(_secrets_in(told))
        if _USER_IN_URL.match(address):  # it may be a token, or have a password
            secrets.append(("url", "basic_auth with a password_file"))
        elif not re.fullmatch(r"https?://\S+", address):
            yield f"{path}.url is {address!r}: give an http(s) address"
        for place, remedy in secrets:
            yield (
                f"{path}.{place} would be in a ConfigMap: put it in a Secret, name that in "
                f"monitoring_remote_write_secret, and give {remedy}"
            )


def _secrets_in(told: Any, place: str = "", keys: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield where a secret is, and what to give in its place.

    :param told: what Prometheus reads, or a part of it
    :param place: where the part is
    :param keys: the same, without the numbers of items
    """
    if isinstance(told, Mapping):
        for key, value in told.items():
            yield from _secrets_in(value, f"{place}.{key}" if place else str(key), (*keys, str(key)))
    elif isinstance(told, (list, tuple)):
        for index, item in enumerate(told):
            yield from _secrets_in(item, f"{place}[{index}]", keys)
    elif told and any(keys[-len(secret) :] == secret for secret in _SECRETS):
        yield place, _INSTEAD.get(keys[-1], _INSTEAD.get(".".join(keys[-2:]), f"{place}_file"))


def _job_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    jobs = variables.get("monitoring_extra_scrape_configs") or []
    ours = "this collection has a job of that name"
    yield from _name_problems(
        "monitoring_extra_scrape_configs", jobs, "job_name", "job", lambda name: name in _JOBS, ours
    )
    for index, job in enumerate(jobs):
        for place, remedy in _secrets_in(job):
            yield (
                f"monitoring_extra_scrape_configs[{index}].{place} would be in a ConfigMap: put it in a Secret, mount "
                f"that (monitoring_alertmanager.secret or monitoring_deployment_overrides), and give {remedy}"
            )


def _group_problems(variables: Mapping[str, Any]) -> Iterator[str]:
    groups = variables.get("monitoring_extra_rule_groups") or []
    ours = "names that start with pgha- are those of this collection"
    yield from _name_problems(
        "monitoring_extra_rule_groups", groups, "name", "group", lambda name: name.startswith("pgha-"), ours
    )


def _name_problems(
    variable: str, items: Sequence[Mapping[str, Any]], key: str, what: str, is_ours: Callable[[str], bool], why: str
) -> Iterator[str]:
    """Yield which items of a list have no name of their own."""
    names: set[str] = set()
    for index, item in enumerate(items):
        path = f"{variable}[{index}].{key}"
        name = str(item.get(key) or "")
        if not name:
            yield f"{path} is missing: give the {what} a name"
        elif is_ours(name):
            yield f"{path} is '{name}': {why}; give another one"
        elif name in names:
            yield f"{path} is '{name}', as another {what} is: give each its own name"
        names.add(name)
