# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the CRDs are that KubeDB and KubeStash publish. They are large, so they are no part of the repository.

They come from the folder `crds` of the GitHub repositories kubedb/apimachinery and kubestash/apimachinery. The latter's
have the names of the CRDs here: `core.kubestash.com_backupsessions.yaml` is `backupsessions.core.kubestash.com.yaml`.
"""

from __future__ import annotations

import os
from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2] / "shared/data/crds"
PUBLISHED = Path(os.environ.get("PGHA_KUBEDB_CRDS") or BESIDE)
