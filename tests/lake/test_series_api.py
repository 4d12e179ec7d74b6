"""Signals as columns to draw, and which there are, over the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from kaido.api.app import create_app
from kaido.client import Client
from kaido.client.inprocess import InProcessTransport
from kaido.errors import InvalidInputError, NotFoundError, TooLargeError
from kaido.lake import Lake
from kaido.runtime.settings import load
from tests.lake.samples import NOON, micros, samples, table

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = 5_000
LIST = "/v1/signals/recorded"
COLUMNS = "/v1/signals/series"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    settings = load(data=tmp_path_factory.mktemp("data"))
    with Client("http://kaido", transport=InProcessTransport(create_app(settings, embedded=True))) as made:
        made.post("/v1/companies", {"name": "acme"})
        for number in range(3):
            made.post("/v1/vehicles", {"id": f"car-{number}"})
        lake = Lake(settings.lake, "acme")
        lake.append(samples(COUNT, step=timedelta(seconds=1)), app_id="test", version=1)
        speeds = [10.0, float("nan"), 30.0]
        times = [micros(NOON + timedelta(milliseconds=ms)) for ms in (0, 1_500, 2_750)]
        lake.append(table(["car-0"] * 3, ["Vehicle.Speed"] * 3, times, values=speeds), app_id="test", version=2)
        yield made


def test_columns_hold_what_the_rows_hold(client: Client) -> None:
    wanted = {"vehicle": ["car-*"], "signal": ["Vehicle.*"], "points": 20_000}
    found = client.get(COLUMNS, wanted)["series"]
    rows = client.get("/v1/signals", wanted)
    flat = [
        (one["vehicle"], one["signal"], round(time, 3), value)
        for one in found
        for time, value in zip(one["times"], one["values"], strict=True)
    ]
    assert flat == [(row["vehicle"], row["signal"], _seconds(row["time"]), row["value"]) for row in rows]
    [speed] = [one for one in found if one["signal"] == "Vehicle.Speed"]
    assert (speed["unit"], speed["values"], speed["texts"]) == ("km/h", [10.0, None, 30.0], None)


def test_few_points_keep_the_extremes(client: Client) -> None:
    wanted = {"vehicle": "car-0", "signal": "Vehicle.Test.*"}
    whole = {one["signal"]: one for one in client.get(COLUMNS, {**wanted, "points": 20_000})["series"]}
    for one in client.get(COLUMNS, {**wanted, "points": 50})["series"]:
        all_of_it = whole[one["signal"]]
        assert len(one["times"]) <= 52 < len(all_of_it["times"]) == one["samples"] == all_of_it["samples"]
        assert (min(one["values"]), max(one["values"])) == (min(all_of_it["values"]), max(all_of_it["values"]))
        assert (one["times"][0], one["times"][-1]) == (all_of_it["times"][0], all_of_it["times"][-1])


def test_nothing_is_no_series_and_a_mistake_is_said(client: Client) -> None:
    early = {"vehicle": "car-0", "signal": "Vehicle.Speed", "end": "2020-01-01"}
    assert client.get(COLUMNS, early) == {"series": []}
    assert client.get(LIST, {"end": "2020-01-01"})["items"] == []
    with pytest.raises(NotFoundError, match="car-9"):
        client.get(COLUMNS, {"vehicle": "car-9", "signal": "Vehicle.Speed"})
    with pytest.raises(InvalidInputError, match=r"start = 'soon' is no time"):
        client.get(LIST, {"start": "soon"})


def test_too_many_lines_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kaido.api.series.MOST_SERIES", 2)
    with pytest.raises(TooLargeError, match="more than 2 lines"):
        client.get(COLUMNS, {"vehicle": "*", "signal": "Vehicle.Test.*"})


def test_what_is_recorded_comes_with_what_the_catalog_knows(client: Client) -> None:
    rows = client.get("/v1/signals", {"vehicle": "*", "signal": "*"})
    found = client.get(LIST)["items"]
    assert sum(one["samples"] for one in found) == len(rows)
    assert [one["path"] for one in found] == sorted({row["signal"] for row in rows})
    [speed] = client.get(LIST, {"search": "VEHICLE speed"})["items"]
    assert (speed["unit"], speed["datatype"], speed["kind"], speed["samples"]) == ("km/h", "float", "sensor", 3)
    assert speed["vehicles"] == 1
    assert speed["description"]
    [unknown] = client.get(LIST, {"vehicle": "car-1", "limit": 1})["items"]
    assert (unknown["path"], unknown["unit"], unknown["kind"]) == ("Vehicle.Test.S0", None, None)
    first = client.get(LIST, {"limit": 2})
    rest = client.get(LIST, {"limit": 1_000, "after": first["next"]})
    assert [*first["items"], *rest["items"]] == found


def test_the_catalog_is_searched_by_words(client: Client) -> None:
    found = [one["path"] for one in client.get("/v1/catalog/signals", {"search": "traction temperature"})["items"]]
    assert "Vehicle.Powertrain.TractionBattery.Temperature.Average" in found
    assert all("traction" in path.lower() for path in found)


def _seconds(text: str) -> float:
    return round(datetime.fromisoformat(text).timestamp(), 3)
