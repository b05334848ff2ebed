# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module that only talks to the Kubernetes API in Ansible's own process: docs/adr/0029.

A module costs a Python that starts, unpacks and imports the Kubernetes client, each time: most of a second, of which
the API takes a tenth. Ansible imports an action plugin once, in its main process, and forks for each task: so here
the client is imported once in a run.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import before_the_fork  # noqa: F401  # pylint: disable=unused-import

# What the client needs for a request. It is imported here and now, before Ansible forks.
with contextlib.suppress(ImportError):  # then the module runs by itself, and says what is missing
    from kubernetes.client import ApiClient, Configuration  # noqa: F401  # pylint: disable=unused-import
    from kubernetes.config.incluster_config import load_incluster_config  # noqa: F401  # pylint: disable=unused-import
    from kubernetes.config.kube_config import load_kube_config  # noqa: F401  # pylint: disable=unused-import
    from kubernetes.dynamic import DynamicClient  # noqa: F401  # pylint: disable=unused-import

display = Display()

# "module" in this variable of the environment: a process for each, as other modules are run. So it is on macOS without
# "process", as macOS may kill a forked process that asks for the system's proxies, which the client does.
SWITCH = "PGHA_API_TASKS"


class DoneError(SystemExit):
    """The module's code is done, as where it would end its own process."""

    def __init__(self, result: dict[str, Any]):
        """Keep the result."""
        super().__init__(0)
        self.result = result


class Call:
    """What a module's code uses of AnsibleModule."""

    no_log_values: Sequence[str] = ()

    def __init__(self, name: str, params: Mapping[str, Any], check_mode: bool, diff: bool):
        """Keep what was asked for."""
        self._name = name
        self.params = dict(params)
        self.check_mode = check_mode
        self._diff = diff
        self.no_log_values = set()

    def exit_json(self, **result: Any) -> None:
        """End with a result."""
        raise DoneError({"changed": False, **result})

    def fail_json(self, msg: str, **result: Any) -> None:
        """End with a failure."""
        raise DoneError({"changed": False, **result, "failed": True, "msg": msg})

    def warn(self, warning: str) -> None:
        """Say something that does not end it."""
        display.warning(warning)

    def debug(self, msg: str) -> None:
        """Say what only a developer wants to know."""
        display.debug(msg)


def plain(value: Any) -> Any:
    """Return what would reach a module: Python's own types, without what Ansible remembers of where they are from."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
    if isinstance(value, int | float):
        return value + 0
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return plain(str(value))


class ApiAction(ActionBase):
    """The base of an action plugin whose module only talks to the API."""

    module: ModuleType
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module's code, here where that is the same."""
        result = super().run(tmp, task_vars)
        if not self._is_local():
            return {**result, **self._execute_module(task_vars=task_vars)}
        validation = ArgumentSpecValidator(self.module.ARGUMENT_SPEC).validate(plain(self._task.args))
        if validation.error_messages:
            return {**result, "failed": True, "msg": "; ".join(validation.error_messages)}
        call = Call(
            self._task.action, validation.validated_parameters, bool(self._task.check_mode), bool(self._task.diff)
        )
        try:
            # A module's warnings are lost, too: such as that of each request whose certificate is not to be checked.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.module.work(call)
        except DoneError as done:
            hidden = {str(value) for value in [*validation._no_log_values, *call.no_log_values]}
            return {**result, **(remove_values(done.result, hidden) if hidden else done.result)}
        raise AssertionError(f"{self._task.action} came to no result")

    def _is_local(self) -> bool:
        """Whether the module would run on this machine, with this machine's Python, as this user."""
        return (
            self.module.MISSING is None
            and os.environ.get(SWITCH, "module" if sys.platform == "darwin" else "process") != "module"
            and self._connection.transport == "local"
            and not self._task.become
            and not any(self._task.environment or [])
        )
