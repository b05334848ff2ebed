# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load filters in Ansible's main process, for action plugins to import: docs/adr/0029.

Ansible loads a filter where it is used, which is in the worker that it forks for a task; and with one of a collection
it loads all of them. An action plugin is imported before that fork. So what is loaded here is there in each worker, and
not loaded again by each: a third of a second in each task that uses one.
"""

from __future__ import annotations

import contextlib

from ansible.plugins.loader import filter_loader, test_loader

# One of them brings all of its collection, and those of Ansible.
with contextlib.suppress(KeyError):  # where something imports this that knows of no collections
    filter_loader.get("pgha.kubernetes.labels")
    test_loader.get("ansible.builtin.defined")
