# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml and runbooks as jobs of AWX: what they end with, what they leave, and what an empty answer does not do."""

from __future__ import annotations

import json
import tarfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cluster, until
from jobs import Controller


@pytest.fixture(scope="module")
def awx(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Controller:
    return Controller(tmp_path_factory.mktemp("awx"), cluster)


def test_the_credential_is_the_only_way_in(awx: Controller) -> None:
    assert set(awx.environment) == {"K8S_AUTH_HOST", "K8S_AUTH_API_KEY", "K8S_AUTH_SSL_CA_CERT", "K8S_AUTH_VERIFY_SSL"}
    assert list((awx.folder / "home").iterdir()) == []
    assert "pgha_k8s_auth" not in (awx.folder / "inventory/hosts").read_text()


def test_preflight(awx: Controller) -> None:
    job = awx.run("pgha preflight")
    assert (job.status, job.rc, job.changed) == ("successful", 0, 0), job.stdout


def test_site_with_no_answer_changes_nothing(awx: Controller, say: Callable[[str], None]) -> None:
    job = awx.run("pgha site")
    assert (job.status, job.rc, job.changed) == ("successful", 0, 0), job.stdout
    say(f"site.yml as a job of AWX, where all is as it should be: {job.seconds:.0f} s")


def test_site_in_check_mode_says_what_an_answer_would_change(awx: Controller, cluster: Cluster) -> None:
    job = awx.run("pgha site", {"pgpool_replicas": 3}, check=True, limit=cluster.name)
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    assert job.changed > 0
    assert len(cluster.pgpool_pods()) == 2


def test_what_is_wrong_ends_the_job_before_it_writes(awx: Controller) -> None:
    job = awx.run("pgha pgpool", {"pgpool_params": "num_init_children: ["})
    assert (job.status, job.rc, job.changed) == ("failed", 2, 0)
    assert job.reason.startswith("survey_pgpool_params is a value that is not shown: give a mapping, as YAML")
    job = awx.run("pgha pgpool", {"pgpool_image": "pgpool"})
    assert (job.status, job.rc, job.changed) == ("failed", 2, 0)
    assert job.reason.startswith("pgpool_image is 'pgpool' (string): give an image reference")


def test_nothing_is_removed_without_its_name(awx: Controller, cluster: Cluster) -> None:
    job = awx.run("pgha teardown", {"teardown_confirm": "another"})
    assert (job.status, job.rc, job.changed) == ("failed", 2, 0)
    assert job.reason.startswith(f"Nothing was removed. To do it, give -e teardown_confirm={cluster.name}")
    assert len(cluster.instances()) == 3


def test_verify_and_the_next_job_of_a_workflow(awx: Controller, cluster: Cluster) -> None:
    verified = awx.run("pgha verify", {"pgpool_verify_selects": 300})
    assert (verified.status, verified.rc) == ("successful", 0), verified.stdout
    assert set(verified.artifacts) == {"pgpool_verify", "monitoring_verify"}
    result = verified.artifacts["pgpool_verify"][cluster.name]
    assert "app" in result["users"]
    # AWX gives the artifacts to the next job as extra variables.
    folder = awx.folder / "status"
    answers = {"monitoring_status_minutes": 5, "monitoring_status_folder": str(folder)}
    reported = awx.run("pgha status", answers, artifacts=verified.artifacts)
    assert (reported.status, reported.rc) == ("successful", 0), reported.stdout
    assert set(reported.artifacts) == {"monitoring_status", "monitoring_fleet"}
    assert json.loads((folder / f"{cluster.name}.json").read_text())["name"] == cluster.name
    assert (folder / "index.html").is_file()


def test_switchover_to_the_one_that_was_chosen(awx: Controller, cluster: Cluster) -> None:
    before = cluster.primary()
    chosen = cluster.instances("replica")[-1]
    job = awx.run("pgha switchover", {"postgres_cluster_switchover_to": chosen}, limit=cluster.name)
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    result = job.artifacts["switchover"][cluster.name]
    assert (result["from"], result["to"], result["changed"]) == (before, chosen, True)
    assert cluster.primary() == chosen


def test_diagnose_leaves_an_archive_where_it_was_asked_to(awx: Controller, cluster: Cluster, tmp_path: Path) -> None:
    job = awx.run("pgha diagnose", {"diagnose_directory": str(tmp_path)})
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    path = Path(job.artifacts["diagnose"][cluster.name]["path"])
    assert path.parent == tmp_path
    with tarfile.open(path) as archive:
        assert len(archive.getnames()) > 10


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("cloudnativepg", {}),
        ("kubedb", {}),
        ("postgres_cluster", {}),
        ("monitoring", {}),
        ("users", {}),
        ("scale", {"postgres_cluster_instances": 3}),
        ("upgrade_postgres", {}),
    ],
)
def test_a_job_changes_nothing_where_all_is_well(awx: Controller, name: str, answers: dict[str, Any]) -> None:
    job = awx.run(f"pgha {name}", answers)
    assert (job.status, job.rc, job.changed) == ("successful", 0, 0), job.stdout


