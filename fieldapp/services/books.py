"""The books as the office reads them: trial balance and account statements, at any past moment, also as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fieldapp.documents.tabular import write_csv
from fieldapp.domain.ledger import AccountKey
from fieldapp.domain.money import Money
from fieldapp.services.creditor_files import PLAIN
from fieldapp.services.work import Work
from fieldapp.store import cash as store
from fieldapp.store import ledger
from fieldapp.store.feed import audit
from fieldapp.store.shapes.cash import AccountStatement
from fieldapp.store.shapes.office import TrialBalance

ACCOUNTS: Mapping[str, str] = {
    "claim_principal": "Credito, capitale",
    "claim_interest": "Credito, interessi",
    "claim_costs": "Credito, spese",
    "creditor_claims": "Crediti del creditore",
    "creditor_dues": "Dovuto al creditore",
    "agent_cash": "Contanti dell'agente",
    "card_in_transit": "Carta in arrivo",
    "links_in_transit": "Link pagati, in arrivo",
    "cheques_in_hand": "Assegni in mano",
    "office_cash": "Contanti in ufficio",
    "office_cheques": "Assegni in ufficio",
    "cheques_at_bank": "Assegni in banca, da incassare",
    "cash_differences": "Differenze di cassa",
    "agency_bank": "Banca dell'agenzia",
    "stamp_duty": "Imposta di bollo",
    "commissions": "Provvigioni",
}
"""Accounts in the words of the desk (a test holds them equal)."""

ENTRIES: Mapping[str, str] = {
    "statement": "Saldo dichiarato dal creditore",
    "payment": "Incasso",
    "reversal": "Storno",
    "adjustment": "Rettifica",
    "hand_in": "Consegna di un agente",
    "banked": "Versamento in banca",
    "cleared": "Accredito in banca",
    "refund": "Rimborso",
    "plan_interest": "Interessi del piano",
    "plan_interest_back": "Interessi del piano non maturati",
    "commission": "Provvigione",
    "settlement_given_up": "Resto rimesso con il saldo e stralcio",
}
"""Kinds of entries in the words of the desk."""


async def trial_balance(work: Work, *, at: datetime | None) -> TrialBalance:
    """The trial balance at `at`, or now."""
    return await ledger.trial_balance(work.session, at=at or work.now)


async def read_statement(
    work: Work, key: AccountKey, *, since: datetime | None, until: datetime | None
) -> AccountStatement:
    """Raises Refusal `ledger.account_unknown`."""
    return await store.statement(work.session, key, since=since, until=until or work.now)


async def export_trial_balance(work: Work, *, at: datetime | None) -> tuple[bytes, str]:
    """The trial balance as CSV, and the file's name."""
    balance = await trial_balance(work, at=at)
    rows = [
        (ACCOUNTS[row.kind], row.account, *_sides(row.balance_cents), Money(row.balance_cents))
        for row in balance.accounts
    ]
    audit(work.session, "ledger.exported", "agency", work.agency_id, what="trial_balance", at=balance.at.isoformat())
    content = write_csv(("Conto", "Di chi", "Dare", "Avere", "Saldo"), rows, PLAIN)
    return content, f"bilancio-{_stamp(work, balance.at)}.csv"


async def export_statement(
    work: Work, key: AccountKey, *, since: datetime | None, until: datetime | None
) -> tuple[bytes, str]:
    """One account as CSV, and the file's name. Raises Refusal `ledger.account_unknown`."""
    end = until or work.now
    statement = await read_statement(work, key, since=since, until=end)
    opening = ("", "", "Saldo iniziale", "", None, None, Money(statement.opening_cents))
    rows = [
        (
            local.date(),
            f"{local:%H:%M:%S}",
            ENTRIES.get(row.kind, row.kind),
            row.memo,
            *_sides(row.amount_cents),
            Money(row.balance_cents),
        )
        for row in statement.rows
        for local in (row.at.astimezone(work.parts.zone),)
    ]
    header = ("Data", "Ora", ACCOUNTS[statement.kind], statement.owner or "Agenzia", "Dare", "Avere", "Saldo")
    audit(work.session, "ledger.exported", "account", statement.kind, owner=statement.owner, rows=len(rows))
    return write_csv(header, [opening, *rows], PLAIN), f"conto-{statement.kind}-{_stamp(work, end)}.csv"


def _sides(cents: int) -> tuple[Money | None, Money | None]:
    return (Money(cents), None) if cents >= 0 else (None, Money(-cents))


def _stamp(work: Work, at: datetime) -> str:
    return f"{at.astimezone(work.parts.zone):%Y-%m-%d-%H%M}"
