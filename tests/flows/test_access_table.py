"""Every operation, asked by every kind of caller, opens or stays shut exactly as the authorisation table says."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import ACCESS, Door, Role
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import BASE, House, new_id
from tests.flows.phone import FieldPhone
from tests.flows.test_sync import AT, paid_report

SAMPLES = {"uuid": lambda: str(uuid4()), "date": lambda: "2026-11-26", "str": lambda: "0" * 64}
NOBODY, PHONE = "nobody", "phone"


def routes(house: House) -> dict[str, tuple[str, str]]:
    """Operation -> method and path pattern (`/tasks/{task_id:uuid}/finish`)."""
    found = {}
    for route in house.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.operation_id in ACCESS:
                method = next(iter(handler.http_methods - {"OPTIONS"}))
                found[str(handler.operation_id)] = (str(method), route.path.removeprefix("/api/v1"))
    return found


def filled(pattern: str, value: object = None) -> str:
    """The path with something in every placeholder."""
    return re.sub(r"\{\w+:(\w+)\}", lambda hit: str(value or SAMPLES[hit[1]]()), pattern)


async def first_status(house: House, path: str, headers: dict[str, str]) -> int:
    """The status of an answer that never ends: asked straight at the app, left as soon as it began."""
    began: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def receive() -> dict[str, Any]:
        if not began.done():
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError("nobody sends more")

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not began.done():
            began.set_result(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/api/v1{path}",
        "raw_path": f"/api/v1{path}".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver.local", 80),
    }
    answering = asyncio.create_task(house.app(scope, receive, send))  # type: ignore[arg-type]
    status = await asyncio.wait_for(began, 20)
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    return status


class Caller:
    """Somebody at the door: a desk of some role, a phone, or nobody."""

    def __init__(self, house: House, who: Role | str, client: httpx.AsyncClient, phone: FieldPhone | None) -> None:
        self.house, self.who, self.client, self.phone = house, who, client, phone

    @classmethod
    async def come(cls, house: House, who: Role | str) -> Caller:
        if isinstance(who, Role):
            return cls(house, who, (await house.sign_in(who)).http, None)
        client = house.client()
        await client.get(f"{BASE}/clock")
        if who == NOBODY:
            return cls(house, who, client, None)
        desk = await house.sign_in(Role.AGENT)
        return cls(house, who, client, await FieldPhone.enrol(desk, client, agent_number="1"))

    async def ask(self, operation: str, method: str, path: str) -> tuple[int, str | None]:
        """Status and code of the answer to a request without a useful body."""
        if operation == "watch_events":
            cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
            return await first_status(self.house, path, {"cookie": cookies}), None
        if self.phone is not None:
            answer = await self.phone.request(method, path, content=b"" if method == "GET" else b"{}")
        else:
            headers = {"x-csrftoken": self.client.cookies["csrftoken"]}
            body = {} if method in ("GET", "DELETE") else {"json": {}}
            answer = await self.client.request(method, f"{BASE}{path}", headers=headers, **body)  # type: ignore[arg-type]
        told = answer.json() if answer.headers.get("content-type") == "application/problem+json" else {}
        return answer.status_code, told.get("code")

    def expected(self, operation: str) -> int | None:
        """401 or 403 where the table keeps this caller out, None where it lets them in."""
        access = ACCESS[operation]
        if access.door is Door.OPEN or (access.door is Door.DEVICE and self.who == PHONE):
            return None
        if access.door in (Door.DEVICE, Door.SERVICE) or not isinstance(self.who, Role):
            return 401
        return None if self.who in access.roles else 403


@pytest.mark.parametrize("who", [*Role, NOBODY, PHONE])
async def test_every_operation_opens_or_stays_shut_as_the_table_says(house: House, who: Role | str) -> None:
    caller = await Caller.come(house, who)
    # Signing in or out would change who is asking.
    asked = {name: route for name, route in routes(house).items() if name not in ("sign_in", "sign_out")}

    wrong = {}
    for operation, (method, pattern) in asked.items():
        status, code = await caller.ask(operation, method, filled(pattern))
        shut = status if status in (401, 403) and (code or "access.").startswith("access.") else None
        # A phone carries no CSRF token, so that a writing operation of the desk stops it even earlier.
        early = who == PHONE and (status, code) == (403, "access.forbidden")
        if (shut != caller.expected(operation) and not early) or status >= 500:
            wrong[operation] = (status, code)

    assert len(asked) == len(ACCESS) - 2
    assert wrong == {}


async def test_an_operation_without_a_row_answers_that_nothing_is_here(house: House) -> None:
    answer = await house.client().options(f"{BASE}/tasks")

    assert answer.status_code == 404


# --- objects of another agency ---


async def neighbour(house: House) -> House:
    """The same service as people of another agency know it."""
    agency_id, creditor_id, _ = await house.other_agency()
    async with house.session(agency_id) as session:
        people = {Role(person.role): person for person in (await session.exec(select(tables.Person))).all()}
    return replace(house, agency_id=agency_id, creditor_id=creditor_id, people=people, _clients=[])


async def furnished(house: House) -> dict[str, UUID]:
    """One object of every kind that a path can name, all of `house`'s agency."""
    practice_id = await entrusted(house)
    await published(house, practice_id)
    desk = await house.sign_in(Role.AGENT)
    phone = await FieldPhone.enrol(desk, house.client(), agent_number=str(house.people[Role.AGENT].agent_number))
    stop = (await phone.request("GET", "/field/day")).json()["stops"][0]
    report = paid_report(phone, stop, 15_000)
    await phone.push(phone.envelope("visit", report, at=AT), phone.envelope("visit", {}, at=AT))
    for digest, content in phone.blobs.items():
        await phone.request("PUT", f"/field/attachments/{digest}", content=content)
    imported = tables.ImportFile(
        id=new_id(),
        agency_id=house.agency_id,
        creditor_id=house.creditor_id,
        file_name="pratiche.csv",
        layout="demo",
        sha256="0" * 64,
        state="done",
        created_at=NOW,
        created_by=house.people[Role.BACK_OFFICE].id,
        accepted_cents=0,
        rejected_cents=0,
    )
    async with house.session() as session:
        session.add(imported)
        refused = select(tables.Envelope.id).where(tables.Envelope.verdict == "refused")
        found = {"refused_envelope": (await session.exec(refused)).one()}
        found |= {"practice": practice_id, "import": imported.id, "device": phone.device_id}
        for name, table in (
            ("plan", tables.Plan),
            ("document", tables.CreditDocument),
            ("receipt", tables.Receipt),
            ("payment", tables.Payment),
            ("task", tables.Task),
            ("address", tables.Address),
        ):
            row = (await session.exec(select(table))).first()
            assert row is not None, name
            found[name] = row.id
        message = a_message(house)
        session.add(message)
        question = await a_question(house, session)
        note = tables.PlanningNote(
            id=new_id(),
            agency_id=house.agency_id,
            from_on=NOW.date(),
            text="Chiamare prima",
            written_at=NOW,
            written_by=house.people[Role.DISPATCHER].id,
        )
        session.add(note)
        found["note"] = note.id
        squad = tables.Squad(id=new_id(), agency_id=house.agency_id, name="Lodi")
        session.add(squad)
        found["squad"] = squad.id
        found |= {"message": message.id, "visit": question.visit_id, "question": question.id}
        found["correction"] = await a_correction(house, session)
        found |= await money_under_way(house, session, practice_id)
        found |= await agreements_under_way(house, session, practice_id)
    found["debtor_pair"] = await a_debtor_pair(house, practice_id)
    return found | {
        "creditor": house.creditor_id,
        "agent": house.people[Role.AGENT].id,
        "service_account": await a_service(house),
        "webhook": await a_webhook(house),
        **await a_file_for_a_creditor(house),
    }


