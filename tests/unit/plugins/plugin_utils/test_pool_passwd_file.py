# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pool_passwd and pcp.conf against known entries, openssl, and readers that behave as those of Pgpool-II."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
from types import MappingProxyType

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pool_passwd import (
    MAX_AES_PASSWORD,
    MAX_PCP_NAME,
    aes_encrypter,
    aes_key_and_iv,
    escape,
    lines,
    md5_entry,
    pcp_conf,
    text_entry,
)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = "hunter2-S3cret"
HASH = "md5" + hashlib.md5(b"secretapp").hexdigest()
VERIFIER = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTA="
# 79 bytes, the most that fit: two bytes each but for one.
LONGEST_AES = "ä" * 39 + "x"

# The first two are printed in Pgpool-II's documentation; the others agree with openssl.
AES_ENTRIES = [
    ("pgpool", "pgpool", "AESheq2ZMZjynddMWk5sKP/Rw=="),
    ("pgpool", "postgres", "AESHs/pWL5rtXy2IwuzroHfqg=="),
    ("secret", "foo", "AESspLxkQKd0MsKGnf8RHukyA=="),
    ("secret", "a" * 15, "AESJ7WJt3HEoPfs6q4NfhMayQ=="),
    ("secret", "a" * 16, "AES2rPoQZlcOc3HVNPnvyE2hP0jhD4sKwcEADMIJd6U5Wc="),
    ("secret", "pässwörd€", "AESbzJc1bEJLThkk2QVhjVpGA=="),
    ("k", "", "AESy1+ACTo8CbHbRPwRkaAk3w=="),
]

# What can stand in a line: no surrogates (they are not in UTF-8), no line breaks, no NUL.
line_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=40)
awkward_text = st.text(st.sampled_from("\\:a:\\ b#'\"$ä"), min_size=1, max_size=20)


def next_token(buffer: bytes, limit: int) -> tuple[str, bytes]:
    """The next field and what follows it, as Pgpool-II's getNextToken() finds them."""
    token = bytearray()
    position, escaped = 0, False
    while position < len(buffer) and len(token) < limit:
        if buffer[position] == ord("\\") and not escaped:
            position, escaped = position + 1, True
        if buffer[position] == ord(":") and not escaped:
            return token.decode(), buffer[position + 1 :]
        token.append(buffer[position])
        position, escaped = position + 1, False
    return token.decode(), b""


def read_line(line: str) -> list[str]:
    """What Pgpool-II finds in a line: a name, of any length, and one to three fields of up to 128 bytes."""
    assert len(line.encode()) <= 1023
    name, rest = next_token(line.encode(), limit=1024)
    found = [name]
    while rest:
        field, rest = next_token(rest, limit=128)
        found.append(field)
    return found


def decrypt(key: str, entry: str) -> str:
    """The password that Pgpool-II gets out of an AES entry."""
    secret, initialization_vector = aes_key_and_iv(key)
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(initialization_vector)).decryptor()
    plain = decryptor.update(base64.b64decode(entry.removeprefix("AES"), validate=True)) + decryptor.finalize()
    return plain[: -plain[-1]].decode()


