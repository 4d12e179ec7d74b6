from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.cli.context import make_session
from kaido.cli.units import reading
from kaido.errors import NotFoundError
from kaido.services.markets import UNITS, between, market, unit

if TYPE_CHECKING:
    from pathlib import Path

VALUES = st.floats(1e-3, 1e6)
CONSUMPTION = [one.symbol for one in UNITS.values() if one.quantity == "consumption"]


@given(value=VALUES, symbol=st.sampled_from(sorted(UNITS)))
def test_there_and_back(value: float, symbol: str) -> None:
    one = unit(symbol)
    assert one.inside(one.of(value)) == pytest.approx(value, rel=1e-12, abs=1e-12)
    assert one.of(one.inside(value)) == pytest.approx(value, rel=1e-12, abs=1e-12)


@given(low=VALUES, high=VALUES, symbol=st.sampled_from(CONSUMPTION))
def test_more_of_a_reciprocal_unit_is_less_consumption(low: float, high: float, symbol: str) -> None:
    one = unit(symbol)
    if low < high:
        assert (one.of(low) >= one.of(high)) if one.reciprocal else (one.of(low) <= one.of(high))


@given(value=VALUES, way=st.lists(st.sampled_from(CONSUMPTION), min_size=2, max_size=5))
def test_any_way_between_units_leads_to_the_same(value: float, way: list[str]) -> None:
    at = value
    for here, there in pairwise(way):
        at = between(at, here, there)
    assert between(value, way[0], way[-1]) == pytest.approx(at, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "symbol", "wanted", "to"),
    [
        (1, "mi", 1.609344, "km"),
        (60, "mph", 96.56064, "km/h"),
        (212, "°F", 100, "°C"),
        (-40, "°C", -40, "°F"),
        (100, "MPGe", 33.705, "kWh/100 mi"),
        (33.705, "kWh/100 mi", 100, "MPGe"),
        (20, "kWh/100 km", 5, "km/kWh"),
        (16.09344, "kWh/100 mi", 10, "kWh/100 km"),
        (4, "mi/kWh", 6.437376, "km/kWh"),
        (250, "Wh/km", 4, "km/kWh"),
    ],
)
def test_what_everybody_knows(value: float, symbol: str, wanted: float, to: str) -> None:
    assert between(value, symbol, to) == pytest.approx(wanted, rel=1e-12)


def test_no_consumption_has_no_economy() -> None:
    assert unit("km/kWh").of(0) == math.inf
    assert unit("km/kWh").shown(0) == "-"
    assert unit("km").shown(None) == "-"


def test_what_measures_something_else_is_refused() -> None:
    with pytest.raises(NotFoundError, match="°C"):
        between(1, "km", "°C")


def test_a_market_reads_as_its_people_do() -> None:
    assert market("US").reading.shown("distance", 160_934.4) == "100.0 mi"
    assert market("US").reading.shown("consumption", 165) == "26.6 kWh/100 mi"
    assert market("JP").reading.shown("consumption", 165) == "6.06 km/kWh"
    assert market("CN").reading.shown("consumption", 165) == "16.5 kWh/100 km"
    assert market("JP").reading.shown("energy", 1_500) == "1.50 kWh"


def test_a_command_shows_what_was_asked_for_or_what_the_vehicle_s_people_are_used_to(tmp_path: Path) -> None:
    session = make_session(str(tmp_path), "", "", "", "", False)
    session.client.post("/v1/companies", {"name": "acme"})
    for name, where in (("us", "US"), ("elsewhere", "somewhere")):
        session.client.post("/v1/vehicles", {"id": name, "market": where})
    assert reading(session, None, "us", None).distance.symbol == "mi"
    assert reading(session, None, None, None).distance.symbol == "km"
    assert reading(session, "us", None, None).temperature.symbol == "°F"
    assert reading(session, "us", "JP", None).consumption[0].symbol == "km/kWh"
    assert reading(session, "elsewhere", None, None).distance.symbol == "km"
    assert reading(session, "nobody", None, None).distance.symbol == "km"
    economy = reading(session, "us", None, "MPGe")
    assert (economy.consumption[0].symbol, economy.distance.symbol, economy.additive.symbol) == ("MPGe", "mi", "Wh/km")
    with pytest.raises(NotFoundError):
        reading(session, None, "US", "l/100 km")
    session.close()
