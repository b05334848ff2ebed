#!/usr/bin/python
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write texts as files of one archive."""

from __future__ import annotations

DOCUMENTATION = r"""
module: text_archive
short_description: Write texts as files of one archive
version_added: 1.0.0
author: the pgha.kubernetes authors (@pgha)
description:
  - Writes a compressed tar archive of texts, which only its owner may read. Nothing but Python is needed for it.
options:
  path:
    description: The archive, in a folder that exists.
    type: path
    required: true
  files:
    description: The texts by the names of their files.
    type: dict
    required: true
attributes:
  check_mode:
    description: Can run in check mode and tells what it would change.
    support: full
  diff_mode:
    description: Tells what changed.
    support: none
"""

EXAMPLES = r"""
- name: Keep what was seen
  pgha.kubernetes.text_archive:
    path: /tmp/hot-postgres.tar.gz
    files: {logs/hot-postgres-1.log: "{{ __log.log }}"}
"""

RETURN = r"""
size:
  description: Bytes of the archive. In check mode 0.
  type: int
  returned: always
path:
  description: The archive.
  type: str
  returned: always
"""

import io
import os
import tarfile
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def write_archive(path, files):
    """Write the archive, and return its size. The folder in it is named after it.

    :param path: where to write
    :param files: texts by the names of their files
    """
    folder = path.name.split(".")[0]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as target, tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name in sorted(files):
            content = str(files[name]).encode()
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return path.stat().st_size


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "required": True}, "files": {"type": "dict", "required": True}},
        supports_check_mode=True,
    )
    path = Path(module.params["path"]).absolute()
    if not path.parent.is_dir():
        module.fail_json(msg=f"there is no folder {path.parent} for the archive: make it, or give another one")
    try:
        size = 0 if module.check_mode else write_archive(path, module.params["files"])
    except OSError as exc:
        module.fail_json(msg=f"the archive {path} cannot be written: {exc.strerror}")
    module.exit_json(changed=True, path=str(path), size=size)


if __name__ == "__main__":
    main()
