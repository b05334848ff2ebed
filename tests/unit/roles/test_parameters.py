# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What asks an instance whether it runs with its parameters, by a real PostgreSQL where there is one."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from postgresql import Server, started
from test_kubedb_manifests import ROLE, evaluate

VALUE = "C:\\temp it's \\' \\n 100% \t\"\\"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from started(Server)


def rendered(value: str) -> str:
    """A value as CloudNativePG 1.30 writes it (postgresConfLiteralReplacer of pkg/configfile/configfile.go)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\t", "\\t") + "'"


def asked(server: Server, parameters: dict[str, Any]) -> str:
    [task] = yaml.safe_load((ROLE / "tasks/parameters.yml").read_text())[0]["block"]
    command = task["pgha.kubernetes.pod_exec"]["command"]
    found = server.run(*shlex.split(evaluate(command, __postgres_cluster_other_parameters=parameters)))
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.mark.parametrize("standard", ["on", "off"])
def test_a_value_with_backslashes_is_the_one_that_was_asked_for(server: Server, standard: str) -> None:
    lines = [f"log_line_prefix = {rendered(VALUE)}", f"standard_conforming_strings = {standard}"]
    (server.folder / "custom.conf").write_text("\n".join(lines) + "\n")
    with (server.folder / "data/postgresql.conf").open("a") as main:
        main.write(f"include '{server.folder}/custom.conf'\n")
    assert server.run("pg_ctl", "-D", "data", "reload").returncode == 0
    assert asked(server, {"log_line_prefix": VALUE}) == ""
    assert "log_line_prefix is not" in asked(server, {"log_line_prefix": VALUE.replace("\\", "\\\\")})
