# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of `module_utils/api_options.py` in words."""

from __future__ import annotations


class ModuleDocFragment:
    """How modules of this collection reach the Kubernetes API."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig, or what is in it. Else C(K8S_AUTH_KUBECONFIG).
      - Without it, a context and credentials, it is the service account of the pod that it runs in, else C(KUBECONFIG)
        or the default place.
    type: raw
  context:
    description: Context of the kubeconfig. Else C(K8S_AUTH_CONTEXT), or the current one.
    type: str
  host:
    description: Address of the API. Else C(K8S_AUTH_HOST).
    type: str
  api_key:
    description: Token. Else C(K8S_AUTH_API_KEY).
    type: str
  validate_certs:
    description: Whether the certificate of the API must be trusted. Else C(K8S_AUTH_VERIFY_SSL).
    type: bool
  ca_cert:
    description: Path of the CA that signed the certificate of the API. Else C(K8S_AUTH_SSL_CA_CERT).
    type: path
attributes:
  action_group:
    description: Its options have defaults for a whole play or block by C(group/pgha.kubernetes.k8s).
    support: full
    membership:
      - pgha.kubernetes.k8s
requirements:
  - kubernetes >= 24.2.0
  - PyYAML >= 3.11
"""
