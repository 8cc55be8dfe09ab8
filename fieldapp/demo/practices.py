"""Invented practices: who owes what, where they live, how the creditor's file spells it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from random import Random

from fieldapp.demo.names import STREETS_NOWHERE
from fieldapp.demo.people import Party, invent_firm, invent_landline, invent_mobile, invent_person
from fieldapp.demo.province import PROVINCE, WRONG_CAPS, Town
from fieldapp.demo.town_plan import Door, Street, TownPlan

PHASES = (("Seconda lettera", 62), ("Esazione domiciliare", 25), ("Contatto telefonico", 8), ("Prima lettera", 5))
LEAST_CENTS, MOST_CENTS = 8_000, 900_000
WRONG_SHARE = 0.05
DEFECTS = ("street_unknown", "number_missing", "number_unknown", "street_garbled_and_cap_wrong")


@dataclass(frozen=True, slots=True)
class DebtLine:
    """One debt; principal, interest and costs sum to the total, in cents."""

    title: str
    kind: str
    due_on: date
    principal_cents: int
    interest_cents: int
    costs_cents: int

    @property
    def total_cents(self) -> int:
        """What is owed on this line."""
        return self.principal_cents + self.interest_cents + self.costs_cents


@dataclass(frozen=True, slots=True)
class WrittenAddress:
    """The address as the creditor's file spells it; `defect` names what is deliberately wrong, or is empty."""

    street: str
    cap: str
    comune: str
    province: str
    defect: str = ""


