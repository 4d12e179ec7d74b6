"""The table ``battery``: what was known of each battery at the end of each month, kept up with what ``charges`` say."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from kaido.errors import UnavailableError
from kaido.flow_electric import BATTERY, CHARGES
from kaido.lake import upkeep
from kaido.services import memory
from kaido.services.battery.capacity import CHARGE, capacities
from kaido.services.battery.health import Use, health_of
from kaido.services.battery.sessions import COLUMNS, Sessions
from kaido.services.tables import Replacement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kaido.lake import Lake
    from kaido.lake.table import Table
    from kaido.services.battery.packs import Pack

APPLICATION = "kaido.battery"
"""The application whose version in ``battery`` is that of the ``charges`` it is estimated from."""
WINDOW = dt.timedelta(days=365)
"""A month's estimate rests on the charges of this long before its end."""
PORTION = 500
"""Vehicles whose charges are held in memory at once."""
_ATTEMPTS = 3
_RANGES = pa.schema([("vehicle", pa.string()), ("low", pa.int64()), ("high", pa.int64())])


def update(lake: Lake, pack_of: Callable[[str], Pack]) -> int | None:
    """Estimate what new or changed charges bear on: of their vehicles, from their month on.

    Args:
        lake: whose.
        pack_of: the battery of a vehicle when new.

    Returns:
        How many vehicles were looked at; None where nothing is new.

    Raises:
        UnavailableError: the disk is full or away. The same call again is safe, and writes the same rows.
    """
    charges, table = lake.derived[CHARGES.name], lake.derived[BATTERY.name]
    for _ in range(_ATTEMPTS):
        newest, known = charges.version(), table.transaction_version(APPLICATION)
        if newest is None or (known is not None and known >= newest):
            return None
        try:
            since = _changed(charges, table, -1 if known is None else known, newest)
            replacement = Replacement(table)
            try:
                for rows in _estimated(charges, since, pack_of):
                    replacement.add(rows)
                replacement.commit(_ranges(since), (APPLICATION, newest))
            except BaseException:
                replacement.abandon()
                raise
        except duckdb.IOException:  # compacted and vacuumed meanwhile
            continue
        upkeep.vacuum(table)
        return len(since)
    raise UnavailableError(f"the lake {lake.folder} cannot be read", why="its files go away each time")


def is_behind(lake: Lake) -> bool:
    """Whether ``charges`` say something that ``battery`` does not know."""
    newest = lake.derived[CHARGES.name].version()
    known = lake.derived[BATTERY.name].transaction_version(APPLICATION)
    return newest is not None and (known is None or known < newest)


def rows_of(vehicle: str, sessions: Sessions, pack: Pack, first: dt.datetime | None = None) -> list[dict[str, Any]]:
    """A vehicle's rows of ``battery``, one for each month (from that of ``first`` on) in which it charged."""
    ends = [dt.datetime.fromtimestamp(end, dt.UTC) for end in sessions.end_s]
    months = sorted({_month(end) for end in ends if first is None or _month(end) >= _month(first)})
    return [_row(vehicle, month, _within(sessions, month), pack) for month in months]


def _row(vehicle: str, month: dt.datetime, sessions: Sessions, pack: Pack) -> dict[str, Any]:
    found = capacities(sessions, pack.chemistry)
    row: dict[str, Any] = {
        "id": hashlib.blake2b(f"{vehicle}/{month:%Y-%m}".encode(), digest_size=12).hexdigest(),
        "vehicle": vehicle,
        "month": month,
        "date": found.charge.date or month,
        "chemistry": pack.chemistry.name,
        "method": CHARGE,
        "sessions": found.charge.sessions,
        "left_out": found.charge.left_out,
        "missing": found.charge.missing or None,
        "scatter": found.scatter,
        **vars(Use.of(sessions)),
    }
    named = {"charge_ah": found.charge, "energy_wh": found.energy, "fade_percent": found.fade}
    for name, estimate in (named | {"health_percent": health_of(found, pack)}).items():
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return row


def _month(moment: dt.datetime) -> dt.datetime:
    return dt.datetime(moment.year, moment.month, 1, tzinfo=dt.UTC)


def _within(sessions: Sessions, month: dt.datetime) -> Sessions:
    """Those of the window that ends with a month."""
    end = dt.datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=dt.UTC)
    return sessions.between((end - WINDOW).timestamp(), end.timestamp())


