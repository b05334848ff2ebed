# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that keeps when each task began and ended, as JSON in the file that PGHA_TASK_TIMES names."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: notification
short_description: When each task began and ended
description: Writes it into the file that the environment variable E(PGHA_TASK_TIMES) names, as JSON.
"""


class CallbackModule(CallbackBase):
    """Keeps the times."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        """Begin with the time at which plugins are loaded."""
        super().__init__()
        self.loaded = time.time()
        self.tasks: list[dict[str, Any]] = []

    def v2_playbook_on_task_start(self, task: Any, *_more: Any, **_options: Any) -> None:
        """Keep that a task began; the one before has ended by then."""
        began = {"name": task.get_name(), "action": task.action, "path": task.get_path(), "began": time.time()}
        self.tasks.append({**began, "results": []})

    def _keep(self, what: str) -> None:
        if self.tasks:
            self.tasks[-1]["results"].append([what, time.time()])

    def v2_runner_on_ok(self, *_result: Any) -> None:
        """Keep that a host was done."""
        self._keep("ok")

    def v2_runner_on_failed(self, *_result: Any, **_options: Any) -> None:
        """Keep that a host failed."""
        self._keep("failed")

    def v2_runner_on_skipped(self, *_result: Any) -> None:
        """Keep that a host was skipped."""
        self._keep("skipped")

    def v2_playbook_on_stats(self, *_stats: Any) -> None:
        """Write it."""
        found = {"loaded": self.loaded, "ended": time.time(), "tasks": self.tasks}
        Path(os.environ["PGHA_TASK_TIMES"]).write_text(json.dumps(found))
