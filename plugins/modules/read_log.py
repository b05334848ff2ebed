#!/usr/bin/python
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a container logged, whatever its bytes are."""

from __future__ import annotations

DOCUMENTATION = r"""
module: read_log
short_description: Read what a container logged
version_added: 1.0.0
author: the pgha.kubernetes authors (@pgha)
description:
  - Returns what C(kubernetes.core.k8s_log) returns of one container, and does not fail where that is not UTF-8.
    PostgreSQL logs a statement in the encoding of its database, and Pgpool-II bytes after the name of an application.
  - Where the connection is local, and neither C(become) nor C(environment) is set, it runs in Ansible's own process,
    with the Python of C(ansible-playbook). With C(PGHA_API_TASKS=module) in the environment it does not, nor on macOS
    without C(PGHA_API_TASKS=process).
options:
  name:
    description: The name of the pod.
    type: str
    required: true
  namespace:
    description: Its namespace.
    type: str
    required: true
  container:
    description: The name of the container.
    type: str
    required: true
  since_seconds:
    description: How far back, in seconds. Else all that the node has.
    type: int
  tail_lines:
    description: How many of the last lines. Else all of them.
    type: int
  previous:
    description:
      - What it logged before it restarted, as C(kubectl logs --previous). A container that has not restarted logged
        nothing then.
      - While a container waits for its next start, it is the same without this option.
    type: bool
    default: false
extends_documentation_fragment: [pgha.kubernetes.api_options]
attributes:
  check_mode:
    description: Reads in check mode, too.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Read what Pgpool-II logged in the last hour
  pgha.kubernetes.read_log:
    name: hot-postgres-pgpool-55cf4b749-xdn74
    namespace: demo
    container: pgpool
    since_seconds: 3600
"""

RETURN = r"""
log:
  description: What it logged. A byte that is not UTF-8 is written as in C(\x80).
  type: str
  returned: success
status:
  description: The HTTP status with which the API refused. Where it did not answer, there is none.
  type: int
  returned: failure
"""

import traceback

from ansible_collections.pgha.kubernetes.plugins.module_utils.api_client import api_client, refusals_end
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS, api_module

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from kubernetes.dynamic.exceptions import BadRequestError

    MISSING = None
except ImportError:
    MISSING = traceback.format_exc()

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "container": {"type": "str", "required": True},
    "since_seconds": {"type": "int"},
    "tail_lines": {"type": "int"},
    "previous": {"type": "bool", "default": False},
    **API_OPTIONS,
}
# Of the API's query, by the names of the module's options.
LIMITS = {"since_seconds": "sinceSeconds", "tail_lines": "tailLines"}


def run(module, client):
    """Read what the module's arguments say."""
    asked = {key: module.params[key] for key in ("name", "namespace")}
    query = {"container": module.params["container"]}
    query.update({key: module.params[name] for name, key in LIMITS.items() if module.params[name] is not None})
    if module.params["previous"]:
        query["previous"] = "true"
    try:
        response = client.resource("Pod", "v1").log.get(serialize=False, query_params=query, **asked)
    except BadRequestError as exc:
        # As the kubelet puts it: it has the container, and that has not restarted.
        if module.params["previous"] and "previous terminated container" in str(exc.summary()):
            module.exit_json(changed=False, log="")
        raise
    module.exit_json(changed=False, log=response.data.decode("utf-8", errors="backslashreplace"))


def work(module):
    """Do what the module is for; `module` is an AnsibleModule, or is used like one."""
    with refusals_end(module):
        run(module, api_client(AnsibleK8SModule(module_class=lambda: module)))


def main():
    """Run the module."""
    work(api_module(ARGUMENT_SPEC, MISSING))


if __name__ == "__main__":
    main()
