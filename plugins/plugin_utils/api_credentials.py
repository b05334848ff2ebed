# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a role's `<role>_k8s_auth` would be left unread.

Once kubernetes.core has an address and a token, each from the variable or from the environment, it reads no kubeconfig
(`_create_configuration` of its module_utils/k8s/client.py): a context is ignored without a word, and all is written to
the Kubernetes cluster of the address.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

ENOUGH = ("host", "api_key")


def unread_kubeconfig(
    variables: Mapping[str, Any], role: str, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield a sentence for each context and kubeconfig that would be ignored.

    :param variables: the role's variables and the collection's, with their values
    :param role: the role's name
    :param environment: in place of the process's, which has K8S_AUTH_*
    """
    environment = os.environ if environment is None else environment
    auths = {name: variables.get(name) for name in ("pgha_k8s_auth", f"{role}_k8s_auth")}
    shared, own = auths.values()
    # By default the one is the other, and the user knows the first.
    name, auth = ("pgha_k8s_auth", shared) if own is None or own == shared else (f"{role}_k8s_auth", own)
    if not isinstance(auth, Mapping):
        return
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


def _from(environment: Mapping[str, str], key: str) -> str:
    variable = f"K8S_AUTH_{key.upper()}"
    return f"the environment's {variable}" if environment.get(variable) else ""
