# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How modules of this collection reach the Kubernetes API. `doc_fragments/api_options.py` says it in words."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

API_OPTIONS = {
    "kubeconfig": {"type": "raw"},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool"},
    "ca_cert": {"type": "path"},
}


def api_module(argument_spec, missing, **options):
    """Return the AnsibleModule of a module that asks the API, or end with what it lacks.

    :param missing: the traceback of the import that failed, or None
    :param options: of AnsibleModule, beside `supports_check_mode`, which all have
    """
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True, **options)
    if missing:
        needs = "the Python package kubernetes and the collection kubernetes.core"
        module.fail_json(msg=missing_required_lib(needs), exception=missing)
    return module
