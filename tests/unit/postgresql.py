# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL for tests, on machines that have its server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

PROGRAMS = Path(os.path.realpath(shutil.which("initdb") or "/")).parent


class Server:
    """A PostgreSQL of the test's own, on a socket alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = {"PGHOST": str(folder), "PGUSER": "postgres", "PGDATABASE": "postgres"}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        # As root, PostgreSQL does not start.
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": "/tmp", "LC_ALL": "C", **self.socket}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, **user
        )

    def psql(self, text: str) -> str:
        return self.run("psql", "-XAtqc", text).stdout.strip()


AServer = TypeVar("AServer", bound=Server)


def started(kind: type[AServer]) -> Iterator[AServer]:
    """Yield one that runs, for a fixture."""
    if not (PROGRAMS / "pg_ctl").is_file():
        pytest.skip("there is no PostgreSQL server on this machine (no initdb in PATH)")
    # Its own short path, as that of a socket has a limit.
    with tempfile.TemporaryDirectory(prefix="pgha-sql-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        one = kind(folder)
        made = one.run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync")
        assert made.returncode == 0, made.stderr
        options = f"-k {folder} -c listen_addresses='' -c log_statement=all -c fsync=off"
        started = one.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
        assert started.returncode == 0, started.stdout
        try:
            yield one
        finally:
            one.run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
