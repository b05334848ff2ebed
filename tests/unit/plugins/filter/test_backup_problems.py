# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter backup_problems, as templates use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_backup_problems(render: Callable[[str, str], Any]) -> None:
    template = "{{ backup | pgha.kubernetes.backup_problems([], 'cloudnativepg', 'demo') }}"
    [problem] = render(template, "backup: {bucket: b12, credentials_secret: s3}")
    assert problem.startswith("postgres_cluster_backup names the Secret 's3'")


def test_wrong_type(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(Exception, match="give a mapping, not str"):
        render("{{ 'x' | pgha.kubernetes.backup_problems([], 'cloudnativepg', 'demo') }}", "{}")
