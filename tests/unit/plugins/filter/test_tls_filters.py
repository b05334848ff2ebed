# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters tls_secrets and tls_problems, as templates use them. Certificates are tested in plugin_utils."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError

NAMES = "names: [pg-pgpool, pg-pgpool.demo.svc]"


def test_what_was_made_stays_and_is_found_right(render: Callable[[str, str], Any]) -> None:
    made = render("{{ {} | pgha.kubernetes.tls_secrets({}, names) }}", NAMES)
    variables = f"{NAMES}\nmade: {json.dumps(made)}"
    assert render("{{ made.server | pgha.kubernetes.tls_secrets(made.ca, names) }}", variables) == made
    assert render("{{ {'data': made.server} | pgha.kubernetes.tls_problems('pg', names) }}", variables) == []


def test_problems(render: Callable[[str, str], Any]) -> None:
    (problem,) = render("{{ {} | pgha.kubernetes.tls_problems('pg-tls') }}", "{}")
    assert problem.startswith("there is no Secret pg-tls")


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ [] | pgha.kubernetes.tls_secrets({}, names) }}", "tls_secrets: a dict is right, not list"),
        ("{{ {} | pgha.kubernetes.tls_secrets({}, ['a b']) }}", "give a list of DNS names and addresses, not"),
        ("{{ {} | pgha.kubernetes.tls_secrets({}, []) }}", "give a list of DNS names and addresses, not"),
        ("{{ [] | pgha.kubernetes.tls_problems('x') }}", "tls_problems: a dict is right, not list"),
    ],
)
def test_refusals(render: Callable[[str, str], Any], template: str, sentence: str) -> None:
    with pytest.raises(AnsibleError, match=sentence):
        render(template, NAMES)
