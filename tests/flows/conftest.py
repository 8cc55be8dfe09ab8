"""A whole service for flow tests: the app over a real database, an agency with people, a creditor, signed-in clients.

async def test_something(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    answer = await desk.get("/practices")
    await house.run_jobs()
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import uuid_utils.compat
from argon2 import PasswordHasher
from litestar import Litestar
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.app import create_app
from fieldapp.clock import FixedClock
from fieldapp.domain.access import Identity, Role
from fieldapp.parts import assemble
from fieldapp.routes.public import LIMIT
from fieldapp.services import jobs
from fieldapp.services.work import Parts, Work, working
from fieldapp.settings import Settings
from fieldapp.store.database import Scope
from fieldapp.store.tables import Agency, Creditor, Person
from tests.conftest import NOW

PASSWORD = "a password for tests"
BASE = "http://testserver.local/api/v1"


@cache
def password_hash() -> str:
    """Argon2id as the service checks it, with so little work that a thousand sign-ins cost nothing."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def new_id() -> UUID:
    return uuid_utils.compat.uuid7()


def an_agency(name: str = "Agenzia Prova") -> Agency:
    return Agency(
        id=new_id(),
        name=name,
        legal_name=f"{name} s.r.l.",
        vat_number="01234567897",
        address="Via Roma 1, Lodi",
        phone="0371 000000",
        email="info@example.it",
        licence_number="115/1",
        licence_authority="Questura di Lodi",
        licence_valid_to=date(2030, 1, 1),
    )


def a_person(agency_id: UUID, role: Role, *, login: str, number: str | None = None) -> Person:
    agent = role is Role.AGENT
    return Person(
        id=new_id(),
        agency_id=agency_id,
        role=role.value,
        login=login,
        name=f"Nome {login}",
        password_hash=password_hash(),
        agent_number=number if agent else None,
        home_lat_e6=45_314_000 if agent else None,
        home_lon_e6=9_503_000 if agent else None,
        provinces=["LO", "MI"] if agent else [],
        notified_on=date(2025, 1, 1) if agent else None,
        badge_valid_to=date(2030, 1, 1) if agent else None,
        qualification_valid_to=date(2030, 1, 1) if agent else None,
    )


def a_creditor(agency_id: UUID, *, name: str = "Finanziaria Prova S.p.A.", layout: str = "") -> Creditor:
    return Creditor(
        id=new_id(),
        agency_id=agency_id,
        name=name,
        layout=layout,
        vat_number="01234567897",
        iban="IT60X0542811101000000123456",
        cheque_payee=name,
    )


@dataclass
class Desk:
    """A browser of one signed-in person: sends the CSRF token back as the web app does."""

    http: httpx.AsyncClient
    identity: Identity

    async def get(self, path: str, **options: object) -> httpx.Response:
        return await self.http.request("GET", f"{BASE}{path}", **options)  # type: ignore[arg-type]

    async def post(self, path: str, **options: object) -> httpx.Response:
        return await self.http.request("POST", f"{BASE}{path}", headers=self.csrf(), **options)  # type: ignore[arg-type]

    async def delete(self, path: str, **options: object) -> httpx.Response:
        return await self.http.request("DELETE", f"{BASE}{path}", headers=self.csrf(), **options)  # type: ignore[arg-type]

    def csrf(self) -> dict[str, str]:
        return {"x-csrftoken": self.http.cookies["csrftoken"]}