def a_message(house: House) -> tables.Message:
    return tables.Message(
        id=new_id(),
        agency_id=house.agency_id,
        day=NOW.date(),
        text="Rientrate per le 17.",
        to_all=True,
        sent_at=NOW,
        sent_by=house.people[Role.DISPATCHER].id,
    )


async def a_question(house: House, session: AsyncSession) -> tables.VisitQuestion:
    visit = (await session.exec(select(tables.Visit))).one()
    review = (await session.exec(select(tables.VisitReview))).first()
    if review is None:
        session.add(
            tables.VisitReview(id=new_id(), agency_id=house.agency_id, visit_id=visit.id, why=["asked"], opened_at=NOW)
        )
    question = tables.VisitQuestion(
        id=new_id(),
        agency_id=house.agency_id,
        visit_id=visit.id,
        agent_id=visit.agent_id,
        reason="details",
        text="Chi lo ha detto?",
        asked_at=NOW,
        asked_by=house.people[Role.BACK_OFFICE].id,
    )
    session.add(question)
    return question


async def a_correction(house: House, session: AsyncSession) -> UUID:
    visit = (await session.exec(select(tables.Visit))).one()
    said = {"outcome": visit.outcome, "met": visit.met, "identified_by": None, "role": None, "captured": {}}
    correction = tables.VisitCorrection(
        id=new_id(),
        agency_id=house.agency_id,
        visit_id=visit.id,
        said_by=house.people[Role.DISPATCHER].id,
        said_at=NOW,
        received_at=NOW,
        reason="Ho letto male il citofono.",
        before=said,
        after=said,
        state="asked",
    )
    session.add(correction)
    return correction.id


