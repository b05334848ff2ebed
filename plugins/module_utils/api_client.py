# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client with which modules of this collection ask the Kubernetes API."""

from __future__ import annotations

from contextlib import contextmanager

try:
    import yaml
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
    from kubernetes.dynamic.exceptions import DynamicApiError
    from urllib3.exceptions import HTTPError

    # kubernetes.core passes these on: of files that are not there or may not be read, and of a kubeconfig that is none.
    UNUSABLE = (OSError, TypeError, ValueError, yaml.YAMLError)
except ImportError:  # a module says itself what it lacks
    UNUSABLE = ()


@contextmanager
def refusals_end(module):
    """End the module where the API refuses within, with its words and its HTTP `status`, or does not answer, with why.

    :param module: an AnsibleModule, or what is used like one
    """
    try:
        yield
    except DynamicApiError as exc:
        module.fail_json(msg=str(exc.summary()), status=exc.status)
    except (CoreException, HTTPError) as exc:
        module.fail_json(msg=str(exc))


def api_client(module):
    """Return the client, or end the module with why its credentials make none.

    :param module: the AnsibleK8SModule of kubernetes.core
    """
    try:
        return get_api_client(module)
    except UNUSABLE as exc:
        return module.fail_json(msg=f"Could not create API client: {exc}")
    except AttributeError as exc:  # the client takes any answer for a list of what the API can do, a login page, too
        return module.fail_json(msg=f"what answers is no Kubernetes API ({exc})")
