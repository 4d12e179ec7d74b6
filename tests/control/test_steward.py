"""What happens to campaigns by themselves, and that two processes which look at once do it once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from kaido.control import Action, By, Campaigns, History, State
from kaido.control.steward import Steward
from kaido.control.usage import Usage, Used
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings
    from kaido.store import Store

SPEED: dict[str, Any] = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s"}
WAVES = [{"percent": 1, "lasts": "1h"}, {"percent": 10}, {"percent": 100}]


@pytest.fixture
def stewards(store: Store, settings: Settings) -> list[Steward]:
    return [Steward(store, settings), Steward(store, settings)]


def look(stewards: list[Steward], now: datetime) -> int:
    return sum(one.look(now) for one in stewards)


def changes(store: Store) -> list[tuple[Action, str, str]]:
    return [(one.what, one.who, one.why) for _, one in History(store).changes("acme", "speed")]


def test_a_wave_follows_when_the_one_before_has_lasted(
    store: Store, campaigns: Campaigns, stewards: list[Steward]
) -> None:
    campaigns.create("acme", SPEED | {"rollout": {"waves": WAVES}})
    now = clock.now()
    assert look(stewards, now + timedelta(minutes=59)) == 0
    look(stewards, now + timedelta(minutes=61))
    assert campaigns.get("acme", "speed").wave == 1
    look(stewards, now + timedelta(days=9))
    assert campaigns.get("acme", "speed").wave == 1, "the second wave ends by hand"
    assert changes(store)[0] == (Action.ADVANCED, "kaido", "wave 1 of 3 has lasted its time")
    assert len(changes(store)) == 2


def test_a_wave_s_time_begins_with_the_campaign_and_anew_with_a_resume(
    campaigns: Campaigns, stewards: list[Steward], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    start = clock.iso(now + timedelta(hours=2))
    campaigns.create("acme", SPEED | {"rollout": {"waves": WAVES}, "start": start})
    look(stewards, now + timedelta(hours=1, minutes=30))
    assert campaigns.get("acme", "speed").wave == 0
    campaigns.suspend("acme", "speed")
    look(stewards, now + timedelta(hours=4))
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=4))
    assert campaigns.resume("acme", "speed").wave == 0
    look(stewards, now + timedelta(hours=4, minutes=30))
    assert campaigns.get("acme", "speed").wave == 0
    look(stewards, now + timedelta(hours=5, minutes=1))
    assert campaigns.get("acme", "speed").wave == 1


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"bytes": "1kB"}, "car-1 sent 1500 bytes in the hour from 2026-05-01T10:00Z, the limit is 1000"),
        ({"events": 2, "per": "day"}, "car-1 sent 3 events in the day from 2026-05-01T00:00Z, the limit is 2"),
        (
            {"quarantined": 1},
            "car-1 sent 2 payloads that cannot be read in the hour from 2026-05-01T10:00Z, the limit is 1",
        ),
    ],
)
def test_a_limit_pauses_the_campaign_with_the_reason_on_record(
    store: Store, campaigns: Campaigns, stewards: list[Steward], limits: dict[str, Any], says: str
) -> None:
    campaigns.create("acme", SPEED | {"rollout": {"limits": limits}})
    now = datetime.fromisoformat("2026-05-01T10:30:00Z")
    usage = Usage(store)
    usage.add("acme", [Used("speed", "car-1", 900, 2, 1), Used("other", "car-1", 10**9, 10**9, 9)], now)
    look(stewards, now)
    assert campaigns.get("acme", "speed").state is State.RUNNING
    usage.add("acme", [Used("speed", "car-1", 600, 1, 0), Used("", "car-1", 5, 0, 1)], now)
    look(stewards, now)
    paused = campaigns.get("acme", "speed")
    assert (paused.state, paused.why) == (State.PAUSED, says)
    assert changes(store) == [(Action.PAUSED, "kaido", says), (Action.CREATED, "local", "")]
    campaigns.resume("acme", "speed", By("me", "it was a test bench"))
    assert look(stewards, now) == 0, "what was counted before the resume is forgiven"
    assert usage.total("acme", "speed").bytes == 1_500, "but stays in the total"


def test_vehicles_that_are_tolerated_and_another_hour(
    store: Store, campaigns: Campaigns, stewards: list[Steward]
) -> None:
    campaigns.create("acme", SPEED | {"rollout": {"limits": {"events": 1, "tolerate": 1}}})
    now = datetime.fromisoformat("2026-05-01T10:30:00Z")
    usage = Usage(store)
    usage.add("acme", [Used("speed", "car-1", 0, 5, 0), Used("speed", "car-2", 0, 1, 0)], now)
    look(stewards, now)
    assert campaigns.get("acme", "speed").state is State.RUNNING
    usage.add("acme", [Used("speed", "car-2", 0, 1, 0)], now + timedelta(hours=1))
    look(stewards, now + timedelta(hours=1))
    assert campaigns.get("acme", "speed").state is State.RUNNING, "one event in each hour"
    usage.add("acme", [Used("speed", name, 0, 7, 0) for name in ("car-1", "car-2")], now + timedelta(hours=1))
    look(stewards, now + timedelta(hours=1))
    paused = campaigns.get("acme", "speed")
    assert paused.state is State.PAUSED
    assert paused.why.endswith("the limit is 1; 2 vehicles are beyond the limits, 1 are tolerated")


def test_the_end_is_put_on_record_once(
    store: Store, campaigns: Campaigns, stewards: list[Steward], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns.create("acme", SPEED | {"expiry": "2099-01-01T00:00:00Z"})
    later = datetime.fromisoformat("2099-01-01T00:00:01Z")
    monkeypatch.setattr(clock, "now_ms", lambda: int(later.timestamp() * 1e3))
    assert campaigns.get("acme", "speed").state is State.EXPIRED
    for _ in range(2):
        look(stewards, later)
    assert changes(store)[0] == (Action.EXPIRED, "kaido", "its expiry was 2099-01-01T00:00:00Z")
    assert len(changes(store)) == 2
    extended = campaigns.extend("acme", "speed", None)
    assert (extended.state, extended.version) == (State.RUNNING, 2)


def test_a_campaign_that_is_deleted_meanwhile_ends_nothing(campaigns: Campaigns, stewards: list[Steward]) -> None:
    campaigns.create("acme", SPEED | {"rollout": {"waves": WAVES}})
    look(stewards, clock.now())
    campaigns.delete("acme", "speed")
    assert look(stewards, clock.now() + timedelta(hours=2)) == 0
