"""Commissions: closed once whatever happens, to the cent of the account, and nobody's business but the office's."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fieldapp.domain.access import Role
from fieldapp.domain.events import EVENTS
from fieldapp.settings import Settings
from fieldapp.store import tables
from fieldapp.store.embedded import Cluster
from tests.conftest import NOW, setup_user
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_cash import balances, cheque_at_bank, good, refused, rows
from tests.flows.test_concurrent import another_process
from tests.flows.test_creditor_account import account, cents, sheets, text_of
from tests.flows.test_outgoing import a_day, content_of, made
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts

NEXT = NOW + timedelta(days=1)


def at(house: House, path: str = "") -> str:
    return f"/creditors/{house.creditor_id}/commissions{path}"


async def rated(house: House, rate_bp: int = 1_000, valid_from: str = "2026-11-01") -> Desk:
    """The administrator, having set a rate."""
    admin = await house.sign_in(Role.ADMINISTRATOR)
    good(await admin.post(at(house, "/rates"), json={"valid_from": valid_from, "rate_bp": rate_bp}))
    return admin


async def the_day_after(house: House, role: Role = Role.BACK_OFFICE, *, days: int = 1) -> Desk:
    house.clock.move_to(NOW + timedelta(days=days))
    return await house.sign_in(role)


async def previewed(desk: Desk, house: House, to_on: str = "2026-11-26") -> dict[str, Any]:
    found: dict[str, Any] = good(await desk.get(at(house, "/preview"), params={"to_on": to_on}))
    return found


async def closed(desk: Desk, house: House, to_on: str = "2026-11-26") -> dict[str, Any]:
    """Close as the page does: what the preview said."""
    seen = await previewed(desk, house, to_on)
    body = {"to_on": to_on, "number": seen["number"], "expected_cents": seen["open"]["commission_cents"]}
    found: dict[str, Any] = good(await desk.post(at(house, "/closings"), json=body))
    return found


async def refund(desk: Desk, house: House, amount_cents: int) -> None:
    receipt = (await rows(house, tables.Receipt))[0]
    back = {"id": str(new_id()), "amount_cents": amount_cents, "reason": "troppo", "out_of": "agent_cash"}
    good(await desk.post(f"/receipts/{receipt.id}/refund", json=back))


async def test_a_closing_posts_the_rate_of_what_came_in_less_what_went_back(house: House) -> None:
    await a_day(house)
    await rated(house, 1_250)
    await refund(await house.sign_in(), house, 10_001)
    desk = await the_day_after(house)

    seen = await previewed(desk, house)
    page = await closed(desk, house)

    # 12,5 % of 199,99 is 24,998...: 25,00.
    assert [(one["kind"], one["amount_cents"], one["rate_bp"]) for one in seen["movements"]] == [
        ("payment.refunded", -10_001, 1_250),
        ("payment.received", 30_000, 1_250),
    ]
    assert (seen["open"]["net_cents"], seen["open"]["commission_cents"]) == (19_999, 2_500)
    books = await balances(desk)
    assert (books["creditor_dues"], books["commissions"]) == (2_500 - 19_999, -2_500)
    [closing] = page["closings"]
    assert (closing["number"], closing["net_cents"], closing["commission_cents"]) == (1, 19_999, 2_500)
    assert (page["open"]["movements"], page["next_number"], page["first_day"]) == (0, 2, "2026-11-27")
    own = {"kind": "commissions", "owner_id": str(house.creditor_id)}
    [row] = good(await desk.get("/ledger/statement", params=own))["rows"]
    assert (row["kind"], row["amount_cents"]) == ("commission", -2_500)
    assert row["memo"].replace("\u00a0", " ") == "provvigione n. 1 fino al 26/11/2026: 12,5 % su 199,99 €"


async def test_closings_follow_one_another_and_what_comes_later_is_in_the_next(house: House) -> None:
    await a_day(house)
    await rated(house)
    first = await closed(await the_day_after(house), house)
    await refund(await house.sign_in(), house, 500)
    desk = await the_day_after(house, days=2)

    second = await closed(desk, house, "2026-11-27")

    assert [one["commission_cents"] for one in first["closings"]] == [3_000]
    assert [one["commission_cents"] for one in second["closings"]] == [-50, 3_000]
    assert second["closings"][0]["since"] == first["closings"][0]["until"]
    assert (await balances(desk))["commissions"] == -2_950


async def test_a_bounced_cheque_gives_back_what_it_earned_though_the_rate_has_changed(house: House) -> None:
    desk = await house.sign_in()
    payment_id = await cheque_at_bank(house, desk)
    admin = await rated(house, 1_000)
    good(await admin.post(at(house, "/rates"), json={"valid_from": "2026-11-27", "rate_bp": 3_000}))
    desk = await the_day_after(house)
    await closed(desk, house)
    unpaid = {"unpaid_on": "2026-11-27", "reason": "Mancanza di fondi"}
    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json=unpaid))
    desk = await the_day_after(house, days=2)

    page = await closed(desk, house, "2026-11-27")

    assert [one["commission_cents"] for one in page["closings"]] == [-1_500, 1_500]
    assert [share["rate_bp"] for share in page["closings"][0]["shares"]] == [1_000]
    assert "commissions" not in await balances(desk)


async def test_what_moved_before_the_first_rate_earns_nothing_and_is_told(house: House) -> None:
    await a_day(house)
    await rated(house, valid_from="2026-11-27")
    desk = await the_day_after(house)

    seen = await previewed(desk, house)
    body = {"to_on": "2026-11-26", "number": 1, "expected_cents": 0}

    [share] = seen["open"]["shares"]
    assert (share["rate_bp"], share["net_cents"], share["commission_cents"]) == (None, 30_000, 0)
    assert refused(await desk.post(at(house, "/closings"), json=body)) == "commission.comes_to_nothing"
    assert await rows(house, tables.CommissionClosing) == []


async def test_a_period_in_which_nothing_moved_is_told_and_not_closed(house: House) -> None:
    await rated(house)
    desk = await the_day_after(house)

    seen = await previewed(desk, house)
    body = {"to_on": "2026-11-26", "number": 1, "expected_cents": 0}

    assert (seen["open"]["movements"], seen["movements"]) == (0, [])
    assert refused(await desk.post(at(house, "/closings"), json=body)) == "commission.nothing_to_close"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to_on": "2026-11-27"}, "commission.day_not_over"),  # today
        ({"to_on": "2030-01-01"}, "commission.day_not_over"),
        ({"expected_cents": 2_999}, "commission.changed_meanwhile"),
        ({"number": 2}, "commission.closed_meanwhile"),
        ({"number": 0}, "request.malformed"),
        ({"expected_cents": "3.000,00"}, "request.malformed"),
        ({"to_on": "2026-02-29"}, "request.malformed"),  # no such day
    ],
)
async def test_a_closing_other_than_the_one_previewed_is_refused(
    house: House, change: dict[str, Any], code: str
) -> None:
    await a_day(house)
    await rated(house)
    desk = await the_day_after(house)
    body = {"to_on": "2026-11-26", "number": 1, "expected_cents": 3_000}

    answer = await desk.post(at(house, "/closings"), json=body | change)

    assert refused(answer) == code
    assert "commissions" not in await balances(desk)


# --- once ---


async def test_the_same_closing_sent_twice_is_made_once(house: House) -> None:
    await a_day(house)
    await rated(house)
    desk = await the_day_after(house)
    body = {"to_on": "2026-11-26", "number": 1, "expected_cents": 3_000}

    first, again = [good(await desk.post(at(house, "/closings"), json=body)) for _ in range(2)]

    assert first["closings"] == again["closings"]
    assert (await balances(desk))["commissions"] == -3_000


async def test_two_who_close_at_once_close_once(house: House, settings: Settings) -> None:
    await a_day(house)
    await rated(house)
    one, other = await the_day_after(house), await the_day_after(house, Role.ADMINISTRATOR)
    body = {"to_on": "2026-11-26", "number": 1, "expected_cents": 3_000}

    async with another_process(house, settings) as process:
        process.cookies = other.http.cookies
        desks = [one, replace(other, http=process)] * 4
        answers = await asyncio.gather(*(desk.post(at(house, "/closings"), json=body) for desk in desks))

    assert [answer.status_code for answer in answers] == [200] * 8
    assert len(await rows(house, tables.CommissionClosing)) == 1
    assert (await balances(one))["commissions"] == -3_000


async def test_a_closing_that_is_cut_off_leaves_nothing_and_can_be_made_again(
    house: House, cluster: Cluster, app_url: str
) -> None:
    await a_day(house)
    await rated(house)
    desk = await the_day_after(house)
    body = {"to_on": "2026-11-26", "number": 1, "expected_cents": 3_000}
    admin = cluster.url(setup_user(), app_url.rsplit("/", 1)[1].split("?")[0])
    waiting = "select pid from pg_locks where not granted and relation = 'commission_movement'::regclass"

    async with await psycopg.AsyncConnection.connect(admin, autocommit=True) as watch:
        async with await psycopg.AsyncConnection.connect(admin) as holder:
            # What a closing writes last: whoever waits for it has posted its entry already.
            await holder.execute("lock table commission_movement in exclusive mode")
            cut_off = asyncio.create_task(desk.post(at(house, "/closings"), json=body))
            while not (found := await (await watch.execute(waiting)).fetchone()):
                assert not cut_off.done()
                await asyncio.sleep(0.02)
            await watch.execute("select pg_terminate_backend(%s)", found)
            answer = (await asyncio.gather(cut_off, return_exceptions=True))[0]
        query = "select (select count(*) from commission_closing), (select count(*) from entry where kind = %s)"
        left = await (await watch.execute(query, ("commission",))).fetchone()

    assert not hasattr(answer, "status_code") or answer.status_code >= 500
    assert left == (0, 0)
    assert [one["commission_cents"] for one in (await closed(desk, house))["closings"]] == [3_000]


async def test_two_reversals_at_once_reverse_once(house: House) -> None:
    await a_day(house)
    await rated(house)
    desk = await the_day_after(house)
    await closed(desk, house)
    body = {"number": 1, "reason": "aliquota sbagliata"}

    answers = await asyncio.gather(*(desk.post(at(house, "/reversals"), json=body) for _ in range(6)))

    assert [answer.status_code for answer in answers] == [200] * 6
    assert "commissions" not in await balances(desk)


# --- reversed, never edited ---


async def test_a_wrong_rate_is_put_right_by_a_reversal_and_a_new_closing(house: House) -> None:
    await a_day(house)
    await rated(house, 1_000)
    desk = await the_day_after(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    before = (await closed(desk, house))["closings"][0]
    right = {"valid_from": "2026-11-01", "rate_bp": 800}
    too_late = refused(await admin.post(at(house, "/rates"), json=right))

    undone = good(await desk.post(at(house, "/reversals"), json={"number": 1, "reason": "  aliquota sbagliata "}))
    good(await admin.post(at(house, "/rates"), json=right))
    page = await closed(desk, house)

    assert too_late == "commission.rate_of_closed_day"
    assert undone["open"]["movements"] == 1
    new, old = page["closings"]
    assert (new["number"], new["commission_cents"], new["since"]) == (2, 2_400, None)
    assert (old["reason"], old["may_be_reversed"], new["may_be_reversed"]) == ("aliquota sbagliata", False, True)
    kept = ("number", "since", "until", "net_cents", "commission_cents", "shares", "closed_at", "closed_by")
    assert {name: old[name] for name in kept} == {name: before[name] for name in kept}
    assert (await balances(desk))["commissions"] == -2_400
    said = [(rate["rate_bp"], rate["in_force"], rate["replaced"]) for rate in page["rates"]]
    assert said == [(800, True, False), (1_000, False, True)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"number": 1, "reason": "x"}, "commission.not_the_newest"),
        ({"number": 2, "reason": "   "}, "commission.reason_missing"),
        ({"number": 3, "reason": "x"}, "commission.closing_unknown"),
    ],
)
async def test_only_the_newest_closing_is_reversed_and_with_a_reason(
    house: House, body: dict[str, Any], code: str
) -> None:
    await a_day(house)
    await rated(house)
    await closed(await the_day_after(house), house)
    await refund(await house.sign_in(), house, 500)
    desk = await the_day_after(house, days=2)
    await closed(desk, house, "2026-11-27")

    assert refused(await desk.post(at(house, "/reversals"), json=body)) == code
    assert (await balances(desk))["commissions"] == -2_950


@pytest.mark.parametrize(
    "statement",
    [
        "update commission_closing set commission_cents = 1",
        "delete from commission_closing",
        "update creditor_commission set rate_bp = 1",
        "delete from creditor_commission",
        "update commission_movement set rate_bp = 1",
        "delete from commission_movement",
        "truncate commission_movement",
    ],
)
async def test_what_was_set_or_closed_is_never_changed(
    house: House, cluster: Cluster, app_url: str, statement: str
) -> None:
    await a_day(house)
    await rated(house)
    await closed(await the_day_after(house), house)

    with pytest.raises(DBAPIError, match="permission denied"):
        async with house.session() as session:
            await session.execute(text(statement))
    # Not even whoever owns the tables.
    owner = cluster.url(setup_user(), app_url.rsplit("/", 1)[1].split("?")[0])
    async with await psycopg.AsyncConnection.connect(owner) as connection:
        with pytest.raises(psycopg.errors.CheckViolation, match="append only"):
            await connection.execute(statement)


# --- rates ---


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"valid_from": "2026-11-01", "rate_bp": 0}, "commission.rate_unusable"),
        ({"valid_from": "2026-11-01", "rate_bp": -500}, "commission.rate_unusable"),
        ({"valid_from": "2026-11-01", "rate_bp": 15_000}, "commission.rate_unusable"),
        ({"valid_from": "2026-11-01", "rate_bp": "1.234,5"}, "request.malformed"),
        ({"valid_from": "2026-11-01", "rate_bp": 12.5}, "request.malformed"),
        ({"valid_from": "2026-02-29", "rate_bp": 1_000}, "request.malformed"),
        ({"rate_bp": 1_000}, "request.malformed"),
    ],
)
async def test_a_rate_that_is_none_is_refused(house: House, body: dict[str, Any], code: str) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)

    assert refused(await admin.post(at(house, "/rates"), json=body)) == code
    assert good(await admin.get(at(house)))["rates"] == []


# --- the account to the creditor, the file, and who may know ---


async def test_the_account_shows_the_commission_and_what_remains(house: House) -> None:
    await a_day(house)
    await rated(house)
    desk = await the_day_after(house)
    page = await closed(desk, house)
    until_then = await account(desk, house)

    with_it = await account(desk, house, to_on="2026-11-27")
    paper = text_of((await account(desk, house, to_on="2026-11-27", form="pdf")).content)
    good(await desk.post(at(house, "/reversals"), json={"number": 1, "reason": "aliquota"}))
    undone = sheets((await account(desk, house, to_on="2026-11-27")).content)["Riepilogo"]

    label = "Provvigione n. 1 fino al 26/11/2026: 10,00 % su 300,00"
    summary = {str(row[0]): row[1] for row in sheets(with_it.content)["Riepilogo"] if row[0]}
    assert (cents(summary[label]), cents(summary["Resta da versare al creditore"])) == (-3_000, 27_000)
    assert page["closings"][0]["net_cents"] == cents(summary["Netto"])
    assert "Provvigione" not in str(sheets(until_then.content))
    assert "Provvigione n. 1" in paper
    assert "270,00" in paper
    assert [cents(row[1]) for row in undone if row[0] and "rovvigione" in str(row[0])] == [-3_000, 3_000]


async def test_accounts_on_a_schedule_tell_a_closing_once_and_come_to_what_the_ledger_owes(house: House) -> None:
    await a_day(house)
    await rated(house)
    desk = await the_day_after(house)
    await closed(desk, house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    plan = {
        "name": "Rendiconto",
        "layout": {"kind": "account_xlsx"},
        "codes": {},
        "place": "desk",
        "target": {},
        "at": "18:30",
        "weekdays": [3],
    }
    body = {"creditor_id": str(house.creditor_id), "plan": plan, "from_beginning": True}
    answer = await admin.post("/export-plans", json=body)
    assert answer.status_code == 201, answer.text
    house.clock.move_to(NEXT + timedelta(hours=1))
    first = (await made(admin, answer.json()))[0]
    house.clock.move_to(NEXT + timedelta(hours=2))
    await refund(admin, house, 500)
    second = (await made(admin, answer.json()))[0]

    remains = []
    for file in (first, second):
        summary = {str(row[0]): row[1] for row in sheets(await content_of(admin, file))["Riepilogo"] if row[0]}
        due = summary["Da versare al creditore, compensi a parte"]
        remains.append((cents(summary.get("Resta da versare al creditore", due)), str(summary).count("Provvigione n.")))

    assert remains == [(27_000, 1), (-500, 0)]
    assert -(await balances(admin))["creditor_dues"] == 26_500


async def test_another_creditors_money_is_not_in_it(house: House) -> None:
    theirs = tables.Creditor(
        **(await rows(house, tables.Creditor))[0].model_dump() | {"id": new_id(), "name": "Altra S.p.A."}
    )
    async with house.session() as session:
        session.add(theirs)
    other = replace(house, creditor_id=theirs.id)
    await published(house, await entrusted(house, "P-001"), await entrusted(other, "Q-009"))
    phone = await phone_of(house)
    for place, stop in enumerate((await day_of(phone))["stops"]):
        report = paid_report(phone, stop, 10_000 + 100 * place)
        assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    await rated(house)
    await rated(other, 2_000)
    desk = await the_day_after(house)

    both = [(await closed(desk, one))["closings"][0] for one in (house, other)]

    assert sorted(one["net_cents"] for one in both) == [10_000, 10_100]
    assert sum(one["commission_cents"] for one in both) == -(await balances(desk))["commissions"]


async def test_a_closing_goes_home_as_csv_with_every_movement(house: House) -> None:
    await a_day(house)
    await rated(house)
    await refund(await house.sign_in(), house, 500)
    desk = await the_day_after(house)
    await closed(desk, house)

    answer = await desk.get("/exports/commission", params={"creditor_id": str(house.creditor_id), "number": 1})

    head, *lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert head[2:] == ["Pratica", "Movimento", "Ricevuta", "Aliquota", "Importo"]
    assert [(line[2], line[3], line[5], line[6]) for line in lines] == [
        ("P-001", "Incasso", "10 %", "300,00"),
        ("P-001", "Rimborso", "10 %", "-5,00"),
        ("", "Netto", "10 %", "295,00"),
        ("", "Provvigione", "", "29,50"),
    ]
    assert {line[4] for line in lines[:2]} == {f"{(await rows(house, tables.Receipt))[0].series}-000001"}


async def test_neither_phones_nor_who_plans_nor_other_systems_learn_of_it(house: House) -> None:
    await a_day(house)
    await rated(house, 7_531)
    before = {fact.number for fact in await rows(house, tables.Fact)}
    desk = await the_day_after(house)
    await closed(desk, house)
    told = [fact.kind for fact in await rows(house, tables.Fact) if fact.number not in before]
    await published(house, await entrusted(house, "P-003"), day=date(2026, 11, 27))
    phone = await phone_of(house)
    planner = await house.sign_in(Role.DISPATCHER)

    day = (await phone.request("GET", "/field/day")).text
    answers = [
        await planner.get(at(house)),
        await planner.get(at(house, "/preview"), params={"to_on": "2026-11-26"}),
        await planner.get("/exports/commission", params={"creditor_id": str(house.creditor_id), "number": 1}),
        await desk.post(at(house, "/rates"), json={"valid_from": "2026-12-01", "rate_bp": 900}),
    ]

    assert "P-003" in day
    assert not any(word in day for word in ("commission", "provvigion", "7531"))
    assert [refused(answer) for answer in answers] == ["access.not_your_role"] * 4
    assert told == []
    assert not any("commission" in kind for kind in EVENTS)
