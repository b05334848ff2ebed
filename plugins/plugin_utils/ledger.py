# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the clients of the ledger saw while something happened to the cluster.

The script `roles/pgpool/files/ledger.py` prints it as one line of JSON, the last of its log.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

KEYS = ("gap", "open", "interval", "acknowledged", "lost", "in_doubt", "failed")
WORDS = {"pgpool_write": "write", "direct_write": "write directly to the primary", "pgpool_read": "read"}


def ledger_verdict(log: str) -> dict[str, Any]:
    """Judge what the clients saw.

    :param log: the log of the Job
    :returns: of the client that wrote through Pgpool-II: `gap` (seconds, the longest between two acknowledged writes),
        `open` (whether its last write failed, so that a gap at the end was not over), `interval` (their median),
        `acknowledged`, `lost` (acknowledged and not there), `in_doubt` (there and not acknowledged), `failed`
        (statements by SQLSTATE), `moved` (whether another server took the writes); `ways` (the same for each client,
        and when its gap began, in seconds since 1970); `summary` and `problems` (sentences)
    """
    lines = [line for line in log.splitlines() if line.startswith("{")]
    try:
        ways = json.loads(lines[-1])
        facts = ways["pgpool_write"]
    except (IndexError, ValueError, KeyError) as exc:
        last = " / ".join(log.strip().splitlines()[-5:]) or "no output"
        raise InputError(f"the client that wrote through Pgpool-II did not come to its end: {last}") from exc
    return {
        **{key: facts[key] for key in KEYS},
        "moved": len(facts["servers"]) > 1,
        "ways": {
            way: {"moved": len(seen["servers"]) > 1, **{key: seen[key] for key in (*KEYS, "gap_since")}}
            for way, seen in ways.items()
        },
        "summary": ". ".join(_sentence(way, seen) for way, seen in ways.items()),
        "problems": [
            f"{seen['lost']} writes are lost that were acknowledged ({way})"
            for way, seen in ways.items()
            if seen["lost"]
        ],
    }


def failed_words(failed: dict[str, int]) -> str:
    """Say how many statements failed with which SQLSTATE."""
    return ", ".join(f"{count} with {state}" for state, count in sorted(failed.items())) or "none"


def _sentence(way: str, seen: dict[str, Any]) -> str:
    lost = "" if way.endswith("_read") else f", {seen['lost']} of them are lost"
    still = "; the last one failed, so it was not over when the client ended" if seen["open"] else ""
    return (
        f"No {WORDS[way]} was acknowledged for {seen['gap']:.2f} s (else each {seen['interval']:.2f} s); "
        f"{seen['acknowledged']} were{lost}; statements that failed: {failed_words(seen['failed'])}{still}"
    )
