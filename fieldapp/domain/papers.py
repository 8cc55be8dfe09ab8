"""Papers as values, and the blocks of text that every rendering of them shows.

The phone draws a paper on a canvas, the office sets the same one with typst: both from the blocks made here
(and in `pwa/src/domain/paper.ts`), so that they cannot say different things. The words come from one template
data file per creditor and language and are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldapp.domain.epc import compact_iban, epc_payload, spaced_iban
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.money import italian
from fieldapp.domain.payments import LARGEST_CENTS
from fieldapp.domain.receipts import (
    VERSION,
    Agency,
    Agent,
    ChargedTo,
    Creditor,
    ReceiptKind,
    ReceiptValue,
    SettledLine,
    check_heading,
    local_time,
    receipt_name,
)
from fieldapp.domain.values import checked_text

Words = Mapping[str, str]
"""The sentences of a template by key, with `{placeholders}`."""


class Role(StrEnum):
    """What a block is to the reader; the renderers decide how it looks."""

    ISSUER = "issuer"
    ISSUER_DETAIL = "issuer_detail"
    TITLE = "title"
    REFERENCE = "reference"
    ISSUED = "issued"
    AMOUNT = "amount"
    AMOUNT_WORDS = "amount_words"
    FIELD = "field"
    SECTION = "section"
    ROW = "row"
    ROW_DETAIL = "row_detail"
    TOTAL = "total"
    WARNING = "warning"
    BODY = "body"
    NOTE = "note"
    FINGERPRINT = "fingerprint"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a paper. `label` stands before the text where the role has one."""

    role: Role
    text: str
    label: str = ""


class TransferMemoKind(StrEnum):
    """The only kind of a transfer memo."""

    TRANSFER_MEMO = "transfer_memo"


