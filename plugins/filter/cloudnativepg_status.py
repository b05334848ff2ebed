# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cloudnativepg_status
short_description: What is there of the CloudNativePG operator
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Reads from the Deployments of a Kubernetes cluster which version of the operator is installed, whether it is as
    wanted, whether it runs, and whether something else installed it.
positional: version, namespace, fingerprint, looked
options:
  _input:
    description: All Deployments with the label C(app.kubernetes.io/name=cloudnative-pg).
    type: list
    elements: dict
    required: true
  version:
    description: The version that is wanted.
    type: str
    required: true
  namespace:
    description: The namespace that is wanted.
    type: str
    required: true
  fingerprint:
    description: What P(pgha.kubernetes.cloudnativepg_manifests#filter) would annotate.
    type: str
    default: ""
  looked:
    description: >-
      What M(pgha.kubernetes.checksums) says now of the objects in C(sealed). Without it, they are not looked at.
    type: list
    elements: dict
"""

EXAMPLES = r"""
- name: See what is there
  ansible.builtin.debug:
    msg: "{{ __read.resources | pgha.kubernetes.cloudnativepg_status('1.30.1', 'cnpg-system') }}"
"""

RETURN = r"""
_value:
  description: >-
    The keys C(installed), C(image), C(current), C(available), C(newer), C(next_minor), the minor version that comes
    before the wanted one, C(ends_built_in), whether the wanted one is to end backups that the operator makes itself,
    C(foreign), C(elsewhere), C(by_hand), C(sealed), a list of what was applied, with checksums, and C(drifted), the
    names of what of it somebody changed or deleted.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import cloudnativepg_operator as operator


def cloudnativepg_status(
    deployments: Sequence[Mapping[str, Any]],
    version: str,
    namespace: str,
    fingerprint: str = "",
    looked: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Say what is there of the operator."""
    if not isinstance(deployments, (list, tuple)):
        raise AnsibleFilterError(
            f"pgha.kubernetes.cloudnativepg_status: give a list of Deployments, not {type(deployments).__name__}"
        )
    return operator.status(deployments, version, namespace, fingerprint, looked)


class FilterModule:
    """The filter pgha.kubernetes.cloudnativepg_status."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"cloudnativepg_status": cloudnativepg_status}
