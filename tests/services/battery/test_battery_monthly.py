from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from kaido.company import Vehicles
from kaido.flow_electric import BATTERY, CHARGES
from kaido.lake import Lake
from kaido.services import progress
from kaido.services.battery import monthly
from kaido.services.battery.keeping import keep_up
from kaido.services.battery.packs import Pack, pack
from kaido.services.tables import Replacement
from kaido.store import Store
from tests.services.battery.charging import charges, put

if TYPE_CHECKING:
    from pathlib import Path


def pack_of(vehicle: str) -> Pack:
    del vehicle
    return pack("Plug-in 18").model_copy(update={"capacity_ah": 110.0})


def stored(lake: Lake) -> list[dict[str, object]]:
    files = [lake.derived[BATTERY.name].folder / file.path for file in lake.derived[BATTERY.name].files()]
    rows = pa.concat_tables([pa.parquet.ParquetFile(file).read() for file in files])
    return rows.sort_by([("vehicle", "ascending"), ("month", "ascending")]).to_pylist()  # type: ignore[no-any-return]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, "acme")


def test_a_month_has_one_row_and_twice_is_as_once(lake: Lake) -> None:
    assert monthly.update(lake, pack_of) is None
    assert len(monthly.newest(lake)) == 0
    put(lake, pa.concat_tables([charges(30, vehicle="a"), charges(12, vehicle="b", capacity_ah=90, seed=2)]), 1)
    assert monthly.is_behind(lake)
    assert monthly.update(lake, pack_of) == 2
    assert not monthly.is_behind(lake)
    assert monthly.update(lake, pack_of) is None
    rows = stored(lake)
    assert len({row["id"] for row in rows}) == len(rows) == len({(row["vehicle"], row["month"]) for row in rows})
    newest = {row["vehicle"]: row for row in monthly.newest(lake).to_pylist()}
    assert newest["a"]["charge_ah"] == pytest.approx(100, rel=0.02)
    assert newest["b"]["charge_ah"] == pytest.approx(90, rel=0.03)
    assert newest["a"]["health_percent"] == pytest.approx(100 * 100 / 110, rel=0.02)
    assert newest["a"]["charge_ah_low"] < 100 < newest["a"]["charge_ah_high"]


def test_new_charges_change_their_month_and_later_ones_only(lake: Lake) -> None:
    before = charges(40, vehicle="a", days=120)
    put(lake, pa.concat_tables([before, charges(20, vehicle="b", days=120, seed=2)]), 1)
    monthly.update(lake, pack_of)
    known = stored(lake)
    cut = dt.datetime(2024, 2, 1, tzinfo=dt.UTC)
    later = before.filter(pc.greater_equal(before["start"], pa.scalar(cut, pa.timestamp("us", "UTC"))))
    fewer = later.slice(0, len(later) - 3)
    put(lake, fewer, 2, low=round(cut.timestamp() * 1e6))
    assert monthly.update(lake, pack_of) is not None
    now = stored(lake)
    assert [row for row in now if row["vehicle"] == "b"] == [row for row in known if row["vehicle"] == "b"]
    january = [row for row in (*known, *now) if row["vehicle"] == "a" and row["month"] < cut]  # type: ignore[operator]
    assert len(january) == 2 * len({row["id"] for row in january})
    later_a = [[row for row in rows if row["vehicle"] == "a" and row["month"] >= cut] for rows in (known, now)]  # type: ignore[operator]
    assert later_a[0] != later_a[1]


def test_too_little_is_a_row_without_a_value(lake: Lake) -> None:
    put(lake, charges(1, change=(1.0, 2.0)), 1)
    monthly.update(lake, pack_of)
    [row] = stored(lake)
    assert row["charge_ah"] is row["health_percent"] is None
    assert row["charge_ah_low"] is not None
    assert "wider" in str(row["missing"])
    assert row["sessions"] == 1


def test_of_two_that_keep_it_up_at_once_one_does(lake: Lake, tmp_path: Path) -> None:
    put(lake, charges(12), 1)
    with contextlib.closing(Store.open(f"sqlite:///{tmp_path}/kaido.db")) as store:
        with progress.alone(lake.folder, BATTERY.name):
            assert keep_up(lake, Vehicles(store), tmp_path) is None
            assert monthly.is_behind(lake)
        assert keep_up(lake, Vehicles(store), tmp_path) == 1


def test_a_version_is_put_in_once_whatever_it_takes_out(lake: Lake) -> None:
    put(lake, charges(12), 1)
    monthly.update(lake, pack_of)
    table = lake.derived[BATTERY.name]
    version = table.transaction_version(monthly.APPLICATION)
    assert version is not None
    assert not table.replace([], table.files(), rows_change=True, transaction=(monthly.APPLICATION, version))
    assert table.replace([], [], rows_change=True, transaction=(monthly.APPLICATION, version + 1))


def test_charges_that_went_take_their_rows_with_them(lake: Lake) -> None:
    both = pa.concat_tables([charges(12, vehicle="a"), charges(12, vehicle="b")])
    put(lake, both, 1)
    monthly.update(lake, pack_of)
    replacement = Replacement(lake.derived[CHARGES.name])
    replacement.commit(pa.table({"vehicle": ["b"], "low": [0], "high": [2**62]}), None)
    assert monthly.update(lake, pack_of) is not None
    assert {row["vehicle"] for row in stored(lake)} == {"a"}