async def money_under_way(house: House, session: AsyncSession, practice_id: UUID) -> dict[str, UUID]:
    """A deposit slip, an announced transfer and a paper pad."""
    visit = (await session.exec(select(tables.Visit))).one()
    entry = (await session.exec(select(tables.Entry))).first()
    assert entry is not None
    slip = tables.DepositSlip(
        id=new_id(),
        agency_id=house.agency_id,
        number=1,
        agent_id=visit.agent_id,
        handed_in_at=NOW,
        counted_by=visit.agent_id,
        declared_cents=0,
        counted_cents=0,
        entry_id=entry.id,
    )
    transfer = tables.Promise(
        id=new_id(),
        agency_id=house.agency_id,
        practice_id=practice_id,
        visit_id=visit.id,
        kind="bank_transfer",
        due_on=NOW.date(),
        amount_cents=1_000,
    )
    pad = tables.PaperPad(
        id=new_id(),
        agency_id=house.agency_id,
        kind="receipt",
        series="B1",
        first=1,
        last=10,
        agent_id=visit.agent_id,
        handed_over_at=NOW,
        handed_over_by=visit.agent_id,
    )
    view = tables.SavedView(
        id=new_id(),
        agency_id=house.agency_id,
        person_id=visit.agent_id,
        listing="practices",
        name="Aperte",
        filters="stato=open",
        shared=True,
        saved_at=NOW,
    )
    bulk = tables.BulkAction(
        id=new_id(),
        agency_id=house.agency_id,
        kind="suspend",
        asked={"text": "ferie"},
        shown_at=NOW,
        shown_to=house.people[Role.ADMINISTRATOR].id,
        up_to=0,
        doable=[str(practice_id)],
        digest="0" * 64,
        done_at=NOW,
        done=[str(practice_id)],
    )
    session.add_all([slip, transfer, pad, view, bulk])
    return {"slip": slip.id, "transfer": transfer.id, "pad": pad.id, "view": view.id, "bulk_action": bulk.id}