class TestEntries:
    def test_md5_hashes_the_password_and_the_name(self) -> None:
        assert md5_entry("app", "secret") == "md56a422f785c9e20873908ce25d1736ae2"

    def test_md5_is_of_utf8(self) -> None:
        assert md5_entry("ä", "ö") == "md5" + hashlib.md5(b"\xc3\xb6\xc3\xa4").hexdigest()

    def test_text_has_its_prefix(self) -> None:
        assert text_entry("AESop") == "TEXTAESop"

    @pytest.mark.parametrize(("key", "password", "entry"), AES_ENTRIES, ids=[entry for _, _, entry in AES_ENTRIES])
    def test_aes_equals_pg_enc(self, key: str, password: str, entry: str) -> None:
        assert aes_encrypter(key)(password) == entry

    def test_aes_key_and_iv_equal_openssl(self) -> None:
        secret, initialization_vector = aes_key_and_iv("secret")
        assert secret.hex().startswith("e5e9fa1b")
        assert secret.hex().endswith("56424b2")
        assert len(secret) == 32
        assert initialization_vector.hex() == "e93da465b309c53fec5ff93c9637da58"

    @pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not on PATH")
    @pytest.mark.parametrize(
        ("key", "password"),
        [
            ("key with spaces", "x"),
            ("k" * 255, "p" * 79),
            ("schlüssel:\\'\"$", "pässwörd€ '\"$\\:"),
            ("secret", "a" * 32),
        ],
    )
    def test_aes_equals_openssl(self, key: str, password: str) -> None:
        command = ["openssl", "enc", "-aes-256-cbc", "-nosalt", "-md", "sha1", "-k", key, "-a", "-A"]
        encrypted = subprocess.run(command, input=password.encode(), capture_output=True, check=True).stdout
        assert aes_encrypter(key)(password) == "AES" + encrypted.decode()

    @pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not on PATH")
    def test_aes_equals_openssl_for_passwords_and_keys_of_every_size(self) -> None:
        for size in range(1, MAX_AES_PASSWORD + 1):
            key, password = "\\:k'\"$ ä"[: size % 8 + 1] * (size % 25 + 1), ("p: ä\\'\"$" * 80).encode()[:size]
            command = ["openssl", "enc", "-aes-256-cbc", "-nosalt", "-md", "sha1", "-k", key, "-a", "-A"]
            clear = password.decode(errors="ignore").ljust(size, "x")
            encrypted = subprocess.run(command, input=clear.encode(), capture_output=True, check=True).stdout
            assert aes_encrypter(key)(clear) == "AES" + encrypted.decode()

    @settings(deadline=None)
    @given(key=line_text, password=line_text)
    def test_aes_can_be_decrypted(self, key: str, password: str) -> None:
        assert decrypt(key, aes_encrypter(key)(password)) == password

    def test_aes_says_which_library_it_lacks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
        with pytest.raises(InputError, match="pip install cryptography"):
            aes_encrypter("key")


class TestEscapes:
    def test_colon_and_backslash_get_a_backslash(self) -> None:
        assert escape(r"a:b\c") == r"a\:b\\c"

    @given(fields=st.lists(line_text | awkward_text, min_size=1, max_size=4))
    def test_the_reader_finds_what_was_written(self, fields: list[str]) -> None:
        fields = [field.encode()[:100].decode(errors="ignore") for field in fields]
        assert read_line(":".join(map(escape, fields))) == fields


class TestLines:
    def test_a_dict_makes_md5_lines(self) -> None:
        assert lines({"app": "secret", "bi": "p:w"}) == [f"app:{HASH}", "bi:md54d50ce8abc175a20dc5e5da0a3f0cbe6"]

    def test_each_user_may_have_a_method(self) -> None:
        users = [
            {"name": "a", "password": "foo"},
            {"name": "t", "password": "AESop:", "method": "text"},
            {"name": "app", "password": HASH, "method": "md5", "hashed": True},
        ]
        assert lines(users, method="aes", key="secret") == [
            "a:AESspLxkQKd0MsKGnf8RHukyA==",
            r"t:TEXTAESop\:",
            f"app:{HASH}",
        ]

    def test_names_are_escaped(self) -> None:
        assert lines({r"a:b\c": "pw"}, method="text") == [r"a\:b\\c:TEXTpw"]

    def test_a_backend_pair_follows(self) -> None:
        user = {"name": "app", "password": "a", "backend_user": "back:end", "backend_password": "b"}
        backend = md5_entry("back:end", "b")
        assert lines([user]) == [rf"app:{md5_entry('app', 'a')}:back\:end:{backend}"]

    def test_the_longest_line_comes_back_whole(self) -> None:
        user = {"name": ":" * 128, "password": ":" * 123, "backend_user": ":" * 127, "backend_password": ":" * 124}
        (line,) = lines([user], method="text")
        assert len(line) == 1015
        assert read_line(line) == [":" * 128, "TEXT" + ":" * 123, ":" * 127, "TEXT" + ":" * 124]

    def test_no_users_make_no_lines(self) -> None:
        assert lines({}) == lines([]) == []

    def test_a_key_without_aes_users_is_not_looked_at(self) -> None:
        assert lines({"app": "secret"}, key="") == [f"app:{HASH}"]

    def test_inputs_are_not_changed(self) -> None:
        entry = MappingProxyType({"name": "app", "password": "secret"})
        assert lines(MappingProxyType({"app": "secret"})) == lines((entry,))

    @pytest.mark.parametrize(
        ("password", "method"),
        [(LONGEST_AES, "aes"), ("ä" * 62, "text"), (":" * 124, "text"), ("\\" * 124, "text"), ("p" * 5000, "md5")],
        ids=["aes 79", "text 124", "text 124 colons", "text 124 backslashes", "md5 any"],
    )
    def test_the_longest_passwords_come_back_whole(self, password: str, method: str) -> None:
        name, entry = read_line(lines({"n" * 128: password}, method=method, key="k")[0])
        assert name == "n" * 128
        assert entry == {"text": "TEXT" + password, "md5": md5_entry(name, password)}.get(method, entry)
        assert method != "aes" or decrypt("k", entry) == password

    @settings(deadline=None)
    @given(names=st.lists(line_text | awkward_text, min_size=1, max_size=5, unique=True), password=awkward_text)
    def test_every_user_is_found_again(self, names: list[str], password: str) -> None:
        names = [name for name in names if len(name.encode()) <= 128]
        found = [read_line(line) for line in lines(dict.fromkeys(names, password), method="text")]
        assert found == [[name, "TEXT" + password] for name in names]


