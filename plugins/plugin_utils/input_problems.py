# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the variables of a role, as sentences.

The types, choices and names come from the role's `meta/argument_specs.yml`. What a type cannot say
(a name that must be a DNS label, a size that must be a quantity) stands in `FORMATS`, and what
several variables say together in `CHECKS`. To add a row: the path of the variable on the left
(`role_variable`, `role_mapping.key`, `role_list[].key`, `role_mapping.*` for each value), a format
of `input_formats` on the right.

Values of options with `no_log`, of containers that hold such options, and of names that the role
does not know are never part of a sentence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils import input_formats as fmt
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_credentials import unread_kubeconfig
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_inputs import kubedb_checks
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.monitoring_inputs import monitoring_checks
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_inputs import pgpool_checks
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_inputs import postgres_cluster_checks

# Inputs that every role reads in its defaults, in the shape of an argument spec.
COLLECTION_INPUTS: dict[str, dict[str, Any]] = {
    "pgha_k8s_auth": {
        "type": "dict",
        "options": {
            "kubeconfig": {"type": "path"},
            "context": {"type": "str"},
            "host": {"type": "str"},
            "api_key": {"type": "str", "no_log": True},
            "validate_certs": {"type": "bool"},
            "ca_cert": {"type": "path"},
        },
    },
    "pgha_namespace": {"type": "str"},
    "pgha_any_errors_fatal": {"type": "bool"},
    "pgha_drills_allowed": {"type": "bool"},
    "pgha_operator": {"type": "str", "choices": ["cloudnativepg", "kubedb", "kubedb_v1alpha1", "existing"]},
    "pgha_secure_logging": {"type": "bool"},
}

# What playbooks keep by `set_stats` under a name that begins as a role's variables do. A workflow of AWX gives it to
# its next jobs as extra variables, where no role reads it.
RESULTS = {"pgpool_verify", "pgpool_ledger", "monitoring_verify", "monitoring_status", "monitoring_fleet"}

# What roles keep for the rest of a run, beside `<role>_result`.
FACTS = {"pgpool_verify_result", "monitoring_verify_result", "monitoring_status_result", "monitoring_fleet_result"}

# What a mapping has to have that is empty by default, where one is given. It is not `required` in the argument specs:
# Ansible's own validation looks into an empty mapping, too, and would miss it there.
NEEDED: dict[str, tuple[str, ...]] = {
    "pgpool_tls.issuer": ("name",),
    "postgres_cluster_backup": ("bucket",),
    "postgres_cluster_existing": ("primary_host",),
    "postgres_cluster_kubedb.issuer": ("name",),
    "postgres_cluster_restore": ("source",),
}

