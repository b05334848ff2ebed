# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCRAM verifiers against RFC 7677's own exchange and a server and a client that behave as RFC 5802 says."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.scram import make_verifier, salt_for, salt_from, saslprep
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = "hunter2-S3cret"
SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
# Of the password "pencil", in the exchange that RFC 7677 prints (section 3).
PENCIL = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
RFC_AUTH_MESSAGE = (
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
)
RFC_PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
RFC_SERVER_SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

password_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)


def server_accepts(verifier: str, auth_message: str, proof: str) -> bool:
    """What PostgreSQL does with a client's proof and the verifier that it keeps (verify_client_proof())."""
    _, _, keys = verifier.split("$")
    stored_key = b64decode(keys.split(":")[0])
    signature = hmac.digest(stored_key, auth_message.encode(), "sha256")
    client_key = bytes(left ^ right for left, right in zip(b64decode(proof), signature, strict=True))
    return hashlib.sha256(client_key).digest() == stored_key


class TestMakeVerifier:
    def test_equals_that_of_rfc_7677(self) -> None:
        assert make_verifier("pencil", SALT) == PENCIL

    def test_lets_the_client_of_rfc_7677_in(self) -> None:
        assert server_accepts(make_verifier("pencil", SALT), RFC_AUTH_MESSAGE, RFC_PROOF)
        assert not server_accepts(make_verifier("pencils", SALT), RFC_AUTH_MESSAGE, RFC_PROOF)

    def test_signs_as_the_server_of_rfc_7677(self) -> None:
        server_key = b64decode(make_verifier("pencil", SALT).rpartition(":")[2])
        assert hmac.digest(server_key, RFC_AUTH_MESSAGE.encode(), "sha256") == b64decode(RFC_SERVER_SIGNATURE)

    def test_takes_the_prepared_password(self) -> None:
        assert make_verifier("\ufb01n", SALT) == make_verifier("fin", SALT)

    def test_names_its_iterations(self) -> None:
        assert make_verifier("pencil", SALT, 5000).startswith("SCRAM-SHA-256$5000:W22Z")

    def test_has_as_many_characters_as_that_of_postgresql(self) -> None:
        assert len(make_verifier("x", salt_for("seed", "app"))) == 133

    def test_is_short_enough_for_postgresql_with_the_longest_salt(self) -> None:
        assert len(make_verifier("x", bytes(128), 10_000)) <= 512

    @settings(deadline=None, max_examples=40)
    @given(password=password_text, salt=st.binary(min_size=1, max_size=128))
    def test_is_of_its_password_alone(self, password: str, salt: bytes) -> None:
        verifier = make_verifier(password, salt)
        assert make_verifier(password, salt) == verifier
        assert make_verifier(password + "x", salt) != verifier

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            (None, "is of type NoneType"),
            (8675309, "is of type int"),
            (SECRET.encode(), "is of type bytes"),
            ("", "is empty"),
            (SECRET + "\0", "holds a NUL"),
            (SECRET + "\ud800", "half a surrogate pair"),
            (PENCIL, "is a hash already"),
            ("md5" + "0" * 32, "is a hash already"),
        ],
    )
    def test_refuses_passwords(self, password: object, reason: str) -> None:
        with pytest.raises(InputError) as caught:
            make_verifier(password, SALT)
        assert str(caught.value).startswith("the password ")
        assert reason in str(caught.value)
        assert SECRET not in str(caught.value)
        assert not password or str(password) not in str(caught.value)

    @pytest.mark.parametrize(
        ("salt", "iterations", "reason"),
        [
            (b"", 4096, "a salt of 1 to 128 bytes is right"),
            (b"s" * 129, 4096, "a salt of 1 to 128 bytes is right"),
            ("text", 4096, "a salt of 1 to 128 bytes is right"),
            (SALT, 4095, "iterations is 4095; from 4096 to 2147483647 is right"),
            (SALT, 2**31, "iterations is 2147483648; from 4096"),
            (SALT, "4096", "iterations is of type str"),
            (SALT, True, "iterations is of type bool"),
        ],
    )
    def test_refuses_salts_and_iterations(self, salt: object, iterations: object, reason: str) -> None:
        with pytest.raises(InputError) as caught:
            make_verifier(SECRET, salt, iterations)
        assert reason in str(caught.value)
        assert SECRET not in str(caught.value)


class TestSalts:
    def test_are_the_start_of_an_hmac(self) -> None:
        # RFC 4231, test case 2.
        assert salt_for("Jefe", "what do ya want for nothing?").hex() == "5bdcc146bf60754e6a042426089575c7"

    @settings(max_examples=40)
    @given(names=st.lists(password_text, min_size=2, max_size=5, unique=True))
    def test_differ_between_names_and_stay(self, names: list[str]) -> None:
        salts = [salt_for(SECRET, name) for name in names]
        assert len(set(salts)) == len(names)
        assert {len(salt) for salt in salts} == {16}
        assert salts == [salt_for(SECRET, name) for name in names]

    @pytest.mark.parametrize(("secret", "name"), [("", "app"), (None, "app"), (SECRET, ""), (SECRET, 5)])
    def test_need_both(self, secret: object, name: object) -> None:
        with pytest.raises(InputError, match="has to be a text that is not empty") as caught:
            salt_for(secret, name)
        assert SECRET not in str(caught.value)

    def test_come_from_base64(self) -> None:
        assert salt_from("W22ZaJ0SNY7soEsUEjb6gQ==") == SALT

    @pytest.mark.parametrize("text", ["", "W22Z aJ0S", "W22", "sälz", "W-_Z", None, 5])
    def test_are_refused_if_they_are_not(self, text: object) -> None:
        with pytest.raises(InputError, match="is no Base64 of its bytes"):
            salt_from(text)


class TestSaslprep:
    @pytest.mark.parametrize(
        ("password", "prepared"),
        [
            ("plain", "plain"),
            ("pässwörd€", "pässwörd€"),
            ("no\u00a0break", "no break"),
            ("\ufb01n", "fin"),
            ("e\u0301", "é"),
            ("\u2168", "IX"),
            ("soft\u00adhyphen", "softhyphen"),
            ("zero\u200bwidth", "zero width"),
            # What SASLprep refuses, PostgreSQL takes as it is.
            ("\u00ad", "\u00ad"),
            ("\ufb01\u0007", "\ufb01\u0007"),
            ("\ufb01\U0001f600", "\ufb01\U0001f600"),
            ("\ufb01\ue000", "\ufb01\ue000"),
            ("\u0627\ufb01\u0628", "\u0627\ufb01\u0628"),
            ("\u0627\u00a01", "\u0627\u00a01"),
            # A right-to-left password that keeps the rule is prepared: U+FEFB is a ligature of two letters.
            ("\u0627\ufefb", "\u0627\u0644\u0627"),
            ("\u06271\ufefb", "\u06271\u0644\u0627"),
        ],
    )
    def test_prepares_as_postgresql_does(self, password: str, prepared: str) -> None:
        assert saslprep(password) == prepared

    @given(password=password_text)
    def test_leaves_alone_what_it_made(self, password: str) -> None:
        assert saslprep(saslprep(password)) == saslprep(password)
