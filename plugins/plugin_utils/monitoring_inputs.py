# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several variables of the role monitoring say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def monitoring_checks(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each group of rules that Prometheus would not load.

    :param variables: the role's variables, of the right types
    """
    names: set[str] = set()
    for index, group in enumerate(variables.get("monitoring_extra_rule_groups") or []):
        path = f"monitoring_extra_rule_groups[{index}].name"
        name = str(group.get("name") or "")
        if not name:
            yield f"{path} is missing: give the group a name"
        elif name.startswith("pgha-"):
            yield f"{path} is '{name}': names that start with pgha- are those of this collection; give another one"
        elif name in names:
            yield f"{path} is '{name}', as another group is: give each its own name"
        names.add(name)
