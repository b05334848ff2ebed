# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/sbom.py, which reads from an image what it is made of."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from program import program

sbom = program("tools/sbom.py")

STATUS = """\
Package: pgpool2
Status: install ok installed
Architecture: amd64
Version: 4.6.2-1
Description: connection pool
 Package: not a field

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: libc++1
Status: install ok installed
Architecture: amd64
Version: 1:2.0+b1
"""
PROGRAM = (
    sbom.GO_MARK
    + b"\0path\tcmd\nmod\texample.com/cmd\t(devel)\t\ndep\texample.com/kept\tv1.2.3\th1:abc=\n"
    + b"dep\texample.com/old\tv1.0.0\n=>\texample.com/new\tv2.0.0+incompatible\th1:def=\n"
)


def layer(**files: bytes) -> bytes:
    """Return a layer with programs and other files, `_` for `/`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "-").replace("_", "/"))
            member.size, member.mode = len(content), 0o755 if "bin" in name else 0o644
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def image(folder: Path, *layers: bytes, tags: tuple[str, ...] | None = ("example.com/name:1",)) -> Path:
    """Write an archive as `docker save` does."""
    files = {f"{number}.tar": content for number, content in enumerate(layers)}
    manifest = {"Config": "abc.json", "RepoTags": tags, "Layers": list(files)}
    with tarfile.open(folder / "image.tar", "w") as tar:
        for name, content in {**files, "manifest.json": json.dumps([manifest]).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return folder / "image.tar"


def test_packages_that_are_installed() -> None:
    assert [item["purl"] for item in sbom.debian_packages(STATUS, "trixie")] == [
        "pkg:deb/debian/pgpool2@4.6.2-1?arch=amd64&distro=trixie",
        "pkg:deb/debian/libc%2B%2B1@1%3A2.0%2Bb1?arch=amd64&distro=trixie",
    ]


def test_no_suite_is_no_qualifier() -> None:
    assert next(sbom.debian_packages(STATUS))["purl"].endswith("?arch=amd64")


def test_modules_of_a_program_and_what_replaces_them() -> None:
    assert [item["purl"] for item in sbom.go_modules(PROGRAM)] == [
        "pkg:golang/example.com/kept@v1.2.3",
        "pkg:golang/example.com/new@v2.0.0%2Bincompatible",
    ]


def test_a_program_that_is_not_of_go_has_none() -> None:
    assert list(sbom.go_modules(PROGRAM.removeprefix(sbom.GO_MARK))) == []


def test_the_last_layer_counts(tmp_path: Path) -> None:
    big = PROGRAM + b"\0" * sbom.PROGRAM_BYTES
    first = layer(var_lib_dpkg_status=STATUS.replace("4.6.2-1", "4.5.0-1").encode(), bin_cmd=big)
    second = layer(var_lib_dpkg_status=STATUS.encode(), usr_lib_os__release=b"VERSION_CODENAME=trixie\n")
    found = sbom.image_bom(image(tmp_path, first, second))
    assert found["metadata"]["component"]["name"] == "example.com/name:1"
    assert found["metadata"]["component"]["version"] == "sha256:abc"
    assert [item["name"] for item in found["components"]] == [
        "libc++1",
        "pgpool2",
        "example.com/kept",
        "example.com/new",
    ]
    assert found["components"][1]["version"] == "4.6.2-1"


LIBRARY = "usr/local/lib/python3.13/dist-packages"


def test_what_pip_installed(tmp_path: Path) -> None:
    old = b"Metadata-Version: 2.1\nName: Py_YAML.x\nVersion: 5.4\n\nName: text\n"
    first = layer(
        **{
            f"{LIBRARY}/PyYAML-5.4.dist-info/METADATA": old,
            # Debian's own, which dpkg names.
            "usr/lib/python3/dist-packages/psycopg2.dist-info/METADATA": b"Name: psycopg2\nVersion: 2\n",
        }
    )
    second = layer(**{f"{LIBRARY}/.wh.PyYAML-5.4.dist-info": b""})
    third = layer(**{f"{LIBRARY}/PyYAML-6.0.dist-info/METADATA": old.replace(b"5.4", b"6.0+a")})
    for layers, purl in (((first,), "pkg:pypi/py-yaml-x@5.4"), ((first, second, third), "pkg:pypi/py-yaml-x@6.0%2Ba")):
        assert [item["purl"] for item in sbom.image_bom(image(tmp_path, *layers))["components"]] == [purl]


@pytest.mark.parametrize("mark", ["usr/local/lib/.wh.python3.13", "usr/local/.wh..wh..opq", ".wh.usr"])
def test_a_folder_that_a_later_layer_removes_is_gone(mark: str, tmp_path: Path) -> None:
    text = b"Name: a\nVersion: 1\n"
    first = layer(
        **{
            f"{LIBRARY}/a.dist-info/METADATA": text,
            "opt/site-packages/b.dist-info/METADATA": text.replace(b"a\n", b"b\n"),
        }
    )
    found = sbom.image_bom(image(tmp_path, first, layer(**{mark: b""})))["components"]
    assert [item["name"] for item in found] == ["b"]


@pytest.mark.parametrize(
    "path", ["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/Packages"]
)
def test_an_image_with_packages_that_cannot_be_read_has_no_bill(path: str, tmp_path: Path) -> None:
    with pytest.raises(sbom.UnreadableError, match="RPM"):
        sbom.image_bom(image(tmp_path, layer(**{path: b"database"})))


def test_an_archive_without_a_name_is_named_after_its_file(tmp_path: Path) -> None:
    archive = image(tmp_path, layer(var_lib_dpkg_status=STATUS.encode()), tags=None)
    assert sbom.image_bom(archive)["metadata"]["component"]["name"] == "image"


@pytest.mark.parametrize("content", [None, b"text", b""], ids=["missing", "text", "empty"])
def test_an_archive_that_is_none_is_said(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = image(tmp_path, layer(var_lib_dpkg_status=STATUS.encode()))
    (tmp_path / "built/pgpool-1").mkdir(parents=True)
    made.rename(tmp_path / "built/pgpool-1/image.tar")
    (tmp_path / "built/pgpool").symlink_to("pgpool-1")
    given = tmp_path / "jobs.tar"
    if content is not None:
        given.write_bytes(content)
    argv = ["sbom.py", str(tmp_path / "out"), "--cache", str(tmp_path), "--image", str(given)]
    monkeypatch.setattr("sys.argv", argv)
    assert sbom.main() == 1
    assert capsys.readouterr().err.startswith(f"sbom: {given} is no archive of an image that can be read: ")


def test_the_same_image_has_the_same_bill(tmp_path: Path) -> None:
    archive = image(tmp_path, layer(var_lib_dpkg_status=STATUS.encode()))
    assert sbom.image_bom(archive) == sbom.image_bom(archive)


def test_bundles_are_left_out(tmp_path: Path) -> None:
    for name in ("pgpool", "images", "extra-images"):
        (tmp_path / "built" / f"{name}-1").mkdir(parents=True)
        (tmp_path / "built" / f"{name}-1" / "image.tar").touch()
        (tmp_path / "built" / name).symlink_to(f"{name}-1")
    assert list(sbom.archives_in(tmp_path)) == ["pgpool"]