FORMATS: dict[str, fmt.Format] = {
    "pgha_namespace": fmt.dns_label(),
    # cloudnativepg
    "cloudnativepg_version": fmt.version("1.30.1"),
    "cloudnativepg_manifest": fmt.url_or_path(),
    "cloudnativepg_namespace": fmt.dns_label(),
    "cloudnativepg_image": fmt.image(),
    "cloudnativepg_replicas": fmt.integer(1, 10),
    "cloudnativepg_resources.requests.*": fmt.quantity(zero=True),
    "cloudnativepg_resources.limits.*": fmt.quantity(zero=True),
    "cloudnativepg_wait_timeout": fmt.integer(1),
    # kubedb
    "kubedb_version": fmt.chart_version("v2026.7.10"),
    "kubedb_chart": fmt.chart(),
    "kubedb_namespace": fmt.dns_label(),
    "kubedb_license.file": fmt.non_empty("the path of a file"),
    "kubedb_license.text": fmt.non_empty("the licence"),
    "kubedb_license.secret": fmt.dns_label(),
    "kubedb_registry": fmt.non_empty("the name of a registry"),
    "kubedb_image_pull_secrets[].name": fmt.dns_label(),
    "kubedb_helm": fmt.non_empty("the name or the path of a program"),
    "kubedb_wait_timeout": fmt.integer(1),
    # kind_cluster
    "kind_cluster_name": fmt.dns_label(40),
    "kind_cluster_workers": fmt.integer(1, 20),
    "kind_cluster_node_image": fmt.image(),
    "kind_cluster_images[].folder": fmt.non_empty(),
    "kind_cluster_images[].reference": fmt.image(digest=False),
    "kind_cluster_extra_images[].folder": fmt.non_empty(),
    "kind_cluster_extra_images[].reference": fmt.image(digest=False),
    "kind_cluster_port_mappings[].host_port": fmt.port(),
    "kind_cluster_port_mappings[].node_port": fmt.node_port(),
    "kind_cluster_cache_dir": fmt.non_empty("the path of a folder"),
    "kind_cluster_kubeconfig": fmt.non_empty("the path of a file"),
    "kind_cluster_wait_timeout": fmt.integer(1),
    "kind_cluster_build_disk_gib": fmt.integer(0),
    # postgres_cluster
    "postgres_cluster_name": fmt.dns_label(50, starts_with_letter=True),
    "postgres_cluster_namespace": fmt.dns_label(),
    "postgres_cluster_version": fmt.version("17"),
    "postgres_cluster_image": fmt.image(),
    "postgres_cluster_instances": fmt.integer(1, 100),
    "postgres_cluster_storage.size": fmt.quantity(),
    "postgres_cluster_synchronous.number": fmt.integer(0, 99),
    "postgres_cluster_parameters.max_connections": fmt.integer(20, 262143),
    "postgres_cluster_resources.requests.*": fmt.quantity(zero=True),
    "postgres_cluster_resources.limits.*": fmt.quantity(zero=True),
    "postgres_cluster_job_resources.requests.*": fmt.quantity(zero=True),
    "postgres_cluster_job_resources.limits.*": fmt.quantity(zero=True),
    "postgres_cluster_users[].name": fmt.database_role(),
    "postgres_cluster_users[].password": fmt.password(),
    "postgres_cluster_users[].connection_limit": fmt.integer(-1),
    "postgres_cluster_login_grace": fmt.integer(0),
    "postgres_cluster_databases": fmt.non_empty("at least one database"),
    "postgres_cluster_databases[].name": fmt.database_name(),
    "postgres_cluster_databases[].owner": fmt.database_role(),
    "postgres_cluster_initdb.wal_segment_size": fmt.integer(1, 1024),
    "postgres_cluster_superuser.secret": fmt.dns_label(),
    "postgres_cluster_superuser.password": fmt.password(),
    "postgres_cluster_kubedb.issuer.name": fmt.non_empty("the name of an Issuer"),
    "postgres_cluster_kubedb.monitor.labels": fmt.labels(),
    "postgres_cluster_kubedb.placement_policy": fmt.dns_label(),
    "postgres_cluster_kubedb.node_selector": fmt.labels(),
    "postgres_cluster_kubedb.wal_keep_size": fmt.integer(0),
    "postgres_cluster_backup.endpoint": fmt.url(),
    "postgres_cluster_backup.bucket": fmt.bucket(),
    "postgres_cluster_backup.path": fmt.folder(),
    "postgres_cluster_backup.env": fmt.environment(),
    "postgres_cluster_backup.credentials_secret": fmt.dns_label(),
    "postgres_cluster_backup.ca_secret": fmt.dns_label(),
    "postgres_cluster_backup.schedule": fmt.cron(),
    "postgres_cluster_backup.retention": fmt.days_weeks_months(),
    "postgres_cluster_backup.encryption_secret": fmt.dns_label(),
    "postgres_cluster_backup_timeout": fmt.integer(1),
    "postgres_cluster_drill_timeout": fmt.integer(1),
    "postgres_cluster_drill_namespace": fmt.dns_label(),
    "postgres_cluster_restore.source": fmt.dns_label(50, starts_with_letter=True),
    "postgres_cluster_restore.source_namespace": fmt.dns_label(),
    "postgres_cluster_restore.target_time": fmt.point_in_time(),
    "postgres_cluster_restore.target_lsn": fmt.lsn(),
    "postgres_cluster_restore.target_xid": fmt.integer(3),
    "postgres_cluster_restore.timeout": fmt.integer(1),
    "postgres_cluster_existing.tls.ca_secret": fmt.dns_label(),
    "postgres_cluster_wait_timeout": fmt.integer(1),
    "postgres_cluster_switchover_to": fmt.dns_label(),
    "postgres_cluster_switchover_timeout": fmt.integer(1),
    "postgres_cluster_checkpoint_timeout": fmt.integer(0),
    # pgpool
    "pgpool_postgres_name": fmt.dns_label(50, starts_with_letter=True),
    "pgpool_postgres_namespace": fmt.dns_label(),
    "pgpool_operator": fmt.non_empty("the name of an operator"),
    "pgpool_name": fmt.dns_label(57, starts_with_letter=True),
    "pgpool_image": fmt.image(),
    "pgpool_image_pull_secrets[].name": fmt.dns_label(),
    "pgpool_replicas": fmt.integer(1, 100),
    "pgpool_primary_weight": fmt.number(0),
    "pgpool_standby_weight": fmt.number(0),
    "pgpool_tls.secret": fmt.dns_label(),
    "pgpool_tls.issuer.name": fmt.non_empty("the name of an Issuer"),
    "pgpool_users_selector[]": fmt.non_empty("a label selector such as pgha.kubernetes/cluster=hot-postgres"),
    "pgpool_check_user": fmt.non_empty("the name of a database user"),
    "pgpool_monitor_user": fmt.non_empty("the name of a database user"),
    "pgpool_service.node_port": fmt.node_port("Kubernetes chooses one"),
    "pgpool_service.annotations": fmt.annotations(),
    "pgpool_exporter.image": fmt.image(),
    "pgpool_exporter.resources.requests.*": fmt.quantity(),
    "pgpool_exporter.resources.limits.*": fmt.quantity(),
    "pgpool_resources.requests.*": fmt.quantity(),
    "pgpool_resources.limits.*": fmt.quantity(),
    "pgpool_job_resources.requests.*": fmt.quantity(),
    "pgpool_job_resources.limits.*": fmt.quantity(),
    "pgpool_stop_delay": fmt.integer(0, 600),
    "pgpool_stop_timeout": fmt.integer(0, 86400),
    "pgpool_tcp_keepalive.time": fmt.integer(1, 32767),
    "pgpool_tcp_keepalive.interval": fmt.integer(1, 32767),
    "pgpool_tcp_keepalive.probes": fmt.integer(1, 127),
    "pgpool_verify_selects": fmt.integer(100, 1000000),
    "pgpool_verify_image": fmt.image(),
    "pgpool_verify_timeout": fmt.integer(1),
    "pgpool_wait_timeout": fmt.integer(1),
    # monitoring
    "monitoring_namespace": fmt.dns_label(),
    "monitoring_operator_labels": fmt.labels(),
    "monitoring_prometheus_image": fmt.image(),
    "monitoring_image_pull_secrets[].name": fmt.dns_label(),
    "monitoring_watched_namespaces[]": fmt.dns_label(),
    "monitoring_retention": fmt.duration("15d"),
    # The shortest range of the rules is a minute (pgha:cluster:transactions:rate1m), and a rate needs two samples.
    "monitoring_scrape_interval": fmt.duration("5s", longest="30s"),
    "monitoring_storage.size": fmt.quantity(),
    "monitoring_resources.requests.*": fmt.quantity(zero=True),
    "monitoring_resources.limits.*": fmt.quantity(zero=True),
    "monitoring_service.node_port": fmt.node_port("Kubernetes chooses one"),
    "monitoring_service.annotations": fmt.annotations(),
    "monitoring_alert_lag_bytes": fmt.integer(1),
    "monitoring_alert_lag_seconds": fmt.integer(1),
    "monitoring_alert_children_ratio": fmt.share(),
    "monitoring_alert_certificate_days": fmt.integer(1),
    "monitoring_alert_volume_ratio": fmt.share(),
    "monitoring_alert_slot_bytes": fmt.integer(1),
    "monitoring_alert_transaction_seconds": fmt.integer(1),
    "monitoring_alert_backup_hours": fmt.integer(1),
    "monitoring_alertmanager.addresses[]": fmt.host_and_port("alertmanager.monitoring.svc:9093"),
    "monitoring_alertmanager.secret": fmt.dns_label(),
    "monitoring_external_labels": fmt.prometheus_labels(),
    "monitoring_remote_write_secret": fmt.dns_label(),
    "monitoring_runbook_url": fmt.url(),
    "monitoring_dashboards_namespace": fmt.dns_label(),
    "monitoring_dashboards_labels": fmt.labels(),
    "monitoring_dashboards_annotations": fmt.annotations(),
    "monitoring_verify_timeout": fmt.integer(1),
    "monitoring_wait_timeout": fmt.integer(1),
    "monitoring_status_name": fmt.dns_label(50, starts_with_letter=True),
    "monitoring_status_namespace": fmt.dns_label(),
    "monitoring_status_operator": fmt.non_empty("the name of an operator"),
    "monitoring_status_minutes": fmt.integer(1, 44640),
    "monitoring_status_folder": fmt.non_empty("the path of a folder"),
    # drills
    "drills_names": fmt.non_empty("the name of at least one drill"),
    "drills_repetitions": fmt.integer(1, 1000),
    "drills_hold": fmt.integer(1, 3600),
    "drills_settle": fmt.integer(1, 600),
    "drills_timeout": fmt.integer(30, 86400),
}

