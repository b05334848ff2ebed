# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and databases as SQL: read as text, run by a real PostgreSQL where there is one, and the Job around it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import users_sql
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import all_users, secret_versions
from postgresql import Server, started

PASSWORD = "a'b:c\\d"
DATABASES = [{"name": "we:ird 'n $x", "owner": "app"}, {"name": "app"}]


def sql(*users: dict[str, Any]) -> str:
    return users_sql.users_sql(all_users(list(users), DATABASES, "hot"), DATABASES)


def test_names_are_quoted() -> None:
    text = sql({"name": "app"})
    assert "SELECT format('CREATE DATABASE %I', 'we:ird ''n $x')" in text
    assert 'ALTER DATABASE "we:ird \'n $x" OWNER TO "app";' in text


def test_no_password_is_in_it() -> None:
    assert PASSWORD not in sql({"name": "app", "password": PASSWORD})


def test_users_are_made_before_anything_is_granted() -> None:
    text = sql({"name": "reader", "roles": ["writer"]}, {"name": "writer"})
    assert text.index('{"name":"writer"') < text.index("CREATE ROLE") < text.index('ALTER ROLE "reader"')
    assert text.index('ALTER ROLE "writer"') < text.index("GRANT %I TO %I")


def test_those_that_go_have_no_place_among_the_passwords() -> None:
    text = sql({"name": "gone", "state": "absent"}, {"name": "app"})
    assert '{"name":"gone"' not in text
    assert text.index("/users/1/password") < text.index('ALTER ROLE "app"')
    assert text.rstrip().splitlines()[-1].startswith("SELECT format('DROP ROLE %I', 'gone')")


