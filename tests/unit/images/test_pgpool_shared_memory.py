# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the entry point of the Pgpool-II image does with System V memory and semaphores, in a namespace of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "images" / "pgpool" / "entrypoint.sh"
NAMESPACE = ("unshare", "--user", "--map-root-user", "--ipc")
# In place of pgpool: the ids that are left, without the headings.
FAKE_PGPOOL = (
    "#!/bin/sh\nfor kind in shm sem; do awk -v kind=$kind 'NR > 1 { print kind, $2 }' /proc/sysvipc/$kind; done\n"
)
# Makes memory, attaches it as a Pgpool-II that is alive does, and starts the entry point.
ATTACHED = """
import ctypes, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
assert libc.shmat(libc.shmget(0, 4096, 0o1600), None, 0) not in (None, ctypes.c_void_p(-1).value)
subprocess.run(sys.argv[1:], check=True)
"""


def has_namespaces() -> bool:
    programs = all(map(shutil.which, ("unshare", "ipcmk", "ipcrm")))
    return programs and subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(
    not has_namespaces(), reason="no IPC namespace can be made here (unshare, ipcmk, ipcrm)"
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    for name in ("bin", "config", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin/pgpool").write_text(FAKE_PGPOOL)
    (tmp_path / "bin/pgpool").chmod(0o755)
    return {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PGPOOL_CONFIG_DIR": str(tmp_path / "config"),
        "PGPOOL_RUN_DIR": str(tmp_path / "run"),
    }


def left(environment: dict[str, str], *command: str) -> list[str]:
    """What is left when pgpool starts, of `shm` and `sem`."""
    done = subprocess.run([*NAMESPACE, *command], env=environment, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines() if line.startswith(("shm ", "sem "))]


def test_what_a_killed_pgpool_left_is_removed(environment: dict[str, str]) -> None:
    make = "ipcmk --shmem 4096 && ipcmk --shmem 8192 && ipcmk --semaphore 2"
    assert left(environment, "sh", "-c", f"{make} && exec pgpool") == ["shm", "shm", "sem"]
    assert left(environment, "sh", "-c", f"{make} && exec sh {SCRIPT}") == []


def test_nothing_is_removed_while_someone_is_attached(environment: dict[str, str]) -> None:
    make = f"ipcmk --shmem 4096 && exec {sys.executable} -c '{ATTACHED}' sh {SCRIPT}"
    assert left(environment, "sh", "-c", make) == ["shm", "shm"]
