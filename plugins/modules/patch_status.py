#!/usr/bin/python
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the status of an object, which the API keeps apart from the rest of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: patch_status
short_description: Change the status of an object
version_added: 1.0.0
author: the pgha.kubernetes authors (@pgha)
description:
  - Merges fields into the status of an object. Kubernetes takes them through an address of their own, which
    C(kubernetes.core.k8s) does not know. Some operators take orders there, as CloudNativePG does for a switchover.
  - The status has to be the one that was decided on. Where something has written the object since, the API refuses it.
options:
  api_version:
    description: The API version of the object.
    type: str
    required: true
  kind:
    description: Its kind.
    type: str
    required: true
  name:
    description: Its name.
    type: str
    required: true
  namespace:
    description: Its namespace.
    type: str
    required: true
  status:
    description: Fields of the status, and what they are to be.
    type: dict
    required: true
  unless:
    description: Fields of the status. Where they are like this already, nothing is written.
    type: dict
    default: {}
  expect:
    description: Fields of the status that what was decided rests on. Where one is other by now, nothing is written.
    type: dict
    default: {}
extends_documentation_fragment: [pgha.kubernetes.api_options]
attributes:
  check_mode:
    description: Can run in check mode and tells what it would change.
    support: full
  diff_mode:
    description: Tells what changed.
    support: full
"""

EXAMPLES = r"""
- name: Have CloudNativePG promote a standby
  pgha.kubernetes.patch_status:
    api_version: postgresql.cnpg.io/v1
    kind: Cluster
    name: hot-postgres
    namespace: demo
    status: {targetPrimary: hot-postgres-2}
    expect: {currentPrimary: hot-postgres-1}
"""

RETURN = r"""
before:
  description: The fields as they were.
  type: dict
  returned: always
"""

import json
import traceback

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
    from kubernetes.dynamic.exceptions import DynamicApiError, ResourceNotFoundError, ResourceNotUniqueError
    from urllib3.exceptions import HTTPError

    MISSING = None
except ImportError:
    MISSING = traceback.format_exc()


def differing(status, fields):
    """Return those of the fields that the status has otherwise, as the status has them."""
    return {key: status.get(key) for key, value in fields.items() if status.get(key) != value}


def changed_status(client, params, check_mode=False):
    """Bring the fields to the status, and return what they were, or None where nothing had to be written.

    :param client: the client of kubernetes.core
    :param params: the module's parameters
    :raises ValueError: the status is no longer the one that was decided on
    """
    address = {"name": params["name"], "namespace": params["namespace"]}
    resource = client.resource(params["kind"], params["api_version"])
    there = client.get(resource, **address).to_dict()
    status = there.get("status") or {}
    if not differing(status, params["unless"] or params["status"]):
        return None
    other = differing(status, params["expect"])
    if other:
        found = ", ".join(f"{key} is {value!r}" for key, value in other.items())
        raise ValueError(f"{params['kind']} {params['name']} has changed meanwhile ({found}): run this again")
    if not check_mode:
        # The version makes the API refuse what was decided on an older status.
        body = {"metadata": {"resourceVersion": there["metadata"]["resourceVersion"]}, "status": params["status"]}
        subresource = resource.subresources["status"]
        subresource.patch(body=body, content_type="application/merge-patch+json", **address)
    return {key: status.get(key) for key in params["status"]}


def words(exc):
    """Return what the API says, without the JSON around it."""
    try:
        return json.loads(exc.body)["message"]
    except (AttributeError, TypeError, ValueError, KeyError):
        return str(exc)


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "api_version": {"type": "str", "required": True},
            "kind": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str", "required": True},
            "status": {"type": "dict", "required": True},
            "unless": {"type": "dict", "default": {}},
            "expect": {"type": "dict", "default": {}},
            **API_OPTIONS,
        },
        supports_check_mode=True,
    )
    if MISSING:
        needs = "the Python package kubernetes and the collection kubernetes.core"
        module.fail_json(msg=missing_required_lib(needs), exception=MISSING)
    try:
        client = get_api_client(AnsibleK8SModule(module_class=lambda: module))
        before = changed_status(client, module.params, module.check_mode)
    except (CoreException, DynamicApiError, HTTPError) as exc:
        module.fail_json(msg=words(exc))
    except (ResourceNotFoundError, ResourceNotUniqueError) as exc:
        module.fail_json(msg=f"the Kubernetes API has no kind {module.params['kind']}: {exc}")
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    if before is None:
        module.exit_json(changed=False, before={})
    module.exit_json(changed=True, before=before, diff={"before": before, "after": module.params["status"]})


if __name__ == "__main__":
    main()
