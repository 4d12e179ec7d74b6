"""Signals, SQL and quarantine over the API, as the Python client sees them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaido.api.app import create_app
from kaido.api.times import moment, span
from kaido.client import Client
from kaido.client.inprocess import InProcessTransport
from kaido.errors import ForbiddenError, InvalidInputError, NotFoundError, TooLargeError, UnavailableError
from kaido.flow import QUARANTINE_SCHEMA
from kaido.lake import Lake
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.wire import kaido_wire_pb2 as wire
from kaido.wire import snappy
from tests.lake.samples import NOON, micros, quarantined, samples, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[Client]:
    settings = load(data=data)
    with Client("http://kaido", transport=InProcessTransport(create_app(settings, embedded=True))) as made:
        made.post("/v1/companies", {"name": "acme"})
        for number in range(3):
            made.post("/v1/vehicles", {"id": f"car-{number}", "model": "leaf"})
        lake = Lake(settings.lake, "acme")
        lake.append(samples(1500, step=timedelta(seconds=1)), app_id="test", version=1)
        lake.append(
            table(["car-0"], ["Vehicle.Speed"], [micros(NOON)], values=[float("nan")]), app_id="test", version=2
        )
        yield made


def test_signals_come_as_rows_with_their_unit(client: Client) -> None:
    (row,) = client.get("/v1/signals", {"vehicle": "car-0", "signal": "Vehicle.Speed"})
    assert row == {
        "vehicle": "car-0", "signal": "Vehicle.Speed", "time": "2026-03-14T12:00:00.000000Z", "value": None,
        "unit": "km/h", "text": None, "campaign": "test", "event": 7,
    }  # fmt: skip


def test_signals_come_as_polars(client: Client) -> None:
    frame = client.signals("car-*", ["Vehicle.Test.S0", "Vehicle.Test.S1"], NOON, NOON + timedelta(minutes=1))
    assert frame.columns == ["vehicle", "signal", "time", "value", "unit", "text", "campaign", "event"]
    assert frame["vehicle"].unique().sort().to_list() == ["car-0", "car-1", "car-2"]
    assert frame["time"].max() < datetime(2026, 3, 14, 12, 1, tzinfo=UTC)  # type: ignore[operator]  # it is a datetime


def test_signals_in_every_format(client: Client) -> None:
    params = {"vehicle": ["car-0"], "signal": ["Vehicle.Test.*"]}
    rows = client.get("/v1/signals", params)
    csv = client.content("/v1/signals", params | {"format": "csv"})
    parquet = client.content("/v1/signals", params, accept="application/vnd.apache.parquet")
    assert client.arrow("/v1/signals", params).num_rows == len(rows)
    assert pl.read_csv(csv)["value"].to_list() == [row["value"] for row in rows]
    assert pq.read_table(io.BytesIO(parquet)).num_rows == len(rows)
    with pytest.raises(InvalidInputError, match="image/png"):
        client.content("/v1/signals", params, accept="image/png")


def test_thinning(client: Client) -> None:
    frame = client.signals("car-0", "Vehicle.Test.S0", points=10)
    assert 2 <= len(frame) <= 10
    assert frame["value"].max() == client.signals("car-0", "Vehicle.Test.S0")["value"].max()


def test_unknown_names_give_the_nearest(client: Client) -> None:
    with pytest.raises(NotFoundError, match=r"car-9.*Did you mean car-"):
        client.signals("car-9", "Vehicle.Speed")
    with pytest.raises(NotFoundError, match=r"Vehicle.Sped.*Did you mean Vehicle.Speed"):
        client.signals("car-0", "Vehicle.Sped")
    assert client.signals("car-9*", "Vehicle.Speed").is_empty()
    assert client.signals("car-2", "Vehicle.Speed").is_empty()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"start": "yesterday"}, "start = 'yesterday' is no time"),
        ({"start": "2026-03-14", "end": "2026-03-13"}, "is not after"),
        ({"end": "99999999w", "start": "+999999999w"}, "is no time"),
        ({"points": 1}, "points"),
        ({"limit": 0}, "limit"),
        ({"format": "xml"}, "format"),
    ],
)
def test_bad_questions(client: Client, params: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        client.get("/v1/signals", {"vehicle": "car-0", "signal": "Vehicle.Speed", **params})


def test_more_rows_than_the_limit_is_an_error(client: Client) -> None:
    with pytest.raises(TooLargeError, match="more than 10 samples"):
        client.signals("*", "*", limit=10)


def test_times() -> None:
    assert moment("2026-03-14T12:00:00Z", name="x") == NOON
    assert moment("2026-03-14T12:00:00", name="x") == NOON
    assert moment("2026-03-14T21:00:00+09:00", name="x") == NOON
    assert moment("2026-03-14", name="x") == NOON.replace(hour=0)
    for text, distance in (("-2h", timedelta(hours=2)), ("-90s", timedelta(seconds=90)), ("-1w", timedelta(weeks=1))):
        assert abs(clock.now() - moment(text, name="x") - distance) < timedelta(seconds=10)
    assert span(None, None) == (None, None)


def test_sql(client: Client) -> None:
    assert client.post("/v1/sql", {"sql": "SELECT count(*) AS n FROM signals"}) == [{"n": 1501}]
    frame = client.sql(
        "SELECT v.model, c.unit, count(*) AS n FROM signals s JOIN vehicles v ON v.id = s.vehicle "
        "JOIN catalog c ON c.path = s.signal GROUP BY ALL"
    )
    assert frame.to_dicts() == [{"model": "leaf", "unit": "km/h", "n": 1}]
    assert {row["name"] for row in client.post("/v1/sql", {"sql": "SHOW TABLES"})} == {
        "signals", "quarantine", "vehicles", "catalog",
        "trips", "charges", "charge_curves", "idles", "currents", "activities", "battery",
    }  # fmt: skip


def test_sql_values_of_every_kind_as_json(client: Client) -> None:
    sql = """SELECT 'é' AS s, 1::HUGEINT AS h, 1.5::DECIMAL(4,2) AS d, 'ab'::BLOB AS b, [1, 2] AS l, {'a': 1} AS o,
        INTERVAL 1 DAY AS i, DATE '2026-01-01' AS day, TIME '01:02:03' AS t, NULL AS n, 'inf'::DOUBLE AS inf, true AS y,
        TIMESTAMPTZ '2026-01-01 00:00:00+00' AS at, uuid() IS NULL AS u, map {'k': 1} AS m"""
    (row,) = client.post("/v1/sql", {"sql": sql})
    assert row["s"] == "é"
    assert (row["h"], row["d"], row["b"], row["l"], row["o"]) == (1, 1.5, "6162", [1, 2], {"a": 1})
    assert (row["day"], row["n"], row["inf"], row["y"]) == ("2026-01-01", None, None, True)
    assert row["at"] == "2026-01-01T00:00:00.000000Z"
    assert b"6162" in client.content("/v1/sql", method="POST", json={"sql": sql}, accept="text/csv")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT * FROM signal", NotFoundError),
        ("SELEC", InvalidInputError),
        ("DROP VIEW signals", ForbiddenError),
        ("", InvalidInputError),
    ],
)
def test_sql_errors(client: Client, sql: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.sql(sql)


def test_sql_limit(client: Client) -> None:
    with pytest.raises(TooLargeError):
        client.sql("SELECT * FROM signals", limit=5)


def test_quarantine(client: Client, data: Path) -> None:
    lake = Lake(data / "lake", "acme")
    message = wire.VehicleData(campaign_sync_id="c", collection_event_id=4).SerializeToString()
    lake.quarantine(quarantined(["q1", "q2", "q3"], payload=snappy.compress(message)), app_id="test", version=1)
    listed = list(client.pages("/v1/quarantine", {"limit": 2}))
    assert [row["id"] for row in listed] == ["q3", "q2", "q1"]
    assert listed[0]["kind"] == "signals"
    shown = client.get("/v1/quarantine/q2")
    assert shown["decoded"] == {"campaign_sync_id": "c", "collection_event_id": 4}
    assert bytes.fromhex(shown["payload"]) == snappy.compress(message)
    with pytest.raises(NotFoundError):
        client.get("/v1/quarantine/q9")
    assert client.delete("/v1/quarantine/q1") == {"dropped": 1}
    with pytest.raises(InvalidInputError, match="which payloads"):
        client.post("/v1/quarantine/drop", {})
    with pytest.raises(UnavailableError, match="running platform"):
        client.post("/v1/quarantine/replay", {"all": True})
    assert client.post("/v1/quarantine/drop", {"all": True}) == {"dropped": 2}
    assert list(client.pages("/v1/quarantine")) == []
    json.dumps(shown)


def test_quarantine_by_reason_and_vehicle(client: Client, data: Path) -> None:
    lake = Lake(data / "lake", "acme")
    rows = quarantined(["r1", "r2", "r3", "r4"]).to_pylist()
    rows[1] |= {"reason": "bad_time: in 1970", "vehicle": "car-2"}
    rows[2] |= {"reason": "bad_time: in 2070"}
    lake.quarantine(pa.Table.from_pylist(rows, QUARANTINE_SCHEMA), app_id="test", version=2)
    found = client.get("/v1/quarantine/reasons")
    assert (found["payloads"], found["vehicles"]) == (4, 2)
    assert [(one["reason"], one["payloads"], one["vehicles"], one["bytes"]) for one in found["items"]] == [
        ("bad_time", 2, 2, 4),
        ("malformed", 2, 1, 4),
    ]
    some = client.get("/v1/quarantine/reasons", {"vehicle": "car-1"})
    assert ([one["reason"] for one in some["items"]], some["payloads"]) == (["malformed", "bad_time"], 3)
    none = client.get("/v1/quarantine/reasons", {"vehicle": "car-9"})
    assert none == {"items": [], "payloads": 0, "vehicles": 0}
    assert [row["id"] for row in client.pages("/v1/quarantine", {"reason": "bad_time", "limit": 1})] == ["r3", "r2"]
    assert [row["id"] for row in client.pages("/v1/quarantine", {"vehicle": "car-1", "reason": "bad_time"})] == ["r3"]
    assert list(client.pages("/v1/quarantine", {"reason": "bad"})) == []
    with pytest.raises(InvalidInputError, match="do not go together"):
        client.post("/v1/quarantine/drop", {"ids": ["r1"], "reason": "bad_time"})
    assert client.post("/v1/quarantine/drop", {"all": True, "reason": "bad_time", "vehicle": "car-2"}) == {"dropped": 1}
    assert client.post("/v1/quarantine/drop", {"all": True, "reason": "malformed"}) == {"dropped": 2}
    assert [row["id"] for row in client.pages("/v1/quarantine")] == ["r3"]
    assert client.post("/v1/quarantine/drop", {"all": True}) == {"dropped": 1}
