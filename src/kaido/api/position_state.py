"""Where the vehicles of a company are and what they do, as columns; and what changed since the last look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.api.position_frames import COLUMNS

if TYPE_CHECKING:
    import numpy.typing as npt

LATITUDE = "Vehicle.CurrentLocation.Latitude"
LONGITUDE = "Vehicle.CurrentLocation.Longitude"
SPEED = "Vehicle.Speed"
CHARGING = "Vehicle.Powertrain.TractionBattery.Charging.IsCharging"
CHARGE = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"
SELECTED = (LATITUDE, LONGITUDE, SPEED, CHARGING, CHARGE)
"""The signals that are asked of the twin."""

STATUSES = ("offline", "parked", "moving", "charging")
"""What a vehicle does, by its number."""
OFFLINE, PARKED, MOVING, CHARGES = range(len(STATUSES))
OFFLINE_SECONDS = 600
"""Who was silent for longer is offline."""
MOVING_SECONDS = 120
"""A speed that is older moves nobody."""
MOVING_KMH = 0.5
NOWHERE = -(1 << 31)
"""Latitude and longitude of a vehicle whose position is not known."""
_E7 = 1e7


class Positions:
    """The columns of a company's vehicles. A vehicle keeps its index as long as this object lives.

    Attributes:
        ids: of the vehicles.
        columns: ``kaido.api.position_frames.COLUMNS``, one entry a vehicle.
    """

    def __init__(self) -> None:
        self.ids: pa.StringArray = pa.array([], pa.string())
        self.columns: dict[str, npt.NDArray[Any]] = {name: np.zeros(0, kind) for name, kind in COLUMNS.items()}
        self._asked: pa.ChunkedArray | None = None
        self._index: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def take(self, table: pa.Table, now_us: int) -> npt.NDArray[np.int64]:
        """Take over what the twin says now.

        Args:
            table: an answer of the twin with the signals of ``SELECTED``, a row a vehicle.
            now_us: when it was asked, microseconds since 1970.

        Returns:
            The indices of the vehicles of which anything is other than before, ascending.
        """
        index = self._indices(table["vehicle"])
        size = len(self.ids)
        changed = np.zeros(size, bool)
        changed[len(self.columns["status"]) :] = True
        for name, values in _columns(table, now_us).items():
            column = np.concatenate([self.columns[name], np.zeros(size - len(self.columns[name]), COLUMNS[name])])
            same = column[index] == values
            if values.dtype.kind == "f":
                same |= np.isnan(column[index]) & np.isnan(values)
            changed[index[~same]] = True
            column[index] = values
            self.columns[name] = column
        return np.flatnonzero(changed)

    def _indices(self, vehicles: pa.ChunkedArray) -> npt.NDArray[np.int64]:
        """The index of each row; the ids are looked up only where they are not those of the last time."""
        if self._asked is None or not vehicles.equals(self._asked):
            known = pc.index_in(vehicles, value_set=self.ids)
            new = vehicles.filter(pc.is_null(known)).combine_chunks()
            self.ids = pa.concat_arrays([self.ids, new])
            self._index = pc.index_in(vehicles, value_set=self.ids).to_numpy().astype(np.int64)
            self._asked = vehicles
        return self._index


def status_of(
    speed: npt.ArrayLike, spoken_us: npt.ArrayLike, charging: npt.ArrayLike, seen_us: npt.ArrayLike, now_us: int
) -> npt.NDArray[np.uint8]:
    """What vehicles do, by the one rule of ``docs/positions.md``: numbers of ``STATUSES``.

    Args:
        speed: km/h; NaN where it is not known.
        spoken_us: when they had that speed, microseconds since 1970.
        charging: not 0 where they say that they charge; NaN where they never said.
        seen_us: when anything last came from them; 0: never.
        now_us: now.
    """
    with np.errstate(invalid="ignore"):
        fast, charges = np.abs(speed) > MOVING_KMH, np.asarray(charging) > 0
    moving = fast & (now_us - np.asarray(spoken_us) < MOVING_SECONDS * 1_000_000)
    silent = now_us - np.asarray(seen_us) > OFFLINE_SECONDS * 1_000_000
    return np.select([silent, charges, moving], [OFFLINE, CHARGES, MOVING], PARKED).astype(np.uint8)


def _columns(table: pa.Table, now_us: int) -> dict[str, npt.NDArray[Any]]:
    latitude, longitude = (_number(table, path) for path in (LATITUDE, LONGITUDE))
    speed, charging, charge = (_number(table, path) for path in (SPEED, CHARGING, CHARGE))
    with np.errstate(invalid="ignore"):
        placed = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)  # noqa: PLR2004  # degrees of a globe
        placed &= (latitude != 0) | (longitude != 0)  # receivers say 0, 0 before they know
        here = [np.where(placed, np.round(angle * _E7), NOWHERE).astype(np.int32) for angle in (longitude, latitude)]
    seen, spoken = _moment_us(table["last_seen"]), _moment_us(table[f"{SPEED}@time"])
    return {
        "longitude_e7": here[0],
        "latitude_e7": here[1],
        "position_s": np.where(placed, _moment_us(table[f"{LATITUDE}@time"]) // 1_000_000, 0).astype(np.uint32),
        "seen_s": (seen // 1_000_000).astype(np.uint32),
        "speed_kmh": speed.astype(np.float32),
        "charge_percent": charge.astype(np.float32),
        "status": status_of(speed, spoken, charging, seen, now_us),
    }


def _number(table: pa.Table, path: str) -> npt.NDArray[np.float64]:
    """The numbers of a signal; NaN where there is none."""
    numbers: npt.NDArray[np.float64] = pc.fill_null(table[path], float("nan")).to_numpy()
    return numbers


def _moment_us(times: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Microseconds since 1970; 0 where there is no moment, or one before."""
    moments: npt.NDArray[np.int64] = pc.fill_null(times.cast(pa.int64()), 0).to_numpy()
    return np.clip(moments, 0, (1 << 32) * 1_000_000 - 1)
