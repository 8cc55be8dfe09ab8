"""The only place that knows HTTP statuses: refusals and faults as problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from pydantic import ValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.said import say
from fieldapp.services.work import Parts

STATUS = {
    Kind.INCOMPLETE: 400,
    Kind.MALFORMED: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.RULE: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.OUTDATED: 426,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
SOON = {"retry-after": "5"}
"""With every 503: when to ask again, in seconds."""
_BY_STATUS = {
    401: "access.sign_in_needed",
    403: "access.forbidden",
    404: "request.nothing_here",
    405: "request.wrong_method",
    413: "request.too_large",
    429: "request.too_many",
}
CONSTRAINTS = {
    "payment_pkey": "counter.payment_differs",
    "creditor_name_once": "creditor.name_taken",
    "export_plan_name_once": "export.name_taken",
    "practice_number_once": "practice.number_taken",
    "receipt_number_once": "receipt.number_used",
    "receipt_chain_unforked": "receipt.chain_forked",
    "entry_once": "ledger.entry_repeated",
    "entry_reversed_once": "ledger.reversed_before",
    "deposit_slip_numbered_once": "cash.counted_meanwhile",
    "receipt_voided_once": "receipt.voided_before",
    "pad_form_once": "pad.taken_meanwhile",
    "paper_pad_once": "pad.registered_meanwhile",
    "entry_balances": "ledger.entry_unbalanced",
    "append_only": "ledger.append_only",
    "commission_closing_once": "commission.closed_meanwhile",
    "creditor_terms_once": "terms.set_meanwhile",
    "published_day_once": "plan.published_meanwhile",
}
"""Database constraints that a request can run into, and how they are said."""

log = logging.getLogger("fieldapp")


class Problem(msgspec.Struct, frozen=True):
    type: str
    title: str
    status: int
    code: str
    detail: str
    details: dict[str, Any]


def offset_headers(offset: int, *, whole: bool) -> dict[str, str]:
    """How far an upload in parts is, as the IETF's draft says it."""
    return {"upload-offset": str(offset), "upload-complete": "?1" if whole else "?0", "cache-control": "no-store"}


def language_of(request: Request[Any, Any, Any]) -> str:
    """The language that the caller prefers, by its two letters."""
    return request.headers.get("accept-language", "it")[:2].lower()


def problem(
    request: Request[Any, Any, Any],
    code: str,
    status: int,
    details: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> Response[Problem]:
    """The answer for `code`, its words in the language that the caller prefers."""
    parts: Parts = request.app.state.parts
    words = say(parts.words, code, details, language_of(request))
    body = Problem(type=f"urn:fieldapp:{code}", title=code, status=status, code=code, detail=words, details=details)
    return Response(body, status_code=status, media_type="application/problem+json", headers=headers)


def refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Problem]:
    minutes = refusal.details.get("minutes") if refusal.kind is Kind.TOO_MANY else None
    headers = {"retry-after": str(60 * minutes)} if isinstance(minutes, int) else None
    headers = SOON if refusal.kind is Kind.UNAVAILABLE else headers
    if refusal.code == "attachment.offset_differs":
        headers = offset_headers(refusal.details["offset"], whole=False)
    return problem(request, refusal.code, STATUS[refusal.kind], refusal.details, headers)


def malformed(request: Request[Any, Any, Any], broken: Exception) -> Response[Problem]:
    """A body or parameter that does not fit the contract; says where, never echoes values."""
    places: list[str] = []
    if isinstance(broken, ValidationException) and isinstance(broken.extra, list):
        places = [f"{item.get('key', '')}: {item.get('message', '')}" for item in broken.extra]
    elif isinstance(broken, ValidationError):
        places = [".".join(map(str, item["loc"])) for item in broken.errors()]
    elif isinstance(broken, msgspec.ValidationError):
        places = [str(broken)]
    return problem(request, "request.malformed", 422, {"places": places})


def http_refused(request: Request[Any, Any, Any], broken: HTTPException) -> Response[Problem]:
    status = broken.status_code
    if status == 400:
        return malformed(request, broken)
    return problem(request, _BY_STATUS.get(status, "request.not_taken"), status, {})


def constraint_refused(request: Request[Any, Any, Any], broken: IntegrityError) -> Response[Problem]:
    name = getattr(getattr(broken.orig, "diag", None), "constraint_name", None)
    code = CONSTRAINTS.get(name or "")
    if code is None:
        return fault(request, broken)
    return problem(request, code, 409, {})


def not_storable(request: Request[Any, Any, Any], broken: DataError) -> Response[Problem]:
    """A value that no column holds: a NUL in a text, a number without end."""
    log.warning("what cannot be stored came to %s: %s", request.url.path, broken.orig)
    return problem(request, "request.malformed", 422, {"places": []})


def beyond_the_calendar(request: Request[Any, Any, Any], broken: OverflowError) -> Response[Problem]:
    """A day so late or early that there is none after or before it."""
    log.warning("what cannot be reckoned with came to %s", request.url.path, exc_info=broken)
    return problem(request, "request.malformed", 422, {"places": []})


def busy(request: Request[Any, Any, Any], broken: Exception) -> Response[Problem]:
    """No connection was free in time: better told than waited for."""
    log.warning("no connection was free at %s: %s", request.url.path, broken)
    return problem(request, "service.busy", STATUS[Kind.UNAVAILABLE], {}, SOON)


def database_away(request: Request[Any, Any, Any], broken: Exception) -> Response[Problem]:
    """The database does not answer, or ended the transaction: what was sent is not stored and may come again."""
    log.error("the database is away at %s: %s", request.url.path, broken)
    return problem(request, "service.database_away", STATUS[Kind.UNAVAILABLE], {}, SOON)


def fault(request: Request[Any, Any, Any], broken: Exception) -> Response[Problem]:
    """Our own mistake: logged with its trace, told without it."""
    log.error("fault at %s %s", request.method, request.url.path, exc_info=broken)
    return problem(request, "service.fault", 500, {})


HANDLERS: Any = {
    Refusal: refused,
    ValidationException: malformed,
    ValidationError: malformed,
    msgspec.ValidationError: malformed,
    HTTPException: http_refused,
    IntegrityError: constraint_refused,
    DataError: not_storable,
    OverflowError: beyond_the_calendar,
    PoolTimeout: busy,
    OperationalError: database_away,
    Exception: fault,
}
