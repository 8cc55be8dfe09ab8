"""Webhooks: which addresses are never called, how long we insist, when an endpoint rests, how a message is signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook

from fieldapp.domain.webhooks import (
    MOST_TRIES,
    RETRY_AFTER_S,
    Failure,
    delivery_id_of,
    judge_status,
    may_call,
    next_try,
    rest_until,
    sign,
    weighs_on_endpoint,
)

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "::1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # the metadata of many clouds
        "fe80::1",
        "fd00::1",
        "100.64.0.1",  # carriers' shared addresses
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "240.0.0.1",
        "::ffff:10.0.0.1",  # IPv4 in IPv6
        "::ffff:169.254.169.254",
        "2002:0a00:0001::1",  # 6to4 of 10.0.0.1
        "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
    ],
)
def test_an_address_that_is_not_on_the_internet_is_never_called(address: str) -> None:
    assert not may_call(ip_address(address), to_loopback=False)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101"])
def test_an_address_on_the_internet_may_be_called(address: str) -> None:
    assert may_call(ip_address(address), to_loopback=False)


def test_the_setting_for_tests_opens_loopback_and_nothing_else() -> None:
    assert may_call(ip_address("127.0.0.1"), to_loopback=True)
    assert may_call(ip_address("::ffff:127.0.0.1"), to_loopback=True)
    assert not may_call(ip_address("10.0.0.1"), to_loopback=True)
    assert not may_call(ip_address("169.254.169.254"), to_loopback=True)


def test_we_insist_for_three_days_at_growing_distances_and_then_stop() -> None:
    delivery = uuid4()

    waits = [next_try(NOW, delivery, tries=tries, asked_s=None) for tries in range(1, MOST_TRIES)]

    assert all(found is not None for found in waits)
    assert waits == sorted(waits, key=lambda found: found or NOW)
    assert timedelta(days=3) < timedelta(seconds=sum(RETRY_AFTER_S)) < timedelta(days=4)
    assert next_try(NOW, delivery, tries=MOST_TRIES, asked_s=None) is None


def test_repeats_of_what_failed_together_are_spread() -> None:
    times = {next_try(NOW, uuid4(), tries=4, asked_s=None) for _ in range(50)}

    assert len(times) > 30
    assert {time for time in times if time and not 1_600 < (time - NOW).total_seconds() < 2_000} == set()


def test_an_endpoint_may_put_us_off_for_an_hour_and_no_longer() -> None:
    asked = judge_status(429, "86400").asked_s

    again = next_try(NOW, UUID(int=0), tries=1, asked_s=asked)

    assert again == NOW + timedelta(hours=1)
    assert judge_status(503, "Thu, 26 Nov 2026 10:00:00 GMT").asked_s is None


def test_an_endpoint_that_fails_as_a_whole_rests_and_never_for_long() -> None:
    assert rest_until(NOW, 4) is None
    assert rest_until(NOW, 5) == NOW + timedelta(seconds=30)
    assert rest_until(NOW, 5_000) == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("status", "failure", "weighs"),
    [
        (200, None, False),
        (204, None, False),
        (301, Failure.REDIRECT, True),
        (400, Failure.STATUS, False),
        (410, Failure.GONE, False),
        (429, Failure.STATUS, True),
        (500, Failure.STATUS, True),
    ],
)
def test_what_a_status_says(status: int, failure: Failure | None, weighs: bool) -> None:
    answer = judge_status(status, None)

    assert (answer.failure, weighs_on_endpoint(answer)) == (failure, weighs)


def test_a_fact_has_one_id_for_each_subscription_for_ever() -> None:
    webhook, fact = uuid4(), uuid4()

    assert delivery_id_of(webhook, fact) == delivery_id_of(webhook, fact)
    assert delivery_id_of(webhook, fact) != delivery_id_of(uuid4(), fact)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    secret, sent_at, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime.now(UTC), '{"kind":"più"}'

    ours = sign(secret, f"msg_1.{int(sent_at.timestamp())}.{body}".encode())

    assert ours == Webhook(secret).sign("msg_1", sent_at, body)
