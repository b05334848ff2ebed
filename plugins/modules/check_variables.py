# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: check_variables
short_description: Check the variables of a role of this collection
version_added: 1.0.0
description:
  - Compares all variables whose names begin with the role's or the collection's prefix with the role's argument specs,
    and with the formats that this collection knows, and fails with a sentence for each problem.
  - It is for tasks of the role itself, and runs on the controller.
options:
  role:
    description: The role's name, which is the prefix of its variables.
    type: str
    required: true
  apart_from:
    description: Variables that do not count for RV(digest).
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Checks in check mode, too.
    support: full
author: the pgha.kubernetes authors (@pgha)
seealso:
  - plugin: pgha.kubernetes.input_problems
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check the variables
  pgha.kubernetes.check_variables:
    role: pgpool
"""

RETURN = r"""
msg:
  description: What is wrong, a line for each problem.
  type: str
  returned: failure
digest:
  description: What tells the role's variables from others, as one SHA-256 of them all.
  type: str
  returned: success
"""
