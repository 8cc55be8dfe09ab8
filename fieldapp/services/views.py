"""Saved views of the desk's lists: kept under a name, shared where wanted, forgotten."""

from __future__ import annotations

from uuid import UUID

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.views import MOST, Listing, checked_name
from fieldapp.services.work import Work
from fieldapp.store import views as store
from fieldapp.store.feed import audit
from fieldapp.store.shapes.office import SavedViewRow


async def list_views(work: Work, listing: Listing) -> list[SavedViewRow]:
    """One's own views of a list, and those that colleagues share."""
    return await store.rows(work.session, listing, person_id=work.identity.person_id)


async def save(work: Work, listing: Listing, *, name: str, filters: str, shared: bool) -> list[SavedViewRow]:
    """Keep a view; one's own of the same name is replaced.

    Raises Refusal `view.name_missing`, `view.name_too_long`, `view.too_many` (details: most).
    """
    plain, me = checked_name(name), work.identity.person_id
    row = await store.named(work.session, listing, plain, person_id=me)
    if row is None:
        if await store.count(work.session, person_id=me) >= MOST:
            raise Refusal("view.too_many", kind=Kind.CONFLICT, details={"most": MOST})
        row = store.SavedView(
            id=work.new_id(),
            agency_id=work.agency_id,
            person_id=me,
            listing=listing.value,
            name=plain,
            filters=filters,
            shared=shared,
            saved_at=work.now,
        )
        work.session.add(row)
    row.filters, row.shared, row.saved_at = filters, shared, work.now
    await work.session.flush()
    audit(work.session, "view.saved", "saved_view", row.id, listing=listing.value, name=plain, shared=shared)
    return await list_views(work, listing)


async def forget(work: Work, view_id: UUID) -> list[SavedViewRow]:
    """Forget one's own view; an administrator may forget a shared one of anybody.

    Raises Refusal `view.unknown`, `view.not_yours`.
    """
    row = await store.found(work.session, view_id)
    mine = row.person_id == work.identity.person_id
    if not mine and not row.shared:
        raise Refusal("view.unknown", kind=Kind.MISSING)
    if not mine and work.identity.role is not Role.ADMINISTRATOR:
        raise Refusal("view.not_yours", kind=Kind.FORBIDDEN)
    await work.session.delete(row)
    await work.session.flush()
    audit(work.session, "view.forgotten", "saved_view", view_id, listing=row.listing, name=row.name)
    return await list_views(work, Listing(row.listing))