# Each takes the role's variables (well typed by then) and yields sentences.
CHECKS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "kubedb": kubedb_checks,
    "monitoring": monitoring_checks,
    "pgpool": pgpool_checks,
    "postgres_cluster": postgres_cluster_checks,
}

_TYPE_NAMES = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
    "path": "a path",
}
# JSON can name half of a character ("\ud800"), which neither UTF-8 nor YAML can write.
_HALF = re.compile("[\ud800-\udfff]")
_WHOLE = "take out U+D800 to U+DFFF, each of which is half of a character"
# What the filter `bool` knows, as it is what the roles read them with: it takes any other text, a `y` too, for false.
_BOOLEANS = {"true", "false", "yes", "no", "on", "off", "1", "0"}


def input_problems(variables: Mapping[str, Any], options: Mapping[str, Any], role: str) -> list[str]:
    """Say what is wrong with a role's variables.

    :param variables: every variable whose name starts with `<role>_` or `pgha_`, with its value
    :param options: the options of the role's argument spec
    :param role: the role's name
    :returns: one sentence per problem, in the order of the spec; empty if all is well
    """
    known = {**options, **COLLECTION_INPUTS}
    problems = list(_unknown_names(variables, known, role))
    for name, option in known.items():
        if name in variables:
            problems += _value_problems(name, name, variables[name], option)
        elif option.get("required"):
            problems.append(f"{name} is missing: {_remedy(name, option)}")
    if not problems:
        problems += unread_kubeconfig(variables, role)
    if not problems and role in CHECKS:
        problems += CHECKS[role](variables)
    return problems


