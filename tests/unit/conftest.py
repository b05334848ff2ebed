# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this checkout, wherever it is, `ansible_collections.pgha.kubernetes` under a plain `pytest tests/unit`."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

# Tests import the collection while they are collected, before any fixture: so it is laid out here, and goes at exit.
# Ansible's own importer is used from the start, as it cannot take over from Python's later, and rendering needs it.
_TREE = tempfile.TemporaryDirectory(prefix="pgha-collections-")
_COLLECTION = Path(_TREE.name) / "ansible_collections" / "pgha" / "kubernetes"
_COLLECTION.parent.mkdir(parents=True)
_COLLECTION.symlink_to(Path(__file__).resolve().parents[2], target_is_directory=True)
init_plugin_loader([_TREE.name])


@pytest.fixture(scope="session")
def collections_path() -> str:
    """A folder for ANSIBLE_COLLECTIONS_PATH, in which this checkout is pgha.kubernetes."""
    return _TREE.name


@pytest.fixture(scope="session")
def render() -> Callable[[str, str], Any]:
    """Render a template with variables from YAML, as a playbook does: `render("{{ a + b }}", "{a: [1], b: [2]}")`.

    So filters get what they get in real life: tagged texts in containers that render their items when asked for them.
    """
    loader = DataLoader()

    def render_template(template: str, variables: str) -> Any:
        loaded = loader.load(trust_as_template(variables))
        return Templar(loader=loader, variables=loaded).template(trust_as_template(template))

    return render_template


@pytest.fixture(scope="session")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of promtool: that on the PATH, or that of the Prometheus image that `make demo` or `make test` built."""
    found = shutil.which("promtool")
    if found:
        return found
    archive = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgha/built/prometheus/image.tar"
    if archive.is_file():
        with tarfile.open(archive) as image:
            for layer in (member for member in image if member.name.endswith(".tar")):
                with tarfile.open(fileobj=image.extractfile(layer)) as files:
                    if "usr/bin/promtool" in files.getnames():
                        folder = tmp_path_factory.mktemp("promtool")
                        files.extract("usr/bin/promtool", folder, filter="data")
                        return str(folder / "usr/bin/promtool")
    pytest.skip("promtool is neither on the PATH nor in an image that was built here")
