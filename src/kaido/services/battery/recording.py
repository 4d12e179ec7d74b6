"""A drive from a file: CSV, Parquet or Arrow, with a column a signal, or with a row a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from kaido.errors import InvalidInputError, NotFoundError
from kaido.services.battery.drive import Series

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.services.battery.chemistry import Floats

_TIMES = ("time", "time_s", "seconds", "timestamp", "t")
_BATTERY = "Vehicle.Powertrain.TractionBattery"
IN_THE_LAKE = {
    "voltage": f"{_BATTERY}.CurrentVoltage",
    "current": f"{_BATTERY}.CurrentCurrent",
    "soc": f"{_BATTERY}.StateOfCharge.Current",
}
"""What each signal is called in VSS."""
NAMES: dict[str, tuple[str, ...]] = {
    "voltage": ("voltage", "voltage_v", "volts", "v", IN_THE_LAKE["voltage"], "LB_Total_Voltage"),
    "current": ("current", "current_a", "amperes", "a", "i", IN_THE_LAKE["current"], "LB_Current"),
    "soc": ("soc", "soc_percent", "state_of_charge", IN_THE_LAKE["soc"], "LB_SOC"),
}
"""What each signal is called, where nobody says: as column, or in the column ``signal``. Case does not matter. The last
are those of the databases of the Nissan LEAF's EV bus."""
_MILLISECONDS, _MICROSECONDS, _NANOSECONDS = 1e11, 1e14, 1e17
"""Whole numbers from which on a time is taken for milliseconds (and so on) since 1970."""


@dataclass(frozen=True)
class Recorded:
    """The three signals of a drive."""

    voltage: Series
    current: Series
    soc: Series


def read(path: Path, names: dict[str, str] | None = None) -> Recorded:
    """The drive in a file.

    Args:
        path: ``.parquet``, ``.arrow`` or ``.feather``; anything else is read as CSV.
        names: what "voltage", "current" and "soc" are called there, if not as in ``NAMES``.

    Raises:
        InvalidInputError: it cannot be read, or has no times or none of the signals.
        NotFoundError: there is nothing of a name.
    """
    return recorded(_table(path), names)


def recorded(rows: pa.Table, names: dict[str, str] | None = None) -> Recorded:
    """The drive in a table: see ``read``."""
    columns = {name.lower(): name for name in rows.column_names}
    time = next((columns[name] for name in _TIMES if name in columns), None)
    if time is None:
        raise InvalidInputError(
            "the drive has no times", why=f"its columns are {', '.join(rows.column_names)}", fix="Call one of them time"
        )
    seconds = _seconds(rows[time])
    tall = {"signal", "value"} <= columns.keys()
    found = {}
    for role, usual in NAMES.items():
        wanted = (names[role],) if names and names.get(role) else usual
        found[role] = _of_rows(rows, columns, seconds, wanted) if tall else _of_column(rows, columns, seconds, wanted)
    return Recorded(**found)


def _table(path: Path) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            rows = pa.parquet.read_table(path)
        elif path.suffix in {".arrow", ".feather"}:
            rows = pa.feather.read_table(path)
        else:
            rows = pa.csv.read_csv(path)
        _ = rows.column_names  # they may be no text
    except FileNotFoundError as error:
        raise InvalidInputError(f"there is no file {path}") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            f"the drive {path} cannot be read", why=str(error), fix="Give CSV, Parquet or Arrow"
        ) from error
    return rows


def _of_column(rows: pa.Table, columns: dict[str, str], seconds: Floats, wanted: tuple[str, ...]) -> Series:
    name = next((columns[name.lower()] for name in wanted if name.lower() in columns), None)
    if name is None:
        raise NotFoundError.of("column", wanted[0], rows.column_names, fix=f"There are {', '.join(rows.column_names)}")
    return _series(seconds, rows[name], name)


def _of_rows(rows: pa.Table, columns: dict[str, str], seconds: Floats, wanted: tuple[str, ...]) -> Series:
    lowered = pc.utf8_lower(rows[columns["signal"]].cast(pa.string()))
    there = set(pc.unique(lowered).to_pylist())
    name = next((name for name in wanted if name.lower() in there), None)
    if name is None:
        known = [str(one) for one in pc.unique(rows[columns["signal"]]).to_pylist()]
        raise NotFoundError.of("signal", wanted[0], known, fix=f"There are {', '.join(known[:20])}")
    chosen = pc.fill_null(pc.equal(lowered, name.lower()), False)
    return _series(seconds[chosen.to_numpy()], rows[columns["value"]].filter(chosen), name)


def _series(seconds: Floats, column: pa.ChunkedArray, name: str) -> Series:
    try:
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowException as error:
        raise InvalidInputError(f"the drive's column {name} has no numbers", why=str(error)) from error
    kept = np.isfinite(values)
    return Series(seconds[kept], values[kept])


def _seconds(column: pa.ChunkedArray) -> Floats:
    """Times of any kind as seconds."""
    kind = column.type
    try:
        if pa.types.is_timestamp(kind):
            whole = column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()).to_numpy(zero_copy_only=False)
            micros: Floats = whole.astype(np.float64)
            return micros / 1e6
        numbers: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowException as error:
        raise InvalidInputError(
            "the drive's times cannot be read", why=str(error), fix="Write seconds, or ISO 8601 as 2026-01-31T12:00:00Z"
        ) from error
    largest = float(np.nanmax(np.abs(numbers), initial=0.0))
    for least, factor in ((_NANOSECONDS, 1e9), (_MICROSECONDS, 1e6), (_MILLISECONDS, 1e3)):
        if largest >= least:
            return numbers / factor
    return numbers
