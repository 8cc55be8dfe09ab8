"""The copy of a person's data as a paper that anybody can read (typst, PDF/A)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import typst

from fieldapp.documents.creditor_account import Language, money_text

_FOLDER = resources.files("fieldapp.documents")
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class From:
    """Who gives the copy, when."""

    agency: str
    agency_address: str
    licence: str
    made_at: datetime


def subject_pdf(
    practices: Sequence[Mapping[str, Any]],
    head: From,
    *,
    zone: ZoneInfo,
    labels: Mapping[str, str],
    language: Language,
) -> bytes:
    """A4. `practices` as `domain.subject_copy.of_practice` makes them, each with `told`; `labels`: the app's words."""
    words = _words(language)
    setting = _Setting(words, labels, zone, language)
    data = {
        "words": words,
        "lang": language,
        "agency": head.agency,
        "address": head.agency_address,
        "licence": head.licence,
        "person": practices[0]["person"]["name"],
        "made_at": words["made_at"].format(at=f"{head.made_at.astimezone(zone):%d/%m/%Y %H:%M}"),
        "practices": [setting.practice(one) for one in practices],
    }
    text, made_at = json.dumps(data, ensure_ascii=False), head.made_at.astimezone(UTC).replace(microsecond=0)
    try:
        return _set(text, made_at)
    except typst.TypstError as problem:
        if "could not be displayed" not in problem.message:
            raise
        # One sign that no font of ours has keeps nobody from their data; it stands in the file beside.
        return _set("".join(sign if _is_plain(sign) else "?" for sign in text), made_at)


def _set(text: str, made_at: datetime) -> bytes:
    compiler = typst.Compiler((_FOLDER / "templates" / "subject_copy.typ").read_bytes(), font_paths=_FONTS)
    made = compiler.compile(format="pdf", sys_inputs={"copy": text}, pdf_standards="a-2u", timestamp=made_at)
    assert isinstance(made, bytes)
    return made


def _is_plain(sign: str) -> bool:
    """European letters and the usual marks."""
    return ord(sign) < 0x250 or sign in "–—‘’‚“”„…€•"


@lru_cache
def _words(language: Language) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((_FOLDER / "words" / f"subject_copy.{language}.json").read_text(encoding="utf-8"))
    return read