@dataclass(frozen=True, slots=True)
class DemoPractice:
    """One practice; `town`, `street_name` and `door` say where the debtor truly lives."""

    number: str
    debtor: Party
    obligors: tuple[tuple[Party, str], ...]
    town: Town
    street_name: str
    door: Door
    written: WrittenAddress
    phones: tuple[str, ...]
    lines: tuple[DebtLine, ...]
    starts_on: date
    ends_on: date
    case_owner: str
    phase: str
    recalled: bool

    @property
    def total_cents(self) -> int:
        """The sum of the debt lines."""
        return sum(line.total_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a creditor's practices have in common."""

    prefix: str
    kinds: tuple[str, ...]
    median_cents: int
    case_owners: tuple[str, ...]
    several_rows: bool


class PracticeMaker:
    """Makes practices one after the other, each with numbers of its own, from one random source."""

    def __init__(self, random: Random, plans: tuple[TownPlan, ...], *, today: date) -> None:
        self._random = random
        self._plans = plans
        self._weights = [plan.town.population for plan in plans]
        self._towns = tuple(plan.town for plan in plans)
        self._today = today
        self._made = 0

    def make(self, terms: Terms) -> DemoPractice:
        """The next practice of a creditor."""
        random = self._random
        self._made += 1
        plan = random.choices(self._plans, self._weights)[0]
        street = random.choice(plan.streets)
        door = random.choice(street.doors)
        firm = random.random() < 0.06
        debtor = invent_firm(random, sequence=self._made) if firm else self._person()
        starts_on = self._today - timedelta(days=random.randint(5, 40))
        term = 60 if self._today - starts_on > timedelta(days=24) else random.choice((30, 60))
        lines = self._lines(terms)
        return DemoPractice(
            number=f"{terms.prefix}{self._made:06d}",
            debtor=debtor,
            obligors=self._obligors(debtor, most=len(lines)),
            town=plan.town,
            street_name=street.name,
            door=door,
            written=self._written(plan, street, door),
            phones=self._phones(),
            lines=lines,
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=term),
            case_owner=random.choice(terms.case_owners),
            phase=random.choices([name for name, _ in PHASES], [weight for _, weight in PHASES])[0],
            recalled=random.random() < 0.01,
        )

    def _person(self, surname: str = "") -> Party:
        return invent_person(self._random, birthplaces=self._towns, today=self._today, surname=surname)

    def _obligors(self, debtor: Party, *, most: int) -> tuple[tuple[Party, str], ...]:
        if debtor.is_firm:
            return ((self._person(), "Legale rappresentante"),)
        if self._random.random() >= 0.14:
            return ()
        surname = debtor.name.split()[0] if self._random.random() < 0.6 else ""
        first = (self._person(surname), self._random.choice(("Coobbligato", "Garante")))
        more = most > 1 and self._random.random() < 0.3
        return (first, (self._person(), "Garante")) if more else (first,)

    def _phones(self) -> tuple[str, ...]:
        chance = self._random.random()
        mobile, landline = invent_mobile(self._made), invent_landline(self._made)
        if chance < 0.08:
            return ()
        return (mobile, landline) if chance < 0.3 else (mobile,) if chance < 0.85 else (landline,)

    def _lines(self, terms: Terms) -> tuple[DebtLine, ...]:
        random = self._random
        whole = round(random.lognormvariate(log(terms.median_cents), 0.8))
        whole = min(max(whole, LEAST_CENTS), MOST_CENTS)
        count = random.choice((2, 2, 3)) if terms.several_rows and random.random() < 0.3 and whole > 30_000 else 1
        kind = random.choice(terms.kinds)
        parts = [whole // count] * (count - 1)
        return tuple(self._line(kind, each) for each in [*parts, whole - sum(parts)])

    def _line(self, kind: str, total_cents: int) -> DebtLine:
        random = self._random
        # A few utility bills are older than the two years after which they are time-barred.
        age_days = random.randint(760, 900) if random.random() < 0.01 else random.randint(95, 420)
        due_on = self._today - timedelta(days=age_days)
        interest = round(total_cents * random.uniform(0.01, 0.09))
        costs = min(random.choice((0, 0, 1_200, 1_850, 2_500, 4_000)), total_cents // 10)
        return DebtLine(
            title=f"{kind} n. {random.randrange(10_000, 99_999)}/{due_on.year}",
            kind=kind,
            due_on=due_on,
            principal_cents=total_cents - interest - costs,
            interest_cents=interest,
            costs_cents=costs,
        )

    def _written(self, plan: TownPlan, street: Street, door: Door) -> WrittenAddress:
        town, random = plan.town, self._random
        if random.random() < WRONG_SHARE:
            return self._wrong(plan, street, door)
        line = f"{_spell(street.name, random)}{random.choice((' ', ', ', ' n. '))}{_spell_door(door, random)}"
        return WrittenAddress(line, town.cap, random.choice((town.name, town.name.upper())), PROVINCE)

    def _wrong(self, plan: TownPlan, street: Street, door: Door) -> WrittenAddress:
        random, town = self._random, plan.town
        defect, cap = random.choice(DEFECTS), town.cap
        if defect == "street_unknown":
            line = f"{random.choice(STREETS_NOWHERE)} {door.text}"
        elif defect == "number_missing":
            line = street.name.title()
        elif defect == "number_unknown":
            line = f"{street.name.title()} {max(d.number for d in street.doors) + random.randint(40, 240)}"
        else:
            line = f"{_garble(random.choice(STREETS_NOWHERE), random)} {door.text}"
            cap = random.choice(WRONG_CAPS)
        return WrittenAddress(line, cap, town.name, PROVINCE, defect)


_SHORT = {"VIA": "V.", "VIALE": "V.le", "PIAZZA": "P.zza", "CORSO": "C.so", "VICOLO": "Vic.", "LARGO": "L.go",
          "CASCINA": "C.na"}  # fmt: skip


def _spell(name: str, random: Random) -> str:
    """A street as clerks type it: capitals, title case, a short type; always findable."""
    kind, _, rest = name.partition(" ")
    chance = random.random()
    if chance < 0.25:
        return f"{_SHORT.get(kind, kind.title())} {rest.title()}"
    if chance < 0.4:
        return name.replace("SANT'", "S. ").replace("SANTA ", "S. ").replace("SANTO ", "S. ").replace(" SAN ", " S. ")
    return name if chance < 0.6 else f"{kind.title()} {rest.title()}"


def _spell_door(door: Door, random: Random) -> str:
    return f"{door.number}{random.choice(('/', ' ', ''))}{door.suffix}" if door.suffix else str(door.number)


def _garble(name: str, random: Random) -> str:
    """Two letters swapped and one lost in the last word, as when a name was heard on the phone."""
    *ahead, last = name.split()
    at = random.randrange(len(last) - 2)
    swapped = last[:at] + last[at + 1] + last[at] + last[at + 2 :]
    lost = random.randrange(len(swapped))
    return " ".join([*ahead, swapped[:lost] + swapped[lost + 1 :]])
