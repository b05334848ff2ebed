# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter scram_verifier. Its logic is in plugin_utils/scram.py."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError, type_name
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.scram import (
    MIN_ITERATIONS,
    make_verifier,
    salt_for,
    salt_from,
)

DOCUMENTATION = r"""
name: scram_verifier
author: the pgha.kubernetes authors (@pgha)
version_added: 1.0.0
short_description: Make PostgreSQL's SCRAM-SHA-256 verifier of a password
description:
  - Makes what PostgreSQL keeps of a password in C(pg_authid), so that C(ALTER ROLE ... PASSWORD) can be given that, and
    the password itself reaches neither the server nor its log.
  - The result is the same each time for the same password, salt and iterations. Give either O(salt), or O(seed) and
    O(user), of which a salt is made.
  - Pgpool-II cannot use a verifier. P(pgha.kubernetes.pool_passwd#filter) makes its entries of the passwords.
  - Use the filter under C(no_log). Whoever has a verifier can try passwords on it, and pass for the server.
options:
  _input:
    description: The password, not empty and without a NUL.
    type: str
    required: true
  salt:
    description:
      - The bytes of the salt in Base64, with the standard alphabet and its padding, as they stand in a verifier. 1 to
        128 bytes; PostgreSQL itself takes 16 random ones.
      - The text is decoded, and not used as it is.
    type: str
  seed:
    description:
      - A secret of which the salt is made, the first 16 bytes of HMAC-SHA-256 with O(seed) as its key over O(user).
      - It should be long and random. One can serve all users.
    type: str
  user:
    description:
      - What tells this password from the others under O(seed), such as V(hot-postgres|app), the name of the cluster and
        that of the user.
    type: str
  iterations:
    description: How often the password is hashed. From 4096, which is also PostgreSQL's default, to 2147483647.
    type: int
    default: 4096
seealso:
  - plugin: pgha.kubernetes.pool_passwd
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Make a verifier with a salt of one's own
  ansible.builtin.set_fact:
    verifier: "{{ 'pencil' | pgha.kubernetes.scram_verifier(salt='W22ZaJ0SNY7soEsUEjb6gQ==') }}"
  no_log: true
  # => SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=
  #    :wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU= (one line)

- name: Make verifiers whose salts stay the same, with nothing kept but one secret
  ansible.builtin.set_fact:
    verifier: "{{ app_password | pgha.kubernetes.scram_verifier(seed=salt_seed, user='hot-postgres|app') }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The verifier, V(SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>).
  type: str
"""


def scram_verifier(
    password: str,
    salt: str | None = None,
    seed: str | None = None,
    user: str | None = None,
    iterations: int = MIN_ITERATIONS,
) -> str:
    if not isinstance(password, str):
        raise AnsibleFilterError(f"pgha.kubernetes.scram_verifier: a text is right, not {type_name(password)}")
    if (salt is None) == (seed is None) or (seed is None) != (user is None):
        raise AnsibleFilterError("pgha.kubernetes.scram_verifier: give either salt, or seed and user")
    try:
        raw = salt_from(salt) if seed is None else salt_for(seed, user)
        return make_verifier(password, raw, iterations)
    except InputError as exc:
        raise AnsibleFilterError(f"pgha.kubernetes.scram_verifier: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"scram_verifier": scram_verifier}
