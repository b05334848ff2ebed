# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception that functions in plugin_utils raise on purpose, and a helper for its messages."""

from __future__ import annotations


class InputError(ValueError):
    """What a user gave cannot be used.

    The message is written for that user: it names the user, parameter or rule, says what is wrong and what would be
    right. It never holds a password, a key or another secret, so a filter may show it as it is.
    """


def type_name(value: object) -> str:
    """Return the name of the value's type for a message: Python's also for Ansible's own, as ``_AnsibleTaggedInt``."""
    plain = (bool, int, float, str, dict, list)
    return next((kind.__name__ for kind in plain if isinstance(value, kind)), type(value).__name__)
