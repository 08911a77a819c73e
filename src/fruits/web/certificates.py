"""A certificate for this machine, signed by an authority of its own that a phone can install."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The longest that phones accept is 825 days (Apple) for a certificate of a private authority.
_DAYS = 800
_RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class CertificatePaths:
    """The server's certificate and key, and the authority's certificate to install on a phone."""

    certificate: Path
    key: Path
    authority: Path


def certificate_for(folder: Path, names: Iterable[str]) -> CertificatePaths:
    """The certificate in ``folder`` for ``names`` (hosts and addresses); made when missing, old or for other names.

    The authority is made once and kept, so that a phone stays satisfied. Raises ``OSError``.
    """
    wanted = [_general_name(name) for name in dict.fromkeys(names)]
    paths = CertificatePaths(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _still_good(paths.certificate, wanted):
        return paths
    authority, authority_key = _authority(paths.authority, folder / "authority.key")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("Fruits! on this machine", authority.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write_key(paths.key, key)
    chain = [certificate, authority]
    paths.certificate.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain))
    return paths


def _authority(path: Path, key_path: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if path.exists() and key_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return x509.load_pem_x509_certificate(path.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fruits! local authority")])
    certificate = (
        _builder("Fruits! local authority", name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_authority_usage(), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_path, key)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=_DAYS))
    )


def _authority_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)


def _still_good(path: Path, wanted: list[x509.GeneralName]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    lasts = certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE
    return lasts and set(wanted) <= set(names)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
