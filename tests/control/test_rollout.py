"""Waves: which vehicles are in them, what is refused, and how a plan follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.company import Vehicle
from kaido.control.rollout import Rollout, reached, share
from kaido.control.spec import read_spec
from kaido.control.targets import Attributes
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.control import Campaigns
    from kaido.control.records import Records

SPEED: dict[str, Any] = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s"}
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_:.\-]{0,20}", fullmatch=True)


def car(name: str, market: str | None = None) -> Vehicle:
    return Vehicle(name, "acme", None, None, None, market, None, clock.now(), None)


@given(ids, st.floats(0.1, 99), st.floats(0.1, 1))
def test_who_is_in_a_wave_is_in_all_that_follow(vehicle: str, percent: float, more: float) -> None:
    rollout = Rollout.model_validate({"waves": [{"percent": percent}, {"percent": percent + more}]})
    first, second = (reached("speed", rollout, wave, {})(car(vehicle)) for wave in (0, 1))
    assert second >= first


def test_percents_are_what_they_say_and_differ_between_campaigns() -> None:
    shares = [share("speed", f"car-{number}") for number in range(20_000)]
    for percent in (0.5, 1, 10, 50):
        found = sum(one < percent for one in shares) / len(shares) * 100
        assert abs(found - percent) < percent / 4 + 0.1
    assert share("speed", "car-1") == share("speed", "car-1") != share("other", "car-1")


def test_groups_are_waves_too() -> None:
    rollout = Rollout.model_validate(
        {"waves": [{"vehicles": ["a", "b"]}, {"vehicles": {"market": "JP"}}, {"vehicles": {"where": "vin = 'x'"}}]}
    )
    asked = rollout.waves[2].vehicles
    assert isinstance(asked, Attributes)
    condition = asked.condition or ""
    members = {condition: frozenset({"d"})}
    cars = [car("a"), car("c", "JP"), car("d"), car("e")]
    found = [[one.id for one in cars if reached("speed", rollout, wave, members)(one)] for wave in range(3)]
    assert found == [["a"], ["a", "c"], ["a", "c", "d"]]


@pytest.mark.parametrize(
    ("rollout", "says"),
    [
        ({"waves": [{"percent": 5}, {"percent": 1}]}, "campaign's rollout: the percents of waves grow"),
        ({"waves": [{"percent": 5, "vehicles": ["a"]}]}, "either `percent` or `vehicles`"),
        ({"waves": [{"percent": 101}]}, "rollout.waves.0.percent"),
        ({"waves": [{"where": "Vehicle.Speed > 1"}]}, "rollout.waves[0] has no field 'where'. Its fields: percent"),
        ({"waves": [{"percent": 5, "lasts": "soon"}]}, "rollout.waves.0.lasts: write it as 30min, 6h or 2d"),
        ({"waves": [{"vehicles": ["a/b"]}]}, "'a/b' cannot be a vehicle id"),
        ({"waves": [{"vehicles": {"where": "Vehicle.Speed >"}}]}, "column 16"),
        ({"limits": {}}, "limit at least one of bytes, events, quarantined"),
        ({"limits": {"bytes": "much"}}, "rollout.limits.bytes: write it as 500kB, 10MB or 1GB"),
        ({"limits": {"bytes": 0}}, "rollout.limits.bytes"),
        ({"limits": {"events": 5, "per": "week"}}, "rollout.limits.per"),
        ({"waves": 5}, "rollout.waves"),
        (5, "campaign's rollout"),
    ],
)
def test_what_cannot_be_is_said(rollout: Any, says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_spec({**SPEED, "rollout": rollout})
    assert says in str(caught.value)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
waves = st.lists(
    st.fixed_dictionaries({}, optional={"percent": json | st.integers(1, 100), "vehicles": json, "lasts": json}),
    max_size=3,
)
limits = st.dictionaries(st.sampled_from(["bytes", "events", "quarantined", "per", "tolerate", "x"]), json, max_size=3)


@given(json | st.fixed_dictionaries({}, optional={"waves": waves, "limits": limits}))
def test_any_rollout_is_read_or_refused(rollout: Any) -> None:
    try:
        spec = read_spec({**SPEED, "rollout": rollout})
    except InvalidInputError:
        return
    assert read_spec(spec.to_document()) == spec


def test_a_plan_follows_the_waves_and_keeps_the_version_before(records: Records, campaigns: Campaigns) -> None:
    def held() -> dict[str, set[str]]:
        records.refresh()
        found = {name: records.wanted("acme", name) for name in ("leaf-1", "leaf-2", "zoe-1")}
        return {name: set(one.schemes) for name, one in found.items() if one}

    campaigns.create("acme", SPEED)
    before = held()
    rollout = {"waves": [{"vehicles": ["leaf-1"]}, {"vehicles": {"model": "leaf"}}, {"percent": 100}]}
    campaigns.edit("acme", "speed", {**SPEED, "period": "2s", "rollout": rollout})
    first = held()
    assert [first[name] == before[name] for name in before] == [False, True, True]
    campaigns.advance("acme", "speed")
    second = held()
    assert [second[name] == before[name] for name in before] == [False, False, True]
    assert campaigns.advance("acme", "speed").base is None
    assert held()["zoe-1"] != before["zoe-1"]
