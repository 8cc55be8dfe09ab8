"""A certificate authority of this machine's own, so that a phone on the local network can install the demo."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=397)


@dataclass(frozen=True, slots=True)
class Tls:
    """Where certificate and key lie."""

    certificate: Path
    key: Path
    authority: Path


def for_address(folder: Path, address: str) -> Tls:
    """A certificate for an IP address, signed by the authority in `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    tls = Tls(folder / f"{address}.crt", folder / f"{address}.key", folder / "ca.crt")
    if not tls.authority.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("fieldapp demo CA")
        built = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        _write(folder / "ca.key", tls.authority, key, built.sign(key, hashes.SHA256()))
    if not tls.certificate.exists():
        authority = x509.load_pem_x509_certificate(tls.authority.read_bytes())
        signer = load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        built = (
            _builder(_name(address), authority.subject, key)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        _write(tls.key, tls.certificate, key, built.sign(signer, hashes.SHA256()))
    return tls


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
    )


def _write(key_path: Path, path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    key_path.touch(mode=0o600)
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
