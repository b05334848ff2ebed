# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Point reads through Pgpool-II with our settings, with those of upstream's sample, through PgBouncer, and directly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import pgbouncer, pods, site, sql
from benchmarks.measure import Row, at_least, in_turns, ratio

CLIENTS = 16
SAMPLE, PORT = "bench-sample", 9999
# In upstream's sample each parameter is a comment with its default. Set is where things are, and who may log in.
CONFIGURATION = """
listen_addresses = '*'
port = {port}
unix_socket_directories = '/tmp'
pcp_socket_dir = '/tmp'
pid_file_name = '/tmp/pgpool.pid'
logdir = '/tmp'
backend_clustering_mode = 'streaming_replication'
backend_hostname0 = '{cluster}-rw.{namespace}.svc'
backend_port0 = 5432
backend_weight0 = 1
backend_flag0 = 'ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER'
backend_hostname1 = '{cluster}-ro.{namespace}.svc'
backend_port1 = 5432
backend_weight1 = 1
backend_flag1 = 'DISALLOW_TO_FAILOVER'
enable_pool_hba = on
pool_passwd = '/secrets/{secret}/pool_passwd'
sr_check_user = 'pgpool_check'
sr_check_database = 'postgres'
"""
START = """
cp /secrets/{secret}/pgpoolkey /tmp/pgpoolkey; chmod 0600 /tmp/pgpoolkey
cat > /tmp/pgpool.conf <<'END'
{configuration}
END
exec pgpool -n -f /tmp/pgpool.conf -F /secrets/{secret}/pcp.conf -a /secrets/{secret}/pool_hba.conf -k /tmp/pgpoolkey
"""
# What the sample lacks of ours that costs something for each query.
TLS = "ssl = on\n"


@contextmanager
def sample(more: str = "") -> Iterator[None]:
    """Have a Pgpool-II with upstream's settings and some more, and a Service before it."""
    cluster = pods.CLUSTER
    secret = f"{cluster.name}-pgpool"
    configuration = CONFIGURATION.format(cluster=cluster.name, namespace=cluster.namespace, secret=secret, port=PORT)
    command = START.format(secret=secret, configuration=configuration + more)
    with pods.running(SAMPLE, pods.image_of_pgpool(), [secret], command, PORT), pods.service(SAMPLE, PORT):
        yield


def run(runs: int) -> list[Row]:
    """Measure them."""
    site.ready()
    name = pods.CLUSTER.name
    ours, direct = (sql.address(each) for each in (f"{name}-pgpool", f"{name}-ro"))
    theirs, bouncer = sql.address(SAMPLE, PORT), sql.address(pgbouncer.NAME, pgbouncer.PORT)
    with sql.client() as pod:
        sql.pgbench(pod, sql.address(f"{name}-rw"), "--initialize --scale=1 --quiet")

        def rates(to: tuple[str, int]) -> tuple[list[float], list[float]]:
            each = [lambda to=to: sql.per_second(pod, to, CLIENTS, options="--select-only") for to in (ours, to)]
            return in_turns(*each, runs)

        try:
            with sample():
                against_sample = rates(theirs)
            with sample(TLS):
                against_tls = rates(theirs)
            against_none = rates(direct)
            with pgbouncer.running(f"{name}-{sql.USER}"):
                against_bouncer = rates(bouncer)
        finally:
            sql.pgbench(pod, sql.address(f"{name}-rw"), "--initialize --init-steps=d")
    what = f"point reads of {CLIENTS} clients through Pgpool-II"
    of_sample = "Pgpool-II with upstream's sample configuration, one pod"
    return [
        at_least(ratio(what, f"{of_sample}, without TLS to PostgreSQL", *against_sample, "per second"), 1.3),
        ratio(what, f"{of_sample}, with TLS to PostgreSQL as ours has", *against_tls, "per second"),
        ratio(what, "the standbys directly", *against_none, "per second"),
        ratio(what, "PgBouncer before the standbys, one pod, by transaction", *against_bouncer, "per second"),
    ]
