# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command in a container of a pod, by the Kubernetes API."""

from __future__ import annotations

import json
import time
from inspect import signature

try:
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import stream
    from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDOUT_CHANNEL, WSClient
    from websocket import WebSocketException

    # As text, the client loses a character of which a part comes in the next frame. Up to its release 29, there is no
    # other way.
    AS_BYTES = {"binary": True} if "binary" in signature(WSClient).parameters else {}
except ImportError:  # a module says itself what it lacks
    pass

# Of an answer that is no error of the API's: what some proxy says may be a page.
LONGEST = 300


class NotRunError(Exception):
    """The command did not begin, or its end is not known; says why."""

    def __init__(self, why, status=None):
        """Keep why, and the HTTP status of the API's answer."""
        super().__init__(why)
        self.status = status


def exit_status(answer):
    """Return the exit status of a command.

    :param answer: what came of it, as the API's `Status` in JSON
        (https://kubernetes.io/docs/reference/using-api/websockets/, the error channel)
    """
    try:
        status = json.loads(answer)
    except ValueError:  # nothing, too: what was between us and the pod is gone
        raise NotRunError("the connection ended before the command did") from None
    if status.get("status") == "Success":
        return 0
    causes = (status.get("details") or {}).get("causes") or []
    for cause in causes:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise NotRunError(status.get("message") or "the kubelet does not say why")


def refusal(exc):
    """Return the API's answer to a request for a WebSocket as one of ours.

    :param exc: the client's exception, which says all in one text; its own cause, of websocket-client, has the parts
    """
    cause = exc.__context__
    status, body = getattr(cause, "status_code", None), getattr(cause, "resp_body", None)
    if status is None:
        return NotRunError(str(cause or exc))
    try:
        said = json.loads(body)["message"]
    except (KeyError, TypeError, ValueError):
        said = (body or b"").decode("utf-8", errors="replace")[:LONGEST] or getattr(cause, "status_message", "")
    return NotRunError(f"{said} ({status})", status)


def text(said):
    """Return what a command wrote as text."""
    return said.decode("utf-8", errors="replace") if isinstance(said, bytes) else said


def run_in_pod(api, namespace, pod, container, words, seconds=None):
    """Run a command to its end, and return what it wrote, what it wrote of errors, and its exit status.

    :param api: the client's CoreV1Api
    :param words: the program and its arguments
    :param seconds: after how many of them it is waited for no longer; by default, for as long as it takes
    :raises NotRunError: it did not begin, or its end is not known
    """
    until = None if seconds is None else time.monotonic() + seconds
    try:
        # Without stdin: a program that asks for something gets none.
        socket = stream(
            api.connect_get_namespaced_pod_exec,
            pod,
            namespace,
            container=container,
            command=words,
            stdout=True,
            stderr=True,
            stdin=False,
            tty=False,
            _preload_content=False,
            **AS_BYTES,
        )
    except ApiException as exc:
        raise refusal(exc) from exc
    try:
        while socket.is_open():
            if until is not None and time.monotonic() > until:
                raise NotRunError(f"it did not end within {seconds} s")
            socket.update(timeout=0.2)
    except (WebSocketException, OSError) as exc:
        raise NotRunError(f"the connection ended before the command did: {exc}") from exc
    finally:
        socket.close(timeout=0)  # it need not be told good-bye
    rc = exit_status(socket.read_channel(ERROR_CHANNEL))
    return text(socket.read_channel(STDOUT_CHANNEL)), text(socket.read_channel(STDERR_CHANNEL)), rc
