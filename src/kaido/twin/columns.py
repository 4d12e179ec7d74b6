"""The twin: the last value of every signal of every vehicle of one company, as columns in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import NotFoundError
from kaido.twin.names import Names
from kaido.twin.texts import TextColumn

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

_Numbers = TypeVar("_Numbers", bound="npt.NDArray[np.generic]")

TIME = pa.timestamp("us", tz="UTC")
VEHICLE_SCHEMA = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("signal", pa.string(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("arrival", TIME, nullable=False),
    ]
)
"""What is known of one vehicle: a row a signal. ``arrival`` is when the platform got it."""


class Twin:
    """Arrays of shape (signals, vehicles), so that a question about a signal of all vehicles reads one row.

    A cell is empty where its arrival is 0. The arrays come zeroed from the kernel and cost memory only where
    they are written. All methods may be called from any thread.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.vehicles = Names()
        self.signals = Names()
        self.last_seen: Integers = np.zeros(64, np.int64)
        self.texts: dict[int, TextColumn] = {}
        self.values: Floats = np.zeros((16, 64))
        self.times: Integers = np.zeros((16, 64), np.int64)
        self.arrivals: Integers = np.zeros((16, 64), np.int64)

    def fold(self, samples: pa.Table, arrivals_us: Integers | int) -> Integers:
        """Take samples in: the newest time wins, and of equal times the one that arrived later.

        Args:
            samples: columns vehicle, signal (strings, dictionary-encoded or not), time, value, text. Times before
                1970 are never the newest.
            arrivals_us: when each row arrived, microseconds since the epoch, or one time for all.

        Returns:
            The rows that were the newest, ascending (several of one cell where their times are equal).
        """
        time = samples["time"].cast(pa.int64()).to_numpy()
        arrival = np.broadcast_to(np.maximum(arrivals_us, 1), len(time))
        with self.lock:
            vehicle = self.vehicles.numbers(samples["vehicle"])
            signal = self.signals.numbers(samples["signal"])
            self._make_room()
            cells = signal * self.values.shape[1] + vehicle
            times = self.times.reshape(-1)
            np.maximum.at(times, cells, time)
            rows = np.flatnonzero(times[cells] == time)
            newest = cells[rows]
            self.values.reshape(-1)[newest] = samples["value"].to_numpy()[rows]
            self.arrivals.reshape(-1)[newest] = arrival[rows]
            np.maximum.at(self.last_seen, vehicle, arrival)
            self._fold_texts(samples["text"], signal[rows], vehicle[rows], rows)
        return rows

    def _fold_texts(self, texts: pa.ChunkedArray, signal: Integers, vehicle: Integers, rows: Integers) -> None:
        if texts.null_count < len(texts):
            given = texts.is_valid().to_numpy()[rows]
            for number in np.unique(signal[given]):
                self.texts.setdefault(int(number), TextColumn(self.values.shape[1]))
        for number, column in self.texts.items():
            here = np.flatnonzero(signal == number)
            column.assign(vehicle[here], texts.take(pa.array(rows[here])).to_pylist())

    def vehicle(self, name: str) -> pa.Table:
        """All that is known of one vehicle (VEHICLE_SCHEMA), by signal.

        Raises:
            NotFoundError: nothing ever came from a vehicle of that id.
        """
        with self.lock:
            number = self.vehicles.find(name)
            if number is None:
                raise NotFoundError.of("vehicle with values", name, self.vehicles.names)
            signals = np.flatnonzero(self.arrivals[: len(self.signals), number])
            texts = [self.texts[s].get(number) if s in self.texts else None for s in signals.tolist()]
            silent = pa.array([text is not None for text in texts], pa.bool_())
            columns = [
                pa.array([name] * len(signals), pa.string()),
                pa.array([self.signals.names[s] for s in signals], pa.string()),
                pa.array(self.times[signals, number]).cast(TIME),
                pc.if_else(silent, None, pa.array(self.values[signals, number])),
                pa.array(texts, pa.string()),
                pa.array(self.arrivals[signals, number]).cast(TIME),
            ]
        return pa.table(columns, schema=VEHICLE_SCHEMA).sort_by("signal")

    def add_vehicles(self, names: list[str]) -> Integers:
        """The numbers of vehicles; those that never sent anything get a number too."""
        with self.lock:
            numbers = np.fromiter((self.vehicles.number(name) for name in names), np.int64, len(names))
            self._make_room()
        return numbers

    def _make_room(self) -> None:
        signals, vehicles = self.values.shape
        wanted_signals, wanted_vehicles = _room(signals, len(self.signals)), _room(vehicles, len(self.vehicles))
        if (wanted_signals, wanted_vehicles) == (signals, vehicles):
            return
        shape = (wanted_signals, wanted_vehicles)
        self.values = _grown(self.values, np.zeros(shape))
        self.times = _grown(self.times, np.zeros(shape, np.int64))
        self.arrivals = _grown(self.arrivals, np.zeros(shape, np.int64))
        self.last_seen = np.concatenate([self.last_seen, np.zeros(wanted_vehicles - vehicles, np.int64)])
        for column in self.texts.values():
            column.grow(wanted_vehicles)


def _room(have: int, need: int) -> int:
    while have < need:
        have *= 2
    return have


def _grown(old: _Numbers, new: _Numbers) -> _Numbers:
    for row, source in zip(new, old, strict=False):
        if source.any():  # an untouched page stays unwritten
            row[: old.shape[1]] = source
    return new
