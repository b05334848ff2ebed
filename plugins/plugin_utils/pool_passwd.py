# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Pgpool-II's password files: the entries of pool_passwd (md5, AES, TEXT) and the lines of pcp.conf.

The formats are those that Pgpool-II 4.4 to 4.7 reads: src/auth/pool_passwd.c (fields, escapes, limits),
src/utils/ssl_utils.c (AES) and src/pcp_con/pcp_worker.c (pcp.conf). The entries equal the output of its own pg_md5 and
pg_enc byte for byte. On purpose, only the escapes differ: the tools write none, so a name of theirs with ``:`` or ``\``
is never found again.

All text is UTF-8. Every function is pure, and raises only :class:`InputError`, which never holds a password.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.scram import READY_MADE, saslprep, utf8

METHODS = ("md5", "aes", "text")

# Limits in bytes of UTF-8. Pgpool-II cuts what is longer without a word.
MAX_NAME = 128
MAX_KEY = 255  # the first line of the key file
# getNextToken() keeps 128 bytes of a field, counted after its escapes are taken out, so escapes cost nothing.
# TEXT leaves 124 of them. AES grows in blocks: 79 bytes become 111 characters, 80 become 131.
# A field of exactly 128 bytes ends the line for the reader, so with a backend pair behind it there is one byte less.
# The longest line that these limits allow, all escapes, takes 1015 bytes of the 1023 that it reads.
MAX_FIELD = 128
MAX_AES_PASSWORD = 79
# user_authenticate() in pcp_worker.c counts the whole line against 128 bytes: name, colon, 32 digits.
MAX_PCP_NAME = 128 - 1 - 32

_FORBIDDEN = re.compile(r"[\0\r\n]")
_MD5_HASH = re.compile(r"md5[0-9a-f]{32}")
_USER_KEYS = ("name", "password", "method", "backend_user", "backend_password", "hashed")


class User(NamedTuple):
    """One entry of pool_passwd before it is encoded."""

    name: str
    password: str
    method: str
    backend_user: str | None = None
    backend_password: str | None = None
    hashed: bool = False


def lines(users: Mapping | Iterable[Mapping], method: str = "md5", key: str | None = None) -> list[str]:
    """Make the lines of a pool_passwd file.

    Args:
        users: ``{name: password}``, or dicts with ``name`` and ``password`` and, where wanted, ``method`` (in place of
            the argument), ``hashed`` (the passwords are md5 hashes already), ``backend_user`` and ``backend_password``
            (the third and fourth field, which Pgpool-II 4.4 to 4.7 reads but makes no use of).
        method: ``md5``, ``aes`` or ``text``.
        key: what stands in the key file of Pgpool-II (PGPOOLKEYFILE); needed for ``aes``, at most 255 bytes.

    Returns:
        ``name:entry`` for each user, in the order given, without newlines.

    Raises:
        InputError: a user cannot be written, or could not log in with what was written.

    """
    entries = _entries(users, method)
    encoders: dict[str, Callable[[str, str], str]] = {
        "md5": md5_entry,
        "text": lambda _, password: text_entry(password),
    }
    if any(entry.method == "aes" for entry in entries):
        encrypt = aes_encrypter(key)
        encoders["aes"] = lambda _, password: encrypt(password)
    return [_line(entry, encoders[entry.method]) for entry in entries]


def check(users: Mapping | Iterable[Mapping], method: str = "md5") -> None:
    """Raise InputError where :func:`lines` would for the users, whatever the key."""
    _entries(users, method)


def pcp_conf(users: Mapping | Iterable[Mapping]) -> str:
    """Make a pcp.conf file: ``name:md5(password)`` for each user who may run PCP commands.

    Args:
        users: ``{name: password}``, or dicts with ``name`` and ``password``.

    Returns:
        The text of the file, one line for each user in the order given, or an empty text for no users.

    Raises:
        InputError: a user cannot be written; the file has no escapes and no comments behind an entry.

    """
    entries = list(_users(users, "md5", allowed=("name", "password")))
    _check_unique(entry.name for entry in entries)
    for entry in entries:
        if ":" in entry.name or entry.name.startswith("#"):
            raise InputError(f"user {entry.name!r}: pcp.conf cannot hold a name with ':' in it or '#' in front")
        _check_length(f"user {entry.name!r}: the name", entry.name, MAX_PCP_NAME)
    return "".join(f"{entry.name}:{_md5(entry.password)}\n" for entry in entries)


