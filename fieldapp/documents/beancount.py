"""The books as beancount text, so that a program that shares no line with ours can check them.

Every account's balance stands at the end as an assertion: `bean-check` adds up the entries by itself and compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from fieldapp.domain.ledger import AccountKey, AccountKind, Leg

_NAMES: Mapping[AccountKind, str] = {
    AccountKind.CLAIM_PRINCIPAL: "Assets:Claims:Principal",
    AccountKind.CLAIM_INTEREST: "Assets:Claims:Interest",
    AccountKind.CLAIM_COSTS: "Assets:Claims:Costs",
    AccountKind.CREDITOR_CLAIMS: "Liabilities:CreditorClaims",
    AccountKind.CREDITOR_DUES: "Liabilities:CreditorDues",
    AccountKind.AGENT_CASH: "Assets:AgentCash",
    AccountKind.CARD_IN_TRANSIT: "Assets:CardInTransit",
    AccountKind.CHEQUES_IN_HAND: "Assets:ChequesInHand",
    AccountKind.LINKS_IN_TRANSIT: "Assets:LinksInTransit",
    AccountKind.OFFICE_CASH: "Assets:OfficeCash",
    AccountKind.OFFICE_CHEQUES: "Assets:OfficeCheques",
    AccountKind.CHEQUES_AT_BANK: "Assets:ChequesAtBank",
    AccountKind.CASH_DIFFERENCES: "Assets:CashDifferences",
    AccountKind.AGENCY_BANK: "Assets:AgencyBank",
    AccountKind.STAMP_DUTY: "Liabilities:StampDuty",
    AccountKind.COMMISSIONS: "Income:Commissions",
}


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """An entry of the books on its local day; `name` identifies it."""

    day: date
    name: str
    kind: str
    legs: tuple[Leg, ...]


def beancount_text(entries: Iterable[BookedEntry], balances: Mapping[AccountKey, int]) -> str:
    """`entries` as transactions and `balances` (cents) as assertions on the day after the last of them."""
    booked = sorted(entries, key=lambda entry: entry.day)
    return "".join(f"{line}\n" for line in _lines(booked, balances))


def _lines(booked: list[BookedEntry], balances: Mapping[AccountKey, int]) -> Iterator[str]:
    yield 'option "title" "fieldapp"'
    yield 'option "operating_currency" "EUR"'
    if not booked:
        return
    first, after = booked[0].day, booked[-1].day + timedelta(days=1)
    yield from (f"{first} open {name} EUR" for name in sorted(account_name(key) for key in balances))
    for entry in booked:
        yield f'{entry.day} * "{entry.kind}" "{entry.name}"'
        yield from (f"  {account_name(leg.account)}  {_amount(leg.amount_cents)}" for leg in entry.legs)
    yield from (f"{after} balance {account_name(key)}  {_amount(cents)}" for key, cents in balances.items())


def account_name(key: AccountKey) -> str:
    """The account as beancount spells it: its kind, and the id of its owner."""
    owner = key.creditor_id or key.practice_id or key.person_id
    return f"{_NAMES[key.kind]}:{owner.hex.upper()}" if owner else _NAMES[key.kind]


def _amount(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} EUR"
