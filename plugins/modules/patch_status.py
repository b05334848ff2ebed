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
  - With O(then_label) it goes on to label pods, at the moment for which a command in one of them waits (O(once)). That
    is done here, as a task of its own would begin a second or two late.
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
  then_label:
    description:
      - Labels that pods get after the status was changed, by the names of the pods, which are in the same namespace.
      - Where that does not come about, RV(not_labelled) says why, and the module does not fail. So this is for what the
        operator would do a little later anyway.
    type: dict
  once:
    description: A command that waits for the moment at which to label them, and ends with 0 then.
    type: dict
    suboptions:
      pod:
        description: The pod that runs it, in the same namespace.
        type: str
        required: true
      container:
        description: Its container.
        type: str
        required: true
      command:
        description: The program and its arguments.
        type: list
        elements: str
        required: true
      timeout:
        description: After how many seconds the pods are left alone.
        type: int
        default: 10
  settle:
    description:
      - How many seconds to wait after all that, where a status was changed. What is done about it has the processor to
        itself meanwhile, where it shares one with Ansible.
    type: int
    default: 0
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

- name: Have it promoted, and the Service lead there as soon as replication from the old primary has ended
  pgha.kubernetes.patch_status:
    api_version: postgresql.cnpg.io/v1
    kind: Cluster
    name: hot-postgres
    namespace: demo
    status: {targetPrimary: hot-postgres-2}
    then_label:
      hot-postgres-1: {cnpg.io/instanceRole: replica}
      hot-postgres-2: {cnpg.io/instanceRole: primary}
    once:
      pod: hot-postgres-2
      container: postgres
      command: [sh, -c, 'until [ -z "$(psql -XAtc "SELECT 1 FROM pg_stat_wal_receiver")" ]; do sleep 0.1; done']
"""

RETURN = r"""
before:
  description: The fields as they were.
  type: dict
  returned: always
labelled:
  description: Whether the pods got their labels.
  type: bool
  returned: where a status was changed and O(then_label) is set
not_labelled:
  description: Why they did not.
  type: str
  returned: where they did not
"""

import json
import time
import traceback

from ansible_collections.pgha.kubernetes.plugins.module_utils.api_client import api_client
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS, api_module
from ansible_collections.pgha.kubernetes.plugins.module_utils.pod_command import NotRunError, run_in_pod

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
    from kubernetes.client import ApiException, CoreV1Api
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


def wait_in_pod(api, namespace, once):
    """Run the command that waits for the moment, and say why it did not come, or nothing where it has.

    :param api: the client's CoreV1Api
    :param once: the module's parameter
    """
    try:
        place = (namespace, once["pod"], once["container"])
        _stdout, stderr, rc = run_in_pod(api, *place, once["command"], once["timeout"])
    except NotRunError as exc:
        return f"the command that waits for the moment came to nothing: {exc}"
    return f"the command that waits for the moment ended with {rc}: {stderr.strip()}" if rc else ""


def labelled_pods(api, params):
    """Label the pods at their moment, and return `labelled`, and `not_labelled` with the reason."""
    try:
        reason = wait_in_pod(api, params["namespace"], params["once"])
        if not reason:
            for pod, labels in params["then_label"].items():
                api.patch_namespaced_pod(pod, params["namespace"], {"metadata": {"labels": labels}})
    except (ApiException, HTTPError) as exc:
        reason = words(exc)
    return {"labelled": False, "not_labelled": reason} if reason else {"labelled": True}


def words(exc):
    """Return what the API says, without the JSON around it."""
    try:
        return json.loads(exc.body)["message"]
    except (AttributeError, TypeError, ValueError, KeyError):
        return str(exc)


def main():
    """Run the module."""
    module = api_module(
        {
            "api_version": {"type": "str", "required": True},
            "kind": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str", "required": True},
            "status": {"type": "dict", "required": True},
            "unless": {"type": "dict", "default": {}},
            "expect": {"type": "dict", "default": {}},
            "then_label": {"type": "dict"},
            "once": {
                "type": "dict",
                "options": {
                    "pod": {"type": "str", "required": True},
                    "container": {"type": "str", "required": True},
                    "command": {"type": "list", "elements": "str", "required": True},
                    "timeout": {"type": "int", "default": 10},
                },
            },
            "settle": {"type": "int", "default": 0},
            **API_OPTIONS,
        },
        MISSING,
        required_together=[("then_label", "once")],
    )
    try:
        client = api_client(AnsibleK8SModule(module_class=lambda: module))
        before = changed_status(client, module.params, module.check_mode)
        also = {}
        if before is not None and module.params["then_label"] and not module.check_mode:
            also = labelled_pods(CoreV1Api(client.client.client), module.params)
            if not also["labelled"]:
                module.warn(f"labels are left to the operator, which may take seconds more: {also['not_labelled']}")
    except (CoreException, DynamicApiError, HTTPError) as exc:
        module.fail_json(msg=words(exc))
    except (ResourceNotFoundError, ResourceNotUniqueError) as exc:
        module.fail_json(msg=f"the Kubernetes API has no kind {module.params['kind']}: {exc}")
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    if before is None:
        module.exit_json(changed=False, before={})
    if not module.check_mode:
        time.sleep(module.params["settle"])
    module.exit_json(changed=True, before=before, diff={"before": before, "after": module.params["status"]}, **also)


if __name__ == "__main__":
    main()