@dataclass
class House:
    """The running service, and who is there."""

    app: Litestar
    parts: Parts
    clock: FixedClock
    agency_id: UUID
    creditor_id: UUID
    people: dict[Role, Person]
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        """A browser that nobody has signed in with."""
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=BASE)
        self._clients.append(client)
        return client

    async def sign_in(self, role: Role = Role.BACK_OFFICE, *, person: Person | None = None) -> Desk:
        person = person or self.people[role]
        client = self.client()
        await client.get("/clock")
        desk = Desk(client, self.identity(person))
        answer = await desk.post("/session", json={"login": person.login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return desk

    def identity(self, who: Role | Person = Role.BACK_OFFICE) -> Identity:
        person = self.people[who] if isinstance(who, Role) else who
        return Identity(agency_id=person.agency_id, person_id=person.id, role=Role(person.role), name=person.name)

    @asynccontextmanager
    async def work(self, who: Role | Person = Role.BACK_OFFICE) -> AsyncIterator[Work]:
        """A transaction as the services have it."""
        async with working(self.parts, self.identity(who)) as work:
            yield work

    @asynccontextmanager
    async def session(self, agency_id: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """A bare transaction, to arrange and to look."""
        async with self.parts.database.transaction(Scope(agency_id or self.agency_id, "administrator")) as session:
            yield session

    async def run_jobs(self) -> None:
        """Work off all waiting background jobs, in this process."""
        await self.parts.jobs.run_worker_async(
            wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="never"
        )

    async def lose_worker(self) -> None:
        """The jobs that wait were taken by a worker of which nothing was heard since."""
        async with self.session() as session:
            await session.execute(
                text(
                    "with gone as (insert into procrastinate_workers (last_heartbeat)"
                    " values (now() - interval '1 hour') returning id)"
                    " update procrastinate_jobs set status = 'doing', worker_id = (select id from gone)"
                    " where status = 'todo'"
                )
            )

    async def other_agency(self) -> tuple[UUID, UUID, Person]:
        """Another tenant of the same service: agency, creditor, a person of its back office."""
        return await settle(self.parts, an_agency("Altra Agenzia"), prefix="other-")

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


async def settle(parts: Parts, agency: Agency, *, prefix: str) -> tuple[UUID, UUID, Person]:
    """Store `agency` with one person per role and a creditor."""
    people = [a_person(agency.id, role, login=f"{prefix}{role.value}", number=f"{prefix}1") for role in Role]
    creditor = a_creditor(agency.id)
    async with parts.database.transaction(Scope(agency.id, "administrator")) as session:
        session.add(agency)
        await session.flush()
        session.add_all([*people, creditor])
    return agency.id, creditor.id, next(p for p in people if p.role == Role.BACK_OFFICE.value)


@pytest.fixture
def settings(app_url: str, tmp_path: Path) -> Settings:
    return _settings(app_url, tmp_path)


@pytest.fixture
def reaching_here(app_url: str, tmp_path: Path) -> Settings:
    """The settings of a house whose webhooks may go to this machine; a module names them its `settings`."""
    return _settings(app_url, tmp_path).model_copy(update={"webhooks_to_loopback": True})


def _settings(database_url: str, home: Path) -> Settings:
    return Settings(
        database_url=database_url,
        home=home,
        blob_url="memory:",
        secret_key=SecretStr("6b" * 32),
        demo=False,
        gazetteer=None,
    )


@pytest.fixture(scope="session")
def one_app(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """The app of all tests of a run: to put its routes together costs more than most tests. Its parts are each test's
    own."""
    return create_app(_settings("postgresql:///unused", tmp_path_factory.mktemp("app")))


@pytest.fixture
async def house(settings: Settings, one_app: Litestar) -> AsyncIterator[House]:
    async with a_house(settings, app=one_app) as house:
        yield house


@asynccontextmanager
async def a_house(settings: Settings, *, app: Litestar | None = None) -> AsyncIterator[House]:
    """A service with an agency, one person per role and a creditor, at ten in the morning of a working day."""
    clock = FixedClock(NOW)
    parts = assemble(settings, clock=clock)
    jobs.register(parts.jobs, parts)
    app = app or create_app(settings, parts=parts)
    app.state.parts = parts
    await app.stores.get(LIMIT.store).delete_all()
    agency = an_agency()
    people = {role: a_person(agency.id, role, login=role.value, number="1") for role in Role}
    creditor = a_creditor(agency.id)
    # Not the app's own lifespan: it may not be left in another task than it was entered in, as fixtures are.
    async with parts.jobs.open_async():
        async with parts.database.transaction(Scope(agency.id, "administrator")) as session:
            session.add(agency)
            await session.flush()
            session.add_all([*people.values(), creditor])
        house = House(app, parts, clock, agency.id, creditor.id, people)
        yield house
        await house.close()
    await parts.database.close()
