"""The agency's own key pair: phones seal what they write to it, and only the service opens it again."""

from __future__ import annotations

import base64
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.rescue import Bundle, SealedItem
from fieldapp.services.work import Work
from fieldapp.store import rescue as store

INFO = b"fieldapp sealed item v1"
POINT, NONCE = 65, 12


async def office_point(work: Work) -> str:
    """Base64url of the public point that phones seal to; the pair is made when it is first asked for."""
    known = await store.office_key(work.session)
    if known is None:
        private = ec.generate_private_key(ec.SECP256R1())
        known = await store.keep_office_key(
            work.session,
            key_id=work.new_id(),
            public_point=private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
            private_pem=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            now=work.now,
        )
    return base64.urlsafe_b64encode(known.public_point).rstrip(b"=").decode()


def opened_items(private_pem: str, bundle: Bundle) -> list[store.Opened]:
    """Every item of the bundle as it was written. Raises Refusal `rescue.sealed_otherwise`."""
    private = load_pem_private_key(private_pem.encode(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return [store.Opened(item.kind.value, item.key, _open(private, item, bundle.device)) for item in bundle.items]


def _open(private: ec.EllipticCurvePrivateKey, item: SealedItem, device: UUID) -> bytes:
    point, label = item.wrapped[:POINT], item.label(device)
    try:
        shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
        wrapping = HKDF(hashes.SHA256(), 32, salt=None, info=INFO + point).derive(shared)
        key = AESGCM(wrapping).decrypt(item.wrapped[POINT : POINT + NONCE], item.wrapped[POINT + NONCE :], label)
        return AESGCM(key).decrypt(item.content[:NONCE], item.content[NONCE:], label)
    except (InvalidTag, ValueError):
        raise Refusal("rescue.sealed_otherwise", kind=Kind.UNSUPPORTED) from None
