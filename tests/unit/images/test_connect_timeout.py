# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""connect() as the image's Pgpool-II has it, called as connect_with_timeout() of its pool_connection_pool.c does."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "images" / "pgpool" / "connect_timeout.c"
# It says with which error each call ended, until one is none of those that mean "not yet".
CLIENT = """
import errno, json, select, socket, sys, time
kind, wait, port = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
made = socket.socket(socket.AF_INET, getattr(socket, kind))
made.setblocking(False)
said, begun = [], time.monotonic()
while time.monotonic() - begun < 10:
    said.append(made.connect_ex(("127.0.0.1", port)))
    if said[-1] not in (errno.EINPROGRESS, errno.EALREADY):
        break
    select.select([made], [made], [], wait)
print(json.dumps([said, bool(made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))]))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Containerfile makes of it."""
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed here; the build of the image compiles it")
    made = tmp_path_factory.mktemp("library") / "connect_timeout.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", made, SOURCE], check=True)
    return made


@pytest.fixture
def silent() -> Iterator[int]:
    """A port of which nothing comes back: the kernel drops who wants in where nobody takes those who are in."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for each in waiting:
            each.close()


def calls(library: Path | str, port: int, wait: float = 0.7, kind: str = "SOCK_STREAM") -> tuple[list[int], bool]:
    """Return what each call said, and whether the socket has keepalive."""
    command = [sys.executable, "-c", CLIENT, kind, str(wait), str(port)]
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    said, alive = json.loads(done.stdout)
    return said, alive


def test_the_second_wait_is_the_last(library: Path, silent: int) -> None:
    """One that a signal cut short is none: it goes on then, and no longer than a second."""
    assert calls(library, silent, wait=1.1) == ([errno.EINPROGRESS, errno.ETIMEDOUT], True)
    assert calls(library, silent, wait=0.7) == ([errno.EINPROGRESS, errno.EALREADY, errno.ETIMEDOUT], True)


def test_whoever_answers_is_connected_or_refused_as_before(library: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert calls(library, port)[0][-1] in (0, errno.EISCONN)
    assert calls(library, port)[0][-1] == errno.ECONNREFUSED


@pytest.mark.parametrize(
    ("times", "milliseconds"),
    [((60, 10, 6), 120_000), ((10, 5, 3), 25_000), ((7200, 75, 9), 0), ((30, 10, 87), 900_000), ((30, 10, 88), 0)],
)
def test_what_nobody_takes_waits_no_longer_than_keepalive(
    library: Path, times: tuple[int, int, int], milliseconds: int
) -> None:
    """The kernel sends no keepalive while it still sends; with times that are longer than its patience, that holds."""
    asked = """
import socket, sys
made = socket.socket()
for option, value in zip((socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT), sys.argv[1:]):
    made.setsockopt(socket.IPPROTO_TCP, option, int(value))
made.connect_ex(("127.0.0.1", 9))
print(made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
"""
    command = [sys.executable, "-c", asked, *map(str, times)]
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) == milliseconds


def test_other_sockets_are_left_alone(library: Path) -> None:
    """Such as those of the look-up of names."""
    assert calls(library, 9, kind="SOCK_DGRAM")[0] == [0]
