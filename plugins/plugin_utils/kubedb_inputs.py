# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several variables of the role kubedb have to say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_WAYS = ("file", "text", "secret")


def kubedb_checks(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong between the variables. Each of them alone is right by then."""
    given = [way for way in _WAYS if (variables.get("kubedb_license") or {}).get(way)]
    if len(given) > 1:
        yield f"kubedb_license has {' and '.join(given)} (mapping): give one of them, so that it is clear which counts"
    own = (variables.get("kubedb_values") or {}).get("global") or {}
    for key in ("license", "licenseSecretName"):
        if isinstance(own, Mapping) and key in own:
            yield (
                f"kubedb_values.global.{key} is a value that is not shown: remove it, and give the licence in "
                "kubedb_license, as Helm keeps its values"
            )
