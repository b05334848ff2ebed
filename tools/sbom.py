#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write bills of materials in CycloneDX's JSON, one for each image that was built here and one of Python: `make sbom`.

    tools/with-env --release tools/sbom.py build/sbom [--image ARCHIVE …]

What an image holds is read from the image itself, as images/build.py keeps it in the cache, or from an archive that is
given: the packages of Debian from dpkg's status, the modules of Go programs from what the compiler wrote into them,
what pip installed from its metadata. Python's is the environment of requirements-dev.txt, in which the tests run. Each
is checked against CycloneDX's schema.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgha"
# The one that is published from here: without it, this fails.
OWN = "pgpool"
DPKG = "var/lib/dpkg/status"
RELEASE = ("etc/os-release", "usr/lib/os-release")
GO_MARK = b"\xff Go buildinf:"
# A module of a program, and what it was replaced by.
GO_MODULE = re.compile(rb"^(dep|=>)\t(\S+)\t(v\S+)(?:\t(h1:\S+))?$", re.MULTILINE)
PROGRAM_BYTES = 1 << 20  # no program of Go is smaller
# What pip installed. Debian's own packages of Python lie in usr/lib/python3, and are dpkg's already.
WHEEL = re.compile(r"(?!usr/lib/python3/).*/(?:site|dist)-packages/[^/]+[.]dist-info/METADATA")
# The databases of RPM, old and new: not read here.
RPM = re.compile(r"(?:var/lib|usr/lib/sysimage)/rpm/(?:rpmdb[.]sqlite|Packages(?:[.]db)?)")
GONE, ALL_GONE = ".wh.", ".wh..wh..opq"  # a layer says so that a file, or all of a folder, of those below is gone


class UnreadableError(Exception):
    """An image of which a bill of materials would not be whole."""


def debian_packages(status: str, suite: str = "") -> Iterator[dict[str, Any]]:
    """Yield a component for each installed package of dpkg's status."""
    for stanza in status.strip().split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.MULTILINE))
        if fields.get("Status", "").split()[-1:] != ["installed"]:
            continue
        name, version = fields["Package"], fields["Version"]
        about = f"arch={fields['Architecture']}" + (f"&distro={suite}" if suite else "")
        purl = f"pkg:deb/debian/{quote(name)}@{quote(version, safe='')}?{about}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def go_modules(program: bytes) -> Iterator[dict[str, Any]]:
    """Yield a component for each module that is compiled into a program of Go."""
    if GO_MARK not in program:
        return
    found: dict[bytes, tuple[bytes, bytes]] = {}
    asked = b""
    for word, name, version, _checksum in GO_MODULE.findall(program):
        asked = name if word == b"dep" else asked
        found[asked] = (name, version)
    for name, version in found.values():
        purl = f"pkg:golang/{quote(name.decode())}@{quote(version.decode(), safe='')}"
        yield {"type": "library", "bom-ref": purl, "name": name.decode(), "version": version.decode(), "purl": purl}


