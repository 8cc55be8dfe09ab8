"""The service as a phone meets it, without web and database: real judgement over a store in memory, line by line.

The fault tests of the phone (`pwa/src/outbox/faults.test.ts`) start it and speak to it over its standard streams. What
it stores follows `store.envelopes`: accepted and refused envelopes with their verdict, in one step or not at all.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from fieldapp.domain import review
from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.captured import PlacementDays
from fieldapp.domain.conduct import facts_from_json, standard_ruleset
from fieldapp.domain.corrections import Correction, Said, Standing, Waits
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.ids import sha256 as sha256_of
from fieldapp.domain.outcomes import Met
from fieldapp.domain.receipt_series import Link, NumberBlock, Series
from fieldapp.domain.rescue import SealedKind, arrived_of, read_bundle
from fieldapp.domain.review import once_corrected
from fieldapp.domain.sync import (
    Arrived,
    Decision,
    Earlier,
    Known,
    MessageKnown,
    PracticeKnown,
    QuestionKnown,
    Verdict,
    judge_batch,
)
from fieldapp.domain.uploads import Held, OpenUploads, begin, follow
from fieldapp.parts import verify_es256
from fieldapp.services.office_key import opened_items

GOLDEN = Path(__file__).parents[1] / "golden" / "conduct.json"
RULES = standard_ruleset(italian_calendar(2026, 2028))
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SECRET = ec.generate_private_key(ec.SECP256R1())
"""What phones seal to."""
PEM = SECRET.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
POINT = base64.urlsafe_b64encode(SECRET.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
PRACTICE, ADDRESS, LINE, AGENT, MESSAGE, VISIT, QUESTION = (UUID(int=number) for number in (1, 2, 3, 4, 5, 6, 7))
REPORTED = Said("ABSENT_NO_NOTICE", Met.NOBODY, None, None, {"reason": "no_letterbox"})
"""A report of the agent from before: one such is corrected, another asked about."""


IN_PARTS: Counter[str] = Counter()
"""Originals that came in parts, in all offices of this process."""


class Crash(Exception):
    """The service dies here."""


@dataclass
class Office:
    """What would be in the database."""

    known: Known
    """What a batch of the phone that opened last is judged by; `_known_to` is that of any other."""
    phones: dict[str, Series]
    """The phones of the one agent, each with a series and a chain of its own, by device."""
    applied: Counter[str] = field(default_factory=Counter)
    receipts: Counter[str] = field(default_factory=Counter)
    cents: int = 0
    named: set[str] = field(default_factory=set)
    pictures: Counter[str] = field(default_factory=Counter)
    begun: dict[tuple[str, str], Held] = field(default_factory=dict)
    """Originals that come in parts, by device and digest; a part's name is its content."""
    sealed: dict[tuple[str, str], Held] = field(default_factory=dict)
    """Sealed originals that come, or have come, in parts, by device and digest of their sealed bytes."""
    rescued: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was handed over sealed, by key, with what became of it."""
    left_open: set[str] = field(default_factory=set)
    """Receipts in visits that their phone can no longer close."""

    @classmethod
    def opened(cls, device: str, point: str, name: str, blocks: list[list[int]], before: Office | None) -> Office:
        """An office that has just enrolled this phone, with what it already holds of others."""
        facts = facts_from_json(json.loads(GOLDEN.read_text())["base"])
        assert facts.address is not None
        assert facts.agent is not None
        practice = PracticeKnown(
            id=PRACTICE,
            creditor_id=UUID(int=9),
            practice_number="P-001",
            placement=PlacementDays(date(2026, 11, 1), date(2026, 12, 31)),
            facts=facts.practice,
            addresses={ADDRESS: facts.address},
            debt_lines=frozenset({LINE}),
            barred_on={},
            ever_assigned=True,
            assigned_on=frozenset({"2026-11-26"}),
        )
        series = Series(name, device, bytes.fromhex(point), tuple(NumberBlock(a, b) for a, b in blocks))
        known = Known(
            device_id=UUID(device),
            agent_id=AGENT,
            agent=facts.agent,
            envelopes=before.known.envelopes if before else {},
            visits=before.known.visits if before else frozenset(),
            practices={PRACTICE: practice},
            messages=before.known.messages
            if before
            else {MESSAGE: MessageKnown(MESSAGE, date(2026, 11, 26), read=False)},
            questions=before.known.questions if before else {QUESTION: _question()},
            reports=before.known.reports if before else {VISIT: _report()},
            series=series,
            ruleset=RULES,
            now=NOW,
        )
        if before is None:
            return cls(known, {device: series})
        return replace(before, known=known, phones={**before.phones, device: series})

    def _known_to(self, device: str) -> Known:
        return replace(self.known, device_id=UUID(device), series=self.phones[device])

    def push(self, device: str, envelopes: list[dict[str, Any]], crash: str | None) -> dict[str, Any]:
        arrived = [Arrived(UUID(e["id"]), e["seq"], e["digest"], e["text"].encode()) for e in envelopes]
        if crash == "before":
            raise Crash
        decisions = self._judged(device, arrived)
        if crash == "after":
            raise Crash
        wanted = [digest for decision in decisions for digest in _pictures(decision)]
        return {
            "verdicts": [
                {
                    "id": str(d.arrived.id),
                    "verdict": d.verdict.value,
                    "code": d.code,
                    "details": dict(d.details),
                    "flags": list(d.flags),
                }
                for d in decisions
            ],
            "missing": [digest for digest in dict.fromkeys(wanted) if not self.pictures[digest]],
        }

    def _judged(self, device: str, arrived: list[Arrived]) -> list[Decision]:
        decisions = list(judge_batch(arrived, self._known_to(device), verify_signature=verify_es256))
        for decision in decisions:
            if decision.verdict in (Verdict.ACCEPTED, Verdict.REFUSED) and decision.first_received_at is None:
                self._store(device, decision)
        return decisions

    def rescue(self, content: str, crash: str | None) -> dict[str, Any]:
        """Sealed work of this phone, as `services.rescue` takes it: opened, facts judged before pictures."""
        bundle = read_bundle(content.encode())
        device = str(bundle.device)
        assert verify_es256(self.phones[device].public_point, bundle.signed, bundle.signature)
        items = []
        for item in bundle.items:
            held = self.sealed.get((device, item.held or ""))
            if item.held is not None and not (held and held.whole):
                return {"refused": True, "code": "rescue.part_missing"}
            items.append(replace(item, content=bytes.fromhex("".join(held.parts))) if held else item)
        opened = opened_items(PEM, replace(bundle, items=tuple(items)))
        if crash == "before":
            raise Crash
        facts = [arrived_of(item.content, item.key) for item in opened if item.kind == SealedKind.ENVELOPE]
        for decision in self._judged(device, facts):
            good = decision.verdict in (Verdict.ACCEPTED, Verdict.DUPLICATE)
            self._rescued(str(decision.arrived.id), good=good, code=decision.code)
        for item in opened:
            if item.kind in (SealedKind.SMALL, SealedKind.ORIGINAL):
                self._rescued(item.key, good="refused" not in self.put(item.key, None), code=None)
            if item.kind == SealedKind.DRAFT:
                self._open_visit(device, json.loads(item.content))
                self._rescued(item.key, good=False, code="rescue.open_visit")
        for item in bundle.items:
            if self.sealed.pop((device, item.held or ""), None):
                IN_PARTS[item.key] += 1
        if crash == "after":
            raise Crash
        return {"items": [self.rescued[item.key] for item in opened]}

    def _open_visit(self, device: str, draft: dict[str, Any]) -> None:
        for payment in draft.get("payments", []):
            self.left_open.add(f"{device}/{payment['receipt']['value']['number']}")

    def _rescued(self, key: str, *, good: bool, code: str | None) -> None:
        self.rescued[key] = {"key": key, "state": "accepted" if good else "refused", "code": code}

    def _store(self, device: str, decision: Decision) -> None:
        arrived = decision.arrived
        earlier = Earlier(arrived.digest, decision.verdict, decision.code, decision.details, decision.flags, NOW)
        envelopes = {**self.known.envelopes, arrived.id: earlier}
        visits, series, messages = self.known.visits, self.phones[device], self.known.messages
        if decision.verdict is Verdict.ACCEPTED:
            self.applied[str(arrived.id)] += 1
            self.named |= set(_pictures(decision))
        if decision.report is not None:
            visits |= {decision.report.visit_id}
        if decision.message is not None:
            messages = {MESSAGE: replace(decision.message, read=True)}
        questions, reports = self.known.questions, self.known.reports
        if decision.question is not None:
            standing = once_corrected(questions[QUESTION].standing, decision.changes)
            questions = {QUESTION: replace(decision.question, standing=standing)}
        if decision.correction is not None:
            reports = {VISIT: _put_right(reports[VISIT], decision.correction)}
        for taken in decision.payments:
            assert taken.receipt is not None
            self.receipts[f"{series.device}/{taken.receipt.number}"] += 1
            self.cents += taken.payment.amount_cents
            digest = taken.payment.receipt.digest if taken.payment.receipt else ""
            link = Link(Sha256(digest), Sha256(taken.receipt.prev_digest))
            series = replace(series, links={**series.links, taken.receipt.number: link})
        self.phones[device] = series
        self.known = replace(
            self.known, envelopes=envelopes, visits=visits, messages=messages, questions=questions, reports=reports
        )

    def put(self, sha256: str, crash: str | None) -> dict[str, Any]:
        if crash == "before":
            raise Crash
        if sha256 not in self.named:
            return {"refused": True}
        self.pictures[sha256] = 1
        if crash == "after":
            raise Crash
        return {"sha256": sha256, "stored": True}

    def part(
        self, device: str, sha256: str, content: str, *, offset: int, length: int, crash: str | None
    ) -> dict[str, Any]:
        """The next part of an original, judged as `services.uploads` judges it."""
        if crash == "before":
            raise Crash
        if sha256 not in self.named:
            return {"refused": True}
        if self.pictures[sha256]:
            return {"sha256": sha256, "stored": True, "offset": length}
        held = self.begun.get((device, sha256)) or begin(length, OpenUploads())
        try:
            held = follow(held, offset=offset, length=length, size=len(content) // 2, name=content)
        except Refusal as refusal:
            return {"refused": True, "code": refusal.code, "details": refusal.details}
        self.begun[device, sha256] = held
        if held.whole:
            del self.begun[device, sha256]
            assert sha256_of(bytes.fromhex("".join(held.parts))) == sha256
            self.pictures[sha256] = 1
            IN_PARTS[sha256] += 1
        if crash == "after":
            raise Crash
        return {"sha256": sha256, "stored": held.whole, "offset": held.offset}

    def sealed_part(
        self, device: str, sha256: str, content: str, *, offset: int, length: int, crash: str | None
    ) -> dict[str, Any]:
        """The next part of a sealed original, as `services.uploads.append_sealed` takes it."""
        if crash == "before":
            raise Crash
        held = self.sealed.get((device, sha256)) or begin(length, OpenUploads())
        try:
            held = follow(held, offset=offset, length=length, size=len(content) // 2, name=content)
        except Refusal as refusal:
            return {"refused": True, "code": refusal.code, "details": refusal.details}
        self.sealed[device, sha256] = held
        if held.whole:
            assert sha256_of(bytes.fromhex("".join(held.parts))) == sha256
        if crash == "after":
            raise Crash
        return {"sha256": sha256, "stored": held.whole, "offset": held.offset}

    def missing(self, device: str, sha256s: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "sha256": s,
                "stored": not (s in self.named and not self.pictures[s]),
                "offset": held.offset if (held := self.begun.get((device, s))) else 0,
            }
            for s in sha256s
        ]

    def books(self) -> dict[str, Any]:
        return {
            "applied": self.applied,
            "receipts": self.receipts,
            "left_open": sorted(self.left_open),
            "cents": self.cents,
            "pictures": sorted(digest for digest, kept in self.pictures.items() if kept),
            "in_parts": len(IN_PARTS),
        }


def _question() -> QuestionKnown:
    return QuestionKnown(
        id=QUESTION,
        visit_id=UUID(int=8),
        practice_id=PRACTICE,
        creditor_id=UUID(int=9),
        reason="details",
        asked_by=UUID(int=10),
        practice_open=True,
        withdrawn=False,
        returned=False,
        standing=review.Standing(REPORTED.outcome, REPORTED.met, (), None, REPORTED.captured),
    )


def _report() -> Standing:
    return Standing(
        visit_id=VISIT,
        practice_id=PRACTICE,
        creditor_id=UUID(int=9),
        arrived_at=datetime(2026, 11, 25, 9, 0, tzinfo=UTC),
        said=REPORTED,
        elsewhere=False,
        statement=False,
        purposes=frozenset(),
        hangs=None,
    )


def _put_right(standing: Standing, correction: Correction) -> Standing:
    """As `services.corrections.follow` does it: each stands on the one before, and what lifts a protection waits."""
    assert correction.before == standing.said
    if correction.lifts:
        return replace(standing, waits=Waits.AGENT)
    return replace(standing, said=correction.after, waits=None)


def _pictures(decision: Decision) -> list[str]:
    if decision.report is None:
        return []
    both = ((picture.small_sha256, picture.sha256) for picture in decision.report.attachments)
    return [digest for pair in both for digest in pair if digest is not None]


def answer(office: Office | None, said: dict[str, Any]) -> tuple[Office | None, Any]:
    match said["ask"]:
        case "open":
            before = office if said["again"] else None
            opened = Office.opened(said["device"], said["point"], said["series"], said["blocks"], before)
            return opened, POINT.rstrip(b"=").decode()
        case "push" if office:
            return office, office.push(said["device"], said["envelopes"], said["crash"])
        case "put" if office:
            return office, office.put(said["sha256"], said["crash"])
        case "rescue" if office:
            return office, office.rescue(said["content"], said["crash"])
        case "rescued" if office:
            return office, [office.rescued[key] for key in said["keys"] if key in office.rescued]
        case "missing" if office:
            return office, office.missing(said["device"], said["sha256s"])
        case "part" if office:
            place = {"offset": said["offset"], "length": said["length"], "crash": said["crash"]}
            return office, office.part(said["device"], said["sha256"], said["content"], **place)
        case "sealed part" if office:
            place = {"offset": said["offset"], "length": said["length"], "crash": said["crash"]}
            return office, office.sealed_part(said["device"], said["sha256"], said["content"], **place)
        case "books" if office:
            return office, office.books()
    raise ValueError(said)


def main() -> None:
    office: Office | None = None
    for line in sys.stdin:
        try:
            office, said = answer(office, json.loads(line))
        except Crash:
            said = {"crashed": True}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