def _changed(charges: Table, table: Table, known: int, newest: int) -> dict[str, dt.datetime]:
    """The vehicles with charges in files that came or went, and the first of those charges.

    Where such a file is not there any more, all vehicles are looked at, those that have rows of ``table`` too.
    """
    added, gone = (charges.appended(known, newest), charges.removed(known, newest)) if known >= 0 else (None, None)
    paths = [*(file.path for file in added or ()), *(gone or ())]
    starts: dict[str, int] = {}
    if added is not None and gone is not None and all((charges.folder / path).exists() for path in paths):
        found = _firsts(charges, paths, "start")
    else:
        found = _firsts(charges, [file.path for file in charges.files()], "start")
        found += _firsts(table, [file.path for file in table.files()], "month")
    for vehicle, start in found:
        starts[vehicle] = min(start, starts.get(vehicle, start))
    return {vehicle: dt.datetime.fromtimestamp(start / 1e6, dt.UTC) for vehicle, start in sorted(starts.items())}


def _firsts(table: Table, paths: list[str], time: str) -> list[tuple[str, int]]:
    if not paths:
        return []
    sql = f"SELECT vehicle, epoch_us(min({time})) FROM read_parquet($files, hive_partitioning = false) GROUP BY ALL"  # noqa: S608  # our own names
    with memory.reader() as connection:
        return connection.execute(sql, {"files": [str(table.folder / path) for path in paths]}).fetchall()


def _estimated(charges: Table, since: Mapping[str, dt.datetime], pack_of: Callable[[str], Pack]) -> Iterator[pa.Table]:
    """The rows of each portion of the vehicles."""
    names = list(since)
    for first in range(0, len(names), PORTION):
        portion = names[first : first + PORTION]
        rows = []
        for vehicle, sessions in Sessions.by_vehicle(_charges(charges, portion, since)).items():
            rows += rows_of(vehicle, sessions, pack_of(vehicle), since[vehicle])
        yield pa.Table.from_pylist(rows, BATTERY.schema)


def _charges(charges: Table, vehicles: list[str], since: Mapping[str, dt.datetime]) -> pa.Table:
    low = round((min(since[vehicle] for vehicle in vehicles) - WINDOW - dt.timedelta(days=32)).timestamp() * 1e6)
    paths = [str(charges.folder / file.path) for file in charges.files() if file.high["start"] >= low]
    if not paths:
        return CHARGES.schema.empty_table().select(list(COLUMNS))
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    sql = f"""
    SELECT {columns} FROM read_parquet($files, hive_partitioning = false)
    WHERE epoch_us(start) >= $low AND vehicle IN (SELECT unnest($vehicles))
    """  # noqa: S608  # our own names
    with memory.reader() as connection:
        return connection.sql(sql, params={"files": paths, "low": low, "vehicles": vehicles}).to_arrow_table()


def _ranges(since: Mapping[str, dt.datetime]) -> pa.Table:
    """Whose rows from which month on are replaced."""
    rows = [
        {"vehicle": vehicle, "low": round(_month(first).timestamp() * 1e6), "high": 2**62}
        for vehicle, first in since.items()
    ]
    return pa.Table.from_pylist(rows, _RANGES)


def newest(lake: Lake) -> pa.Table:
    """The last row of ``battery`` of each vehicle, by vehicle."""
    table = lake.derived[BATTERY.name]
    for _ in range(_ATTEMPTS):
        paths = [str(table.folder / file.path) for file in table.files()]
        if not paths:
            return BATTERY.schema.empty_table()
        columns = ", ".join(f'"{name}"' for name in BATTERY.schema.names)
        sql = f"""
        SELECT {columns} FROM read_parquet($files, hive_partitioning = false)
        QUALIFY row_number() OVER (PARTITION BY vehicle ORDER BY month DESC) = 1 ORDER BY vehicle
        """  # noqa: S608  # our own names
        try:
            with memory.asked() as connection:
                found: pa.Table = connection.sql(sql, params={"files": paths}).to_arrow_table()
            return found.cast(BATTERY.schema)
        except duckdb.IOException:
            continue
    raise UnavailableError(f"the table {table.folder} cannot be read", why="its files go away each time")