class Users(Server):
    """A PostgreSQL that gets users and databases."""

    def take(self, *users: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run the SQL for these users, as the Job does."""
        present = [user for user in all_users(list(users), DATABASES, "hot") if user["state"] != "absent"]
        for number in range(1, len(present) + 1):
            (self.folder / str(number)).mkdir(exist_ok=True)
            (self.folder / str(number) / "password").write_text(PASSWORD)
        script = self.folder / "users.sql"
        script.write_text(sql(*users).replace("/users/", f"{self.folder}/"))
        return self.run("psql", "-X", "--quiet", "--tuples-only", f"--file={script}")


@pytest.fixture(scope="module")
def server() -> Iterator[Users]:
    yield from started(Users)


def test_postgresql_takes_it_and_it_says_the_same_again(server: Users) -> None:
    app = {"name": "app", "createdb": True, "connection_limit": 7}
    for _ in range(2):
        done = server.take(app, {"name": "report", "roles": ["pg_read_all_data"]})
        assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
    flags = "rolcanlogin, rolcreatedb, rolsuper, rolconnlimit"
    assert server.psql(f"SELECT {flags} FROM pg_roles WHERE rolname = 'app'") == "t|t|f|7"
    assert server.psql("SELECT pg_has_role('report', 'pg_read_all_data', 'MEMBER')") == "t"
    assert server.psql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname LIKE 'we:ird%'") == "app"
    # Run again, PostgreSQL has the password that the file has.
    assert server.psql("SELECT rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid WHERE rolname = 'app'") == "t"


def test_no_password_is_in_postgresqls_log(server: Users) -> None:
    assert server.take({"name": "app"}).returncode == 0
    log = (server.folder / "data/../log").read_text()
    assert "SET log_statement" in log
    assert "ALTER ROLE" not in log
    assert PASSWORD.replace("'", "''") not in log


def test_a_role_that_is_no_longer_given_is_taken_back(server: Users) -> None:
    assert server.take({"name": "report", "roles": ["pg_monitor"]}).returncode == 0
    assert server.take({"name": "report", "roles": []}).returncode == 0
    assert server.psql("SELECT pg_has_role('report', 'pg_monitor', 'MEMBER')") == "f"


def members(server: Users, role: str) -> list[str]:
    made = f"SELECT member::regrole FROM pg_auth_members WHERE roleid = '{role}'::regrole ORDER BY 1"
    return server.psql(made).splitlines()


def test_a_role_that_another_one_granted_is_taken_back(server: Users) -> None:
    """Since PostgreSQL 16, REVOKE of a superuser leaves what others granted, and only warns."""
    assert server.take({"name": "report", "roles": ["pg_monitor"]}).returncode == 0
    server.psql("CREATE ROLE granter; CREATE ROLE third; GRANT pg_monitor TO granter WITH ADMIN OPTION")
    server.psql("SET ROLE granter; GRANT pg_monitor TO report WITH ADMIN OPTION")
    # On 16 and newer, this one depends on the one before, without which it cannot stay.
    server.psql("SET ROLE report; GRANT pg_monitor TO third")
    done = server.take({"name": "report", "roles": []})
    assert (done.returncode, done.stderr) == (0, "")
    assert server.psql("SELECT pg_has_role('report', 'pg_monitor', 'MEMBER')") == "f"
    assert "granter" in members(server, "pg_monitor")


def test_two_users_can_change_places(server: Users) -> None:
    """PostgreSQL refuses a member of each other, so that one goes before the other comes."""
    boss, aide = {"name": "boss"}, {"name": "aide"}
    for first, second in ((boss, aide), (aide, boss), (boss, aide)):
        done = server.take({**first, "roles": [second["name"]]}, {**second, "roles": []})
        assert (done.returncode, done.stderr) == (0, "")
        assert members(server, second["name"]) == [first["name"]]
        assert members(server, first["name"]) == []


def test_roles_may_have_any_name(server: Users) -> None:
    name = """it's "a\role" of $pgha$ :x"""
    quoted = '"' + name.replace('"', '""') + '"'
    of_it = quoted.replace("'", "''")
    server.psql(f"CREATE ROLE {quoted}")
    server.psql("ALTER ROLE postgres SET standard_conforming_strings = off")
    done = server.take({"name": "report", "roles": [name]})
    server.psql("ALTER ROLE postgres RESET standard_conforming_strings")
    assert (done.returncode, done.stderr) == (0, "")
    assert members(server, of_it) == ["report"]
    assert server.take({"name": "report"}).stderr == ""
    assert members(server, of_it) == []


def test_a_user_takes_few_bytes() -> None:
    """A ConfigMap has 1 MiB for those of them all."""
    few, many = (
        [{"name": f"service_{number:04}", "roles": ["reader"]} for number in range(count)] for count in (1, 101)
    )
    assert (len(sql(*many)) - len(sql(*few))) / 100 < 230


def test_a_membership_that_stays_fails_the_job(server: Users) -> None:
    assert server.take({"name": "it's report", "roles": ["pg_monitor"]}).returncode == 0
    listed = users_sql._listed([{"name": "it's report", "roles": []}])
    granted = server.run("psql", "-Xqc", f"SET pgha.users = {listed}; {users_sql._REVOKED_ALL}").stderr
    assert "it's report is still a member of pg_monitor, granted by postgres" in granted


def test_a_user_keeps_to_administer_the_roles_that_it_makes(server: Users) -> None:
    if int(server.psql("SHOW server_version_num")) < 160000:
        pytest.skip("PostgreSQL before 16 does not make a user a member of what it makes")
    creator = {"name": "creator", "createrole": True}
    assert server.take(creator).returncode == 0
    server.psql("SET ROLE creator; SET createrole_self_grant = 'set, inherit'; CREATE ROLE made; GRANT made TO app")
    assert members(server, "made") == ["app", "creator", "creator"]
    done = server.take(creator)
    assert (done.returncode, done.stderr) == (0, "")
    assert members(server, "made") == ["creator", "creator"]
    assert server.take({**creator, "createrole": False}).returncode == 0
    assert members(server, "made") == []


def test_users_go_unless_they_own_something(server: Users) -> None:
    assert server.take({"name": "gone"}).returncode == 0
    assert server.take({"name": "gone", "state": "absent"}).returncode == 0
    assert server.psql("SELECT count(*) FROM pg_roles WHERE rolname = 'gone'") == "0"
    server.psql("CREATE ROLE gone; CREATE TABLE t (); ALTER TABLE t OWNER TO gone")
    failed = server.take({"name": "gone", "state": "absent"})
    assert failed.returncode == 3
    assert 'role "gone" cannot be dropped because some objects depend on it' in failed.stderr


OVERLAP = {"name": "app", "overlap": True}


def pairs(*users: dict[str, Any]) -> list[dict[str, Any]]:
    return all_users(list(users), DATABASES, "hot")


def test_there_is_nothing_to_say_of_users_with_one_login() -> None:
    assert [users_sql.acting_sql(pairs({"name": "app"}), what) for what in ("check", "say", "do")] == ["", "", ""]


def test_a_second_login_acts_as_the_first(server: Users) -> None:
    assert server.take({"name": "app"}).returncode == 0
    say = users_sql.acting_sql(pairs(OVERLAP), "say")
    for setting in (
        """search_path = '$user', "we, ird", 'with "quotes"', ''""",
        "statement_timeout = '5s'",
        "DateStyle = 'ISO, DMY'",
        """my.setting = 'it''s $HOME; \\ DROP TABLE x; --'""",
    ):
        assert server.run("psql", "-XqAtc", f"ALTER ROLE app SET {setting}").stderr == ""
    server.psql("ALTER ROLE app IN DATABASE app SET work_mem = '8MB'")
    server.psql("ALTER ROLE app SET temp_tablespaces = ''")
    for _ in range(2):
        done = server.take(OVERLAP)
        assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
        assert server.psql(say) == ""
    kept = (
        "SELECT string_agg(setdatabase || ' ' || entry, ';' ORDER BY setdatabase, entry)"
        " FROM pg_db_role_setting, unnest(setconfig) AS entry"
        " WHERE setrole = '{}'::regrole AND entry NOT LIKE 'role=%'"
    )
    assert server.psql(kept.format("app_2")) == server.psql(kept.format("app"))
    assert server.psql(kept.format("app_2")).count(";") >= 6


def test_it_does_so_again_in_a_session_that_was_reset(server: Users) -> None:
    assert server.take(OVERLAP).returncode == 0
    server.psql("CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION app")
    who = "SELECT session_user, current_user"
    shown = server.run(
        "psql", "-XqAt", "-U", "app_2", "-c", who, "-c", "DISCARD ALL", "-c", who, "-c", "CREATE TABLE t2 ()"
    )
    assert (shown.stdout.split(), shown.stderr) == (["app_2|app", "app_2|app"], "")
    assert server.psql("SELECT tableowner FROM pg_tables WHERE tablename = 't2'") == "app"


def test_what_a_second_login_lacks_is_said_without_values(server: Users) -> None:
    assert server.take(OVERLAP).returncode == 0
    server.psql("ALTER ROLE app SET my.setting = 'a secret'")
    server.psql("ALTER ROLE app_2 SET lock_timeout = 1; ALTER ROLE app_2 RESET role")
    server.psql("ALTER ROLE app_2 IN DATABASE app SET work_mem = 64")
    say = users_sql.acting_sql(pairs(OVERLAP), "say")
    lacking = ["app_2: lock_timeout", "app_2: my.setting", "app_2: role", "app_2: work_mem in app"]
    assert server.psql(say).splitlines() == lacking
    assert server.run("psql", "-Xqc", users_sql.acting_sql(pairs(OVERLAP))).stderr == ""
    assert server.psql(say) == ""


def test_no_setting_becomes_a_command(server: Users) -> None:
    """The owner of a role may write anything into its settings, and the superuser copies them."""
    assert server.take(OVERLAP).returncode == 0
    server.psql("""SET search_path = 'x;ALTER', 'b"c'; ALTER ROLE app SET search_path FROM CURRENT""")
    server.psql("SELECT set_config('search_path', 'a;b', false); ALTER ROLE app SET search_path FROM CURRENT")
    assert server.run("psql", "-Xqc", users_sql.acting_sql(pairs(OVERLAP))).stderr == ""
    paths = "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'app_2'::regrole AND setdatabase = 0"
    assert "a;b" in server.psql(paths)
    server.psql("ALTER ROLE app RESET ALL")


def test_an_old_release_is_refused(server: Users) -> None:
    check = users_sql.acting_sql(pairs(OVERLAP), "check")
    assert server.run("psql", "-Xqc", check).stderr == ""
    old = check.replace("current_setting('server_version_num')::int", "170001")
    assert "overlap needs PostgreSQL 17.2, 16.6," in server.run("psql", "-Xqc", old).stderr
    for version, is_refused in {110022: True, 120021: True, 120022: False, 150009: True, 180000: False}.items():
        said = server.run("psql", "-Xqc", check.replace("current_setting('server_version_num')::int", str(version)))
        assert bool(said.stderr) == is_refused, version


def test_a_second_login_that_is_not_wanted_goes(server: Users) -> None:
    assert server.take(OVERLAP).returncode == 0
    assert server.take({**OVERLAP, "name": "leaver"}).returncode == 0
    assert server.take({**OVERLAP, "name": "leaver", "state": "absent"}).returncode == 0
    assert server.psql("SELECT count(*) FROM pg_roles WHERE rolname IN ('leaver', 'leaver_2')") == "0"


def job(name: str = "hot-users-1", **status: Any) -> dict[str, Any]:
    labels = {"pgha.kubernetes/cluster": "hot", "app.kubernetes.io/component": "users"}
    return {"kind": "Job", "metadata": {"name": name, "namespace": "demo", "labels": labels}, "status": status}


FAILED = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}


