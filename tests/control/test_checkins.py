"""What vehicles hold and were sent outlives the process, and two processes do not undo each other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from kaido.control.answers import RESEND_S, Answers
from kaido.control.checkins import LONGEST_ID, MOST_IDS, Checkins
from kaido.control.plan import Wanted
from kaido.flow import DownKind

if TYPE_CHECKING:
    from kaido.store import Store

WANTED = Wanted("m@2", b"manifest", frozenset({"a@1"}), b"schemes")


@pytest.fixture
def checkins(store: Store) -> Checkins:
    return Checkins(store)


def test_after_a_restart_nothing_is_sent_again(checkins: Checkins) -> None:
    now, before = time.time(), Answers()
    before.checkin("acme", "holds", ["m@2", "a@1"], now)
    before.checkin("acme", "lacks", [], now)
    for name in ("holds", "lacks"):
        before.missing("acme", name, WANTED, now)
    checkins.save(before.changed(10))
    assert before.changed(10) == []
    after = Answers()
    after.restore(checkins.load())
    assert sorted(after.seen(now)) == [("acme", "holds"), ("acme", "lacks")]
    assert after.missing("acme", "holds", WANTED, now + 1) == []
    assert after.missing("acme", "lacks", WANTED, now + 1) == []
    again = after.missing("acme", "lacks", WANTED, now + RESEND_S + 1)
    assert [one.kind for one in again] == [DownKind.DECODER_MANIFEST, DownKind.COLLECTION_SCHEMES]
    kept = checkins.of("acme")["lacks"].sent[DownKind.DECODER_MANIFEST]
    assert (kept.id, kept.times) == ("m@2", 1)


def test_the_newest_checkin_counts_whoever_writes_it(checkins: Checkins) -> None:
    first, second = Answers(), Answers()
    first.checkin("acme", "car", ["old"], 100.0)
    second.checkin("acme", "car", ["new"], 200.0)
    checkins.save(second.changed(10))
    checkins.save(first.changed(10))
    assert checkins.of("acme")["car"].held == {"new"}
    first.restore(checkins.load())
    assert first.seen(200.0) == [("acme", "car")]


def test_a_vehicle_that_says_much_does_not_fill_the_database(checkins: Checkins) -> None:
    answers = Answers()
    answers.checkin("acme", "car", [f"{number}" + "x" * 5_000 for number in range(900)], 100.0)
    checkins.save(answers.changed(10))
    held = checkins.of("acme")["car"].held
    assert len(held) <= MOST_IDS
    assert max(map(len, held)) == LONGEST_ID


def test_what_could_not_be_kept_is_given_out_again() -> None:
    answers = Answers()
    for number in range(5):
        answers.checkin("acme", f"car-{number}", [], 100.0)
    some = answers.changed(3)
    assert [key[1] for key, _ in some] == ["car-0", "car-1", "car-2"]
    answers.not_kept(key for key, _ in some)
    assert len(answers.changed(10)) == 5