def test_another_image_of_pgpool(awx: Controller, cluster: Cluster) -> None:
    [deployment] = cluster.get("deployments", f"{cluster.name}-pgpool")
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    job = awx.run("pgha upgrade_pgpool", {"pgpool_image": image})
    assert (job.status, job.rc, job.changed) == ("successful", 0, 0), job.stdout


@pytest.mark.parametrize("name", ["backup", "restore", "restore_drill"])
def test_without_backups_it_is_refused(awx: Controller, name: str) -> None:
    source = {"postgres_cluster_restore.source": "hot-postgres"} if name == "restore" else {}
    job = awx.run(f"pgha {name}", source)
    assert (job.status, job.rc, job.changed) == ("failed", 2, 0), job.stdout
    said = "nothing is restored over one that is there" if name == "restore" else "postgres_cluster_backup is empty"
    assert said in job.reason


def test_new_passwords(awx: Controller, cluster: Cluster) -> None:
    before = cluster.users()["app"]
    job = awx.run("pgha rotate_password", {"postgres_cluster_rotate_users": "app"})
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    assert "app" in job.artifacts["users"][cluster.name]["rotated"]
    assert cluster.users()["app"] != before


def test_pgpool_takes_up_another_parameter(awx: Controller) -> None:
    job = awx.run("pgha reload", {"pgpool_params": "client_idle_limit: 3600"})
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    # As the inventory has it.
    assert awx.run("pgha reload").status == "successful"


def test_all_instances_restart(awx: Controller, cluster: Cluster) -> None:
    def began() -> dict[str, str]:
        return {pod: cluster.on_instance("SELECT pg_postmaster_start_time()", pod) for pod in cluster.instances()}

    before = began()
    job = awx.run("pgha restart", limit=cluster.name)
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    after = began()
    assert set(before) == set(after)
    assert [pod for pod in before if before[pod] == after[pod]] == []


def test_what_instances_logged(awx: Controller, cluster: Cluster) -> None:
    folder = awx.folder / "logs"
    folder.mkdir()
    job = awx.run("pgha log_report", {"log_report_minutes": 5, "log_report_directory": str(folder)})
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    assert [path for path in folder.rglob("*") if path.name.startswith(cluster.primary())]


def test_all_instances_stop_and_start(awx: Controller, cluster: Cluster) -> None:
    job = awx.run("pgha hibernate", {"hibernate_confirm": cluster.name}, limit=cluster.name)
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    assert cluster.instances() == []
    job = awx.run("pgha wake", limit=cluster.name)
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    assert len(cluster.instances()) == 3


def test_a_drill(awx: Controller, cluster: Cluster) -> None:
    answers = {"drills_names": "pgpool_pod_killed", "drills_hold": 10}
    job = awx.run("pgha drill", answers, limit=cluster.name)
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    [record] = job.artifacts["drills"][cluster.name]["records"]
    assert (record["name"], record["lost"]) == ("pgpool_pod_killed", 0)


def test_the_end_of_a_workflow_in_which_a_step_failed(awx: Controller) -> None:
    job = awx.run("pgha failed")
    assert (job.status, job.rc) == ("failed", 2)
    assert "its node there is red" in job.reason


def test_a_canceled_job_is_healed_by_the_next_one(
    awx: Controller, cluster: Cluster, say: Callable[[str], None]
) -> None:
    name = f"{cluster.name}-pgpool"
    cluster.kubectl(f"--namespace={cluster.namespace}", "delete", f"deployment/{name}", f"secret/{name}")
    # What site.yml makes last.
    prometheus = ["--namespace=monitoring", "get", "deployment/prometheus", "--ignore-not-found", "--output=name"]
    cluster.kubectl("--namespace=monitoring", "delete", "deployment/prometheus")

    def when_pgpool_is_half_done(_event: dict[str, Any]) -> bool:
        found = cluster.get("secret", "--field-selector", f"metadata.name={name}")
        return bool(found)

    job = awx.run("pgha site", cancel_at=when_pgpool_is_half_done)
    say(f"a canceled job ends with the status {job.status} and the code {job.rc}")
    assert job.status == "canceled"
    assert job.last == {}
    assert cluster.kubectl(*prometheus) == ""
    job = awx.run("pgha site")
    assert (job.status, job.rc) == ("successful", 0), job.stdout
    assert job.changed > 0
    assert cluster.kubectl(*prometheus) != ""
    until(lambda: len(cluster.pgpool_pods()) == 2, 60, "two pods of Pgpool-II")
    job = awx.run("pgha verify", {"pgpool_verify_selects": 300}, limit=cluster.name)
    assert (job.status, job.rc) == ("successful", 0), job.stdout


def test_no_secret_is_in_what_awx_shows_and_keeps(awx: Controller, cluster: Cluster) -> None:
    shown = "".join(path.read_text() for path in (awx.folder / "artifacts").glob("*/stdout"))
    shown += "".join(path.read_text() for path in (awx.folder / "artifacts").glob("*/job_events/*.json"))
    assert len(shown) > 100_000
    for user, password in cluster.users().items():
        assert password not in shown, f"that of {user}"
        assert b64encode(password.encode()).decode() not in shown, f"that of {user}, in base64"
    assert awx.token not in shown


def test_each_template_was_run(awx: Controller) -> None:
    assert set(awx.templates) - awx.used == set()
