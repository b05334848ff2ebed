# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and databases as SQL for psql, where the operator makes none; and what became of the Job that runs it.

No password is in the SQL: psql reads each from a file, and PostgreSQL writes none of it down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import owner_of

COMPONENT = "users"
# Where the Job has the Secret of each user, by the user's place among those who are there.
USER_FILE = "/users/{number}/password"

_START = r"""\set ON_ERROR_STOP on
\set VERBOSITY terse
SET client_min_messages = 'warning';
-- Passwords go by: keep them out of PostgreSQL's log and statistics.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET pg_stat_statements.track = 'none';"""

_FLAGS = {"superuser": "SUPERUSER", "createdb": "CREATEDB", "createrole": "CREATEROLE", "replication": "REPLICATION"}


def users_sql(users: Sequence[Mapping[str, Any]], databases: Sequence[Mapping[str, Any]]) -> str:
    """Return SQL that brings users and databases to what they have to be; run again, it changes nothing.

    :param users: as `all_users` returns them
    :param databases: each with a name, and an owner where it is not the user of the same name
    """
    present = [user for user in users if user["state"] != "absent"]
    lines = [_START]
    lines += [_made("ROLE", user["name"], "pg_roles", "rolname") for user in present]
    for number, user in enumerate(present, start=1):
        lines += _user(user, USER_FILE.format(number=number))
    for database in databases:
        lines.append(_made("DATABASE", database["name"], "pg_database", "datname"))
        lines.append(f"ALTER DATABASE {_name(database['name'])} OWNER TO {_name(owner_of(database))};")
    lines += [_dropped(user["name"]) for user in users if user["state"] == "absent"]
    return "\n".join(lines) + "\n"


def _user(user: Mapping[str, Any], password_file: str) -> Iterator[str]:
    name, flags = _name(user["name"]), [words if user[flag] else f"NO{words}" for flag, words in _FLAGS.items()]
    yield rf"\set password `cat {password_file}`"
    yield (
        f"ALTER ROLE {name} LOGIN INHERIT {' '.join(flags)} CONNECTION LIMIT {user['connection_limit']}"
        " PASSWORD :'password';"
    )
    for role in user["roles"]:
        yield f"GRANT {_name(role)} TO {name};"
    wanted = ", ".join(_text(role) for role in user["roles"])
    yield (
        f"SELECT format('REVOKE %I FROM %I', given.rolname, {_text(user['name'])})"  # noqa: S608 - quoted by _text
        " FROM pg_auth_members AS membership JOIN pg_roles AS given ON given.oid = membership.roleid"
        " JOIN pg_roles AS holder ON holder.oid = membership.member"
        f" WHERE holder.rolname = {_text(user['name'])} AND given.rolname <> ALL (ARRAY[{wanted}]::name[]) \\gexec"
    )


def _made(what: str, name: str, catalog: str, column: str) -> str:
    return (
        f"SELECT format('CREATE {what} %I', {_text(name)})"  # noqa: S608 - quoted by _text
        f" WHERE NOT EXISTS (SELECT FROM {catalog} WHERE {column} = {_text(name)}) \\gexec"
    )


def _dropped(name: str) -> str:
    exists = f"EXISTS (SELECT FROM pg_roles WHERE rolname = {_text(name)})"
    return f"SELECT format('DROP ROLE %I', {_text(name)}) WHERE {exists} \\gexec"


def _name(name: str) -> str:
    return '"' + str(name).replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def job_reads(name: str, namespace: str) -> list[dict[str, Any]]:
    """Say what `k8s_info` has to read to see what became of the Job, and of its pods."""
    selectors = [f"pgha.kubernetes/cluster={name}", f"app.kubernetes.io/component={COMPONENT}"]
    return [
        {"api_version": api_version, "kind": kind, "namespace": namespace, "label_selectors": selectors}
        for api_version, kind in (("batch/v1", "Job"), ("v1", "Pod"))
    ]


def old_jobs(jobs: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return the Jobs to delete, as definitions: those of another name, and one that failed, so that it is made again.

    :param jobs: the cluster's Jobs
    :param name: the one that is wanted; empty for none
    """
    return [
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {key: job["metadata"][key] for key in ("name", "namespace")},
        }
        for job in jobs
        if job["metadata"]["name"] != name or _failure(job)
    ]


def job_pending(name: str, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the Job has not done yet, if it is among the objects."""
    said = [message for item in objects if _is_ours(item, "Pod", name) for message in _messages(item)]
    for item in objects:
        if not _is_ours(item, "Job", name):
            continue
        failure = _failure(item)
        if failure:
            reason = "; ".join(dict.fromkeys(said)) or failure
            yield f"users and databases cannot be brought to what they have to be: {reason}"
        elif not (item.get("status") or {}).get("succeeded"):
            yield "users and databases are not yet what they have to be"


def _failure(job: Mapping[str, Any]) -> str:
    """Return why a Job failed, empty for one that did not."""
    for condition in (job.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "Failed" and condition.get("status") == "True":
            return condition.get("message") or condition.get("reason") or "its pods failed"
    return ""


def _is_ours(item: Mapping[str, Any], kind: str, name: str) -> bool:
    labels = (item.get("metadata") or {}).get("labels") or {}
    return item.get("kind") == kind and (
        labels.get("pgha.kubernetes/cluster"),
        labels.get("app.kubernetes.io/component"),
    ) == (name, COMPONENT)


def _messages(pod: Mapping[str, Any]) -> Iterator[str]:
    for container in (pod.get("status") or {}).get("containerStatuses") or []:
        ended = (container.get("state") or {}).get("terminated") or {}
        if ended.get("exitCode") and (ended.get("message") or "").strip():
            yield ended["message"].strip()
