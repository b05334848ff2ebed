# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages lead where they say, name what is there, and can be found. Addresses on the internet are not looked at."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
# What tools and tests leave in a checkout.
LEFT = {"build", "status"}


def pages(root: Path) -> list[str]:
    """Return the pages that git knows; where it is missing or knows nothing, as in an unpacked archive, all of them."""
    try:
        known = subprocess.run(SHOWN, cwd=root, capture_output=True, text=True, check=False).stdout.split()
    except FileNotFoundError:
        known = []
    found = known or [
        str(path)
        for path in (page.relative_to(root) for page in root.rglob("*.md"))
        if path.parts[0] not in LEFT
        and path.parts[:2] != ("playbooks", "collections")
        and not any(part.startswith(".") for part in path.parts)
    ]
    return sorted(name for name in found if (root / name).is_file())


PAGES = pages(ROOT)
CODE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TUTORIAL = "docs/tutorial.md"


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(name: str) -> set[str]:
    """Return what a link may name in a page, as GitHub makes it of headings."""
    heads = re.findall(r"^#+ +(.+?) *$", CODE.sub(lambda match: match[0].strip("`"), text_of(name)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(name: str) -> list[str]:
    found = LINK.findall(CODE.sub("", text_of(name)))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    wrong = []
    for link in links(name):
        path, _, anchor = link.partition("#")
        target = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        there = target.exists() and target.is_relative_to(ROOT)
        if not there or (anchor and anchor not in anchors(str(target.relative_to(ROOT)))):
            wrong.append(link)
    assert wrong == []


def test_the_pages_are_the_same_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pages(ROOT) == [name for name in PAGES if not name.startswith(".")]


def test_each_page_can_be_found() -> None:
    """From README.md, over links."""
    found, rest = {"README.md"}, ["README.md"]
    while rest:
        here = rest.pop()
        for path in {link.partition("#")[0] for link in links(here)} - {""}:
            target = ((ROOT / here).parent / path).resolve()
            pages = sorted(target.glob("*.md")) if target.is_dir() else [target]
            new = {str(page.relative_to(ROOT)) for page in pages if page.suffix == ".md"} - found
            found |= new
            rest += new
    assert [name for name in PAGES if name not in found] == []


def test_the_filters_that_are_promised_are_there() -> None:
    """The rows of README.md, by which docs/upgrades.md promises names and meanings."""
    table = re.search(r"^\| filter \|.*\n\| --- .*\n((?:\|.*\n)+)", text_of("README.md"), re.MULTILINE)[1]
    names = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert len(set(names)) == len(names) > 30
    assert [name for name in names if not (ROOT / f"plugins/filter/{name}.py").is_file()] == []


def test_decisions_have_a_number_each() -> None:
    pages = [Path(name) for name in PAGES if name.startswith("docs/adr/")]
    numbers = [page.name.partition("-")[0] for page in pages]
    assert len(set(numbers)) == len(numbers)
    for page in pages:
        assert text_of(str(page)).startswith(f"# {int(page.name.partition('-')[0])}. ")


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith(("docs/", "README", "CONTRIBUTING"))])
def test_commands_name_what_is_there(name: str) -> None:
    text = text_of(name)
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    used = re.findall(r"(?:^|`|&& )make ([a-z-]+)", text, re.MULTILINE)
    assert [target for target in used if target not in targets] == []
    run = re.findall(r"ansible-playbook [^`\n]*?(?:pgha\.kubernetes\.|playbooks/)(\w+)", text)
    assert [playbook for playbook in run if playbook not in playbooks] == []
    paths = re.findall(r"(?:^|[\s`])((?:playbooks|inventories|tools|roles|molecule|deploy|images)/[\w./-]+)", text)
    assert [path for path in paths if not (ROOT / path.rstrip(".")).exists()] == []


def test_the_tutorial_shows_metrics_that_are_recorded() -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "roles/monitoring/files/rules").glob("*.yml"))
    named = set(re.findall(r"`(pgha:[\w:]+)`", text_of(TUTORIAL)))
    assert len(named) == 2
    assert [metric for metric in named if f"record: {metric}\n" not in rules] == []
    graphs = {metric.replace(":", "%3A") for metric in named}
    assert graphs == set(re.findall(r"g0\.expr=(pgha%3A\w+%3A\w+)&", text_of(TUTORIAL)))


