"""The certificate that nodes of a cluster show each other: made here, uploaded as the zip that EMR asks for."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

from fruits.cloud.errors import CloudError, UsageError

VALID_DAYS = 825
RENEW_DAYS = 30
KEY, CHAIN, TRUSTED = "privateKey.pem", "certificateChain.pem", "trustedCertificates.pem"


def make_certificates(region: str, now: datetime | None = None) -> bytes:
    """Return a zip of PEM files: a key, and a self-signed certificate for the nodes' names in ``region``.

    The names of the files and the wildcard are those of EMR's guide, "Providing certificates for encrypting data in
    transit".

    Raises:
        UsageError: the package cryptography is missing.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - only `setup` needs it
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("setup needs cryptography; install it with: pip install 'fruits[aws]'") from error
    now = now or datetime.now(UTC)
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"*.{domain}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{domain}")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file, text in ((KEY, private), (CHAIN, chain), (TRUSTED, chain)):
            archive.writestr(file, text)
    return content.getvalue()


def expires(content: bytes) -> datetime:
    """Return when the certificate in a zip of :func:`make_certificates` ends.

    Raises:
        CloudError: it is no such zip.
    """
    from cryptography import x509  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return x509.load_pem_x509_certificate(archive.read(CHAIN)).not_valid_after_utc
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise CloudError("the certificates in the bucket cannot be read; run `fruits cloud setup` again") from error
