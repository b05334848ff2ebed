# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role kubedb installs a chart with Helm: a stand-in of the same name, whose pods look at their licence."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator

import pytest
from conftest import CONTEXT, KUBECONFIG, Cluster
from kubedb_stand_in import cluster_uid, licence, play, remove, stand_in

ANOTHER = "00000000-1111-2222-3333-444444444444"


@pytest.fixture(scope="module", autouse=True)
def kubernetes() -> Iterator[Cluster]:
    remove()
    with stand_in("v1"):
        yield Cluster(namespace="kubedb")


def helm(*arguments: str) -> str:
    where = [f"--kubeconfig={KUBECONFIG}", f"--kube-context={CONTEXT}", "--namespace=kubedb"]
    return subprocess.run(["helm", *where, *arguments], capture_output=True, text=True, check=True).stdout


def nothing_is_there(kubernetes: Cluster) -> bool:
    return kubernetes.kubectl("get", "namespace", "kubedb", "--ignore-not-found", "--output=name") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no licence, and KubeDB's operator ends without one"),
        ("not a licence\n", "this is no licence, which begins with -----BEGIN CERTIFICATE-----"),
        (licence(ANOTHER), f"this licence is for the cluster {ANOTHER}, not for this one"),
        ("expired", "this licence expired at"),
    ],
    ids=["missing", "malformed", "of another cluster", "expired"],
)
def test_a_licence_that_is_not_right_is_refused_before_any_write(kubernetes: Cluster, text: str, said: str) -> None:
    run = play("site", license_text=licence(cluster_uid(), days=-1) if text == "expired" else text)
    words = " ".join(run.output.split())
    assert run.rc != 0
    assert said in words
    assert cluster_uid() in words
    assert run.changed == 0
    assert nothing_is_there(kubernetes)


def test_check_mode_on_an_empty_cluster_predicts_the_installation(kubernetes: Cluster) -> None:
    run = play("site", "--check", "--diff")
    assert run.rc == 0, run.output
    assert "Would bring KubeDB to v2026.7.10" in " ".join(run.output.split())
    assert run.changed > 0
    assert nothing_is_there(kubernetes)


def test_a_licence_that_the_operator_refuses_is_said_and_not_waited_for(say: Callable[[str], None]) -> None:
    run = play("kubedb", license_text=licence(cluster_uid(), signed_by="a stranger"))
    words = " ".join(run.output.split())
    assert run.rc != 0
    assert "KubeDB's operator refuses its licence (Failed to verify license. Reason: " in words
    assert f"issued for the cluster {cluster_uid()}" in words
    say(f"a licence that the operator refuses is said after {run.seconds:.0f} s")
    assert run.seconds < 240


def test_the_right_licence_mends_it(kubernetes: Cluster, say: Callable[[str], None]) -> None:
    run = play("kubedb")
    assert run.rc == 0, run.output
    say(f"the right licence then takes {run.seconds:.0f} s")
    [release] = json.loads(helm("list", "--output=json"))
    assert (release["name"], release["chart"], release["status"]) == ("kubedb", "kubedb-v2026.7.10", "deployed")


def test_helm_does_not_keep_the_licence() -> None:
    values = json.loads(helm("get", "values", "kubedb", "--output=json"))
    assert values["global"]["licenseSecretName"] == "kubedb-license"
    assert "license" not in values["global"]
    assert values["global"]["featureGates"]["Kafka"] is False


@pytest.mark.parametrize("arguments", [(), ("--check", "--diff")], ids=["again", "in check mode"])
def test_then_there_is_nothing_to_do(arguments: tuple[str, ...]) -> None:
    run = play("kubedb", *arguments)
    assert run.rc == 0, run.output
    assert run.changed == 0, run.output
