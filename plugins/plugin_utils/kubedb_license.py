# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A licence of KubeDB: a certificate whose names are the Kubernetes clusters that it is for.

No sentence has anything of the licence but the clusters and the date. Where Python lacks cryptography, only its form is
judged here, and the operator judges the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

try:
    from cryptography import x509
    from cryptography.x509.oid import NameOID
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

ISSUE = "https://appscode.com/issue-license?p=kubedb"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def license_problems(text: str, source: str, cluster: str, now: datetime) -> Iterator[str]:
    """Yield why a licence lets no operator run.

    :param text: what is in it, empty if there is none
    :param source: where it is from, as the sentence begins
    :param cluster: the UID of the namespace kube-system
    :param now: the time
    """
    request = f"request one for the cluster {cluster} at {ISSUE}"
    if not text.strip():
        yield f"{source}: there is no licence, and KubeDB's operator ends without one; {request}"
        return
    if not text.strip().startswith(_BEGIN) or _END not in text:
        yield f"{source}: this is no licence, which begins with {_BEGIN}; give the file as it came, or {request}"
        return
    if not HAS_CRYPTOGRAPHY:
        return
    try:
        certificate = x509.load_pem_x509_certificate(text.strip().encode())
    except ValueError:
        yield f"{source}: this is a certificate that cannot be read, so it is no licence; give the file as it came"
        return
    names = _clusters(certificate)
    if cluster not in names and not _is_for_all(certificate):
        whose = ", ".join(names) or "of nobody"
        yield f"{source}: this licence is for the cluster {whose}, not for this one; {request}"
    if certificate.not_valid_after_utc <= now:
        yield f"{source}: this licence expired at {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; {request}"
    elif certificate.not_valid_before_utc > now:
        yield (
            f"{source}: this licence starts at {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; "
            "wait until then, or set the clock"
        )


def license_warnings(text: str, source: str, cluster: str, days: int, now: datetime) -> Iterator[str]:
    """Yield that a licence that lets an operator run will expire within so many days."""
    if not HAS_CRYPTOGRAPHY or any(license_problems(text, source, cluster, now)):
        return
    end = x509.load_pem_x509_certificate(text.strip().encode()).not_valid_after_utc
    if end <= now + timedelta(days=days):
        yield (
            f"{source}: this licence expires at {end:%Y-%m-%d %H:%M} UTC, and KubeDB's operator ends then; "
            f"request one for the cluster {cluster} at {ISSUE}"
        )


def _clusters(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _is_for_all(certificate: x509.Certificate) -> bool:
    """Tell whether it is one for each cluster of an organisation."""
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return bool(common) and str(common[0].value).startswith("*.")
