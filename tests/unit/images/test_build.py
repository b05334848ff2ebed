# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""images/build.py: what is in the cache is whole or built again, and nothing is built twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from program import program

ROOT = Path(__file__).resolve().parents[3]
build = program("images/build.py")


class Counted:
    """A recipe that writes one file, and how often it did."""

    def __init__(self, name="thing", content="content", needs=(), fail=False):
        self.made, self.fail = 0, fail
        self.content = content
        self.recipe = build.Recipe(name, name, "lane", self.make, (content,), tuple(need.recipe for need in needs))

    def make(self, folder, _run, needs):
        self.made += 1
        (folder / "result").write_text(self.content + "".join((path / "result").read_text() for path in needs.values()))
        if self.fail:
            raise build.BuildError("no luck")


def run(tmp_path, *things):
    builder = build.Builder(build.Cache(tmp_path))
    return [future.result() for future in [builder.start(thing.recipe) for thing in things]]


def test_builds_once_and_then_takes_it_from_the_cache(tmp_path):
    thing = Counted()
    first, second = run(tmp_path, thing), run(tmp_path, thing)
    assert first == second
    assert thing.made == 1
    assert (tmp_path / "built" / "thing" / "result").read_text() == "content"


def test_what_is_needed_is_built_first_and_its_change_changes_the_key(tmp_path):
    base = Counted("base", "one ")
    (entry,) = run(tmp_path, Counted("thing", needs=[base]))
    assert (entry / "result").read_text() == "contentone "
    assert Counted("thing", needs=[Counted("base", "two ")]).recipe.key() not in entry.name


@pytest.mark.parametrize("damage", [
    pytest.param(lambda entry: (entry / "result").write_text("c0ntent"), id="changed, same size"),
    pytest.param(lambda entry: (entry / "result").write_text(""), id="cut off"),
    pytest.param(lambda entry: (entry / "result").unlink(), id="missing"),
    pytest.param(lambda entry: (entry / build.MANIFEST).unlink(), id="no manifest"),
    pytest.param(lambda entry: (entry / build.MANIFEST).write_text("{"), id="broken manifest"),
])
def test_a_damaged_entry_is_built_again(tmp_path, damage):
    thing = Counted()
    (entry,) = run(tmp_path, thing)
    damage(entry)
    run(tmp_path, thing)
    assert thing.made == 2
    assert (entry / "result").read_text() == "content"


def test_a_half_made_entry_is_never_used(tmp_path):
    failing = Counted(fail=True)
    with pytest.raises(build.BuildError, match="no luck"):
        run(tmp_path, failing)
    assert not build.Cache(tmp_path).entry(failing.recipe).exists()
    whole = Counted()
    (entry,) = run(tmp_path, whole)
    assert whole.made == 1
    assert list(entry.parent.glob("*.partial")) == []


def test_two_older_versions_are_kept(tmp_path):
    for number in range(5):
        run(tmp_path, Counted(content=str(number)))
    kept = sorted((path / "result").read_text() for path in (tmp_path / "built").glob("thing-*"))
    assert kept == ["2", "3", "4"]


def test_a_failed_command_shows_the_end_of_its_output(tmp_path):
    command = build.Run(tmp_path / "log")
    with pytest.raises(build.BuildError, match=r"(?s)`sh …` ended with 3.*the reason"):
        command("sh", "-c", "echo the reason; exit 3")


def test_an_unknown_target_is_named():
    with pytest.raises(build.BuildError, match=r"nothing is no target: kind-node, kind, helm, kubectl, or FOLDER="):
        build.recipes_of(["nothing"], build.Images(build.Engine("podman"), pull=False))


def test_what_scenarios_build_is_no_part_of_the_demo():
    images = build.Images(build.Engine("podman"), pull=False)
    [bundle] = build.recipes_of(["prometheus-operator=a/b:1", "alertmanager=c/d:1"], images, "mine")
    assert (bundle.name, [need.name for need in bundle.needs]) == ("mine", ["prometheus-operator", "alertmanager"])
    [program] = bundle.needs[0].needs
    assert program.name == "prometheus-operator-programs"
    assert build.arguments().parse_args(["--cache=x", "--engine=podman", "load", "--node=n"]).bundle == "images"


def test_every_image_of_the_role_has_a_folder_and_every_folder_an_entry():
    defaults = yaml.safe_load((ROOT / "roles/kind_cluster/defaults/main.yml").read_text())
    listed = {image["folder"] for image in defaults["kind_cluster_images"]}
    folders = {path.parent.name for path in (ROOT / "images").glob("*/Containerfile")} - {"kind-node"}
    assert listed | {image["folder"] for image in extra_images()} == folders | {"prometheus-config-reloader"}
    assert not listed & {image["folder"] for image in extra_images()}


def backup_images():
    """The images that the demo with backups, and the scenario `backup`, ask for beside those of the demo."""
    return yaml.safe_load((ROOT / "inventories/kind_backups/group_vars/kind_clusters.yml").read_text())[
        "kind_cluster_extra_images"
    ]


def extra_images():
    """Those, and the images that scenarios ask for."""
    converges = [yaml.safe_load(path.read_text())[0] for path in (ROOT / "molecule").glob("*/converge.yml")]
    asked = [image for play in converges for image in play.get("vars", {}).get("kind_cluster_extra_images", [])]
    return backup_images() + asked


def test_extra_images_are_built_apart():
    images = build.Images(build.Engine("podman"), pull=False)
    targets = [f"{image['folder']}={image['reference']}" for image in backup_images()]
    [bundle] = build.recipes_of(targets, images, "extra-images")
    assert bundle.name == "extra-images"
    assert {need.name for need in bundle.needs} == {"minio", "postgresql-barman"}
    barman = next(need for need in bundle.needs if need.name == "postgresql-barman")
    defaults = yaml.safe_load((ROOT / "roles/kind_cluster/defaults/main.yml").read_text())
    reference = next(image["reference"] for image in defaults["kind_cluster_images"] if image["folder"] == "postgresql")
    # The demo's own, so that it is built once.
    assert [need.key() for need in barman.needs] == [images.image("postgresql", reference).key()]


def test_the_operators_image_has_the_version_that_is_compiled():
    defaults = yaml.safe_load((ROOT / "roles/kind_cluster/defaults/main.yml").read_text())
    images = {image["folder"]: image["reference"] for image in defaults["kind_cluster_images"]}
    compiled = build.go_module_versions(ROOT / "images/cloudnative-pg")["github.com/cloudnative-pg/cloudnative-pg"]
    assert images["cloudnative-pg"].endswith(f":{compiled.removeprefix('v')}")


def test_where_images_can_be_pulled_no_debian_is_bootstrapped():
    images = build.Images(build.Engine("podman"), pull=True)
    assert images.image("pgpool", "ghcr.io/pgha/pgpool:4.6").needs == ()


def test_what_is_built_can_be_read_by_users_of_images(tmp_path, monkeypatch):
    def write(options):
        (options.cache / "program").touch(0o777)

    monkeypatch.setattr(build, "build", write)
    monkeypatch.setattr("sys.argv", ["build.py", "--cache", str(tmp_path), "--engine", "podman", "build", "kind"])
    before = os.umask(0o077)
    try:
        assert build.main() == 0
    finally:
        os.umask(before)
    assert (tmp_path / "program").stat().st_mode & 0o777 == 0o755
