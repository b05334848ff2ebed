# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drill connection_storm runs beside the clients: three times as many sessions as there are children.

Its arguments are the number of pods of Pgpool-II and the seconds for which it keeps the sessions.
"""

import collections
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2


def login():
    """Return the first user who may log in."""
    for folder in sorted(Path("/users").glob("[0-9]*")):
        user, password = ((folder / name).read_text() for name in ("username", "password"))
        try:
            return {"user": user, "password": password}, psycopg2.connect(user=user, password=password)
        except psycopg2.Error:
            continue
    sys.exit("no user can log in")


def open_one(user):
    """Open a session, and return it, or why there is none."""
    try:
        return psycopg2.connect(connect_timeout=10, **user)
    except psycopg2.Error as error:
        return str(error).strip().splitlines()[-1].rpartition("FATAL: ")[2].strip()


def main():
    """Open them at once."""
    pods, seconds = int(sys.argv[1]), float(sys.argv[2])
    user, first = login()
    with first.cursor() as cursor:
        cursor.execute("PGPOOL SHOW num_init_children")
        [[children]] = cursor.fetchall()
    first.close()
    wanted = 3 * int(children) * pods
    with ThreadPoolExecutor(64) as threads:
        found = list(threads.map(open_one, [user] * wanted))
    refused = collections.Counter(answer for answer in found if isinstance(answer, str))
    reasons = "; ".join(f"{count} times {reason}" for reason, count in refused.most_common(3))
    let_in = wanted - refused.total()
    print(f"Of {wanted} sessions at once {let_in} were let in, the others refused: {reasons or 'none'}.")
    time.sleep(seconds)


if __name__ == "__main__":
    main()
