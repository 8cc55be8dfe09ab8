"""Reading visit reports from envelopes, and the questions asked of a report before it is saved.

What cannot be read is refused with the field's name. What can be read but makes no sense is refused on the phone
and flagged on the server: it happened, and it is never thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from fieldapp.domain.captured import LARGEST_CENTS, PlacementDays, captured_shape, check_capture
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256
from fieldapp.domain.outcomes import NEXT_STEPS, FieldType, Met, Need, Outcome, outcome
from fieldapp.domain.reading import Reader, printable
from fieldapp.domain.receipts import Capacity, Payer
from fieldapp.domain.visit_report import (
    NEUTRAL_PURPOSES,
    Allocated,
    Attachment,
    DebtorMet,
    IdentifiedBy,
    IssuedReceipt,
    Meeting,
    NobodyMet,
    NoPosition,
    Observation,
    OtherPayer,
    OutsideThePlan,
    PayerDocument,
    Position,
    Purpose,
    ReportedPayment,
    Role,
    Signature,
    SignedPaper,
    Signer,
    StampDutyLine,
    ThirdPartyMet,
    VisitReport,
)

__all__ = [
    "NEUTRAL_PURPOSES",
    "Allocated",
    "Attachment",
    "DebtorMet",
    "IdentifiedBy",
    "IssuedReceipt",
    "Meeting",
    "NoPosition",
    "NobodyMet",
    "Observation",
    "OutsideThePlan",
    "PlacementDays",
    "Position",
    "Purpose",
    "ReportedPayment",
    "Role",
    "Signature",
    "SignedPaper",
    "Signer",
    "StampDutyLine",
    "ThirdPartyMet",
    "VisitReport",
    "check_report",
    "from_body",
    "read_position",
    "read_unplanned",
]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MEDIA = re.compile(r"image/(jpeg|png|webp)")
LARGEST_ATTACHMENT_BYTES = 25 * 1024 * 1024
LONGEST_STATEMENT = 2_000
LONGEST_SIGNED_TEXT = 20_000
LONGEST_S = 12 * 3_600


def from_body(body: Any) -> VisitReport:
    """The report that an envelope of kind `visit` carries.

    Raises Refusal `visit.field_missing`, `.field_unknown`, `.field_malformed`, `.field_too_long` (details: field),
    `.outcome_unknown`, `.capture_unknown`, `.capture_malformed`, `.position_unexplained`, `.third_party_carries_debt`,
    `.nobody_carries_debt`, `.signature_text_differs`, `.attachment_missing`, `.allocation_differs`.
    """
    reader = Reader(body, area="visit")
    entry = outcome(reader.text("outcome", longest=60))
    captured = reader.plain("captured")
    if not isinstance(captured, dict):
        raise reader.malformed("captured")
    captured_shape(entry, captured)
    report = VisitReport(
        practice_id=_uuid(reader, "practice_id"),
        visit_id=_uuid(reader, "visit_id"),
        stop_id=reader.maybe("stop_id", lambda name: _uuid(reader, name)),
        planned_day=reader.day("planned_day"),
        address_id=_uuid(reader, "address_id"),
        arrived_at=reader.instant("arrived_at"),
        left_at=reader.instant("left_at"),
        position=reader.maybe("position", lambda name: read_position(reader.object(name))),
        no_position=reader.maybe("position_refused_reason", lambda name: reader.choice(name, NoPosition)),
        attempt_no=reader.whole("attempt_no", least=1, most=999),
        meeting=_meeting(reader, entry),
        identified_self=reader.flag("identified_self"),
        observations=_observations(reader),
        outcome=entry,
        captured=captured,
        next_action=reader.maybe("next_action", lambda name: _next_action(reader, name)),
        attachments=tuple(_attachment(item) for item in reader.objects("attachments", most=40)),
        app_version=reader.text("app_version", longest=40),
        offline=reader.flag("offline"),
        left_position=_added_position(reader, "left_position"),
        with_visit_id=_joined(reader),
        unplanned=read_unplanned(reader),
    )
    reader.close()
    _check_whole(report)
    return report


def check_report(report: VisitReport, *, now: datetime, placement: PlacementDays) -> tuple[Refusal, ...]:
    """What makes no sense in a readable report: refused on the phone before saving, flagged on the server.

    Codes: those of `check_capture`, `visit.left_before_arrival`, `.too_long_a_visit`, `.outcome_not_with`,
    `.outcome_only_at_the_address`, `.payment_missing`, `.payment_not_expected`, `.signature_missing`,
    `.not_identified_self`.
    """
    entry, met = report.outcome, report.met
    found: list[Refusal] = []
    stayed_s = (report.left_at - report.arrived_at).total_seconds()
    if stayed_s < 0:
        found.append(Refusal("visit.left_before_arrival"))
    elif stayed_s > LONGEST_S:
        found.append(Refusal("visit.too_long_a_visit"))
    if met not in entry.met:
        found.append(Refusal("visit.outcome_not_with", details={"outcome": entry.code, "met": met.value}))
    if report.elsewhere and entry.at_the_address:
        found.append(Refusal("visit.outcome_only_at_the_address", details={"outcome": entry.code}))
    if met is Met.DEBTOR and not report.identified_self and not entry.cuts_short:
        # The debtor must be told who stands there and for whom (art. 115 T.U.L.P.S.).
        found.append(Refusal("visit.not_identified_self"))
    if entry.payment is Need.REQUIRED and not report.payments:
        found.append(Refusal("visit.payment_missing", details={"outcome": entry.code}))
    if entry.payment is Need.NO and report.payments and not entry.cuts_short:
        found.append(Refusal("visit.payment_not_expected", details={"outcome": entry.code}))
    if entry.signature is Need.REQUIRED and report.signature is None:
        found.append(Refusal("visit.signature_missing", details={"outcome": entry.code}))
    found += check_capture(entry, report.captured, now=now, placement=placement, met=met)
    return tuple(found)


def _meeting(reader: Reader, entry: Outcome) -> Meeting:
    inner = reader.object("met")
    met = inner.choice("who", Met)
    identified = inner.maybe("identified_by", lambda name: inner.choice(name, IdentifiedBy))
    role = inner.maybe("role", lambda name: inner.choice(name, Role))
    inner.close()
    # A report about anybody else leaves these names out; older phones send them empty, and know no agreements.
    names = set(reader.names()) | ({"statement", "signature", "payments"} if met is Met.DEBTOR else set())
    statement = signature = agreement = None
    payments: tuple[ReportedPayment, ...] = ()
    if "statement" in names:
        statement = reader.maybe("statement", lambda name: reader.text(name, longest=LONGEST_STATEMENT))
    if "signature" in names:
        signature = reader.maybe("signature", lambda name: _signature(reader.object(name)))
    if "payments" in names:
        payments = tuple(_payment(item) for item in reader.objects("payments", most=10))
    if "agreement" in names:
        agreement = reader.maybe("agreement", lambda name: _agreement(reader.object(name)))
    if met is Met.DEBTOR:
        if identified is None or role is not None:
            raise inner.malformed("identified_by" if identified is None else "role")
        return DebtorMet(identified, statement, signature, payments, agreement)
    if identified is not None or (role is None) != (met is Met.NOBODY):
        raise inner.malformed("identified_by" if identified is not None else "role")
    held = {"statement": statement, "signature": signature, "payments": payments or None, "agreement": agreement}
    carried = next((name for name, value in held.items() if value is not None), None)
    code = "visit.third_party_carries_debt" if met is Met.THIRD_PARTY else "visit.nobody_carries_debt"
    if carried is not None:
        raise _malformed(code, carried)
    if role is None:
        return NobodyMet()
    if Met.THIRD_PARTY not in entry.met:
        raise _malformed(code, "outcome")
    return ThirdPartyMet(role)


def _check_whole(report: VisitReport) -> None:
    if (report.position is None) == (report.no_position is None):
        raise _malformed("visit.position_unexplained", "position")
    if report.unplanned is not None and report.stop_id is not None:
        # It would be outside the plan and in it.
        raise _malformed("visit.field_malformed", "unplanned")
    purposes = {item.purpose for item in report.attachments}
    if report.met is Met.THIRD_PARTY and not purposes <= NEUTRAL_PURPOSES:
        raise _malformed("visit.third_party_carries_debt", "attachments")
    if report.met is Met.NOBODY and not purposes <= NEUTRAL_PURPOSES:
        raise _malformed("visit.nobody_carries_debt", "attachments")
    sent = {item.sha256 for item in report.attachments}
    if len(sent) != len(report.attachments):
        raise _malformed("visit.field_malformed", "attachments")
    named = [report.captured.get(field.name) for field in report.outcome.fields if field.type is FieldType.PHOTO]
    if report.signature is not None:
        named.append(report.signature.image_sha256)
    if not {digest for digest in named if digest is not None} <= sent:
        raise _malformed("visit.attachment_missing", "attachments")


def read_position(reader: Reader) -> Position:
    """A reading of the phone's own sensor. Raises Refusal `<area>.field_*`."""
    position = Position(
        lat_e6=reader.whole("lat_e6", least=-90_000_000, most=90_000_000),
        lon_e6=reader.whole("lon_e6", least=-180_000_000, most=180_000_000),
        accuracy_m=reader.whole("accuracy_m", most=1_000_000),
        at=reader.instant("at"),
    )
    reader.close()
    return position