@dataclass(frozen=True, slots=True)
class _Setting:
    words: Mapping[str, Any]
    labels: Mapping[str, str]
    zone: ZoneInfo
    language: Language

    def practice(self, one: Mapping[str, Any]) -> dict[str, Any]:
        words, person = self.words, one["person"]
        sections = [
            self._section("person", ("name", "code", "role"), [self._person(person)]),
            self._section("addresses", ("address", "source", "notes"), map(self._address, one["addresses"])),
            self._section("phones", ("phone", "source"), ((p["number"], self._source(p)) for p in one["phones"])),
            self._section("debts", ("debt", "due_on", "principal", "interest", "costs"), map(self._debt, one["debts"])),
            self._section("visits", ("at", "address", "met", "outcome", "said"), map(self._visit, _of(one, "visits"))),
            self._section("contacts", ("at", "channel", "outcome"), map(self._contact, _of(one, "earlier_contacts"))),
            self._section(
                "receipts", ("receipt", "at", "method", "amount", "state"), map(self._receipt, _of(one, "receipts"))
            ),
            self._section("flags", ("flag",), ((self._label("flag", str(flag)),) for flag in _of(one, "flags"))),
            self._section("skills", ("skill",), ((self._label("skill", str(s)),) for s in _of(one, "skills_asked"))),
            self._section(
                "notes_of", ("at", "text"), ((self._at(n["written_at"]), n["text"]) for n in _of(one, "notes"))
            ),
            self._section("promises", ("due_on", "amount", "state"), map(self._promise, _of(one, "promises"))),
            self._section("plans", ("signed", "total", "paid", "state"), map(self._plan, _of(one, "repayment_plans"))),
            self._hours(one),
            self._section("documents", ("document", "kind"), map(self._document, _of(one, "documents"))),
            self._section("told", ("what", "at", "to", "way"), map(self._told, one["told"])),
        ]
        dates = {"from_on": self._day(one["entrusted_from"]), "to_on": self._day(one["entrusted_to"])}
        return {
            "title": words["practice"].format(number=one["practice_number"]),
            "subtitle": words["entrusted"].format(creditor=one["creditor"]["name"], **dates),
            "sections": [section for section in sections if section["rows"]],
        }

    def _section(self, title: str, columns: Sequence[str], rows: Iterable[Row]) -> dict[str, Any]:
        return {
            "title": self.words[title],
            "columns": [self.words[column] for column in columns],
            "rows": [list(row) for row in rows],
        }

    def _person(self, person: Mapping[str, Any]) -> Row:
        code = person["tax_code"] or person["vat_number"] or ""
        return person["name"], code, self.words[f"role_{person['role']}"]

    def _address(self, address: Mapping[str, Any]) -> Row:
        return address["text"], self._source(address), address["access_notes"]

    def _debt(self, line: Mapping[str, Any]) -> Row:
        sums = (self._money(line[name]) for name in ("principal_cents", "interest_cents", "costs_cents"))
        return line["title"], self._day(line["due_on"]), *sums

    def _visit(self, visit: Mapping[str, Any]) -> Row:
        return (
            self._at(visit["arrived_at"]),
            visit["address_text"],
            self.words[f"met_{visit['met']}"],
            self._label("outcome", visit["outcome"]),
            ". ".join(filter(None, [visit["statement"], *map(self._seen, visit["observations"])])),
        )

    def _seen(self, observation: str) -> str:
        return self._label("visit.observation", observation)

    def _contact(self, contact: Mapping[str, Any]) -> Row:
        channel = self.words[f"channel_{contact['channel']}"]
        return self._at(contact["at"]), channel, self._label("outcome", contact["outcome"])

    def _receipt(self, receipt: Mapping[str, Any]) -> Row:
        return (
            receipt["label"],
            self._at(receipt["issued_at"]),
            self._label("method", receipt["method"]),
            self._money(receipt["amount_cents"]),
            self.words[f"state_{receipt['state']}"],
        )

    def _promise(self, promise: Mapping[str, Any]) -> Row:
        state = self._label("promise_state", promise["state"])
        return self._day(promise["due_on"]), self._money(promise["amount_cents"]), state

    def _plan(self, plan: Mapping[str, Any]) -> Row:
        sums = self._money(plan["total_cents"]), self._money(plan["paid_cents"])
        return self._at(plan["agreed_at"]), *sums, self._label("agreed.plan", plan["state"])

    def _hours(self, one: Mapping[str, Any]) -> dict[str, Any]:
        words = self.words
        rows: list[Row] = [
            (
                f"{words['weekend' if hour['weekend'] else 'week']} {hour['from_h']}-{hour['to_h']}",
                f"{hour['home_pct']} %",
                words["tries"].format(met=hour["met"], tried=hour["tried"]),
            )
            for hour in _of(one, "learned_hours")
        ]
        if one.get("objection_to_learned_hours"):
            rows = [(words["objected"].format(at=self._at(one["objection_to_learned_hours"]["at"])), "", "")]
        return self._section("hours", ("band", "share", "rests_on"), rows)

    def _document(self, document: Mapping[str, Any]) -> Row:
        return document["name"], self._label("document", document["kind"])

    def _told(self, told: Mapping[str, Any]) -> Row:
        at = self._at(told["told_at"]) if told["told_at"] else ""
        way = str(self.words.get(f"way_{told['way']}", told["way"]))
        return self._label("fact", told["fact_kind"]), at, told["to"], way

    def _source(self, of: Mapping[str, Any]) -> str:
        kind, _, which = of["source"].partition(":")
        return self.labels.get(f"source.{kind}", str(of["source"])).replace("{which}", which)

    def _label(self, family: str, name: str) -> str:
        return self.labels.get(f"{family}.{name}", name)

    def _money(self, cents: int) -> str:
        return f"{money_text(cents, self.language)} €"

    def _at(self, text: str) -> str:
        return f"{datetime.fromisoformat(text).astimezone(self.zone):%d/%m/%Y %H:%M}"

    def _day(self, text: str) -> str:
        return f"{date.fromisoformat(text):%d/%m/%Y}"


def _of(one: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = one.get(name) or ()
    return found
