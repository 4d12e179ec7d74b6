"""What a fleet drives and charges, held against the truth of its cars, and against its own trips and charges."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from math import floor
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from kaido.api.app import create_app
from kaido.client import Client
from kaido.client.inprocess import InProcessTransport
from kaido.errors import InvalidInputError
from kaido.lake import Lake
from kaido.runtime.settings import load
from kaido.services.derive import catch_up
from kaido.sim import truth

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = 4
DRIVING = "/v1/energy/consumption"
CHARGING = "/v1/energy/charging"
HOURS = 24
BAND_C = 5
FLEET: dict[truth.Kind, int] = {"bev": 3, "phev": 1, "series": 1}


@pytest.fixture(scope="module")
def cars() -> list[truth.TruthCar]:
    heard = [truth.Measuring(gaps=0, text_states=texts) for texts in (False, True)]
    return [car for kind, count in FLEET.items() for car in truth.fleet(count, kind, seed=5, measuring=heard)]


@pytest.fixture(scope="module")
def client(cars: list[truth.TruthCar], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    settings = load(data=tmp_path_factory.mktemp("data"))
    with Client("http://kaido", transport=InProcessTransport(create_app(settings, embedded=True))) as made:
        made.post("/v1/companies", {"name": "acme"})
        for car in cars:
            made.post("/v1/vehicles", {"id": car.id, "model": car.model.name, "market": car.market.code})
        lake = Lake(settings.lake, "acme")
        truth.write(cars, lake, truth.START, DAYS)
        catch_up(lake)
        yield made


def all_of(client: Client, path: str, **params: Any) -> list[dict[str, Any]]:
    return list(client.pages(path, params))


def test_a_fleets_consumption_is_that_of_its_cars(client: Client, cars: list[truth.TruthCar]) -> None:
    by_model = {one["group"]: one for one in all_of(client, DRIVING, by="model")}
    for model in {car.model.name for car in cars}:
        of_it = [car for car in cars if car.model.name == model]
        trips = [trip for car in of_it for trip in car.days(truth.START, DAYS).trips.to_pylist()]
        found = by_model.pop(model)
        assert (found["vehicles"], found["trips"]) == (len(of_it), len(trips))
        assert found["distance_m"] == pytest.approx(sum(trip["distance_m"] for trip in trips), rel=0.02)
        electric = [trip for trip in trips if (trip["engine_s"] or 0) <= 0.01 * trip["duration_s"]]
        metres = sum(trip["distance_m"] for trip in electric)
        assert found["electric_m"] == pytest.approx(metres, rel=0.02)
        taken = sum(trip["energy_out_wh"] - trip["energy_in_wh"] for trip in electric)
        if metres:
            assert found["consumption_wh_per_km"] == pytest.approx(1_000 * taken / metres, rel=0.04)
            assert found["p10"] <= found["p50"] <= found["p90"]
        else:
            assert found["consumption_wh_per_km"] is None
    assert not by_model


def test_every_grouping_adds_up_to_the_fleet(client: Client) -> None:
    [whole] = all_of(client, DRIVING)
    for by in ("model", "market", "temperature", "day"):
        groups = all_of(client, DRIVING, by=by)
        for name in ("trips", "distance_m", "electric_m", "net_wh"):
            assert sum(one[name] for one in groups) == pytest.approx(whole[name]), (by, name)
    [charged] = all_of(client, CHARGING)
    assert charged["ac_wh"] + charged["dc_wh"] == pytest.approx(charged["energy_wh"])
    assert charged["wall_wh"] >= charged["wall_battery_wh"] > 0
    for by in ("model", "market", "day", "hour"):
        groups = all_of(client, CHARGING, by=by)
        assert sum(one["energy_wh"] for one in groups) == pytest.approx(charged["energy_wh"], rel=1e-6), by


def test_bands_of_temperature_hold_the_trips_of_their_degrees(client: Client) -> None:
    trips = all_of(client, "/v1/trips")
    expected = Counter(
        "" if trip["temperature_c"] is None else str(floor(trip["temperature_c"] / BAND_C) * BAND_C) for trip in trips
    )
    groups = all_of(client, DRIVING, by="temperature")
    assert {one["group"]: one["trips"] for one in groups} == expected
    degrees = [int(one["group"]) for one in groups if one["group"]]
    assert degrees == sorted(degrees)


def test_hours_are_those_of_the_zone_and_hold_what_flowed_in_them(client: Client) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    expected: dict[str, float] = defaultdict(float)
    for charge in all_of(client, "/v1/charges"):
        for slot in client.get(f"/v1/charges/{charge['id']}/curve")["slots"]:
            expected[str(datetime.fromisoformat(slot["time"]).astimezone(zone).hour)] += slot["energy_battery_wh"] or 0
    groups = all_of(client, CHARGING, by="hour", zone=zone.key)
    assert {one["group"]: one["energy_wh"] for one in groups} == pytest.approx(expected)
    assert [int(one["group"]) for one in groups] == sorted(int(hour) for hour in expected)
    with pytest.raises(InvalidInputError, match="'Mars/Olympus' is no time zone"):
        client.get(CHARGING, {"zone": "Mars/Olympus"})


def test_a_time_a_model_and_a_market_narrow_it_and_pages_follow(client: Client, cars: list[truth.TruthCar]) -> None:
    middle = truth.START + timedelta(days=2)
    parts = [all_of(client, DRIVING, **{bound: middle.isoformat()})[0]["trips"] for bound in ("start", "end")]
    assert sum(parts) == all_of(client, DRIVING)[0]["trips"]
    charges = [all_of(client, CHARGING, by="hour", **{bound: middle.isoformat()}) for bound in ("start", "end")]
    [whole] = all_of(client, CHARGING)
    assert sum(one["energy_wh"] for part in charges for one in part) == pytest.approx(whole["energy_wh"])
    car = cars[0]
    narrow = all_of(client, DRIVING, by="market", model=car.model.name, market=car.market.code)
    assert [one["group"] for one in narrow] == [car.market.code]
    assert all_of(client, DRIVING, model="nobody's") == []
    paged, at_once = (all_of(client, DRIVING, by="day", **how) for how in ({"limit": 1}, {}))
    assert [(one["group"], one["trips"]) for one in paged] == [(one["group"], one["trips"]) for one in at_once]
    assert [one["distance_m"] for one in paged] == pytest.approx([one["distance_m"] for one in at_once])


def test_batteries_come_with_the_most_worn_first(client: Client, cars: list[truth.TruthCar]) -> None:
    by_id = all_of(client, "/v1/battery", limit=1)
    worn = all_of(client, "/v1/battery", order="health", limit=1)
    assert sorted(one["vehicle"] for one in worn) == [one["vehicle"] for one in by_id]
    assert [one["vehicle"] for one in by_id] == sorted(car.id for car in cars if car.model.kind != "series")
    known = [one["health_percent"] for one in worn if one["health_percent"] is not None]
    assert known == sorted(known)
    assert [one["health_percent"] is None for one in worn] == sorted(one["health_percent"] is None for one in worn)
