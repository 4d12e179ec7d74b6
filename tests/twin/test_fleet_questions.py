"""Questions to the whole fleet: who answers, with what, in which order, and what unknown names are answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from kaido.company import Vehicle
from kaido.errors import InvalidInputError
from kaido.twin import Twin
from kaido.twin.attributes import Attributes
from kaido.twin.fleet import FleetQuestions

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa


def registered(name: str, model: str | None, market: str | None) -> Vehicle:
    return Vehicle(name, "acme", None, None, model, market, None, datetime.now(UTC), None)


@pytest.fixture
def attributes(samples: Callable[..., pa.Table]) -> Attributes:
    twin = Twin()
    attributes = Attributes(twin)
    attributes.update([registered("b", "Leaf", "JP"), registered("c", "Zoe", "EU"), registered("silent", "Leaf", "US")])
    twin.fold(
        samples([
            ("c", "Vehicle.Speed", 1, 120.0),
            ("b", "Vehicle.Speed", 2, 90.0),
            ("a", "Vehicle.Speed", 3, 110.0),
            ("a", "Vehicle.State", 4, "driving"),
        ]),
        50_000_000,
    )  # fmt: skip
    attributes.catalog = frozenset({"Vehicle.Speed", "Vehicle.Range"})
    return attributes


@pytest.fixture
def fleet(attributes: Attributes) -> FleetQuestions:
    return FleetQuestions(attributes._twin, attributes)


def ask(fleet: FleetQuestions, where: str, **options: object) -> list[str]:
    answer = fleet.ask(where, now_us=60_000_000, **options)  # type: ignore[arg-type]  # the test's own keywords
    return [str(vehicle) for vehicle in answer["vehicle"].to_pylist()]


def test_vehicles_come_in_the_order_of_their_ids(fleet: FleetQuestions) -> None:
    assert ask(fleet, "Vehicle.Speed > 100") == ["a", "c"]
    assert ask(fleet, "") == ["a", "b", "c", "silent"]


def test_a_vehicle_that_never_sent_anything_has_attributes(fleet: FleetQuestions) -> None:
    assert ask(fleet, 'model == "Leaf"') == ["b", "silent"]
    assert ask(fleet, "Vehicle.Speed is null") == ["silent"]


def test_pages_follow_each_other(fleet: FleetQuestions) -> None:
    assert ask(fleet, "", limit=2) == ["a", "b"]
    assert ask(fleet, "", limit=2, after="b") == ["c", "silent"]
    assert ask(fleet, "", limit=2, after="bb") == ["c", "silent"]
    assert ask(fleet, "", limit=2, after="zzz") == []


def test_the_answer_has_what_the_question_names(fleet: FleetQuestions) -> None:
    answer = fleet.ask('Vehicle.Speed > 100 and id == "a"', now_us=0)
    assert answer.column_names == [
        *("vehicle", "vin", "model", "market", "platform", "last_seen"),
        *("Vehicle.Speed", "Vehicle.Speed@text", "Vehicle.Speed@time"),
    ]
    (row,) = answer.to_pylist()
    assert (row["Vehicle.Speed"], row["Vehicle.Speed@time"].second, row["last_seen"].second) == (110.0, 3, 50)


def test_selected_signals_replace_those_of_the_question(fleet: FleetQuestions) -> None:
    answer = fleet.ask("Vehicle.Speed > 0", select=["Vehicle.State", "Vehicle.Range"], now_us=0)
    assert answer["Vehicle.State@text"].to_pylist() == ["driving", None, None]
    assert answer["Vehicle.Range"].to_pylist() == [None, None, None]
    assert "Vehicle.Speed" not in answer.column_names


def test_ages_count_from_the_time_of_the_value(fleet: FleetQuestions) -> None:
    assert ask(fleet, "age(Vehicle.Speed) >= 58") == ["b", "c"]


def test_a_changed_attribute_counts_at_once(fleet: FleetQuestions, attributes: Attributes) -> None:
    attributes.update([registered("c", "Zoe", "JP"), registered("new", None, "JP")])
    assert ask(fleet, "market == 'JP'") == ["b", "c", "new"]


def test_a_signal_of_the_catalog_that_nobody_sent_is_known(fleet: FleetQuestions) -> None:
    assert ask(fleet, "Vehicle.Range > 0") == []


def test_an_unknown_signal_names_the_nearest_and_the_column(fleet: FleetQuestions) -> None:
    with pytest.raises(InvalidInputError, match=r"column 12 of .*no signal 'Vehicle.Sped'.*Did you mean Vehicle.Speed"):
        fleet.ask("not (1 > 2 and Vehicle.Sped > 5)"[4:], now_us=0)
    with pytest.raises(InvalidInputError, match=r"no signal 'Vehicle.Rang'.*Vehicle.Range"):
        fleet.ask("", select=["Vehicle.Rang"], now_us=0)


def test_a_limit_out_of_range_is_refused(fleet: FleetQuestions) -> None:
    for limit in (0, 100_001):
        with pytest.raises(InvalidInputError, match="between 1 and 100000"):
            fleet.ask("", limit=limit, now_us=0)