def test_the_tutorial_uses_the_demo_as_it_is() -> None:
    variables = yaml.safe_load(text_of("inventories/kind/group_vars/kind_clusters.yml"))
    ports = {item["name"]: item["host_port"] for item in variables["kind_cluster_port_mappings"]}
    assert set(re.findall(r"127\.0\.0\.1:([0-9]+)", text_of(TUTORIAL))) == {str(ports["Prometheus"])}
    assert "hot-postgres" in yaml.safe_load(text_of("inventories/kind/hosts.yml"))["all"]["children"]["demo"]["hosts"]
    assert yaml.safe_load(text_of("inventories/kind/group_vars/postgres_clusters.yml"))["pgha_drills_allowed"] is True
    [drill] = re.findall(r'"drills_names": \["(\w+)"\]', text_of(TUTORIAL))
    assert (ROOT / f"roles/drills/tasks/drill_{drill}.yml").is_file()


def test_the_supported_versions_are_those_that_are_checked() -> None:
    text = text_of("docs/upgrades.md")
    runtime = yaml.safe_load(text_of("meta/runtime.yml"))["requires_ansible"]
    oldest = re.fullmatch(r">=([0-9]+[.][0-9]+[.][0-9]+)", runtime)[1]
    # 2.19.0 knows no `default` of a key that is not there, in templates.
    assert oldest != "2.19.0"
    assert f"| ansible-core | {oldest} or newer |" in text
    assert f"ansible-core {oldest} or newer" in text_of("README.md")
    assert text_of("docs/adr/0036-ansible-core-2-19.md").startswith(f"# 36. ansible-core {oldest} is the oldest\n")
    assert f"ansible-core>={oldest}," in text_of("awx/execution-environment.yml")
    roles = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("roles/*/meta/main.yml")]
    assert {role["galaxy_info"]["min_ansible_version"] for role in roles} == {oldest}
    # PyPI's `ansible` 12 has ansible-core 2.19, and so on.
    assert f"ansible=={int(oldest.split('.')[1]) - 7}." in text_of("requirements-oldest.txt")
    operator = yaml.safe_load(text_of("roles/cloudnativepg/defaults/main.yml"))["cloudnativepg_version"]
    tested = yaml.safe_load(text_of("inventories/kind/group_vars/kubernetes_clusters.yml"))["cloudnativepg_version"]
    # The newest patch of the minor version that the tests run with.
    assert tested.split(".")[:2] == operator.split(".")[:2]
    assert f"not tested | {tested}; by default {operator} is installed" in text
    images = yaml.safe_load(text_of("roles/kind_cluster/defaults/main.yml"))["kind_cluster_images"]
    assert f"ghcr.io/cloudnative-pg/cloudnative-pg:{tested}" in [image["reference"] for image in images]
    ansible = re.search(r"^ansible==([0-9.]+); python_version >=", text_of("requirements-dev.txt"), re.MULTILINE)[1]
    assert f"PyPI's `ansible` {ansible} brings" in text


def test_the_collection_is_built_without_what_develops_it() -> None:
    """`make` takes an environment of its own, and programs that macOS does not have."""
    build = "ansible-galaxy collection build --force --output-path build"
    assert f"`{build} && ansible-galaxy collection install build/pgha-kubernetes-*.tar.gz`" in text_of("README.md")
    assert build in text_of("Makefile")
    assert "make build" not in text_of("README.md") + text_of("docs/upgrades.md")
    # What it, the tests and the playbooks leave in a checkout.
    assert {"build", "status", "playbooks/collections"} <= set(yaml.safe_load(text_of("galaxy.yml"))["build_ignore"])


@pytest.mark.parametrize("path", sorted((ROOT / "deploy/rbac").glob("*.yml")), ids=lambda path: path.stem)
def test_each_file_of_rights_is_explained(path: Path) -> None:
    assert f"| [{path.name}]({path.name}) |" in text_of("deploy/rbac/README.md")
