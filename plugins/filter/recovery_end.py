# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: recovery_end
short_description: How PostgreSQL ended a recovery
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Reads the log of a recovery.
positional: sidecar
options:
  _input:
    description: The log, as lines of JSON or plain ones.
    type: str
    required: true
  sidecar:
    description: That of what fetches the WAL, where it is another container.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show the newest transaction that was restored
  ansible.builtin.debug:
    msg: "{{ (__log | pgha.kubernetes.recovery_end).newest }}"
"""

RETURN = r"""
_value:
  description: >-
    C(newest) (time of the newest transaction), C(stopped) (where it was told to stop), C(lsn), C(timeline),
    C(problem), C(unanswered) (a file of the archive that recovery had to do without, as the object store did not say
    whether it is there, and why).
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.restore import recovery_end as _recovery_end


def recovery_end(log: str, sidecar: str = "") -> dict[str, Any]:
    """Say how a recovery ended."""
    for text in (log, sidecar):
        if not isinstance(text, str):
            raise AnsibleFilterError(f"pgha.kubernetes.recovery_end: give the log as text, not {type_name(text)}")
    return _recovery_end(log, sidecar)


class FilterModule:
    """The filter pgha.kubernetes.recovery_end."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"recovery_end": recovery_end}