def _added_position(reader: Reader, name: str) -> Position | None:
    # Sent only where one was read; the app before never asked here.
    if name not in reader.names():
        return None
    return reader.maybe(name, lambda name: read_position(reader.object(name)))


def _attachment(reader: Reader) -> Attachment:
    attachment = Attachment(
        sha256=_digest(reader, "sha256"),
        purpose=reader.choice("purpose", Purpose),
        media_type=reader.pattern("media_type", _MEDIA),
        size_bytes=reader.whole("size", least=1, most=LARGEST_ATTACHMENT_BYTES),
        small_sha256=reader.maybe("small_sha256", lambda name: _digest(reader, name)),
    )
    reader.close()
    return attachment


def _signature(reader: Reader) -> Signature:
    signature = Signature(
        refused=reader.flag("refused"),
        text=reader.text("text", longest=LONGEST_SIGNED_TEXT),
        text_digest=_digest(reader, "text_digest"),
        image_sha256=reader.maybe("image_sha256", lambda name: _digest(reader, name)),
        signer=reader.choice("signer", Signer),
    )
    reader.close()
    if sha256(signature.text.encode()) != signature.text_digest:
        raise _malformed("visit.signature_text_differs", "signature.text_digest")
    if signature.refused != (signature.image_sha256 is None):
        raise reader.malformed("image_sha256")
    return signature