async def agreements_under_way(house: House, session: AsyncSession, practice_id: UUID) -> dict[str, UUID]:
    """A repayment plan and an offer to close for less."""
    visit = (await session.exec(select(tables.Visit))).one()
    common = {"agency_id": house.agency_id, "practice_id": practice_id, "visit_id": visit.id, "agreed_at": NOW}
    plan = tables.RepaymentPlan(
        id=new_id(),
        **common,
        agent_id=visit.agent_id,
        state="active",
        debt_cents=1_000,
        interest_cents=0,
        total_cents=1_000,
        broken_after_days=30,
        broken_after_instalments=2,
        value=b"{}",
        digest="0" * 64,
        signature="",
    )
    settlement = tables.Settlement(
        id=new_id(),
        **common,
        state="proposed",
        offer_cents=500,
        debt_cents=1_000,
        pay_by=NOW.date(),
        signed=True,
        value=b"{}",
    )
    session.add_all([plan, settlement])
    return {"repayment_plan": plan.id, "settlement": settlement.id}


async def a_debtor_pair(house: House, practice_id: UUID) -> UUID:
    """Two practices whose debtor may be the same."""
    one, other = sorted((practice_id, await entrusted(house, "P-002")))
    row = tables.DebtorMatch(
        id=new_id(),
        agency_id=house.agency_id,
        one_practice_id=one,
        other_practice_id=other,
        tells=["tax_code"],
        strength=100,
        found_at=NOW,
    )
    async with house.session() as session:
        session.add(row)
    return row.id


async def a_service(house: House) -> UUID:
    """Another system with a token."""
    row = tables.ServiceAccount(
        id=new_id(),
        agency_id=house.agency_id,
        name="Gestionale",
        scopes=["facts:money"],
        token_digest=str(new_id()),
        a_minute=60,
        created_at=NOW,
        created_by=house.people[Role.ADMINISTRATOR].id,
    )
    async with house.session() as session:
        session.add(row)
    return row.id


async def a_webhook(house: House) -> UUID:
    """Another system that is told."""
    row = tables.Webhook(
        id=new_id(),
        agency_id=house.agency_id,
        name="Gestionale",
        url="https://hooks.example.org/in",
        scopes=["facts:money"],
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        secret_since=NOW,
        created_at=NOW,
        created_by=house.people[Role.ADMINISTRATOR].id,
    )
    async with house.session() as session:
        session.add(row)
    return row.id


async def a_file_for_a_creditor(house: House) -> dict[str, UUID]:
    """How a creditor is told, and a file that was made for it."""
    plan = tables.ExportPlan(
        id=new_id(),
        agency_id=house.agency_id,
        creditor_id=house.creditor_id,
        name="Esiti",
        place="desk",
        at="18:30",
        weekdays=[0],
        created_at=NOW,
        created_by=house.people[Role.ADMINISTRATOR].id,
        next_run_at=NOW,
        read_up_to=0,
        last_digest="0" * 64,
    )
    made = tables.OutgoingFile(
        id=new_id(),
        agency_id=house.agency_id,
        plan_id=plan.id,
        creditor_id=house.creditor_id,
        sequence=1,
        name="esiti-20261126-000001.csv",
        sha256="0" * 64,
        size_bytes=1,
        rows=0,
        total_cents=0,
        collected_cents=0,
        made_at=NOW,
        next_at=NOW,
    )
    async with house.session() as session:
        session.add(plan)
        await session.flush()
        session.add(made)
    return {"export_plan": plan.id, "outgoing_file": made.id}


