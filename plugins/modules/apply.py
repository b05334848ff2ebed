#!/usr/bin/python
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply manifests, and write nothing where nothing differs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apply
short_description: Apply manifests, and write nothing where nothing differs
version_added: 1.0.0
author: the pgha.kubernetes authors (@pgha)
description:
  - Brings objects to what their manifests say, as C(kubectl apply) does, all of them in one process.
  - An object that is as wanted costs one request and no write. C(kubernetes.core.k8s) with O(ignore:apply=true) makes
    three, and sends a patch whenever the manifest has a list in it.
  - What was applied last is kept in an annotation, as C(kubectl apply) does. A manifest of more than 128 KiB is kept
    compressed, in one of our own, as the API takes 256 KiB of annotations, and kubectl could not read it. Neither is
    in the result or in the difference, nor is C(metadata.managedFields).
  - A field that the API does not know is refused.
  - In check mode a changed object is a dry run of the API. An object that is not there is not sent, as its namespace
    or its kind may come with the same run.
  - An object that is being deleted is waited for, up to 30 s, and made anew; one that has not gone by then is refused.
    In check mode it counts as one that is not there.
  - Secrets and namespaces are merged, without the annotation with what was applied last. It would keep the contents of
    a Secret; and with that of somebody else, labels would be taken from a namespace. So what a manifest no longer has
    stays there; a key of a Secret's C(data) goes where the manifest says C(null).
  - The contents of Secrets are in no difference. They are in the result, as those of other objects are, so a task that
    applies some should have C(no_log).
  - Where the connection is local, and neither C(become) nor C(environment) is set, it runs in Ansible's own process,
    with the Python of C(ansible-playbook). With C(PGHA_API_TASKS=module) in the environment it does not, nor on macOS
    without C(PGHA_API_TASKS=process).
options:
  definition:
    description: The manifests, in the order to apply them.
    type: list
    elements: dict
    required: true
  only_own:
    description:
      - Whether to refuse objects that something else made, before any of the manifests is applied. They are those
        without the label C(app.kubernetes.io/managed-by) that the manifest gives them. As with Helm, whoever wants one
        to be taken over gives it that label.
      - And those of another PostgreSQL cluster, whose label C(pgha.kubernetes/cluster) is another than the manifest's.
      - Namespaces, and manifests without the label, are not looked at.
    type: bool
    default: false
  expect:
    description:
      - Fields of the objects that what was decided rests on, as V(data), and what they were. What has none has them
        empty, and so has an object that is not there.
      - Where something is to be written, and one of them is other by now, nothing is written. The API refuses what
        comes in between, too. That something else of the object is other does no harm.
    type: dict
  only_create:
    description:
      - Names of objects that are made and not changed. One that is there, or that something else makes meanwhile, stays
        as it is, and is in the result so.
      - It is for what is another one each time, as a generated password.
    type: list
    elements: str
    default: []
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
- name: Apply the manifests
  pgha.kubernetes.apply:
    definition:
      - apiVersion: v1
        kind: Namespace
        metadata: {name: demo}
      - "{{ lookup('ansible.builtin.template', 'service.yml.j2') | from_yaml }}"
"""

RETURN = r"""
changed_meanwhile:
  description: That an object has changed meanwhile, for which nothing was written to it.
  type: bool
  returned: where O(expect) does not hold
result:
  description: What became of the objects.
  type: dict
  returned: always
  contains:
    results:
      description: >-
        For each manifest, in its order, V(changed), V(method) (V(unchanged), V(create) or V(patch)) and the object
        as V(result).
      type: list
      elements: dict
