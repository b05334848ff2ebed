# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of this scenario share: the stand-in as a process, licences, and clusters as their user sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from conftest import KUBECONFIG, ROOT, Cluster, Run, run_playbook, time_limit, until
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = ROOT / "molecule/kubedb"
INVENTORIES = {
    "v1": [HERE / "inventory"],
    "v1alpha1": [ROOT / "inventories/kubedb-2020", HERE / "inventory-2020"],
}
PUBLISHER = "a stand-in for KubeDB's publisher"
NAMESPACES = ("kubedb-demo", "kubedb-monitoring", "kubedb", "kubedb-2020", "kubedb-2020-monitoring")
GROUPS = ("kubedb.com", "appscode.com", "kubestash.com")


@dataclass
class KubeDB(Cluster):
    """A PostgreSQL cluster of KubeDB's, with Pgpool-II and Prometheus."""

    name: str = "kept-postgres"
    namespace: str = "kubedb-demo"
    standby: str = "standby"
    user_key: str = "username"
    password_key: str = "password"
    pgpool: str = "kept-postgres-pgpool"
    monitoring: str = "kubedb-monitoring"

    def instances(self, role: str = "") -> list[str]:
        label = {"replica": self.standby}.get(role, role)
        more = f",kubedb.com/role={label}" if label else ",kubedb.com/role"
        own = (
            "app.kubernetes.io/name=postgreses.kubedb.com,app.kubernetes.io/instance"
            if self.standby == "standby"
            else "kubedb.com/kind=Postgres,kubedb.com/name"
        )
        return self.pods(f"{own}={self.name}{more}")

    def users(self) -> dict[str, str]:
        labelled = self.get("secrets", f"--selector=pgha.kubernetes/cluster={self.name},pgha.kubernetes/user=true")
        found = {}
        for secret in labelled:
            keys = ("username", "password") if "username" in secret["data"] else (self.user_key, self.password_key)
            user, password = (b64decode(secret["data"][key]).decode() for key in keys)
            found[user] = password
        return found

    def psql_command(self, user: str = "app", address: str = "", database: str = "app") -> str:
        return super().psql_command(user, address or f"{self.pgpool}.{self.namespace}.svc", database)

    def promql(self, expression: str) -> list[dict[str, Any]]:
        """Ask the Prometheus of this scenario, through the API server."""
        query = urllib.parse.urlencode({"query": expression})
        path = f"/api/v1/namespaces/{self.monitoring}/services/prometheus:9090/proxy/api/v1/query"
        return json.loads(self.kubectl("get", "--raw", f"{path}?{query}"))["data"]["result"]


def old_cluster() -> KubeDB:
    """Return the system of 2020."""
    return KubeDB(
        name="hot-postgres",
        namespace="kubedb-2020",
        standby="replica",
        user_key="POSTGRES_USER",
        password_key="POSTGRES_PASSWORD",
        pgpool="pgpool",
        monitoring="kubedb-2020-monitoring",
    )


@cache
def folder() -> Path:
    """Return a folder for what this run makes."""
    return Path(tempfile.mkdtemp(prefix="pgha-kubedb-"))


@cache
def authority(name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Return who signs licences."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1000))
        .not_valid_after(now + timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def licence(uid: str, days: int = 30, signed_by: str = PUBLISHER) -> str:
    """Return a licence as KubeDB's are: a certificate whose name is the UID of a Kubernetes cluster."""
    signer, issuer = authority(signed_by)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, uid)]))
        .issuer_name(issuer.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(uid)]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return pem(certificate)


def cluster_uid() -> str:
    return Cluster(namespace="kube-system").get("namespace", "kube-system")[0]["metadata"]["uid"]


def written(name: str, text: str) -> Path:
    """Write a file that a playbook reads, and return its path."""
    path = folder() / name
    path.write_text(text)
    return path


@cache
def right_files() -> tuple[str, str]:
    """Return where the licence is, and who signed it. It is one for all, as another one would be a change."""
    return (
        str(written("licence", licence(cluster_uid()))),
        str(written("authority", pem(authority(PUBLISHER)[1]))),
    )


def play(
    name: str,
    *arguments: str,
    release: str = "v1",
    license_file: Path | None = None,
    more: tuple[Path, ...] = (),
    variables: dict[str, Any] | None = None,
) -> Run:
    """Run a shipped playbook on this scenario's inventory, with a licence that is right unless told otherwise.

    :param more: inventories that are read after it
    """
    right, signer = right_files()
    own = {
        "test_kubeconfig": str(KUBECONFIG),
        "test_authority": signer,
        "test_license": str(license_file or right),
    }
    return run_playbook(
        name,
        *arguments,
        variables={**own, **(variables or {})},
        inventories=[*INVENTORIES[release], *more],
        timeout=900,
    )


def together(*plays: Callable[[], Run]) -> list[Run]:
    """Run playbooks that change nothing side by side, which takes less time than one after the other."""
    with ThreadPoolExecutor() as pool:
        return [future.result() for future in [pool.submit(each) for each in plays]]


@cache
def system() -> Run:
    """Make the system, once for all modules that use it. The stand-in has to run."""
    return play("site")


@contextmanager
def stand_in(release: str) -> Iterator[Path]:
    """Run the stand-in for KubeDB's operator, and return where its log is. It ends with this process at the latest."""
    log = folder() / f"stand-in-{release}.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "stand_in_operator.py"), release],
            env={**os.environ, "KUBECONFIG": str(KUBECONFIG)},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        assert process.stdin is not None
        ended_early = process.poll()
        process.stdin.close()
        process.wait(timeout=30)
        assert ended_early is None, log.read_text()[-3000:]


@contextmanager
def running_system() -> Iterator[KubeDB]:
    """Run the stand-in, and the system with it: the one that another module made, if one did."""
    with stand_in("v1"):
        made = system()
        assert made.rc == 0, made.output
        yield KubeDB()


def remove(*, wait: bool = True) -> None:
    """Remove all that this scenario makes in the Kubernetes cluster, whatever state it is in.

    :param wait: until the namespaces are gone, too
    """
    cluster = Cluster(namespace="kube-system")
    names = [item["metadata"]["name"] for item in cluster.get("customresourcedefinitions")]
    crds = [name for name in names if name.endswith(GROUPS)]
    for crd in crds:
        for item in cluster.get(crd, everywhere=True):
            # Nobody is there any more who would take it off.
            if item["metadata"].get("finalizers"):
                where = [f"--namespace={item['metadata']['namespace']}"] if "namespace" in item["metadata"] else []
                off = '{"metadata": {"finalizers": null}}'
                cluster.kubectl(*where, "patch", crd, item["metadata"]["name"], "--type=merge", f"--patch={off}")
    delete = ["delete", "--ignore-not-found"]
    if crds:
        cluster.kubectl(*delete, "customresourcedefinitions", *crds)
    for kind in ("validatingwebhookconfigurations/validators", "mutatingwebhookconfigurations/mutators"):
        cluster.kubectl(*delete, f"{kind}.kubedb.com")
    for kind in ("clusterrolebindings", "clusterroles"):
        cluster.kubectl(*delete, kind, "kubedb-monitoring-prometheus", "kubedb-2020-monitoring-prometheus")
    cluster.kubectl(*delete, "--wait=false", "namespaces", *NAMESPACES)
    if wait:
        gone = ["get", "namespaces", *NAMESPACES, "--ignore-not-found", "--output=name"]
        until(lambda: cluster.kubectl(*gone) == "", time_limit(180, 600), "the namespaces are gone")