def md5_entry(name: str, password: str) -> str:
    """Return ``md5`` and the 32 hexadecimal digits that PostgreSQL, too, stores for the user's md5 password."""
    return "md5" + _md5(password + name)


def text_entry(password: str) -> str:
    """Return ``TEXT`` and the password: the prefix keeps one that starts with AES or md5 from being misread."""
    return "TEXT" + password


def aes_key_and_iv(key: str) -> tuple[bytes, bytes]:
    """Derive the AES-256 key (32 bytes) and IV (16 bytes) as OpenSSL's EVP_BytesToKey does: SHA-1, no salt, one round.

    There is no salt, so one key makes the same entry of the same password each time. That suits idempotence and asks
    for a key that is long and random.
    """
    secret, digest, derived = key.encode(), b"", b""
    while len(derived) < 32 + 16:
        digest = hashlib.sha1(digest + secret, usedforsecurity=False).digest()
        derived += digest
    return derived[:32], derived[32:48]


def aes_encrypter(key: str | None) -> Callable[[str], str]:
    """Return a function from a password to its AES entry: ``AES`` and Base64 of AES-256-CBC with PKCS#7 padding.

    The key is checked and derived once here, so that many users cost little.

    Raises:
        InputError: the key is missing, empty or not what Pgpool-II would read; or Python lacks ``cryptography``.

    """
    if not isinstance(key, str) or not key:
        raise InputError("method 'aes' needs a key: a text of 1 to 255 bytes, the same as in Pgpool-II's key file")
    if _FORBIDDEN.search(key):
        raise InputError("the key holds a line break or a NUL; Pgpool-II would take only what stands in front of it")
    _check_length("the key", key, MAX_KEY)
    try:
        # Here, because the other methods do without it.
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415
    except ImportError as exc:
        raise InputError(
            "method 'aes' needs the Python library cryptography where Ansible runs (pip install cryptography)"
        ) from exc

    secret, initialization_vector = aes_key_and_iv(key)
    cipher = Cipher(algorithms.AES(secret), modes.CBC(initialization_vector))

    def encrypt(password: str) -> str:
        plain = password.encode()
        padding = 16 - len(plain) % 16
        encryptor = cipher.encryptor()
        return "AES" + b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()

    return encrypt


def escape(field: str) -> str:
    """Escape one field of pool_passwd as its reader un-escapes it: a backslash before ``:`` and before itself."""
    return field.replace("\\", "\\\\").replace(":", "\\:")


def _entries(users: Mapping | Iterable[Mapping], method: str) -> list[User]:
    """Return the users, each checked, and none of them twice."""
    _check_method("method", method)
    entries = list(_users(users, method))
    _check_unique(entry.name for entry in entries)
    return entries


def _users(users: Mapping | Iterable[Mapping], method: str, allowed: tuple[str, ...] = _USER_KEYS) -> Iterator[User]:
    """Yield each user of either form of input, with names and passwords checked on their own."""
    if isinstance(users, Mapping):
        for name, password in users.items():
            _check_name("a user's name", name)
            yield _checked(User(name, password, method))
        return
    for number, entry in enumerate(users, start=1):
        if not isinstance(entry, Mapping):
            raise InputError(
                f"user number {number} is of type {type_name(entry)}; a dict with name and password is right"
            )
        _check_name(f"the name of user number {number}", entry.get("name"))
        unknown = sorted(str(field) for field in entry if field not in allowed)
        if unknown:
            raise InputError(f"user {entry['name']!r}: unknown {', '.join(unknown)}; known are {', '.join(allowed)}")
        yield _checked(User(**{"password": None, "method": method, **entry}))