class VisitNoticeKind(StrEnum):
    """The only kind of a visit notice."""

    VISIT_NOTICE = "visit_notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMemo:
    """Promemoria di bonifico: a transfer announced. No number, no posting; `expected_on` is the promise."""

    v: int = VERSION
    kind: TransferMemoKind = TransferMemoKind.TRANSFER_MEMO
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    creditor: Creditor
    bic: str
    debtor: str
    practice: str
    amount_cents: int
    remittance: str
    expected_on: str
    agent: Agent
    device: str

    def __post_init__(self) -> None:
        check_heading(self.issued_at, self.utc_offset_min, self.place)
        checked_text(self.debtor, at="debtor", longest=160)
        checked_text(self.practice, at="practice", longest=60)
        _check_date(self.expected_on, at="expected_on")
        if self.v != VERSION or not 1 <= self.amount_cents <= LARGEST_CENTS:
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "v, amount_cents"})
        _ = self.payload  # what no banking app could read is refused while the paper is made

    @property
    def payload(self) -> str:
        """What the QR says to a banking app (EPC069-12)."""
        return epc_payload(
            name=self.creditor.name[:70].strip(),
            iban=self.creditor.iban,
            amount_cents=self.amount_cents,
            remittance=self.remittance,
            bic=self.bic,
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who left the notice, in neutral words: a name, a telephone, hours, and whom to ask for."""

    name: str
    phone: str
    hours: str
    ask_for: str

    def __post_init__(self) -> None:
        for at in ("name", "phone", "hours", "ask_for"):
            checked_text(getattr(self, at), at=f"caller.{at}", longest=120)


class AnnouncementKind(StrEnum):
    """Memos of payments that another will see: a bulletin shown as paid, a link to pay by."""

    BULLETIN_MEMO = "bulletin_memo"
    LINK_MEMO = "link_memo"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementMemo:
    """A payment that somebody else receives: no number, no posting.

    `on` is the day of the stamp, or until when the link holds; `reference` the stamp's code, or the link itself (empty
    where the office sends it later).
    """

    v: int = VERSION
    kind: AnnouncementKind
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    creditor: Creditor
    debtor: str
    practice: str
    amount_cents: int
    on: str
    reference: str
    agent: Agent
    device: str

    def __post_init__(self) -> None:
        check_heading(self.issued_at, self.utc_offset_min, self.place)
        checked_text(self.debtor, at="debtor", longest=160)
        checked_text(self.practice, at="practice", longest=60)
        link = self.kind is AnnouncementKind.LINK_MEMO
        checked_text(self.reference, at="reference", longest=600 if link else 40, empty_allowed=link)
        _check_date(self.on, at="on")
        if self.v != VERSION or not 1 <= self.amount_cents <= LARGEST_CENTS:
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "v, amount_cents"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitNotice:
    """Avviso di passaggio. By its very shape it cannot hold a debt, an amount or a creditor (Garante, 30-11-2005)."""

    v: int = VERSION
    kind: VisitNoticeKind = VisitNoticeKind.VISIT_NOTICE
    series: str
    number: int
    issued_at: str
    utc_offset_min: int
    place: str
    addressee: str
    caller: Caller
    device: str

    def __post_init__(self) -> None:
        check_heading(self.issued_at, self.utc_offset_min, self.place)
        checked_text(self.addressee, at="addressee", longest=160)
        receipt_name(self.series, self.number)
        if self.v != VERSION:
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "v"})

    @property
    def name(self) -> str:
        """Series and number as people quote them: `A7N-000012`."""
        return receipt_name(self.series, self.number)


Paper = ReceiptValue | TransferMemo | AnnouncementMemo | VisitNotice


def paper_blocks(paper: Paper, words: Words, *, digest: Sha256) -> tuple[Block, ...]:
    """The blocks of `paper` in reading order; `digest` is that of its canonical bytes.

    Raises Refusal `paper.words_missing` when the template lacks a sentence, `paper.notice_not_neutral` when a
    notice would tell a stranger what it is about.
    """
    match paper:
        case ReceiptValue():
            return _receipt_blocks(paper, words, digest=digest)
        case TransferMemo():
            return _memo_blocks(paper, words)
        case AnnouncementMemo():
            return _announcement_blocks(paper, words)
        case VisitNotice():
            return _notice_blocks(paper, words)


def paper_lines(blocks: Sequence[Block]) -> list[str]:
    """The lines of text that every rendering contains, label and text apart."""
    return [line for block in blocks for line in (block.label, block.text) if line]


def fill(words: Words, key: str, **details: object) -> str:
    """The sentence `key` with its placeholders filled.

    Raises Refusal `paper.words_missing` for a key or a placeholder that is not there.
    """
    sentence = words.get(key)
    if sentence is None:
        raise Refusal("paper.words_missing", kind=Kind.MISSING, details={"key": key})

    def put(found: re.Match[str]) -> str:
        if found[1] not in details:
            raise Refusal("paper.words_missing", kind=Kind.MISSING, details={"key": f"{key} {found[0]}"})
        return str(details[found[1]])

    return re.sub(r"\{([a-z_]+)\}", put, sentence)


# --- receipt ---------------------------------------------------------------------------------------------------


def _receipt_blocks(paper: ReceiptValue, words: Words, *, digest: Sha256) -> tuple[Block, ...]:
    kind = paper.kind.value
    clearance = paper.kind is ReceiptKind.SUBJECT_TO_CLEARANCE
    answers = {name: _shown(answer) for name, answer in paper.method.answers.items()}
    method = fill(words, f"receipt.method.{paper.method.code}", **answers)
    if paper.method.answers.get("non_transferable") is True:
        method = f"{method}, {fill(words, 'receipt.method.cheque.non_transferable')}"
    wording = fill(
        words, f"receipt.wording.{paper.wording.kind.value}", number=paper.wording.number, of=paper.wording.of
    )
    return (
        *issuer_blocks(paper.agency, words),
        Block(Role.TITLE, fill(words, f"{kind}.title")),
        Block(Role.REFERENCE, fill(words, "receipt.reference", name=paper.name)),
        Block(Role.ISSUED, _issued(paper, words, key="receipt.issued")),
        Block(Role.AMOUNT, italian(paper.amount_cents)),
        Block(Role.AMOUNT_WORDS, f"euro {paper.amount_in_words}"),
        *((Block(Role.WARNING, fill(words, f"{kind}.warning")),) if clearance else ()),
        _received_from(paper, words),
        # Where somebody pays on the debtor's behalf, "per conto di" would be said twice of two people.
        Block(Role.FIELD, paper.creditor.name, fill(words, f"receipt.{'creditor' if paper.payer else 'on_behalf_of'}")),
        Block(Role.FIELD, paper.practice, fill(words, "receipt.practice")),
        Block(Role.FIELD, wording, fill(words, "receipt.wording")),
        Block(Role.FIELD, method, fill(words, "receipt.method")),
        Block(Role.SECTION, fill(words, f"{kind}.settles")),
        *(block for line in paper.lines for block in _settled_blocks(line, words)),
        *_sum_blocks(paper, words),
        Block(Role.NOTE, fill(words, f"{kind}.reservation")),
        *_stamp_notes(paper, words),
        Block(
            Role.FIELD,
            fill(
                words,
                "receipt.later_payments.text",
                iban=spaced_iban(paper.creditor.iban),
                practice=paper.practice,
            ),
            fill(words, "receipt.later_payments"),
        ),
        Block(
            Role.FIELD,
            fill(words, "receipt.agent.text", name=paper.agent.name, number=paper.agent.number),
            fill(words, "receipt.agent"),
        ),
        Block(Role.FINGERPRINT, fingerprint(digest), fill(words, "receipt.fingerprint")),
        Block(Role.QR, fill(words, "receipt.qr")),
    )


def _received_from(paper: ReceiptValue, words: Words) -> Block:
    if paper.payer is None:
        return Block(Role.FIELD, paper.debtor, fill(words, "receipt.received_from"))
    capacity = fill(words, f"receipt.paid_by.{paper.payer.capacity.value}")
    text = fill(words, "receipt.paid_by.text", name=paper.payer.name, capacity=capacity, debtor=paper.debtor)
    return Block(Role.FIELD, text, fill(words, "receipt.paid_by"))


def issuer_blocks(agency: Agency, words: Words) -> tuple[Block, ...]:
    """Who issues the paper."""
    return (
        Block(Role.ISSUER, agency.name),
        Block(Role.ISSUER_DETAIL, fill(words, "issuer.details", address=agency.address, phone=agency.phone)),
        Block(Role.ISSUER_DETAIL, fill(words, "issuer.registration", vat=agency.vat, licence=agency.licence)),
    )


def _settled_blocks(line: SettledLine, words: Words) -> tuple[Block, ...]:
    parts = (("principal", line.principal_cents), ("interest", line.interest_cents), ("costs", line.costs_cents))
    detail = " · ".join(fill(words, f"receipt.{part}", amount=italian(cents)) for part, cents in parts if cents)
    return Block(Role.ROW, italian(line.total_cents), line.title), Block(Role.ROW_DETAIL, detail)


def _sum_blocks(paper: ReceiptValue, words: Words) -> tuple[Block, ...]:
    duty = paper.stamp_duty
    blocks = [Block(Role.TOTAL, italian(paper.amount_cents), fill(words, "receipt.total"))]
    if duty.due_cents:
        label = fill(words, f"receipt.stamp_duty.{duty.charged_to.value}")
        blocks.append(Block(Role.ROW, italian(duty.due_cents), label))
    if duty.charged_to is ChargedTo.DEBTOR:
        blocks.append(Block(Role.TOTAL, italian(paper.handed_over_cents), fill(words, "receipt.handed_over")))
    key = f"{paper.kind.value}.residual"
    blocks.append(Block(Role.ROW, italian(paper.residual_cents), fill(words, key)))
    return tuple(blocks)


def _stamp_notes(paper: ReceiptValue, words: Words) -> tuple[Block, ...]:
    duty = paper.stamp_duty
    if not duty.due_cents:
        return (Block(Role.NOTE, fill(words, f"receipt.stamp_duty.{duty.reason}")),)
    if not duty.authorisation:
        return ()
    text = fill(words, "receipt.stamp_duty.authorisation", authorisation=duty.authorisation)
    return (Block(Role.NOTE, text),)


def _shown(answer: str | bool) -> str:
    text = str(answer)
    return _italian_date(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else text


def fingerprint(digest: Sha256) -> str:
    """The first 16 digits in fours: enough to compare two papers by eye."""
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))


# --- transfer memo and visit notice ------------------------------------------------------------------------------


def _memo_blocks(paper: TransferMemo, words: Words) -> tuple[Block, ...]:
    agent = fill(words, "transfer_memo.agent.text", name=paper.agent.name, number=paper.agent.number)
    fields = (
        ("payee", paper.creditor.name),
        ("iban", spaced_iban(compact_iban(paper.creditor.iban))),
        ("remittance", paper.remittance),
        ("expected_on", _italian_date(paper.expected_on)),
        ("debtor", paper.debtor),
        ("practice", paper.practice),
    )
    return (
        *issuer_blocks(paper.agency, words),
        Block(Role.TITLE, fill(words, "transfer_memo.title")),
        Block(Role.ISSUED, _issued(paper, words, key="transfer_memo.issued")),
        Block(Role.AMOUNT, italian(paper.amount_cents)),
        Block(Role.WARNING, fill(words, "transfer_memo.warning")),
        *(Block(Role.FIELD, text, fill(words, f"transfer_memo.{key}")) for key, text in fields),
        Block(Role.FIELD, agent, fill(words, "transfer_memo.agent")),
        Block(Role.QR, fill(words, "transfer_memo.qr")),
    )


def _announcement_blocks(paper: AnnouncementMemo, words: Words) -> tuple[Block, ...]:
    kind, link = paper.kind.value, paper.kind is AnnouncementKind.LINK_MEMO
    agent = fill(words, "transfer_memo.agent.text", name=paper.agent.name, number=paper.agent.number)
    code = () if link else (Block(Role.FIELD, paper.reference, fill(words, f"{kind}.reference")),)
    last: tuple[Block, ...] = ()
    if link:
        # The address itself is long and for machines: it stands in the code alone.
        last = (
            Block(Role.QR, fill(words, "link_memo.qr"))
            if paper.reference
            else Block(Role.NOTE, fill(words, "link_memo.later")),
        )
    return (
        *issuer_blocks(paper.agency, words),
        Block(Role.TITLE, fill(words, f"{kind}.title")),
        Block(Role.ISSUED, _issued(paper, words, key="transfer_memo.issued")),
        Block(Role.AMOUNT, italian(paper.amount_cents)),
        Block(Role.WARNING, fill(words, f"{kind}.warning")),
        Block(Role.FIELD, paper.creditor.name, fill(words, "transfer_memo.payee")),
        Block(Role.FIELD, _italian_date(paper.on), fill(words, f"{kind}.on")),
        *code,
        Block(Role.FIELD, paper.debtor, fill(words, "transfer_memo.debtor")),
        Block(Role.FIELD, paper.practice, fill(words, "transfer_memo.practice")),
        Block(Role.FIELD, agent, fill(words, "transfer_memo.agent")),
        *last,
    )


# Stems by which a neighbour who reads the notice would guess what it is about, or its reader take fright.
_TELLING = re.compile(
    r"€|\beuro\b|\bdebit|\bcredit|recuper|incass|pagament|pagare|insolut|esatt|esazion|sollecit|questura|licenza|urgen"
    r"|t\.u\.l\.p\.s|legale|avvocat|tribunal|giudizi",
    re.IGNORECASE,
)


def _notice_blocks(paper: VisitNotice, words: Words) -> tuple[Block, ...]:
    caller = paper.caller
    neutral = (
        Block(Role.ISSUER, caller.name),
        Block(Role.TITLE, fill(words, "visit_notice.title")),
        Block(Role.REFERENCE, fill(words, "visit_notice.reference", name=paper.name)),
        Block(Role.BODY, fill(words, "visit_notice.body")),
        Block(Role.FIELD, caller.phone, fill(words, "visit_notice.phone")),
        Block(Role.FIELD, caller.hours, fill(words, "visit_notice.hours")),
        Block(Role.FIELD, caller.ask_for, fill(words, "visit_notice.ask_for")),
        Block(Role.NOTE, fill(words, "visit_notice.quote")),
    )
    for line in paper_lines(neutral):
        if _TELLING.search(line):
            raise Refusal("paper.notice_not_neutral", details={"line": line})
    issued = Block(Role.ISSUED, _issued(paper, words, key="visit_notice.issued"))
    # Names of people and places are not judged: somebody may be called Crediti.
    addressee = Block(Role.FIELD, paper.addressee, fill(words, "visit_notice.addressee"))
    return (*neutral[:3], issued, addressee, *neutral[3:])


def _issued(paper: Paper, words: Words, *, key: str) -> str:
    at = local_time(paper.issued_at, paper.utc_offset_min)
    return fill(words, key, place=paper.place, date=f"{at:%d/%m/%Y}", time=f"{at:%H:%M}")


def _italian_date(iso: str) -> str:
    return f"{iso[8:10]}/{iso[5:7]}/{iso[0:4]}"


def _check_date(text: str, *, at: str) -> None:
    try:
        good = date.fromisoformat(text).isoformat() == text
    except ValueError:
        good = False
    if not good:
        raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": at})