NAMED = {
    "revoke_device": "device",
    "change_person": "agent",
    "renew_password": "agent",
    "shut_out_person": "agent",
    "rename_squad": "squad",
    "close_squad": "squad",
    "accept_rescue": "device",
    "read_field_document": "document",
    "read_plan": "plan",
    "withdraw_message": "message",
    "tick_planning_note": "note",
    "read_review": "visit",
    "finish_review": "visit",
    "ask_about_visit": "visit",
    "withdraw_question": "question",
    "correct_visit": "visit",
    "confirm_correction": "correction",
    "decline_correction": "correction",
    "stop_plan": "plan",
    "publish_plan": "plan",
    "open_draft": "plan",
    "read_board": "plan",
    "move_visit": "plan",
    "pin_visit": "plan",
    "lock_lane": "plan",
    "undo_change": "plan",
    "forbid_visit": "plan",
    "hand_over_visits": "plan",
    "preview_fill": "plan",
    "take_fill": "plan",
    "read_import": "import",
    "confirm_import": "import",
    "cancel_import": "import",
    "read_rejects": "import",
    "read_practice": "practice",
    "read_contact_limits": "practice",
    "list_appointment_offers": "practice",
    "take_appointment": "practice",
    "move_appointment": "practice",
    "cancel_appointment": "practice",
    "log_contact": "practice",
    "plan_contact": "practice",
    "read_document": "document",
    "read_receipt_paper": "receipt",
    "finish_task": "task",
    "arrange_task": "task",
    "forget_view": "view",
    "confirm_bulk_action": "bulk_action",
    "undo_bulk_action": "bulk_action",
    "list_bulk_practices": "bulk_action",
    "book_held_payment": "task",
    "settle_address": "address",
    "choose_address": "address",
    "put_address_back": "address",
    "decide_debtor_pair": "debtor_pair",
    "copy_subject_data": "practice",
    "object_to_learning": "practice",
    "ask_for_skills": "practice",
    "record_interruption": "practice",
    "withdraw_interruption": "practice",
    "approve_rule": "practice",
    "withdraw_approval": "practice",
    "read_commissions": "creditor",
    "set_commission_rate": "creditor",
    "preview_commission_closing": "creditor",
    "close_commissions": "creditor",
    "reverse_commission": "creditor",
    "bank_slip": "slip",
    "clear_payment": "payment",
    "bounce_cheque": "payment",
    "confirm_transfer": "transfer",
    "make_payment_link": "transfer",
    "read_refused_report": "refused_envelope",
    "book_refused_money": "refused_envelope",
    "deny_refused_money": "refused_envelope",
    "void_receipt": "receipt",
    "refund_receipt": "receipt",
    "preview_allocation": "practice",
    "read_plan_paper": "repayment_plan",
    "print_pad": "pad",
    "read_pad_picture": "pad",
    "void_pad_form": "pad",
    "return_pad": "pad",
    "enter_pad_receipt": "pad",
    "enter_pad_notice": "pad",
    "read_settlement_paper": "settlement",
    "decide_settlement": "settlement",
    "list_terms": "creditor",
    "set_terms": "creditor",
    "read_payment_order": "creditor",
    "set_payment_order": "creditor",
    "ask_for_skills_of_creditor": "creditor",
    "set_creditor": "creditor",
    "set_agent_licence": "agent",
    "revoke_service_account": "service_account",
    "pause_webhook": "webhook",
    "resume_webhook": "webhook",
    "end_webhook": "webhook",
    "rotate_webhook_secret": "webhook",
    "test_webhook": "webhook",
    "list_webhook_deliveries": "webhook",
    "resend_webhook_deliveries": "webhook",
    "skip_webhook_deliveries": "webhook",
    "change_export_plan": "export_plan",
    "pause_export_plan": "export_plan",
    "ask_export_host_key": "export_plan",
    "make_outgoing_file": "export_plan",
    "download_outgoing_file": "outgoing_file",
    "resend_outgoing_file": "outgoing_file",
    "list_told": "practice",
}
"""Operation -> the kind of object that its path names."""
PAPER = {
    "id": "0198a3c2-7f00-7abc-8def-0123456789ab",
    "practice_id": "0198a3c2-7f00-7abc-8def-0123456789ab",
    "number": 1,
    "check": "00000000",
    "arrived_at": "2026-11-26T09:00:00+01:00",
    "left_at": "2026-11-26T09:10:00+01:00",
    "picture": "AA==",
}
OFFER = {
    "from_at": "2026-11-27T09:00:00Z",
    "to_at": "2026-11-27T10:00:00Z",
    "agent_id": "0198a3c2-7f00-7abc-8def-0123456789ab",
    "lane": "",
}
BODIES: dict[str, dict[str, Any]] = {
    "ask_about_visit": {"reason": "details", "text": "Chi lo ha detto?"},
    "correct_visit": {
        "outcome": "NO_ACCESS",
        "met": "nobody",
        "identified_by": None,
        "role": None,
        "captured": {},
        "reason": "Il cancello era chiuso.",
    },
    "change_export_plan": {
        "name": "Esiti",
        "layout": {
            "kind": "csv",
            "columns": [
                {"field": "practice_number", "name": "Pratica"},
                {"field": "code", "name": "Esito"},
                {"field": "amount", "name": "Importo"},
            ],
        },
        "codes": {},
        "place": "desk",
        "target": {},
        "at": "18:30",
        "weekdays": [0],
    },
    "pause_export_plan": {"paused": True},
    "take_appointment": {**OFFER},
    "move_appointment": {**OFFER, "reason": "altro giorno"},
    "cancel_appointment": {"reason": "ha pagato", "called": False},
    "resend_webhook_deliveries": {},
    "skip_webhook_deliveries": {"delivery_ids": ["0198a3c2-7f00-7abc-8def-0123456789ab"]},
    "move_visit": {"practice_id": "0198a3c2-7f00-7abc-8def-0123456789ab", "seen": {}},
    "pin_visit": {"practice_id": "0198a3c2-7f00-7abc-8def-0123456789ab", "pinned": True, "seen": {}},
    "lock_lane": {"agent_id": "0198a3c2-7f00-7abc-8def-0123456789ab", "locked": True, "seen": {}},
    "forbid_visit": {
        "practice_id": "0198a3c2-7f00-7abc-8def-0123456789ab",
        "reason": "conosce la famiglia",
        "seen": {},
    },
    "allow_visit_again": {"forbidden_id": "0198a3c2-7f00-7abc-8def-0123456789ab"},
    "hand_over_visits": {
        "from_agent": "0198a3c2-7f00-7abc-8def-0123456789ab",
        "to_agent": "0198a3c2-7f00-7abc-8def-0123456789ac",
        "seen": {},
    },
    "preview_fill": {},
    "write_planning_note": {"text": "Chiamare prima"},
    "tick_planning_note": {"done": True},
    "take_out_stale_visits": {"version": 1},
    "say_where_i_look": {"window": "0198a3c2-7f00-7abc-8def-0123456789ab", "day": "2026-11-27"},
    "take_fill": {"orders": {}, "seen": {}},
    "enter_absence": {
        "agent_id": "0198a3c2-7f00-7abc-8def-0123456789ab",
        "from_at": "2026-11-27T00:00:00+01:00",
        "to_at": "2026-11-28T00:00:00+01:00",
        "code": "leave",
    },
    "withdraw_absence": {"absence_id": "0198a3c2-7f00-7abc-8def-0123456789ab"},
    "set_shift_week": {
        "agent_ids": ["0198a3c2-7f00-7abc-8def-0123456789ab"],
        "valid_from": "2026-11-27",
        "days": [None] * 7,
    },
    "save_shift_template": {"name": "Mattina", "days": [None] * 7},
    "drop_shift_template": {"name": "Mattina"},
    "finish_task": {"note": ""},
    "arrange_task": {"owner_id": None, "asleep_until": None},
    "forget_view": {},
    "confirm_bulk_action": {"digest": "0" * 64},
    "book_held_payment": {},
    "choose_address": {"text": "VIA GARIBALDI 3, Lodi (LO)"},
    "settle_address": {"lat_e6": 45_314_500, "lon_e6": 9_503_500, "confirm": True},
    "decide_debtor_pair": {"verdict": "same"},
    "copy_subject_data": {"obligor_id": str(uuid4()), "identified_by": "passport"},
    "ask_for_skills": {"skills": ["albanian"]},
    "ask_for_skills_of_creditor": {"skills": ["albanian"]},
    "object_to_learning": {"stands": True, "reason": "Lettera del 20 novembre"},
    "record_interruption": {"kind": "formal_notice", "on": "2026-11-20", "reference": "AR 1"},
    "approve_rule": {
        "rule": "debt.complaint_open",
        "from_on": "2026-11-26",
        "to_on": "2026-11-26",
        "reason": "una ragione che basta",
    },
    "withdraw_approval": {},
    "withdraw_interruption": {},
    "log_contact": {"channel": "call", "at": "2026-11-26T09:00:00+01:00", "reached": True},
    "plan_contact": {"channel": "call", "at": "2026-11-26T17:00:00+01:00"},
    "bank_slip": {"banked_on": "2026-11-26"},
    "clear_payment": {"cleared_on": "2026-11-26"},
    "bounce_cheque": {"unpaid_on": "2026-11-26", "reason": "x"},
    "confirm_transfer": {"seen_on": "2026-11-26", "amount_cents": 1, "reference": "x"},
    "book_refused_money": {"place": 0, "practice_id": "0198a3c2-7f00-7abc-8def-0123456789ab"},
    "deny_refused_money": {"place": 0, "reason": "una ragione che basta"},
    "void_receipt": {"reason": "x"},
    "refund_receipt": {"id": "0198a3c2-7f00-7abc-8def-0123456789ab", "amount_cents": 1, "reason": "x"},
    "void_pad_form": {"number": 1, "reason": "x"},
    "return_pad": {"blank": []},
    "enter_pad_receipt": PAPER
    | {
        "amount_cents": 1,
        "method": "cash",
        "answers": {},
        "identified_by": "document",
        "duty_taken": True,
    },
    "enter_pad_notice": PAPER,
    "set_commission_rate": {"valid_from": "2026-11-01", "rate_bp": 1_000},
    "close_commissions": {"to_on": "2026-11-25", "number": 1, "expected_cents": 1},
    "reverse_commission": {"number": 1, "reason": "x"},
    "decide_settlement": {"approve": True},
    "add_person": {"name": "Nuova Persona", "login": "nuova", "role": "dispatcher"},
    "change_person": {"name": "Un Altro Nome"},
    "shut_out_person": {"left": True},
    "rename_squad": {"name": "Nord"},
    "set_agency": {
        "name": "Agenzia",
        "legal_name": "Agenzia s.r.l.",
        "vat_number": "99999990155",
        "address": "Via Roma 1, Lodi",
        "phone": "0371 1",
        "seen": dict.fromkeys(("name", "legal_name", "vat_number", "address", "phone", "email"), ""),
    },
    "add_creditor": {"name": "Banca Nuova S.p.A."},
    "set_creditor": {
        "name": "Banca Nuova S.p.A.",
        "seen": {
            **dict.fromkeys(("name", "vat_number", "iban", "bic", "cheque_payee"), ""),
            "stamp_duty_charged_to": "debtor",
            "stamp_duty_reason": None,
            "stamp_duty_authorisation": None,
        },
    },
    "change_password": {"old": "x", "new": "y"},
    "set_agent_licence": {
        "provinces": [],
        "notified_on": None,
        "badge_valid_to": None,
        "qualification_valid_to": None,
    },
    "set_payment_order": {
        "parts": ["principal", "costs", "interest"],
        "debtor_chooses": True,
        "reference": "art. 7 della convenzione",
    },
    "set_terms": {
        "valid_from": "2026-12-01",
        "terms": {
            "most_months": 12,
            "least_instalment_cents": 1_000,
            "least_first_bp": 0,
            "first_within_days": 30,
            "yearly_rate_bp": 0,
            "broken_after_days": 30,
            "broken_after_instalments": 2,
            "settlement_least_bp": 5_000,
            "settlement_within_days": 30,
        },
    },
}
QUERIES = {
    "list_bulk_practices": "?part=done",
    "preview_allocation": "?amount_cents=1",
    "preview_commission_closing": "?to_on=2026-11-25",
    "read_pad_picture": "?number=1",
}