def _payment(reader: Reader) -> ReportedPayment:
    payment = ReportedPayment(
        method=reader.text("method", longest=40),
        amount_cents=reader.whole("amount_cents", least=1, most=LARGEST_CENTS),
        fields=_answers(reader),
        allocation=tuple(_allocated(item) for item in reader.objects("allocation", most=200)),
        stamp_duty=_stamp_duty(reader.object("stamp_duty")),
        receipt=reader.maybe("receipt", lambda name: _receipt(reader.object(name))),
        # Named only where it is not the debtor; phones of the version before never do.
        payer=_payer(reader.object("payer")) if "payer" in reader.names() else None,
        # Named only where the debtor chose.
        chosen_line=_uuid(reader, "chosen_line") if "chosen_line" in reader.names() else None,
        position=_added_position(reader, "position"),
    )
    reader.close()
    if payment.receipt and sum(line.total_cents for line in payment.allocation) != payment.amount_cents:
        raise _malformed("visit.allocation_differs", reader.path("allocation"))
    return payment


def _payer(reader: Reader) -> OtherPayer:
    name = reader.text("name", longest=120)
    if name != name.strip() or re.search(r"[\n\t]", name):
        raise reader.malformed("name")
    payer = OtherPayer(
        Payer(name, reader.choice("capacity", Capacity)),
        reader.choice("document", PayerDocument),
        reader.flag("debtor_agrees"),
    )
    reader.close()
    return payer


def _answers(reader: Reader) -> Mapping[str, str | int | bool]:
    answers = reader.plain("fields")
    if not isinstance(answers, dict) or len(answers) > 20:
        raise reader.malformed("fields")
    for name, value in answers.items():
        if len(name) > 40 or not isinstance(value, str | int) or len(str(value)) > 200 or not printable(str(value)):
            raise reader.malformed("fields")
    return answers


def _allocated(reader: Reader) -> Allocated:
    line = Allocated(
        debt_line_id=_uuid(reader, "debt_line_id"),
        principal_cents=reader.whole("principal_cents", most=LARGEST_CENTS),
        interest_cents=reader.whole("interest_cents", most=LARGEST_CENTS),
        costs_cents=reader.whole("costs_cents", most=LARGEST_CENTS),
    )
    reader.close()
    return line


def _stamp_duty(reader: Reader) -> StampDutyLine:
    line = StampDutyLine(
        cents=reader.whole("cents", most=100_000),
        charged_to=reader.text("charged_to", longest=20),
        reason=reader.text("reason", longest=60),
    )
    reader.close()
    return line


def _receipt(reader: Reader) -> IssuedReceipt:
    value = reader.plain("value")
    if not isinstance(value, dict):
        raise reader.malformed("value")
    receipt = IssuedReceipt(value, _digest(reader, "digest"), reader.text("signature", longest=400))
    reader.close()
    return receipt


def _agreement(reader: Reader) -> SignedPaper:
    value = reader.plain("value")
    if not isinstance(value, dict):
        raise reader.malformed("value")
    paper = SignedPaper(value, _digest(reader, "digest"), reader.text("signature", longest=400))
    reader.close()
    return paper


def _observations(reader: Reader) -> tuple[Observation, ...]:
    codes = reader.texts("observations", most=len(Observation))
    if not all(code in Observation._value2member_map_ for code in codes):
        raise reader.malformed("observations")
    return tuple(Observation(code) for code in codes)


def _joined(reader: Reader) -> UUID | None:
    # Reports of the app before know one practice at a door.
    if "with_visit_id" not in reader.names():
        return None
    return reader.maybe("with_visit_id", lambda name: _uuid(reader, name))


def read_unplanned(reader: Reader) -> OutsideThePlan | None:
    """Where a visit outside the plan took place, from a report or an arrival. Raises Refusal `<area>.field_*`."""
    # The app before knows visits of the plan only.
    if "unplanned" not in reader.names():
        return None
    return reader.maybe("unplanned", lambda name: reader.choice(name, OutsideThePlan))


def _next_action(reader: Reader, name: str) -> str:
    action = reader.text(name, longest=40)
    if action not in NEXT_STEPS:
        raise reader.malformed(name)
    return action


def _uuid(reader: Reader, name: str) -> UUID:
    return UUID(reader.pattern(name, _UUID))


def _digest(reader: Reader, name: str) -> Sha256:
    return Sha256(reader.pattern(name, _DIGEST))


def _malformed(code: str, field: str) -> Refusal:
    return Refusal(code, kind=Kind.MALFORMED, details={"field": field})
