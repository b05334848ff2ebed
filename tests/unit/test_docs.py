# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/pgpool-pitfalls.md names tests and rules that exist, and says of each pitfall what is done about it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_lint import REFUSE, WARN, rules
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_parameters import PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
PITFALLS = ROOT / "docs/pgpool-pitfalls.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PITFALLS.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [0-9]+ \|", line)
]
# The part of a row that follows each of these words, up to the next one.
SAYS = re.compile(r"(Handled|Refused|Warned|Said)(?=[:, ])(.*?)(?=(?:Handled|Refused|Warned|Said)[:, ]|$)")


@cache
def names_in(path: Path) -> set[str]:
    """The tests of a file, those in classes as `Class::test`."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {prefix + item.name for item in inner if isinstance(item, ast.FunctionDef)}
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def test_the_pitfalls_are_numbered() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 40))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_pitfall_has_an_answer_and_a_test(row: list[str]) -> None:
    _number, wrong, answer, held_by = row
    assert wrong.endswith(".")
    assert SAYS.match(answer)
    names = re.findall(r"`([^`]+)`", held_by)
    assert names
    assert ", ".join(f"`{name}`" for name in names) == held_by
    for name in names:
        path, _, test = name.partition("::")
        assert path.startswith(("tests/unit/", "molecule/"))
        assert test in names_in(ROOT / path), name


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_rule_is_named_with_what_it_does(row: list[str]) -> None:
    for word, text in SAYS.findall(row[2]):
        named = [name for name in re.findall(r"`([a-z]+(?:-[a-z]+)*)`", text) if name in rules()]
        severity = {"Refused": REFUSE, "Warned": WARN}.get(word)
        assert [name for name in named if rules()[name] != severity] == []


def test_each_name_in_code_with_hyphens_is_a_rule() -> None:
    text = " ".join(row[2] for row in ROWS)
    assert [name for name in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text) if name not in rules()] == []


def test_each_name_in_code_with_underscores_is_a_parameter() -> None:
    names = {name for row in ROWS for name in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", row[1] + row[2])}
    # A topology, a file, a status, names of PostgreSQL, variables, and a parameter of a release to come.
    others = {"per_instance", "pool_passwd", "fail_count", "pg_monitor", "max_connections", "pgpool_load_balance"}
    others |= {"pgpool_tcp_keepalive", "information_schema", "pg_catalog"}
    assert names - others - set(PARAMETERS) == {"replication_delay_source_cmd"}


def runbooks() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs/runbooks").glob("*.md")}


def test_each_command_names_its_namespace() -> None:
    """Who copies one in the night has the namespace of their context, which need not be the alert's."""
    shown = [line for text in runbooks().values() for line in re.findall(r"kubectl [^`\n]*<[^`\n]*", text)]
    assert len(shown) > 50
    without = [line for line in shown if not re.search(r" (-n|--namespace|-A|--all-namespaces)\b", line)]
    has_none = re.compile(r"kubectl (uncordon|\w+ (storageclass|namespace|node)s?) ")
    assert [line for line in without if not has_none.match(line)] == []


def test_whoever_deletes_a_volume_is_told_of_all_that_the_instance_has() -> None:
    """CloudNativePG counts an instance for as long as it has one claim, and copies it anew only without any."""
    says = re.compile(r"[Dd]elete\s[^.:]*(PersistentVolumeClaim|claim|volume)")
    whole = re.compile(r"pvc/(<\w+>) .*pvc/\1-wal, pvc/\1-tbs-<tablespace>, where they are, in the same command")
    saying, telling = {name for name, text in runbooks().items() if says.search(text)}, set()
    for name, text in runbooks().items():
        for line in re.findall(r"kubectl .* delete .*(?:pvc/|persistentvolumeclaim).*", text):
            assert whole.search(line)
            telling.add(name)
    assert saying == telling


def test_a_pod_on_a_dead_node_is_let_go_before_its_volume_is_deleted() -> None:
    """No kubelet confirms the deletion there, so that `kubectl delete pod` waits for ever and the claim stays."""
    text = (ROOT / "docs/runbooks/PostgresStandbyMissing.md").read_text(encoding="utf-8")
    taint = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
    steps = ["the machine is off", "kubectl delete node <node>", taint, "delete pvc/<pod>"]
    assert all(step in text for step in steps)
    assert steps == sorted(steps, key=text.index)


def test_who_measures_wal_looks_where_it_is() -> None:
    """With a volume of its own, pg_wal is a link there, of which du says 0 unless it follows links."""
    found = [line for text in runbooks().values() for line in re.findall(r"-- (d[fu] .*)", text)]
    assert [line for line in found if line.startswith("du ") and not re.match(r"du -\w*L\w* \S+/pg_wal\b", line)] == []
    assert any(re.match(r"df \S+ /var/lib/postgresql/data /var/lib/postgresql/wal\b", line) for line in found)


def test_no_runbook_asks_a_standby_for_what_a_primary_alone_knows() -> None:
    asking = {name: text for name, text in runbooks().items() if "pg_current_wal_lsn()" in text}
    assert [name for name, text in asking.items() if "CASE WHEN pg_is_in_recovery()" not in text] == []


def test_what_a_second_primary_alone_has_is_saved_before_its_volume_goes() -> None:
    """A fence stops PostgreSQL in a pod that goes on: what is left of it are files."""
    text = (ROOT / "docs/runbooks/PostgresTwoPrimaries.md").read_text(encoding="utf-8")
    steps = [
        "cnpg fencing on <cluster> <pod>",
        "-- pg_ctl status -D /var/lib/postgresql/data/pgdata",
        "-- tar -C /var/lib/postgresql ",
        "pg_ctl -D /var/lib/postgresql/data/pgdata ",
        "pg_dump -h /tmp ",
        "delete pod/<pod> pvc/<pod>",
        "cnpg.io/fencedInstances-",
    ]
    assert [text.count(step) for step in steps] == [1] * len(steps)
    assert sorted(steps, key=text.index) == steps
