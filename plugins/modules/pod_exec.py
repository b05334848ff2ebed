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
    description: The command runs in check mode, too.
    details: It may only ask for something. C(when) leaves out one that changes what it is not to change.
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

import shlex
import traceback

from ansible_collections.pgha.kubernetes.plugins.module_utils.api_client import api_client, refusals_end
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS, api_module
from ansible_collections.pgha.kubernetes.plugins.module_utils.pod_command import NotRunError, run_in_pod

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from kubernetes.client import CoreV1Api

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


def run(module, api):
    """Run what the module's arguments say."""
    try:
        words = shlex.split(module.params["command"])
    except ValueError as exc:
        module.fail_json(msg=f"command is not as a shell takes it: {exc}")
    if not words:
        module.fail_json(msg="command is empty")
    try:
        place = [module.params[name] for name in ("namespace", "pod", "container")]
        stdout, stderr, rc = run_in_pod(api, *place, words)
    except NotRunError as exc:
        told = {} if exc.status is None else {"status": exc.status}
        where = "container {container} of the pod {pod} in {namespace}".format(**module.params)
        module.fail_json(msg=f"{words[0]} could not be run in the {where}: {exc}", **told)
    lines = {"stdout_lines": stdout.splitlines(), "stderr_lines": stderr.splitlines()}
    result = {"changed": True, "stdout": stdout, "stderr": stderr, "rc": rc, **lines}
    if rc:
        # Ansible takes it for a failure in any case, and would call it an unknown error.
        module.fail_json(msg=f"{words[0]} ended with {rc}: {stderr.strip() or 'it wrote of no error'}", **result)
    module.exit_json(**result)


def work(module):
    """Do what the module is for; `module` is an AnsibleModule, or is used like one."""
    with refusals_end(module):
        client = api_client(AnsibleK8SModule(module_class=lambda: module))
        run(module, CoreV1Api(client.client.client))


def main():
    """Run the module."""
    work(api_module(ARGUMENT_SPEC, MISSING))


if __name__ == "__main__":
    main()
