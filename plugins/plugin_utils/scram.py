# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's SCRAM-SHA-256 verifiers: what it keeps in place of a password (RFC 5802, RFC 7677).

A verifier that is made here can be given to ``ALTER ROLE … PASSWORD``, so that the password itself reaches neither the
server nor its log. Pgpool-II has no use for one, as it has to know the password.

Every function is pure, and raises only :class:`InputError`, which never holds a password.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import stringprep
import unicodedata
from base64 import b64decode, b64encode

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name

# RFC 7677 asks for 4096 at least, which is PostgreSQL's default too; its scram_iterations is a C int.
MIN_ITERATIONS = 4096
MAX_ITERATIONS = 2**31 - 1
SALT_BYTES = 16  # as PostgreSQL makes them
# PostgreSQL refuses what is kept of a password from 513 bytes on: of these, a verifier leaves some 300 for the salt.
MAX_SALT_BYTES = 128

# What PostgreSQL takes for a hash in place of a password.
READY_MADE = re.compile(r"md5[0-9a-fA-F]{32}|SCRAM-SHA-256\$.+:.+", re.DOTALL)


def make_verifier(password: str, salt: bytes, iterations: int = MIN_ITERATIONS) -> str:
    """Make the verifier of a password.

    Args:
        password: the password itself; SASLprep is applied as PostgreSQL and libpq do.
        salt: 1 to 128 bytes. The same password and salt make the same verifier each time.
        iterations: 4096 to 2147483647; more cost an attacker more, and each login too.

    Returns:
        ``SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>``, with Base64 in the last three.

    Raises:
        InputError: the password, the salt or the iterations cannot be used.

    """
    _check_password(password)
    if isinstance(iterations, bool) or not isinstance(iterations, int):
        raise InputError(f"iterations is of type {type_name(iterations)}; a whole number is right")
    if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
        raise InputError(f"iterations is {iterations}; from {MIN_ITERATIONS} to {MAX_ITERATIONS} is right")
    if not isinstance(salt, bytes) or not 0 < len(salt) <= MAX_SALT_BYTES:
        raise InputError(f"a salt of 1 to {MAX_SALT_BYTES} bytes is right")
    stored_key, server_key = _keys(password, salt, iterations)
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def salt_for(secret: str, name: str) -> bytes:
    """Derive a salt of 16 bytes: the first ones of HMAC-SHA-256 with the secret as its key, over the name.

    So a verifier stays the same from run to run with nothing kept, and whoever lacks the secret cannot know the salt.

    Args:
        secret: a text that is kept, long and random; one for all users will do.
        name: what tells this password from others under that secret, such as ``<cluster>|<user>``.

    Raises:
        InputError: one of them is not a text with something in it.

    """
    for what, text in (("the seed", secret), ("the user", name)):
        if not isinstance(text, str) or not text:
            raise InputError(f"{what} has to be a text that is not empty")
    return hmac.digest(utf8("the seed", secret), utf8("the user", name), "sha256")[:SALT_BYTES]


def salt_from(text: str) -> bytes:
    """Return the bytes of a salt that is written in Base64, as in a verifier.

    Raises:
        InputError: the text is not Base64 of the standard alphabet with its padding, or is of no bytes.

    """
    try:
        salt = b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        salt = b""
    if not salt:
        raise InputError("the salt is no Base64 of its bytes, such as W22ZaJ0SNY7soEsUEjb6gQ== for 16 of them")
    return salt


def saslprep(password: str) -> str:
    """Return the password as PostgreSQL and libpq put it into SCRAM: SASLprep (RFC 4013), or as it is where that fails.

    Pgpool-II leaves this step out. A password that it would change lets its user in at PostgreSQL and not at Pgpool-II.
    """
    if password.isascii():
        return password
    spaced = ("\u0020" if stringprep.in_table_c12(char) else char for char in password)
    mapped = "".join(char for char in spaced if not stringprep.in_table_b1(char))
    prepared = unicodedata.normalize("NFKC", mapped)
    if prepared == password or not mapped or is_forbidden(mapped):
        return password
    return prepared


def is_forbidden(password: str) -> bool:
    """Tell whether SASLprep forbids the password, which PostgreSQL then takes as it is, and CloudNativePG not at all.

    It makes the verifier itself from 1.29.2 on (EnsureEncryptedPassword in its pkg/management/postgres/utils).
    """
    return any(map(_is_prohibited, password)) or _is_mixed_direction(password)


def _is_prohibited(char: str) -> bool:
    """Tell whether SASLprep forbids the character, or Unicode 3.2, on which it rests, lacks it."""
    return (
        stringprep.in_table_a1(char)
        or stringprep.in_table_c21_c22(char)
        or stringprep.in_table_c3(char)
        or stringprep.in_table_c4(char)
        or stringprep.in_table_c5(char)
        or stringprep.in_table_c6(char)
        or stringprep.in_table_c7(char)
        or stringprep.in_table_c8(char)
        or stringprep.in_table_c9(char)
    )


def _is_mixed_direction(text: str) -> bool:
    """Tell whether the text breaks SASLprep's rule for right-to-left scripts (RFC 3454, section 6)."""
    if not any(map(stringprep.in_table_d1, text)):
        return False
    ends_right_to_left = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return not ends_right_to_left or any(map(stringprep.in_table_d2, text))


def _check_password(password: object) -> None:
    """Raise InputError unless the value is a password that PostgreSQL can have."""
    if not isinstance(password, str):
        raise InputError(f"the password is of type {type_name(password)}; a text is right (in YAML, put it in quotes)")
    if not password:
        raise InputError("the password is empty, with which PostgreSQL lets nobody in")
    if "\0" in password:
        raise InputError("the password holds a NUL, which PostgreSQL cannot")
    if READY_MADE.fullmatch(password):
        raise InputError("the password is a hash already, which PostgreSQL takes as it is; give the password itself")
    utf8("the password", password)


def _keys(password: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """Return StoredKey and ServerKey of RFC 5802."""
    salted = hashlib.pbkdf2_hmac("sha256", saslprep(password).encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")


def utf8(what: str, text: str) -> bytes:
    """Return the text in UTF-8; raise InputError, without the text in it, if there is no such thing."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{what} holds half a surrogate pair, which UTF-8 cannot") from None


def _base64(data: bytes) -> str:
    """Return the bytes in Base64."""
    return b64encode(data).decode()
