#!/usr/bin/python
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read objects of the Kubernetes API."""

from __future__ import annotations

DOCUMENTATION = r"""
module: read
short_description: Read objects of the Kubernetes API
version_added: 1.0.0
author: the pgha.kubernetes authors (@pgha)
description:
  - Returns what C(kubernetes.core.k8s_info) returns, and does not wait.
  - Where the connection is local, and neither C(become) nor C(environment) is set, it runs in Ansible's own process,
    with the Python of C(ansible-playbook). With C(PGHA_API_TASKS=module) in the environment it does not, nor on macOS
    without C(PGHA_API_TASKS=process).
options:
  api_version:
    description: The API version of the objects.
    type: str
    default: v1
  kind:
    description: Their kind.
    type: str
    required: true
  name:
    description: The name of the one to read.
    type: str
  namespace:
    description: Their namespace.
    type: str
  label_selectors:
    description: Which labels they have.
    type: list
    elements: str
    default: []
  field_selectors:
    description: What their fields are.
    type: list
    elements: str
    default: []
  name_prefix:
    description: >-
      How their names begin. The API cannot be asked for that, so it returns all, of which no other is kept. What a task
      registers is in memory for the rest of the run, for each host.
    type: str
    default: ""
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
- name: Read a cluster
  pgha.kubernetes.read:
    api_version: postgresql.cnpg.io/v1
    kind: Cluster
    name: hot-postgres
    namespace: demo
"""

RETURN = r"""
resources:
  description: The objects.
  type: list
  elements: dict
  returned: success
api_found:
  description: Whether the API knows the kind.
  type: bool
  returned: success
"""

import traceback

from ansible_collections.pgha.kubernetes.plugins.module_utils.api_client import api_client
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS, api_module

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.service import K8sService
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    MISSING = None
except ImportError:
    MISSING = traceback.format_exc()

ARGUMENT_SPEC = {
    "api_version": {"type": "str", "default": "v1"},
    "kind": {"type": "str", "required": True},
    "name": {"type": "str"},
    "namespace": {"type": "str"},
    "label_selectors": {"type": "list", "elements": "str", "default": []},
    "field_selectors": {"type": "list", "elements": "str", "default": []},
    "name_prefix": {"type": "str", "default": ""},
    **API_OPTIONS,
}
WHAT = ("kind", "api_version", "name", "namespace", "label_selectors", "field_selectors")


def run(module, service):
    """Read what the module's arguments say."""
    found = service.find(**{key: module.params[key] for key in WHAT})
    prefix = module.params["name_prefix"]
    kept = [item for item in found["resources"] if item["metadata"]["name"].startswith(prefix)]
    module.exit_json(changed=False, **{**found, "resources": kept})


def work(module):
    """Do what the module is for; `module` is an AnsibleModule, or is used like one."""
    try:
        wrapped = AnsibleK8SModule(module_class=lambda: module)
        run(module, K8sService(api_client(wrapped), wrapped))
    except (CoreException, ApiException, HTTPError) as exc:
        module.fail_json(msg=str(exc))


def main():
    """Run the module."""
    work(api_module(ARGUMENT_SPEC, MISSING))


if __name__ == "__main__":
    main()