def refused(users: object, **arguments: object) -> str:
    """The message with which the users are refused."""
    with pytest.raises(InputError) as caught:
        lines(users, **arguments)
    return str(caught.value)


class TestRefusals:
    @pytest.mark.parametrize(
        ("password", "method", "reason"),
        [
            (SECRET + "\0", "md5", "line break or a NUL"),
            (SECRET + "\r", "md5", "line break or a NUL"),
            (SECRET + "\n", "text", "line break or a NUL"),
            (SECRET + "\ud800", "md5", "surrogate"),
            ("", "md5", "is empty"),
            (None, "md5", "is missing"),
            (8675309, "md5", "is of type int"),
            (True, "md5", "is of type bool"),
            (SECRET.encode(), "md5", "is of type bytes"),
            (LONGEST_AES + "y", "aes", "takes 80 bytes; Pgpool-II reads at most 79"),
            ("p" * 125, "text", "takes 125 bytes; Pgpool-II reads at most 124"),
            (SECRET + "\u00a0", "aes", "SASLprep"),
            (SECRET + "\u00a0", "text", "SASLprep"),
            (VERIFIER, "aes", "is a hash already"),
            (VERIFIER, "text", "is a hash already"),
            (VERIFIER, "md5", "is a hash already"),
            (HASH, "md5", "is a hash already"),
            ("md5" + "A" * 32, "aes", "is a hash already"),
        ],
    )
    def test_of_passwords(self, password: object, method: str, reason: str) -> None:
        message = refused({"app": password}, method=method, key="key")
        assert message.startswith("user 'app': the password ")
        assert reason in message
        assert not password or str(password) not in message
        assert SECRET not in message

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("", "is empty"),
            (None, "is missing"),
            (5, "is of type int"),
            ("a\0", "line break or a NUL"),
            ("a\r", "line break or a NUL"),
            ("a\n", "line break or a NUL"),
            ("a\ud800", "surrogate"),
            ("ä" * 64 + "x", "takes 129 bytes; Pgpool-II reads at most 128"),
        ],
    )
    def test_of_names(self, name: object, reason: str) -> None:
        for users in ({name: SECRET}, [{"name": name, "password": SECRET}]):
            message = refused(users)
            assert reason in message
            assert SECRET not in message

    @pytest.mark.parametrize(
        ("key", "reason"),
        [
            (None, "needs a key"),
            ("", "needs a key"),
            (12, "needs a key"),
            ("k" * 256, "the key takes 256 bytes; Pgpool-II reads at most 255"),
            ("hidden\nkey", "line break"),
            ("hidden\rkey", "line break"),
            ("hidden\0key", "NUL"),
            ("hidden\ud800", "surrogate"),
        ],
    )
    def test_of_keys(self, key: object, reason: str) -> None:
        message = refused({"app": SECRET}, method="aes", key=key)
        assert reason in message
        assert SECRET not in message
        assert "hidden" not in message

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"passwd": "x"}, "unknown passwd; known are name, password, method"),
            ({"method": "plain"}, "method is 'plain'; md5, aes, text are known"),
            ({"hashed": "yes"}, "hashed is of type str"),
            ({"hashed": True}, "'md5' and 32 lower-case hexadecimal digits"),
            ({"hashed": True, "method": "aes"}, "hashed goes with method md5 alone"),
            ({"backend_user": "b"}, "go together"),
            ({"backend_password": SECRET}, "go together"),
            ({"backend_user": "", "backend_password": SECRET}, "backend_user is empty"),
            ({"backend_user": "b", "backend_password": SECRET + "\n"}, "backend_password holds a line break"),
            ({"backend_user": "b" * 128, "backend_password": SECRET}, "takes 128 bytes; Pgpool-II reads at most 127"),
        ],
    )
    def test_of_entries(self, fields: dict, reason: str) -> None:
        message = refused([{"name": "app", "password": SECRET, **fields}], key="key")
        assert message.startswith("user 'app': ")
        assert reason in message
        assert SECRET not in message

    def test_of_a_password_that_hides_the_backend_pair(self) -> None:
        user = {"name": "app", "password": "p" * 124, "backend_user": "b", "backend_password": SECRET}
        line = ":".join(["app", "TEXT" + "p" * 124, "b", "TEXT" + SECRET])
        assert len(read_line(line)) == 2
        message = refused([user], method="text")
        assert "takes 128 bytes; Pgpool-II reads at most 127" in message
        assert "ppp" not in message

    def test_of_duplicates(self) -> None:
        message = refused([{"name": "app", "password": SECRET}, {"name": "app", "password": SECRET + "2"}])
        assert message == "user 'app' is there twice"

    def test_of_an_unknown_method(self) -> None:
        assert refused({}, method="scram") == "method is 'scram'; md5, aes, text are known"

    def test_of_an_entry_that_is_no_dict(self) -> None:
        message = refused([SECRET])
        assert message == "user number 1 is of type str; a dict with name and password is right"


