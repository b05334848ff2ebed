# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: shown_command
short_description: Run a command on the controller and show its output as it comes
version_added: 1.0.0
description:
  - For long steps, such as a build, of which a person wants to see the progress.
  - Runs on the controller, without a shell. A command that prints nothing has changed nothing.
options:
  argv:
    description: The program and its arguments.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    description: Skipped in check mode.
    support: none
author: the pgha.kubernetes authors (@pgha)
"""

EXAMPLES = r"""
- name: Build the images
  pgha.kubernetes.shown_command:
    argv: [make, images]
"""

RETURN = r"""
stdout_lines:
  description: What the command printed, on either stream.
  type: list
  elements: str
  returned: always
rc:
  description: The command's exit code.
  type: int
  returned: always
"""
