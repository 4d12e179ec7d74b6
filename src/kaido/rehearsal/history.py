"""What the lake holds of vehicles: their days, and the samples of a day as an agent would have seen them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.agent.firings import Recorded

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from kaido.lake import Lake

READ_ROWS = 500_000
"""Rows that are in memory at a time."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FINEST = timedelta(seconds=1)
_MINUTE_US = 60_000_000
MINUTES = 24 * 60


@dataclass(frozen=True, order=True)
class VehicleDay:
    """A vehicle on a day, counted from 1970, UTC."""

    day: int
    vehicle: str
    samples: int
    complete: bool
    """Whether every signal that the condition needs has samples."""

    @property
    def begin(self) -> datetime:
        """Its first moment."""
        return _EPOCH + timedelta(days=self.day)


class Coverage:
    """What a day's samples cover.

    Args:
        required: the ids of the signals that matter; without any, all do.
    """

    def __init__(self, required: Sequence[int]) -> None:
        self._required = required
        self._minutes: dict[int, set[int]] = {}
        self._intervals: dict[int, list[NDArray[np.int64]]] = {}
        self.seen: set[int] = set()

    def take(self, samples: Recorded) -> Recorded:
        """Look at samples on their way."""
        present = np.unique(samples.signal_id).tolist()
        self.seen.update(present)
        for number in [one for one in self._required if one in present] or ([] if self._required else [0]):
            times = samples.time_us[samples.signal_id == number] if self._required else samples.time_us
            self._minutes.setdefault(number, set()).update(np.unique(times // _MINUTE_US).tolist())
            self._intervals.setdefault(number, []).append(np.diff(times))
        return samples

    @property
    def minutes(self) -> int:
        """In how many minutes all that matters has samples."""
        wanted = self._required or [0]
        return len(set.intersection(*(self._minutes.get(number, set()) for number in wanted)))

    def interval_us(self, number: int) -> float | None:
        """The time from one sample of a signal that matters to the next, in the middle."""
        between = [one for one in self._intervals.get(number, []) if len(one)]
        return float(np.median(np.concatenate(between))) if between else None


@dataclass
class History:
    """The samples of some signals in the lake.

    Args:
        lake: of the company.
        signals: their paths.
        seconds: how long one question may take.
    """

    lake: Lake
    signals: Sequence[str]
    seconds: float
    read_rows: int = field(default=READ_ROWS)

    def days(self, vehicles: Iterable[str], required: Sequence[str], start: int, end: int) -> list[VehicleDay]:
        """The days of some vehicles that have samples at all, from the day ``start`` until before ``end``."""
        wanted = frozenset(vehicles)
        first, last = _EPOCH + timedelta(days=start), _EPOCH + timedelta(days=end)
        table = self.lake.vehicle_days("*", self.signals, first, last, required=required, seconds=self.seconds)
        return sorted(
            VehicleDay(row["day"], row["vehicle"], row["samples"], row["required"] == len(set(required)))
            for row in table.to_pylist()
            if row["vehicle"] in wanted
        )

    def batches(self, days: Iterable[VehicleDay]) -> list[list[VehicleDay]]:
        """Vehicles of one day that are read together."""
        found: list[list[VehicleDay]] = []
        for _, group in groupby(sorted(days), key=lambda one: one.day):
            size = self.read_rows
            for one in group:
                if size + one.samples > self.read_rows:
                    found.append([])
                    size = 0
                found[-1].append(one)
                size += one.samples
        return found

    def read(self, batch: Sequence[VehicleDay]) -> Iterator[tuple[VehicleDay, Iterator[pa.Table]]]:
        """The samples of vehicles of one day, by vehicle; each in pieces that follow each other in time."""
        if len(batch) == 1:
            yield batch[0], self._pieces(batch[0].vehicle, batch[0].begin, batch[0].begin + timedelta(days=1))
            return
        begin = batch[0].begin
        names = [one.vehicle for one in batch]
        table = self.lake.signals(names, self.signals, begin, begin + timedelta(days=1), seconds=self.seconds)
        for one in batch:
            yield one, iter([table.filter(pc.equal(table["vehicle"], one.vehicle))])

    def _pieces(self, vehicle: str, start: datetime, end: datetime) -> Iterator[pa.Table]:
        """Samples in pieces that memory has room for: halves of halves, where there are many."""
        table = self.lake.signals(vehicle, self.signals, start, end, limit=self.read_rows + 1, seconds=self.seconds)
        if len(table) > self.read_rows and end - start > _FINEST:
            del table
            middle = start + (end - start) / 2
            yield from self._pieces(vehicle, start, middle)
            yield from self._pieces(vehicle, middle, end)
        else:
            yield table


def recorded(table: pa.Table, ids: Mapping[str, int], texts: Container[int] = ()) -> Recorded:
    """Samples of one vehicle in the order of their times; what two campaigns collected alike counts once.

    Args:
        table: SAMPLE_SCHEMA.
        ids: of the signals, by path; others are left out.
        texts: the ids of those that are texts; of them samples without a text are left out, of others those without
            a number.
    """
    told = [path for path, number in ids.items() if number in texts]
    kept = pc.is_valid(table["value"])
    if told:
        is_text = pc.is_in(table["signal"], pa.array(told, pa.string()))
        kept = pc.if_else(is_text, pc.is_valid(table["text"]), kept)
    table = table.filter(kept)
    names = table["signal"].combine_chunks().dictionary_encode()
    known = np.array([ids.get(name, -1) for name in names.dictionary.to_pylist()], np.int64)
    number = known[names.indices.to_numpy(zero_copy_only=False)] if len(table) else np.empty(0, np.int64)
    time_us = table["time"].to_numpy().astype("datetime64[us]").astype(np.int64)
    value = table["value"].to_numpy()
    rows = np.lexsort((number, time_us))
    rows = rows[number[rows] >= 0]
    time_us, number, value = time_us[rows], number[rows], value[rows]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (np.diff(time_us) != 0) | (np.diff(number) != 0)
    text = table["text"].take(rows[new]).to_numpy() if told else None
    return Recorded(time_us[new], number[new].astype(np.uint32), value[new], text)
