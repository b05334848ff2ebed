# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and databases as SQL for psql, where the operator makes none; and what became of the Job that runs it.

No password is in the SQL: psql reads each from a file, and PostgreSQL writes none of it down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import owner_of

COMPONENT = "users"
# Where the Job has the Secret of each user, by the user's place among those who are there.
USER_FILE = "/users/{number}/password"
# Of a Job whose program ended well while a sidecar goes on, which keeps the Job from its end.
DONE = "pgha.kubernetes/done"

_START = r"""\set ON_ERROR_STOP on
\set VERBOSITY terse
SET client_min_messages = 'warning';
SET search_path = pg_catalog;
SET standard_conforming_strings = on;
-- Passwords go by: keep them out of PostgreSQL's log and statistics.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET pg_stat_statements.track = 'none';"""

# What a login acts as is a setting of its role. Releases before these lose it with DISCARD ALL, with which Pgpool-II
# ends each session, or do not apply it at all.
_ACTS_AS = """DO $pgha$
DECLARE version int := current_setting('server_version_num')::int;
BEGIN
  IF version < 120000 OR version % 10000 < (CASE version / 10000
    WHEN 17 THEN 2 WHEN 16 THEN 6 WHEN 15 THEN 10 WHEN 14 THEN 15 WHEN 13 THEN 18 WHEN 12 THEN 22 ELSE 0 END)
  THEN
    RAISE EXCEPTION 'overlap needs PostgreSQL 17.2, 16.6, 15.10, 14.15, 13.18, 12.22 or newer, and this is %',
      current_setting('server_version');
  END IF;
END $pgha$;"""

# What the second logins lack to log in as the first do: the settings of the first (ALTER ROLE … SET), and that they act
# as it. A value is taken apart and quoted again, as its owner may have written it, and this runs as the superuser.
_LACKING = """WITH pair(first, second) AS (VALUES {pairs}),
setting AS (
  SELECT role.rolname::text AS rolname, coalesce(database.datname::text, '') AS database,
    split_part(entry, '=', 1) AS name, substr(entry, strpos(entry, '=') + 1) AS value
  FROM pg_db_role_setting AS kept JOIN pg_roles AS role ON role.oid = kept.setrole
    LEFT JOIN pg_database AS database ON database.oid = kept.setdatabase, unnest(kept.setconfig) AS entry
),
wanted AS (
  SELECT second AS rolname, database, name, value FROM pair JOIN setting ON rolname = first
  UNION ALL
  SELECT second, '', 'role', first FROM pair
  WHERE NOT EXISTS (SELECT FROM setting WHERE rolname = first AND database = '' AND name = 'role')
),
has AS (SELECT rolname, database, name, value FROM pair JOIN setting ON rolname = second)
SELECT rolname, database, name, format('ALTER ROLE %I', rolname)
  || CASE WHEN database <> '' THEN format(' IN DATABASE %I', database) ELSE '' END
  || CASE WHEN wanted.value IS NULL THEN format(' RESET %I', name) ELSE format(' SET %I TO ', name)
    || CASE WHEN name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries')
      THEN (SELECT coalesce(string_agg(quote_literal(coalesce(replace(part[1], '""', '"'), part[2])), ', '),
              quote_literal(''))
            FROM regexp_matches(wanted.value, '"((?:[^"]|"")*)"|([^", ]+)', 'g') AS part)
      ELSE quote_literal(wanted.value) END END AS statement
FROM wanted FULL JOIN has USING (rolname, database, name)
WHERE wanted.value IS DISTINCT FROM has.value"""

# The users, each with its roles. In a setting of the session, so that it is there once for all that is asked of it: the
# ConfigMap with this may have 1 MiB, and a cluster thousands of users.
_USERS = """json_to_recordset(current_setting('pgha.users')::json) AS wanted(name text, roles json)"""

_CREATED = f"""SELECT format('CREATE ROLE %I', name) FROM {_USERS}
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec"""  # noqa: S608 - no value is in it

_GRANTED = f"""SELECT format('GRANT %I TO %I', role, name)
FROM {_USERS}, json_array_elements_text(roles) AS listed(role) \\gexec"""  # noqa: S608 - no value is in it

# Memberships that a user has and should not have. Since 16, PostgreSQL itself (10 is the superuser of initdb) makes a
# user with CREATEROLE a member of each role that it creates, to administer it and no more: those stay.
_UNWANTED = f"""FROM {_USERS} JOIN pg_roles AS holder ON holder.rolname = name
  JOIN pg_auth_members AS membership ON membership.member = holder.oid
  JOIN pg_roles AS given ON given.oid = membership.roleid
WHERE NOT EXISTS (SELECT FROM json_array_elements_text(roles) AS listed(role) WHERE role = given.rolname)
  AND NOT (holder.rolcreaterole AND EXISTS (
    SELECT FROM pg_auth_members AS made
    WHERE (made.roleid, made.member, made.grantor) = (membership.roleid, membership.member, 10)
      AND to_jsonb(made) @> '{{"admin_option": true, "inherit_option": false, "set_option": false}}'))"""  # noqa: S608 - no value is in it

# Since 16, a user can be a member by the grants of several roles, and REVOKE takes back that of one; releases before
# have one for all. What the user granted to others by ADMIN OPTION depends on it, and goes, too.
_REVOKED = f"""SELECT format('REVOKE %I FROM %I', given.rolname, holder.rolname)
  || CASE WHEN current_setting('server_version_num')::int >= 160000
    THEN format(' GRANTED BY %I CASCADE', pg_get_userbyid(membership.grantor)) ELSE '' END
{_UNWANTED} \\gexec"""  # noqa: S608 - no value is in it

