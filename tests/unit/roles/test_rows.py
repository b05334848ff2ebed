# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drills and restores ask the tables of a database as the superuser, by a real PostgreSQL where there is one."""

from __future__ import annotations

import csv
import io
import json
import shlex
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from postgresql import Server, started
from test_kubedb_manifests import ROLE, evaluate

ODD = 'odd $x :y""\n\\! touch was-here\n'
# What an owner may put in the way of the superuser: each makes him one, too, once it runs with the superuser's rights.
TRAPS = """
CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN ALTER ROLE app SUPERUSER; END IF;
  RETURN 1; END $$;
CREATE FUNCTION fixed(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trap(); RETURN 1; END $$;
CREATE FUNCTION as_text(goods) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.trap(); RETURN ''; END $$;
CREATE CAST (goods AS text) WITH FUNCTION as_text(goods);
CREATE FUNCTION as_json(goods) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM public.trap(); RETURN '{}'; END $$;
CREATE CAST (goods AS json) WITH FUNCTION as_json(goods);
CREATE INDEX ON goods (fixed(1));
CREATE STATISTICS of_goods ON fixed(1), (number + 1) FROM goods;
CREATE FUNCTION same(oid, oid) RETURNS bool LANGUAGE plpgsql AS
  $$ BEGIN PERFORM public.trap(); RETURN $1 OPERATOR(pg_catalog.=) $2; END $$;
CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = same);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    for one in started(Server):
        one.psql("CREATE ROLE app LOGIN")
        one.psql("CREATE DATABASE app OWNER app")
        one.psql("ALTER DATABASE app SET search_path = public, pg_catalog")
        one.psql("ALTER DATABASE app SET standard_conforming_strings = off")
        as_owner(
            one,
            "CREATE TABLE goods (number int, name text, twice int GENERATED ALWAYS AS (number * 2) STORED)",
            "INSERT INTO goods VALUES (1, E'a\nb'), (2, NULL), (3, '')",
            "CREATE TABLE empty (goods int)",
            "CREATE TABLE bare ()",
            "INSERT INTO bare DEFAULT VALUES",
            "CREATE TABLE parts (number int) PARTITION BY RANGE (number)",
            "CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9)",
            "INSERT INTO parts VALUES (1), (2)",
            "CREATE TYPE pair AS (a int, b text)",
            "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)",
            "CREATE TABLE typed (p pair, s short, e pair[])",
            "INSERT INTO typed VALUES ((1, 'x'), 'y', ARRAY[(2, 'z')::pair])",
            f'CREATE TABLE "{ODD}" ()',
        )
        yield one


def as_owner(server: Server, *statements: str) -> None:
    quiet = ["SET standard_conforming_strings = on", "SET client_min_messages = warning"]
    commands = [f"--command={statement}" for statement in (*quiet, *statements)]
    done = server.run("psql", "-Xq", "--set=ON_ERROR_STOP=1", "-U", "app", *commands, "app")
    assert done.stderr == ""


def command(file: str, database: str = "app", **given: Any) -> list[str]:
    """Return what the role runs in an instance's pod to ask for the rows."""
    listed = yaml.safe_load((ROLE / f"tasks/{file}.yml").read_text())
    tasks = [task for each in listed for task in each.get("block", [each]) if "pgha.kubernetes.pod_exec" in task]
    known: dict[str, Any] = {
        "operator": "cloudnativepg",
        "__postgres_cluster_counts_rows": True,
        "postgres_cluster_restore": {"source": "old"},
        "postgres_cluster_databases": [{"name": database}],
        "__postgres_cluster_item": database,
        **given,
    }
    known |= {name: evaluate(value, **known) for name, value in tasks[-1]["vars"].items()}
    return shlex.split(evaluate(tasks[-1]["pgha.kubernetes.pod_exec"]["command"], **known))


