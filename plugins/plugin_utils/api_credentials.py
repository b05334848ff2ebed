# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a role's `<role>_k8s_auth`, or of the environment, would be left unread.

Once kubernetes.core has an address and a token, each from the variable or from the environment, it reads no kubeconfig
(`_create_configuration` of its module_utils/k8s/client.py): a context is ignored without a word, and all is written to
the Kubernetes cluster of the address. Where it is given none of these, the account of the pod that it runs in comes
before KUBECONFIG, which kubectl and Helm read first: all is written to the Kubernetes cluster of the pod.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ENOUGH = ("host", "api_key")
# What else is enough, from the environment.
_OTHERS = (("host", "username", "password"), ("host", "client_cert", "client_key"), ("host", "cert_file", "key_file"))
# Where Kubernetes puts the token of a pod's service account, unless it is told not to.
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def unread_kubeconfig(
    variables: Mapping[str, Any], role: str, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield a sentence for each context and kubeconfig that would be ignored, also for KUBECONFIG.

    :param variables: the role's variables and the collection's, with their values
    :param role: the role's name
    :param environment: in place of the process's, which has K8S_AUTH_* and KUBECONFIG
    """
    environment = os.environ if environment is None else environment
    auths = {name: variables.get(name) for name in ("pgha_k8s_auth", f"{role}_k8s_auth")}
    shared, own = auths.values()
    # By default the one is the other, and the user knows the first.
    name, auth = ("pgha_k8s_auth", shared) if own is None or own == shared else (f"{role}_k8s_auth", own)
    if not isinstance(auth, Mapping):
        return
    yield from _unread_environment(auth, environment)
    given = [f"{name}.{key}" if auth.get(key) else _from(environment, key) for key in ENOUGH]
    if not all(given):
        return
    for key in ("context", "kubeconfig"):
        if auth.get(key):
            yield (
                f"{name}.{key} is {auth[key]!r} (string): it would be ignored, as no kubeconfig is read with "
                f"{' and '.join(given)}; leave it out where all is on that one Kubernetes cluster, or give a "
                "kubeconfig in place of those (in AWX a credential of the type pgha Kubernetes APIs)"
            )


def address_in_a_pod(environment: Mapping[str, str]) -> str:
    """Return the address of the API of the Kubernetes cluster in whose pod this runs; empty without an account there.

    :param environment: the process's
    """
    host, port = (environment.get(f"KUBERNETES_SERVICE_{what}", "") for what in ("HOST", "PORT"))
    if not host or not port or not all((ACCOUNT / name).is_file() for name in ("token", "ca.crt")):
        return ""
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"


def _unread_environment(auth: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    def is_given(*keys: str) -> bool:
        return all(auth.get(key) or _from(environment, key) for key in keys)

    chosen = any(is_given(*keys) for keys in (("kubeconfig",), ("context",), ENOUGH, *_OTHERS))
    if environment.get("KUBECONFIG") and not chosen and address_in_a_pod(environment):
        yield (
            f"the environment's KUBECONFIG is {environment['KUBECONFIG']!r} (string): it would be ignored, as the "
            "account of the pod that this runs in comes before it; give K8S_AUTH_KUBECONFIG or "
            "pgha_k8s_auth.kubeconfig in its place, or unset KUBECONFIG where the pod's own Kubernetes cluster is meant"
        )


def _from(environment: Mapping[str, str], key: str) -> str:
    variable = f"K8S_AUTH_{key.upper()}"
    return f"the environment's {variable}" if environment.get(variable) else ""
