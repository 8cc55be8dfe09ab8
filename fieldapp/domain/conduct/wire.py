"""Facts as JSON, the same on the phone: the server writes a practice's part, the phone adds the act."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fieldapp.domain.conduct.facts import (
    Act,
    ActKind,
    AddressFacts,
    AddressKind,
    AddressState,
    AgentFacts,
    Appointment,
    Approved,
    Call,
    CashReceived,
    Cheque,
    DebtorKind,
    Facts,
    Letter,
    Message,
    Payee,
    PayerKind,
    Payment,
    PracticeFacts,
    SentLetter,
    Visit,
)
from fieldapp.domain.contacts import contact_from_json, contact_to_json
from fieldapp.domain.reading import Reader, instant_text


def practice_to_json(practice: PracticeFacts) -> dict[str, Any]:
    """The practice's part of the facts as the phone reads it."""
    return {
        "creditor": practice.creditor,
        "debtor_kind": practice.debtor_kind.value,
        "placement_starts_on": practice.placement_starts_on.isoformat(),
        "placement_ends_on": practice.placement_ends_on.isoformat(),
        "states": sorted(practice.states),
        "oldest_due_on": _day_text(practice.oldest_due_on),
        "letters": [{"level": item.level, "sent_on": item.sent_on.isoformat()} for item in practice.letters],
        "contacts": [contact_to_json(item) for item in practice.contacts],
        "happened": [{"outcome": code, "on": on.isoformat()} for code, on in practice.happened],
        "appointments": [
            {
                "from_at": instant_text(item.from_at),
                "to_at": instant_text(item.to_at),
                "outside_hours": item.outside_hours,
            }
            for item in practice.appointments
        ],
        "cash_received": [
            {"on": item.on.isoformat(), "cents": item.cents, "instalment": item.instalment}
            for item in practice.cash_received
        ],
        "electronic_consent": practice.electronic_consent,
        "time_barred_on": _day_text(practice.time_barred_on),
        "approvals": [
            {"rule": item.rule, "from_on": item.from_on.isoformat(), "to_on": item.to_on.isoformat()}
            for item in practice.approvals
        ],
    }


def address_to_json(address: AddressFacts) -> dict[str, Any]:
    """The address' part of the facts."""
    return {
        "kind": address.kind.value,
        "state": address.state.value,
        "comune": address.comune,
        "province": address.province,
        "given_by_debtor": address.given_by_debtor,
    }


def agent_to_json(agent: AgentFacts) -> dict[str, Any]:
    """The agent's part of the facts."""
    return {
        "notified_on": _day_text(agent.notified_on),
        "licence_ends_on": _day_text(agent.licence_ends_on),
        "provinces": sorted(agent.provinces),
        "badge_ends_on": _day_text(agent.badge_ends_on),
        "qualification_ends_on": _day_text(agent.qualification_ends_on),
        "cash_held_cents": agent.cash_held_cents,
        "cash_limit_cents": agent.cash_limit_cents,
    }


def act_to_json(act: Act) -> dict[str, Any]:
    """The intended act, told apart by `kind`."""
    plain: dict[str, Any] = {"kind": act.kind.value, "at": instant_text(act.at)}
    match act:
        case Visit():
            plain["duration_s"] = act.duration_s
        case Message():
            plain["tells_debt"] = act.tells_debt
        case Payment():
            cheque = act.cheque
            plain |= {
                "method": act.method,
                "amount_cents": act.amount_cents,
                "duty_cents": act.duty_cents,
                "instalment": act.instalment,
                "payer": act.payer.value,
                "cheque": cheque and {"payee": cheque.payee.value, "non_transferable": cheque.non_transferable},
            }
        case _:
            pass
    return plain


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """All facts; drop `act` for what a phone carries before the agent decides what to do."""
    return {
        "act": act_to_json(facts.act),
        "practice": practice_to_json(facts.practice),
        "address": facts.address and address_to_json(facts.address),
        "agent": facts.agent and agent_to_json(facts.agent),
    }


