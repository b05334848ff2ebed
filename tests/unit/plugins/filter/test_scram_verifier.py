# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter scram_verifier. What it makes is tested with plugin_utils/scram.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.filter.scram_verifier import FilterModule, scram_verifier
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.scram import make_verifier, salt_for

SECRET = "hunter2-S3cret"
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
PENCIL = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def test_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"scram_verifier": scram_verifier}


@pytest.mark.parametrize(("password", "kind"), [(None, "NoneType"), (5, "int"), (["x"], "list")])
def test_refuses_what_is_no_text(password: object, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        scram_verifier(password, salt=SALT)
    assert str(caught.value) == f"pgha.kubernetes.scram_verifier: a text is right, not {kind}"


@pytest.mark.parametrize(
    "arguments",
    [{}, {"seed": "s"}, {"user": "u"}, {"salt": SALT, "seed": "s", "user": "u"}, {"salt": SALT, "user": "u"}],
    ids=["nothing", "no user", "no seed", "all", "salt and user"],
)
def test_wants_one_way_to_the_salt(arguments: dict) -> None:
    with pytest.raises(AnsibleFilterError, match="give either salt, or seed and user"):
        scram_verifier(SECRET, **arguments)


@pytest.mark.parametrize(
    ("password", "arguments"),
    [(SECRET + "\0", {"salt": SALT}), (SECRET, {"salt": "?"}), (SECRET, {"salt": SALT, "iterations": 1})],
)
def test_tells_why_without_the_password(password: str, arguments: dict) -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pgha\.kubernetes\.scram_verifier: ") as caught:
        scram_verifier(password, **arguments)
    assert SECRET not in str(caught.value)


def test_renders(render: Callable[[str, str], Any]) -> None:
    variables = f"{{password: pencil, salt: '{SALT}', seed: kept}}"
    assert render("{{ password | pgha.kubernetes.scram_verifier(salt=salt, iterations=4096) }}", variables) == PENCIL
    derived = render("{{ password | pgha.kubernetes.scram_verifier(seed=seed, user='hot|app') }}", variables)
    assert derived == make_verifier("pencil", salt_for("kept", "hot|app"))


def test_refuses_in_a_template(render: Callable[[str, str], Any]) -> None:
    with pytest.raises(AnsibleError, match="the password is empty"):
        render("{{ '' | pgha.kubernetes.scram_verifier(salt=salt) }}", f"{{salt: '{SALT}'}}")
