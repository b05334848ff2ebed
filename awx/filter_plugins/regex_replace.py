# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's regex_replace for apply.yml, beside which it is: what is omitted stays omitted.

The roles of infra.controller_configuration, and those of infra.aap_configuration before its #1289, have
`default(omit, true) | regex_replace(...)` for a notification's messages, an inventory's variables and an inventory
source's. From ansible-core 2.19 on that is the text `<<Omit>>`, which the modules refuse. An empty mapping in each
object would pass, but take away what is there: AWX keeps the variables of the inventory's group `all` with the
inventory, and jobs would run without them until it is updated from git.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.plugins.filter.core import regex_replace
from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def _unless_omitted(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
    return value if value is context["omit"] else regex_replace(value, *args, **kwargs)


class FilterModule:
    """Names the filter, for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"regex_replace": _unless_omitted}
