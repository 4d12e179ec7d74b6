"""A trip's route, simplified for drawing: read from the lake, not stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kaido.services.signals import path

if TYPE_CHECKING:
    import datetime as dt

    from kaido.lake import Lake

Floats = NDArray[np.float64]

TOLERANCE_M = 10.0
_EARTH_M = 6_371_008.8
_POINTS = 5_000


def route(
    lake: Lake, vehicle: str, start: dt.datetime, end: dt.datetime, *, tolerance_m: float = TOLERANCE_M
) -> list[tuple[float, float]]:
    """Latitudes and longitudes, degrees, of a line that nowhere leaves the positions by more than the tolerance.

    Args:
        lake: whose.
        vehicle: its id.
        start: the first moment.
        end: the moment after the last.
        tolerance_m: metres.
    """
    columns = []
    for role in ("latitude", "longitude"):
        rows = lake.signals(vehicle, path(role), start, end, points=_POINTS)
        columns.append((rows["time"].cast(pa.int64()).to_numpy(), rows["value"].to_numpy()))
    (times, latitudes), (other, longitudes) = columns
    if not len(times) or not len(other):
        return []
    line = np.column_stack([latitudes, np.interp(times, other, longitudes)])
    line = line[np.isfinite(line).all(axis=1)]
    return [(float(one), float(two)) for one, two in line[simplified(flat(line), tolerance_m)]]


def flat(line: Floats) -> Floats:
    """Degrees as metres east and north of the first point; right for distances of some hundred kilometres."""
    north = np.radians(line[:, 0] - line[0, 0]) * _EARTH_M
    east = np.radians((line[:, 1] - line[0, 1] + 180) % 360 - 180) * _EARTH_M * np.cos(np.radians(line[0, 0]))
    return np.column_stack([east, north])


def simplified(line: Floats, tolerance: float) -> NDArray[np.bool_]:
    """Which points of a line stay: those without which it would be off by more than the tolerance.

    Douglas and Peucker, 1973 (doi:10.3138/FM57-6770-U75U-7727): keep the point that is furthest from the chord, and do
    the same on both sides of it. With a stack, since a route has thousands of points.

    Args:
        line: points as rows, x and y.
        tolerance: in their unit.
    """
    kept = np.zeros(len(line), bool)
    kept[[0, -1]] = True
    stack = [(0, len(line) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:  # noqa: PLR2004  # nothing lies between
            continue
        off = _distances(line[first + 1 : last], line[first], line[last])
        furthest = int(np.argmax(off))
        if off[furthest] > tolerance:
            middle = first + 1 + furthest
            kept[middle] = True
            stack += [(first, middle), (middle, last)]
    return kept


def _distances(points: Floats, begin: Floats, end: Floats) -> Floats:
    """Of points from the stretch between two others."""
    chord = end - begin
    square = float(chord @ chord)
    share = np.clip((points - begin) @ chord / square, 0, 1) if square else np.zeros(len(points))
    distances: Floats = np.hypot(*(points - begin - share[:, np.newaxis] * chord).T)
    return distances
