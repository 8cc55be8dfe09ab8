"""Contacts over all channels weigh together, by the Italian day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.contacts import Channel, Contact, Tally, calls_to_cancel, conversations, visits

TODAY = date(2026, 11, 26)
SINCE = date(2026, 10, 1)


def talked(on: date, channel: Channel = Channel.CALL) -> Contact:
    return Contact(on, channel, reached=True)


def test_conversations_over_all_channels_are_counted_together() -> None:
    ledger = [talked(TODAY), talked(TODAY, Channel.VISIT), talked(TODAY - timedelta(days=6), Channel.MESSAGE)]

    assert conversations(ledger, on=TODAY, since=SINCE) == Tally(day=2, week=3, placement=3)


def test_a_contact_that_does_not_count_is_left_out() -> None:
    ledger = [Contact(TODAY, Channel.CALL, reached=True, counts=False)]

    assert conversations(ledger, on=TODAY, since=SINCE) == Tally()


def test_visits_weigh_whoever_was_met() -> None:
    ledger = [Contact(TODAY, Channel.VISIT, reached=False), talked(TODAY)]

    assert visits(ledger, on=TODAY, since=SINCE) == Tally(day=1, week=1, placement=1)


def test_a_contact_just_before_midnight_belongs_to_the_italian_day() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)

    assert Contact.at(late, channel=Channel.CALL, reached=True).on == TODAY


def test_a_visit_that_reached_the_debtor_cancels_the_calls_of_the_day() -> None:
    planned = [
        Contact(TODAY, Channel.CALL, reached=False),
        Contact(TODAY, Channel.LETTER, reached=False),
        Contact(TODAY + timedelta(days=1), Channel.CALL, reached=False),
    ]

    cancelled = calls_to_cancel(planned, visit=talked(TODAY, Channel.VISIT))

    assert cancelled == (planned[0],)
    assert calls_to_cancel(planned, visit=Contact(TODAY, Channel.VISIT, reached=False)) == ()


contacts = st.builds(
    Contact,
    on=st.dates(date(2026, 9, 1), date(2026, 12, 31)),
    channel=st.sampled_from(Channel),
    reached=st.booleans(),
    counts=st.booleans(),
)


@given(st.lists(contacts, max_size=30), contacts)
def test_one_more_contact_never_lowers_a_tally(ledger: list[Contact], more: Contact) -> None:
    before = conversations(ledger, on=TODAY, since=SINCE)
    after = conversations([*ledger, more], on=TODAY, since=SINCE)

    assert after.day >= before.day
    assert after.week >= before.week
    assert after.week >= after.day
    assert after.placement >= before.placement


@given(st.lists(contacts, max_size=30), st.integers(-60, 40), st.integers(-60, 40))
def test_a_tally_is_what_counting_each_contact_gives(ledger: list[Contact], day: int, began: int) -> None:
    on, since = TODAY + timedelta(days=day), TODAY + timedelta(days=began)
    weighed = [made.on for made in ledger if made.channel is Channel.VISIT and made.counts and made.on <= on]

    assert visits(ledger, on=on, since=since) == Tally(
        day=sum(made == on for made in weighed),
        week=sum((on - made).days < 7 for made in weighed),
        placement=sum(made >= since for made in weighed),
    )
