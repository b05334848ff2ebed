# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: yaml_value
short_description: A value as it stands in a template of YAML
version_added: 1.0.0
author: the pgha.kubernetes authors
description:
  - Writes a value in one line that every reader of YAML takes for that value, whatever characters its texts have.
  - What C(to_json) writes is not always YAML, which has no pairs of C(\u) for a character behind U+FFFF, such as an
    emoji. And with C(ensure_ascii=false), a control character such as U+0085 stands there as it is, which YAML refuses,
    or takes for the end of a line.
options:
  _input:
    description: The value.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: A manifest whose annotation is a user's text
  ansible.builtin.debug:
    msg: "{{ text | from_yaml }}"
  vars:
    note: "\U0001f418"
    text: "metadata: {annotations: {note: {{ note | pgha.kubernetes.yaml_value }}}}"
"""

RETURN = r"""
_value:
  description: The text, which is ASCII.
  type: str
"""

import re
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.plugins.filter.core import to_json

_NOT_ASCII = re.compile("[^ -~]")


def yaml_value(value: Any) -> str:
    """Write a value as YAML."""
    return _NOT_ASCII.sub(_escape, to_json(value, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xD800 <= code <= 0xDFFF:
        raise AnsibleFilterError(
            f"pgha.kubernetes.yaml_value: a text has U+{code:04X}, which is half of a character: take it out"
        )
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


class FilterModule:
    """The filter pgha.kubernetes.yaml_value."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"yaml_value": yaml_value}