def drill(server: Server) -> dict[str, dict[str, str]]:
    done = server.run(*command("restore_drill_ask"))
    assert (done.returncode, done.stderr) == (0, "")
    return {row["table"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def test_each_table_has_its_rows_and_a_checksum(server: Server) -> None:
    found = drill(server)
    rows = {name: int(row["rows"]) for name, row in found.items()}
    assert rows == {"goods": 3, "empty": 0, "bare": 1, "part": 2, "typed": 1, ODD.replace('""', '"'): 0}
    assert {row["schema"] for row in found.values()} == {"public"}
    assert len({row["checksum"] for row in found.values()}) == len(found) - 1  # two have no row
    assert drill(server) == found
    restored = json.loads(server.run(*command("restore_check")).stdout)
    assert {one["table"]: one["rows"] for one in restored}["public.goods"] == 3
    assert len(restored) == len(found)
    assert all(one["counted"] for one in restored)
    assert not (server.folder / "was-here").exists()


@pytest.mark.parametrize("name", ["''", "'null'", "E'a\\nb'", "'\\N'"])
def test_rows_that_differ_have_another_checksum(server: Server, name: str) -> None:
    before = drill(server)["goods"]
    as_owner(server, f"UPDATE goods SET name = {name} WHERE number = 2")
    after = drill(server)["goods"]
    assert (before["rows"], before["checksum"] == after["checksum"]) == (after["rows"], False)
    # PostgreSQL counts what a session wrote when that ends, which psql does not wait for.
    until = time.monotonic() + 10
    while drill(server)["goods"]["writes"] == before["writes"]:
        assert time.monotonic() < until, "what was written is not counted"
    as_owner(server, "TRUNCATE goods", "INSERT INTO goods VALUES (1, E'a\nb'), (2, NULL), (3, '')")
    assert drill(server)["goods"]["checksum"] == before["checksum"]


def test_a_database_without_a_table_has_an_answer(server: Server) -> None:
    done = server.run(*command("restore_drill_ask", "postgres"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "schema,table,rows,checksum,writes\n", "")
    assert json.loads(server.run(*command("restore_check", "postgres")).stdout) == []


def test_what_was_written_meanwhile_is_told_without_reading_a_table(server: Server) -> None:
    listed = yaml.safe_load((ROLE / "tasks/restore_drill_make.yml").read_text())[0]["block"]
    [given] = [task["vars"] for task in listed if task["name"].endswith("Ask the source what was written meanwhile")]
    queries = "__postgres_cluster_drill_queries"
    asked = {queries: evaluate(given[queries], operator="cloudnativepg")}
    as_owner(server, "INSERT INTO empty VALUES (1)", "DELETE FROM empty")
    known = drill(server)
    scans = ("psql", "-XAtqc", "SELECT sum(seq_scan) FROM pg_stat_user_tables", "app")
    before = server.run(*scans).stdout
    assert int(before) > 0
    done = server.run(*command("restore_drill_ask", **asked))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "schema,table,writes"
    said = {row["table"]: row["writes"] for row in csv.DictReader(io.StringIO(done.stdout))}
    assert said == {name: row["writes"] for name, row in known.items()}
    assert server.run(*scans).stdout == before
    assert server.run(*command("restore_drill_ask", "postgres", **asked)).stdout == "schema,table,writes\n"


@pytest.mark.parametrize("program", ["wc", "sha256sum"])
def test_a_table_that_could_not_be_counted_is_no_answer(server: Server, program: str) -> None:
    broken = server.folder / f"no-{program}"
    broken.mkdir()
    (broken / program).write_text("#!/bin/sh\ncat > /dev/null\n")
    (broken / program).chmod(0o755)
    shell, option, script, *rest = command("restore_drill_ask")
    done = server.run(shell, option, f"PATH={broken}:$PATH\n{script}", *rest)
    assert done.returncode != 0
    assert done.stdout == ""


@pytest.mark.parametrize("file", ["restore_drill_ask", "restore_check"])
def test_no_code_of_a_table_s_owner_runs_as_the_superuser(server: Server, file: str) -> None:
    as_owner(server, TRAPS)
    is_superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = 'app'"
    assert server.run(*command(file)).returncode == 0
    assert server.psql(is_superuser) == "f"
    # They are traps: a SELECT is enough.
    server.run("psql", "-Xqc", "SELECT count(*) FROM goods", "app")
    assert server.psql(is_superuser) == "t"
    server.psql("ALTER ROLE app NOSUPERUSER")
    as_owner(server, "DROP FUNCTION trap, fixed, as_text, as_json, same CASCADE")


def test_what_has_taken_a_table_s_place_is_not_asked(server: Server) -> None:
    """COPY itself refuses a view, as it would read it by the code of whoever made it."""
    as_owner(server, "CREATE VIEW seen AS SELECT 1")
    shell, option, script, name, tables, *rest = command("restore_drill_ask")
    done = server.run(shell, option, script, name, tables.replace("c.relkind = 'r'", "c.relkind = 'v'"), *rest)
    assert done.returncode != 0
    assert 'cannot copy from view "seen"' in done.stderr
