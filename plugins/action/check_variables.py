# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a role's variables, all of them, against its argument specs and the formats that this collection knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.action import ActionBase
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import before_the_fork  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems

SPECS = Path("meta", "argument_specs.yml")


def options(role_path: str) -> dict[str, Any]:
    """Return the options of a role's entry point `main`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    specs = yaml.load((Path(role_path) / SPECS).read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - it is a safe one
    return specs["argument_specs"]["main"]["options"]


def digest(variables: Mapping[str, Any]) -> str:
    """Return what tells these values from others, without what they are: passwords may be among them."""
    return hashlib.sha256(json.dumps(sorted(variables.items()), default=str).encode()).hexdigest()


class ActionModule(ActionBase):
    """The whole of the module `check_variables`, which has no code of its own."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Fail with a sentence for each problem."""
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            argument_spec={
                "role": {"type": "str", "required": True},
                "apart_from": {"type": "list", "elements": "str", "default": []},
            }
        )
        given, role = task_vars or {}, str(arguments["role"])
        names = [name for name in given if name.startswith(("pgha_", f"{role}_"))]
        variables = {name: self._templar.template(given[name]) for name in names}
        known = options(given["role_path"])
        problems = input_problems(variables, known, role)
        if problems:
            return {**result, "failed": True, "msg": "\n".join(problems)}
        counting = known.keys() - set(arguments["apart_from"])
        seen = digest({name: value for name, value in variables.items() if name in counting})
        return {**result, "changed": False, "digest": seen}
