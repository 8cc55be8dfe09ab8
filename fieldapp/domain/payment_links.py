"""Links by which a debtor pays on a provider's own page: what is asked for, what the provider says happened.

Knows no provider: `services.stripe_shape` speaks one's shape. No card data and no name of a debtor is in any of these
values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

KEPT_OPEN = timedelta(hours=23)
"""How long a link holds: within a provider's longest day, so that a forgotten one dies by itself."""


class LinkState(StrEnum):
    """Where a link stands. `asked` until the provider has made it."""

    ASKED = "asked"
    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


class LinkNews(StrEnum):
    """What a provider tells of a link."""

    PAID = "paid"
    WAITING = "waiting"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_LOST = "dispute_lost"
    DISPUTE_WON = "dispute_won"


@dataclass(frozen=True, slots=True)
class LinkOrder:
    """What the provider is asked to take. `title` is what the debtor reads there: the practice's number alone."""

    link_id: UUID
    title: str
    amount_cents: int
    expires_at: datetime
    return_url: str


@dataclass(frozen=True, slots=True)
class LinkMade:
    """The provider's own name of it, and the address to pay at."""

    provider_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """One piece of news. `payment_ref` is the provider's name of the payment, by which later news find it.

    `amount_cents` of a refund is all that was given back so far, so that news that come twice or late change nothing.
    """

    event_id: str
    news: LinkNews
    link_id: UUID | None
    payment_ref: str
    amount_cents: int


def after(state: LinkState, news: LinkNews) -> LinkState:
    """The link's state after `news`, in whatever order they come: what was paid stays paid."""
    if news is LinkNews.PAID:
        return LinkState.PAID
    if state is not LinkState.PAID and news in (LinkNews.FAILED, LinkNews.EXPIRED):
        return LinkState(news.value)
    return state