def _checked(user: User) -> User:
    """Return the user; raise InputError unless each field has its type, a possible value and its counterpart."""
    who = f"user {user.name!r}"
    _check_method(f"{who}: method", user.method)
    if not isinstance(user.hashed, bool):
        raise InputError(f"{who}: hashed is of type {type_name(user.hashed)}; true or false is right")
    if user.hashed and user.method != "md5":
        raise InputError(f"{who}: hashed goes with method md5 alone; {user.method} needs the password itself")
    _check_password(f"{who}: the password", user.password, user)
    if (user.backend_user is None) != (user.backend_password is None):
        raise InputError(f"{who}: backend_user and backend_password go together; Pgpool-II ignores one alone")
    if user.backend_user is not None:
        _check_name(f"{who}: backend_user", user.backend_user)
        _check_password(f"{who}: backend_password", user.backend_password, user)
    return user


def _check_method(what: str, method: object) -> None:
    """Raise InputError unless the method is one of METHODS."""
    if method not in METHODS:
        raise InputError(f"{what} is {method!r}; {', '.join(METHODS)} are known")


def _check_name(what: str, name: object) -> None:
    """Raise InputError unless a user's name is a text that pool_passwd can hold."""
    _check_text(what, name)
    _check_length(f"{what}, {name!r},", name, MAX_NAME)


def _check_password(what: str, password: object, user: User) -> None:
    """Raise InputError unless the password is one that its user can log in with."""
    _check_text(what, password)
    if user.hashed:
        if not _MD5_HASH.fullmatch(password):
            raise InputError(f"{what} is said to be hashed, so 'md5' and 32 lower-case hexadecimal digits are right")
        return
    if READY_MADE.fullmatch(password):
        raise InputError(
            f"{what} is a hash already. A SCRAM verifier is of no use to Pgpool-II, which needs the password itself;"
            " pool_passwd takes an md5 hash from a list entry with hashed: true"
        )
    if user.method == "md5":
        return
    if saslprep(password) != password:
        raise InputError(
            f"{what} holds characters that SCRAM rewrites (SASLprep: compatibility forms, unusual spaces, decomposed"
            " accents). PostgreSQL does so and Pgpool-II does not, so the login would fail: choose another password"
        )
    if user.method == "aes":
        _check_length(f"{what} for method aes", password, MAX_AES_PASSWORD)
    else:
        _check_length(f"{what} for method text", password, MAX_FIELD - len("TEXT"))


def _check_text(what: str, text: object) -> None:
    """Raise InputError unless the value is a non-empty text that stays on its line."""
    if text is None:
        raise InputError(f"{what} is missing")
    if not isinstance(text, str):
        raise InputError(f"{what} is of type {type_name(text)}; a text is right (in YAML, put it in quotes)")
    if not text:
        raise InputError(f"{what} is empty")
    utf8(what, text)
    if _FORBIDDEN.search(text):
        raise InputError(f"{what} holds a line break or a NUL, which no file of Pgpool-II can")


def _check_length(what: str, text: str, limit: int) -> None:
    """Raise InputError if the text takes more than the limit, in bytes of UTF-8."""
    size = len(utf8(what, text))
    if size > limit:
        raise InputError(f"{what} takes {size} bytes; Pgpool-II reads at most {limit}")


def _check_unique(names: Iterable[str]) -> None:
    """Raise InputError if a name comes twice: Pgpool-II takes the first and never sees the second."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"user {name!r} is there twice")
        seen.add(name)


def _line(user: User, encode: Callable[[str, str], str]) -> str:
    """Return the user's line of pool_passwd; ``encode`` makes a password field of a name and a password."""
    if user.hashed:
        encode = _as_it_is
    fields = [user.name, encode(user.name, user.password)]
    if user.backend_user is not None:
        fields += [user.backend_user, encode(user.backend_user, user.backend_password)]
        for what, field in (("the password", fields[1]), ("backend_user", fields[2])):
            _check_length(f"user {user.name!r}: {what}, encoded and with a field behind it,", field, MAX_FIELD - 1)
    return ":".join(map(escape, fields))


def _as_it_is(_name: str, password: str) -> str:
    """Return the password field of a password that is a hash already."""
    return password


def _md5(text: str) -> str:
    """Return the MD5 of the text as 32 lower-case hexadecimal digits."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
