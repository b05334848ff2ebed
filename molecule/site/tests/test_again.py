# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml where there is nothing to do: it writes nothing, predicts nothing and is quick. Nothing tells a password."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable

import pytest
from api_requests import writes, written
from conftest import Cluster, Run, run_playbook, time_limit


@pytest.fixture(scope="module")
def second(cluster: Cluster) -> tuple[Run, Counter[tuple[str, str]]]:
    """site.yml once more, as talkative as it gets, and what the API server was asked to write meanwhile."""
    before = writes(cluster)
    run = run_playbook("site", "-vvv")
    return run, written(before, writes(cluster))


def test_it_changes_nothing(second: tuple[Run, Counter]) -> None:
    run, _written = second
    assert run.rc == 0, run.output
    assert run.changed == 0, run.recap


def test_it_sends_no_write_request(second: tuple[Run, Counter]) -> None:
    assert dict(second[1]) == {}


def test_it_is_quick(second: tuple[Run, Counter], say: Callable[[str], None]) -> None:
    say(f"the second site.yml took {second[0].seconds:.1f} s")
    assert second[0].seconds <= time_limit(20, loaded=180)


def test_check_mode_predicts_nothing() -> None:
    run = run_playbook("site", "--check", "--diff")
    assert run.rc == 0, run.output
    assert run.changed == 0, run.output


def secrets(cluster: Cluster) -> dict[str, str]:
    """Return all that nobody may see, by where it comes from: plain and as base64."""
    plain = cluster.users()
    assert {"app", "postgres", "pgpool_check", "pgha_monitor"} <= set(plain)
    coded = {f"{user} in base64": b64encode(password.encode()).decode() for user, password in plain.items()}
    return {**plain, **coded}


def test_its_output_tells_no_password(cluster: Cluster, second: tuple[Run, Counter]) -> None:
    output = second[0].output
    assert len(output) > 50_000, "it was talkative"
    assert [where for where, secret in secrets(cluster).items() if secret in output] == []


def test_no_object_but_a_secret_tells_a_password(cluster: Cluster) -> None:
    kinds = cluster.kubectl("api-resources", "--verbs=list", "--namespaced", "--output=name").split()
    kinds = [kind for kind in kinds if kind not in ("secrets", "events", "events.events.k8s.io")]
    found = json.dumps(cluster.get(",".join(kinds), everywhere=True))
    for kind in ("hot-postgres-pgpool", "Deployment", "ConfigMap", "Pod"):
        assert kind in found
    assert [where for where, secret in secrets(cluster).items() if secret in found] == []


def test_no_annotation_of_a_secret_tells_a_password(cluster: Cluster) -> None:
    found = json.dumps([secret["metadata"] for secret in cluster.get("secrets", everywhere=True)])
    assert [where for where, secret in secrets(cluster).items() if secret in found] == []


def test_no_process_of_pgpool_tells_a_password(cluster: Cluster) -> None:
    for pod in cluster.pgpool_pods():
        for container in ("pgpool", "exporter"):
            shown = cluster.host(pod, container).run(
                "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '"
            )
            assert "pgpool" in shown.stdout
            assert [where for where, secret in secrets(cluster).items() if secret in shown.stdout] == []


def test_no_log_of_pgpool_tells_a_password(cluster: Cluster) -> None:
    for pod in cluster.pgpool_pods():
        log = cluster.kubectl(f"--namespace={cluster.namespace}", "logs", pod, "--all-containers", "--tail=-1")
        assert [where for where, secret in secrets(cluster).items() if secret in log] == []
