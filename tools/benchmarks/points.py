# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Point reads through Pgpool-II with our settings, with those of upstream's sample, and directly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import pods, site, sql
from benchmarks.measure import Row, at_least, in_turns, ratio

CLIENTS = 16
SAMPLE = "bench-sample"
# In upstream's sample each parameter is a comment with its default. Set is where things are, and who may log in.
CONFIGURATION = """
listen_addresses = '*'
port = 9999
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


@contextmanager
def sample() -> Iterator[None]:
    """Have a Pgpool-II with upstream's settings, and a Service before it."""
    cluster = pods.CLUSTER
    secret = f"{cluster.name}-pgpool"
    configuration = CONFIGURATION.format(cluster=cluster.name, namespace=cluster.namespace, secret=secret)
    command = START.format(secret=secret, configuration=configuration)
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SAMPLE, "namespace": cluster.namespace},
        "spec": {"selector": {"bench": SAMPLE}, "ports": [{"port": 9999}]},
    }
    with pods.running(SAMPLE, pods.image_of_pgpool(), [secret], command):
        cluster.kubectl("apply", "--filename=-", text=json.dumps(service))
        try:
            yield
        finally:
            cluster.kubectl(pods.NAMESPACE, "delete", "service", SAMPLE)


def run(runs: int) -> list[Row]:
    """Measure them."""
    site.ready()
    name = pods.CLUSTER.name
    ours, direct, theirs = (sql.address(each) for each in (f"{name}-pgpool", f"{name}-ro", SAMPLE))
    with sql.client() as pod, sample():
        sql.pgbench(pod, sql.address(f"{name}-rw"), "--initialize --scale=1 --quiet")

        def rate(to: tuple[str, int]) -> float:
            return sql.per_second(pod, to, CLIENTS, options="--select-only")

        try:
            against_sample = in_turns(lambda: rate(ours), lambda: rate(theirs), runs)
            against_none = in_turns(lambda: rate(ours), lambda: rate(direct), runs)
        finally:
            sql.pgbench(pod, sql.address(f"{name}-rw"), "--initialize --init-steps=d")
    what = f"point reads of {CLIENTS} clients through Pgpool-II"
    sampled = ratio(what, "Pgpool-II with upstream's sample configuration, one pod", *against_sample, "per second")
    hop = ratio(what, "the standbys directly", *against_none, "per second")
    return [at_least(sampled, 1.3), hop]
