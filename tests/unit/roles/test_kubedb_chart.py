# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No value that the role kubedb gives to Helm is unknown to the chart: the tests' stand-in, and a real one, if given.

PGHA_KUBEDB_CHART names the real one: its folder, or the archive that `helm pull` makes.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.kubedb_operator import values

ROOT = Path(__file__).parents[3]
STAND_IN = ROOT / "molecule/kubedb/stand-in-chart"
OURS = values("kubedb-license", "registry.example", [{"name": "ours"}])


@pytest.fixture(params=["the stand-in", "the real one"])
def chart(request: pytest.FixtureRequest) -> Path:
    if request.param == "the stand-in":
        return STAND_IN
    if not os.environ.get("PGHA_KUBEDB_CHART"):
        pytest.skip("PGHA_KUBEDB_CHART does not name KubeDB's chart")
    return Path(os.environ["PGHA_KUBEDB_CHART"])


def known_values(chart: Path) -> dict[str, Any]:
    """Return the values that a chart has defaults for, with those of its parts under their names."""
    if chart.is_file():
        return _from_archive(chart.read_bytes())
    found = yaml.safe_load((chart / "values.yaml").read_text()) or {}
    for part in sorted((chart / "charts").glob("*")):
        if part.is_dir() and (part / "values.yaml").is_file():
            found[part.name] = _with_own(known_values(part), found.get(part.name))
        elif part.suffix == ".tgz":
            name = part.name.rpartition("-")[0]
            found[name] = _with_own(_from_archive(part.read_bytes()), found.get(name))
    return found


def _from_archive(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = [member.name for member in archive if member.name.endswith("/values.yaml")]
        for name in sorted(files, key=lambda name: name.count("/")):
            own = yaml.safe_load(archive.extractfile(name).read()) or {}
            place = found
            for part in name.split("/")[2:-1:2]:  # kubedb/charts/<part>/values.yaml
                place = place.setdefault(part, {})
            for key, value in own.items():
                place[key] = _with_own(value, place.get(key)) if isinstance(value, dict) else place.get(key, value)
    return found


def _with_own(part: Mapping[str, Any], of_parent: Any) -> dict[str, Any]:
    return {**part, **(of_parent or {})}


def unknown(ours: Mapping[str, Any], known: Any, path: str = "") -> Iterator[str]:
    """Yield the values that a chart has no default for. One whose default is empty takes anything."""
    for key, value in ours.items():
        if not isinstance(known, Mapping) or (known and key not in known):
            yield path + key
        elif isinstance(value, Mapping) and known:
            yield from unknown(value, known[key], f"{path}{key}.")


def test_no_value_of_ours_is_unknown(chart: Path) -> None:
    known = known_values(chart)
    # Whether a part is on is the parent's word, and not always among its defaults.
    ours = {key: value for key, value in OURS.items() if not (key in known and list(value) == ["enabled"])}
    assert list(unknown(ours, known)) == []


def test_helm_renders_it_with_our_values(chart: Path, tmp_path: Path) -> None:
    if not shutil.which("helm"):
        pytest.skip("helm is not on the PATH: make demo and make test put it there")
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(OURS))
    command = ["helm", "template", "kubedb", str(chart), "--kube-version=1.34.0", "--namespace=kubedb"]
    done = subprocess.run(
        [*command, f"--values={tmp_path / 'values.yaml'}"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    kinds = {item["kind"] for item in yaml.safe_load_all(done.stdout) if item}
    assert {"StatefulSet", "Deployment", "PostgresVersion"} <= kinds
    assert "registry.example" in done.stdout


def test_what_is_unknown_is_seen() -> None:
    known = known_values(STAND_IN)
    assert list(unknown({"global": {"licence": "x"}, "petsets": {}}, known)) == ["global.licence", "petsets"]
    assert list(unknown({"global": {"featureGates": {"Oracle": False}}}, known)) == ["global.featureGates.Oracle"]


def test_an_archive_is_read_as_a_folder_is(tmp_path: Path) -> None:
    part = tmp_path / "kubedb/charts/petset"
    part.mkdir(parents=True)
    (part / "values.yaml").write_text("replicaCount: 1\nimage: {tag: a}\n")
    (tmp_path / "kubedb/values.yaml").write_text("global: {license: ''}\npetset: {enabled: true}\n")
    with tarfile.open(tmp_path / "kubedb.tgz", "w:gz") as archive:
        archive.add(tmp_path / "kubedb", "kubedb")
    wanted = {"global": {"license": ""}, "petset": {"enabled": True, "replicaCount": 1, "image": {"tag": "a"}}}
    assert known_values(tmp_path / "kubedb") == wanted
    assert known_values(tmp_path / "kubedb.tgz") == wanted