class TestPcpConf:
    def test_has_a_name_and_a_hash_in_each_line(self) -> None:
        expected = "pcp:5ebe2294ecd0e0f08eab7690d2a6ee69\nops:acbd18db4cc2f85cedef654fccc4a4d8\n"
        assert pcp_conf({"pcp": "secret", "ops": "foo"}) == expected
        assert pcp_conf([{"name": "pcp", "password": "secret"}, {"name": "ops", "password": "foo"}]) == expected

    def test_no_users_make_an_empty_file(self) -> None:
        assert pcp_conf({}) == ""

    def test_the_longest_name_fills_the_line(self) -> None:
        assert len(pcp_conf({"n" * MAX_PCP_NAME: "secret"}).rstrip("\n")) == 128

    @pytest.mark.parametrize(
        ("users", "reason"),
        [
            ({"a:b": SECRET}, "':' in it"),
            ({"#a": SECRET}, "'#' in front"),
            ({"n" * (MAX_PCP_NAME + 1): SECRET}, "takes 96 bytes; Pgpool-II reads at most 95"),
            ({"a": SECRET + "\n"}, "line break"),
            ({"a": ""}, "is empty"),
            ([{"name": "a", "password": SECRET}] * 2, "is there twice"),
            ([{"name": "a", "password": SECRET, "method": "md5"}], "unknown method; known are name, password"),
            ({"a": HASH}, "is a hash already"),
        ],
    )
    def test_refuses(self, users: object, reason: str) -> None:
        with pytest.raises(InputError) as caught:
            pcp_conf(users)
        assert reason in str(caught.value)
        assert SECRET not in str(caught.value)
        assert HASH not in str(caught.value)


def test_type_name_is_that_of_python() -> None:
    class Tagged(int):
        """As Ansible makes them."""

    assert [type_name(value) for value in (Tagged(), True, None)] == ["int", "bool", "NoneType"]
