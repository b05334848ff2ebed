# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the Kubernetes API is said to be, and whether anything answers there.

Looked at only after a task has failed: ansible-core keeps the reason to itself where a task may fail
(`failed_when: false`), and a kubeconfig names the address, which the user did not give.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_credentials import address_in_a_pod


def api_address(auth: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> str:
    """Return the address of the API, as the modules of kubernetes.core find it; empty where it is not known.

    :param auth: the role's `<role>_k8s_auth`
    :param environment: in place of the process's, which has K8S_AUTH_* and KUBECONFIG
    """
    environment = os.environ if environment is None else environment
    given = {
        key: auth.get(key) or environment.get(f"K8S_AUTH_{key.upper()}") for key in ("host", "kubeconfig", "context")
    }
    if given["host"]:
        return str(given["host"])
    own = "" if given["kubeconfig"] or given["context"] else address_in_a_pod(environment)
    if own:
        return own
    files = str(given["kubeconfig"] or environment.get("KUBECONFIG") or "~/.kube/config")
    for file in files.split(os.pathsep):
        address = _server(Path(file).expanduser(), given["context"])
        if address:
            return address
    return ""


def _server(file: Path, context: str | None) -> str:
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        contexts = {item["name"]: item["context"] for item in config["contexts"]}
        clusters = {item["name"]: item["cluster"] for item in config["clusters"]}
        return str(clusters[contexts[context or config["current-context"]]["cluster"]]["server"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return ""


def tcp_problem(address: str, timeout: float = 3) -> str:
    """Try to connect, and return the system's words for why that fails; empty where it works.

    :param address: such as `https://127.0.0.1:6443`
    :param timeout: seconds
    """
    parts = urlsplit(address if "//" in address else f"//{address}")
    try:
        port = parts.port or (80 if parts.scheme == "http" else 443)
        with socket.create_connection((parts.hostname or "", port), timeout=timeout):
            return ""
    except (OSError, ValueError) as exc:
        return str(exc) or type(exc).__name__