def python_package(metadata: str) -> dict[str, Any]:
    """Return the component of a package that pip installed."""
    fields = dict(re.findall(r"^(Name|Version): (.*)$", metadata.partition("\n\n")[0], re.MULTILINE))
    name, version = fields["Name"], fields["Version"]
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{quote(version, safe='')}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def files_of(image: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Yield what the image has of files that say what it is made of, each as its last layer has it."""
    [manifest] = json.loads(image.extractfile("manifest.json").read())
    last: dict[str, tuple[tarfile.TarFile, tarfile.TarInfo]] = {}
    with contextlib.ExitStack() as opened:
        for path in manifest["Layers"]:
            layer = opened.enter_context(tarfile.open(fileobj=image.extractfile(path)))
            found = {}
            for member in layer:
                name = member.name.removeprefix("./")
                folder, _, file = name.rpartition("/")
                if file.startswith(GONE):
                    gone = folder if file == ALL_GONE else f"{folder}/{file.removeprefix(GONE)}".lstrip("/")
                    last = {old: there for old, there in last.items() if not f"{old}/".startswith(f"{gone}/")}
                    continue
                program = member.mode & 0o111 and member.size >= PROGRAM_BYTES
                told = name == DPKG or name in RELEASE or WHEEL.fullmatch(name) or RPM.fullmatch(name)
                if member.isfile() and (program or told):
                    found[name] = (layer, member)
            last |= found
        for name, (layer, member) in last.items():
            yield name, layer.extractfile(member).read()


def image_bom(archive: Path) -> dict[str, Any]:
    """Return the bill of materials of an image in Docker's archive format."""
    suite, status, modules, packages = "", "", {}, []
    with tarfile.open(archive) as image:
        [manifest] = json.loads(image.extractfile("manifest.json").read())
        for name, content in files_of(image):
            if name in RELEASE:
                suite = (re.findall(r"^VERSION_CODENAME=(\w+)", content.decode(), re.MULTILINE) or [suite])[0]
            elif RPM.fullmatch(name):
                raise UnreadableError("it has packages of RPM, which are not read here; take a scanner of images")
            elif WHEEL.fullmatch(name):
                packages.append(python_package(content.decode()))
            elif name == DPKG:
                status = content.decode()
            else:
                modules |= {item["purl"]: item for item in go_modules(content)}
    # What identifies it: the digest of its configuration, which names its layers.
    digest = Path(manifest["Config"]).name.removesuffix(".json")
    reference = (manifest.get("RepoTags") or [archive.stem])[0]
    about = {"type": "container", "bom-ref": reference, "name": reference, "version": f"sha256:{digest}"}
    return bom(about, [*debian_packages(status, suite), *modules.values(), *packages])


def bom(about: dict[str, Any], components: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a bill of materials; the same one for the same contents."""
    unique = {item["bom-ref"]: item for item in components}
    ordered = [unique[key] for key in sorted(unique)]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([about, ordered], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": about},
        "components": ordered,
    }


def problems(text: str) -> str:
    """Return what CycloneDX's schema has against it, or nothing."""
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 - the environment of a release alone has it
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    return str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) or "")


def python_bom() -> str:
    """Return the bill of materials of the environment of the tests."""
    where = [ROOT / "tools/with-env", "python", "-c", "import sys; print(sys.prefix)"]
    prefix = subprocess.run(where, check=True, capture_output=True, text=True).stdout.split()[-1]
    command = ["cyclonedx-py", "environment", "--spec-version=1.6", "--output-reproducible", "--of=JSON", prefix]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def archives_in(cache: Path) -> dict[str, Path]:
    """Return the archives of the images by name. Bundles repeat what lies there by itself, too."""
    found = (path for path in sorted(cache.glob("built/*/image.tar")) if path.parent.is_symlink())
    return {path.parent.name: path for path in found if not path.parent.name.startswith(("images", "extra"))}


def main() -> int:
    """Write all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where they are written")
    parser.add_argument("--image", type=Path, action="append", default=[], help="one more, as `podman save` writes it")
    parser.add_argument("--cache", type=Path, default=CACHE, help="the cache of images/build.py (%(default)s)")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    archives = archives_in(arguments.cache)
    if OWN not in archives:
        remedy = "build it with `make demo`, then run this again"
        sys.stderr.write(f"sbom: {arguments.cache}/built has no image of {OWN}: {remedy}\n")
        return 1
    archives |= {path.stem: path for path in arguments.image}
    texts = {}
    for name, path in archives.items():
        try:
            texts[f"image-{name}"] = json.dumps(image_bom(path), indent=2)
        except (OSError, KeyError, tarfile.TarError, UnreadableError) as problem:
            sys.stderr.write(f"sbom: {path} is no archive of an image that can be read: {problem}\n")
            return 1
    texts["python"] = python_bom()
    for name, text in texts.items():
        wrong = problems(text)
        if wrong:
            sys.stderr.write(f"sbom: {name} does not hold to CycloneDX's schema: {wrong}\n")
            return 1
        path = arguments.folder / f"{name}.cdx.json"
        path.write_text(text + "\n", encoding="utf-8")
        print(f"{path}: {len(json.loads(text)['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
