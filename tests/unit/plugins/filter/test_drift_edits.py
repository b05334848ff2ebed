# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter drift_edits, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

VARIABLES = "it: {apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: demo}, spec: {replicas: 2}}"


def test_an_object(render: Callable[[str, str], Any]) -> None:
    assert render("{{ ([it] | pgha.kubernetes.drift_edits)[0].patch.spec }}", VARIABLES) == {"replicas": 3}


def test_wrong_input(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a list of objects, not"):
        render("{{ 'x' | pgha.kubernetes.drift_edits }}", VARIABLES)
