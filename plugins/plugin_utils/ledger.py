# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client of the ledger saw while the primary changed.

The script `roles/pgpool/files/ledger.py` prints it as one line of JSON, the last of its log.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def ledger_verdict(log: str) -> dict[str, Any]:
    """Judge what the client saw.

    :param log: the log of the Job
    :returns: `gap` (seconds, the longest between two acknowledged writes), `interval` (their median), `acknowledged`,
        `lost` (acknowledged and not there), `in_doubt` (there and not acknowledged), `failed` (statements by SQLSTATE),
        `moved` (whether another server took the writes), `summary` and `problems` (sentences)
    """
    lines = [line for line in log.splitlines() if line.startswith("{")]
    try:
        facts = json.loads(lines[-1])
    except (IndexError, ValueError) as exc:
        last = " / ".join(log.strip().splitlines()[-5:]) or "no output"
        raise InputError(f"the client that wrote through Pgpool-II did not come to its end: {last}") from exc
    failed = ", ".join(f"{count} with {state}" for state, count in sorted(facts["failed"].items())) or "none"
    return {
        **{key: facts[key] for key in ("gap", "interval", "acknowledged", "lost", "in_doubt", "failed")},
        "moved": len(facts["servers"]) > 1,
        "summary": (
            f"No write was acknowledged for {facts['gap']:.2f} s (else each {facts['interval']:.2f} s); "
            f"{facts['acknowledged']} were, {facts['lost']} of them are lost; statements that failed: {failed}"
        ),
        "problems": [f"{facts['lost']} writes are lost that were acknowledged"] if facts["lost"] else [],
    }
