# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters, against Pgpool-II's own programs in a pod of its image, each user in turn and from a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import pods, site
from benchmarks.measure import Row, at_least, in_turns, ratio

sys.path.insert(0, str(site.ROOT / "playbooks" / "collections"))
from ansible_collections.pgha.kubernetes.plugins.filter.pgpool_params import pgpool_params
from ansible_collections.pgha.kubernetes.plugins.filter.pool_passwd import pool_passwd

USERS = 100_000
# How many users the programs get: they read and write the whole file for each.
PROGRAM_USERS = 1_000
KEY = "a-key-for-this-benchmark-alone"
PROGRAMS = {"md5": "pg_md5 --md5auth", "aes": "pg_enc --update-pass --key-file=/tmp/bench/key"}
SCRIPT = """
set -eu
rm -rf /tmp/bench; mkdir -p /tmp/bench; cd /tmp/bench
echo "pool_passwd = 'pool_passwd'" > pgpool.conf
printf '%s' {key} > key; chmod 0600 key
i=0; while [ $i -lt {users} ]; do echo "user$i:password-$i"; i=$((i + 1)); done > users
began=$(date +%s%N)
{command}
ended=$(date +%s%N)
[ "$(wc -l < pool_passwd)" = {users} ] || {{ echo "it made $(wc -l < pool_passwd) lines of {users}" >&2; exit 1; }}
echo $((ended - began))
"""
CONFIG = " --config-file=pgpool.conf"
LOOP = f'while IFS=: read -r user password; do {{program}}{CONFIG} --username="$user" "$password"; done < users'
FILE = f"{{program}}{CONFIG} --input-file=users"
QUIET = " > /dev/null 2> errors || { cat errors >&2; exit 1; }"


def of_filter(method: str) -> float:
    """Return the microseconds that a user costs with the filter."""
    users = {f"user{number}": f"password-{number}" for number in range(USERS)}
    took, made = _timed(lambda: pool_passwd(users, method=method, key=KEY if method == "aes" else None))
    if len(made) != USERS:
        raise RuntimeError(f"pool_passwd made {len(made)} lines of {USERS}")
    return took / USERS * 1e6


def of_program(pod: str, program: str, shape: str) -> float:
    """Return the microseconds that a user costs with a program of Pgpool-II."""
    command = shape.replace("{program}", program) + QUIET
    script = SCRIPT.format(key=KEY, users=PROGRAM_USERS, command=command)
    return int(pods.shell(pod, script).split()[-1]) / PROGRAM_USERS / 1000


def parameters() -> dict[str, Any]:
    """Return 1,000 parameters."""
    return {
        f"{name}{number}": value
        for number in range(125)
        for name, value in (
            ("backend_hostname", f"instance-{number}.demo.svc"), ("backend_port", 5432), ("backend_weight", 1),
            ("backend_flag", "ALLOW_TO_FAILOVER"), ("backend_application_name", f"instance-{number}"),
            ("health_check_period", 5), ("health_check_timeout", 3), ("health_check_max_retries", 2),
        )
    }  # fmt: skip


def run(runs: int) -> list[Row]:
    """Measure each method against its program, in both ways, and 1,000 parameters."""
    rows = []
    with pods.running("bench-filters", pods.image_of_pgpool()) as pod:
        for method, program in PROGRAMS.items():
            for words, shape in (("in a loop", LOOP), ("with `--input-file`", FILE)):
                times = in_turns(
                    lambda method=method: of_filter(method),
                    lambda program=program, shape=shape: of_program(pod, program, shape),
                    runs,
                )
                row = ratio(
                    f"`pool_passwd`, {method}, of {USERS:,} users",
                    f"`{program.split()[0]}` {words}, {PROGRAM_USERS:,} users",
                    *times,
                    "µs for each user",
                )
                # How many times as quick.
                row.figures = [1 / figure for figure in row.figures]
                rows.append(at_least(row, 50) if words == "in a loop" else row)
    given = parameters()
    times = [_timed(lambda: pgpool_params(given))[0] * 1000 for _ in range(runs)]
    rows.append(Row(f"`pgpool_params` of {len(given):,} parameters", "-", times, [], times, "ms", of="ms"))
    return rows


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.monotonic()
    made = work()
    return time.monotonic() - began, made
