# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's PgBouncer before the standbys, for what a hop costs at least: it runs in a pod of PostgreSQL's image."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import pods, site

NAME, PORT = "bench-pgbouncer", 6432
START = """
set -eu
umask 077
cd /tmp
quoted() {{ sed 's/"/""/g' "/secrets/{secret}/$1"; }}
printf '"%s" "%s"\\n' "$(quoted username)" "$(quoted password)" > users
cat > pgbouncer.ini <<'END'
[databases]
* = host={host} port=5432
[pgbouncer]
listen_addr = *
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /tmp/users
pool_mode = transaction
max_client_conn = 500
logfile = /tmp/pgbouncer.log
pidfile = /tmp/pgbouncer.pid
END
export LD_LIBRARY_PATH="$(dirname "$(find /tmp/programs -name 'libevent-2.1.so*' | head -n 1)")"
/tmp/programs/usr/sbin/pgbouncer --daemon pgbouncer.ini || {{ cat pgbouncer.log >&2; exit 1; }}
"""


def programs() -> bytes:
    """Return PgBouncer and the libraries that it needs, but for that of C, as a tar archive.

    :raises OSError: this is no Debian
    :raises subprocess.CalledProcessError: Debian's archive has no PgBouncer, or cannot be had
    """
    said = subprocess.run(["apt-cache", "depends", "pgbouncer"], check=True, capture_output=True, text=True).stdout
    libraries = set(re.findall(r"^  Depends: (lib\S+)$", said, re.MULTILINE)) - {"libc6"}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["apt-get", "download", "pgbouncer", *libraries], check=True, capture_output=True, cwd=folder, text=True
        )
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", str(package), f"{folder}/programs"], check=True)
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as archive:
            archive.add(f"{folder}/programs", "programs")
        return made.getvalue()


@contextmanager
def running(secret: str) -> Iterator[None]:
    """Have PgBouncer and a Service NAME before it. The user is that of a Secret."""
    archive = programs()
    with pods.running(NAME, pods.image_of_postgres(), [secret]), pods.service(NAME, PORT):
        unpack = [*site.KUBECTL, pods.NAMESPACE, "exec", "--stdin", NAME, "--"]
        command = ["tar", "--extract", "--no-same-owner", "--directory=/tmp"]
        subprocess.run([*unpack, *command], input=archive, check=True, capture_output=True)
        host = f"{pods.CLUSTER.name}-ro.{pods.CLUSTER.namespace}.svc"
        pods.shell(NAME, START.format(secret=secret, host=host, port=PORT))
        yield
