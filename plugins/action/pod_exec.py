# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `pod_exec`, in Ansible's own process where the connection is local."""

from __future__ import annotations

from ansible_collections.pgha.kubernetes.plugins.modules import pod_exec
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.api_action import ApiAction


class ActionModule(ApiAction):
    """Runs the module's code."""

    module = pod_exec
