# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus finds with the configuration of the role monitoring, and how it labels it.

The relabelling is followed here as Prometheus does it, with targets as its discovery describes them.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.monitoring_inputs import _JOBS

ROLE = Path(__file__).parents[3] / "roles" / "monitoring"
POD = "__meta_kubernetes_pod_"
SERVICE = "__meta_kubernetes_service_"


def render(template: str, **variables: Any) -> str:
    """Render a template of the role with its defaults and constants."""
    loader = DataLoader()
    known: dict[str, Any] = {}
    for name in ("defaults", "vars"):
        known |= loader.load(trust_as_template((ROLE / name / "main.yml").read_text()))
    text = (ROLE / "templates" / template).read_text()
    templar = Templar(loader=loader, variables={**known, **variables})
    return str(templar.template(trust_as_template(text), escape_backslashes=False))


def configuration(**variables: Any) -> dict[str, Any]:
    return yaml.safe_load(render("prometheus.yml.j2", **variables))


def relabel(job: dict[str, Any], target: dict[str, str]) -> dict[str, str] | None:
    """Follow relabel_configs: None for a target that is dropped, else its labels without those in `__`."""
    labels = {"__scheme__": "http", "__metrics_path__": "/metrics", **target}
    for step in job["relabel_configs"]:
        value = step.get("separator", ";").join(labels.get(name, "") for name in step.get("source_labels", []))
        match = re.fullmatch(step.get("regex", "(.*)"), value, re.DOTALL)
        action = step.get("action", "replace")
        if action == "labeldrop":
            labels = {name: text for name, text in labels.items() if not re.fullmatch(step["regex"], name)}
        elif action in ("keep", "drop"):
            if bool(match) != (action == "keep"):
                return None
        elif match:
            labels[step["target_label"]] = match.expand(
                re.sub(r"\$\{?(\d+)\}?", r"\\\1", step.get("replacement", "$1"))
            )
        assert action in ("keep", "drop", "replace", "labeldrop")
    url = f"{labels['__scheme__']}://{labels['__address__']}{labels['__metrics_path__']}"
    return {"url": url, **{name: value for name, value in labels.items() if not name.startswith("__") and value}}


def found(job_name: str, target: dict[str, str]) -> dict[str, str] | None:
    (job,) = [job for job in configuration()["scrape_configs"] if job["job_name"] == job_name]
    return relabel(job, {"__meta_kubernetes_namespace": "demo", **target})


def pod(port: str, number: int, **labels: str) -> dict[str, str]:
    return {
        "__address__": f"10.0.0.1:{number}",
        f"{POD}name": "hot-1",
        f"{POD}node_name": "worker",
        f"{POD}container_port_name": port,
        **{f"{POD}label_{name}": value for name, value in labels.items()},
    }


def endpoint(name: str, port: str = "9719", address: str = "10.0.0.1:9999", **labels: str) -> dict[str, str]:
    return {
        "__address__": address,
        "__meta_kubernetes_endpointslice_name": f"{name}-x",
        f"{POD}name": "pod-x",
        f"{POD}node_name": "worker",
        f"{SERVICE}name": name,
        f"{SERVICE}annotation_prometheus_io_scrape": "true",
        f"{SERVICE}annotation_prometheus_io_port": port,
        f"{SERVICE}annotation_prometheus_io_path": "/metrics",
        **{f"{SERVICE}label_{label}": value for label, value in labels.items()},
    }


PGPOOL = endpoint(
    "hot-pgpool-stats",
    app_kubernetes_io_name="pgpool",
    app_kubernetes_io_instance="hot-pgpool",
    pgha_kubernetes_cluster="hot",
)


def test_pgpool() -> None:
    labels = {"namespace": "demo", "service": "hot-pgpool-stats", "pod": "pod-x", "node": "worker", "cluster": "hot"}
    assert found("pgpool", PGPOOL) == {"url": "http://10.0.0.1:9719/metrics", **labels}


@pytest.mark.parametrize("address", ["10.0.0.1", "10.0.0.1:5", "[fd00::1]:5"])
def test_the_port_is_that_of_the_annotation(address: str) -> None:
    labels = found("pgpool", {**PGPOOL, "__address__": address})
    assert labels
    assert labels["url"] == f"http://{address.removesuffix(':5')}:9719/metrics"


def test_the_service_of_the_talk() -> None:
    labels = found("pgpool", endpoint("pgpool-stats"))
    assert labels
    assert labels["service"] == "pgpool-stats"


