# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role kubedb on a cluster without KubeDB, then with a stand-in for its chart, which Helm really installs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import CONTEXT, KUBECONFIG, Cluster, Run, time_limit, until
from kubedb_stand_in import HERE, cluster_uid, licence, play, remove, stand_in, together, written

ANOTHER = "00000000-1111-2222-3333-444444444444"
# By the name of a host that has such a licence.
SAID = {
    "missing": "there is no licence, and KubeDB's operator ends without one",
    "malformed": "this is no licence, which begins with -----BEGIN CERTIFICATE-----",
    "of-another-cluster": f"this licence is for the cluster {ANOTHER}, not for this one",
    "expired": "this licence expired at",
}


@pytest.fixture(scope="module", autouse=True)
def kubernetes() -> Iterator[Cluster]:
    remove()
    with stand_in("v1"):
        yield Cluster(namespace="kubedb")


def nothing_is_there(kubernetes: Cluster) -> bool:
    return kubernetes.kubectl("get", "namespace", "kubedb", "--ignore-not-found", "--output=name") == ""


@pytest.fixture(scope="module")
def before(kubernetes: Cluster) -> list[Run]:
    """Run site.yml on the empty cluster: with four hosts whose licences are wrong, and in check mode."""
    texts = {
        "missing": "",
        "malformed": "not a licence\n",
        "of-another-cluster": licence(ANOTHER),
        "expired": licence(cluster_uid(), days=-1),
    }
    chart = str(HERE / "stand-in-chart")
    hosts = {
        name: {"kubedb_chart": chart, "kubedb_license": {"file": str(written(name, text))}}
        for name, text in texts.items()
    }
    inventory = written("wrong.yml", json.dumps({"kubernetes_clusters": {"hosts": hosts}}))
    return together(lambda: play("site", more=(inventory,)), lambda: play("site", "--check", "--diff"))


def test_a_licence_that_is_not_right_is_refused_before_any_write(before: list[Run]) -> None:
    run = before[0]
    assert run.rc != 0
    errors = [" ".join(part.split()) for part in run.output.split("[ERROR]: ")[1:]]
    assert len(errors) == len(SAID), run.output
    for name, said in SAID.items():
        [told] = [error for error in errors if f'/{name}" (path): ' in error.partition("Origin: ")[0]]
        assert said in told
        assert f"request one for the cluster {cluster_uid()}" in told
    assert run.changed == 0


def test_check_mode_on_an_empty_cluster_predicts_the_installation(before: list[Run]) -> None:
    run = before[1]
    assert run.rc == 0, run.output
    assert "Would bring KubeDB to v2026.7.10" in run.said
    assert run.changed > 0


@pytest.mark.usefixtures("before")
def test_neither_wrote_anything(kubernetes: Cluster) -> None:
    assert nothing_is_there(kubernetes)


def test_a_licence_that_the_operator_refuses_is_said_and_not_waited_for(say: Callable[[str], None]) -> None:
    run = play("kubedb", license_file=written("refused", licence(cluster_uid(), signed_by="a stranger")))
    words = run.said
    assert run.rc != 0
    assert "KubeDB's operator refuses its licence (Failed to verify license. Reason: " in words
    assert f"issued for the cluster {cluster_uid()}" in words
    assert "KubeDB v2026.7.10 in the namespace kubedb does not run: " in words
    say(f"a licence that the operator refuses is said after {run.seconds:.0f} s")
    assert run.seconds < time_limit(150, 600)


def helm(action: str, *arguments: str) -> list[str]:
    """Return the command by which somebody works on the release by hand."""
    cluster = [f"--kubeconfig={KUBECONFIG}", f"--kube-context={CONTEXT}", "--namespace=kubedb"]
    return ["helm", *action.split(), "kubedb", *arguments, *cluster]


def by_hand(action: str, *arguments: str) -> str:
    """Do it, and return what Helm prints."""
    return subprocess.run(helm(action, *arguments), check=True, capture_output=True, text=True, timeout=120).stdout


def helm_sets(gate: str) -> None:
    by_hand("upgrade", str(HERE / "stand-in-chart"), "--reuse-values", f"--set={gate}")


def test_a_release_that_runs_other_databases_is_left_alone() -> None:
    helm_sets("global.featureGates.MySQL=true")
    for state in ("present", "absent"):
        run = play("kubedb", f"--extra-vars=kubedb_state={state}")
        assert run.rc != 0
        assert "may run other databases (MySQL)" in run.said
        assert run.changed == 0
    helm_sets("global.featureGates.MySQL=false")


def begun(kubernetes: Cluster, state: str) -> list[dict[str, Any]]:
    return kubernetes.get("secrets", f"--selector=owner=helm,status={state}")


def kill_helm(kubernetes: Cluster, state: str, action: str, *arguments: str) -> None:
    """Kill Helm while it waits for pods, which are not ready, as the licence is the one that was refused."""
    command = helm(action, str(HERE / "stand-in-chart"), *arguments, "--wait", "--timeout=10m")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as program:
        until(lambda: begun(kubernetes, state), 60, "Helm has begun")
        program.kill()


def test_after_an_upgrade_that_was_killed_it_says_what_to_do(kubernetes: Cluster) -> None:
    kill_helm(kubernetes, "pending-upgrade", "upgrade", "--reuse-values")
    run = play("kubedb")
    assert (run.rc, run.changed) == (2, 0), run.output
    assert "has not ended (pending-upgrade)" in run.said
    assert "`helm rollback kubedb --namespace kubedb`, then run this again" in run.said
    by_hand("rollback")
    assert play("kubedb", "--check").rc == 0


def test_an_installation_that_was_killed_is_taken_up(kubernetes: Cluster) -> None:
    values = written("values.yml", by_hand("get values", "--output=yaml"))
    by_hand("uninstall")
    kill_helm(kubernetes, "pending-install", "install", f"--values={values}")
    killed = time.monotonic()
    soon: dict[str, Any] = {"kubedb_wait_timeout": 60}
    run = play("kubedb", variables=soon)
    assert (run.rc, run.changed) == (2, 0), run.output
    assert "has not ended (pending-install)" in run.said
    assert "(kubedb_wait_timeout after it began)" in run.said
    time.sleep(max(0, 62 - (time.monotonic() - killed)))
    run = play("kubedb", variables=soon)
    assert run.rc == 0, run.output
    assert begun(kubernetes, "pending-install") == []
    assert len(begun(kubernetes, "deployed")) == 1
    again = play("kubedb")
    assert (again.rc, again.changed) == (0, 0), again.output
