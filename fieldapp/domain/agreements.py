"""Agreements as papers: the repayment plan and the settlement proposal, as both people look at them and sign.

Canonical values like receipts: the phone makes them (`pwa/src/domain/agreement.ts`), signs the bytes with the agent's
device, and the debtor signs under a text that names their digest. The office reads the bytes back and works the
schedule out again: a plan whose sums do not follow from its terms was forged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.money import italian
from fieldapp.domain.papers import Block, Words, fill, fingerprint, issuer_blocks
from fieldapp.domain.papers import Role as BlockRole
from fieldapp.domain.payments import LARGEST_CENTS
from fieldapp.domain.reading import read_day
from fieldapp.domain.receipts import VERSION, Agency, Agent, Creditor, check_heading, local_time
from fieldapp.domain.repayment_plan import Ask, Every, Instalment, RepaymentPlan, repayment_plan
from fieldapp.domain.values import checked_text, read_canonical

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST_ROWS = 360


class PlanKind(StrEnum):
    """The only kind of a repayment plan."""

    REPAYMENT_PLAN = "repayment_plan"


class SettlementKind(StrEnum):
    """The only kind of a settlement."""

    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class InstalmentLine:
    """One instalment as it stands on the paper."""

    number: int
    due_on: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPaper:
    """Piano di rientro. `replaces` is the id of the plan that this one renegotiates, or empty."""

    v: int = VERSION
    kind: PlanKind = PlanKind.REPAYMENT_PLAN
    id: str
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    creditor: Creditor
    debtor: str
    practice: str
    debt_cents: int
    yearly_rate_bp: int
    interest_cents: int
    total_cents: int
    every: Every
    first_cents: int
    each_cents: int
    instalments: tuple[InstalmentLine, ...]
    broken_after_days: int
    broken_after_instalments: int
    replaces: str
    agent: Agent
    device: str

    def __post_init__(self) -> None:
        """Raises Refusal `paper.malformed`, `repayment.schedule_differs`, or what `repayment_plan` refuses."""
        _check_heading(self, ids=(self.id, self.device, *([self.replaces] if self.replaces else [])))
        sums = (self.debt_cents, self.total_cents)
        small = (self.first_cents, self.each_cents, self.interest_cents, self.yearly_rate_bp)
        whole = all(1 <= cents <= LARGEST_CENTS for cents in sums) and all(0 <= n <= LARGEST_CENTS for n in small)
        rules = 1 <= self.broken_after_days <= 365 and 1 <= self.broken_after_instalments <= 120
        if not (whole and rules and 1 <= len(self.instalments) <= MOST_ROWS):
            raise _malformed("sums")
        schedule = self.plan()
        lines = tuple(InstalmentLine(item.number, item.due_on.isoformat(), item.cents) for item in schedule.instalments)
        same = (schedule.interest_cents, schedule.total_cents) == (self.interest_cents, self.total_cents)
        if not same or lines != self.instalments:
            raise Refusal("repayment.schedule_differs", kind=Kind.MALFORMED)

    def plan(self) -> RepaymentPlan:
        """The schedule worked out again from what was agreed."""
        return repayment_plan(
            Ask(
                debt_cents=self.debt_cents,
                count=len(self.instalments),
                first_due_on=_day(self.instalments[0].due_on, "instalments[].due_on"),
                signed_on=self.signed_on,
                every=self.every,
                first_cents=self.first_cents,
                each_cents=self.each_cents,
                yearly_rate_bp=self.yearly_rate_bp,
            )
        )

    @property
    def signed_on(self) -> date:
        """The local date on which it was made."""
        return local_time(self.issued_at, self.utc_offset_min).date()

    def schedule(self) -> tuple[Instalment, ...]:
        """The instalments as the domain holds them against payments."""
        return tuple(Instalment(x.number, date.fromisoformat(x.due_on), x.cents) for x in self.instalments)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementPaper:
    """Saldo e stralcio, proposed: the debtor offers, the creditor decides."""

    v: int = VERSION
    kind: SettlementKind = SettlementKind.SETTLEMENT
    id: str
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    creditor: Creditor
    debtor: str
    practice: str
    debt_cents: int
    offer_cents: int
    pay_by: str
    agent: Agent
    device: str

    def __post_init__(self) -> None:
        """Raises Refusal `paper.malformed`."""
        _check_heading(self, ids=(self.id, self.device))
        _day(self.pay_by, "pay_by")
        if not (1 <= self.offer_cents <= LARGEST_CENTS and 1 <= self.debt_cents <= LARGEST_CENTS):
            raise _malformed("sums")

    @property
    def signed_on(self) -> date:
        """The local date on which it was made."""
        return local_time(self.issued_at, self.utc_offset_min).date()


AgreementPaper = PlanPaper | SettlementPaper


def read_agreement(content: bytes, *, kind: str) -> AgreementPaper:
    """The agreement of this kind that `content` spells.

    Raises Refusal `paper.malformed`, `paper.not_canonical`, or what the value refuses.
    """
    if kind == PlanKind.REPAYMENT_PLAN:
        return read_canonical(PlanPaper, content)
    if kind == SettlementKind.SETTLEMENT:
        return read_canonical(SettlementPaper, content)
    raise _malformed("kind")


def agreement_blocks(paper: AgreementPaper, words: Words, *, digest: Sha256) -> tuple[Block, ...]:
    """The blocks of the paper in reading order. Raises Refusal `paper.words_missing`."""
    middle = _plan_blocks(paper, words) if isinstance(paper, PlanPaper) else _settlement_blocks(paper, words)
    kind = paper.kind.value
    at = local_time(paper.issued_at, paper.utc_offset_min)
    issued = fill(words, "agreement.issued", place=paper.place, date=f"{at:%d/%m/%Y}", time=f"{at:%H:%M}")
    return (
        *issuer_blocks(paper.agency, words),
        Block(BlockRole.TITLE, fill(words, f"{kind}.title")),
        Block(BlockRole.ISSUED, issued),
        Block(BlockRole.AMOUNT, italian(paper.total_cents if isinstance(paper, PlanPaper) else paper.offer_cents)),
        Block(BlockRole.FIELD, paper.debtor, fill(words, "agreement.debtor")),
        Block(BlockRole.FIELD, paper.creditor.name, fill(words, "agreement.creditor")),
        Block(BlockRole.FIELD, paper.practice, fill(words, "agreement.practice")),
        *middle,
        Block(
            BlockRole.FIELD,
            fill(words, "agreement.agent.text", name=paper.agent.name, number=paper.agent.number),
            fill(words, "agreement.agent"),
        ),
        Block(BlockRole.FINGERPRINT, fingerprint(digest), fill(words, "agreement.fingerprint")),
        Block(BlockRole.QR, fill(words, "agreement.qr")),
    )


def _plan_blocks(paper: PlanPaper, words: Words) -> tuple[Block, ...]:
    of = len(paper.instalments)
    interest: tuple[Block, ...] = ()
    if paper.interest_cents:
        label = fill(words, "repayment_plan.interest", rate=_rate(paper))
        interest = (Block(BlockRole.ROW, italian(paper.interest_cents), label),)
    rows = (
        Block(
            BlockRole.ROW,
            italian(item.cents),
            fill(words, "repayment_plan.instalment", number=item.number, of=of, on=_italian(item.due_on)),
        )
        for item in paper.instalments
    )
    broken = fill(
        words, "repayment_plan.broken", days=paper.broken_after_days, instalments=paper.broken_after_instalments
    )
    return (
        Block(BlockRole.ROW, italian(paper.debt_cents), fill(words, "repayment_plan.debt")),
        *interest,
        Block(BlockRole.TOTAL, italian(paper.total_cents), fill(words, "repayment_plan.total")),
        Block(BlockRole.SECTION, fill(words, f"repayment_plan.section.{paper.every.value}")),
        *rows,
        *((Block(BlockRole.NOTE, fill(words, "repayment_plan.replaces")),) if paper.replaces else ()),
        Block(BlockRole.NOTE, broken),
        Block(BlockRole.NOTE, fill(words, "repayment_plan.limitation")),
    )


def _settlement_blocks(paper: SettlementPaper, words: Words) -> tuple[Block, ...]:
    return (
        Block(BlockRole.WARNING, fill(words, "settlement.warning")),
        Block(BlockRole.ROW, italian(paper.debt_cents), fill(words, "settlement.debt")),
        Block(BlockRole.TOTAL, italian(paper.offer_cents), fill(words, "settlement.offer")),
        Block(BlockRole.FIELD, _italian(paper.pay_by), fill(words, "settlement.pay_by")),
        Block(BlockRole.NOTE, fill(words, "settlement.effect")),
    )


def _check_heading(paper: AgreementPaper, *, ids: tuple[str, ...]) -> None:
    check_heading(paper.issued_at, paper.utc_offset_min, paper.place)
    checked_text(paper.debtor, at="debtor", longest=160)
    checked_text(paper.practice, at="practice", longest=60)
    if paper.v != VERSION or not all(_UUID.fullmatch(one) for one in ids):
        raise _malformed("v, id, device")


def _rate(paper: PlanPaper) -> str:
    return f"{paper.yearly_rate_bp // 100},{paper.yearly_rate_bp % 100:02d}"


def _day(text: str, at: str) -> date:
    found = read_day(text)
    if found is None:
        raise _malformed(at)
    return found


def _italian(iso: str) -> str:
    return f"{iso[8:10]}/{iso[5:7]}/{iso[0:4]}"


def _malformed(at: str) -> Refusal:
    return Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": at})
