"""A phone as the service sees it: a P-256 key, a counter, a receipt chain, envelopes as canonical bytes."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image, ImageDraw

from fieldapp.domain.amount_words import italian_words
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.payments import payment_method
from fieldapp.domain.receipts import GENESIS, StampRule, stamp_duty
from tests.flows.conftest import BASE, Desk

PARTS = ("costs_cents", "interest_cents", "principal_cents")


def text_of(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def url64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def a_photo(width: int = 800, height: int = 600, colour: str = "#446688") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


def a_signature() -> bytes:
    image = Image.new("RGB", (400, 160), "white")
    ImageDraw.Draw(image).line([(20, 120), (120, 30), (200, 130), (360, 40)], fill="black", width=4)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@dataclass
class FieldPhone:
    """An enrolled phone. It signs every request and remembers its sequence and its newest receipt."""

    http: httpx.AsyncClient
    private: ec.EllipticCurvePrivateKey
    device_id: UUID
    series: str
    agent_name: str
    agent_number: str
    seq: int = 0
    counter: int = 0
    number: int = 0
    chain_head: str = GENESIS
    blobs: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    async def enrol(cls, desk: Desk, http: httpx.AsyncClient, *, agent_number: str) -> FieldPhone:
        private = ec.generate_private_key(ec.SECP256R1())
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        answer = await desk.post("/devices", json={"name": "Telefono di prova", "public_key": url64(point)})
        assert answer.status_code == 201, answer.text
        enrolled = answer.json()
        return cls(
            http,
            private,
            UUID(enrolled["device_id"]),
            enrolled["blocks"][0]["series"],
            desk.identity.name,
            agent_number,
        )

    def sign(self, message: bytes) -> str:
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return url64(r.to_bytes(32) + s.to_bytes(32))

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        counter: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        self.counter += 1
        count = self.counter if counter is None else counter
        target = f"/api/v1{path}"
        message = f"{method}\n{target}\n{hashlib.sha256(content).hexdigest()}\n{count}".encode()
        signed = {
            "x-device": str(self.device_id),
            "x-counter": str(count),
            "x-signature": self.sign(message),
            "content-type": "application/json" if method == "POST" else "image/jpeg",
        }
        return await self.http.request(method, f"{BASE}{path}", content=content, headers={**signed, **(headers or {})})

    def envelope(self, kind: str, body: dict[str, Any], *, at: datetime, offset_ms: int = 0) -> dict[str, Any]:
        """The next envelope, as it would be stored on the phone and sent."""
        self.seq += 1
        envelope_id = str(uuid4())
        text = canonical_json(
            {
                "v": 1,
                "id": envelope_id,
                "device": str(self.device_id),
                "seq": self.seq,
                "kind": kind,
                "recorded_at": text_of(at),
                "clock_offset_ms": offset_ms,
                "body": body,
            }
        )
        return {"id": envelope_id, "seq": self.seq, "digest": sha256(text), "text": text.decode()}

    async def push(
        self, *envelopes: dict[str, Any], protocol: int = 1, phone_clock: datetime | None = None
    ) -> httpx.Response:
        told = {} if phone_clock is None else {"phone_clock": text_of(phone_clock)}
        content = canonical_json({"protocol": protocol, "envelopes": list(envelopes), **told})
        return await self.request("POST", "/field/envelopes", content=content)

    def picture(self, content: bytes, *, purpose: str, media_type: str) -> dict[str, Any]:
        """A picture taken: kept on the phone, named in the report."""
        digest = sha256(content)
        self.blobs[digest] = content
        return {
            "sha256": digest,
            "purpose": purpose,
            "media_type": media_type,
            "size": len(content),
            "small_sha256": None,
        }

    def cash(
        self,
        practice: dict[str, Any],
        cents: int,
        *,
        at: datetime,
        agency: dict[str, str],
        instalment: tuple[int, int] | None = None,
    ) -> dict[str, Any]:
        """A cash payment on the first debt line, costs and interest first, with its signed receipt."""
        return self.pay(practice, cents, at=at, agency=agency, method="cash", answers={}, instalment=instalment)

    @staticmethod
    def on_the_first_line(practice: dict[str, Any], cents: int) -> dict[str, Any]:
        line = practice["debt_lines"][0]
        left, parts = cents, {}
        for part in PARTS:
            parts[part] = min(left, line[part])
            left -= parts[part]
        assert left == 0, "the test pays more than the first line owes"
        return {"debt_line_id": line["id"], **parts}

    def pay(
        self,
        practice: dict[str, Any],
        cents: int,
        *,
        at: datetime,
        agency: dict[str, str],
        method: str,
        answers: dict[str, Any],
        instalment: tuple[int, int] | None = None,
        payer: dict[str, Any] | None = None,
        laid: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """A payment by `method` with its signed receipt: on the first debt line, costs and interest first, unless it
        is `laid` otherwise; `payer` is who paid instead of the debtor, as the report names them."""
        titles = {line["id"]: line["title"] for line in practice["debt_lines"]}
        shares = laid if laid is not None else [self.on_the_first_line(practice, cents)]
        self.number += 1
        residual = practice["owed_cents"] - cents
        duty = stamp_duty(cents, rule=StampRule())
        value = {
            "v": 2 if payer else 1,
            "kind": payment_method(method).paper.value,
            "series": self.series,
            "number": self.number,
            "issued_at": text_of(at),
            "utc_offset_min": 60,
            "place": "Lodi",
            "agency": agency,
            "creditor": {"name": practice["creditor"]["name"], "iban": practice["creditor"]["iban"]},
            "debtor": practice["obligors"][0]["name"],
            "practice": practice["practice_number"],
            "lines": [
                {"title": titles[share["debt_line_id"]], **{part: share[part] for part in PARTS}} for share in shares
            ],
            "amount_cents": cents,
            "amount_in_words": italian_words(cents),
            "method": {"code": method, "answers": answers},
            "wording": {"kind": "instalment", "number": instalment[0], "of": instalment[1]}
            if instalment
            else {"kind": "part_payment" if residual else "final_payment", "number": 0, "of": 0},
            "residual_cents": residual,
            "stamp_duty": {
                "due_cents": duty.due_cents,
                "charged_to": duty.charged_to.value,
                "reason": duty.reason,
                "authorisation": duty.authorisation,
            },
            "agent": {"name": self.agent_name, "number": self.agent_number},
            "device": str(self.device_id),
            "prev_digest": self.chain_head,
            **({"payer": {name: payer[name] for name in ("name", "capacity")}} if payer else {}),
        }
        content = canonical_json(value)
        self.chain_head = sha256(content)
        return {
            "method": method,
            "amount_cents": cents,
            "fields": answers,
            "allocation": shares,
            "stamp_duty": {"cents": duty.due_cents, "charged_to": duty.charged_to.value, "reason": duty.reason},
            "receipt": {"value": value, "digest": self.chain_head, "signature": self.sign(content)},
            **({"payer": payer} if payer else {}),
        }


def a_report(stop: dict[str, Any], *, at: datetime, **changes: Any) -> dict[str, Any]:
    """The report of a visit at `stop`: nobody there, a neutral notice left; `changes` make it another one."""
    report: dict[str, Any] = {
        "practice_id": stop["practice"]["id"],
        "visit_id": str(uuid4()),
        "stop_id": stop["stop_id"],
        "planned_day": at.date().isoformat(),
        "address_id": stop["address"]["id"],
        "arrived_at": text_of(at),
        "left_at": text_of(at + timedelta(minutes=12)),
        "position": None,
        "position_refused_reason": "refused",
        "attempt_no": 1,
        "met": {"who": "nobody", "identified_by": None, "role": None},
        "identified_self": False,
        "observations": ["name_on_intercom"],
        "outcome": "ABSENT_NO_NOTICE",
        "captured": {"reason": "no_letterbox"},
        "statement": None,
        "next_action": None,
        "attachments": [],
        "signature": None,
        "payments": [],
        "app_version": "test",
        "offline": True,
    }
    return report | changes
