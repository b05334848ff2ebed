# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pool_nodes.yml runs in the exporter's container: prints SHOW POOL_NODES of the Pgpool-II beside it, as CSV."""

import csv
import os
import signal
import sys
from pathlib import Path

import psycopg2

# A Pgpool-II that hangs must not hold up whoever asks: the signal ends this process, also while it waits in libpq.
signal.alarm(20)
try:
    password = Path(os.environ["PGPOOL_EXPORTER_PASSWORD_FILE"]).read_text()
    connection = psycopg2.connect(password=password, connect_timeout=10)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SHOW POOL_NODES")
        writer = csv.writer(sys.stdout)
        writer.writerow([column.name for column in cursor.description])
        writer.writerows(cursor.fetchall())
except psycopg2.Error as error:
    print(f"no answer: {error}")