async def test_the_table_of_named_objects_is_whole(house: House) -> None:
    naming = {name for name, (_, pattern) in routes(house).items() if ":uuid}" in pattern}

    assert naming == set(NAMED)


async def test_objects_of_another_agency_do_not_exist(house: House) -> None:
    theirs = await furnished(await neighbour(house))
    desk = await house.sign_in(Role.ADMINISTRATOR)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")

    answers = {}
    for operation, kind in NAMED.items():
        method, pattern = routes(house)[operation]
        path = filled(pattern, theirs[kind]) + QUERIES.get(operation, "")
        if ACCESS[operation].door is Door.DEVICE:
            answer = await phone.request(method, path)
        elif method == "GET":
            answer = await desk.get(path)
        else:
            answer = await desk.post(path, json=BODIES.get(operation))
        answers[operation] = answer.status_code

    assert answers == dict.fromkeys(NAMED, 404)


async def test_the_same_objects_are_there_for_their_own_agency(house: House) -> None:
    ours = await furnished(house)
    desk = await house.sign_in(Role.ADMINISTRATOR)
    reads = ("read_plan", "read_import", "read_practice", "read_document")

    statuses = [(await desk.get(filled(routes(house)[name][1], ours[NAMED[name]]))).status_code for name in reads]
    finished = await desk.post(f"/tasks/{ours['task']}/finish", json={"note": "visto"})
    revoked = await desk.post(f"/devices/{ours['device']}/revoke")

    assert statuses == [200, 200, 200, 200]
    assert finished.json()["state"] == "done"
    assert revoked.json()["revoked_at"] is not None