def _unknown_names(variables: Mapping[str, Any], known: Mapping[str, Any], role: str) -> Iterator[str]:
    for name in sorted(variables):
        if name not in known and name != f"{role}_result" and name not in RESULTS | FACTS:
            where = f"the role {role}" if name.startswith(f"{role}_") else "this collection"
            yield f"{name} is not a variable of {where}: {_nearest(name, known)}"


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    if near:
        return f"did you mean {near[0]}?"
    if len(known) > 12:
        return "remove it; the role's README has the list of its variables"
    return f"remove it, or use one of {', '.join(known)}"


def _value_problems(shown: str, path: str, value: Any, option: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of one value and of what is in it.

    `shown` is the path as the user knows it (`users[0].name`), `path` as FORMATS has it (`users[].name`).
    """
    kind = option.get("type", "str")
    if not _has_type(value, kind):
        yield _sentence(shown, value, option, _remedy(path, option))
        return
    if isinstance(value, str) and _HALF.search(value):
        yield _sentence(shown, value, option, _WHOLE)
        return
    if "choices" in option and kind != "list" and str(value) not in [str(choice) for choice in option["choices"]]:
        yield _sentence(shown, value, option, _remedy(path, option))
        return
    if option.get("required") and isinstance(value, str) and not value.strip():
        yield _sentence(shown, value, option, _remedy(path, option))
        return
    if _is_empty_default(value, option):
        return
    if path in FORMATS and not FORMATS[path].accepts(value):
        yield _sentence(shown, value, option, FORMATS[path].remedy)
        return
    if kind == "dict":
        yield from _mapping_problems(shown, path, value, option)
    elif kind == "list":
        element = {**option, "type": option.get("elements", "raw")}
        for unwanted in ("elements", "required", "default"):
            element.pop(unwanted, None)
        for index, item in enumerate(value):
            yield from _value_problems(f"{shown}[{index}]", f"{path}[]", item, element)


def _mapping_problems(shown: str, path: str, value: Mapping[str, Any], option: Mapping[str, Any]) -> Iterator[str]:
    options = option.get("options")
    if options is None:  # free keys: only formats
        for key, item in value.items():
            form = FORMATS.get(f"{path}.{key}", FORMATS.get(f"{path}.*"))
            if isinstance(item, str) and _HALF.search(item):
                yield _sentence(f"{shown}.{key}", item, option, _WHOLE)
            elif form and not form.accepts(item):
                yield _sentence(f"{shown}.{key}", item, option, form.remedy)
        return
    for key in value:
        if key not in options:
            yield f"{shown}.{key} is not known: {_nearest(str(key), options)}"
    for key, specified in options.items():
        inner = {**specified, "required": True} if key in NEEDED.get(path, ()) else specified
        if key in value:
            yield from _value_problems(f"{shown}.{key}", f"{path}.{key}", value[key], inner)
        elif inner.get("required"):
            yield f"{shown}.{key} is missing: {_remedy(f'{path}.{key}', inner)}"


def _is_empty_default(value: Any, option: Mapping[str, Any]) -> bool:
    """Tell that a value is empty as the default is, so that it stands for something not given."""
    return isinstance(value, (str, list, tuple, Mapping)) and len(value) == 0 and option.get("default") == value


def _has_type(value: Any, kind: str) -> bool:
    if kind == "raw":
        return True
    if kind == "str":
        return isinstance(value, (str, int, float)) and not isinstance(value, bool)
    if kind == "path":
        return isinstance(value, str)
    if kind == "int":
        return fmt.as_int(value) is not None
    if kind == "float":
        text = str(value).strip()
        return not isinstance(value, bool) and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) is not None
    if kind == "bool":
        return isinstance(value, bool) or (isinstance(value, (str, int)) and str(value).lower() in _BOOLEANS)
    if kind == "list":
        return isinstance(value, (list, tuple))
    if kind == "dict":
        return isinstance(value, Mapping)
    return True


def _remedy(path: str, option: Mapping[str, Any]) -> str:
    if "choices" in option:
        return f"give one of {', '.join(str(choice) for choice in option['choices'])}"
    if path in FORMATS:
        return FORMATS[path].remedy
    if option.get("type") == "list" and option.get("elements") in _TYPE_NAMES:
        return f"give a list, each entry {_TYPE_NAMES[option['elements']]}"
    if option.get("type", "str") == "str" and option.get("required"):
        return "give a string that is not empty"
    return f"give {_TYPE_NAMES.get(option.get('type', 'str'), 'a value')}"


def _sentence(shown: str, value: Any, option: Mapping[str, Any], remedy: str) -> str:
    return f"{shown} is {_value_words(value, option)}: {remedy}"


def _value_words(value: Any, option: Mapping[str, Any]) -> str:
    kind = fmt.kind_of(value)
    if value is None:
        return "null"
    if isinstance(value, (str, list, tuple, Mapping)) and len(value) == 0:
        return f"empty ({kind})"
    if _is_secret(option):
        return f"a value that is not shown ({kind})"
    if isinstance(value, (Mapping, list, tuple)):
        return f"a {kind}"
    if isinstance(value, str):
        text = value if len(value) <= 80 else f"{value[:77]}..."
        return f"{text!r} ({kind})"
    if isinstance(value, bool):
        return f"{str(value).lower()} ({kind})"
    return f"{value} ({kind})"


def _is_secret(option: Mapping[str, Any]) -> bool:
    """Tell whether the option or anything in it is marked no_log."""
    if option.get("no_log"):
        return True
    return any(_is_secret(inner) for inner in (option.get("options") or {}).values())
