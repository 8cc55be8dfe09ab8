"""Messages to phones through the push services of their browsers: sealed for one phone (RFC 8291, aes128gcm) and signed
with the installation's own key (VAPID, RFC 8292). Knows nothing of days and agents, and sends nothing itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.utils import b64urlencode

from fieldapp.domain.webhooks import may_call

KEPT_S = 12 * 3600
"""How long a push service keeps what a phone without network has not fetched: a working day."""


class WebPush:
    """Speaks for one installation; `contact` (`mailto:` or `https:`) is whom a push service may ask about us."""

    def __init__(self, master: bytes, contact: str, *, local: bool = False) -> None:
        """`local`: endpoints may be on this machine and without TLS, for tests and demos."""
        # Derived like the office's key: nothing more to keep, back up or lose. 64 bytes, so that no value is likelier.
        wide = HKDF(hashes.SHA512(), 64, salt=None, info=b"web push vapid").derive(master)
        curve = ec.SECP256R1()
        private = ec.derive_private_key(int.from_bytes(wide) % (curve.group_order - 1) + 1, curve)
        self._vapid = Vapid02(private)
        self._contact = contact
        self.local = local
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key: str = b64urlencode(point)

    def allows(self, endpoint: str) -> bool:
        """Whether an endpoint may be kept: https, the usual port, no name or password, no address that is not public.

        What a name leads to is judged when it is called.
        """
        try:
            url = urlsplit(endpoint)
            host, port = url.hostname, url.port
        except ValueError:
            return False
        if not host or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
            return False
        if url.username is not None or url.fragment:
            return False
        if self.local:
            return url.scheme in ("https", "http")
        return url.scheme == "https" and port in (None, 443) and host != "localhost" and _public(host)

    def sealed(self, message: bytes, *, endpoint: str, p256dh: bytes, auth: bytes) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of the request that brings `message` to the phone with these keys (point, 16 bytes)."""
        own = ec.generate_private_key(ec.SECP256R1())
        body: bytes = http_ece.encrypt(message, private_key=own, dh=p256dh, auth_secret=auth)
        url = urlsplit(endpoint)
        # The push service's clock judges, not ours, which a demo may have moved.
        claims = {"sub": self._contact, "aud": f"{url.scheme}://{url.netloc}", "exp": int(time.time()) + KEPT_S}
        return body, {
            **self._vapid.sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
            "Topic": "day",
            "Urgency": "normal",
        }


def _public(host: str) -> bool:
    """Whether a host may be on the internet: a name may, an address only where it is."""
    try:
        return may_call(ip_address(host.partition("%")[0]), to_loopback=False)
    except ValueError:
        return True