@pytest.mark.parametrize(
    "change",
    [
        {f"{SERVICE}annotation_prometheus_io_scrape": "false"},
        {f"{SERVICE}annotation_prometheus_io_port": ""},
        {f"{SERVICE}label_app_kubernetes_io_name": "other"},
        {"__meta_kubernetes_endpointslice_endpoint_conditions_terminating": "true"},
    ],
)
def test_what_pgpool_does_not_scrape(change: dict[str, str]) -> None:
    assert found("pgpool", {**PGPOOL, **change}) is None


CNPG = {"cnpg_io_podRole": "instance", "cnpg_io_cluster": "hot", "cnpg_io_instanceRole": "primary"}


def test_cloudnativepg() -> None:
    labels = {"namespace": "demo", "service": "hot-stats", "pod": "hot-1", "node": "worker", "cluster": "hot"}
    labels |= {"role": "primary"}
    assert found("postgres", pod("metrics", 9187, **CNPG)) == {"url": "http://10.0.0.1:9187/metrics", **labels}


def test_kubedb() -> None:
    labels = {
        "app_kubernetes_io_name": "postgreses.kubedb.com",
        "app_kubernetes_io_instance": "hot",
        "kubedb_com_role": "standby",
    }
    seen = found("postgres", pod("metrics", 56790, **labels))
    assert seen
    assert {name: seen[name] for name in ("cluster", "role", "service", "url")} == {
        "cluster": "hot",
        "role": "standby",
        "service": "hot-stats",
        "url": "http://10.0.0.1:56790/metrics",
    }


def test_kubedb_of_old() -> None:
    labels = {"kubedb_com_kind": "Postgres", "kubedb_com_name": "hot", "kubedb_com_role": "replica"}
    seen = found("postgres", pod("prom-http", 56790, **labels))
    assert seen
    assert (seen["cluster"], seen["role"]) == ("hot", "replica")


@pytest.mark.parametrize(
    "target",
    [
        pod("postgresql", 5432, **CNPG),
        pod("metrics", 9187, app="other"),
        pod("metrics", 9187, cnpg_io_cluster="hot", cnpg_io_podRole="pooler"),
        # The pod is found itself; its Service must not make a second target of it.
        {
            **endpoint("hot-stats", "9187", app_kubernetes_io_name="postgresql"),
            f"{POD}label_cnpg_io_podRole": "instance",
        },
        PGPOOL,
    ],
    ids=["another port", "another pod", "a pooler", "the Service of a pod", "pgpool"],
)
def test_what_postgres_does_not_scrape(target: dict[str, str]) -> None:
    assert found("postgres", target) is None


def test_a_cluster_of_no_operator_by_its_annotated_service() -> None:
    labels = {"app_kubernetes_io_name": "postgresql", "app_kubernetes_io_instance": "old"}
    seen = found("postgres", endpoint("old-metrics", "9187", **labels))
    assert seen
    assert (seen["cluster"], seen["service"], seen["url"]) == ("old", "old-metrics", "http://10.0.0.1:9187/metrics")


def test_all_namespaces_or_those_that_are_named() -> None:
    def namespaces(**variables: Any) -> list[Any]:
        jobs = configuration(**variables)["scrape_configs"]
        return [discovery.get("namespaces") for job in jobs for discovery in job["kubernetes_sd_configs"]]

    assert namespaces() == [None] * 3
    assert namespaces(monitoring_watched_namespaces=["demo", "demo"]) == [{"names": ["demo"]}] * 3


@pytest.mark.parametrize(
    ("watched", "kinds"),
    [([], ["ClusterRole", "ClusterRoleBinding"]), (["a", "b"], ["Role", "RoleBinding", "Role", "RoleBinding"])],
)
def test_rights_are_to_read_what_discovery_reads(watched: list[str], kinds: list[str]) -> None:
    documents = list(yaml.safe_load_all(render("rbac.yml.j2", monitoring_watched_namespaces=watched)))
    assert [document["kind"] for document in documents] == kinds
    for document in documents:
        for rule in document.get("rules", []):
            assert rule["verbs"] == ["get", "list", "watch"]
            assert set(rule["resources"]) <= {"services", "pods", "endpointslices"}


def test_the_jobs_are_those_whose_names_others_may_not_have() -> None:
    assert [job["job_name"] for job in configuration()["scrape_configs"]] == list(_JOBS)


def test_more_jobs_come_last() -> None:
    more = [{"job_name": "mine", "static_configs": [{"targets": ["a:1", "b:2"], "labels": {"x": "y"}}]}]
    assert configuration(monitoring_extra_scrape_configs=more)["scrape_configs"][2:] == more


def test_promtool_accepts_it(tmp_path: Path, promtool: str) -> None:
    (tmp_path / "rules.yml").write_text("groups: []\n")
    text = render("prometheus.yml.j2", monitoring_watched_namespaces=["demo"])
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus", str(tmp_path)))
    checked = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