def test_what_postgresql_said_is_in_the_message() -> None:
    pod = {**job(), "kind": "Pod"}
    pod["status"] = {"containerStatuses": [{"state": {"terminated": {"exitCode": 3, "message": "ERROR: no\n"}}}]}
    failed = job(**FAILED)
    start = "users and databases cannot be brought to what they have to be: "
    assert list(users_sql.job_pending("hot", [failed, pod, pod])) == [start + "ERROR: no"]
    assert list(users_sql.job_pending("hot", [failed])) == [start + "BackoffLimitExceeded"]
    assert list(users_sql.job_pending("other", [failed])) == []


def test_jobs_of_before_and_those_that_failed_go() -> None:
    jobs = [job("hot-users-1", succeeded=1), job("hot-users-2", succeeded=1)]
    names = [item["metadata"]["name"] for item in users_sql.old_jobs(jobs, "hot-users-2")]
    assert names == ["hot-users-1"]
    (failed,) = users_sql.old_jobs([job("hot-users-2", **FAILED)], "hot-users-2")
    assert failed == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "hot-users-2", "namespace": "demo"},
    }
    assert len(users_sql.old_jobs(jobs, "")) == 2


def beside(state: dict[str, Any]) -> dict[str, Any]:
    """A pod of the Job in which a sidecar goes on."""
    statuses = [{"name": "proxy", "state": {"running": {}}}, {"name": "users", "state": state}]
    return {**job(), "kind": "Pod", "status": {"containerStatuses": statuses}}


