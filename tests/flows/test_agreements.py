"""A plan signed at a door becomes instalments, is paid, reminded, broken or kept; a settlement closes when approved."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.receipts import GENESIS
from fieldapp.domain.repayment_plan import Ask, Every, repayment_plan
from fieldapp.services import agreement_review
from fieldapp.store import ledger, tables
from tests.conftest import NOW
from tests.flows.arranged import TODAY
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_report, a_signature, text_of
from tests.flows.test_sync import AGENCY, AT, day_of, one_stop, verdicts

TERMS = {
    "most_months": 12,
    "least_instalment_cents": 5_000,
    "least_first_bp": 0,
    "first_within_days": 45,
    "yearly_rate_bp": 0,
    "broken_after_days": 15,
    "broken_after_instalments": 2,
    "settlement_least_bp": 6_000,
    "settlement_within_days": 30,
}


async def granted(house: House, **changed: int) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)
    body = {"valid_from": TODAY.isoformat(), "terms": TERMS | changed}
    answer = await desk.post(f"/creditors/{house.creditor_id}/terms", json=body)
    assert answer.status_code == 200, answer.text


def heading(phone: FieldPhone, practice: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "v": 1,
        "id": str(uuid4()),
        "issued_at": text_of(at),
        "utc_offset_min": 60,
        "place": "Lodi",
        "agency": AGENCY,
        "creditor": {"name": practice["creditor"]["name"], "iban": practice["creditor"]["iban"]},
        "debtor": practice["obligors"][0]["name"],
        "practice": practice["practice_number"],
        "debt_cents": practice["owed_cents"],
        "agent": {"name": phone.agent_name, "number": phone.agent_number},
        "device": str(phone.device_id),
    }


def plan_paper(
    phone: FieldPhone, practice: dict[str, Any], *, count: int = 9, first: date = TODAY, at: datetime = AT, **more: Any
) -> dict[str, Any]:
    rate = practice["terms"]["yearly_rate_bp"]
    ask = Ask(
        debt_cents=practice["owed_cents"], count=count, first_due_on=first, signed_on=at.date(), yearly_rate_bp=rate
    )
    plan = repayment_plan(ask)
    return {
        **heading(phone, practice, at),
        "kind": "repayment_plan",
        "yearly_rate_bp": rate,
        "interest_cents": plan.interest_cents,
        "total_cents": plan.total_cents,
        "every": Every.MONTH.value,
        "first_cents": 0,
        "each_cents": 0,
        "instalments": [
            {"number": item.number, "due_on": item.due_on.isoformat(), "cents": item.cents} for item in plan.instalments
        ],
        "broken_after_days": practice["terms"]["broken_after_days"],
        "broken_after_instalments": practice["terms"]["broken_after_instalments"],
        "replaces": practice["plan"]["id"] if practice["plan"] else "",
        **more,
    }


def signed(phone: FieldPhone, value: dict[str, Any]) -> dict[str, Any]:
    content = canonical_json(value)
    return {"value": value, "digest": sha256(content), "signature": phone.sign(content)}


def agreed(
    phone: FieldPhone, stop: dict[str, Any], agreement: dict[str, Any], *, at: datetime = AT, **changes: Any
) -> dict[str, Any]:
    """The debtor was met, looked at the paper and signed under a text that names its digest."""
    picture = phone.picture(a_signature(), purpose="signature", media_type="image/png")
    text = f"Ho letto e accetto.\nImpronta {agreement['digest']}"
    value = agreement["value"]
    plan = value["kind"] == "repayment_plan"
    captured = (
        {
            "total_cents": value["total_cents"],
            "instalments": len(value["instalments"]),
            "first_due_on": value["instalments"][0]["due_on"],
            "every": "month",
        }
        if plan
        else {"offer_cents": value["offer_cents"], "valid_until": value["pay_by"], "authoriser": "creditor"}
    )
    report = a_report(
        stop,
        at=at,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="PLAN_SIGNED" if plan else "SETTLEMENT_PROPOSED",
        captured=captured,
        attachments=[picture],
        agreement=agreement,
        signature={
            "refused": False,
            "text": text,
            "text_digest": sha256(text.encode()),
            "image_sha256": picture["sha256"],
            "signer": "debtor",
        },
    )
    return report | changes


def paid(
    phone: FieldPhone, stop: dict[str, Any], cents: int, *, at: datetime, outcome: str = "PAID_INSTALMENT", **more: Any
) -> dict[str, Any]:
    captured: dict[str, dict[str, Any]] = {
        "PAID_INSTALMENT": {"instalment_number": 1},
        "SETTLEMENT_PAID": {"authorised_by": "creditor", "authorisation": "telefonata"},
    }
    return a_report(
        stop,
        at=at,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome=outcome,
        captured=captured[outcome],
        payments=[phone.cash(stop["practice"], cents, at=at + timedelta(minutes=8), agency=AGENCY, **more)],
    )


async def with_plan(house: House, **options: Any) -> tuple[FieldPhone, dict[str, Any]]:
    """A phone whose agent has just brought in a signed plan; the stop as the phone knows it afterwards."""
    await granted(house, yearly_rate_bp=options.pop("rate", 0))
    phone, stop = await one_stop(house)
    agreement = signed(phone, plan_paper(phone, stop["practice"], **options))
    assert await verdicts(phone, phone.envelope("visit", agreed(phone, stop, agreement), at=AT)) == [("accepted", None)]
    return phone, (await day_of(phone))["stops"][0]


async def file_of(house: House, stop: dict[str, Any]) -> dict[str, Any]:
    desk = await house.sign_in(Role.BACK_OFFICE)
    answer = await desk.get(f"/practices/{stop['practice']['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def days_later(house: House, days: int) -> None:
    house.clock.move_to(NOW + timedelta(days=days))
    await agreement_review.review_all(house.parts)


async def facts(house: House, prefix: tuple[str, ...] = ("repayment.", "instalment.", "settlement.")) -> list[str]:
    async with house.session() as session:
        rows = (await session.exec(select(tables.Fact).order_by(col(tables.Fact.number)))).all()
    return [row.kind for row in rows if row.kind.startswith(prefix)]


def open_tasks(file: dict[str, Any]) -> list[str]:
    return sorted(task["kind"] for task in file["tasks"] if task["state"] == "open")


# --- plans ---------------------------------------------------------------------------------------------------------


async def test_a_signed_plan_becomes_instalments_a_fact_and_what_the_next_phone_shows(house: House) -> None:
    _, stop = await with_plan(house)

    plan = stop["practice"]["plan"]

    assert plan["state"] == "active"
    assert plan["total_cents"] == 90_000
    assert [item["cents"] for item in plan["instalments"]] == [10_000] * 9
    assert [item["state"] for item in plan["instalments"]] == ["next", *["later"] * 8]
    assert await facts(house) == ["repayment.signed"]
    assert "check_plan_limits" not in open_tasks(await file_of(house, stop))


async def test_an_instalment_that_is_paid_stands_on_the_plan_and_on_the_payment(house: House) -> None:
    phone, stop = await with_plan(house)

    report = paid(phone, stop, 15_000, at=AT + timedelta(minutes=20), instalment=(1, 9))
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    plan = (await file_of(house, stop))["plans"][0]
    assert [item["paid_cents"] for item in plan["instalments"]] == [10_000, 5_000, *[0] * 7]
    assert [item["state"] for item in plan["instalments"]][:2] == ["paid", "next"]
    async with house.session() as session:
        assert (await session.exec(select(tables.Payment.instalment_number))).all() == [1]


async def test_a_payment_before_the_plan_does_not_count_on_it(house: House) -> None:
    await granted(house)
    phone, stop = await one_stop(house)
    before = paid(phone, stop, 10_000, at=AT - timedelta(minutes=60))
    await verdicts(phone, phone.envelope("visit", before, at=AT))
    stop = (await day_of(phone))["stops"][0]
    agreement = signed(phone, plan_paper(phone, stop["practice"], count=8))

    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, agreement), at=AT))

    plan = (await file_of(house, stop))["plans"][0]
    assert (plan["total_cents"], plan["paid_cents"]) == (80_000, 0)


async def test_a_receipt_of_an_instalment_without_a_plan_is_flagged_and_not_exempt(house: House) -> None:
    phone, stop = await one_stop(house)

    answer = await phone.push(phone.envelope("visit", paid(phone, stop, 10_000, at=AT, instalment=(1, 9)), at=AT))

    verdict = answer.json()["verdicts"][0]
    assert verdict["verdict"] == "accepted"
    assert "payment.instalment_without_plan" in verdict["flags"]
    async with house.session() as session:
        assert (await session.exec(select(tables.Payment.instalment_number))).all() == [None]


async def test_a_plan_in_a_refused_report_makes_no_instalment_of_the_payment_after_it(house: House) -> None:
    await granted(house)
    phone, stop = await one_stop(house)
    agreement = signed(phone, plan_paper(phone, stop["practice"]))
    elsewhere = phone.cash(stop["practice"], 10_000, at=AT, agency=AGENCY)
    elsewhere["allocation"][0]["debt_line_id"] = str(uuid4())
    phone.number, phone.chain_head = 0, GENESIS
    report = agreed(phone, stop, agreement, payments=[elsewhere])
    after = paid(phone, stop, 10_000, at=AT + timedelta(minutes=20), instalment=(1, 9))

    answer = await phone.push(phone.envelope("visit", report, at=AT), phone.envelope("visit", after, at=AT))

    refused, taken = answer.json()["verdicts"]
    assert (refused["verdict"], refused["code"]) == ("refused", "payment.line_of_another")
    assert taken["verdict"] == "accepted"
    assert "payment.instalment_without_plan" in taken["flags"]
    async with house.session() as session:
        assert (await session.exec(select(tables.Payment.instalment_number))).all() == [None]


async def test_cash_instalments_are_exempt_from_the_seven_days_and_logged(house: House) -> None:
    await granted(house)
    phone, stop = await one_stop(house, cents=1_500_000)
    agreement = signed(phone, plan_paper(phone, stop["practice"], count=5))
    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, agreement), at=AT))
    stop = (await day_of(phone))["stops"][0]

    for number in (1, 2):
        at = AT + timedelta(minutes=number)
        await verdicts(phone, phone.envelope("visit", paid(phone, stop, 300_000, at=at, instalment=(number, 5)), at=at))

    second, first, _ = [visit["flags"] for visit in (await file_of(house, stop))["visits"]]
    assert not [flag for flag in (*first, *second) if "rolling" in flag or "ceiling" in flag]
    assert "conduct.cash_instalment_logged" not in first
    assert "conduct.cash_instalment_logged" in second
    facts_of_rules = (await day_of(phone))["stops"][0]["practice"]["conduct_facts"]["practice"]
    assert [item["instalment"] for item in facts_of_rules["cash_received"]] == [True, True]


async def test_a_plan_beyond_the_terms_is_kept_and_brought_before_the_office(house: House) -> None:
    _, stop = await with_plan(house, count=20)

    file = await file_of(house, stop)

    assert file["plans"][0]["state"] == "active"
    assert file["plans"][0]["flags"] == ["repayment.too_many_instalments", "repayment.instalment_too_small"]
    assert "check_plan_limits" in open_tasks(file)
    assert "repayment.too_many_instalments" in file["visits"][0]["flags"]


async def test_a_plan_that_was_not_signed_stays_a_proposal(house: House) -> None:
    phone, stop = await one_stop(house)
    agreement = signed(phone, plan_paper(phone, stop["practice"]))
    report = agreed(phone, stop, agreement, attachments=[])
    report["signature"] = report["signature"] | {"refused": True, "image_sha256": None}

    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    assert (await file_of(house, stop))["plans"][0]["state"] == "proposed"
    assert (await day_of(phone))["stops"][0]["practice"]["plan"] is None
    assert await facts(house) == ["repayment.proposed"]


async def test_a_signature_under_another_text_binds_nobody(house: House) -> None:
    phone, stop = await one_stop(house)
    report = agreed(phone, stop, signed(phone, plan_paper(phone, stop["practice"])))
    text = "Confermo di aver incontrato l'incaricato."
    report["signature"] = report["signature"] | {"text": text, "text_digest": sha256(text.encode())}

    answer = await phone.push(phone.envelope("visit", report, at=AT))

    assert "agreement.signed_other_text" in answer.json()["verdicts"][0]["flags"]
    assert (await file_of(house, stop))["plans"][0]["state"] == "proposed"


def _larger_sum(value: dict[str, Any]) -> dict[str, Any]:
    lines = [value["instalments"][0] | {"cents": value["instalments"][0]["cents"] + 1}, *value["instalments"][1:]]
    return value | {"instalments": lines}


FORGED: list[tuple[str, Any]] = [
    # sums that do not follow from the terms
    ("repayment.schedule_differs", lambda phone, value: signed(phone, _larger_sum(value))),
    # a total that is not the sum
    ("repayment.schedule_differs", lambda phone, value: signed(phone, value | {"total_cents": 1})),
    # no instalment
    ("paper.malformed", lambda phone, value: signed(phone, value | {"instalments": []})),
    # four hundred months
    ("paper.malformed", lambda phone, value: signed(phone, value | {"instalments": value["instalments"] * 45})),
    # a first instalment larger than the debt
    ("repayment.first_more_than_debt", lambda phone, value: signed(phone, value | {"first_cents": 90_001})),
    # a negative debt
    ("paper.malformed", lambda phone, value: signed(phone, value | {"debt_cents": -5})),
    # a sum with a fraction in words
    ("paper.malformed", lambda phone, value: signed(phone, value | {"debt_cents": "1.234,5"})),
    # altered after signing
    ("sync.digest_differs", lambda phone, value: signed(phone, value) | {"value": value | {"place": "Milano"}}),
    # signed by nobody
    ("agreement.signature_invalid", lambda phone, value: signed(phone, value) | {"signature": "AAAA"}),
    # about another practice
    ("agreement.differs_from_report", lambda phone, value: signed(phone, value | {"practice": "P-999"})),
    # from another phone
    ("agreement.differs_from_report", lambda phone, value: signed(phone, value | {"device": str(uuid4())})),
    # another kind of paper
    ("agreement.not_of_outcome", lambda phone, value: signed(phone, value | {"kind": "settlement"})),
]


@pytest.mark.parametrize(("code", "forge"), FORGED)
async def test_a_forged_plan_is_refused(house: House, code: str, forge: Any) -> None:
    phone, stop = await one_stop(house)
    honest = signed(phone, plan_paper(phone, stop["practice"]))
    report = agreed(phone, stop, honest) | {"agreement": forge(phone, honest["value"])}

    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("refused", code)]

    assert (await file_of(house, stop))["plans"] == []


async def test_a_plan_sent_again_in_another_envelope_is_refused(house: House) -> None:
    phone, stop = await one_stop(house)
    agreement = signed(phone, plan_paper(phone, stop["practice"]))
    first, second = agreed(phone, stop, agreement), agreed(phone, stop, agreement)

    found = await verdicts(phone, phone.envelope("visit", first, at=AT), phone.envelope("visit", second, at=AT))

    assert found == [("accepted", None), ("refused", "agreement.sent_twice")]
    assert len((await file_of(house, stop))["plans"]) == 1


async def test_an_agreement_where_a_third_party_was_met_is_refused(house: House) -> None:
    phone, stop = await one_stop(house)
    agreement = signed(phone, plan_paper(phone, stop["practice"]))
    report = a_report(stop, at=AT, agreement=agreement)

    found = await verdicts(phone, phone.envelope("visit", report, at=AT))

    assert found == [("refused", "visit.nobody_carries_debt")]


async def test_reminders_come_before_an_instalment_and_follow_ups_after_it_once(house: House) -> None:
    _, stop = await with_plan(house, first=TODAY + timedelta(days=10))

    await days_later(house, 6)
    assert "remind_instalment" not in open_tasks(await file_of(house, stop))
    await days_later(house, 7)
    assert "remind_instalment" in open_tasks(await file_of(house, stop))
    await days_later(house, 11)
    await days_later(house, 11)

    assert "follow_late_instalment" in open_tasks(await file_of(house, stop))
    assert "remind_instalment" not in open_tasks(await file_of(house, stop))
    assert (await facts(house)).count("instalment.late") == 1


async def test_an_instalment_is_told_late_once_by_however_many_look_at_the_same_moment(house: House) -> None:
    _, stop = await with_plan(house, first=TODAY + timedelta(days=10))
    house.clock.move_to(NOW + timedelta(days=11))

    await asyncio.gather(*(agreement_review.review_all(house.parts) for _ in range(6)))

    assert (await facts(house)).count("instalment.late") == 1
    assert open_tasks(await file_of(house, stop)).count("follow_late_instalment") == 1


async def test_a_plan_breaks_by_the_rule_and_a_payment_told_late_heals_it(house: House) -> None:
    phone, stop = await with_plan(house, first=TODAY)
    # The phone took the money on the day, and came back into coverage three weeks later.
    report = paid(phone, stop, 10_000, at=AT + timedelta(minutes=30), instalment=(1, 9))

    await days_later(house, 17)
    broken = await file_of(house, stop)
    await verdicts(phone, phone.envelope("visit", report, at=AT))
    healed = await file_of(house, stop)

    assert broken["plans"][0]["state"] == "broken"
    assert broken["plans"][0]["broken_on"] == (TODAY + timedelta(days=16)).isoformat()
    assert "decide_broken_plan" in open_tasks(broken)
    assert healed["plans"][0]["state"] == "active"
    assert "decide_broken_plan" not in open_tasks(healed)
    assert (await facts(house))[-2:] == ["repayment.broken", "repayment.restored"]


async def test_a_plan_paid_whole_is_kept(house: House) -> None:
    phone, stop = await with_plan(house)

    await verdicts(phone, phone.envelope("visit", paid(phone, stop, 90_000, at=AT + timedelta(minutes=30)), at=AT))

    assert (await file_of(house, stop))["plans"][0]["state"] == "kept"
    assert (await facts(house))[-1] == "repayment.kept"


async def test_a_new_plan_takes_the_place_of_the_old_one_and_both_are_kept(house: House) -> None:
    phone, stop = await with_plan(house)
    later = AT + timedelta(minutes=30)
    agreement = signed(phone, plan_paper(phone, stop["practice"], count=6, at=later))

    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, agreement, at=later), at=later))

    plans = (await file_of(house, stop))["plans"]
    assert [plan["state"] for plan in plans] == ["active", "renegotiated"]
    assert plans[0]["replaces"] == plans[1]["id"]
    assert await facts(house) == ["repayment.signed", "repayment.renegotiated", "repayment.signed"]


async def test_the_interest_of_a_plan_is_claimed_and_what_has_not_accrued_is_given_back(house: House) -> None:
    phone, stop = await with_plan(house, rate=600)
    practice_id = UUID(stop["practice"]["id"])
    interest = stop["practice"]["plan"]["interest_cents"]
    assert interest > 0
    assert stop["practice"]["owed_cents"] == 90_000 + interest
    later = AT + timedelta(minutes=30)
    value = plan_paper(phone, stop["practice"] | {"owed_cents": 90_000}, at=later)

    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, signed(phone, value), at=later), at=later))

    async with house.session() as session:
        assert await ledger.owed_cents(session, [practice_id]) == {practice_id: 90_000 + value["interest_cents"]}
        assert (await ledger.trial_balance(session, at=NOW + timedelta(days=1))).total_cents == 0


# --- settlements ---------------------------------------------------------------------------------------------------


def settlement_paper(phone: FieldPhone, practice: dict[str, Any], offer: int, **more: Any) -> dict[str, Any]:
    pay_by = (TODAY + timedelta(days=10)).isoformat()
    return {**heading(phone, practice, AT), "kind": "settlement", "offer_cents": offer, "pay_by": pay_by, **more}


async def with_settlement(house: House, offer: int = 60_000) -> tuple[FieldPhone, dict[str, Any], dict[str, Any]]:
    await granted(house)
    phone, stop = await one_stop(house)
    agreement = signed(phone, settlement_paper(phone, stop["practice"], offer))
    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, agreement), at=AT))
    stop = (await day_of(phone))["stops"][0]
    return phone, stop, stop["practice"]["settlement"]


async def decide(house: House, settlement_id: str, approve: bool, role: Role = Role.BACK_OFFICE) -> Any:
    desk = await house.sign_in(role)
    return await desk.post(f"/settlements/{settlement_id}/decide", json={"approve": approve, "note": "sentito"})


async def test_a_settlement_closes_the_practice_only_when_approved_and_paid(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    assert settlement["state"] == "proposed"

    await verdicts(
        phone,
        phone.envelope(
            "visit", paid(phone, stop, 60_000, at=AT + timedelta(hours=1), outcome="SETTLEMENT_PAID"), at=AT
        ),
    )
    before = await file_of(house, stop)
    answer = await decide(house, settlement["id"], True)
    after = await file_of(house, stop)

    assert (before["state"], before["owed_cents"]) == ("open", 30_000)
    assert answer.json()["state"] == "paid"
    assert (after["state"], after["owed_cents"]) == ("closed", 0)
    assert not {"approve_settlement", "confirm_settlement"} & set(open_tasks(after))
    assert await facts(house) == ["settlement.proposed", "settlement.approved", "settlement.paid"]
    async with house.session() as session:
        assert (await ledger.trial_balance(session, at=NOW + timedelta(days=1))).total_cents == 0


async def test_an_approved_settlement_is_paid_at_the_next_visit(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)

    assert (await decide(house, settlement["id"], True)).json()["state"] == "approved"
    report = paid(phone, stop, 60_000, at=AT + timedelta(hours=2), outcome="SETTLEMENT_PAID")
    await verdicts(phone, phone.envelope("visit", report, at=AT))

    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"]) == ("closed", 0)
    assert file["settlements"][0]["state"] == "paid"


async def test_a_refused_settlement_leaves_the_debt_as_it_is(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)

    await decide(house, settlement["id"], False)
    report = paid(phone, stop, 60_000, at=AT + timedelta(hours=2), outcome="SETTLEMENT_PAID")
    await verdicts(phone, phone.envelope("visit", report, at=AT))

    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"]) == ("open", 30_000)
    # The money was taken all the same: somebody has to say what it is.
    assert [row["state"] for row in file["settlements"]] == ["proposed", "refused"]
    assert "tell_settlement_decision" in open_tasks(file)


async def test_a_settlement_is_decided_once_and_by_the_office(house: House) -> None:
    _, _, settlement = await with_settlement(house)

    assert (await decide(house, settlement["id"], True, Role.DISPATCHER)).status_code == 403
    assert (await decide(house, settlement["id"], True)).status_code == 200
    again = await decide(house, settlement["id"], False)

    assert again.status_code == 409
    assert again.json()["code"] == "settlement.decided_already"


async def test_an_approved_settlement_that_is_not_paid_expires(house: House) -> None:
    _, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)

    await days_later(house, 11)

    file = await file_of(house, stop)
    assert file["settlements"][0]["state"] == "expired"
    assert "follow_expired_settlement" in open_tasks(file)
    assert file["owed_cents"] == 90_000


async def test_an_offer_below_the_creditors_floor_is_flagged(house: House) -> None:
    _, stop, settlement = await with_settlement(house, offer=10_000)

    assert settlement["flags"] == ["settlement.too_low"]
    assert "settlement.too_low" in (await file_of(house, stop))["visits"][0]["flags"]


# --- papers and terms ----------------------------------------------------------------------------------------------


async def test_the_office_prints_the_papers_as_they_were_signed(house: House) -> None:
    _, stop = await with_plan(house, rate=450)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await desk.get(f"/repayment-plans/{stop['practice']['plan']['id']}/paper")

    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"%PDF")


async def test_terms_hold_from_their_day_on_and_the_past_stays(house: House) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)
    path = f"/creditors/{house.creditor_id}/terms"
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    yesterday = (TODAY - timedelta(days=1)).isoformat()

    await desk.post(path, json={"valid_from": TODAY.isoformat(), "terms": TERMS})
    await desk.post(path, json={"valid_from": tomorrow, "terms": TERMS | {"most_months": 6}})
    rows = (await desk.get(path)).json()
    past = await desk.post(path, json={"valid_from": yesterday, "terms": TERMS})
    wrong = await desk.post(path, json={"valid_from": tomorrow, "terms": TERMS | {"most_months": 0}})

    assert [(row["terms"]["most_months"], row["in_force"]) for row in rows] == [(6, False), (12, True)]
    assert past.json()["code"] == "terms.in_the_past"
    assert (wrong.status_code, wrong.json()["code"]) == (422, "terms.out_of_range")
