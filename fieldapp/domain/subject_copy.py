"""A copy of what is kept of a person (art. 15 GDPR): what of a practice file is theirs to have.

Left out is what is of others (art. 15(4)): who works here, who else owes or paid, what the office means to do next and
why it voided a receipt. Documents and words that somebody wrote freely go as they are: a person reads them before.
Source: EDPB Guidelines 01/2022 on the right of access, 28 March 2023, sections 3.2 and 6.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fieldapp.domain.skills import in_order

_OF_A_VISIT = (
    "arrived_at", "left_at", "address_text", "arrived", "left", "met", "role_met", "outcome", "captured", "statement",
    "observations", "unplanned", "offline",
)  # fmt: skip
_OF_A_RECEIPT = (
    "label", "kind", "issued_at", "amount_cents", "stamp_duty_cents", "method", "state", "chosen_line", "digest",
)  # fmt: skip
_OF_A_DOCUMENT = ("name", "kind", "media_type", "size_bytes", "sha256")
_OF_A_CONTACT = ("at", "channel", "outcome", "reached")


def of_practice(
    file: Mapping[str, Any], obligor_id: str, *, addresses: frozenset[str], notes: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What of a practice file (as JSON) is the obligor's; `addresses`: those of this person, `notes`: what was written
    down for a later day.

    Of whoever owes beside the debtor it is the debt, and what is kept to find them: visits are made to the debtor.
    """
    person = next(one for one in file["obligors"] if one["id"] == obligor_id)
    of_all = {
        "practice_number": file["practice_number"],
        "creditor": {key: file["creditor"][key] for key in ("name", "vat_number")},
        "entrusted_from": file["placement_starts_on"],
        "entrusted_to": file["placement_ends_on"],
        "state": file["state"],
        "as_of": file["as_of"],
        "person": _without_ids(person),
        "addresses": [_without_ids(one) for one in file["addresses"] if one["id"] in addresses],
        "phones": [_without_ids(one) for one in file["phones"] if one["obligor_id"] == obligor_id],
        "debts": [_without_ids(one) for one in file["debt_lines"]],
        "owed_cents": file["owed_cents"],
    }
    if person["role"] != "debtor":
        return of_all
    return {
        **of_all,
        "collected_cents": file["collected_cents"],
        "flags": file["flags"],
        "skills_asked": in_order([*file["skills"], *file["skills_of_creditor"]]),
        "notes": list(notes),
        "visits": [_visit(one) for one in file["visits"]],
        "appointments": [{key: one[key] for key in ("from_at", "to_at")} for one in file["appointments"]],
        "earlier_contacts": [_some(one, _OF_A_CONTACT) for one in file["earlier_contacts"]],
        "receipts": [_some(one, _OF_A_RECEIPT) for one in file["receipts"]],
        "promises": [_without_ids(one) for one in file["promises"]],
        "repayment_plans": [_without_ids(one) for one in file["plans"]],
        "settlements": [_without_ids({key: one[key] for key in one if key != "note"}) for one in file["settlements"]],
        "limitation_interrupted": [_some(one, ("kind", "on", "reference")) for one in file["interruptions"]],
        "learned_hours": file["presence"],
        "objection_to_learned_hours": file["objection"] and {"at": file["objection"]["at"]},
        "documents": [_some(one, _OF_A_DOCUMENT) for one in documents_of(file)],
    }


def documents_of(file: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The documents of a practice and of its visits."""
    return [*file["documents"], *(one for visit in file["visits"] for one in visit["documents"])]


def _visit(visit: Mapping[str, Any]) -> dict[str, Any]:
    signature = visit["signature"]
    return {
        **_some(visit, _OF_A_VISIT),
        "signature": signature and _some(signature, ("signer", "refused", "text", "text_digest")),
        "corrections": [
            {"at": answer["answered_at"], "text": answer["text"], "changes": answer["changes"]}
            for question in visit["questions"]
            for answer in question["answers"]
        ],
        "outcome_corrections": [
            {"at": one["said_at"], **_some(one, ("reason", "before", "after"))}
            for one in visit["corrections"]
            if one["state"] == "holds"
        ],
        "documents": [_some(one, _OF_A_DOCUMENT) for one in visit["documents"]],
    }


def _some(value: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] for name in names}


def _without_ids(value: Mapping[str, Any]) -> dict[str, Any]:
    """Our own keys say nothing to anybody else."""
    return {name: inner for name, inner in value.items() if name != "id" and not name.endswith("_id")}
