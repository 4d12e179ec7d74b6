"""Many cars' samples straight into a lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.sim.truth.car import samples_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from kaido.lake import Lake
    from kaido.sim.truth.car import TruthCar

ROWS = 2_000_000
"""About as many samples in one append."""


def tables(cars: Sequence[TruthCar], start: dt.datetime, days: int, rows: int = ROWS) -> Iterator[pa.Table]:
    """The samples of so many days, day after day, in tables of about ``rows`` rows of several cars each."""
    for day in range(days):
        parts, count = [], 0
        for car in cars:
            measured = car.day(car.day_number(start) + day)
            parts.append((car, measured))
            count += len(measured.code)
            if count >= rows:
                yield samples_of(parts)
                parts, count = [], 0
        if parts:
            yield samples_of(parts)


def write(
    cars: Sequence[TruthCar], lake: Lake, start: dt.datetime, days: int, *, rows: int = ROWS, app_id: str = "truth"
) -> int:
    """Append the samples of so many days; returns how many there are. Written twice, they are there once.

    Memory follows ``rows``, not the fleet.
    """
    written = 0
    for version, table in enumerate(tables(cars, start, days, rows)):
        lake.append(table, app_id=app_id, version=version)
        written += len(table)
    return written
