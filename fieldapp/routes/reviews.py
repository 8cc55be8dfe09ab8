"""The back office's door to reviews of visit reports and to questions to their agents."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.outcomes import Met
from fieldapp.domain.review import Reason
from fieldapp.domain.visit_report import IdentifiedBy, Role
from fieldapp.services import corrections, reviews
from fieldapp.services.work import Work
from fieldapp.store.shapes.review import ReviewFile, ReviewPage


class QuestionRequest(Struct, forbid_unknown_fields=True):
    reason: Reason
    text: str


class CorrectionRequest(Struct, forbid_unknown_fields=True):
    """How a visit ended otherwise; `captured` holds choices and lines of the outcome's form."""

    outcome: str
    met: Met
    identified_by: IdentifiedBy | None
    role: Role | None
    captured: dict[str, str]
    reason: Annotated[str, Meta(max_length=1_000)]


class ShareRequest(Struct, forbid_unknown_fields=True):
    """Of a hundred reports, how many are drawn."""

    percent: int


class ReviewController(Controller):
    tags = ("office",)

    @get("/reviews", operation_id="list_reviews")
    async def list_reviews(
        self, work: NamedDependency[Work], wanted: FromQuery[reviews.Wanted] = "waiting"
    ) -> ReviewPage:
        return await reviews.list_reviews(work, wanted)

    @post("/reviews/share", operation_id="set_review_share", status_code=200)
    async def set_share(self, work: NamedDependency[Work], data: JSONBody[ShareRequest]) -> ReviewPage:
        return await reviews.set_share(work, data.percent)

    @get("/visits/{visit_id:uuid}/review", operation_id="read_review")
    async def read(self, work: NamedDependency[Work], visit_id: FromPath[UUID]) -> ReviewFile:
        return await reviews.read_review(work, visit_id)

    @post("/visits/{visit_id:uuid}/review/finish", operation_id="finish_review", status_code=200)
    async def finish(self, work: NamedDependency[Work], visit_id: FromPath[UUID]) -> ReviewFile:
        return await reviews.finish_review(work, visit_id)

    @post("/visits/{visit_id:uuid}/questions", operation_id="ask_about_visit", status_code=200)
    async def ask(
        self, work: NamedDependency[Work], visit_id: FromPath[UUID], data: JSONBody[QuestionRequest]
    ) -> ReviewFile:
        return await reviews.ask(work, visit_id, reason=data.reason, text=data.text)

    @post("/visits/{visit_id:uuid}/corrections", operation_id="correct_visit", status_code=200)
    async def correct(
        self, work: NamedDependency[Work], visit_id: FromPath[UUID], data: JSONBody[CorrectionRequest]
    ) -> ReviewFile:
        """Say that it ended otherwise; a second person confirms it."""
        return await corrections.ask(
            work,
            visit_id,
            outcome=data.outcome,
            met=data.met,
            identified_by=data.identified_by,
            role=data.role,
            captured=data.captured,
            reason=data.reason,
        )

    @post("/corrections/{correction_id:uuid}/confirm", operation_id="confirm_correction", status_code=200)
    async def confirm(self, work: NamedDependency[Work], correction_id: FromPath[UUID]) -> ReviewFile:
        return await corrections.confirm(work, correction_id)

    @post("/corrections/{correction_id:uuid}/decline", operation_id="decline_correction", status_code=200)
    async def decline(self, work: NamedDependency[Work], correction_id: FromPath[UUID]) -> ReviewFile:
        return await corrections.decline(work, correction_id)

    @post("/questions/{question_id:uuid}/withdraw", operation_id="withdraw_question", status_code=200)
    async def withdraw(self, work: NamedDependency[Work], question_id: FromPath[UUID]) -> ReviewFile:
        return await reviews.withdraw(work, question_id)
