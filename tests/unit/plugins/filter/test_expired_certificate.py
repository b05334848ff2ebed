# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter expired_certificate, as templates use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


def test_a_certificate_and_its_key(render: Callable[[str, str], Any]) -> None:
    ca = render("{{ ({} | pgha.kubernetes.tls_secrets({}, ['x'])).ca }}", "{}")
    given = json.dumps({"ca.crt": ca["tls.crt"], "ca.key": ca["tls.key"]})
    found = render("{{ ca | pgha.kubernetes.expired_certificate(['x']) }}", f"ca: {given}")
    assert set(found) == {"tls.crt", "tls.key"}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 'x' | pgha.kubernetes.expired_certificate(['x']) }}", "a dict is right, not"),
        ("{{ {} | pgha.kubernetes.expired_certificate('x') }}", "give a list of names, not"),
        ("{{ {} | pgha.kubernetes.expired_certificate(['x']) }}", "is no certificate in PEM"),
    ],
)
def test_wrong_input(render: Callable[[str, str], Any], template: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        render(template, "{}")
