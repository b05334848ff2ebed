# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command on the controller and show each line of its output as it comes."""

from __future__ import annotations

import os
import subprocess

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()


class ActionModule(ActionBase):
    """The whole of the module `shown_command`, which has no code of its own."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Run the command; what it printed is the result's `stdout_lines`."""
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            argument_spec={"argv": {"type": "list", "elements": "str", "required": True}},
        )
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "Not run in check mode."}
        environment = dict(os.environ)
        for entry in self._task.environment or []:
            environment |= {name: str(value) for name, value in self._templar.template(entry).items() if value}
        lines = []
        with subprocess.Popen(
            arguments["argv"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment, text=True, errors="replace",
        ) as process:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                display.display(f"  {lines[-1]}")
        result.update(rc=process.returncode, stdout_lines=lines, changed=bool(lines))
        if process.returncode:
            result.update(failed=True, msg=lines[-1] if lines else f"The command ended with {process.returncode}.")
        return result