"""

import json
import time
import traceback
from itertools import product

from ansible_collections.pgha.kubernetes.plugins.module_utils.api_client import api_client
from ansible_collections.pgha.kubernetes.plugins.module_utils.api_options import API_OPTIONS, api_module
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import (
    merge_for,
    patch_for,
    patched,
    with_annotation,
)

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.service import diff_objects, hide_fields
    from kubernetes.dynamic.exceptions import (
        ConflictError,
        DynamicApiError,
        NotFoundError,
        ResourceNotFoundError,
        ResourceNotUniqueError,
    )
    from urllib3.exceptions import HTTPError

    MISSING = None
except ImportError:
    MISSING = traceback.format_exc()

ATTEMPTS = 4
PAUSE = 2  # seconds
# How often, and with which pause in seconds, an object that is being deleted is looked for until it has gone.
LOOKS = 30
LOOK_PAUSE = 1
# What keeps no annotation: it would repeat a Secret, and undo what others applied to a namespace.
MERGED = ("Namespace", "Secret")
LONGEST = 1500  # characters of a message
OWNER_LABEL = "app.kubernetes.io/managed-by"
CLUSTER_LABEL = "pgha.kubernetes/cluster"
MANAGER = "pgha.kubernetes"
# What is in no result and in no difference.
HIDDEN_FIELDS = [
    "metadata.managedFields",
    "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
    "metadata.annotations[pgha.kubernetes/last-applied-configuration]",
]
ARGUMENT_SPEC = {
    "definition": {"type": "list", "elements": "dict", "required": True},
    "only_own": {"type": "bool", "default": False},
    "expect": {"type": "dict"},
    "only_create": {"type": "list", "elements": "str", "default": []},
    **API_OPTIONS,
}


class RefusedError(Exception):
    """The API, or this module, does not take a manifest."""


class ChangedMeanwhileError(RefusedError):
    """An object is no longer the one that was decided on."""

    def __init__(self, what):
        """Say what changed."""
        super().__init__(f"it has changed meanwhile ({what}), so nothing was written to it: run this again")


class Applier:
    """Applies manifests through one client."""

    def __init__(self, client, check_mode=False, expect=None, only_create=()):
        """Keep how to apply.

        :param client: the client of kubernetes.core; in check mode it makes every write a dry run
        :param check_mode: whether objects that are not there are left alone
        :param expect: fields that objects have to have where something is to be written; None where any do
        :param only_create: names of objects that are not changed where they are there
        """
        self.client = client
        self.check_mode = check_mode
        self.expect = expect
        self.only_create = only_create
        self._found = {}  # what `check_own` has read, so that it is not read twice

    def check_own(self, definition):
        """Look whether an object is there that something else made, or that another PostgreSQL cluster has.

        :raises RefusedError: it is
        """
        self._check(definition)
        owner = _owner(definition)
        if not owner or definition["kind"] == "Namespace":
            return
        resource = self._kind(definition)
        if resource is None:
            return  # none is there; `apply` says so
        there = self._found[_label(definition)] = self._read(resource, definition)
        if not there or _leaves(there):
            return
        # The label may be another one by overrides, in this run or since the last one.
        if _owner(there) not in (owner, MANAGER):
            raise RefusedError(
                f"something else made it, as it does not have the label {OWNER_LABEL}={owner}, so none of these "
                "objects was applied: give another name or namespace, or it that label, so that it is taken over"
            )
        # Names are made of the cluster's and an ending, and another cluster's may have that ending already.
        cluster, mine = (_labels(item).get(CLUSTER_LABEL) for item in (there, definition))
        if cluster and mine and cluster != mine:
            raise RefusedError(
                f"it belongs to the PostgreSQL cluster {cluster}, as its label {CLUSTER_LABEL} says, and not to "
                f"{mine}, so none of these objects was applied: give another name or namespace"
            )

    def apply(self, definition):
        """Apply one manifest, and return what became of it.

        :raises RefusedError: the API does not take it
        """
        self._check(definition)
        resource = self._resource(definition)
        there = self._read_staying(resource, definition) if resource else None
        if there is None:
            now, method = self._create(resource, definition), "create"
        else:
            now = self._changed(resource, definition, there)
            method = "unchanged" if now is there else "patch"
        same, difference = diff_objects(there or {}, now, HIDDEN_FIELDS)
        secret = ["data"] if definition["kind"] == "Secret" else []
        return {
            "changed": not same,
            "method": method,
            "result": hide_fields(now, HIDDEN_FIELDS),
            "diff": {} if same else {side: hide_fields(fields, secret) for side, fields in difference.items()},
        }

    def _check(self, definition):
        if not definition.get("apiVersion") or not definition.get("kind") or not _name(definition):
            raise RefusedError("a manifest needs apiVersion, kind and metadata.name")
        if definition["kind"] == "Secret" and definition.get("stringData"):
            raise RefusedError("give `data` in place of `stringData`, with which nothing can be compared")

    def _kind(self, definition):
        """Return how the API calls the kind; None for a kind that it does not know."""
        try:
            resource = _again(lambda: self.client.resource(definition["kind"], definition["apiVersion"]))
        except (ResourceNotFoundError, ResourceNotUniqueError):
            return None
        if resource.namespaced and not definition["metadata"].get("namespace"):
            raise RefusedError("a manifest of this kind needs metadata.namespace")
        return resource

    def _resource(self, definition):
        """Return how the API calls the kind; None for a kind that it does not know, in check mode."""
        resource = self._kind(definition)
        if resource is None and not self.check_mode:
            raise RefusedError(
                f"the Kubernetes API has no kind {definition['kind']} of {definition['apiVersion']}: "
                "install what brings it first"
            )
        return resource

    def _read(self, resource, definition):
        try:
            return _again(lambda: self.client.get(resource, **_address(definition)).to_dict())
        except NotFoundError:
            return None

    def _read_staying(self, resource, definition):
        """Return the object; None where there is none, or where it was being deleted and has gone.

        What is being deleted takes a patch, and goes all the same: the run would end well, without the object.
        """
        label = _label(definition)
        there = self._found.pop(label) if label in self._found else self._read(resource, definition)
        for _look in range(LOOKS):
            if not _leaves(there):
                return there
            if self.check_mode:
                return None
            time.sleep(LOOK_PAUSE)
            there = self._read(resource, definition)
        if not _leaves(there):
            return there
        held = [*(there["metadata"].get("finalizers") or []), *((there.get("spec") or {}).get("finalizers") or [])]
        raise RefusedError(
            f"it is being deleted since {there['metadata']['deletionTimestamp']}, and did not go within "
            f"{LOOKS * LOOK_PAUSE} s (finalizers: {', '.join(held) or 'none'}): run this again once it has gone"
        )

    def _create(self, resource, definition):
        self._check_expected({})
        body = patched({}, definition) if definition["kind"] in MERGED else with_annotation(definition)
        if self.check_mode:
            return body
        namespace = definition["metadata"].get("namespace")
        try:
            return _again(
                lambda: self.client.create(resource, body, namespace=namespace, query_params=_strict()).to_dict()
            )
        except ConflictError:  # made by something else since it was looked for
            return self._changed(resource, definition, self._read_staying(resource, definition) or {})

    def _changed(self, resource, definition, there):
        """Return an object as it is once it is as its manifest says."""
        for attempt in range(1, ATTEMPTS + 1):
            if there and _name(definition) in self.only_create:
                return there
            patch = _patch_for(definition, there)
            if not patch:
                return there
            self._check_expected(there)
            try:
                return self._patch(resource, definition, patch if self.expect is None else _versioned(patch, there))
            except ConflictError as exc:
                if self.expect is None:
                    raise
                if attempt == ATTEMPTS:
                    raise ChangedMeanwhileError("again and again") from exc
                there = self._read_staying(resource, definition) or {}
        raise AssertionError("not reached")

    def _check_expected(self, there):
        """Look whether an object is the one that was decided on.

        :raises ChangedMeanwhileError: it is not
        """
        other = [key for key, value in (self.expect or {}).items() if (there.get(key) or {}) != (value or {})]
        if other:
            raise ChangedMeanwhileError(", ".join(other))

    def _patch(self, resource, definition, patch):
        address = {**_address(definition), "content_type": "application/merge-patch+json"}
        return _again(lambda: self.client.patch(resource, patch, query_params=_strict(), **address).to_dict())


def _again(send):
    """Return what a request returns, sent again where the API is away for a moment."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return send()
        except DynamicApiError as exc:
            if attempt == ATTEMPTS or exc.status not in (429, 500, 502, 503, 504) or "webhook" in str(exc.body):
                raise
        except HTTPError:
            if attempt == ATTEMPTS:
                raise
        time.sleep(PAUSE)
    raise AssertionError("not reached")


