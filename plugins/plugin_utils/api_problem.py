# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the Kubernetes API did not answer, in one sentence."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

_REASONS = (
    (r"Connection refused", "nothing listens there (connection refused)"),
    (r"Failed to resolve '([^']+)'|Name or service not known", "its name is not known to DNS"),
    (r"No route to host|Network is unreachable", "there is no route to it"),
    (r"CERTIFICATE_VERIFY_FAILED|certificate verify failed", "its certificate is not trusted"),
    (r"timed out|Timeout", "it does not answer in time"),
    (r"\b401\b|Unauthorized", "it does not accept the credentials (401)"),
    (r"\b403\b|[Ff]orbidden", "the credentials may not do this (403)"),
    (r"\b429\b|Too Many Requests", "it is overloaded (429)"),
    (r"\b50[0234]\b", "it has an error of its own"),
)
# Of the credentials, before anything is asked.
_UNUSABLE = r"[Kk]ube-?config|Could not find or access|Could not create API client|No such file|Permission denied"
# As ansible-core's missing_required_lib says it.
_LACKING = r"Failed to import the required Python library \((.+?)\) on .*?'s Python (.+?)\. (?:This is|See|Please) "
_PACKAGES = "'kubernetes>=24.2' jsonpatch 'cryptography>=44'"  # as README.md says
_SHOWN = ("kubeconfig", "context", "host")  # never a key or a password


def api_problem(result: Mapping[str, Any], auth: Mapping[str, Any] | None = None, address: str = "") -> str:
    """Say in one sentence why a task of kubernetes.core failed, and what to look at.

    :param result: what the task returned
    :param auth: the role's `<role>_k8s_auth`
    :param address: where the API is, if the result does not say it
    """
    message = str(result.get("msg") or "")
    if lacking := re.search(_LACKING, message, re.DOTALL):
        library, python = lacking.groups()
        collection = ", `ansible-galaxy collection install kubernetes.core`" if "kubernetes.core" in library else ""
        return (
            f"the Kubernetes API cannot be asked, as the Python {python} lacks {library}: "
            f"run `{shlex.quote(python)} -m pip install {_PACKAGES}`{collection}, "
            "or give another one in ansible_python_interpreter"
        )
    given = {key: value for key, value in (auth or {}).items() if key in _SHOWN and isinstance(value, str) and value}
    named = ", ".join(f"{key} {value!r}" for key, value in given.items())
    remedy = (
        f"check pgha_k8s_auth ({named})"
        if named
        # Not KUBECONFIG: in a pod, its own account comes before that.
        else "set pgha_k8s_auth (kubeconfig, context, host, …), or K8S_AUTH_KUBECONFIG, … in the environment"
    )
    if re.search(_UNUSABLE, message):
        detail = " ".join((message.partition("Could not create API client: ")[2] or message).split()).strip(" .")[:300]
        return f"the Kubernetes API cannot be reached, as there is no usable kubeconfig ({detail}): {remedy}"
    host = re.search(r"host='([^']+)', port=([0-9]+)", message)
    address = f"https://{host[1]}:{host[2]}" if host else given.get("host") or address
    reason = next((words for pattern, words in _REASONS if re.search(pattern, message)), "")
    reason = reason or (message.splitlines()[0][:300] if message else "it does not answer in time")
    return f"the Kubernetes API{f' at {address}' if address else ''} cannot be used, {reason}: {remedy}"
