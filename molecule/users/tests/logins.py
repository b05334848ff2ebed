# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and passwords that are hard to write down, and logins with them, directly and through Pgpool-II."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from conftest import Cluster, until

# Runs in the exporter's container, which has psycopg2, too: statements as users, each in a session of its own, and
# answers or errors.
STATEMENTS = """
import json, sys
import psycopg2
def said(host, user, password, statement):
    try:
        connection = psycopg2.connect(
            host=host, port=5432 if host.endswith("-rw") else 9999, user=user, password=password, dbname="app",
            connect_timeout=5)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            answer = [list(row) for row in cursor.fetchall()] if cursor.description else []
        connection.close()
        return answer
    except psycopg2.Error as error:
        return str(error) or type(error).__name__
print(json.dumps([said(*one) for one in json.load(sys.stdin)], default=str))
"""

# Has psycopg2.
CLIENT_IMAGE = "ghcr.io/pgha/pgpool:4.6"

# Names that only the Secret of a user has who was made by something else, with passwords that are no better.
NAMES = {
    "a:b": "p:w:",
    "back\\slash": "b\\:s",
    "it's": "quote'",
    'say "hi"': 'double"',
    "with a space": "and a space",
    "Upper": "Upper",
    "ünï": "çödé",
    "$dollar": "$$",
    "#hash": "#",
    "a=b,c;d": "=,;",
    "percent%s%n": "%s%n",
    "n" * 63: "long name",
    "100%": "007",
    "'; DROP TABLE x; --": "--",
}

# Passwords that files, URLs, shells and SQL take apart, all of which are to log in, by the names of their users.
NASTY = {
    "colon": "a:b:c",
    "backslash": "a\\b\\",
    "quotes": 'it\'s "quoted"',
    "dollar": "$HOME $(id) ${x} $$",
    "percent": "%s %d %%",
    "space_inside": "a b  c",
    "equals": "a=b=c",
    "hash": "#no comment",
    "semicolon": "'; DROP TABLE x; --",
    "braces": "{x} }} %} #}",
    "yaml": "*a &b !c | > - ? @ `",
    "comma": "a,b,,c",
    "slash": "a/b@host:5432/db?x=1",
    "umlaut": "pässwörd€",
    "chinese": "密码密码",
    "like_aes": "AESnotreally",
    "like_text": "TEXTnotreally",
    "like_md5": "md5 is not a hash",
    "like_scram": "SCRAM-SHA-256$ is not a verifier",
    "long_79": "x" * 79,
    "long_utf8": "é" * 39,
    "digits": "12345678901234567890",
    "like_number": "007",
    "like_true": "true",
    "like_null": "null",
    "one": "x",
    "tilde": "~/.pgpass",
    "brackets": "[a](b)<c>",
    "pipe": "a|b&c>d<e",
    "caret": "^a.*$",
    "star": "***",
    "question": "a?b??",
    "exclamation": "!!a!1",
    "crlf_escaped": "a\\r\\nb\\0",
    "base64": "cGFzc3dvcmQ=",
    "a-b": "a dash in the name",
    "select": "a key word as the name",
    "public1": "nearly a key word",
    "_x": "an underscore first",
}


def as_users(cluster: Cluster, statements: list[tuple[str, str, str, str]]) -> list[Any]:
    """Run statements, each at an address as a user with a password; return the rows or what the server said of each."""
    pod = next(iter(cluster.pgpool_pods()))
    where = [f"--namespace={cluster.namespace}", "exec", "--stdin", pod, "--container=exporter", "--"]
    return json.loads(cluster.kubectl(*where, "python3", "-c", STATEMENTS, text=json.dumps(statements)))


def logins(cluster: Cluster, wanted: list[tuple[str, str, str]]) -> list[str]:
    """Log in as each user, with a password, at an address; return an empty text or what the server said for each."""
    said = as_users(cluster, [(address, user, password, "SELECT 1") for user, password, address in wanted])
    return ["" if answer == [[1]] else str(answer) for answer in said]


class ClientPod:
    """A Python program in a pod, which has a user's Secret in /user, and ends well when there is a file /tmp/stop."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name, self._where = cluster, name, f"--namespace={cluster.namespace}"

    def lines(self) -> list[str]:
        """Return what the program has printed."""
        return self.cluster.kubectl(self._where, "logs", self.name).splitlines()

    def run(self, *command: str) -> str:
        """Run a command beside the program; return what it printed."""
        return self.cluster.kubectl(self._where, "exec", self.name, "--", *command)

    def end(self) -> dict[str, Any]:
        """Let the program end; return its last line, a JSON object."""
        self.run("touch", "/tmp/stop")
        until(lambda: self.lines()[-1:] and self.lines()[-1].startswith("{"), 60, f"the pod {self.name} has ended")
        return json.loads(self.lines()[-1])


@contextmanager
def client_pod(cluster: Cluster, name: str, secret: str, *command: str) -> Iterator[ClientPod]:
    """Have a pod of clients that prints a line that begins with `started` once it has begun; it is gone afterwards."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": cluster.namespace},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "volumes": [{"name": "user", "secret": {"secretName": secret}}],
            "containers": [
                {
                    "name": name,
                    "image": CLIENT_IMAGE,
                    "command": ["python3", "-c", *command],
                    "volumeMounts": [{"name": "user", "mountPath": "/user"}],
                }
            ],
        },
    }
    where, clients = f"--namespace={cluster.namespace}", ClientPod(cluster, name)

    def has_started() -> bool:
        return any(line.startswith("started") for line in clients.lines())

    cluster.kubectl(where, "delete", "pod", name, "--ignore-not-found")
    cluster.kubectl("apply", "--filename=-", text=json.dumps(pod))
    try:
        until(has_started, 60, f"the pod {name} has started")
        yield clients
    finally:
        cluster.kubectl(where, "delete", "pod", name, "--ignore-not-found")