def _strict():
    """Have the API refuse fields that it does not know, in place of dropping them without a word."""
    return [("fieldValidation", "Strict"), ("fieldManager", "pgha.kubernetes")]


def _versioned(patch, there):
    """Have the API refuse a patch where something has written the object since it was read."""
    version = (there.get("metadata") or {}).get("resourceVersion")
    return {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": version}} if version else patch


def _patch_for(definition, there):
    return (merge_for if definition["kind"] in MERGED else patch_for)(definition, there)


def _leaves(there):
    return bool(there and (there.get("metadata") or {}).get("deletionTimestamp"))


def _name(definition):
    return (definition.get("metadata") or {}).get("name")


def _address(definition):
    address = {"name": definition["metadata"]["name"], "namespace": definition["metadata"].get("namespace")}
    return {key: value for key, value in address.items() if value}


def _labels(item):
    return (item.get("metadata") or {}).get("labels") or {}


def _owner(item):
    return _labels(item).get(OWNER_LABEL)


def _label(definition):
    namespace = (definition.get("metadata") or {}).get("namespace")
    return "/".join(part for part in (definition.get("kind"), namespace, _name(definition)) if part)


def _words(exc):
    """Return what the API says, without the JSON around it and the object that it may repeat."""
    body = getattr(exc, "body", None)
    try:
        words = json.loads(body)["message"]
    except (TypeError, ValueError, KeyError):
        words = str(body or exc)
    return words[max(words.rfind("strict decoding error"), 0) :][:LONGEST]


def run(module, applier):
    """Apply all manifests of the module's arguments."""
    results, before, after = [], {}, {}
    steps = [applier.check_own] if module.params["only_own"] else []
    for step, definition in product([*steps, applier.apply], module.params["definition"]):
        try:
            result = step(definition)
        except (RefusedError, DynamicApiError, HTTPError) as exc:
            module.fail_json(
                msg=f"{_label(definition)}: {_words(exc)}",
                changed=any(item["changed"] for item in results),
                result={"results": results},
                **({"changed_meanwhile": True} if isinstance(exc, ChangedMeanwhileError) else {}),
            )
        if result is None:
            continue
        if result["changed"]:
            before[_label(definition)] = result["diff"].get("before", {})
            after[_label(definition)] = result["diff"].get("after", {})
        results.append({key: value for key, value in result.items() if key != "diff"})
    outcome = {"changed": any(item["changed"] for item in results), "result": {"results": results}}
    if module._diff:
        outcome["diff"] = {"before": before, "after": after}
    module.exit_json(**outcome)


def work(module):
    """Do what the module is for; `module` is an AnsibleModule, or is used like one."""
    try:
        client = _again(lambda: api_client(AnsibleK8SModule(module_class=lambda: module)))  # it asks which API it is
        how = {key: module.params[key] for key in ("expect", "only_create")}
        run(module, Applier(client, module.check_mode, **how))
    except (CoreException, DynamicApiError, HTTPError) as exc:
        module.fail_json(msg=_words(exc))


def main():
    """Run the module."""
    work(api_module(ARGUMENT_SPEC, MISSING))


if __name__ == "__main__":
    main()
