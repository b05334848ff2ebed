#!/usr/bin/python
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say by checksums what objects of the Kubernetes API hold."""

from __future__ import annotations

DOCUMENTATION = r"""
module: checksums
short_description: Say by checksums what objects of the Kubernetes API hold
version_added: 1.0.0
author: the pgha.kubernetes authors (@pgha)
description:
  - Reads objects, many in one task, and returns a checksum of what each holds, so that a later run sees whether
    somebody changed one, without the megabyte that definitions of kinds have.
  - What changes by itself is no part of a checksum - the status, the metadata but for labels, and a C(caBundle), which
    what serves a webhook writes.
  - Where the connection is local, and neither C(become) nor C(environment) is set, it runs in Ansible's own process,
    with the Python of C(ansible-playbook). With C(PGHA_API_TASKS=module) in the environment it does not, nor on macOS
    without C(PGHA_API_TASKS=process).
options:
  objects:
    description:
      - Which objects, by C(apiVersion), C(kind), C(metadata.name) and C(metadata.namespace). Nothing else of them is
        looked at.
    type: list
    elements: dict
    required: true
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
- name: See what a Deployment holds
  pgha.kubernetes.checksums:
    objects:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: cnpg-controller-manager, namespace: cnpg-system}
"""

RETURN = r"""
objects:
  description: >-
    Of each object C(apiVersion), C(kind), C(metadata) with its name and namespace, and C(checksum). That is empty where
    there is no such object, and null where it may not be read.
  type: list
  elements: dict
  returned: success
"""

import hashlib
import json
import traceback

from ansible_collections.pgha.kubernetes.plugins.module_utils.api_client import api_client
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS, api_module

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
    from kubernetes.dynamic.exceptions import (
        DynamicApiError,
        ForbiddenError,
        NotFoundError,
        ResourceNotFoundError,
    )
    from urllib3.exceptions import HTTPError

    MISSING = None
except ImportError:
    MISSING = traceback.format_exc()

ARGUMENT_SPEC = {
    "objects": {"type": "list", "elements": "dict", "required": True},
    **API_OPTIONS,
}


def checksum_of(found):
    """Return the checksum of what an object of the API holds."""
    kept = {key: value for key, value in found.items() if key not in ("metadata", "status")}
    kept["labels"] = found["metadata"].get("labels") or {}
    return hashlib.sha256(json.dumps(_settled(kept), sort_keys=True).encode()).hexdigest()[:16]


def _settled(value):
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if key != "caBundle"}
    return [_settled(item) for item in value] if isinstance(value, list) else value


def _looked_at(client, asked):
    metadata = {key: asked["metadata"][key] for key in ("name", "namespace") if asked["metadata"].get(key)}
    try:
        resource = client.resource(asked["kind"], asked["apiVersion"])
        # Not as the client's own objects, which take longer to make than to fetch.
        checksum = checksum_of(json.loads(resource.get(serialize=False, **metadata).data))
    except (NotFoundError, ResourceNotFoundError):
        checksum = ""
    except ForbiddenError:
        checksum = None
    return {"apiVersion": asked["apiVersion"], "kind": asked["kind"], "metadata": metadata, "checksum": checksum}


def run(module, client):
    """Look at what the module's arguments say."""
    module.exit_json(changed=False, objects=[_looked_at(client, asked) for asked in module.params["objects"]])


def work(module):
    """Do what the module is for; `module` is an AnsibleModule, or is used like one."""
    try:
        run(module, api_client(AnsibleK8SModule(module_class=lambda: module)) if module.params["objects"] else None)
    except DynamicApiError as exc:
        module.fail_json(msg=str(exc.summary()))
    except (CoreException, HTTPError) as exc:
        module.fail_json(msg=str(exc))


def main():
    """Run the module."""
    work(api_module(ARGUMENT_SPEC, MISSING))


if __name__ == "__main__":
    main()
