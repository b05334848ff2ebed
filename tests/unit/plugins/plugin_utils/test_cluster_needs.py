# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PostgreSQL cluster needs of Kubernetes, whichever operator runs it."""

from __future__ import annotations

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.cluster_needs import default_class, storage_class_problems


@pytest.mark.parametrize(
    ("annotations", "is_default"),
    [
        ({"storageclass.kubernetes.io/is-default-class": "true"}, True),
        # Kubernetes takes both.
        ({"storageclass.beta.kubernetes.io/is-default-class": "true"}, True),
        (
            {
                "storageclass.kubernetes.io/is-default-class": "false",
                "storageclass.beta.kubernetes.io/is-default-class": "true",
            },
            True,
        ),
        ({"storageclass.beta.kubernetes.io/is-default-class": "false"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_which_storage_class_is_the_default_one(annotations: dict[str, str] | None, is_default: bool) -> None:
    found = [{"kind": "StorageClass", "metadata": {"name": "standard", "annotations": annotations}}]
    assert default_class(found) == ("standard" if is_default else "")
    assert len(list(storage_class_problems({"storage": {}}, found))) == (not is_default)
