# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of a server: made with a CA of their own where nobody gives any, and looked at where somebody does.

A certificate is kept as long as it is right, so that a second run makes nothing. Errors never hold a key.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:  # what needs it says so
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

CA_DAYS = 3650
SERVER_DAYS = 365
# How much of its time a CA has left when it is made anew: what it has signed by then ends before it does, and clients
# have that long to take the new one.
CA_DAYS_LEFT = 2 * SERVER_DAYS

# Clocks differ, and a certificate that is not valid yet is as good as none.
_SKEW = timedelta(hours=1)

_ENDS_SOON = "too little of its time is left"

Pair = tuple[str, str]


def service_names(service: str, namespace: str, more: Sequence[str] = ()) -> list[str]:
    """Return the names under which a Service is reached, and more of them.

    :param service: its name
    :param namespace: its namespace
    :param more: names and addresses from outside of the Kubernetes cluster
    """
    own = [service, f"{service}.{namespace}", f"{service}.{namespace}.svc", f"{service}.{namespace}.svc.cluster.local"]
    return list(dict.fromkeys([*own, *more]))


def make_ca(name: str, now: datetime, key_of_before: str = "") -> Pair:
    """Return the certificate and the key of a CA, in PEM.

    :param name: its name
    :param now: when it starts to be valid
    :param key_of_before: the key in PEM that it is to have; a new one by default
    """
    key = _key(key_of_before) if key_of_before else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        _builder(subject, subject, key.public_key(), now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(certificate), _key_pem(key)


def make_server(names: Sequence[str], ca: Pair, now: datetime) -> Pair:
    """Return the certificate and the key of a server, in PEM, signed by a CA.

    :param names: its DNS names and addresses
    :param ca: the certificate and the key of the CA
    :param now: when it starts to be valid
    """
    issuer, issuer_key = _certificate(ca[0]), _key(ca[1])
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        _builder(subject, issuer.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    return _pem(certificate), _key_pem(key)


def renewal_reason(
    pair: Pair, now: datetime, names: Sequence[str] = (), ca: str = "", left: timedelta | None = None
) -> str:
    """Say why a certificate has to be made anew; nothing where it is right.

    :param pair: the certificate and its key
    :param now: the time
    :param names: the names that it must have, and no others; none for any
    :param ca: the certificate of the CA that must have signed it
    :param left: how much of its time must be left; a third by default
    """
    try:
        certificate = _certificate(pair[0])
        own = _public(_key(pair[1])) == _public(certificate)
        issuer = _certificate(ca) if ca else None
    except InputError as exc:
        return str(exc)
    if not own:
        return "the key is not that of the certificate"
    if left is None:
        left = (certificate.not_valid_after_utc - certificate.not_valid_before_utc) / 3
    if certificate.not_valid_after_utc - now < left:
        return _ENDS_SOON
    if names and sorted(_names(certificate)) != sorted(_normal(name) for name in names):
        return "its names differ"
    if issuer is not None:
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            return "another CA has signed it"
    return ""


def tls_secrets(
    server: Mapping[str, str], ca: Mapping[str, str], names: Sequence[str], now: datetime
) -> dict[str, dict[str, str]]:
    """Return the `data` of two Secrets of type kubernetes.io/tls, where what is right stays as it is.

    :param server: `data` of the server's Secret now, empty if there is none
    :param ca: `data` of the CA's, which no pod mounts
    :param names: the server's names
    :param now: the time
    :raises InputError: Python lacks cryptography
    """
    _need_cryptography()
    authority = _pair_of(ca)
    reason = renewal_reason(authority, now, left=timedelta(days=CA_DAYS_LEFT))
    if reason:
        # With the key and the name of before, either CA stands for what the other has signed: clients that trust the
        # old one go on until it ends.
        authority = make_ca(f"{names[0]} CA", now, authority[1] if reason == _ENDS_SOON else "")
    pair = _pair_of(server)
    if renewal_reason(pair, now, names, authority[0]):
        pair = make_server(names, authority, now)
    return {
        "ca": {"tls.crt": _encoded(authority[0]), "tls.key": _encoded(authority[1])},
        "server": {"tls.crt": _encoded(pair[0]), "tls.key": _encoded(pair[1]), "ca.crt": _encoded(authority[0])},
    }


def expired_certificate(ca: Mapping[str, str], names: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the `data` of a server's Secret whose certificate ended long ago: what a drill puts in the place of one.

    :param ca: `data` of the CA's Secret: `ca.crt` and `ca.key`
    :param names: the server's names
    :param now: the time
    :raises InputError: Python lacks cryptography, or the CA's Secret lacks one of the two
    """
    _need_cryptography()
    pair = _pair_of({"tls.crt": ca.get("ca.crt", ""), "tls.key": ca.get("ca.key", "")})
    server = make_server(names, pair, now - timedelta(days=2 * SERVER_DAYS))
    # CloudNativePG renews a certificate with the key that there is, and takes one as SEC 1 writes it alone:
    # ParseECPrivateKey() of its pkg/certs/certs.go.
    key = _key(server[1]).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return {"tls.crt": _encoded(server[0]), "tls.key": _encoded(key.decode("ascii"))}


def tls_problems(secret: Mapping | None, name: str, now: datetime, names: Sequence[str] = ()) -> list[str]:
    """Say what is wrong with a Secret of somebody else's, in sentences.

    Clients refuse a certificate with any of those that lead up from it, so all that are in it are judged.

    :param secret: the Secret as the Kubernetes API returns it; None or empty if there is none
    :param name: its name
    :param now: the time
    :param names: the names that its certificate must have, among others; none for any
    :raises InputError: Python lacks cryptography
    """
    _need_cryptography()
    if not secret:
        return [f"there is no Secret {name}: make it, of type kubernetes.io/tls, or leave pgpool_tls.secret out"]
    data = secret.get("data") or {}
    lacking = [key for key in ("tls.crt", "tls.key") if not data.get(key)]
    if lacking:
        return [f"the Secret {name} lacks {' and '.join(lacking)}: give both, as the type kubernetes.io/tls has them"]
    pair = _pair_of(data)
    try:
        chain = _chain(pair[0])
        own = _public(_key(pair[1])) == _public(chain[0])
    except InputError as exc:
        return [f"the Secret {name}: {exc}"]
    problems = []
    if not own:
        problems.append(f"the Secret {name}: tls.key is not the key of the first certificate in tls.crt")
    for place, certificate in enumerate(chain):
        what = f"the certificate {certificate.subject.rfc4514_string()} in its tls.crt" if place else "its certificate"
        if certificate.not_valid_after_utc <= now:
            problems.append(f"the Secret {name}: {what} ended at {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
        if certificate.not_valid_before_utc > now:
            start = f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            problems.append(f"the Secret {name}: {what} is valid from {start} on")
    missing = sorted({_normal(wanted) for wanted in names} - set(_names(chain[0])))
    if missing:
        problems.append(f"the Secret {name}: its certificate lacks the names {', '.join(missing)}")
    return problems


def is_name(text: str) -> bool:
    """Tell whether a text can be a name in a certificate: a DNS name, also `*.…`, or an address."""
    return _is_address(text) or _is_dns_name(text)


def _need_cryptography() -> None:
    if not HAS_CRYPTOGRAPHY:
        raise InputError("TLS needs the Python library cryptography where Ansible runs (pip install cryptography)")


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    start = now.replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _SKEW)
        .not_valid_after(start + timedelta(days=days))
    )


def _key_usage(**used: bool) -> x509.KeyUsage:
    usages = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
        " encipher_only decipher_only"
    )
    return x509.KeyUsage(**{usage: used.get(usage, False) for usage in usages.split()})


def _general_name(name: str) -> x509.GeneralName:
    if _is_address(name):
        return x509.IPAddress(ipaddress.ip_address(name))
    if not _is_dns_name(name):
        raise InputError(f"{name!r} is neither a DNS name nor an address")
    return x509.DNSName(name)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_dns_name(text: str) -> bool:
    labels = text.removeprefix("*.").rstrip(".").split(".")
    plain = all(label and label.isascii() and label.replace("-", "").isalnum() and len(label) < 64 for label in labels)
    return plain and len(text) <= 253 and not labels[-1].isdigit()


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = found.get_values_for_type(x509.IPAddress)
    return [*map(_normal, found.get_values_for_type(x509.DNSName)), *map(str, addresses)]


def _normal(name: str) -> str:
    """Return a name as it can be compared."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower()


def _pair_of(data: Mapping[str, str]) -> Pair:
    return _decoded(data.get("tls.crt")), _decoded(data.get("tls.key"))


def _certificate(pem: str) -> x509.Certificate:
    return _certificates(pem)[0]


def _certificates(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise InputError("tls.crt is no certificate in PEM") from None


def _chain(pem: str) -> list[x509.Certificate]:
    """Return the first certificate, and of the others those that lead up from it, by their names.

    Of two that have one name, it is the one that ends later, which is what clients take.
    """
    first, *others = _certificates(pem)
    chain = [first]
    while above := [one for one in others if one.subject == chain[-1].issuer]:
        chain.append(max(above, key=lambda one: one.not_valid_after_utc))
        others = [one for one in others if one.subject != chain[-1].subject]
    return chain


def _key(pem: str) -> Any:
    try:
        return serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise InputError("tls.key is no key in PEM, or has a passphrase, which Pgpool-II has no way to get") from None


def _public(holder: Any) -> bytes:
    """Return the public key of a private one, or of a certificate, as it can be compared."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return holder.public_key().public_bytes(serialization.Encoding.DER, form)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


# What stands beside the blocks of PEM may be of any encoding. This one takes each byte, and gives it back.
_PEM_ENCODING = "latin-1"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode(_PEM_ENCODING)).decode()


def _decoded(text: str | None) -> str:
    try:
        return base64.b64decode(text or "").decode(_PEM_ENCODING)
    except binascii.Error:
        return ""


def utc_now() -> datetime:
    """Return the time, as the other functions take it."""
    return datetime.now(UTC)