def test_a_job_that_a_sidecar_keeps_from_its_end_is_done_once_it_is_marked() -> None:
    done = job("hot-users-2", **FAILED)
    done["metadata"]["annotations"] = {users_sql.DONE: "true"}
    for item in (done, {**done, "status": {}}):
        assert list(users_sql.job_pending("hot", [item, beside({"terminated": {"exitCode": 0}})])) == []
        assert users_sql.old_jobs([item], "hot-users-2") == []
        assert len(users_sql.old_jobs([item], "hot-users-3")) == 1


def test_no_other_pod_comes_where_a_sidecar_goes_on() -> None:
    start = "users and databases cannot be brought to what they have to be: "
    not_yet = ["users and databases are not yet what they have to be"]
    state: dict[str, Any] = {"exitCode": 3}
    held = beside({"terminated": state})
    assert list(users_sql.job_pending("hot", [job(), held])) == [start + "its program ended with 3"]
    state["message"] = "ERROR: no\n"
    assert list(users_sql.job_pending("hot", [job(), held])) == [start + "ERROR: no"]
    held["status"]["containerStatuses"].pop(0)
    assert list(users_sql.job_pending("hot", [job(), held])) == not_yet
    assert list(users_sql.job_pending("hot", [job(), beside({"running": {}})])) == not_yet


def test_versions_of_secrets() -> None:
    def secret(name: str, version: str) -> dict[str, Any]:
        return {"metadata": {"name": name, "resourceVersion": version}, "data": {"password": "x"}}

    read = [secret("a", "1"), secret("b", "2"), secret("other", "3")]
    assert secret_versions(read, [secret("b", "9")], ["a", "b", "c"]) == {"a": "1", "b": "9"}
