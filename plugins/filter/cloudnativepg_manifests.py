# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cloudnativepg_manifests
short_description: The release manifest of CloudNativePG, as it is applied or removed
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Puts the objects of a release manifest into another namespace, sets image and resources of the operator, and
    sorts them into the order to apply them, the Deployment last.
  - With O(remove), returns only what identifies the objects, in the order to delete them.
positional: version, namespace
options:
  _input:
    description: The documents of the release manifest.
    type: list
    elements: dict
    required: true
  version:
    description: The version that the manifest has to be of.
    type: str
    required: true
  namespace:
    description: Where the operator goes.
    type: str
    required: true
  fingerprint:
    description: Kept as an annotation of the Deployment, to see later what was applied.
    type: str
    default: ""
  image:
    description: The operator's image, if it is not the manifest's.
    type: str
    default: ""
  replicas:
    description: Pods of the operator, on different nodes. One leads.
    type: int
    default: 1
  resources:
    description: Requests and limits of the operator, if they are not the manifest's.
    type: dict
  environment:
    description: Variables of the operator's container, over the manifest's.
    type: dict
  overrides:
    description: Merged into the Deployment last.
    type: dict
    default: {}
  remove:
    description: Return what to delete in place of what to apply.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Apply the operator
  kubernetes.core.k8s:
    definition: >-
      {{ lookup('ansible.builtin.file', 'cnpg-1.30.1.yaml') | from_yaml_all
         | pgha.kubernetes.cloudnativepg_manifests('1.30.1', 'cnpg-system') }}
    apply: true
"""

RETURN = r"""
_value:
  description: The objects.
  type: list
  elements: dict
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import cloudnativepg_operator as operator
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def cloudnativepg_manifests(
    documents: Iterable[Mapping[str, Any] | None],
    version: str,
    namespace: str,
    fingerprint: str = "",
    image: str = "",
    replicas: int = 1,
    resources: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
    remove: bool = False,
) -> list[dict[str, Any]]:
    """Make the list of objects to apply or to delete."""
    try:
        if remove:
            return operator.to_remove(list(documents), namespace)
        return operator.manifests(
            list(documents),
            version,
            namespace,
            fingerprint=fingerprint,
            image=image,
            replicas=replicas,
            resources=resources,
            environment=environment,
            overrides=overrides,
        )
    except InputError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """The filter pgha.kubernetes.cloudnativepg_manifests."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"cloudnativepg_manifests": cloudnativepg_manifests}