def facts_from_json(plain: Any) -> Facts:
    """Read what `facts_to_json` wrote. Raises Refusal `facts.field_*` naming the field."""
    reader = Reader(plain, area="facts")
    facts = Facts(
        act=act_from_json(reader.object("act")),
        practice=practice_from_json(reader.object("practice")),
        address=reader.maybe("address", lambda name: address_from_json(reader.object(name))),
        agent=reader.maybe("agent", lambda name: agent_from_json(reader.object(name))),
    )
    reader.close()
    return facts


def act_from_json(reader: Reader) -> Act:
    """One act, told apart by `kind`."""
    kind, at = reader.choice("kind", ActKind), reader.instant("at")
    act: Act
    match kind:
        case ActKind.VISIT:
            act = Visit(at, reader.whole("duration_s", most=86_400))
        case ActKind.CALL:
            act = Call(at)
        case ActKind.MESSAGE:
            act = Message(at, reader.flag("tells_debt"))
        case ActKind.LETTER:
            act = Letter(at)
        case ActKind.PAYMENT:
            act = _payment(reader, at)
    reader.close()
    return act


def _payment(reader: Reader, at: datetime) -> Payment:
    def cheque(name: str) -> Cheque:
        inner = reader.object(name)
        found = Cheque(inner.choice("payee", Payee), inner.flag("non_transferable"))
        inner.close()
        return found

    return Payment(
        at=at,
        method=reader.text("method", longest=40),
        amount_cents=reader.whole("amount_cents", least=1),
        duty_cents=reader.whole("duty_cents"),
        instalment=reader.flag("instalment"),
        payer=reader.choice("payer", PayerKind),
        cheque=reader.maybe("cheque", cheque),
    )


def practice_from_json(reader: Reader) -> PracticeFacts:
    """The practice's part of the facts."""
    practice = PracticeFacts(
        creditor=reader.text("creditor", longest=100),
        debtor_kind=reader.choice("debtor_kind", DebtorKind),
        placement_starts_on=reader.day("placement_starts_on"),
        placement_ends_on=reader.day("placement_ends_on"),
        states=frozenset(reader.texts("states", most=40)),
        oldest_due_on=reader.maybe("oldest_due_on", reader.day),
        letters=tuple(
            SentLetter(item.whole("level", least=1, most=9), item.day("sent_on"))
            for item in reader.objects("letters", most=200)
        ),
        contacts=tuple(contact_from_json(item) for item in reader.objects("contacts", most=2_000)),
        happened=tuple((i.text("outcome", longest=40), i.day("on")) for i in reader.objects("happened", most=60)),
        appointments=tuple(
            Appointment(item.instant("from_at"), item.instant("to_at"), item.flag("outside_hours"))
            for item in reader.objects("appointments", most=50)
        ),
        cash_received=tuple(
            CashReceived(item.day("on"), item.whole("cents"), item.flag("instalment"))
            for item in reader.objects("cash_received", most=500)
        ),
        electronic_consent=reader.flag("electronic_consent"),
        time_barred_on=reader.maybe("time_barred_on", reader.day),
        approvals=tuple(
            Approved(item.text("rule", longest=80), item.day("from_on"), item.day("to_on"))
            for item in reader.objects("approvals", most=200)
        ),
    )
    reader.close()
    return practice


def address_from_json(reader: Reader) -> AddressFacts:
    """The address' part of the facts."""
    address = AddressFacts(
        kind=reader.choice("kind", AddressKind),
        state=reader.choice("state", AddressState),
        comune=reader.text("comune", longest=100, least=0),
        province=reader.text("province", longest=40, least=0),
        given_by_debtor=reader.flag("given_by_debtor"),
    )
    reader.close()
    return address


def agent_from_json(reader: Reader) -> AgentFacts:
    """The agent's part of the facts."""
    agent = AgentFacts(
        notified_on=reader.maybe("notified_on", reader.day),
        licence_ends_on=reader.maybe("licence_ends_on", reader.day),
        provinces=frozenset(reader.texts("provinces", most=120)),
        badge_ends_on=reader.maybe("badge_ends_on", reader.day),
        qualification_ends_on=reader.maybe("qualification_ends_on", reader.day),
        cash_held_cents=reader.whole("cash_held_cents"),
        cash_limit_cents=reader.maybe("cash_limit_cents", reader.whole),
    )
    reader.close()
    return agent


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
