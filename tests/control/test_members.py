"""Conditions on vehicles: what the twin says is kept, followed, and survives a twin that is away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from kaido.control.members import Condition, Members, of_campaign
from kaido.control.steward import ASK_AGAIN, ASK_SOON, Steward
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.control import Campaigns
    from kaido.control.records import Records
    from kaido.runtime.settings import Settings
    from kaido.store import Store

FAST: dict[str, Any] = {"name": "fast", "signals": ["Vehicle.Speed"], "period": "1s"}
WHERE = {"where": "Vehicle.Speed > 100"}


@pytest.fixture
def members(store: Store) -> Members:
    return Members(store)


def condition(campaigns: Campaigns, targets: dict[str, Any]) -> Condition:
    (found,) = of_campaign(campaigns.create("acme", FAST | {"targets": targets}))
    return found


def holding(records: Records) -> list[str]:
    records.refresh()
    found = {name: records.wanted("acme", name) for name in ("leaf-1", "leaf-2", "zoe-1")}
    return [name for name, one in found.items() if one and one.schemes]


def test_vehicles_that_come_to_match_get_it_and_others_lose_it(
    campaigns: Campaigns, members: Members, records: Records
) -> None:
    fast = condition(campaigns, WHERE)
    assert holding(records) == []
    assert members.take(fast, ["leaf-1", "zoe-1"])
    assert not members.take(fast, ["zoe-1", "leaf-1"]), "nothing new, nothing to do"
    assert holding(records) == ["leaf-1", "zoe-1"]
    members.take(fast, ["leaf-2"])
    assert holding(records) == ["leaf-2"]


def test_who_is_to_be_kept_stays(campaigns: Campaigns, members: Members, records: Records) -> None:
    fast = condition(campaigns, {**WHERE, "keep": True, "model": "leaf"})
    members.take(fast, ["leaf-1", "zoe-1"])
    members.take(fast, ["leaf-2"])
    assert holding(records) == ["leaf-1", "leaf-2"], "and attributes count as well"


def test_while_the_twin_is_away_all_stays_as_it_was(campaigns: Campaigns, members: Members, records: Records) -> None:
    fast = condition(campaigns, WHERE)
    members.take(fast, ["leaf-1"])
    members.trouble(fast, "the twin does not answer")
    assert holding(records) == ["leaf-1"]
    asked = members.asked("acme", "fast")["fast", fast.key]
    assert (asked.problem, asked.answered is not None) == ("the twin does not answer", True)


def test_an_edit_of_the_condition_waits_for_the_twin(campaigns: Campaigns, members: Members, records: Records) -> None:
    members.take(condition(campaigns, WHERE), ["leaf-1"])
    assert holding(records) == ["leaf-1"]
    edited = campaigns.edit("acme", "fast", FAST | {"targets": {"where": "Vehicle.Speed > 5"}})
    assert holding(records) == ["leaf-1"], "nobody loses it before it is known who is meant"
    (slow,) = of_campaign(edited)
    assert not members.take(replace(slow, key="before"), ["leaf-1"]), "a condition that is no longer its own"
    members.take(slow, ["leaf-2"])
    assert holding(records) == ["leaf-2"]
    assert list(members.of("acme")["fast"]) == [slow.key]


def test_the_twin_is_asked_again_after_a_while(
    campaigns: Campaigns, members: Members, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = condition(campaigns, WHERE)
    steward = Steward(store, settings)
    steward.look(clock.now())
    assert steward.conditions(clock.now()) == [fast]
    members.take(fast, [])
    assert steward.conditions(clock.now()) == []
    assert steward.conditions(clock.now() + ASK_SOON) == [fast], "the store has just changed"
    members.take(fast, [])
    later = clock.now() + timedelta(seconds=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    members.take(fast, [])
    assert steward.conditions(clock.now() + ASK_SOON) == []
    members.trouble(fast, "the twin is away")
    assert steward.conditions(clock.now() + ASK_SOON) == [fast]
    members.take(fast, [])
    assert steward.conditions(clock.now() + ASK_AGAIN) == [fast]
    campaigns.stop("acme", "fast")
    steward.look(clock.now())
    assert steward.conditions(clock.now() + ASK_AGAIN) == []


def test_a_condition_names_signals_that_there_are(campaigns: Campaigns) -> None:
    with pytest.raises(InvalidInputError, match=r"column \d+.*no signal 'Vehicle\.Sped'.*Did you mean Vehicle\.Speed"):
        condition(campaigns, {"where": "market = 'JP' and Vehicle.Sped > 100"})
    with pytest.raises(InvalidInputError, match="column 17"):
        condition(campaigns, {"where": "Vehicle.Speed > "})


def test_members_go_with_their_campaign(campaigns: Campaigns, members: Members) -> None:
    fast = condition(campaigns, WHERE)
    members.take(fast, ["leaf-1"])
    campaigns.delete("acme", "fast")
    assert members.of("acme") == {}
    assert not members.take(fast, ["leaf-1"])
    members.trouble(fast, "away")
    assert members.asked("acme") == {}
