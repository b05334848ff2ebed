# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Makefile and tools/test: what they run, in which order, and what they say of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from program import program

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SCENARIOS = re.findall(r"^ALL_SCENARIOS := (.*)$", MAKEFILE, re.MULTILINE)[0].split()
# Stands in for pytest: it has run five tests.
PYTEST = """#!/bin/sh
while [ "$1" != --junit-xml ]; do shift; done
echo '<testsuites><testsuite tests="5" errors="0" failures="{failed}" skipped="{skipped}"/></testsuites>' > "$2"
exit {failed}
"""
# Stands in for both programs that make the reference: the second writes a page. The one that `fails` names does.
WRITER = """#!/bin/sh
echo "${{0##*/}} $*" >> "{log}"
for folder; do :; done
case ${{0##*/}} in sphinx-build) mkdir -p "$folder"; echo page > "$folder/index.html";; esac
test "${{0##*/}}" != "{fails}"
"""


def recipe(target: str) -> str:
    [found] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    return found


def test_all_scenarios_are_those_of_molecule() -> None:
    folders = {path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")}
    assert len(SCENARIOS) == len(set(SCENARIOS))
    assert {*SCENARIOS, "default"} == folders


@pytest.mark.parametrize("target", ["molecule-all", "limits"])
def test_all_scenarios_are_run(target: str) -> None:
    assert "PGHA_SCENARIOS='$(ALL_SCENARIOS)' $(ENV) tools/test molecule\n" in recipe(target)


@pytest.mark.parametrize("name", ["Makefile", "README.md", "CONTRIBUTING.md", ".ci/run"])
def test_what_is_said_of_make_test_is_what_it_runs(name: str) -> None:
    [few] = re.findall(r"\{PGHA_SCENARIOS:-([^}]+)\}", (ROOT / "tools/test").read_text(encoding="utf-8"))
    assert set(few.split()) < set(SCENARIOS)
    assert len(few.split()) == 5
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "five scenarios" in text
    assert all(target in text for target in ("molecule-all", "oldest", "release-check"))


def test_unit_tests_find_what_molecule_has_built() -> None:
    assert recipe("test").split()[-4:] == ["lint", "sanity", "molecule", "unit"]


def test_help_lists_the_targets_under_their_headings() -> None:
    command = ["make", "--no-print-directory", "help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.findall(r"^\w.*$", said.stdout, re.MULTILINE) == ["Use", "Check", "Release"]
    assert re.search(r"^Check\n  make test ", said.stdout, re.MULTILINE)


def part(root: Path, name: str, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run a part of tools/test in a checkout, with the programs of a folder in place of those of the same name."""
    return subprocess.run(
        [root / "tools/test", name],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("failed", "skipped", "end"),
    [
        (0, 0, ["", "5 passed, 0 failed"]),
        (0, 2, ["", "2 skipped: pytest says why, above", "3 passed, 0 failed"]),
        (1, 1, ["failed: unit", "", "1 skipped: pytest says why, above", "3 passed, 1 failed"]),
    ],
)
def test_skipped_tests_are_said(failed: int, skipped: int, end: list[str], tmp_path: Path) -> None:
    program = tmp_path / "pytest"
    program.write_text(PYTEST.format(failed=failed, skipped=skipped), encoding="utf-8")
    program.chmod(0o755)
    done = part(ROOT, "unit", tmp_path)
    assert done.returncode == failed
    assert done.stdout.splitlines()[-len(end) :] == end


def test_one_run_at_a_time_has_the_cluster_of_molecule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    molecule = tmp_path / "molecule"
    # While molecule makes the cluster, another run is begun.
    again = f'test "$1$SECOND" != create || SECOND=1 "{ROOT}/tools/test" molecule || :'
    molecule.write_text(f"#!/bin/sh\n{again}\n", encoding="utf-8")
    molecule.chmod(0o755)
    done = part(ROOT, "molecule", tmp_path)
    assert done.returncode == 0
    assert "another run has the kind cluster of molecule" in done.stderr
    assert "failed: molecule: another run has its cluster\n\n0 passed, 1 failed\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "8 passed, 0 failed"


def test_molecule_is_not_led_to_another_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("K8S_AUTH_HOST", "https://elsewhere")
    monkeypatch.setenv("K8S_AUTH_API_KEY", "key")
    molecule = tmp_path / "molecule"
    molecule.write_text('#!/bin/sh\ntest -z "$K8S_AUTH_HOST$K8S_AUTH_API_KEY"\n', encoding="utf-8")
    molecule.chmod(0o755)
    assert part(ROOT, "molecule", tmp_path).returncode == 0


def test_one_run_at_a_time_has_the_demo(tmp_path: Path) -> None:
    for target in ("demo", "demo-down"):
        assert "@$(ENV) tools/alone demo ansible-playbook " in recipe(target)
    alone = [str(ROOT / "tools/alone"), "demo"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    meanwhile = ["sh", "-c", '"$@"; exit $?', "sh", *alone, "echo", "run"]
    second = subprocess.run([*alone, *meanwhile], env=environment, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr == "pgha: another run has the kind cluster of demo: wait until it has ended.\n"
    third = subprocess.run([*alone, "echo", "run"], env=environment, capture_output=True, text=True, check=False)
    assert third.stdout == "run\n"


@pytest.mark.parametrize("fails", ["", "antsibull-docs", "sphinx-build"])
def test_the_reference_is_pages(fails: str, tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    # In a folder of its own, as the reference of this checkout may be there.
    shutil.copy(ROOT / "tools/test", tmp_path / "tools/test")
    for name in ("antsibull-docs", "sphinx-build"):
        (tmp_path / name).write_text(WRITER.format(log=tmp_path / "log", fails=fails), encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    done = part(tmp_path, "reference", tmp_path)
    assert done.returncode == bool(fails)
    assert done.stdout.splitlines()[-1] == ("0 passed, 1 failed" if fails else "1 passed, 0 failed")
    if fails == "antsibull-docs":
        return
    [page] = re.findall(r"Open (\S+)'$", recipe("docs"), re.MULTILINE)
    assert (tmp_path / page).read_text(encoding="utf-8") == "page\n"
    assert f"`make docs`, then `{page}`" in (ROOT / "docs/README.md").read_text(encoding="utf-8")
    called = (tmp_path / "log").read_text(encoding="utf-8").splitlines()[-1]
    assert called.startswith("sphinx-build ")
    assert "--fail-on-warning" in called


@pytest.mark.parametrize(
    ("label", "page"),
    [
        ("common_return_values", "reference_appendices/common_return_values.html"),
        ("ansible_collections.kubernetes.core.helm_info_module", "collections/kubernetes/core/helm_info_module.html"),
        # What is ours has to be in the pages themselves.
        ("ansible_collections.pgha.kubernetes.apply_module", ""),
        ("a_label_that_nobody_has", ""),
    ],
)
def test_the_reference_leads_into_ansibles_documentation(label: str, page: str) -> None:
    conf = program("tools/reference/conf.py")
    assert conf.address(label) == (conf.ANSIBLE + page if page else "")
    assert "sphinx.ext.intersphinx" not in conf.extensions  # it downloads
