"""How many attempts are left: a count, in bounded memory, on a clock of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.api import attempts
from kaido.api.attempts import Attempts, Bucket, Rate, network
from kaido.errors import TooManyError

STEPS = st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.floats(0, 40)), max_size=80)


@given(steps=STEPS)
def test_no_more_than_the_burst_and_one_every_so_often(steps: list[tuple[str, bool, float]]) -> None:
    now = 0.0
    bucket = Bucket(Rate(3, 10.0), lambda: now)
    failed: dict[str, list[float]] = {"a": [], "b": []}
    for key, succeeds, pause in steps:
        now += pause
        wait_s = bucket.wait_s(key)
        if wait_s == 0:
            bucket.take(key)
            if succeeds:
                bucket.give_back(key)
            else:
                failed[key].append(now)
        else:
            now += wait_s + 1e-6
            assert bucket.wait_s(key) == 0, "who waits as long as was said may try"
    for moments in failed.values():
        for at, first in enumerate(moments):
            for many, last in enumerate(moments[at:], 1):
                assert many <= 3 + (last - first) / 10.0 + 1e-3


def test_memory_is_bounded_and_who_tries_now_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_KNOWN", 50)
    bucket = Bucket(Rate(2, 10.0), lambda: 0.0)
    for number in range(1_000):
        bucket.take(f"name-{number}")
        if number % 40 == 0 and bucket.wait_s("hanako") == 0:
            bucket.take("hanako")
            bucket.take("hanako")
        if number % 40 == 39:
            assert bucket.wait_s("hanako") > 0
            bucket.take("hanako")
    assert len(bucket._spent) <= 50


def test_one_subscriber_is_one_address() -> None:
    assert network("2001:db8:1:2:3::4") == network("2001:db8:1:2:ffff::1")
    assert network("2001:db8:1:3::4") != network("2001:db8:1:2::4")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") == "192.0.2.1"
    assert network("testclient") == "testclient"
    known = Attempts()
    for number in range(attempts.AN_ADDRESS.burst):
        known.take(f"name-{number}", f"2001:db8::{number:x}")
    with pytest.raises(TooManyError) as refused:
        known.take("another", "2001:db8::ffff")
    assert 0 < refused.value.retry_after_s <= attempts.AN_ADDRESS.every_s
    known.take("another", "2001:db8:0:1::1")