# REVOKE that finds nothing to take back only warns.
_REVOKED_ALL = f"""DO $pgha$ DECLARE kept text; BEGIN
SELECT string_agg(format('%s is still a member of %I, granted by %I', name, given.rolname,
  pg_get_userbyid(membership.grantor)), '; ') INTO kept
{_UNWANTED};
IF kept IS NOT NULL THEN RAISE EXCEPTION '%', kept; END IF; END $pgha$;"""

_FLAGS = {"superuser": "SUPERUSER", "createdb": "CREATEDB", "createrole": "CREATEROLE", "replication": "REPLICATION"}


def users_sql(users: Sequence[Mapping[str, Any]], databases: Sequence[Mapping[str, Any]]) -> str:
    """Return SQL that brings users and databases to what they have to be; run again, it changes nothing.

    :param users: as `all_users` returns them
    :param databases: each with a name, and an owner where it is not the user of the same name
    """
    present = [user for user in users if user["state"] != "absent"]
    lines = [_START, f"SET pgha.users = {_listed(present)};", _CREATED]
    for number, user in enumerate(present, start=1):
        lines += _user(user, USER_FILE.format(number=number))
    # In one transaction, so that no membership that is wanted is missing for a moment where another one took it along.
    lines += ["BEGIN;", _REVOKED, _GRANTED, "COMMIT;", _REVOKED_ALL]
    lines += [text for text in (acting_sql(users, "check"), acting_sql(users)) if text]
    for database in databases:
        lines.append(_database(database["name"]))
        lines.append(f"ALTER DATABASE {_name(database['name'])} OWNER TO {_name(owner_of(database))};")
    lines += [_dropped(user["name"]) for user in users if user["state"] == "absent"]
    return "\n".join(lines) + "\n"


def acting_sql(users: Sequence[Mapping[str, Any]], what: str = "do") -> str:
    """Return SQL about what second logins lack to log in as the first do; empty where no user has two.

    :param users: as `all_users` returns them
    :param what: `check`: refuse a PostgreSQL that is too old; `say`: return what they lack, without the values, as
        these may be secret; `do`: give it to them
    """
    pairs = ", ".join(
        f"({_text(user['name'])}::text, {_text(user['second'])}::text)" for user in users if user.get("second")
    )
    if not pairs:
        return ""
    lacking = _LACKING.replace("{pairs}", pairs)
    if what == "check":
        return _ACTS_AS
    if what == "say":
        return (
            "SELECT concat_ws(' ', rolname || ':', name, 'in ' || nullif(database, ''))"  # noqa: S608 - by _text
            f" FROM ({lacking}) AS lacking ORDER BY 1;"
        )
    return (
        "DO $pgha$ DECLARE made text; BEGIN"  # noqa: S608 - quoted by _text
        f" FOR made IN SELECT statement FROM ({lacking}) AS lacking LOOP EXECUTE made; END LOOP; END $pgha$;"
    )


def _user(user: Mapping[str, Any], password_file: str) -> Iterator[str]:
    name, flags = _name(user["name"]), [words if user[flag] else f"NO{words}" for flag, words in _FLAGS.items()]
    yield rf"\set password `cat {password_file}`"
    yield (
        f"ALTER ROLE {name} LOGIN INHERIT {' '.join(flags)} CONNECTION LIMIT {user['connection_limit']}"
        " PASSWORD :'password';"
    )


def _listed(users: Iterable[Mapping[str, Any]]) -> str:
    """Return users and their roles for `_USERS`, as a text of SQL."""
    listed = [{key: user[key] for key in ("name", "roles")} for user in users]
    return _text(json.dumps(listed, separators=(",", ":"), ensure_ascii=False))


def _database(name: str) -> str:
    return (
        f"SELECT format('CREATE DATABASE %I', {_text(name)})"  # noqa: S608 - quoted by _text
        f" WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {_text(name)}) \\gexec"
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
    pods = [item for item in objects if _is_ours(item, "Pod", name)]
    said = [message for pod in pods for message in _messages(pod)]
    for item in objects:
        if not _is_ours(item, "Job", name):
            continue
        is_done = _is_done(item) or (item.get("status") or {}).get("succeeded")
        failure = _failure(item) or ("" if is_done else next((each for pod in pods for each in _held(pod)), ""))
        if failure:
            reason = "; ".join(dict.fromkeys(said)) or failure
            yield f"users and databases cannot be brought to what they have to be: {reason}"
        elif not is_done:
            yield "users and databases are not yet what they have to be"


def _is_done(job: Mapping[str, Any]) -> bool:
    """Tell whether its program is known to have ended well, whatever became of the Job."""
    return DONE in ((job.get("metadata") or {}).get("annotations") or {})


def _held(pod: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the program of a pod failed in which a sidecar goes on: no other pod comes then."""
    containers = {
        item["name"]: item.get("state") or {} for item in (pod.get("status") or {}).get("containerStatuses") or []
    }
    ended = containers.pop(COMPONENT, {}).get("terminated") or {}
    if ended.get("exitCode") and any("running" in state for state in containers.values()):
        yield f"its program ended with {ended['exitCode']}"


def _failure(job: Mapping[str, Any]) -> str:
    """Return why a Job failed, empty for one that did not."""
    if _is_done(job):
        return ""
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
