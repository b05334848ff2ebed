#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for KubeDB's operator, for tests: KubeDB's own needs a licence, and its images.

It runs as a process on the machine of the tests, against the Kubernetes cluster of KUBECONFIG's current context:

    stand_in_operator.py v1          kubedb.com/v1, its requests, KubeStash's sessions, once the chart is installed
    stand_in_operator.py v1alpha1    the API of 2020

It makes what KubeDB makes, name for name, with PostgreSQL that really replicates: Services, pods with their labels,
Secret, volumes, status. What is other than there: a StatefulSet in the place of the PetSet; no pg-coordinator, so roles
are given by this process; no webhooks, whose defaults it writes a moment later; an exporter with a handful of metrics;
no TLS, no arbiter; of backups and restores the objects and their phases alone, without data; all versions of PostgreSQL
are the one of the image.

It ends with its standard input, so it does not outlive who started it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import kopf

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from stand_in.api import Api
from stand_in.backups import Backups
from stand_in.cluster import Clusters
from stand_in.crds import install
from stand_in.releases import RELEASES
from stand_in.requests import Requests

PREFIX = "stand-in.pgha.kubernetes"
# What of the chart says that it was installed.
CHART = "/apis/apps/v1/namespaces/kubedb/deployments/kubedb-kubedb-webhook-server"


def register(version: str, api: Api) -> None:
    """Have kopf call what looks after each kind."""
    clusters = Clusters(api, RELEASES[version])

    @kopf.on.startup()
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.posting.enabled = False
        settings.persistence.finalizer = "kubedb.com"
        settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=PREFIX)
        settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=PREFIX)

    @kopf.on.login()
    def login(**more: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_kubeconfig(**more)

    @kopf.timer("kubedb.com", version, "postgreses", interval=1.0, errors=kopf.ErrorsMode.TEMPORARY, backoff=2)
    def look_after(body: kopf.Body, **_: Any) -> None:
        clusters.reconcile(dict(body))

    @kopf.on.delete("kubedb.com", version, "postgreses", backoff=2)
    def end(body: kopf.Body, **_: Any) -> None:
        clusters.delete(dict(body))

    if version == "v1":
        requests, backups = Requests(api, clusters), Backups(api)

        @kopf.on.create("ops.kubedb.com", "v1alpha1", "postgresopsrequests", backoff=2)
        def do(body: kopf.Body, **_: Any) -> None:
            requests.handle(dict(body))

        @kopf.timer("kubedb.com", version, "postgreses", interval=2.0, errors=kopf.ErrorsMode.TEMPORARY, backoff=2)
        def set_up_backups(body: kopf.Body, **_: Any) -> None:
            backups.reconcile(dict(body))

        @kopf.on.create("core.kubestash.com", "v1alpha1", "backupsessions", backoff=2)
        def back_up(body: kopf.Body, **_: Any) -> None:
            backups.handle(dict(body))


def install_crds(version: str, api: Api) -> None:
    """As KubeDB's crd-manager does, a part of the chart; in 2020 the operator did it."""
    while version == "v1" and not api.get(CHART):
        time.sleep(1)
    install(api, version)
    print(f"the API of {version} is there", flush=True)


def end_with_standard_input() -> None:
    """Stop at once when whoever holds the other end of the pipe has gone."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def main() -> None:
    """Run until told to stop."""
    if sys.argv[1:] not in (["v1"], ["v1alpha1"]):
        sys.exit("give v1 or v1alpha1")
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    api = Api()
    # First, as kopf does not always see a kind that comes later.
    install_crds(sys.argv[1], api)
    register(sys.argv[1], api)
    kopf.run(standalone=True, clusterwide=True)


if __name__ == "__main__":
    main()