async def test_lists_show_nothing_of_another_agency(house: House) -> None:
    other = await neighbour(house)
    theirs = await furnished(other)
    desk = await house.sign_in(Role.ADMINISTRATOR)
    lists = (
        "/devices",
        "/dispatch/candidates?day=2026-11-26",
        "/dispatch/plans?day=2026-11-26",
        "/imports",
        "/tasks",
    )

    for path in lists:
        assert (await desk.get(path)).json() == [], path
    page = (await desk.get("/practices", params={"creditor_id": str(other.creditor_id)})).json()
    doubtful = (await desk.get("/addresses/doubtful")).json()
    assert (doubtful["rows"], doubtful["waiting"]) == ([], 0)
    day = (await desk.get("/dispatch/days/2026-11-26")).json()
    audit = (await desk.get("/audit")).json()
    pairs = (await desk.get("/debtors/pairs")).json()
    plan = await desk.post("/dispatch/plans", json={"day": "2026-11-26", "agent_ids": [str(theirs["practice"])]})

    assert page["rows"] == []
    assert pairs == {"pairs": [], "waiting": 0}
    assert day["versions"] == day["routes"] == []
    assert not any(row["subject_id"] in map(str, theirs.values()) for row in audit)
    assert plan.json()["code"] == "plan.nobody_available"


async def test_an_agent_of_another_agency_cannot_be_planned(house: House) -> None:
    other = await neighbour(house)
    desk = await house.sign_in(Role.DISPATCHER)

    answer = await desk.post(
        "/dispatch/plans", json={"day": "2026-11-26", "agent_ids": [str(other.people[Role.AGENT].id)]}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "plan.nobody_available")
