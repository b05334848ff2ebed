#!/usr/bin/python
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command in a container of a pod, and say how it ended."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_exec
short_description: Run a command in a pod
version_added: 1.0.0
author: the pgha.kubernetes authors (@pgha)
description:
  - Takes what C(kubernetes.core.k8s_exec) takes and returns what that returns. Other than that, it says in words why a
    command could not be run or came to no end, and has all that it wrote.
  - A command that ends with another exit status than 0 is a failure, unless C(failed_when) says otherwise.
  - Where the connection is local, and neither C(become) nor C(environment) is set, it runs in Ansible's own process,
    with the Python of C(ansible-playbook). With C(PGHA_API_TASKS=module) in the environment it does not, nor on macOS
    without C(PGHA_API_TASKS=process).
options:
  namespace:
    description: The namespace of the pod.
    type: str
    required: true
  pod:
    description: Its name.
    type: str
    required: true
  container:
    description: The container of it in which the command runs.
    type: str
    required: true
  command:
    description: The program and its arguments, split as a shell splits words. There is no shell.
    type: str
    required: true
extends_documentation_fragment: [pgha.kubernetes.api_options]
attributes:
  check_mode:
    description: The command runs in check mode, too, as it may only ask. C(when) leaves out one that changes something.
    support: partial
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Ask PostgreSQL for its version
  pgha.kubernetes.pod_exec:
    namespace: demo
    pod: hot-postgres-1
    container: postgres
    command: psql --no-psqlrc --no-align --tuples-only --command='SHOW server_version'
  register: answer
  changed_when: false
"""

RETURN = r"""
stdout:
  description: What it wrote. A byte that is not UTF-8 is U+FFFD.
  type: str
  returned: when it ended
stdout_lines:
  description: The same by lines.
  type: list
  elements: str
  returned: when it ended
stderr:
  description: What it wrote of errors.
  type: str
  returned: when it ended
stderr_lines:
  description: The same by lines.
  type: list
  elements: str
  returned: when it ended
rc:
  description: Its exit status.
  type: int
  returned: when it ended
status:
  description: The HTTP status with which the API refused. Where it did not answer, there is none.
  type: int
  returned: failure
"""

import json
import shlex
import traceback

from ansible_collections.pgha.kubernetes.plugins.module_utils.api_client import api_client
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS, api_module

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
    from kubernetes.client import CoreV1Api
    from kubernetes.client.exceptions import ApiException
    from kubernetes.dynamic.exceptions import DynamicApiError
    from kubernetes.stream import stream
    from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDOUT_CHANNEL
    from urllib3.exceptions import HTTPError
    from websocket import WebSocketException

    MISSING = None
except ImportError:
    MISSING = traceback.format_exc()

ARGUMENT_SPEC = {
    "namespace": {"type": "str", "required": True},
    "pod": {"type": "str", "required": True},
    "container": {"type": "str", "required": True},
    "command": {"type": "str", "required": True},
    **API_OPTIONS,
}
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


def converse(api, asked, words):
    """Run a command to its end, and return what it wrote and its exit status."""
    try:
        # Without stdin, a program that asks for something gets none.
        socket = stream(
            api.connect_get_namespaced_pod_exec,
            asked["pod"],
            asked["namespace"],
            container=asked["container"],
            command=words,
            stdout=True,
            stderr=True,
            stdin=False,
            tty=False,
            _preload_content=False,
        )
    except ApiException as exc:
        raise refusal(exc) from exc
    try:
        while socket.is_open():
            socket.update(timeout=1)
    except (WebSocketException, OSError) as exc:
        raise NotRunError(f"the connection ended before the command did: {exc}") from exc
    finally:
        socket.close(timeout=0)  # it need not be told good-bye
    rc = exit_status(socket.read_channel(ERROR_CHANNEL))
    return socket.read_channel(STDOUT_CHANNEL), socket.read_channel(STDERR_CHANNEL), rc


def run(module, api):
    """Run what the module's arguments say."""
    try:
        words = shlex.split(module.params["command"])
    except ValueError as exc:
        module.fail_json(msg=f"command is not as a shell takes it: {exc}")
    if not words:
        module.fail_json(msg="command is empty")
    try:
        stdout, stderr, rc = converse(api, module.params, words)
    except NotRunError as exc:
        told = {} if exc.status is None else {"status": exc.status}
        place = "container {container} of the pod {pod} in {namespace}".format(**module.params)
        module.fail_json(msg=f"{words[0]} could not be run in the {place}: {exc}", **told)
    lines = {"stdout_lines": stdout.splitlines(), "stderr_lines": stderr.splitlines()}
    result = {"changed": True, "stdout": stdout, "stderr": stderr, "rc": rc, **lines}
    if rc:
        # Ansible takes it for a failure in any case, and would call it an unknown error.
        module.fail_json(msg=f"{words[0]} ended with {rc}: {stderr.strip() or 'it wrote of no error'}", **result)
    module.exit_json(**result)


def work(module):
    """Do what the module is for; `module` is an AnsibleModule, or is used like one."""
    try:
        client = api_client(AnsibleK8SModule(module_class=lambda: module))
        run(module, CoreV1Api(client.client.client))
    except DynamicApiError as exc:
        module.fail_json(msg=str(exc.summary()), status=exc.status)
    except (CoreException, HTTPError) as exc:
        module.fail_json(msg=str(exc))


def main():
    """Run the module."""
    work(api_module(ARGUMENT_SPEC, MISSING))


if __name__ == "__main__":
    main()
