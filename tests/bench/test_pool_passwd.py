# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long pool_passwd takes for many users, in seconds of one core. Run by `make limits`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "playbooks" / "collections"))

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pool_passwd import lines


@pytest.mark.parametrize(("method", "seconds"), [("md5", 3), ("aes", 5)])
def test_a_hundred_thousand_users_are_quick(method: str, seconds: float) -> None:
    users = {f"user{number}": f"pässword-{number}" for number in range(100_000)}
    start = time.process_time()
    assert len(lines(users, method=method, key="key")) == 100_000
    took = time.process_time() - start
    print(f"100,000 users, {method}: {took:.2f} s")
    assert took < seconds
