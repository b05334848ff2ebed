# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/with-env: what a command finds in its environment, on machines that are set up otherwise than this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Stands in for the newest Python, so that nothing is installed: its virtual environments have this one, and no pip.
PYTHON = f"""#!/bin/sh
case $1 in
  -c) echo 3014 ;;
  -m) mkdir -p "$3/bin" && ln -s {sys.executable} "$3/bin/python" && ln -s {shutil.which("true")} "$3/bin/pip" ;;
  *) echo Python 3.14.0 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools/with-env", root / "tools/with-env")
    (root / "requirements-dev.txt").write_text("", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3.14").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "bin/python3.14").chmod(0o755)
    return root


def said(checkout: Path, *command: str, **environment: str) -> str:
    """Return what a command prints, where nothing is in the environment but what every shell has and what is given."""
    folder = checkout.parent
    done = subprocess.run(
        [checkout / "tools/with-env", *command],
        env={
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"LANG": "xx_XX.UTF-8"}, "C.UTF-8", id="a locale that is not made here"),
        pytest.param({"LC_ALL": "C"}, "C.UTF-8", id="no UTF-8"),
        pytest.param({"LC_TIME": "xx_XX.UTF-8", "LANG": "C.UTF-8"}, "C.UTF-8", id="one category that is not made here"),
        pytest.param({"LANG": "C.UTF-8"}, "as it was", id="UTF-8"),
        pytest.param({"LC_ALL": "C.utf8"}, "C.utf8", id="UTF-8 under another name"),
    ],
)
def test_the_locale_is_one_that_ansible_takes(environment: dict[str, str], expected: str, checkout: Path) -> None:
    assert said(checkout, "sh", "-c", 'echo "${LC_ALL-as it was}"', **environment) == expected


def test_git_reads_a_checkout_of_another_user(checkout: Path) -> None:
    subprocess.run(["git", "init", "-q", checkout], check=True)
    # Of this user, who is another one to git by what this variable of its own tests says.
    another = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    files = ("git", "ls-files", "--others", "requirements-dev.txt")
    assert said(checkout, *files, **another) == "requirements-dev.txt"
    # Settings that are there already stay.
    mine = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "somebody"}
    assert said(checkout, "git", "config", "user.name", **another, **mine) == "somebody"
    assert said(checkout, *files, **another, **mine) == "requirements-dev.txt"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, "-", id="no proxy"),
        pytest.param({"https_proxy": "p"}, "127.0.0.1,localhost", id="a proxy for all"),
        pytest.param({"HTTPS_PROXY": "p", "NO_PROXY": "here"}, "here,127.0.0.1,localhost", id="a proxy but for some"),
        pytest.param({"http_proxy": "p", "no_proxy": "*"}, "*", id="a proxy for nothing"),
        pytest.param({"http_proxy": "p", "no_proxy": "127.0.0.1,localhost"}, "127.0.0.1,localhost", id="as it is here"),
    ],
)
def test_no_proxy_is_asked_for_the_local_cluster(environment: dict[str, str], expected: str, checkout: Path) -> None:
    shown = said(checkout, "sh", "-c", 'echo "${no_proxy--} ${NO_PROXY--}"', **environment)
    assert shown == f"{expected} {expected}"
